"""HTTP/2 frame by frame, for tests: what a client or server sends can be wrong in any way."""
import socket, ssl, struct, threading, time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = range(4)
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 5, 6, 7, 8, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

STATIC = [tuple(entry.split("=")) for entry in (
    ":authority= :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200 "
    ":status=204 :status=206 :status=304 :status=400 :status=404 :status=500 accept-charset= accept-encoding=gzip,~deflate "
    "accept-language= accept-ranges= accept= access-control-allow-origin= age= allow= authorization= cache-control= "
    "content-disposition= content-encoding= content-language= content-length= content-location= content-range= "
    "content-type= cookie= date= etag= expect= expires= from= host= if-match= if-modified-since= if-none-match= if-range= "
    "if-unmodified-since= last-modified= link= location= max-forwards= proxy-authenticate= proxy-authorization= range= "
    "referer= refresh= retry-after= server= set-cookie= strict-transport-security= transfer-encoding= user-agent= vary= "
    "via= www-authenticate=").replace("~", "\0").split(" ")]
STATIC = [(name, value.replace("\0", " ")) for name, value in STATIC]

# the length of each symbol's code, 'A' for 5 bits; the code is canonical (RFC 7541 appendix B)
LENGTHS = ("ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABC"
           "CCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTT"
           "VSVWVVWWWWWXWWWWWVZ")


def huffman_codes():
    codes, code, before = {}, 0, 0
    for symbol in sorted(range(257), key=lambda s: (LENGTHS[s], s)):
        length = ord(LENGTHS[symbol]) - ord("A") + 5
        code <<= length - before
        codes[length, code] = symbol
        code, before = code + 1, length
    return codes


CODES = huffman_codes()


def huffman_decode(data):
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            if (length, code) in CODES:
                out.append(CODES[length, code])
                code = length = 0
    return bytes(out)


class Decoder:
    def __init__(self):
        self.table = []

    def integer(self, data, at, bits):
        value, limit = data[at] & (1 << bits) - 1, (1 << bits) - 1
        at += 1
        if value == limit:
            shift = 0
            while True:
                value += (data[at] & 127) << shift
                shift, at = shift + 7, at + 1
                if not data[at - 1] & 128:
                    break
        return value, at

    def string(self, data, at):
        coded = data[at] & 128
        n, at = self.integer(data, at, 7)
        raw = data[at:at + n]
        return (huffman_decode(raw) if coded else raw).decode("latin-1"), at + n

    def entry(self, index):
        return STATIC[index - 1] if index <= len(STATIC) else self.table[index - len(STATIC) - 1]

    def decode(self, data):
        at, out = 0, []
        while at < len(data):
            first = data[at]
            if first & 128:
                index, at = self.integer(data, at, 7)
                out.append(self.entry(index))
                continue
            if first & 0xe0 == 0x20:
                _, at = self.integer(data, at, 5)
                continue
            indexed = first & 64
            index, at = self.integer(data, at, 6 if indexed else 4)
            name = self.entry(index)[0] if index else None
            if name is None:
                name, at = self.string(data, at)
            value, at = self.string(data, at)
            out.append((name, value))
            if indexed:
                self.table.insert(0, (name, value))
                size = 0
                for i, (n, v) in enumerate(self.table):
                    size += len(n) + len(v) + 32
                    if size > 4096:
                        del self.table[i:]
                        break
        return out


def integer(value, bits, first=0):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = [first | limit], value - limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def block(fields):
    """Literal fields without indexing: whatever they are, they go out as they are."""
    out = bytearray()
    for name, value in fields:
        name, value = (part if isinstance(part, bytes) else part.encode("latin-1") for part in (name, value))
        out += b"\0" + integer(len(name), 7) + name + integer(len(value), 7) + value
    return bytes(out)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", key, value) for key, value in pairs))


def request(path="/", method="GET", authority="h", scheme="http", more=()):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)] + list(more)


class Stream:
    def __init__(self):
        self.heads, self.body, self.ended, self.reset = [], bytearray(), False, None

    @property
    def status(self):
        finals = [int(dict(head)[":status"]) for head in self.heads if ":status" in dict(head)]
        return finals[-1] if finals else None

    @property
    def headers(self):
        return dict([head for head in self.heads if ":status" in dict(head)][-1])


class Closed(Exception):
    pass


class Connection:
    """Either end. <updates>: give the windows back as data comes."""

    def __init__(self, sock, is_client=True, updates=True, pairs=(), greet=True):
        self.socket, self.updates, self.pending = sock, updates, b""
        self.decoder, self.streams, self.next_id = Decoder(), {}, 1
        self.sending = threading.Lock()  # frames of several threads
        self.goaway, self.closed, self.pings, self.settings, self.fragments = None, False, 0, {}, b""
        self.window, self.windows, self.is_client = 65535, {}, is_client
        if greet:
            sock.sendall((PREFACE if is_client else b"") + settings(*pairs))

    def stream(self, number):
        return self.streams.setdefault(number, Stream())

    def send(self, *args, **kwargs):
        with self.sending:
            self.socket.sendall(frame(*args, **kwargs))

    def open(self, fields, end=True, wait=None):
        number, self.next_id = self.next_id, self.next_id + 2
        self.send(HEADERS, END_HEADERS | (END_STREAM if end else 0), number, block(fields))
        return number if wait is None else self.finish(number, wait)

    def body(self, number, data, end=True, wait=20):
        """Sends it as the windows allow."""
        limit, at = time.time() + wait, 0
        while at < len(data):
            room = min(self.window, self.windows.get(number, self.settings.get(4, 65535)), 16384)
            if room <= 0:
                if self.stream(number).ended or self.stream(number).reset is not None:
                    return
                self.read(limit - time.time())
                continue
            piece = data[at:at + room]
            at += len(piece)
            self.window -= len(piece)
            self.windows[number] = self.windows.get(number, self.settings.get(4, 65535)) - len(piece)
            self.send(DATA, END_STREAM if end and at == len(data) else 0, number, piece)
        if end and not data:
            self.send(DATA, END_STREAM, number)

    def read(self, wait=20.0):
        """One frame, digested; (kind, flags, stream, payload)."""
        limit = time.time() + wait
        while len(self.pending) < 9 or len(self.pending) < 9 + int.from_bytes(self.pending[:3], "big"):
            self.socket.settimeout(max(limit - time.time(), 0.01))
            try:
                more = self.socket.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError, ssl.SSLError) as error:
                if isinstance(error, TimeoutError):
                    raise
                more = b""
            if not more:
                self.closed = True
                raise Closed()
            self.pending += more
        n = int.from_bytes(self.pending[:3], "big")
        kind, flags = self.pending[3], self.pending[4]
        number = struct.unpack(">I", self.pending[5:9])[0]
        payload, self.pending = self.pending[9:9 + n], self.pending[9 + n:]
        self.digest(kind, flags, number, payload)
        return kind, flags, number, payload

    def digest(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack(">HI", payload[at:at + 6])
                if key == 4:
                    for each in self.windows:
                        self.windows[each] += value - self.settings.get(4, 65535)
                self.settings[key] = value
            self.send(SETTINGS, ACK)
        elif kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, payload)
        elif kind == PING:
            self.pings += 1
        elif kind in (HEADERS, CONTINUATION):
            self.fragments += payload
            if flags & END_HEADERS:
                self.stream(number).heads.append(self.decoder.decode(self.fragments))
                self.fragments = b""
        elif kind == DATA:
            self.stream(number).body += payload
            if self.updates and payload:
                self.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload)))
                if not flags & END_STREAM:
                    self.send(WINDOW_UPDATE, 0, number, struct.pack(">I", len(payload)))
        elif kind == RST_STREAM:
            self.stream(number).reset = struct.unpack(">I", payload)[0]
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">I", payload[4:8])[0]
        elif kind == WINDOW_UPDATE:
            grown = struct.unpack(">I", payload)[0]
            if number:
                self.windows[number] = self.windows.get(number, self.settings.get(4, 65535)) + grown
            else:
                self.window += grown
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.stream(number).ended = True

    def finish(self, number, wait=20.0):
        """Reads until the stream has ended or was reset."""
        limit, stream = time.time() + wait, self.stream(number)
        while not stream.ended and stream.reset is None:
            self.read(limit - time.time())
        return stream

    def until(self, what, wait=20.0):
        """Reads until what(self) holds, or the connection is closed; True if it held."""
        limit = time.time() + wait
        try:
            while not what(self):
                self.read(limit - time.time())
        except (Closed, TimeoutError):
            pass
        except OSError:  # a reset, or what TLS makes of it
            self.closed = True
        return what(self)

    def close(self):
        self.socket.close()


def connect(port, tls=False, alpn=("h2",), **kwargs):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(list(alpn))
        sock = context.wrap_socket(sock, server_hostname="localhost")
        assert sock.selected_alpn_protocol() == "h2", sock.selected_alpn_protocol()
    return Connection(sock, **kwargs)
