#!/usr/bin/env python3
"""Everything around a proxy breaks, in every phase: faults.py BUILD [TEST…]

Each request carries a nonce that its answer must echo. After each test descriptors and memory are
as before, and the proxy answers."""
import contextlib, os, select, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time
from statistics import median

from upstream_faults import SLOW, UPSTREAM_FAULTS, judge
from made import make_certificate, simple
from rig import Answer, Origin, Proxy, Suite, ask, build, connect, free_port, is_alive, new_nonce, read_all, request_bytes, \
    reset, wait_for

suite = Suite("faults")
ROUNDS = 30
MEMORY_SLACK = 512 << 20 if "-asan" in build else 24 << 20  # that one keeps what was freed

def proxied(port, origin, more="", patience="30s"):
    """Two seconds for what never comes; <patience> for all else, which may wait for the machine."""
    def site(matcher, limit):
        return (f"reverse_proxy {matcher}{origin} {{\n\t\ttransport http {{\n\t\t\tdial_timeout 1s\n"
                f"\t\t\tresponse_header_timeout {limit}\n\t\t\tread_timeout {limit}\n\t\t}}\n{more}\n\t}}")
    return simple(port, site=f"{site('/stall* ', '2s')}\n\t{site('', patience)}")


@contextlib.contextmanager
def watched(proxy, port, slack=4):
    """Descriptors and memory come back, and it answers."""
    for _ in range(20):
        ask(port)
    base, memory = settled(proxy), proxy.memory()
    yield
    suite.check(is_alive(proxy.process.pid), f"it died: {proxy.process.poll()}")
    suite.check(ask(port)[1].status == 200, "it does not answer")
    wait_for(lambda: proxy.descriptors() <= base + slack, 30, f"{base} descriptors ({proxy.descriptors()} are open)")
    grown = proxy.memory() - memory
    suite.check(grown < MEMORY_SLACK, f"{grown >> 10} KiB more than before")
    suite.check("runtime error" not in proxy.log() and "AddressSanitizer" not in proxy.log(), proxy.log()[-1500:])


def settled(proxy):
    last = -1
    while last != proxy.descriptors():
        last = proxy.descriptors()
        time.sleep(0.2)
    return last


def test_upstream_faults():
    origin, port = Origin(), free_port()
    with Proxy(proxied(port, f"127.0.0.1:{origin.port}"), port=port) as proxy, watched(proxy, port, 12):
        def worker(kinds):
            for kind in kinds:
                nonce = new_nonce()
                try:
                    judge(suite, kind, nonce, ask(port, kind, nonce)[1])
                except OSError as error:
                    suite.check(False, f"{kind}: {error}")
        kinds = [kind for kind in UPSTREAM_FAULTS for _ in range(3 if kind in SLOW else ROUNDS)]
        threads = [threading.Thread(target=worker, args=(kinds[i::8],)) for i in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]


def test_upstream_faults_on_kept_connections():
    """What comes behind a broken answer is not taken for the next one."""
    origin, port = Origin(), free_port()
    with Proxy(proxied(port, f"127.0.0.1:{origin.port}"), port=port, workers=1) as proxy, watched(proxy, port, 12):
        for kind in UPSTREAM_FAULTS:
            if kind in SLOW:
                continue
            for _ in range(5):
                for each in kind, "fine":
                    nonce = new_nonce()
                    judge(suite, each, nonce, ask(port, each, nonce)[1])


def test_upstream_refuses():
    port, nowhere = free_port(), free_port()
    with Proxy(proxied(port, f"127.0.0.1:{nowhere}"), port=port) as proxy:
        for _ in range(50):
            nonce, answer = ask(port)
            suite.check(answer.status == 502 and answer.is_whole, f"{answer.raw[:200]}")
        origin = Origin(nowhere)
        wait_for(lambda: ask(port)[1].status == 200, what="the upstream that came up")
        origin.close()


def test_retries_find_another():
    """One of two upstreams resets, refuses or closes: requests without a body go to the other."""
    good, bad, port, nowhere = Origin(), Origin(), free_port(), free_port()
    bad.answer = lambda connection, kind, nonce, body: reset(connection)
    for broken in nowhere, bad.port:
        config = proxied(port, f"127.0.0.1:{good.port} 127.0.0.1:{broken}", "\t\tlb_policy round_robin\n\t\tlb_try_duration 2s\n"
                                                                           "\t\tlb_try_interval 10ms")
        with Proxy(config, port=port) as proxy, watched(proxy, port, 8):
            for _ in range(60):
                nonce = new_nonce()
                judge(suite, "fine", nonce, ask(port, "fine", nonce)[1])


def test_names_that_cannot_be_looked_up():
    port = free_port()
    with Proxy(proxied(port, "no-such-name.invalid:80"), port=port) as proxy:
        base = settled(proxy)
        for _ in range(10):
            nonce, answer = ask(port, seconds=30)
            suite.check(answer.status in (502, 504) and answer.is_whole, f"{answer.raw[:200]}")
        wait_for(lambda: proxy.descriptors() <= base + 4, what="the old number of descriptors")


# ---- Clients.

def has_news(connection):
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def leave(how, connection):
    if how == "reset":
        reset(connection)
    elif how == "half":
        connection.shutdown(socket.SHUT_WR)
    else:
        connection.close()


def test_clients_vanish():
    """In each phase of a request: before it, in its head, in its body, while it waits, in the answer."""
    origin, port = Origin(), free_port()
    with Proxy(proxied(port, f"127.0.0.1:{origin.port}"), port=port) as proxy, watched(proxy, port, 12):
        whole = request_bytes("body", new_nonce(), "POST", b"b" * 5000)
        cuts = [b"", b"G", b"GET /fine/x HTTP/1.1\r\nHo", whole[:-4000], whole[:-1], request_bytes("stall", "x"),
                request_bytes("late", "x"), request_bytes("big", "x"), request_bytes("drip", "x"),
                b"POST /body/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"]
        for _ in range(6):
            for cut in cuts:
                for how in "close", "reset", "half":
                    connection = connect(port)
                    connection.sendall(cut)
                    if cut.startswith(b"GET /big"):
                        connection.recv(100)
                    leave(how, connection)
                    if how == "half":
                        connection.close()
            nonce = new_nonce()
            judge(suite, "fine", nonce, ask(port, "fine", nonce)[1])
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 0, what="the end of all requests")
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_connections"] == 0, what="the end of all connections")
        suite.check(all(each["num_requests"] == 0 for each in proxy.ask_admin("/upstreams")[1]), "requests are still counted")


def test_tls_clients_vanish():
    port, plain = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        config = simple(plain) + (f"https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.new {folder}/key.new\n"
                                  f"\trespond hi\n}}\n")
        with Proxy(config, port=plain) as proxy, watched(proxy, plain):
            context = ssl._create_unverified_context()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            with contextlib.suppress(ssl.SSLWantReadError):
                context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
            hello = outgoing.read()
            for _ in range(20):
                for cut in b"", hello[:1], hello[:100], hello[:-1], hello, hello + b"\x16\x03\x01\x00\x05abc", b"\x15\x03\x01" * 50, \
                        os.urandom(300), b"GET / HTTP/1.1\r\n\r\n":
                    for how in "close", "reset":
                        connection = connect(port)
                        connection.sendall(cut)
                        leave(how, connection)
                with context.wrap_socket(connect(port), server_hostname="localhost") as s:
                    s.sendall(request_bytes("x", "y")[:10])
            with context.wrap_socket(connect(port), server_hostname="localhost") as s:
                s.sendall(request_bytes("x", "y"))
                suite.check(read_all(s).endswith(b"hi"), "no answer over TLS")


def test_slow_clients_do_not_stop_fast_ones():
    """Heads, bodies and answers at a byte a moment, two hundred of each, while others are served."""
    origin, port = Origin(), free_port()
    config = proxied(port, f"127.0.0.1:{origin.port}").replace("skip_install_trust",
                                                               "skip_install_trust\n\tservers {\n\t\ttimeouts {\n\t\t\tread_header 3s\n"
                                                               "\t\t}\n\t}")
    with Proxy(config, port=port) as proxy, watched(proxy, port, 70):  # idle ones to the origin
        slow = []
        for i in range(200):
            one, two, three = connect(port), connect(port), connect(port)
            one.sendall(b"GET /fine/x HTTP/1.1\r\nHost: a\r\nX: ")
            two.sendall(b"POST /body/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            three.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            three.sendall(request_bytes("big", "x"))
            slow += [one, two, three]
        waits, end = [], time.time() + 4
        while time.time() < end:
            for each in slow[::7]:
                with contextlib.suppress(OSError):
                    each.send(b"a")
            started = time.time()
            nonce, answer = ask(port)
            judge(suite, "fine", nonce, answer)
            waits.append(time.time() - started)
        suite.check(median(waits) < 1, f"fast clients waited for {median(waits):.2f} s")
        heads = slow[0::3]
        wait_for(lambda: sum(has_news(each) for each in heads) > 180, what="the end of heads that never end")
        for each in slow:
            each.close()


# ---- HTTP/2 floods.

def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
# :method GET, :scheme http, :path /, :authority a
HEAD = b"\x82\x86\x84\x41\x01a"


def test_h2_floods():
    """Each ends with the connection, long before it costs much; others are served meanwhile."""
    port = free_port()
    floods = {
        "rapid reset": lambda i: frame(1, 5, 2 * i + 1, HEAD) + frame(3, 0, 2 * i + 1, b"\0\0\0\x08"),
        "settings": lambda i: frame(4, 0, 0, b"\0\x03\0\0\0\x64"),
        "ping": lambda i: frame(6, 0, 0, b"12345678"),
        "empty data": lambda i: (frame(1, 4, 1, HEAD) if i == 0 else b"") + frame(0, 0, 1),
        "continuation": lambda i: frame(1, 1, 1, HEAD) if i == 0 else frame(9, 0, 1, b"\x40\x01x\x01y" * 40),
        "empty continuation": lambda i: frame(1, 1, 1, HEAD) if i == 0 else frame(9, 0, 1),
        "window updates": lambda i: frame(8, 0, 0, b"\0\0\0\x01"),
        "priorities": lambda i: frame(2, 0, 2 * i + 1, b"\0\0\0\0\x10"),
    }
    with Proxy(simple(port).replace("skip_install_trust", "skip_install_trust\n\tservers {\n\t\tprotocols h1 h2c h2\n\t}"),
               port=port) as proxy, watched(proxy, port):
        for name, make in floods.items():
            connection = connect(port)
            connection.sendall(PREFACE)
            sent, is_over = 0, False
            with contextlib.suppress(OSError):
                while sent < 60000 and not is_over:
                    connection.sendall(b"".join(make(i) for i in range(sent, sent + 100)))
                    sent += 100
                    while has_news(connection):
                        if not connection.recv(65536):
                            is_over = True
                            break
            suite.check(sent < 60000, f"{name}: {sent} were taken")
            connection.close()
            suite.check(ask(port)[1].status == 200, f"no answer after {name}")


def test_h2_streams_are_bounded():
    origin, port = Origin(), free_port()
    config = proxied(port, f"127.0.0.1:{origin.port}").replace("skip_install_trust",
                                                               "skip_install_trust\n\tservers {\n\t\tprotocols h1 h2c h2\n\t}")
    with Proxy(config, port=port) as proxy:
        connection = connect(port)
        head = b"\x82\x86\x41\x01a\x04\x08/stall/x"
        connection.sendall(PREFACE + b"".join(frame(1, 5, 2 * i + 1, head) for i in range(600)))
        counts, end = [0], time.time() + 30
        while time.time() < end and max(counts) < 100 or len(counts) < 30:
            counts.append(proxy.ask_admin("/counters")[1]["open_requests"])
            time.sleep(0.02)
        suite.check(100 <= max(counts) <= 256, f"{max(counts)} requests at once on one connection")
        connection.close()
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 0, what="the end of the streams")


# ---- The machine.

def test_certificate_becomes_junk():
    port, plain = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        config = simple(plain) + (f"https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.new {folder}/key.new\n"
                                  f"\trespond hi\n}}\n")
        with Proxy(config, port=plain) as proxy, watched(proxy, plain):
            def peer():
                context = ssl._create_unverified_context()
                with context.wrap_socket(connect(port), server_hostname="localhost") as s:
                    s.sendall(request_bytes("x", "y"))
                    suite.check(read_all(s).endswith(b"hi"), "no answer over TLS")
                    return s.getpeercert(True)
            before = peer()
            with open(f"{folder}/key.new", "rb") as f:
                key = f.read()
            for junk in b"", b"junk", os.urandom(5000), key[:-30], key:
                with open(f"{folder}/certificate.new", "wb") as f:
                    f.write(junk)
                lines = len(proxy.log())
                proxy.signal(signal.SIGHUP)
                wait_for(lambda: "certificates" in proxy.log()[lines:], what="the reload")
                suite.check(peer() == before, "the certificate changed")
            os.unlink(f"{folder}/certificate.new")
            proxy.signal(signal.SIGHUP)
            time.sleep(0.2)
            suite.check(peer() == before, "the certificate changed")
            make_certificate(folder)
            proxy.signal(signal.SIGHUP)
            wait_for(lambda: peer() != before, what="the new certificate")


def test_disk_full_for_logs():
    """A full disk costs lines of the log, not answers; what comes when there is room again is whole."""
    if os.geteuid() != 0:
        print("    not root: no disk to fill")
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=True)
        try:
            config = simple(port, site=f"log {{\n\t\toutput file {folder}/access.log\n\t}}\n\trespond hi")
            with Proxy(config, port=port) as proxy, watched(proxy, port):
                for _ in range(1500):
                    suite.check(ask(port)[1].status == 200, "no answer with a full disk")
                wait_for(lambda: os.statvfs(folder).f_bavail == 0, what="the disk to be full")
                os.truncate(f"{folder}/access.log", 0)
                for _ in range(20):
                    ask(port)

                def read_lines():
                    with open(f"{folder}/access.log", "rb") as f:
                        return f.read().split(b"\n")
                wait_for(lambda: len(read_lines()) > 15, what="lines when there is room again")
                lines = read_lines()
                suite.check(all(line.startswith(b"{") and line.endswith(b"}") for line in lines[1:-1]), f"{lines[:3]}")
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def test_clock_jumps():
    """Time-outs come from a clock that nobody sets: a jump of the wall clock neither ends nor keeps anything."""
    found = [path for path in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
                               "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1") if os.path.exists(path)]
    if not found or "-asan" in build:
        print("    libfaketime is not there")
        return
    origin, port = Origin(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/now", "w") as f:
            f.write("+0")
        env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": f"{folder}/now", "FAKETIME_NO_CACHE": "1",
               "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        with Proxy(proxied(port, f"127.0.0.1:{origin.port}"), port=port, env=env) as proxy:
            for jump in "+3h", "-5d", "+400d", "+0":
                kept = connect(port)
                kept.sendall(request_bytes("fine", "x", extra=""))
                read_all(kept, whole=True)
                waiting = connect(port)
                waiting.sendall(request_bytes("late", "x"))
                with open(f"{folder}/now", "w") as f:
                    f.write(jump)
                suite.check(read_all(waiting).endswith(b"x"), f"{jump}: a running request was ended")
                kept.sendall(request_bytes("fine", "x"))
                suite.check(read_all(kept).endswith(b"x"), f"{jump}: an idle connection was ended")
                started = time.time()
                nonce, answer = ask(port, "stall")
                suite.check(answer.status == 504 and 1.8 < time.time() - started < 15, f"{jump}: {answer.status} after "
                                                                                      f"{time.time() - started:.1f} s")


def test_link_goes_down():
    """Between two namespaces; when it is back, so are the answers."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        print("    not root: no namespaces")
        return
    names = [f"dt-f-{os.getpid()}-{end}" for end in "ab"]
    ends = [f"dtf{os.getpid() % 100000}{end}" for end in "ab"]

    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)
    port = free_port()
    source = ("import sys, time; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = sys.argv[2:]; from rig import Origin\n"
              "origin = Origin(8000, '10.99.7.2'); time.sleep(1000)")
    origin = None
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1], "netns", names[1])
        for name, end, address in zip(names, ends, ("10.99.7.1/24", "10.99.7.2/24")):
            ip("-n", name, "address", "add", address, "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
        origin = subprocess.Popen(["ip", "netns", "exec", names[1], sys.executable, "-c", source, os.path.dirname(os.path.abspath(__file__)),
                                   build])

        def ask_inside(kind="fine"):
            nonce = new_nonce()
            inside = ("import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 30)\ns.sendall(sys.argv[2].encode())\n"
                      "raw = b''\nwhile True:\n    more = s.recv(65536)\n    if not more: break\n    raw += more\nsys.stdout.buffer.write(raw)")
            out = subprocess.run(["ip", "netns", "exec", names[0], sys.executable, "-c", inside, str(port),
                                  request_bytes(kind, nonce).decode()], capture_output=True, timeout=60).stdout
            answer = Answer(out)
            suite.check(answer.belongs_to(nonce), f"another request's bytes: {out[:200]}")
            return answer
        config = proxied(port, "10.99.7.2:8000", patience="2s")
        with Proxy(config, prefix=["ip", "netns", "exec", names[0]]) as proxy:
            wait_for(lambda: ask_inside().status == 200, what="the first answer")
            base = settled(proxy)
            for _ in range(2):
                ip("-n", names[0], "link", "set", ends[0], "down")
                for _ in range(3):
                    suite.check(ask_inside().status in (502, 504), "an answer without a link")
                ip("-n", names[0], "link", "set", ends[0], "up")
                wait_for(lambda: ask_inside().status == 200, what="an answer after the link came back")
            wait_for(lambda: proxy.descriptors() <= base + 3, what="descriptors as before")
            suite.check(is_alive(proxy.pid), "it died")
    finally:
        if origin:
            origin.kill()
            origin.wait()
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


suite.run(globals())
sys.exit(suite.end())
