#!/usr/bin/env python3
"""How many connections upstreams get: limits.py BUILD"""
import socket, sys, threading, time

from harness import Suite, free_port, rest_of, wait_until
from origin import Incoming, listen


class Origin:
    """Answers on connections that stay, after a while, and not while it is closed; knows how many are open."""

    def __init__(self):
        self.lock, self.gate = threading.Lock(), threading.Event()
        self.gate.set()
        self.open = self.most = self.asked = self.served = 0
        self.port = listen(0, self.serve)

    def serve(self, connection):
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        incoming, is_open = Incoming(connection), True
        try:
            while is_open:
                end = b"Connection: close\r\n" if b"/close" in incoming.head() else b""
                with self.lock:
                    self.asked += 1
                self.gate.wait(60)
                time.sleep(0.1)
                with self.lock:
                    self.served += 1
                    if end:  # the proxy may open another as soon as it hears that
                        self.open, is_open = self.open - 1, False
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + end + b"\r\nok")
        finally:
            with self.lock:
                self.open -= is_open


PROXY = free_port()
FIRST, SECOND, THIRD = Origin(), Origin(), Origin()
CONFIG = f"""
http://:{PROXY} {{
	handle /limited* {{
		reverse_proxy 127.0.0.1:{FIRST.port} {{
			transport http {{
				max_conns_per_host 2
			}}
		}}
	}}
	handle /idle* {{
		reverse_proxy 127.0.0.1:{SECOND.port} 127.0.0.1:{THIRD.port} {{
			lb_policy query to
			transport http {{
				keepalive_idle_conns 3
			}}
		}}
	}}
}}
"""


def get(path):
    with socket.create_connection(("127.0.0.1", PROXY), timeout=30) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        return rest_of(s)


def together(n, what):
    results = [b""] * n

    def run(i):
        results[i] = what(i)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_beyond_the_limit_requests_wait():
    answers = together(10, lambda i: get("/limited"))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), answers
    assert FIRST.most == 2, FIRST.most


def test_what_closes_makes_room():
    answers = together(7, lambda i: get("/limited/close"))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), answers
    assert FIRST.most == 2, FIRST.most


def half_closed(ports):
    """Those of these clients' ports whose connections this end has closed, and the other has not."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    states = {int(row[1].split(":")[1], 16): row[3] for row in rows if int(row[2].split(":")[1], 16) == PROXY}
    return [port for port in ports if states.get(port) in ("04", "05")]  # FIN_WAIT1, FIN_WAIT2


def test_who_leaves_is_not_served():
    FIRST.gate.clear()
    served, asked = FIRST.served, FIRST.asked
    kept = []
    for n in range(6):
        kept.append(socket.create_connection(("127.0.0.1", PROXY), timeout=30))
        kept[-1].sendall(b"GET /limited HTTP/1.1\r\nHost: h\r\n\r\n")
        assert wait_until(lambda: FIRST.asked - asked == min(n + 1, 2)), (n, FIRST.asked - asked)
    time.sleep(0.5)  # all of them have come, as far as that can be told from here
    left = {s.getsockname()[1] for s in kept[2:]}
    for s in kept[2:]:
        s.close()
    assert wait_until(lambda: not half_closed(left)), "nobody has noticed that they have left"
    FIRST.gate.set()
    for s in kept[:2]:
        assert s.recv(4096).startswith(b"HTTP/1.1 200 ")
        s.close()
    assert get("/limited").startswith(b"HTTP/1.1 200 ")
    assert FIRST.served - served <= 5, FIRST.served - served


def test_idle_connections_of_all_upstreams_together():
    for each in SECOND, THIRD:
        each.gate.clear()

    def let_go_at_once():
        wait_until(lambda: SECOND.asked + THIRD.asked == 12)
        SECOND.gate.set()
        THIRD.gate.set()
    threading.Thread(target=let_go_at_once).start()
    answers = together(12, lambda i: get(f"/idle?to={i}"))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), answers
    wait_until(lambda: SECOND.open + THIRD.open <= 3)
    time.sleep(0.3)
    assert SECOND.open + THIRD.open == 3, (SECOND.open, THIRD.open)


def main():
    suite = Suite("limits")
    with suite.proxy(CONFIG, PROXY, "--workers", "1") as (proxy, _):
        suite.run(globals())
        proxy.terminate()
        suite.ends(proxy)
    return suite.end()


sys.exit(main())
