#!/usr/bin/env python3
"""FastCGI record by record, before a real proxy process: fastcgi_wire.py BUILD

The responder is written here, so that it can be slow, early, or wrong; the clients speak HTTP/1.1.
"""
import hashlib, http.client, os, socket, struct, sys, threading, time

from harness import Suite, build, free_port, wait_until

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)


PROXY, RESPONDER = free_port(), free_port()
END = struct.pack(">BBHHBB8s", 1, END_REQUEST, 1, 8, 0, 0, b"")
lock = threading.Lock()
closed = {}  # by path: when the proxy's end of the connection went away
records_seen = {}  # by path: (type, content length, padding) of what came
begun = set()  # paths that were asked for


def record(kind, content, padding=0):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), padding, 0) + content + b"\xaa" * padding


def out(data, size=65535):
    return b"".join(record(STDOUT, data[at:at + size]) for at in range(0, len(data), size))


class Incoming:
    """The records of one connection."""

    def __init__(self, connection):
        self.connection, self.pending, self.rows = connection, b"", []

    def exactly(self, n):
        while len(self.pending) < n:
            data = self.connection.recv(65536)
            if not data:
                raise EOFError
            self.pending += data
        data, self.pending = self.pending[:n], self.pending[n:]
        return data

    def next(self):
        version, kind, number, length, padding, _ = struct.unpack(">BBHHBB", self.exactly(8))
        content = self.exactly(length)
        self.exactly(padding)
        self.rows.append((kind, length, padding))
        assert version == 1 and number == 1 and (length + padding) % 8 == 0
        return kind, content

    def params(self):
        data = b""
        while True:
            kind, content = self.next()
            assert kind in (BEGIN_REQUEST, PARAMS)
            if kind == PARAMS and not content:
                break
            data += content if kind == PARAMS else b""
        at, values = 0, {}
        while at < len(data):
            lengths = []
            for _ in range(2):
                n, at = data[at], at + 1
                if n > 127:
                    n, at = (n & 127) << 24 | int.from_bytes(data[at:at + 3], "big"), at + 3
                lengths.append(n)
            values[data[at:at + lengths[0]].decode()] = data[at + lengths[0]:at + sum(lengths)].decode("latin-1")
            at += sum(lengths)
        return values

    def body(self):
        data = b""
        while True:
            kind, content = self.next()
            assert kind == STDIN
            if not content:
                return data
            data += content


HEAD = b"Content-Type: text/plain\r\n\r\n"


def serve(connection, incoming, path, values):
    if path == "/digest":
        body = incoming.body()
        connection.sendall(out(HEAD + b"%d %s" % (len(body), hashlib.sha256(body).hexdigest().encode())) + END)
    elif path == "/slow-reader":
        digest, size = hashlib.sha256(), 0
        while True:
            kind, content = incoming.next()
            if not content:
                break
            digest.update(content)
            size += len(content)
            time.sleep(0.002)
        connection.sendall(out(HEAD + b"%d %s" % (size, digest.hexdigest().encode())) + END)
    elif path == "/early":  # answers, and closes, without reading the body
        connection.sendall(out(b"Status: 403\r\n" + HEAD + b"no uploads") + END)
    elif path == "/early-half":  # the same with a body that goes on coming
        connection.sendall(out(b"Status: 403\r\n" + HEAD + b"no uploads") + END)
        time.sleep(1)
    elif path == "/wait":  # until the proxy goes away
        incoming.body()
        connection.sendall(out(HEAD + b"x" * 3000))
        connection.recv(1)
    elif path == "/hang":
        incoming.body()
        connection.recv(1)
    elif path == "/bytes":  # byte by byte
        incoming.body()
        for byte in out(HEAD + b"byte by byte", 5) + END:
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
    elif path == "/padded":
        incoming.body()
        data = HEAD + b"padded " * 100
        connection.sendall(b"".join(record(STDOUT, data[i:i + 3], 255) for i in range(0, len(data), 3)) + END)
    elif path == "/noise":  # complaints between all of it
        incoming.body()
        data = HEAD + b"quiet " * 50
        noise = record(STDERR, b"noise " * 1000)
        connection.sendall(noise + b"".join(record(STDOUT, data[i:i + 2]) + noise for i in range(0, len(data), 2)) + END)
    elif path == "/much-noise":  # 100 MB of them
        incoming.body()
        noise = record(STDERR, b"n" * 65535)
        for _ in range(1600):
            connection.sendall(noise)
        connection.sendall(out(HEAD + b"through") + END)
    elif path == "/long-head":  # 11 MB, where 10 MiB are taken
        incoming.body()
        line = b"X-Long: " + b"v" * 60000 + b"\r\n"
        for _ in range(180):
            connection.sendall(out(line))
        connection.sendall(out(b"\r\nbody") + END)
    elif path == "/many-headers":
        incoming.body()
        connection.sendall(out(b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(1000)) + b"\r\nbody") + END)
    elif path == "/reset":
        incoming.body()
        connection.sendall(out(HEAD + b"y" * 5000))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.1)
    elif path == "/reset-at-once":
        incoming.body()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif path.startswith("/large"):
        incoming.body()
        block = out(b"0123456789abcdef" * 4095)
        connection.sendall(out(HEAD))
        for _ in range(int(path[6:])):
            connection.sendall(block)
        connection.sendall(END)
    elif path == "/told":
        incoming.body()
        connection.sendall(out(HEAD + values["HTTP_X_LONG"][:20].encode() + b" %d" % len(values["HTTP_X_LONG"]) +
                               b" %d" % len(values["LONG"])) + END)
    else:
        incoming.body()
        connection.sendall(out(HEAD + b"hello") + END)


def connected(connection):
    incoming, path = Incoming(connection), "?"
    try:
        with connection:
            values = incoming.params()
            path = values["REQUEST_URI"].split("?")[0]
            with lock:
                begun.add(path)
            serve(connection, incoming, path, values)
    except (EOFError, OSError):
        pass
    with lock:
        closed[path] = time.monotonic()
        records_seen[path] = incoming.rows


def listen():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", RESPONDER))
    server.listen(256)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=connected, args=(connection,), daemon=True).start()


CONFIG = f"""{{
	auto_https off
	default_bind 127.0.0.1
}}
http://:{PROXY} {{
	reverse_proxy 127.0.0.1:{RESPONDER} {{
		transport fastcgi {{
			split .php
			capture_stderr
			env LONG {"L" * 70000}
		}}
	}}
}}
"""


def ask(method, path, body=None, headers=None, timeout=60):
    connection = http.client.HTTPConnection("127.0.0.1", PROXY, timeout=timeout)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def is_in(path, known):
    """Whether the path is there, now or in a while."""
    def look():
        with lock:
            return path in known
    return wait_until(look)


def seen(path):
    """Takes the records of a connection for a path, once the responder is done with it: it answers first."""
    is_in(path, records_seen)
    with lock:
        return records_seen.pop(path, [])


def memory_of(proxy):
    """In KiB; nothing where a sanitizer has its own."""
    if "asan" in build:
        return 0
    with open(f"/proc/{proxy.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


suite = Suite("FastCGI")


def digest_of(data):
    return b"%d %s" % (len(data), hashlib.sha256(data).hexdigest().encode())


def test_bodies_of_all_sizes():
    for size in (0, 1, 7, 8, 4095, 4096, 65527, 65528, 65529, 200_001, 3_000_000):
        data = os.urandom(size)
        suite.check(ask("POST", "/digest", data) == (200, digest_of(data)), f"a body of {size} bytes")
    suite.check(all(kind in (BEGIN_REQUEST, PARAMS, STDIN) for kind, _, _ in seen("/digest")), "other records")


def test_bodies_that_are_left_out():
    """Scripts get none with these methods, and the connection goes on behind it."""
    for method in ("OPTIONS", "HEAD"):
        for size in (100, 5000, 100_000):
            with socket.create_connection(("127.0.0.1", PROXY)) as s:
                s.settimeout(20)
                s.sendall(f"{method} /left-out HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)
                s.sendall(b"GET /told-next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                data = b""
                try:
                    while True:
                        more = s.recv(65536)
                        if not more:
                            break
                        data += more
                except socket.timeout:
                    pass
            suite.check(data.count(b"HTTP/1.1 200") == 2 and data.endswith(b"hello"), f"{method} {size}: {data[:600]}")
            rows = seen("/left-out")
            suite.check([row for row in rows if row[0] == STDIN] == [(STDIN, 0, 0)], f"{method} {size}: {rows}")


def test_large_values():
    status, body = ask("GET", "/told", headers={"X-Long": "y" * 15000})
    suite.check((status, body) == (200, b"y" * 20 + b" 15000 70000"), f"{status} {body[:100]}")
    kinds = [kind for kind, _, _ in seen("/told")]
    suite.check(kinds.count(PARAMS) == 3, f"records of large variables: {kinds}")


def test_slow_reader_holds_the_client_back(proxy):
    data = os.urandom(40_000_000)
    suite.check(ask("POST", "/slow-reader", data, timeout=120) == (200, digest_of(data)), "a slow reader")
    kilobytes = memory_of(proxy)
    suite.check(kilobytes < 60_000, f"{kilobytes} KiB after a body that went slowly")


def test_early_answers():
    for path in ("/early", "/early-half"):
        status, body = ask("POST", path, b"x" * 150_000)
        suite.check((status, body) == (403, b"no uploads"), f"{path}: {status} {body}")


def test_bytes_and_padding():
    suite.check(ask("GET", "/bytes") == (200, b"byte by byte"), "byte by byte")
    suite.check(ask("GET", "/padded") == (200, b"padded " * 100), "padding")
    suite.check(ask("GET", "/noise") == (200, b"quiet " * 50), "noise")


def test_complaints_are_bounded(proxy, logged):
    suite.check(ask("GET", "/much-noise") == (200, b"through"), "much noise")
    kilobytes = memory_of(proxy)
    suite.check(kilobytes < 60_000, f"{kilobytes} KiB after 100 MB of complaints")
    def longest():
        lines = logged().split(b"\n")[:-1]
        return max(map(len, lines), default=0)
    wait_until(lambda: longest() > 60_000)
    suite.check(60_000 < longest() < 200_000, f"a line of {longest()} bytes in the log")


def test_heads():
    suite.check(ask("GET", "/long-head")[0] == 502, "a head of 11 MB")
    connection = http.client.HTTPConnection("127.0.0.1", PROXY, timeout=60)
    http.client._MAXHEADERS = 2000
    connection.request("GET", "/many-headers")
    response = connection.getresponse()
    suite.check(response.read() == b"body" and response.getheader("X-999") == "999", "a thousand headers")
    connection.close()


def test_resets():
    suite.check(ask("GET", "/reset-at-once")[0] == 502, "a reset instead of an answer")
    try:
        got = ask("GET", "/reset")
    except (http.client.IncompleteRead, OSError):
        got = None
    suite.check(got is None, f"a reset in the middle looks complete: {got}")


def test_client_goes_away():
    for path in ("/wait", "/hang"):
        with socket.create_connection(("127.0.0.1", PROXY)) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            suite.check(is_in(path, begun), f"{path}: the responder is not asked")
        suite.check(is_in(path, closed), f"{path}: the responder is not told that the client went away")
    with socket.create_connection(("127.0.0.1", PROXY)) as s:
        s.sendall(b"POST /digest-cut HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5000)
        suite.check(is_in("/digest-cut", begun), "half a body: the responder is not asked")
    suite.check(is_in("/digest-cut", closed), "half a body: the responder is not told")


def test_slow_client_holds_the_responder_back(proxy):
    before = memory_of(proxy)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.connect(("127.0.0.1", PROXY))
        s.sendall(b"GET /large1600 HTTP/1.1\r\nHost: a\r\n\r\n")
        suite.check(is_in("/large1600", begun), "the responder is not asked")
        time.sleep(0.7)
        kilobytes = memory_of(proxy) - before
        suite.check(kilobytes < 20_000, f"{kilobytes} KiB for 100 MB that nobody reads")
        suite.check("/large1600" not in closed, "all of it was taken from the responder")
    suite.check(is_in("/large1600", closed), "the responder is not told that the client went away")


def test_many_at_once():
    results = []

    def one(i):
        data = os.urandom(1000 * i)
        results.append(ask("POST", "/digest", data) == (200, digest_of(data)))
        results.append(ask("GET", "/large4")[1] == b"0123456789abcdef" * 4095 * 4)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    suite.check(len(results) == 80 and all(results), f"{results.count(True)} of 80")


def test_keep_alive():
    with socket.create_connection(("127.0.0.1", PROXY)) as s:
        s.settimeout(20)
        s.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        data = b""
        while data.count(b"hello") < 3:
            more = s.recv(65536)
            if not more:
                break
            data += more
    suite.check(data.count(b"Content-Length: 5\r\n") == 3, f"three in one connection: {data[:300]}")


def main():
    threading.Thread(target=listen, daemon=True).start()
    with suite.proxy(CONFIG, PROXY, "--workers", "1") as (proxy, logged):
        suite.run(globals(), proxy=proxy, logged=logged)
        proxy.terminate()
        suite.ends(proxy)
    return suite.end()


sys.exit(main())
