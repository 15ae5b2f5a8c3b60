#!/usr/bin/env python3
"""How slow clients may be, with real clocks: pace.py BUILD"""
import re, select, socket, sys, time

from harness import Suite, free_ports, holds
from origin import Incoming, listen

LIMITED, RATED, LATE, FOREVER, HANDLER, ORIGIN, QUICK = free_ports(7)
KIND = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"


def origin(connection):
    """Reads what is announced and says how much it was; /slow takes a while, /big answers at length."""
    incoming = Incoming(connection)
    head = incoming.head()
    body, _ = incoming.body(head)
    path = head.split(b" ")[1]
    if path == b"/slow":
        time.sleep(1.5)
    answer = b"x" * 20_000_000 if path == b"/big" else b"%d bytes" % len(body)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)


CONFIG = f"""{{
	auto_https off
	admin off
	servers 127.0.0.1:{LIMITED} {{
		timeouts {{
			read_body 800ms
		}}
	}}
	servers 127.0.0.1:{RATED} {{
		timeouts {{
			read_body_idle 600ms 10
			write_idle 600ms 10000000
		}}
	}}
	servers 127.0.0.1:{LATE} {{
		timeouts {{
			write 800ms
		}}
	}}
	servers 127.0.0.1:{FOREVER} {{
		timeouts {{
			read_body_idle -1s
			write_idle -1s
		}}
	}}
	servers 127.0.0.1:{QUICK} {{
		timeouts {{
			read_body_idle 300ms
		}}
	}}
}}
(all) {{
	bind 127.0.0.1
	respond /here "here"
	reverse_proxy 127.0.0.1:{ORIGIN}
}}
http://:{LIMITED}, http://:{RATED}, http://:{LATE}, http://:{FOREVER} {{
	import all
}}
http://:{HANDLER}, http://:{QUICK} {{
	timeouts /reads/* {{
		read_timeout 400ms
	}}
	timeouts /rates/* {{
		read_timeout 400ms 10
		write_timeout 1s
	}}
	timeouts /big {{
		write_timeout 400ms
	}}
	import all
}}
"""


def answer_on(s):
    """All of it; the end of the connection may be a reset where something was left unread."""
    answer = b""
    while True:
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", answer)
        if b"\r\n\r\n" in answer and length and len(answer.partition(b"\r\n\r\n")[2]) >= int(length.group(1)):
            return answer
        try:
            more = s.recv(4096)
        except ConnectionResetError:
            return answer
        if not more:
            return answer
        answer += more


def upload(port, *pieces, path="/"):
    """(bytes of the answer, when it came): pieces are texts to send and seconds to wait before the next."""
    body = "".join(piece for piece in pieces if isinstance(piece, str)).encode()
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(KIND.replace(b"/ ", path.encode() + b" ", 1) % len(body))
        for piece in pieces:
            if isinstance(piece, str):
                try:
                    s.sendall(piece.encode())
                except OSError:
                    break
                continue
            if select.select([s], [], [], piece)[0]:
                break
        return answer_on(s), time.monotonic() - started


def download(port, path, pause, pieces=1):
    """How many bytes come when the first <pieces> reads have a pause before each."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(20)
        s.connect(("127.0.0.1", port))
        s.sendall(b"GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" % path.encode())
        n = 0
        try:
            for _ in range(pieces):
                time.sleep(pause)
                n += len(s.recv(65536))
            while True:
                more = s.recv(1 << 20)
                if not more:
                    return n
                n += len(more)
        except ConnectionResetError:
            return n


def is_taken(n, *given, **more):
    holds(lambda: upload(*given, **more), lambda text, _: text.endswith(b"\r\n\r\n%d bytes" % n))


def ends(begin, earliest, latest, *given, **more):
    """With an answer that begins so; never too early."""
    def is_right(text, seconds):
        assert seconds > earliest, (text, seconds)
        return text[:len(begin) or None] == begin and seconds < latest
    holds(lambda: upload(*given, **more), is_right)


def is_timeout(earliest, latest, *given, **more):
    ends(b"HTTP/1.1 408 ", earliest, latest, *given, **more)


def test_a_body_has_its_time():
    is_taken(4, LIMITED, "ab", 0.3, "cd")
    is_timeout(0.7, 1.2, LIMITED, "ab", 0.3, "cd", 0.3, "ef", 0.9, "gh")


def test_a_body_has_its_rate():
    is_taken(41, RATED, "a" * 20, 0.9, "b" * 20, 0.9, "c")
    is_timeout(0.6, 1.0, RATED, "a", 0.4, "b", 0.5, "c")


def test_an_answer_has_its_time():
    is_taken(4, LATE, "ab", 0.2, "cd")
    ends(b"", 0.7, 1.3, LATE, "ab", path="/slow")
    ends(b"", 0.7, 1.3, LATE, "ab", 2.0, "cd")


def test_an_answer_has_its_rate():
    holds(lambda: download(RATED, "/big", 0.0), lambda n: n > 20_000_000)
    holds(lambda: download(RATED, "/big", 0.2, 30), lambda n: n < 20_000_000)


def test_less_than_nothing_is_for_ever():
    is_taken(4, FOREVER, "ab", 1.2, "cd")
    holds(lambda: download(FOREVER, "/big", 1.2), lambda n: n > 20_000_000)


def test_the_handler_asks_for_more():
    is_taken(4, HANDLER, "ab", 0.7, "cd")
    is_taken(6, HANDLER, "ab", 0.2, "cd", 0.3, "ef", path="/reads/x")
    is_timeout(0.3, 0.8, HANDLER, "ab", 0.9, "cd", path="/reads/x")
    is_timeout(0.3, 0.9, HANDLER, "ab", 0.3, "c", 0.3, "d", 0.3, "e", path="/rates/x")
    holds(lambda: download(HANDLER, "/big", 0.0), lambda n: n > 20_000_000)
    holds(lambda: download(HANDLER, "/big", 1.5), lambda n: n < 20_000_000)


def test_the_handler_asks_for_less_in_vain():
    is_timeout(0.2, 0.8, QUICK, "ab", 0.9, "cd", path="/rates/x")


def main():
    listen(ORIGIN, origin)
    suite = Suite("pace")
    with suite.proxy(CONFIG, HANDLER) as (proxy, _):
        suite.run(globals())
        proxy.terminate()
        suite.ends(proxy)
    return suite.end()


sys.exit(main())
