"""A DNS server by UDP and TCP whose answers a case writes down."""
import socket, struct, threading

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33}
FAILURES = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}


def encode_name(name):
    labels = [label.encode("latin-1") for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def decode_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1


def encode_data(kind, words):
    if kind == "A":
        return socket.inet_aton(words[0])
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, words[0])
    if kind == "CNAME":
        return encode_name(words[0])
    priority, weight, port, target = words
    return struct.pack("!HHH", int(priority), int(weight), int(port)) + encode_name(target)


class DnsServer:
    """Rows are `NAME TYPE DATA… [from=N]`, `NAME SERVFAIL|NXDOMAIN|REFUSED|SILENT|TRUNCATED [from=N]`: from the
    N-th question for the name and type on. A name without rows does not exist."""

    def __init__(self, name):
        self.name, self.rows, self.asked = name, [], {}
        self.lock = threading.Lock()
        self.open()

    def open(self):
        while True:
            self.udp, self.tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                return
            except OSError:
                self.udp.close()
                self.tcp.close()

    def script(self, words, text):
        for line in text.splitlines():
            words = line.split()
            if not words:
                continue
            first = 1
            if words[-1].startswith("from="):
                first = int(words.pop()[5:])
            self.rows.append((words[0].lower(), words[1], words[2:], first))

    def start(self):
        self.tcp.listen(16)
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def reset(self):
        with self.lock:
            self.asked.clear()

    def close(self):
        for one in (self.udp, self.tcp):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def serve_udp(self):
        while True:
            try:
                data, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            if not data:  # the socket was shut down
                return
            reply = self.reply(data, False)
            if reply:
                try:
                    self.udp.sendto(reply, peer)
                except OSError:
                    return

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_connection, args=(connection,), daemon=True).start()

    def serve_connection(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                size = stream.read(2)
                if len(size) < 2:
                    return
                reply = self.reply(stream.read(struct.unpack("!H", size)[0]), True)
                if reply:
                    connection.sendall(struct.pack("!H", len(reply)) + reply)

    def rows_for(self, name, number):
        """What holds for the n-th question: of each type the rows with the highest `from` that has come."""
        kind = next((key for key, value in TYPES.items() if value == number), str(number))
        with self.lock:
            n = self.asked[name, kind] = self.asked.get((name, kind), 0) + 1
        rows = [row for row in self.rows if row[0] == name and row[3] <= n]
        wanted = [row for row in rows if row[1] in (kind, "CNAME") or row[1] not in TYPES]
        newest = max((row[3] for row in wanted), default=0)
        return [row for row in wanted if row[3] == newest], bool(rows)

    def reply(self, data, is_tcp):
        name, at = decode_name(data, 12)
        question = data[12:at + 4]
        number = struct.unpack("!H", data[at:at + 2])[0]
        rows, exists = self.rows_for(name, number)
        kinds = {row[1] for row in rows}
        if "SILENT" in kinds:
            return None
        code = next((FAILURES[kind] for kind in kinds if kind in FAILURES), 0 if exists else 3)
        is_cut = "TRUNCATED" in kinds and not is_tcp
        answers = []
        for _, kind, words, _ in [] if is_cut or code else rows:
            if kind not in TYPES:
                continue
            answers.append((name, kind, words))
            if kind == "CNAME":
                target = words[0].strip(".").lower()
                answers += [(target, k, w) for _, k, w, _ in self.rows_for(target, number)[0] if k in TYPES]
        flags = 0x8580 | (0x0200 if is_cut else 0) | code
        reply = data[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0) + question
        for owner, kind, words in answers:
            content = encode_data(kind, words)
            reply += encode_name(owner) + struct.pack("!HHIH", TYPES[kind], 1, 60, len(content)) + content
        return reply
