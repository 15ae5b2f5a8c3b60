#!/usr/bin/env python3
"""Raw sockets at both ends of a real proxy process: wire.py BUILD

The origin is a thread that answers by path and remembers the raw heads it saw; every test sends
bytes and looks at bytes.  All on loopback, every read bounded in time.
"""
import base64, hashlib, os, re, socket, sys, threading, time

from harness import Suite, free_ports, listens, rest_of, wait_until
from origin import Incoming, listen

PROXY, ORIGIN, NOWHERE, TLS = free_ports(4)
seen, seen_lock = [], threading.Lock()


def origin_connection(connection):
    incoming, number = Incoming(connection), 0
    connection.settimeout(240)  # who is quiet for a while is no reason to hang up
    while True:
        head = incoming.head()
        number += 1
        path = head.split(b" ")[1].decode()
        with seen_lock:
            seen.append(head)
        body, _ = incoming.body(head)
        if path.startswith("/echo"):
            digest = hashlib.sha256(body).hexdigest().encode()
            answer = b"%d %s" % (len(body), digest)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        elif path == "/chunked":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
                               b"5\r\nhello\r\n6\r\n world\r\n0\r\nX-End: yes\r\n\r\n")
        elif path == "/close":
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
            return
        elif path == "/slow":  # until the proxy has had enough
            connection.recv(1)
            return
        elif path == "/garbage":
            connection.sendall(b"this is not HTTP\r\n\r\n")
            return
        elif path == "/conflict":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 2\r\n\r\nabc")
            return
        elif path == "/short":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
            return
        elif path == "/hints":
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                               b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        elif path == "/hop":
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 5\r\n"
                               b"X-Stays: 1\r\nContent-Length: 2\r\n\r\nok")
        elif path == "/ws" and b"websocket" in head:
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               b"Connection: Upgrade\r\n\r\n")
            while True:
                data = connection.recv(4096)
                if not data:
                    return
                connection.sendall(data.upper())
        elif path == "/204":
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif path.startswith("/big"):
            n = int(path[4:])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % n)
            if not head.startswith(b"HEAD"):
                connection.sendall(b"x" * n)
        else:
            answer = b"connection %d" % number
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Origin: yes\r\nContent-Length: %d\r\n\r\n" % len(answer) +
                               (b"" if head.startswith(b"HEAD") else answer))


def exchange(data, port=PROXY, wait=20.0, half_close=False, until=None):
    """Sends bytes, reads until the peer closes, <until> is there, or the time is over."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as s:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        out, end = b"", time.time() + wait
        while time.time() < end and not (until and until in out):
            s.settimeout(max(end - time.time(), 0.01))
            try:
                more = s.recv(1 << 20)
            except (socket.timeout, ConnectionResetError):
                break
            if not more:
                break
            out += more
        return out


def get(path, headers="", method="GET", body=b"", host="h", version="1.1", until=None, wait=20.0):
    text = f"{method} {path} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
    return exchange(text.encode() + body, until=until, wait=wait)


def status(answer):
    match = re.match(rb"HTTP/1\.\d (\d\d\d)", answer)
    return int(match.group(1)) if match else 0


def last_head():
    with seen_lock:
        return seen[-1]


CONFIG = f"""{{
	auto_https disable_redirects
	admin off
}}
http://:{PROXY} {{
	bind 127.0.0.1
	handle /refused {{
		reverse_proxy 127.0.0.1:{NOWHERE}
	}}
	handle /slow {{
		reverse_proxy 127.0.0.1:{ORIGIN} {{
			transport http {{
				response_header_timeout 300ms
			}}
		}}
	}}
	handle /retry {{
		reverse_proxy 127.0.0.1:{NOWHERE} 127.0.0.1:{ORIGIN} {{
			lb_policy first
			lb_retries 2
			fail_duration 5s
		}}
	}}
	handle /headers {{
		reverse_proxy 127.0.0.1:{ORIGIN} {{
			header_up X-Added "{{remote_host}} {{method}}"
			header_up -X-Removed
			header_down X-Down yes
			header_down -X-Origin
		}}
	}}
	handle_path /strip/* {{
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
	handle /rewritten* {{
		rewrite * /echo{{path}}?q=1&{{query}}
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
	handle /redirect {{
		redir https://example.com{{uri}} permanent
	}}
	handle /teapot {{
		error "short and stout" 418
	}}
	handle /abort {{
		abort
	}}
	@post method POST
	handle /only/* {{
		respond @post "posted" 201
		respond "other" 202
	}}
	handle /respond {{
		header X-Set one
		header +X-Set two
		respond "{{path}} {{query.a}} {{header.X-In}} {{unknown.thing}}"
	}}
	reverse_proxy 127.0.0.1:{ORIGIN}
	handle_errors 418 {{
		respond "{{err.status_code}} {{err.message}}" 418
	}}
}}
https://localhost:{TLS} {{
	bind 127.0.0.1
	tls internal
	respond "over TLS {{http.request.tls.version}}"
}}
"""


def test_plain():
    answer = get("/plain")
    assert status(answer) == 200 and b"connection" in answer, answer
    assert b"\r\nVia: 1.1 Caddy\r\n" in answer, answer


def test_keep_alive_and_pipelining():
    one = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = exchange(one * 4 + b"GET /respond HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 5, answer


def test_upstream_connections_are_reused():
    numbers = [int(re.search(rb"connection (\d+)", get("/reuse")).group(1)) for _ in range(6)]
    assert max(numbers) >= 3, numbers


def test_bodies_both_ways():
    for n in (0, 1, 1000, 70000, 3_000_000):
        body = os.urandom(n)
        answer = get("/echo", f"Content-Length: {n}\r\n", "POST", body)
        assert b"%d %s" % (n, hashlib.sha256(body).hexdigest().encode()) in answer, (n, answer[:200])
    body = os.urandom(200000)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7001]), body[i:i + 7001]) for i in range(0, len(body), 7001))
    answer = get("/echo", "Transfer-Encoding: chunked\r\n", "POST", chunks + b"0\r\n\r\n")
    assert hashlib.sha256(body).hexdigest().encode() in answer, answer[:200]
    answer = get("/big5000000")
    assert answer.partition(b"\r\n\r\n")[2] == b"x" * 5000000, len(answer)


def test_chunked_answer_with_trailer():
    answer = get("/chunked")
    assert b"Transfer-Encoding: chunked" in answer and answer.endswith(b"\r\n\r\n"), answer
    assert b"hello" in answer and b" world" in answer and b"X-End: yes" in answer, answer


def test_close_delimited_answer():
    assert b"until the end" in get("/close")


def test_http_1_0():
    answer = exchange(b"GET /plain HTTP/1.0\r\n\r\n")
    assert status(answer) == 200 and b"chunked" not in answer, answer


def test_head_and_204():
    answer = get("/big1000", method="HEAD")
    assert status(answer) == 200 and b"Content-Length: 1000" in answer and answer.endswith(b"\r\n\r\n"), answer
    answer = get("/204")
    assert status(answer) == 204 and answer.endswith(b"\r\n\r\n"), answer


def test_expect_continue():
    answer = exchange(b"POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\n"
                      b"Content-Length: 3\r\n\r\nabc")
    assert b"3 " + hashlib.sha256(b"abc").hexdigest().encode() in answer, answer
    assert status(get("/echo", "Expect: something\r\n")) == 417


def test_early_hints():
    answer = get("/hints")
    assert answer.startswith(b"HTTP/1.1 103") and b"HTTP/1.1 200" in answer, answer


def test_first_lines():
    """What comes as it is sent is copied; what does not is made."""
    rows = [
        ("GET /x?a=b HTTP/1.1\r\nHost: h:1\r\nX: y\r\n", "GET /x?a=b HTTP/1.1\r\nHost: h:1\r\nX: y\r\n"),
        ("GET /x? HTTP/1.1\r\nHost: h\r\nX: y\r\n", "GET /x? HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.1\r\nHost:h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.1\r\nhost: h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.1\r\nHost: h \r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.1\r\nX: y\r\nHost: h\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.0\r\nHost: h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /x HTTP/1.2\r\nHost: h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET http://h/x HTTP/1.1\r\nHost: h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /strip/x HTTP/1.1\r\nHost: h\r\nX: y\r\n", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /rewritten HTTP/1.1\r\nHost: h\r\nX: y\r\n", "GET /echo/rewritten?q=1 HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("GET /%7ex HTTP/1.1\r\nHost: h\r\nX: y\r\n", "GET /%7ex HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
        ("PUT /x HTTP/1.1\r\nHost: h\r\nX: y\r\n", "PUT /x HTTP/1.1\r\nHost: h\r\nX: y\r\n"),
    ]
    for request, wanted in rows:
        exchange((request + "Connection: close\r\n\r\n").encode())
        head = last_head() + b"\r\n"
        assert head.startswith(wanted.encode()), (request, head)


def test_hop_by_hop():
    get("/x", "X-Private: 1\r\nKeep-Alive: 9\r\nTE: trailers\r\nProxy-Connection: a\r\nUpgrade: \r\n"
        .replace("Upgrade: \r\n", "") + "X-Stays: 1\r\n")
    text = f"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close, X-Private\r\nX-Private: 1\r\nX-Stays: 1\r\n\r\n"
    exchange(text.encode())
    head = last_head()
    assert b"X-Private" not in head and b"X-Stays: 1" in head and b"Proxy-Connection" not in head, head
    answer = get("/hop")
    assert b"X-Gone" not in answer and b"Keep-Alive: 5" not in answer and b"X-Stays" in answer, answer


def test_forwarded_headers():
    get("/x", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n", host="name:1")
    head = last_head()
    assert b"X-Forwarded-For: 127.0.0.1\r\n" in head + b"\r\n" and b"1.2.3.4" not in head, head
    assert b"X-Forwarded-Proto: http\r\n" in head + b"\r\n" and b"X-Forwarded-Host: name:1" in head, head
    assert b"Host: name:1" in head, head


def test_forwarded_headers_of_a_connection():
    """What a connection keeps of them is right for the requests that it is right for."""
    hosts = ["a", "a", "a:1", "a:1", "RESPOND", "a", "b", "b", "a", "a"]
    for version in "1.1", "1.0":
        with seen_lock:
            before = len(seen)
        requests = [f"GET /{'respond' if host == 'RESPOND' else 'x'} HTTP/{version}\r\nHost: {host}\r\nX-Forwarded-Host: evil\r\n"
                    f"Connection: {'close' if n == len(hosts) - 1 else 'keep-alive'}\r\n\r\n" for n, host in enumerate(hosts)]
        exchange("".join(requests).encode())
        with seen_lock:
            heads = seen[before:]
        wanted = [host for host in hosts if host != "RESPOND"]
        assert len(heads) == len(wanted), heads
        for host, head in zip(wanted, heads):
            told = [line for line in head.split(b"\r\n") if line.startswith((b"Host:", b"X-Forwarded", b"Via:"))]
            assert told == [f"Host: {host}".encode(), b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Proto: http",
                            f"X-Forwarded-Host: {host}".encode(), f"Via: {version} Caddy".encode()], head


def test_header_operations():
    answer = get("/headers", "X-Removed: 1\r\n")
    head = last_head()
    assert b"X-Added: 127.0.0.1 GET" in head and b"X-Removed" not in head, head
    assert b"X-Down: yes" in answer and b"X-Origin" not in answer, answer


def test_underscore_headers_are_dropped():
    get("/x", "X_Sneaky: 1\r\nX.Dot: 1\r\n")
    assert b"Sneaky" not in last_head() and b"Dot" not in last_head(), last_head()


def test_rewriting():
    assert b" /sub?a=b " in (get("/strip/sub?a=b"), last_head())[1], last_head()
    get("/rewritten?z=2")
    assert b" /echo/rewritten?q=1&z=2 " in last_head(), last_head()


def test_responses():
    answer = get("/redirect?a=b")
    assert status(answer) == 301 and b"Location: https://example.com/redirect?a=b" in answer, answer
    answer = get("/respond?a=1", "X-In: in\r\n")
    assert answer.endswith(b"/respond 1 in {unknown.thing}"), answer
    assert b"X-Set: one" in answer and b"X-Set: two" in answer and b"Server: Caddy" in answer, answer
    assert status(get("/only/x", method="POST")) == 201 and status(get("/only/x")) == 202
    answer = get("/teapot")
    assert status(answer) == 418 and b"418 short and stout" in answer, answer
    assert get("/abort") == b""


def test_upstream_failures():
    for path, want in (("/refused", 502), ("/slow", 504), ("/garbage", 502), ("/conflict", 502), ("/retry", 200)):
        answer = get(path)
        assert status(answer) == want, (path, answer)

    def is_asked():
        with seen_lock:
            return any(b" /slow " in head for head in seen)
    assert wait_until(is_asked), "the slow one was not asked"
    answer = get("/short")
    assert len(answer.partition(b"\r\n\r\n")[2]) < 100, answer


def test_websocket():
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection(("127.0.0.1", PROXY), timeout=20) as s:
        s.sendall(f"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += s.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        for word in (b"abc", b"hello " * 100):
            s.sendall(word)
            back = b""
            while len(back) < len(word):
                back += s.recv(4096)
            assert back == word.upper(), back


def test_byte_by_byte():
    with socket.create_connection(("127.0.0.1", PROXY), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /respond HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n":
            s.sendall(bytes([byte]))
        answer = rest_of(s)
    assert status(answer) == 200, answer


REFUSED = {  # what must never reach the origin: the request, its legal statuses
    "CL and TE": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
    "two CL": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", (400,)),
    "CL list": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello", (400,)),
    "CL +5": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", (400,)),
    "CL empty": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n", (400,)),
    "CL huge": (b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", (400,)),
    "TE gzip": (b"POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "TE twice": (b"POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "TE on 1.0": (b"POST /bad HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "obs-fold": (b"GET /bad HTTP/1.1\r\nHost: h\r\nX-A: b\r\n c\r\n\r\n", (400,)),
    "NUL": (b"GET /bad HTTP/1.1\r\nHost: h\r\nX-A: b\0c\r\n\r\n", (400,)),
    "bare CR": (b"GET /bad HTTP/1.1\r\nHost: h\r\nX-A: b\rc\r\n\r\n", (400,)),
    "space before colon": (b"GET /bad HTTP/1.1\r\nHost: h\r\nX-A : b\r\n\r\n", (400,)),
    "no colon": (b"GET /bad HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n", (400,)),
    "empty name": (b"GET /bad HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", (400,)),
    "no host": (b"GET /bad HTTP/1.1\r\n\r\n", (400,)),
    "two hosts": (b"GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", (400,)),
    "host with slash": (b"GET /bad HTTP/1.1\r\nHost: a/b\r\n\r\n", (400,)),
    "HTTP/2.0": (b"GET /bad HTTP/2.0\r\nHost: h\r\n\r\n", (505, 400)),
    "lower-case http": (b"GET /bad http/1.1\r\nHost: h\r\n\r\n", (400,)),
    "two spaces": (b"GET  /bad HTTP/1.1\r\nHost: h\r\n\r\n", (400,)),
    "bad escape": (b"GET /bad%zz HTTP/1.1\r\nHost: h\r\n\r\n", (400,)),
    "relative target": (b"GET bad HTTP/1.1\r\nHost: h\r\n\r\n", (400,)),
    "long method": (b"M" * 40 + b" /bad HTTP/1.1\r\nHost: h\r\n\r\n", (400, 405)),
    "long head": (b"GET /bad HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 30000 + b"\r\n\r\n", (431,)),
}
BAD_CHUNKS = {"0x5": b"0x5\r\nhello\r\n0\r\n\r\n", "+5": b"+5\r\nhello\r\n0\r\n\r\n", "empty": b"\r\nhello\r\n0\r\n\r\n",
              "huge": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "no end": b"5\r\nhelloXX0\r\n\r\n"}


def test_refused_requests():
    for name, (data, legal) in REFUSED.items():
        with seen_lock:
            before = len(seen)
        answer = exchange(data, until=b"\r\n\r\n")
        assert status(answer) in legal, (name, answer[:200])
        with seen_lock:
            assert len(seen) == before, (name, seen[-1])


def test_bad_chunks():
    for name, body in BAD_CHUNKS.items():
        answer = exchange(b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body +
                          b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", until=b"\r\n\r\n")
        assert status(answer) in (400, 502), (name, answer[:200])
        assert b"/smuggled" not in last_head(), name


def test_tls():
    import ssl
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", TLS), timeout=20) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = rest_of(s)
    assert b"over TLS tls1.3" in answer, answer
    answer = exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", port=TLS)
    assert answer.startswith(b"HTTP/1.0 400 Bad Request") and b"HTTPS" in answer, answer


def drain(suite, proxy):
    """A proxy that ends finishes the request that is under way."""
    with socket.create_connection(("127.0.0.1", PROXY), timeout=20) as s:
        s.sendall(b"POST /echo/drain HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
        suite.check(wait_until(lambda: b" /echo/drain " in last_head()), "drain: the origin is not asked")
        proxy.terminate()
        suite.check(wait_until(lambda: not listens(PROXY)), "drain: it listens on")
        s.sendall(b"cd")
        answer = s.recv(4096)
        suite.check(status(answer) == 200, f"drain: {answer}")


def main():
    listen(ORIGIN, origin_connection)
    suite = Suite("wire")
    with suite.proxy(CONFIG, PROXY, "--workers", "2") as (proxy, _):
        suite.run(globals())
        drain(suite, proxy)
        suite.ends(proxy)
    return suite.end()


sys.exit(main())
