"""Proxies on the way to upstreams: CONNECT and SOCKS 5."""
import socket, struct, threading

from messages import Message, Reader


class ForwardProxy:
    """`=== proxy NAME [socks] [login=USER:PASSWORD] [refuse]`: goes where it is told to, be it only on this
    machine; what it was asked is among what upstreams saw."""

    def __init__(self, name, seen):
        self.name, self.seen, self.options = name, seen, {}
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def script(self, words, text):
        self.options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)

    def start(self):
        self.socket.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def reset(self):
        pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                target = self.socks(connection) if "socks" in self.options else self.connect(connection)
                if target:
                    with socket.create_connection(target, timeout=10) as other:
                        self.answer(connection, 0)
                        self.pump(connection, other)
            except OSError:
                return

    def answer(self, connection, status):
        if "socks" in self.options:
            connection.sendall(bytes([5, status, 0, 1, 0, 0, 0, 0, 0, 0]))
        else:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" if status
                               else b"HTTP/1.1 200 Connected\r\nX-Proxy: yes\r\n\r\n")

    def connect(self, connection):
        request = Reader(connection, 10).request()
        if request is None:
            return None
        self.seen.append((self.name, request))
        if "refuse" in self.options:
            self.answer(connection, 1)
            return None
        host, _, port = request.start.split(" ")[1].rpartition(":")
        return host.strip("[]"), int(port)

    def socks(self, connection):
        reader = Reader(connection, 10)
        _, n = reader.exactly(2)[0]
        methods = reader.exactly(n)[0]
        words = []
        if "login" in self.options:
            if 2 not in methods:
                connection.sendall(b"\x05\xff")
                return None
            connection.sendall(b"\x05\x02")
            _, n = reader.exactly(2)[0]
            user = reader.exactly(n)[0].decode()
            password = reader.exactly(reader.exactly(1)[0][0])[0].decode()
            is_right = f"{user}:{password}" == self.options["login"]
            words.append(f"{user}:{password}")
            connection.sendall(b"\x01\x00" if is_right else b"\x01\x01")
            if not is_right:
                return None
        else:
            connection.sendall(b"\x05\x00")
        _, command, _, kind = reader.exactly(4)[0]
        if kind == 1:
            host = socket.inet_ntoa(reader.exactly(4)[0])
        elif kind == 4:
            host = socket.inet_ntop(socket.AF_INET6, reader.exactly(16)[0])
        else:
            host = reader.exactly(reader.exactly(1)[0][0])[0].decode()
        port = struct.unpack("!H", reader.exactly(2)[0])[0]
        self.seen.append((self.name, Message(f"socks {command} {kind} {host}:{port} {words}", [], b"", "none")))
        if "refuse" in self.options:
            self.answer(connection, 5)
            return None
        return host, port

    @staticmethod
    def pump(one, other):
        def copy(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        one.settimeout(None)
        other.settimeout(None)
        thread = threading.Thread(target=copy, args=(other, one), daemon=True)
        thread.start()
        copy(one, other)
        thread.join(10)
