"""Proxies on the way to an authority: CONNECT of HTTP, and SOCKS 5."""
import base64, contextlib, socket, threading


class Way:
    """A proxy on the way, which takes everybody to 127.0.0.1 who knows the password. <asked>: for what."""

    def __init__(self, speaks):
        self.speaks, self.asked, self.answer = speaks, [], None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{speaks}://user:p%40ss@127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError, EOFError), client, client.makefile("rb", 0) as f:
            host, port = self.http(client, f) if self.speaks == "http" else self.socks(client, f)
            self.asked.append((host, port))
            if self.answer:
                client.sendall(self.answer)
                return
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n" if self.speaks == "http" else b"\5\0\0\1\0\0\0\0\0\0")
                back = threading.Thread(target=self.copy, args=(upstream, client), daemon=True)
                back.start()
                self.copy(client, upstream)
                back.join(30)

    @staticmethod
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    @staticmethod
    def exactly(f, n):
        data = b""
        while len(data) < n:
            more = f.read(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def http(self, client, f):
        line, fields = f.readline().decode().split(), {}
        while (field := f.readline().strip().decode()):
            name, _, value = field.partition(": ")
            fields[name.lower()] = value
        right = "Basic " + base64.b64encode(b"user:p@ss").decode()
        if line[0] != "CONNECT" or fields.get("proxy-authorization") != right or fields["host"] != line[1]:
            client.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            raise EOFError
        return line[1].split(":")[0], int(line[1].split(":")[1])

    def socks(self, client, f):
        self.exactly(f, 1)
        methods = self.exactly(f, self.exactly(f, 1)[0])
        client.sendall(b"\5\2" if 2 in methods else b"\5\xff")
        self.exactly(f, 1)
        login = [self.exactly(f, self.exactly(f, 1)[0]) for _ in range(2)]
        client.sendall(b"\1\0" if login == [b"user", b"p@ss"] else b"\1\1")
        if self.exactly(f, 4) != b"\5\1\0\3":
            raise EOFError  # not for a name
        host = self.exactly(f, self.exactly(f, 1)[0]).decode()
        return host, int.from_bytes(self.exactly(f, 2), "big")
