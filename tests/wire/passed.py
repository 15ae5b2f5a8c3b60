#!/usr/bin/env python3
"""Long answers of upstreams, which go from socket to socket without being read: passed.py BUILD"""
import gzip, os, random, re, socket, sys, tempfile, threading, time

from harness import Suite, free_port, in_flight, wait_until
from origin import Incoming, listen, serve

PLAIN, ORIGIN = free_port(), free_port()
PIECE = 128 * 1024
folder = tempfile.TemporaryDirectory()
HELD = 2 * in_flight() + 10_000_000  # more than the kernel keeps on both sides of the proxy
pieces = random.Random(1)
content = b"".join(pieces.randbytes(1_000_000) for _ in range(max(32_000_000, HELD) // 1_000_000 + 2))
arrivals = []  # one per connection to the origin
head_seen = threading.Event()  # by the client
progress = {}  # how much of a path's body was handed to the kernel
taken = {}  # how much of it the client has

CONFIG = f"""{{
	auto_https off
	admin off
}}
http://:{PLAIN} {{
	bind 127.0.0.1
	encode /encoded/* gzip
	handle /unix/* {{
		uri strip_prefix /unix
		reverse_proxy unix/{folder.name}/origin
	}}
	handle /timed/* {{
		reverse_proxy 127.0.0.1:{ORIGIN} {{
			transport http {{
				read_timeout 500ms
			}}
		}}
	}}
	handle /now/* {{
		reverse_proxy 127.0.0.1:{ORIGIN} {{
			flush_interval -1
		}}
	}}
	handle {{
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
}}
"""


def body_of(size):
    """Each size has bytes of its own."""
    start = size * 7919 % 1_000_000
    return content[start:start + size]


def steps_of(size):
    """Where a peer that sent fast until then stops, each time until all of it has come through."""
    return [each for each in (700_000, 700_001, 703_000, 1_000_000, 1_100_000, 2_500_000, size - 1) if each < size]


def answer(s, path):
    kind, size = path.strip("/").split("/")[-2:]
    body = body_of(int(size))
    if kind == "chunked":
        s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 300_000):
            s.sendall(b"%x\r\n%s\r\n" % (len(body[at:at + 300_000]), body[at:at + 300_000]))
        s.sendall(b"0\r\n\r\n")
        return
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    s.sendall(head + (b"\r\n" if kind == "until-close" else b"Content-Length: %d\r\n\r\n" % len(body)))
    if kind in ("cut", "stall"):
        s.sendall(body[:len(body) // 2])
        if kind == "stall":
            s.recv(1)
        s.close()
    elif kind == "later":
        s.sendall(body[:1000])
        head_seen.wait(10)
        s.sendall(body[1000:])
    elif kind == "more":
        s.sendall(body + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
    elif kind == "steps":
        at = 0
        for upto in [*steps_of(len(body)), len(body)]:
            s.sendall(body[at:upto])
            at = upto
            if not wait_until(lambda: taken.get(path, 0) >= at, 10):
                s.close()
                return
    elif kind == "crumbs":
        for at in range(0, len(body), 700):
            s.sendall(body[at:at + 700])
    else:
        part = 4096 if kind == "held" else 65536
        for at in range(0, len(body), part):
            s.sendall(body[at:at + part])
            progress[path] = at + part
        if kind == "until-close":
            s.close()


def origin(s):
    arrivals.append(s)
    if s.family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    incoming = Incoming(s)
    while True:
        answer(s, incoming.head().split(b" ")[1].decode())


class Client:
    def __init__(self, receive_buffer=0):
        self.s, self.pending = socket.socket(), b""
        if receive_buffer:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.s.settimeout(20)
        self.s.connect(("127.0.0.1", PLAIN))

    def ask(self, path, more=""):
        self.s.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n".encode())

    def head(self):
        while b"\r\n\r\n" not in self.pending:
            self.pending += self.s.recv(65536) or sys.exit("passed: no answer")
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        return head

    def body(self, size):
        """<size> bytes, or what there is until the end."""
        out = bytearray(self.pending)
        while len(out) < size:
            try:
                more = self.s.recv(1 << 20)
            except ConnectionResetError:
                break
            if not more:
                break
            out += more
        self.pending = bytes(out[size:])
        return bytes(out[:size])

    def get(self, path):
        self.ask(path)
        head = self.head()
        length = re.search(rb"Content-Length: (\d+)", head)
        assert head.startswith(b"HTTP/1.1 200 OK") and length, head
        return self.body(int(length.group(1)))


def pipes(pid):
    found = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("pipe:")
        except OSError:
            pass  # closed meanwhile
    return found


def test_first_of_all_they_are_passed(pid):
    client, before = Client(), pipes(pid)
    assert client.get("/plain/5000") == body_of(5000) and pipes(pid) == before
    assert client.get("/plain/3000000") == body_of(3000000)
    assert pipes(pid) == before + 2, (before, pipes(pid))


def test_lengths():
    for prefix in ("", "/unix"):
        client = Client()
        for around in (65536, 65536 * 2, PIECE + 65536, PIECE * 2, 1 << 20, 3 * PIECE - 120):
            for size in range(around - 2, around + 3):
                assert client.get(f"{prefix}/plain/{size}") == body_of(size), (prefix, size)
        assert client.get(f"{prefix}/plain/25000000") == body_of(25000000)


def test_small_pieces():
    client = Client()
    assert client.get("/crumbs/2000000") == body_of(2000000)
    assert client.get("/unix/crumbs/700000") == body_of(700000)


def test_upstreams_that_stop():
    """Waiting for more at once ends where no more comes: nothing is kept back."""
    client = Client()
    for prefix in ("", "/now", "/unix"):
        for size in (900_000, 1_050_000, 4_000_000):
            path = f"{prefix}/steps/{size}"
            seen = path.removeprefix("/unix")
            taken[seen] = 0
            client.ask(path)
            client.head()
            body = bytearray(client.pending)
            while len(body) < size:
                taken[seen] = len(body)
                body += client.s.recv(1 << 20) or sys.exit(f"passed: {path} ends at {len(body)}")
            taken[seen] = len(body)
            client.pending = b""
            assert body == body_of(size), path


def test_answers_without_length():
    client = Client()
    client.ask("/chunked/2000000", "Connection: close\r\n")
    assert b"chunked" in client.head()
    plain = b""
    rest = client.body(1 << 30)
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        plain, rest = plain + rest[:int(size, 16)], rest[int(size, 16) + 2:]
    assert plain == body_of(2000000)
    client = Client()
    client.s.sendall(b"GET /until-close/2000000 HTTP/1.0\r\nHost: h\r\n\r\n")
    client.head()
    assert client.body(1 << 30) == body_of(2000000)


def test_encoded_and_head():
    client = Client()
    client.ask("/encoded/plain/2000000", "Accept-Encoding: gzip\r\nConnection: close\r\n")
    assert b"gzip" in client.head()
    packed, rest = b"", client.body(1 << 30)
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        packed, rest = packed + rest[:int(size, 16)], rest[int(size, 16) + 2:]
    assert gzip.decompress(packed) == body_of(2000000)


def test_slow_client():
    """The upstream is not read faster than the client reads, and nothing is lost."""
    for prefix in ("", "/unix"):
        client, size = Client(receive_buffer=8192), HELD + len(prefix)  # its path is not another one's
        path, seen = f"/held/{size}", -1
        client.ask(prefix + path)
        assert wait_until(lambda: progress.get(path))
        since = time.monotonic()
        while time.monotonic() - since < 0.7:  # until it stands still
            if progress.get(path, 0) != seen:
                seen, since = progress.get(path, 0), time.monotonic()
            time.sleep(0.02)
        assert 0 < seen < size - 5_000_000, (prefix, seen, size)
        client.head()
        assert client.body(size) == body_of(size), prefix
        assert client.get(f"{prefix}/plain/70000") == body_of(70000), prefix


def test_a_head_does_not_wait_for_its_body():
    """Neither with the first answer, nor where long ones are expected."""
    client, waits = Client(), []
    for size in (500_000, 500_001, 500_002, 500_003, 500_004):
        head_seen.clear()
        started = time.monotonic()
        client.ask(f"/later/{size}")
        client.head()
        while len(client.pending) < 1000:
            client.pending += client.s.recv(65536)
        waits.append(time.monotonic() - started)
        head_seen.set()
        assert client.body(size) == body_of(size), size
    assert min(waits) < 0.15, waits  # the kernel keeps what is to be sent with more for 0.2 s


def test_long_and_short_ones():
    """What is read with a head depends on the answer before."""
    client = Client()
    for size in (1_000_000, 3000, 1_000_001, 5000, 1_000_002, 16384, 20000, 12000, 70000, 0, 8192, 300_000, 1):
        assert client.get(f"/plain/{size}") == body_of(size), size
        assert client.get(f"/crumbs/{size}") == body_of(size), size


def test_pipelined():
    client = Client(receive_buffer=65536)
    client.ask("/plain/2000000")
    client.ask("/plain/300")
    client.ask("/plain/900000")
    for size in (2000000, 300, 900000):
        client.head()
        assert client.body(size) == body_of(size), size


def test_clients_that_leave():
    for i in range(20):
        client = Client(receive_buffer=8192)
        client.ask("/plain/20000000")
        client.s.recv(1000 + i * 1000)
        client.s.close()
        if i % 5 == 0:
            assert Client().get("/plain/800000") == body_of(800000)
    assert Client().get("/plain/800000") == body_of(800000)


def test_upstreams_that_leave():
    for kind in ("cut", "timed/stall"):
        client = Client()
        client.ask(f"/{kind}/4000000")
        client.head()
        assert client.body(1 << 30) == body_of(4000000)[:2000000], kind
        assert Client().get("/plain/800000") == body_of(800000)


def test_more_than_announced():
    """What follows an answer is nobody's: the connection it came over is not used again."""
    client = Client()
    for size in (65700, 200000, PIECE * 3, 1 << 20):
        assert client.get(f"/more/{size}") == body_of(size)
        assert client.get("/plain/400000") == body_of(400000)


def test_connections_are_used_again():
    client = Client()
    assert client.get("/plain/1000000") == body_of(1000000)
    before = len(arrivals)
    for _ in range(10):
        assert client.get("/plain/1000000") == body_of(1000000)
    assert len(arrivals) == before, (before, len(arrivals))


def main():
    suite = Suite("passed")
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(f"{folder.name}/origin")
    unix.listen(64)
    listen(ORIGIN, origin)
    serve(unix, origin)
    with suite.proxy(CONFIG, PLAIN, "--workers", "1") as (proxy, _):
        suite.run(globals(), pid=proxy.pid)
        proxy.terminate()
        suite.ends(proxy)
    folder.cleanup()
    return suite.end()


sys.exit(main())
