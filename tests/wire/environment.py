#!/usr/bin/env python3
"""Proxies on the way that the environment names: environment.py BUILD"""
import os, re, socket, sys, threading

from harness import Suite, free_port, rest_of, wait_until

PLAIN, ORIGIN, WAY, TUNNEL = (free_port() for _ in range(4))
LONG = "n" * 64  # no label of a name is that long: nobody is asked about it
seen = []  # what the proxies on the way and the origin are asked for: where, and the first line

CONFIG = f"""{{
	auto_https off
	admin off
}}
http://:{PLAIN} {{
	bind 127.0.0.1
	handle /away {{
		reverse_proxy nowhere.example:8080
	}}
	handle /secure {{
		reverse_proxy https://nowhere.example
	}}
	handle /chosen {{
		reverse_proxy {{http.request.uri.query}}:80
	}}
	handle /excepted {{
		reverse_proxy {LONG}.test:80
	}}
	handle /none {{
		reverse_proxy {LONG}.example:80 {{
			transport http {{
				network_proxy none
			}}
		}}
	}}
	handle /own {{
		reverse_proxy nowhere.example:80 {{
			transport http {{
				network_proxy url http://127.0.0.1:{ORIGIN}
			}}
		}}
	}}
	handle /near {{
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
	handle /checked {{
		reverse_proxy checked.example:80 {{
			health_uri /health
			health_interval 100ms
		}}
	}}
}}
"""


def serve(where, listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(where, connection), daemon=True).start()


def answer(where, connection):
    pending = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in pending:
                more = connection.recv(65536)
                if not more:
                    return
                pending += more
            head, _, pending = pending.partition(b"\r\n\r\n")
            line = head.split(b"\r\n")[0].decode()
            seen.append((where, line))
            status = "502 No" if line.startswith("CONNECT") else "200 OK"
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(where)}\r\n\r\n{where}".encode())


def get(target):
    """The status and the body."""
    with socket.create_connection(("127.0.0.1", PLAIN), timeout=20) as s:
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        text = rest_of(s)
    return int(re.match(rb"HTTP/1.1 (\d+)", text).group(1)), text.partition(b"\r\n\r\n")[2].decode()


def test_plain():
    for n in (1, 2):  # over a new connection and over one that is kept
        assert get("/away?x=1") == (200, "way")
        assert seen.count(("way", "GET http://h/away?x=1 HTTP/1.1")) == n, seen  # as Go: the client's host


def test_tls():
    assert get("/secure")[0] == 502
    assert ("tunnel", "CONNECT nowhere.example:443 HTTP/1.1") in seen, seen


def test_names_that_come_with_requests():
    assert get("/chosen?some.example") == (200, "way")
    assert get(f"/chosen?{LONG}.test")[0] == 502
    assert get("/chosen?localhost")[1] != "way"


def test_exceptions():
    assert get("/excepted")[0] == 502
    assert get("/none")[0] == 502
    assert not [line for _, line in seen if "/excepted" in line or "/none" in line], seen


def test_what_is_configured_counts():
    assert get("/own") == (200, "origin")


def test_this_host():
    assert get("/near") == (200, "origin")
    assert ("origin", "GET /near HTTP/1.1") in seen, seen


def test_health_checks():
    assert wait_until(lambda: [each for each in seen if each[0] == "way" and "checked.example" in each[1]
                               and "/health" in each[1]]), seen
    assert get("/checked") == (200, "way")


def main():
    suite = Suite("environment")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "REQUEST_METHOD"):
        os.environ.pop(name, None)
    os.environ.update(HTTP_PROXY=f"127.0.0.1:{WAY}", https_proxy=f"http://127.0.0.1:{TUNNEL}", NO_PROXY="other.example, .test")
    for where, port in (("way", WAY), ("tunnel", TUNNEL), ("origin", ORIGIN)):
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=serve, args=(where, listener), daemon=True).start()
    with suite.proxy(CONFIG, PLAIN, "--workers", "1") as (proxy, _):
        suite.run(globals())
        proxy.terminate()
        suite.ends(proxy)
    os.environ["REQUEST_METHOD"] = "GET"
    with suite.proxy(CONFIG, PLAIN, "--workers", "1") as (proxy, _):
        suite.check(get("/away")[0] == 502, "HTTP_PROXY is used where a client may have set it")
    return suite.end()


sys.exit(main())
