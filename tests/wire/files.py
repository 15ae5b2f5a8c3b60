#!/usr/bin/env python3
"""Large files, which the kernel sends by itself: files.py BUILD"""
import contextlib, hashlib, os, socket, ssl, subprocess, sys, tempfile, threading, time

from harness import Suite, free_port, wait_until

PLAIN, TLS = free_port(), free_port()
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
https://localhost:{TLS} {{
	bind 127.0.0.1
	tls {root.name}/certificate {root.name}/key
	root {root.name}
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


def test_sizes():
    """Around those from which on files are sent in another way."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for port in (PLAIN, TLS):
        s = socket.create_connection(("127.0.0.1", port), 10)
        if port == TLS:
            s = context.wrap_socket(s, server_hostname="localhost")
        answers = s.makefile("rb")
        for size in (0, 1, 2047, 2048, 2049, 32767, 32768, 32769, 65535, 65536, 65537, 200000):
            write(f"of-{size}", content[size:2 * size])
            s.sendall(b"GET /of-%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (size, port))
            head = b"".join(iter(answers.readline, b"\r\n"))
            assert head.startswith(b"HTTP/1.1 200 OK") and b"Content-Length: %d\r\n" % size in head, (port, head)
            assert answers.read(size) == content[size:2 * size], (port, size)


def test_descriptors(pid):
    """Whatever the answer, its file is closed."""
    os.makedirs(os.path.join(root.name, "with-index"), exist_ok=True)
    os.makedirs(os.path.join(root.name, "without"), exist_ok=True)
    write("with-index/index.html", b"the index")
    asked = {b"/with-index": b"308", b"/with-index/": b"200", b"/without": b"404", b"/without/": b"404",
             b"/small": b"200", b"/small/": b"308", b"/none": b"404", b"/small/none": b"400"}
    for method in (b"GET", b"HEAD"):
        for path, status in asked.items():
            for more in (b"", b"If-None-Match: *\r\n", b"Range: bytes=90000000-\r\n", b"Range: bytes=2-4\r\n"):
                head, _ = read_all(request(path, CLOSE + more, method))
                got = head.split(b" ")[1]
                assert got == status or (status == b"200" and got in (b"304", b"416", b"206")), (path, head)
    assert read_all(request(b"/small", CLOSE, b"POST"))[0].startswith(b"HTTP/1.1 405 ")
    names = []

    def all_closed():
        del names[:]
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):  # closed meanwhile
                names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        return not any(name.startswith(root.name) for name in names)
    assert wait_until(all_closed), names


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
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", f"{root.name}/key", "-out", f"{root.name}/certificate", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    suite = Suite("files")
    with suite.proxy(CONFIG, PLAIN, "--workers", "1") as (proxy, _):
        suite.run(globals(), pid=proxy.pid)
        proxy.terminate()
        suite.ends(proxy)
    root.cleanup()
    return suite.end()


sys.exit(main())
