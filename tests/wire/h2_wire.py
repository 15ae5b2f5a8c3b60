#!/usr/bin/env python3
"""HTTP/2 before a real proxy process, frame by frame: h2_wire.py BUILD

The origin speaks HTTP/1.1 and remembers what it saw; the clients of the tests are in h2.py.
"""
import hashlib, json, os, socket, struct, sys, threading, time

from h2 import *
from harness import Suite, free_ports, in_flight, wait_until
from origin import Incoming, listen

PLAIN, SECURE, ONLY_H2, ONLY_H1, IMPATIENT, ORIGIN = free_ports(6)
seen, lock = [], threading.Lock()
sent_bytes, hung_up, let_go = [0], threading.Event(), threading.Event()


# ---- the origin

def answer(connection, head, body, trailers):
    path = head.split(b" ")[1].decode()
    if path.startswith("/echo"):
        text = b"%d %s %s" % (len(body), hashlib.sha256(body).hexdigest().encode(), trailers.strip())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
    elif path == "/trailers":
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
                           b"5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n")
    elif path == "/hints":
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    elif path == "/204":
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    elif path == "/short":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        raise OSError("done")
    elif path == "/hop":
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 5\r\nX-STAYS: 1\r\n"
                           b"Content-Length: 2\r\n\r\nok")
    elif path == "/hang":
        if not connection.recv(1):
            hung_up.set()
        raise OSError("done")
    elif path.startswith("/late"):
        time.sleep(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
    elif path.startswith("/held"):
        let_go.wait(60)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nheld")
    elif path.startswith("/big"):
        n = int(path[4:])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % n)
        while n and not head.startswith(b"HEAD"):
            part = min(n, 65536)
            connection.sendall(b"x" * part)
            sent_bytes[0] += part
            n -= part
    else:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Origin: yes\r\nContent-Length: 2\r\n\r\nok")


def origin_connection(connection):
    incoming = Incoming(connection)
    connection.settimeout(240)
    while True:
        head = incoming.head() + b"\r\n\r\n"
        if b" /stall " in head:  # the body stays where it is
            hung_up.wait(10)
            return
        body, trailers = incoming.body(head)
        with lock:
            seen.append((head, body))
        answer(connection, head, body, trailers)


CONFIG = f"""{{
	auto_https disable_redirects
	admin off
	servers 127.0.0.1:{ONLY_H2} {{
		protocols h2c
	}}
	servers 127.0.0.1:{ONLY_H1} {{
		protocols h1
	}}
	servers 127.0.0.1:{PLAIN} {{
		protocols h1 h2c
	}}
	servers 127.0.0.1:{IMPATIENT} {{
		protocols h1 h2c
		timeouts {{
			read_header 500ms
			idle 1s
			read_body_idle 500ms
			write_idle 500ms
		}}
	}}
}}
(all) {{
	bind 127.0.0.1
	handle /respond {{
		respond "{{http.request.proto}} {{host}} {{header.cookie}}"
	}}
	handle /abort {{
		abort
	}}
	handle /close {{
		header Connection close
		respond "closing"
	}}
	timeouts /paced/* {{
		read_timeout 300ms
	}}
	reverse_proxy 127.0.0.1:{ORIGIN}
}}
http://:{PLAIN} {{
	log
	import all
}}
http://:{ONLY_H2} {{
	import all
}}
http://:{ONLY_H1} {{
	import all
}}
http://:{IMPATIENT} {{
	import all
}}
https://localhost:{SECURE} {{
	tls internal
	import all
}}
"""


def last():
    with lock:
        return seen[-1][0].decode("latin-1")


def has_seen(path, times=1):
    """Whether the origin has been asked for it so often, in a while."""
    def count():
        with lock:
            return sum(head.split(b" ")[1] == path.encode() for head, _ in seen)
    return wait_until(lambda: count() >= times)


def get(path, wait=20, port=PLAIN, **kwargs):
    connection = connect(port)
    try:
        return connection.open(request(path, **kwargs), wait=wait)
    finally:
        connection.close()


def test_by_alpn_and_by_preface():
    connection = connect(SECURE, tls=True)
    stream = connection.open(request("/respond", scheme="https", authority="localhost"), wait=20)
    assert (stream.status, stream.body) == (200, b"HTTP/2.0 localhost "), (stream.status, stream.body)
    assert connection.settings == {3: 250, 4: 1 << 20, 6: 16704, 9: 1}, connection.settings
    connection = connect(PLAIN)
    assert connection.open(request("/respond"), wait=20).body == b"HTTP/2.0 h "
    connection = connect(PLAIN, greet=False)
    for byte in PREFACE + settings() + frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request("/respond"))):
        connection.socket.sendall(bytes([byte]))
    assert connection.finish(1).body == b"HTTP/2.0 h "


def plain(port, data):
    """All until the end, or until an answer's head and what is behind it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        answer = b""
        try:
            s.sendall(data)
            while more := s.recv(4096):
                answer += more
                if answer.partition(b"\r\n\r\n")[2]:
                    break
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def test_versions_that_are_not_spoken():
    assert plain(ONLY_H2, b"GET /respond HTTP/1.1\r\nHost: h\r\n\r\n") == b""
    assert get("/respond", port=ONLY_H2).body == b"HTTP/2.0 h "
    assert plain(ONLY_H1, PREFACE + settings()).startswith(b"HTTP/1.1 "), "HTTP/2 where it is off"
    # what begins like the preface is not taken for it; Upgrade: h2c is not heeded (nor by Caddy)
    answer = plain(PLAIN, b"PROPFIND /respond HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"HTTP/1.1 h" in answer, answer
    answer = plain(PLAIN, b"GET /respond HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                          b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer


def test_request_as_the_origin_sees_it():
    stream = get("/a?b=c", more=[("cookie", "a=1"), ("x-request-id", "7"), ("cookie", "b=2"), ("cookie", "c=3"),
                                 ("te", "trailers"), ("x_odd", "1"), ("accept", "*/*")], authority="name:1")
    assert stream.status == 200 and stream.headers["via"] == "1.1 Caddy", stream.heads
    head = last()
    assert head.startswith("GET /a?b=c HTTP/1.1\r\nHost: name:1\r\n"), head
    for line in ("Cookie: a=1; b=2; c=3", "X-Request-Id: 7", "Te: trailers", "Via: 2.0 Caddy", "Accept: */*",
                 "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: name:1"):
        assert f"\r\n{line}\r\n" in head, (line, head)
    assert "odd" not in head and "Transfer-Encoding" not in head and "Content-Length" not in head, head


def test_bodies_both_ways():
    for n in (0, 1, 1000, 70000, 3_000_000):
        for announced in (True, False):
            body = os.urandom(n)
            connection = connect(SECURE, tls=True)
            more = [("content-length", str(n))] if announced else []
            number = connection.open(request("/echo", "POST", "localhost", "https", more), end=False)
            connection.body(number, body)
            stream = connection.finish(number, 20)
            assert stream.body.split()[:2] == [b"%d" % n, hashlib.sha256(body).hexdigest().encode()], (n, announced, vars(stream))
            connection.close()
    assert get("/big5000000", wait=20).body == b"x" * 5000000


def test_many_streams_at_once():
    connection = connect(PLAIN)
    numbers = [connection.open(request(f"/big{i * 500}")) for i in range(200)]
    for i, number in enumerate(numbers):
        stream = connection.finish(number, 20)
        assert stream.status == 200 and len(stream.body) == i * 500, (i, stream.heads, len(stream.body))


def test_trailers():
    stream = get("/trailers")
    assert stream.body == b"hello" and stream.heads[-1] == [("x-end", "yes")], stream.heads
    connection = connect(PLAIN)
    number = connection.open(request("/echo", "POST"), end=False)
    connection.body(number, b"abc", end=False)
    connection.send(HEADERS, END_HEADERS | END_STREAM, number, block([("x-sum", "9"), ("expect", "1")]))
    assert connection.finish(number).body.endswith(b"X-Sum: 9"), vars(connection.stream(number))


def test_interim_and_expect():
    stream = get("/hints")
    assert [dict(head)[":status"] for head in stream.heads] == ["103", "200"], stream.heads
    connection = connect(PLAIN)
    number = connection.open(request("/echo", "POST", more=[("expect", "100-continue"), ("content-length", "3")]), end=False)
    assert connection.until(lambda c: c.stream(number).heads) == [[(":status", "100")]], connection.stream(number).heads
    connection.body(number, b"abc")
    assert connection.finish(number).body.startswith(b"3 ")
    number = connection.open(request("/respond", "POST", more=[("expect", "100-continue"), ("content-length", "3")]), end=False)
    assert connection.finish(number).status == 200


def test_answers_that_do_not_wait_for_the_body():
    connection = connect(IMPATIENT)
    number = connection.open(request("/respond", "POST", more=[("content-length", "100000000")]), end=False)
    connection.body(number, b"x" * 60000, end=False)
    assert connection.finish(number).status == 200, vars(connection.stream(number))
    connection.until(lambda c: c.stream(number).reset is not None)
    assert connection.stream(number).reset == NO_ERROR, connection.stream(number).reset
    assert connection.open(request("/respond"), wait=20).status == 200


# The server looks at its streams every ten seconds only, if nothing makes it look sooner.
def test_bodies_that_go_on_after_the_answer():
    connection = connect(PLAIN)
    connection.read()  # its settings
    number = connection.open(request("/respond", "POST"), end=False)
    connection.body(number, b"x" * 3000000)  # of a window of 1 MiB
    stream = connection.finish(number)
    assert stream.status == 200 and stream.body and stream.reset in (None, NO_ERROR), vars(stream)
    started = time.time()
    number = connection.open(request("/respond", "POST"), end=False)
    stream = connection.finish(number)
    assert connection.until(lambda c: stream.reset is not None) and stream.reset == NO_ERROR, vars(stream)
    assert 0.5 < time.time() - started < 8, time.time() - started
    assert connection.open(request("/respond"), wait=20).status == 200


def test_answers_without_body():
    stream = get("/big1000", method="HEAD")
    assert stream.status == 200 and stream.headers["content-length"] == "1000" and stream.body == b"", stream.heads
    stream = get("/204")
    assert stream.status == 204 and "content-length" not in stream.headers, stream.heads
    stream = get("/hop")
    assert not {"connection", "x-gone", "keep-alive"} & set(stream.headers) and stream.headers["x-stays"] == "1", stream.heads
    assert get("*", method="OPTIONS").status == 200
    assert get("/", method="M" * 40).status == 405


def test_slow_reader_stops_the_origin():
    connection = connect(PLAIN, updates=False)
    sent_bytes[0] = 0
    most = in_flight() + 5_000_000  # the proxy's own, and what is in Python's hands
    size = most + 40_000_000
    number = connection.open(request(f"/big{size}"))
    connection.until(lambda c: len(c.stream(number).body) >= 65535)
    connection.until(lambda c: False, wait=1)
    assert len(connection.stream(number).body) == 65535, len(connection.stream(number).body)
    assert sent_bytes[0] < most, (sent_bytes, most)
    # another stream of the connection has no window either, but heads need none
    assert connection.open(request("/big1000", "HEAD"), wait=20).status == 200
    connection.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", size))
    connection.send(WINDOW_UPDATE, 0, number, struct.pack(">I", size))
    assert len(connection.finish(number, 30).body) == size


def test_slow_origin_stops_the_client():
    hung_up.clear()
    connection = connect(PLAIN)
    most = in_flight() + 5_000_000
    number = connection.open(request("/stall", "POST", more=[("content-length", str(2 * most))]), end=False)
    sent, limit = 0, time.time() + 3
    while time.time() < limit:
        room = min(connection.window, connection.windows.get(number, connection.settings.get(4, 65535)))
        if room <= 0:
            if not connection.until(lambda c: c.window > 0 and c.windows.get(number, 0) > 0, 0.5):
                break
            continue
        connection.body(number, b"x" * min(room, 16384), end=False)
        sent += min(room, 16384)
    connection.close()
    hung_up.set()
    assert sent < most, (sent, most)


def test_cancel_reaches_the_origin():
    hung_up.clear()
    connection = connect(PLAIN)
    number = connection.open(request("/hang"))
    assert has_seen("/hang")
    connection.send(RST_STREAM, 0, number, struct.pack(">I", CANCEL))
    assert hung_up.wait(20), "the upstream connection is still open"
    assert connection.open(request("/respond"), wait=20).status == 200


def test_broken_answers():
    stream = get("/short")
    assert stream.status == 200 and stream.body == b"short" and stream.reset == INTERNAL_ERROR, vars(stream)
    assert get("/abort").reset == INTERNAL_ERROR
    connection = connect(PLAIN)
    number = connection.open(request("/close"))
    assert connection.until(lambda c: c.goaway is not None) and connection.goaway == NO_ERROR
    assert connection.finish(number).body == b"closing"
    assert connection.until(lambda c: c.closed), "still open after GOAWAY"


HEAD = request("/bad")
MALFORMED = {
    "no method": HEAD[1:], "no path": HEAD[:3], "no scheme": HEAD[:1] + HEAD[2:],
    "two methods": HEAD[:1] + HEAD, "unknown pseudo": HEAD + [(":odd", "1")], "pseudo last": HEAD[1:] + [("a", "b")] + HEAD[:1],
    "status": HEAD + [(":status", "200")], "empty path": request(""), "path without slash": request("bad"),
    "star": request("*"), "bad escape": request("/bad%zz"), "space in path": request("/ba d"),
    "CR LF in path": request("/bad HTTP/1.1\r\nX: y"), "LF in value": request("/bad", more=[("x", "a\nb")]),
    "CR LF in value": request("/bad", more=[("x", "a\r\nY: b")]), "NUL in value": request("/bad", more=[("x", "a\0b")]),
    "CR in name": request("/bad", more=[("x\r\ny", "a")]), "colon in name": request("/bad", more=[("x: y", "a")]),
    "space in name": request("/bad", more=[("x y", "a")]), "upper case": request("/bad", more=[("X-A", "a")]),
    "empty name": request("/bad", more=[("", "a")]), "blank value": request("/bad", more=[("x", " a")]),
    "CR LF in method": request("/bad", method="GET / HTTP/1.1\r\n"), "space in method": request("/bad", method="GET /x"),
    "connection": request("/bad", more=[("connection", "close")]), "upgrade": request("/bad", more=[("upgrade", "websocket")]),
    "keep-alive": request("/bad", more=[("keep-alive", "1")]), "proxy-connection": request("/bad", more=[("proxy-connection", "x")]),
    "transfer-encoding": request("/bad", "POST", more=[("transfer-encoding", "chunked")]),
    "te": request("/bad", more=[("te", "gzip")]), "two lengths": request("/bad", "POST", more=[("content-length", "0")] * 2),
    "length list": request("/bad", "POST", more=[("content-length", "0, 0")]),
    "length +0": request("/bad", "POST", more=[("content-length", "+0")]),
    "length but no body": request("/bad", "POST", more=[("content-length", "5")]),
    "huge length": request("/bad", "POST", more=[("content-length", "99999999999999999999")]),
    "other host": request("/bad", more=[("host", "other")]), "two hosts": request("/bad", more=[("host", "h"), ("host", "i")]),
    "host with slash": request("/bad", authority="h/x"), "CR LF in host": request("/bad", authority="h\r\nX: y"),
    "user in host": request("/bad", authority="me@h"), "extended CONNECT": request("/bad", "CONNECT", more=[(":protocol", "websocket")]),
    "CONNECT with path": request("/bad", "CONNECT"),
}


def test_malformed_requests():
    for name, fields in MALFORMED.items():
        with lock:
            before = len(seen)
        connection = connect(PLAIN)
        number = connection.open(fields)
        connection.until(lambda c: c.stream(number).reset is not None or c.stream(number).ended or c.goaway is not None)
        stream = connection.stream(number)
        assert stream.reset == PROTOCOL_ERROR or connection.goaway == PROTOCOL_ERROR, (name, vars(stream), connection.goaway)
        with lock:
            assert len(seen) == before, (name, seen[-1])
        connection.close()


def test_connect():
    connection = connect(PLAIN)
    number = connection.open([(":method", "CONNECT"), (":authority", "elsewhere:443")])
    connection.until(lambda c: c.stream(number).ended)
    assert connection.stream(number).status == 405, vars(connection.stream(number))
    connection.close()


def test_lengths_that_do_not_match():
    for length, body in ((5, b"abc"), (3, b"abcdef")):
        with lock:
            before = len(seen)
        connection = connect(PLAIN)
        number = connection.open(request("/echo", "POST", more=[("content-length", str(length))]), end=False)
        connection.body(number, body)
        assert connection.finish(number).reset == PROTOCOL_ERROR, (length, vars(connection.stream(number)))
        time.sleep(0.1)
        with lock:
            assert len(seen) == before, seen[-1]


def test_large_heads():
    assert get("/respond", more=[("x", "a" * 16000)]).status == 200
    for more in ([("x", "a" * 17000)], [(f"x{i}", "") for i in range(600)]):
        connection = connect(PLAIN)
        data = block(request("/bad", more=more))
        connection.send(HEADERS, END_STREAM, 1, data[:9000])
        connection.send(CONTINUATION, END_HEADERS, 1, data[9000:])
        assert connection.finish(1).status == 431, vars(connection.stream(1))
        connection.next_id = 3
        assert connection.open(request("/respond"), wait=20).status == 200


def flood(name, frames, want=(ENHANCE_YOUR_CALM,), head=None):
    connection = connect(PLAIN)
    data, at = frames, 0
    if head:
        connection.open(*head)
    connection.socket.settimeout(20)
    try:
        while at < len(data):
            at += connection.socket.send(data[at:at + 65536])
    except OSError:
        pass
    connection.until(lambda c: c.goaway is not None)
    # where the end came as a reset, the last words may be lost on the way
    assert connection.goaway in want or connection.closed, (name, connection.goaway)
    connection.close()
    assert get("/respond").status == 200, name


def test_floods_end_the_connection():
    flood("ping", frame(PING, 0, 0, b"12345678") * 20000)
    flood("settings", settings((4, 65535)) * 20000)
    flood("priority", frame(PRIORITY, 0, 1, b"\0\0\0\3\1") * 20000)
    flood("window updates", frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * 20000)
    flood("empty data", frame(DATA, 0, 1) * 20000, head=(request("/hang", "POST"), False))
    flood("unknown frames", frame(99, 0, 0) * 20000)
    reset = b"".join(frame(HEADERS, END_HEADERS | END_STREAM, i, block(request("/late"))) +
                     frame(RST_STREAM, 0, i, struct.pack(">I", CANCEL)) for i in range(1, 8001, 2))
    flood("rapid reset", reset)
    endless = frame(HEADERS, END_STREAM, 1, block(request("/bad"))) + frame(CONTINUATION, 0, 1, block([("x", "y" * 4000)])) * 2000
    flood("continuations", endless, want=(ENHANCE_YOUR_CALM, INTERNAL_ERROR, PROTOCOL_ERROR))


def test_too_many_streams():
    connection = connect(PLAIN)
    connection.until(lambda c: c.settings)
    numbers = [connection.open(request("/late")) for _ in range(250)]
    assert all(connection.finish(number, 60).body == b"late" for number in numbers)
    let_go.clear()
    numbers = [connection.open(request("/held")) for _ in range(253)]  # it has the settings, and has confirmed them
    refused = [connection.finish(number) for number in numbers[250:]]  # before any of the others ends
    let_go.set()
    ends = [connection.finish(number, 60) for number in numbers[:250]] + refused
    assert all(end.body == b"held" for end in ends[:250])
    assert [end.reset for end in ends[250:]] == [PROTOCOL_ERROR] * 3, [end.reset for end in ends[250:]]
    assert connection.goaway is None and connection.finish(connection.open(request("/respond"))).status == 200
    connection = connect(PLAIN)  # the settings are not read before all of these are sent
    numbers = [connection.open(request("/late", "POST"), end=False) for _ in range(252)]
    for number in numbers:  # what is refused may still have been on its way to the end
        connection.send(HEADERS, END_HEADERS | END_STREAM, number, block([("x-end", "1")]))
    ends = [connection.finish(number, 60) for number in numbers]
    assert all(end.body == b"late" for end in ends[:250])
    assert [end.reset for end in ends[250:]] == [REFUSED_STREAM] * 2, [end.reset for end in ends[250:]]
    assert connection.goaway is None


def test_waiting_has_an_end():
    started = time.time()
    connection = connect(IMPATIENT)
    assert connection.open(request("/respond"), wait=20).status == 200
    assert connection.until(lambda c: c.goaway is not None) and connection.goaway == NO_ERROR
    assert 0.9 < time.time() - started < 15, time.time() - started
    connection = connect(IMPATIENT)
    connection.send(HEADERS, END_STREAM, 1, block(request("/respond")))  # and no more of the head
    assert connection.until(lambda c: c.closed)
    connection = connect(IMPATIENT)
    number = connection.open(request("/echo", "POST"), end=False)  # and no body
    assert connection.finish(number).status == 408, vars(connection.stream(number))
    connection = connect(IMPATIENT, updates=False)
    number = connection.open(request("/big5000000"))
    assert connection.finish(number).reset == CANCEL, vars(connection.stream(number))


def test_handlers_can_be_more_impatient():
    started = time.time()
    connection = connect(PLAIN)
    number = connection.open(request("/paced/echo", "POST"), end=False)  # and no body
    assert connection.finish(number).status == 408, vars(connection.stream(number))
    assert 0.2 < time.time() - started < 15, time.time() - started


def test_access_log(logged):
    def is_told(uri, status):
        lines = [json.loads(line) for line in logged().splitlines(keepends=True)
                 if b'"handled request"' in line and line.endswith(b"\n")]
        return any(line["request"]["proto"] == "HTTP/2.0" and line["request"]["uri"] == uri and line["status"] == status
                   for line in lines)
    assert wait_until(lambda: is_told("/respond", 200)), logged()[:3000]
    assert wait_until(lambda: is_told("/hang", 499)), "no 499 for a reset"


def test_drain(proxy):
    connection = connect(PLAIN)
    let_go.clear()
    number = connection.open(request("/held?last"))
    idle = connect(SECURE, tls=True)
    assert idle.open(request("/respond", scheme="https", authority="localhost"), wait=20).status == 200
    assert has_seen("/held?last")
    proxy.terminate()
    assert connection.until(lambda c: c.goaway is not None) and connection.goaway == NO_ERROR
    let_go.set()
    assert connection.finish(number).body == b"held"
    assert connection.until(lambda c: c.closed) and idle.until(lambda c: c.closed)
    assert proxy.wait(30) == 0, proxy.returncode


def main():
    listen(ORIGIN, origin_connection)
    suite = Suite("h2")
    with suite.proxy(CONFIG, PLAIN) as (proxy, logged):
        suite.run(globals(), logged=logged, proxy=proxy)
    return suite.end()


sys.exit(main())
