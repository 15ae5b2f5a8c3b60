#!/usr/bin/env python3
"""Large files, which the kernel sends by itself: files.py BUILD"""
import hashlib, os, socket, sys, tempfile, threading, time

from harness import Suite, free_port

PLAIN = free_port()
SIZE = 24_000_000
root = tempfile.TemporaryDirectory()
content = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(SIZE // 32))

CONFIG = f"""{{
	auto_https off
	admin off
}}
http://:{PLAIN} {{
	bind 127.0.0.1
	root {root.name}
	encode /encoded/* gzip
	file_server
}}
"""


def write(name, data):
    path = os.path.join(root.name, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def request(path, more=b"", method=b"GET", receive_buffer=0):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(30)
    s.connect(("127.0.0.1", PLAIN))
    s.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: h\r\n" + more + b"\r\n")
    return s


def read_all(s, pause=0.0, pauses=0):
    out = bytearray()
    while True:
        if pauses:
            time.sleep(pause)
            pauses -= 1
        try:
            more = s.recv(1 << 20)
        except ConnectionResetError:
            break
        if not more:
            break
        out += more
    head, _, body = bytes(out).partition(b"\r\n\r\n")
    return head, body


CLOSE = b"Connection: close\r\n"


def test_whole():
    head, body = read_all(request(b"/big", CLOSE))
    assert head.startswith(b"HTTP/1.1 200 ") and body == content, (head, len(body))


def test_slow_reader():
    head, body = read_all(request(b"/big", CLOSE, receive_buffer=8192), pause=0.02, pauses=40)
    assert body == content, (head, len(body))


def test_ranges():
    head, body = read_all(request(b"/big", CLOSE + b"Range: bytes=1000000-19999999\r\n"))
    assert head.startswith(b"HTTP/1.1 206 ") and body == content[1000000:20000000], (head, len(body))
    head, body = read_all(request(b"/big", CLOSE + b"Range: bytes=0-199999,1000000-1999999\r\n"))
    assert content[:200000] in body and content[1000000:2000000] in body, (head, len(body))


def test_pipeline():
    s = request(b"/big", b"", receive_buffer=65536)
    s.sendall(b"HEAD /big HTTP/1.1\r\nHost: h\r\n\r\nGET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    _, rest = read_all(s)
    assert rest[:SIZE] == content and rest.endswith(b"a few bytes") and rest[SIZE:].count(b"HTTP/1.1 200 OK") == 2


def test_shorter_than_announced():
    path = write("shrinks", content)
    s = request(b"/shrinks", receive_buffer=8192)
    s.recv(4096)
    os.truncate(path, 12_000_000)
    started = time.monotonic()
    _, body = read_all(s)
    assert len(body) < SIZE and time.monotonic() - started < 20, len(body)


def test_client_that_leaves():
    for _ in range(20):
        s = request(b"/big", receive_buffer=8192)
        s.recv(1000)
        s.close()
    assert read_all(request(b"/small", CLOSE))[1] == b"a few bytes"


def test_others_have_their_turn():
    slow = [request(b"/big", CLOSE, receive_buffer=65536) for _ in range(4)]
    readers = [threading.Thread(target=read_all, args=(s,), daemon=True) for s in slow]
    for reader in readers:
        reader.start()
    started = time.monotonic()
    for _ in range(20):
        assert read_all(request(b"/small", CLOSE))[1] == b"a few bytes"
    assert time.monotonic() - started < 10
    for reader in readers:
        reader.join(60)


def main():
    write("big", content)
    write("small", b"a few bytes")
    suite = Suite("files")
    with suite.proxy(CONFIG, PLAIN, "--workers", "1") as (proxy, _):
        suite.run(globals())
        proxy.terminate()
        suite.ends(proxy)
    root.cleanup()
    return suite.end()


sys.exit(main())
