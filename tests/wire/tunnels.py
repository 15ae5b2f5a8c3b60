#!/usr/bin/env python3
"""Tunnels of a proxy that is asked to end: tunnels.py BUILD"""
import socket, sys, time

from harness import Suite, exactly, free_port, rest_of, wait_until
from origin import Incoming, listen

GOING_AWAY = b"\x88\x02\x03\xe9"


PROXY, ORIGIN = free_port(), free_port()
CONFIG = f"""
http://:{PROXY} {{
	handle /now {{
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
	handle /later {{
		reverse_proxy 127.0.0.1:{ORIGIN} {{
			stream_close_delay 4s
		}}
	}}
	handle /slow {{
		reverse_proxy 127.0.0.1:{ORIGIN}
	}}
}}
"""


class Origin:
    """Switches to what it is asked for; what comes then is sent back, and kept."""

    def __init__(self):
        self.received, self.asked = {}, set()
        listen(ORIGIN, self.serve)

    def serve(self, connection):
        head = Incoming(connection).head()
        path = head.split(b" ")[1].decode()
        self.asked.add(path)
        if path == "/slow":
            time.sleep(1)
        kind = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"upgrade:"))
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n" + kind + b"\r\n\r\n")
        data = b""
        try:
            while more := connection.recv(4096):
                data += more
                self.received[path + kind.decode()] = data
                connection.sendall(more)
        except OSError:
            pass  # the proxy has closed before it has read the echo of its last words
        self.received[path + kind.decode()] = data + b"END"

    def all_of(self, name):
        """What came, once it has ended."""
        wait_until(lambda: self.received.get(name, b"").endswith(b"END"))
        return self.received.get(name, b"")


def begin(path, kind):
    s = socket.create_connection(("127.0.0.1", PROXY), timeout=20)
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: {kind}\r\n\r\n".encode())
    return s


def open_tunnel(path, kind):
    s = begin(path, kind)
    read_head(s)
    s.sendall(b"ping")
    assert exactly(s, 4) == b"ping"
    return s


def read_head(s):
    head = b""
    while b"\r\n\r\n" not in head:
        more = s.recv(1)
        assert more, head
        head += more
    assert head.startswith(b"HTTP/1.1 101 "), head


def unmasked(data):
    """A close frame of a client, from behind the first bytes of the tunnel."""
    frame = data[len(b"ping"):].removesuffix(b"END")
    if len(frame) != 8 or frame[:2] != b"\x88\x82":
        return frame
    return bytes(byte ^ frame[2 + i % 4] for i, byte in enumerate(frame[6:]))


def main():
    origin, suite = Origin(), Suite("tunnels")
    with suite.proxy(CONFIG, PROXY) as (proxy, _):
        now, plain = open_tunnel("/now", "websocket"), open_tunnel("/now", "other")
        later, slow = open_tunnel("/later", "websocket"), begin("/slow", "websocket")
        suite.check(wait_until(lambda: "/slow" in origin.asked), "the origin is asked")
        proxy.terminate()
        ended = time.monotonic()
        suite.check((data := rest_of(now)) == GOING_AWAY, f"the client is told: {data}")
        suite.check((data := rest_of(plain)) == b"", f"no frame in what is no WebSocket: {data}")
        suite.check(time.monotonic() - ended < 3, "tunnels without a delay end at once")
        time.sleep(0.5)
        later.sendall(b"still")
        suite.check((data := exactly(later, 5)) == b"still", f"a tunnel with a delay goes on: {data}")
        read_head(slow)
        suite.check((data := rest_of(slow)) == GOING_AWAY, f"one that begins late ends at once: {data}")
        suite.check((data := rest_of(later)) == GOING_AWAY, f"after the delay the client is told: {data}")
        passed = time.monotonic() - ended
        suite.check(3.9 < passed < 15, f"the delay is kept: {passed}")
        suite.ends(proxy)
        data = origin.all_of("/nowUpgrade: websocket")
        suite.check(unmasked(data) == b"\x03\xe9" and data.endswith(b"END"), f"the upstream is told: {data}")
        data = origin.all_of("/nowUpgrade: other")
        suite.check(data == b"pingEND", f"no frame for what is no WebSocket: {data}")
    return suite.end()


sys.exit(main())
