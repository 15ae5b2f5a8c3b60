"""FastCGI responders: they answer by the rows that were given for them, else tell what they were told."""
import os, re, socket, struct, time

from messages import Message, Reader, unescape
from servers import Upstream

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
MOST_CONTENT = 65535


def record(kind, content, padding=None):
    padding = -len(content) % 8 if padding is None else padding
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), padding, 0) + content + b"\0" * padding


def records(kind, data, size, padding):
    return b"".join(record(kind, data[at:at + size], padding) for at in range(0, len(data), size))


def pairs(data):
    """[(name, value)] of a PARAMS stream."""
    at, out = 0, []
    while at < len(data):
        lengths = []
        for _ in range(2):
            n = data[at]
            at += 1
            if n > 127:
                n = (n & 127) << 24 | int.from_bytes(data[at:at + 3], "big")
                at += 3
            lengths.append(n)
        name, at = data[at:at + lengths[0]], at + lengths[0]
        value, at = data[at:at + lengths[1]], at + lengths[1]
        out.append((name.decode("latin-1"), value.decode("latin-1")))
    return out


class Responder(Upstream):
    """One scripted FastCGI server, on a port or (`unix`) on a socket file."""

    def __init__(self, name, seen, folder, is_unix):
        super().__init__(name, seen)
        if is_unix:
            self.socket.close()
            self.socket = socket.socket(socket.AF_UNIX)
            self.port = os.path.join(folder, name + ".sock")
            self.socket.bind(self.port)

    def request(self, connection):
        """What was asked, once all of it has come; None where the peer went away."""
        reader, streams = Reader(connection, 60), {PARAMS: b"", STDIN: b""}
        while True:
            header, is_all = reader.exactly(8)
            if not is_all:
                return None
            version, kind, number, length, padding, _ = struct.unpack(">BBHHBB", header)
            content, is_all = reader.exactly(length)
            reader.exactly(padding)
            if not is_all or version != 1 or number != 1:
                return None
            if kind == BEGIN_REQUEST and content[:3] != b"\0\1\0":
                return None
            if kind == STDIN and not content:
                break
            if kind in streams:
                streams[kind] += content
        variables = pairs(streams[PARAMS])
        names = [name for name, _ in variables]
        if len(names) != len(set(names)):
            raise SystemExit(f"twin: a variable is there twice: {sorted(names)}")
        values = dict(variables)
        start = f"{values.get('REQUEST_METHOD')} {values.get('REQUEST_URI')} FastCGI"
        return Message(start, variables, streams[STDIN], "end")

    def serve(self, connection):
        with connection:
            try:
                request = self.request(connection)
                if request is None:
                    return
                self.seen.append((self.name, request))
                self.answer(connection, request, None)
            except OSError:
                return

    def answer(self, connection, request, reader):
        row = self.row_for(request)
        if row is None:
            lines = [f"{name}={value}" for name, value in sorted(request.headers)]
            body = f"Content-Type: text/plain\r\nX-Responder: {self.name}\r\n\r\n".encode()
            body += "\n".join(lines).encode("latin-1")
            body += b"\nbody %d: %s\n" % (len(request.body), request.body[:100])
            connection.sendall(records(STDOUT, body, MOST_CONTENT, None) + record(STDOUT, b"") +
                               record(END_REQUEST, b"\0" * 8))
            return
        time.sleep(row["delay"])
        for data in row["pieces"]:
            connection.sendall(data)
            time.sleep(row["pause"])
        if row["holds"]:
            connection.recv(1)

    def script(self, words, text):
        """A row: see the README. Lines that begin with `2>` go to the standard error."""
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        if "dead" in options:
            self.is_dead = True
        if "dead" in options or not text.strip() and "close" not in options and "empty" not in options:
            return
        size = int(options.get("record", MOST_CONTENT))
        padding = int(options["padding"]) if "padding" in options else None
        pieces = []
        if "raw" in options:
            pieces.append(unescape("".join(text.splitlines())))
        else:
            output = text.rstrip("\n") if "crlf" not in options else text.rstrip("\n").replace("\n", "\r\n")
            if "repeat" in options:
                head, _, body = output.partition("\n\n")
                output = head + "\n\n" + body * int(options["repeat"])
            for part in re.split(r"(?m)^(2> ?.*\n?)", output):
                kind = STDERR if part.startswith("2>") else STDOUT
                data = part[2:].lstrip(" ") if kind == STDERR else part
                if data:
                    pieces.append(records(kind, data.encode("utf-8"), size, padding))
            if "close" not in options:
                pieces.append(record(STDOUT, b"") + record(END_REQUEST, b"\0" * 8))
        if "cut" in options:
            pieces = [b"".join(pieces)[:-int(options["cut"])]]
        if "pause" not in options:
            pieces = [b"".join(pieces)]
        self.rows.append({"path": next((word for word in words if word.startswith("/")), "/"),
                          "left": int(options.get("times", -1)), "times": int(options.get("times", -1)),
                          "delay": float(options.get("delay", 0)), "pause": float(options.get("pause", 0)),
                          "pieces": pieces, "holds": "hold" in options})
