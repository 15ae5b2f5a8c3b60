#!/usr/bin/env python3
"""Everything at once for a long time: soak.py BUILD [--seconds N] (1200 by default).

Clients that count (load.c) over plain, TLS and unix connections, kept and new; beside them upstreams
that fail in every way, clients that vanish, certificates that change (some of them junk), and
replacements of the proxy. Every answer must belong to its request; memory and descriptors must be
flat; nothing may fail that was not made to."""
import argparse, random, signal, subprocess, sys, tempfile, threading, time

arguments = argparse.ArgumentParser()
arguments.add_argument("build")
arguments.add_argument("--seconds", type=int, default=1200)
arguments.add_argument("--seed", type=int, default=1)
given = arguments.parse_args()
sys.argv[2:] = []

from made import load_program, make_certificate, simple  # noqa: E402
from rig import Origin, Proxy, Suite, ask, connect, free_port, new_nonce, request_bytes, reset, wait_for  # noqa: E402
from upstream_faults import SLOW, UPSTREAM_FAULTS, judge  # noqa: E402

suite = Suite("soak")
is_over = threading.Event()
done = {}


def again_and_again(name, pause, act, seed):
    """A thread that does it until the end; what it says of a failure is kept."""
    def run():
        rng = random.Random(seed)
        while not is_over.wait(pause):
            try:
                act(rng)
                done[name] = done.get(name, 0) + 1
            except Exception as error:
                suite.check(False, f"{name}: {type(error).__name__}: {error}")
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def soak(proxy, plain, folder, seconds):
    def bad_upstream(rng):
        kind = rng.choice([kind for kind in UPSTREAM_FAULTS if kind not in SLOW or rng.random() < 0.1])
        nonce = new_nonce()
        judge(suite, kind, nonce, ask(plain, f"{kind}", nonce)[1])

    def vanish(rng):
        connection = connect(plain)
        whole = request_bytes(rng.choice(["fine", "big", "late", "drip"]), "x")
        connection.sendall(whole[:rng.randrange(len(whole) + 1)])
        if rng.random() < 0.5:
            connection.settimeout(0.05)
            try:
                connection.recv(100)
            except OSError:
                pass
        reset(connection) if rng.random() < 0.5 else connection.close()

    def reload(rng):
        make_certificate(folder)
        if rng.random() < 0.3:
            with open(f"{folder}/certificate.new", "wb") as f:
                f.write(rng.randbytes(500))
        proxy.signal(signal.SIGHUP)

    def replace(rng):
        make_certificate(folder)
        result = proxy.replace()
        suite.check(result.returncode == 0, result.stderr)

    lock = threading.Lock()  # of the certificate's files

    def one_at_a_time(act):
        def run(rng):
            with lock:
                act(rng)
        return run
    threads = [again_and_again("bad upstream", 0.005, bad_upstream, given.seed + i) for i in range(4)]
    threads += [again_and_again("client that vanishes", 0.005, vanish, given.seed + 10 + i) for i in range(2)]
    threads += [again_and_again("reload", 1.5, one_at_a_time(reload), given.seed + 20)]
    threads += [again_and_again("replacement", 7, one_at_a_time(replace), given.seed + 21)]
    time.sleep(seconds)
    is_over.set()
    for thread in threads:
        thread.join(120)


def rest(proxy):
    """Descriptors and memory when nothing is asked."""
    wait_for(lambda: len(proxy.pids()) == 1, 60, "the end of the replaced ones")
    wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 0, 60, "the end of all requests")
    time.sleep(1)
    return proxy.descriptors(), proxy.memory()


def main():
    origin, answering, plain, tls = Origin(), free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        program = load_program(folder)
        make_certificate(folder)
        bad = " ".join(f"/{kind}/*" for kind in UPSTREAM_FAULTS)
        routes = (f"reverse_proxy /stall* 127.0.0.1:{origin.port} {{\n\t\ttransport http {{\n"
                  f"\t\t\tresponse_header_timeout 700ms\n\t\t\tread_timeout 700ms\n\t\t}}\n\t}}\n"
                  f"\t@bad path {bad}\n\treverse_proxy @bad 127.0.0.1:{origin.port}\n\treverse_proxy 127.0.0.1:{answering}")
        config = (simple(plain, site=f"log {{\n\t\toutput file {folder}/access.log {{\n\t\t\troll_size 1MiB\n\t\t\troll_keep 2\n\t\t}}\n\t}}\n\t{routes}") +
                  f"https://localhost:{tls} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.new {folder}/key.new\n\t{routes}\n}}\n"
                  f"http://localhost:80 {{\n\tbind unix/{folder}/site.sock|0666\n\t{routes}\n}}\n")
        with Proxy(simple(answering, site="respond {http.request.header.X-Nonce}"), port=answering, workers=1) as answers, \
                Proxy(config, port=plain) as proxy:
            clients = subprocess.Popen([program, "--plain", str(plain), "--tls", str(tls), "--unix", f"{folder}/site.sock", "--threads",
                                        "2", "--seconds", str(given.seconds)], stdout=subprocess.PIPE, text=True)
            first_part = max(given.seconds // 6, 5)
            time.sleep(first_part)
            early, early_answers = proxy.memory(), answers.memory()
            soak(proxy, plain, folder, given.seconds - first_part - 2)
            line = clients.communicate(timeout=180)[0].strip()
            print(f"    {line}; {', '.join(f'{n} x {name}' for name, n in sorted(done.items()))}")
            numbers = [int(word) for word in line.replace(",", "").split() if word.isdigit()]
            suite.check(numbers[0] > 1000 and numbers[1] == 0, line)
            descriptors, memory = rest(proxy)
            print(f"    at the end: {descriptors} descriptors, {memory >> 20} MiB (early {early >> 20}); the one that was never "
                  f"replaced: {answers.memory() >> 20} MiB (early {early_answers >> 20})")
            suite.check(descriptors < 150, f"{descriptors} descriptors at rest")
            suite.check(memory < early + (32 << 20), f"{memory >> 20} MiB, {early >> 20} MiB early")
            suite.check(answers.memory() < early_answers + (4 << 20), "memory grows without replacements")
            code = proxy.stop()
            suite.check("AddressSanitizer" not in proxy.log() and "runtime error" not in proxy.log() and code == 0,
                        proxy.log()[-2000:])
    return suite.end()


sys.exit(main())
