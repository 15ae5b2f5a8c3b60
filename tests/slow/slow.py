#!/usr/bin/env python3
"""Slow clients beside fast ones, by slowhttptest: slow.py BUILD [TEST…]

Hundreds of connections send heads or bodies a few bytes a second, read answers so, or ask for a thousand ranges,
while a fast client asks all the time, on new connections and on one that stays: every one of its answers must come.
Memory and descriptors stay within bounds, and where the configuration says when, the slow ones are gone by then."""
import contextlib, csv, os, re, shutil, signal, subprocess, sys, tempfile, threading, time
from statistics import median

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
from made import make_certificate  # noqa: E402
from rig import Answer, Origin, Proxy, Suite, connect, free_port, new_nonce, read_all, request_bytes, wait_for  # noqa: E402

suite = Suite("slow")
IS_SANITIZED = "-asan" in sys.argv[1]
TIMES = "read_header 3s\n\t\t\tread_body 3s\n\t\t\twrite 4s\n\t\t\tidle 5s"
IDLE = 70  # descriptors: of idle connections to the origin
ALL_GONE = 45  # seconds in which all must have begun and ended; slowhttptest itself ends where none is left


def caddyfile(port, secure, origin, times=TIMES):
    timeouts = f"servers {{\n\t\ttimeouts {{\n\t\t\t{times}\n\t\t}}\n\t}}" if times else ""
    return f"""{{
	admin off
	skip_install_trust
	auto_https disable_redirects
	default_sni localhost
	{timeouts}
}}
http://127.0.0.1:{port} {{
	root FOLDER
	handle /files/* {{
		file_server
	}}
	reverse_proxy 127.0.0.1:{origin}
}}
https://localhost:{secure} {{
	tls FOLDER/certificate.new FOLDER/key.new
	reverse_proxy 127.0.0.1:{origin}
}}
"""


class FastClient:
    """Asks without a pause, by turns on a new connection and on one that stays."""

    def __init__(self, port):
        self.port, self.waits, self.problems, self.is_over = port, [], [], False
        self.kept = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def ask(self, keeps):
        nonce = new_nonce()
        if not keeps:
            with connect(self.port) as connection:
                connection.sendall(request_bytes("fine", nonce))
                return nonce, Answer(read_all(connection))
        self.kept = self.kept or connect(self.port)
        self.kept.sendall(request_bytes("fine", nonce, extra=""))
        return nonce, Answer(read_all(self.kept, whole=True))

    def run(self):
        while not self.is_over:
            started = time.monotonic()
            try:
                nonce, answer = self.ask(len(self.waits) % 2 == 1)
                if answer.status != 200 or not answer.belongs_to(nonce):
                    self.problems.append(f"answer {answer.status} to {nonce}")
            except Exception as error:  # whatever it is, it is a request that failed
                self.problems.append(repr(error))
                self.kept = None
            self.waits.append(time.monotonic() - started)
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join(60)
        if self.kept:
            self.kept.close()


class Peaks:
    """The largest numbers of a process, looked at while a block runs."""

    def __init__(self, proxy):
        self.proxy, self.memory, self.descriptors, self.is_over = proxy, 0, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.is_over:
            self.memory = max(self.memory, self.proxy.memory())
            self.descriptors = max(self.descriptors, self.proxy.descriptors())
            time.sleep(0.1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join(10)


@contextlib.contextmanager
def served(times=TIMES):
    """A proxy, the port of its site without TLS and of that with it."""
    origin, port, secure = Origin(), free_port(), free_port()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dialtone-slow-"))
        make_certificate(folder)
        os.mkdir(f"{folder}/files")
        with open(f"{folder}/files/large", "wb") as f:
            f.write(os.urandom(1 << 20) * 8)
        proxy = stack.enter_context(Proxy(caddyfile(port, secure, origin.port, times), port=port, folder=folder))
        yield proxy, port, secure
        suite.check(proxy.stop() == 0, "the proxy does not end well")
        suite.check("runtime error" not in proxy.log() and "AddressSanitizer" not in proxy.log(), proxy.log()[-1500:])
    origin.close()


def plain_wait(port):
    """What an answer takes on this machine while nobody is slow."""
    with FastClient(port) as fast:
        wait_for(lambda: len(fast.waits) >= 20, what="twenty answers")
    return median(fast.waits)


def run_until(command, seconds, is_over):
    """What <command> writes until it ends, or until it <is_over>: then it is interrupted."""
    with tempfile.TemporaryFile("w+", errors="replace") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: process.poll() is not None or is_over(), seconds + 60, command[0])
            process.send_signal(signal.SIGINT)
            process.wait(30)
        finally:
            process.kill()
            process.wait()
        out.seek(0)
        return out.read()


def attack(proxy, fast_port, url, *words, connections, seconds, bytes_each, stays=True, ends_when_gone=False):
    """Runs slowhttptest; what it says at the end. <stays>: the connections are there for a while; <ends_when_gone>: as
    soon as they are not."""
    usual = plain_wait(fast_port)
    memory, descriptors = proxy.memory(), proxy.descriptors()
    report = os.path.join(proxy.folder, "report")
    command = ["slowhttptest", "-c", str(connections), "-r", "500", "-l", str(seconds), "-p", "3", "-g", "-o", report,
               "-u", url, *words]
    with FastClient(fast_port) as fast, Peaks(proxy) as peaks:
        def are_gone():
            return ends_when_gone and peaks.descriptors > descriptors + connections * 0.8 and \
                proxy.descriptors() < descriptors + IDLE
        out = run_until(command, seconds, are_gone)
        if ends_when_gone:
            suite.check(are_gone(), f"{words[0]}: {proxy.descriptors() - descriptors} descriptors more behind the end of the time")
    with open(report + ".csv") as f:
        rows = [{key: int(value) for key, value in row.items()} for row in csv.DictReader(f)]
    name = " ".join(words[:1])
    grown = peaks.memory - memory
    print(f"    {name} {url.split(':')[0]}: {connections} slow connections; {len(fast.waits)} fast answers, median "
          f"{median(fast.waits) * 1000:.1f} ms, longest {max(fast.waits) * 1000:.0f} ms; {grown >> 10} KiB and "
          f"{peaks.descriptors - descriptors} descriptors more")
    suite.check(not fast.problems, f"{name}: {len(fast.problems)} fast requests failed: {fast.problems[:3]}")
    suite.check(len(fast.waits) > 20, f"{name}: only {len(fast.waits)} fast requests were answered")
    suite.check(median(fast.waits) < max(0.25, 20 * usual),
                f"{name}: fast clients waited for {median(fast.waits):.2f} s, {usual:.3f} s where nobody is slow")
    opened = max(row["Connected"] + row["Closed"] for row in rows)
    suite.check(not stays or opened > connections * 0.5, f"{name}: too few connections: {rows}")
    suite.check(all(row["Service Available"] for row in rows), f"{name}: slowhttptest finds no service: {rows}")
    suite.check(grown < connections * bytes_each + (8 << 20) or IS_SANITIZED, f"{name}: {grown >> 10} KiB more")
    # two for each connection, with that to the upstream, and a few
    suite.check(peaks.descriptors - descriptors <= 2 * connections + 80, f"{name}: {peaks.descriptors} descriptors")
    wait_for(lambda: proxy.descriptors() <= descriptors + IDLE, what="descriptors that come back")
    return re.sub(r"\x1b\[[\d;]*m", "", out)


def all_gone(out):
    suite.check("No open connections left" in out, f"slow connections are still there: {out[-300:]}")


def test_heads_have_their_time():
    with served() as (proxy, port, secure):
        out = attack(proxy, port, f"http://127.0.0.1:{port}/fine/x", "-H", "-i", "1", connections=600,
                        seconds=ALL_GONE, bytes_each=16 << 10)
        all_gone(out)
        out = attack(proxy, port, f"https://127.0.0.1:{secure}/fine/x", "-H", "-i", "1", connections=200,
                        seconds=ALL_GONE, bytes_each=128 << 10)
        all_gone(out)


def test_bodies_have_their_time():
    with served() as (proxy, port, _):
        out = attack(proxy, port, f"http://127.0.0.1:{port}/body/x", "-B", "-i", "1", "-s", "100000",
                        connections=300, seconds=ALL_GONE, bytes_each=64 << 10)
        all_gone(out)


def test_answers_have_their_time():
    with served() as (proxy, port, _):
        for path in ("files/large", "big/x"):
            attack(proxy, port, f"http://127.0.0.1:{port}/{path}", "-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32",
                   connections=300, seconds=ALL_GONE, bytes_each=128 << 10, ends_when_gone=True)


def test_many_ranges():
    with served() as (proxy, port, _):
        attack(proxy, port, f"http://127.0.0.1:{port}/files/large", "-R", "-a", "5", "-b", "3000", connections=200,
               seconds=5, bytes_each=64 << 10, stays=False)


def test_limits_that_nobody_set():
    with served(times=None) as (proxy, port, _):
        attack(proxy, port, f"http://127.0.0.1:{port}/fine/x", "-H", "-i", "1", connections=1500, seconds=10,
               bytes_each=16 << 10)


suite.check(shutil.which("slowhttptest"), "slowhttptest is not installed (Debian's package slowhttptest)")
if not suite.failed:
    suite.run(globals())
sys.exit(suite.end())
