#!/usr/bin/env python3
"""HTTP/2 to upstreams, before a real proxy process: h2_upstream.py BUILD

The upstream is written frame by frame (h2.py), so that it can do wrong; the clients speak HTTP/1.1.
"""
import hashlib, os, re, socket, ssl, struct, subprocess, sys, tempfile, threading, time

from h2 import *
from harness import Suite, exactly, free_ports, holds, wait_until

PROXY, UPSTREAM, SECURE, FEW, COLD, OLD, NOWHERE = free_ports(7)
lock = threading.Lock()
requests, connections, cancelled, alpn = [], [0], set(), []
counts = {}


def count(path):
    with lock:
        counts[path] = counts.get(path, 0) + 1
        return counts[path]


def reply(connection, number, body=b"", more=(), end=True, status="200"):
    connection.send(HEADERS, END_HEADERS | (END_STREAM if end and not body else 0), number,
                    block([(":status", status)] + list(more)))
    if body:
        connection.body(number, body, end)


def ended(connection, number, code=INTERNAL_ERROR):
    connection.send(RST_STREAM, 0, number, struct.pack(">I", code))


BAD_HEADS = {
    "/bad/none": [("x", "y")], "/bad/status": [(":status", "20")], "/bad/upper": [(":status", "200"), ("X-A", "b")],
    "/bad/crlf": [(":status", "200"), ("x", "a\r\nY: b")], "/bad/te": [(":status", "200"), ("transfer-encoding", "chunked")],
    "/bad/connection": [(":status", "200"), ("connection", "x")], "/bad/name": [(":status", "200"), ("x: y", "b")],
    "/bad/two": [(":status", "200"), (":status", "200")], "/bad/length": [(":status", "200"), ("content-length", "x")],
    "/bad/101": [(":status", "101")],
}


def serve(connection, number, path, body):
    if path == "/echo":
        trailers = dict(connection.stream(number).heads[-1]).get("x-sum", "-")
        reply(connection, number, b"%d %s %s" % (len(body), hashlib.sha256(body).hexdigest().encode(), trailers.encode()))
    elif path == "/trailers":
        reply(connection, number, b"hello", [("trailer", "x-end")], end=False)
        connection.send(HEADERS, END_HEADERS | END_STREAM, number, block([("x-end", "yes")]))
    elif path == "/hints":
        connection.send(HEADERS, END_HEADERS, number, block([(":status", "103"), ("link", "</a>")]))
        reply(connection, number, b"ok")
    elif path == "/refused" and count(path) == 1:
        ended(connection, number, REFUSED_STREAM)
    elif path == "/reset":
        ended(connection, number)
    elif path == "/broken":
        reply(connection, number, b"half", [("content-length", "8")], end=False)
        ended(connection, number)
    elif path == "/mismatch":
        reply(connection, number, b"abc", [("content-length", "5")])
    elif path == "/die" and count(path) == 1:
        connection.close()
    elif path == "/goaway":
        connection.send(GOAWAY, 0, 0, struct.pack(">II", number, NO_ERROR))
        reply(connection, number, b"last words")
    elif path in BAD_HEADS:
        connection.send(HEADERS, END_HEADERS | END_STREAM, number, block(BAD_HEADS[path]))
    elif path == "/long":  # longer than any limit: 11 MB, where 10 MiB are taken
        data = block([(":status", "200")] + [(f"x-{i}", "v" * 8000) for i in range(1400)])
        connection.send(HEADERS, 0, number, data[:16000])
        for at in range(16000, len(data), 16000):
            connection.send(CONTINUATION, 0, number, data[at:at + 16000])
        connection.send(CONTINUATION, END_HEADERS, number)
    elif path.startswith("/hang"):
        pass
    elif path == "/late":
        threading.Timer(0.4, reply, (connection, number, b"late")).start()
    elif path.startswith("/big"):
        n = int(path[4:])
        connection.send(HEADERS, END_HEADERS, number, block([(":status", "200"), ("content-length", str(n))]))
        connection.left[number] = n
    else:
        reply(connection, number, b"ok", [("x-upstream", "h2"), ("set-cookie", "a=1"), ("set-cookie", "b=2")])


def early(connection, number, path):
    """An answer before the body has come."""
    reply(connection, number, b"enough", status="413")
    if path == "/early/reset":
        ended(connection, number, NO_ERROR)
    if path == "/early/goaway":
        connection.send(GOAWAY, 0, 0, struct.pack(">II", number, NO_ERROR))
    if path != "/early/reset":
        connection.close()  # some of the body lies unread: its sender is told
        raise Closed


def push(connection):
    """Sends of large bodies what the windows let out; none of them waits for another."""
    for number, left in list(connection.left.items()):
        room = min(connection.window, connection.windows.get(number, connection.settings.get(4, 65535)), 16384, left)
        if connection.stream(number).reset is not None:
            del connection.left[number]
        elif room > 0:
            connection.body(number, b"x" * room, end=left == room)
            connection.left[number] -= room
            if left == room:
                del connection.left[number]
            return True
    return False


def upstream_connection(sock, pairs):
    try:
        preface = b""
        while len(preface) < len(PREFACE):
            more = sock.recv(len(PREFACE) - len(preface))
            if not more:
                return
            preface += more
        assert preface == PREFACE
        connection = Connection(sock, is_client=False, pairs=pairs)
        connection.left = {}
        with lock:
            connections[0] += 1
        while True:
            while push(connection):
                sock.settimeout(0)
                try:
                    connection.pending += sock.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError):
                    pass
                sock.settimeout(60)
            kind, flags, number, payload = connection.read(60)
            if kind == HEADERS and dict(connection.stream(number).heads[0])[":path"].startswith("/early"):
                early(connection, number, dict(connection.stream(number).heads[0])[":path"])
                continue
            if kind == RST_STREAM and connection.stream(number).reset == CANCEL:
                cancelled.add(dict(connection.stream(number).heads[0])[":path"])
            if kind in (HEADERS, DATA) and connection.stream(number).ended:
                stream = connection.stream(number)
                fields = stream.heads[0]
                with lock:
                    requests.append(fields)
                serve(connection, number, dict(fields)[":path"], bytes(stream.body))
    except (OSError, Closed, ValueError):
        pass
    finally:
        sock.close()


def secure_connection(sock, context):
    try:
        sock = context.wrap_socket(sock, server_side=True)
        with lock:
            alpn.append(sock.selected_alpn_protocol())
        if sock.selected_alpn_protocol() == "h2":
            upstream_connection(sock, ())
            return
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                more = sock.recv(4096)
                if not more:
                    return
                head += more
            if b"websocket" not in head:
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1")
                continue
            sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while True:
                data = sock.recv(4096)
                if not data:
                    return
                sock.sendall(data.upper())
    except OSError:
        pass


def listen(port, handler, *args):
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(60)
        threading.Thread(target=handler, args=(sock,) + args, daemon=True).start()


CONFIG = f"""{{
	admin off
	auto_https disable_redirects
}}
http://:{PROXY} {{
	bind 127.0.0.1
	handle_path /few/* {{
		reverse_proxy h2c://127.0.0.1:{FEW}
	}}
	handle_path /timeout/* {{
		reverse_proxy h2c://127.0.0.1:{UPSTREAM} {{
			transport http {{
				versions h2c
				response_header_timeout 300ms
			}}
		}}
	}}
	handle_path /nowhere/* {{
		reverse_proxy h2c://127.0.0.1:{NOWHERE}
	}}
	handle_path /tls/* {{
		reverse_proxy https://localhost:{SECURE} {{
			transport http {{
				tls_insecure_skip_verify
			}}
		}}
	}}
	handle_path /cold/* {{
		reverse_proxy https://localhost:{COLD} {{
			transport http {{
				tls_insecure_skip_verify
			}}
		}}
	}}
	handle_path /old/* {{
		reverse_proxy https://localhost:{OLD} {{
			transport http {{
				tls_insecure_skip_verify
			}}
		}}
	}}
	handle_path /tls1/* {{
		reverse_proxy https://localhost:{SECURE} {{
			transport http {{
				tls_insecure_skip_verify
				versions 1.1
			}}
		}}
	}}
	reverse_proxy h2c://127.0.0.1:{UPSTREAM}
}}
"""


def exchange(data, wait=20.0):
    with socket.create_connection(("127.0.0.1", PROXY), timeout=wait) as s:
        try:
            s.sendall(data)
        except OSError:
            pass  # there may be an answer all the same
        out, end = bytearray(), time.time() + wait
        while time.time() < end:
            s.settimeout(max(end - time.time(), 0.01))
            try:
                more = s.recv(1 << 20)
            except (socket.timeout, ConnectionResetError):
                break
            if not more:
                break
            out += more
        return bytes(out)


def get(path, headers="", method="GET", body=b"", wait=20.0):
    return exchange(f"{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n".encode() + body, wait)


def status(answer):
    match = re.match(rb"HTTP/1\.\d (\d\d\d)", answer)
    return int(match.group(1)) if match else 0


def body_of(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" not in head:
        return body
    out, size = b"", -1
    while body and size != 0:
        line, _, body = body.partition(b"\r\n")
        size = int(line, 16)
        out, body = out + body[:size], body[size + 2:]
    return out


def together(n, what):
    results, threads = [None] * n, []
    for i in range(n):
        def run(i=i):
            results[i] = what(i)
        threads.append(threading.Thread(target=run))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    return results


def test_request_as_the_upstream_sees_it():
    answer = get("/a?b=c", "Cookie: x=1\r\nKeep-Alive: 3\r\nTE: trailers\r\nX-Private: 1\r\n"
                 .replace("X-Private: 1", "X-Own: 1"))
    assert status(answer) == 200 and b"\r\nVia: 2.0 Caddy\r\n" in answer and body_of(answer) == b"ok", answer
    assert answer.count(b"Set-Cookie:") == 2 and b"X-Upstream: h2" in answer, answer
    with lock:
        fields = requests[-1]
    assert fields[:4] == [(":method", "GET"), (":scheme", "http"), (":path", "/a?b=c"), (":authority", "h")], fields
    names = [name for name, _ in fields]
    assert ("te", "trailers") in fields and ("x-own", "1") in fields and ("via", "1.1 Caddy") in fields, fields
    assert not {"host", "connection", "keep-alive", "transfer-encoding", "content-length"} & set(names), fields
    assert all(name == name.lower() for name in names), names


def test_bodies_both_ways():
    for n in (0, 1, 1000, 70000, 3_000_000):
        body = os.urandom(n)
        want = b"%d %s" % (n, hashlib.sha256(body).hexdigest().encode())
        assert body_of(get("/echo", f"Content-Length: {n}\r\n", "POST", body)).startswith(want), n
    body = os.urandom(200000)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7001]), body[i:i + 7001]) for i in range(0, len(body), 7001))
    answer = get("/echo", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n", "POST", chunks + b"0\r\nX-Sum: 5\r\n\r\n")
    assert body_of(answer) == b"200000 " + hashlib.sha256(body).hexdigest().encode() + b" 5", answer[-200:]
    assert get("/big5000000", wait=60).partition(b"\r\n\r\n")[2] == b"x" * 5000000


def test_trailers_and_interim():
    answer = get("/trailers")
    assert body_of(answer) == b"hello" and b"X-End: yes" in answer and b"Transfer-Encoding: chunked" in answer, answer
    answer = get("/hints")
    assert answer.startswith(b"HTTP/1.1 103") and b"HTTP/1.1 200" in answer, answer
    answer = get("/big1000", method="HEAD")
    assert b"Content-Length: 1000" in answer and answer.endswith(b"\r\n\r\n"), answer


def test_streams_share_connections():
    with lock:
        before = connections[0]
    answers = together(60, lambda i: get("/late"))
    assert all(body_of(answer) == b"late" for answer in answers), answers
    with lock:
        opened = connections[0] - before
    assert opened <= 2, f"{opened} connections for 60 requests at once"  # the proxy has two threads


def test_as_many_streams_as_the_upstream_takes():
    answers = together(12, lambda i: get("/few/late"))
    assert all(body_of(answer) == b"late" for answer in answers), answers


def test_failures():
    for path, want in (("/reset", 502), ("/timeout/hang", 504), ("/nowhere/x", 502), ("/long", 502), ("/refused", 200)):
        answer = get(path)
        assert status(answer) == want, (path, answer[:300])
    for path in BAD_HEADS:
        assert status(get(path)) == 502, (path, get(path))
    for path in ("/broken", "/mismatch"):
        answer = get(path)
        assert len(answer.partition(b"\r\n\r\n")[2]) < 5 and b"\r\n0\r\n" not in answer, (path, answer)
    assert all(status(answer) == 502 for answer in together(20, lambda i: get("/nowhere/x")))


def test_connections_that_end():
    assert status(get("/warm")) == 200
    for _ in range(4):  # whichever thread takes it, its connection has been used before
        get("/warm")
    assert status(get("/die")) in (200, 502)
    assert status(get("/warm")) == 200
    for _ in range(4):
        assert body_of(get("/goaway")) == b"last words"
    assert all(status(answer) == 200 for answer in together(8, lambda i: get("/warm")))


def test_slow_client_stops_only_its_stream():
    slow = []
    for _ in range(4):
        s = socket.create_connection(("127.0.0.1", PROXY), timeout=20)
        s.sendall(b"GET /big20000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        slow.append(s)
    time.sleep(1)
    answers = together(8, lambda i: get("/big3000000", wait=60))
    assert all(len(answer) > 3000000 for answer in answers), [len(answer) for answer in answers]
    for s in slow:
        n = 0
        while True:
            more = len(s.recv(1 << 20))
            n += more
            if not more:
                break
        assert n > 20000000, n
        s.close()


def test_cancel_reaches_the_upstream():
    s = socket.create_connection(("127.0.0.1", PROXY), timeout=20)
    s.sendall(b"GET /hang?until-cancelled HTTP/1.1\r\nHost: h\r\n\r\n")

    def is_asked():
        with lock:
            return any((":path", "/hang?until-cancelled") in fields for fields in requests)
    assert wait_until(is_asked)
    s.close()
    assert wait_until(lambda: "/hang?until-cancelled" in cancelled), "no RST_STREAM"
    assert status(get("/warm")) == 200


def test_answers_before_the_body_has_come():
    body = b"x" * 3_000_000
    for path in ("/early/close", "/early/reset", "/early/goaway"):
        for _ in range(8):
            # one that is sent just when the connection of the one before goes away may not be sent again
            holds(lambda: get(path, f"Content-Length: {len(body)}\r\n", "POST", body), lambda answer: status(answer) == 413)
            time.sleep(0.05)  # until that connection is gone
    assert status(get("/warm")) == 200


def test_many_at_once_before_the_version_is_known():
    with lock:
        del alpn[:]
    answers = together(40, lambda i: get("/cold/x"))
    assert all(body_of(answer) == b"ok" for answer in answers), answers
    with lock:
        assert alpn == ["h2"] * len(alpn) and len(alpn) <= 2, alpn  # the proxy has two threads
        del alpn[:]
    answers = together(20, lambda i: get("/old/x"))
    assert all(body_of(answer) == b"h1" for answer in answers), answers
    assert all(body_of(answer) == b"h1" for answer in together(20, lambda i: get("/old/x")))


def test_by_alpn():
    assert body_of(get("/tls/x")) == b"ok" and alpn[-1] == "h2", alpn
    with lock:
        assert dict(requests[-1])[":scheme"] == "https"
    assert body_of(get("/tls1/x")) == b"h1" and alpn[-1] == "http/1.1", alpn
    with socket.create_connection(("127.0.0.1", PROXY), timeout=20) as s:
        s.sendall(b"GET /tls/ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(1) or b"\r\n\r\n"
        assert head.startswith(b"HTTP/1.1 101"), f"upgrades go over HTTP/1.1: {head}"
        s.sendall(b"abc")
        assert exactly(s, 3) == b"ABC"
    assert body_of(get("/tls/x")) == b"ok"


def main():
    suite = Suite("h2 upstream")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        old.load_cert_chain(certificate, key)
        for args in ((UPSTREAM, upstream_connection, ()), (FEW, upstream_connection, ((3, 2),)),
                     (SECURE, secure_connection, context), (COLD, secure_connection, context),
                     (OLD, secure_connection, old)):
            threading.Thread(target=listen, args=args, daemon=True).start()
        with suite.proxy(CONFIG, PROXY, "--workers", "2") as (proxy, _):
            suite.run(globals())
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
