"""HTTP/1 messages off a socket, without judging them."""
import re, socket, time


def unescape(text):
    r"""\r \n \t \\ \xHH and {TEXT*TIMES} in a raw request."""
    text = re.sub(r"\{([^*{}]+)\*(\d+)\}", lambda match: match.group(1) * int(match.group(2)), text)
    table = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", "0": "\0"}
    def one(match):
        word = match.group(1)
        return chr(int(word[1:], 16)) if word[0] == "x" else table[word]
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rnt0\\])", one, text).encode("latin-1")


class Message:
    def __init__(self, start, headers, body, ended):
        self.start, self.headers, self.body = start, headers, body
        self.ended = ended  # how the body ended: "length", "chunked", "close", "none", "cut"

    def get(self, name):
        return [value for key, value in self.headers if key.lower() == name]

    def __repr__(self):
        return f"{self.start!r} {self.headers} {self.body[:200]!r} ({self.ended})"


class Reader:
    """Reads from a socket until a point in time."""

    def __init__(self, connection, seconds):
        self.connection, self.pending = connection, b""
        self.until = time.monotonic() + seconds
        self.is_closed = False

    def more(self):
        left = self.until - time.monotonic()
        if left <= 0 or self.is_closed:
            return False
        self.connection.settimeout(left)
        try:
            data = self.connection.recv(65536)
        except socket.timeout:
            return False
        except OSError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        self.pending += data
        return True

    def line(self):
        while b"\n" not in self.pending:
            if not self.more():
                return None
        line, _, self.pending = self.pending.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, n):
        """(bytes, whether they are all)."""
        while len(self.pending) < n:
            if not self.more():
                break
        data, self.pending = self.pending[:n], self.pending[n:]
        return data, len(data) == n

    def head(self):
        """(start line, [(name, value)]), or None."""
        start = self.line()
        if start is None:
            return None
        headers = []
        while True:
            line = self.line()
            if line is None:
                return None
            if not line:
                return start.decode("latin-1"), headers
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))

    def chunked(self):
        body, trailers = b"", []
        while True:
            size = self.line()
            match = size is not None and re.match(rb"[0-9a-fA-F]+", size)
            if not match:
                return body, "cut"
            n = int(match.group(0), 16)
            if n == 0:
                while True:
                    line = self.line()
                    if line is None:
                        return body, "cut"
                    if not line:
                        return body, "chunked" + "".join(f" {t}" for t in sorted(trailers))
                    trailers.append(line.decode("latin-1").lower())
            data, is_all = self.exactly(n)
            body += data
            if not is_all or self.line() is None:
                return body, "cut"

    def body(self, headers, has_none, until_close):
        lower = {name.lower(): value for name, value in headers}
        if has_none:
            return b"", "none"
        if "chunked" in lower.get("transfer-encoding", "").lower():
            return self.chunked()
        if "content-length" in lower:
            data, is_all = self.exactly(int(lower["content-length"]))
            return data, "length" if is_all else "cut"
        if not until_close:
            return b"", "none"
        while self.more():
            pass
        data, self.pending = self.pending, b""
        return data, "close" if self.is_closed else "cut"

    def response(self, method):
        head = self.head()
        if head is None:
            return None
        status = int((re.match(r"HTTP/\d\.\d (\d+)", head[0]) or re.match("()", "")).group(1) or 0)
        has_none = method == "HEAD" or status < 200 or status in (204, 304)
        return Message(head[0], head[1], *self.body(head[1], has_none, True))

    def request(self):
        head = self.head()
        if head is None:
            return None
        return Message(head[0], head[1], *self.body(head[1], False, False))
