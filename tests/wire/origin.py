"""What upstreams of the suites share: who accepts, and requests of HTTP/1 as they come off a socket."""
import re, socket, threading


class Incoming:
    """What comes over a connection; EOFError where it ends in the middle of what was asked for."""

    def __init__(self, connection):
        self.connection, self.pending = connection, b""

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self.pending += data

    def exactly(self, n):
        while len(self.pending) < n:
            self.more()
        data, self.pending = self.pending[:n], self.pending[n:]
        return data

    def until(self, end):
        """What is before <end>, which is taken, too."""
        while end not in self.pending:
            self.more()
        data, _, self.pending = self.pending.partition(end)
        return data

    def head(self):
        """Without the empty line."""
        return self.until(b"\r\n\r\n")

    def body(self, head):
        """The body that a head announces, and the lines of its trailers."""
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        if length:
            return self.exactly(int(length.group(1))), b""
        body = trailers = b""
        if not re.search(rb"(?im)^transfer-encoding: *chunked", head):
            return body, trailers
        while n := int(self.until(b"\r\n").split(b";")[0], 16):
            body += self.exactly(n + 2)[:-2]
        while line := self.until(b"\r\n"):
            trailers += line + b"\r\n"
        return body, trailers


def serve(listener, talk):
    """Calls <talk> with each connection, in a thread of its own, until the listener is closed. Where that returns or the
    peer is gone, the connection is over."""
    def run(connection):
        with connection:
            try:
                talk(connection)
            except (EOFError, OSError, ValueError):
                pass

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=run, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def listen(port, talk):
    """The same on a port of 127.0.0.1; 0: on any. Its number."""
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    serve(listener, talk)
    return listener.getsockname()[1]
