"""Cases as files: the Caddyfile, requests, upstreams and files they tell of."""
import base64, gzip, os, re, shutil, socket, subprocess, tempfile, threading

from dns import DnsServer
from fastcgi import Responder
from messages import unescape
from proxies import ForwardProxy
from servers import Upstream, server_context
from tls import Certificates

GLOBAL_LINES = "\tpersist_config off\n\tgrace_period 1s\n\tdefault_bind 127.0.0.1\n\tskip_install_trust\n"
AUTOMATIC_OFF = "\tauto_https off\n"
H2C = "\tservers {\n\t\tprotocols h1 h2 h2c\n\t}\n"  # so that the same can be asked by HTTP/2
ONLY_HTTP1 = re.compile(r"(?i)(connection|upgrade|transfer-encoding|expect|keep-alive|te|content-length|http2-settings)$")
DEFAULT_HOST = "a.example"
FIRST_MTIME = 1700000000  # of the first file; each further one is a day younger


def read_case(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Request:
    """One exchange: the bytes to send and how to read what comes back."""

    def __init__(self, words, text, host):
        self.options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        self.is_raw = "raw" in self.options
        self.is_h2, self.is_tls = False, "tls" in self.options
        self.options.setdefault("sni", DEFAULT_HOST)
        if self.options["sni"] not in ("-", "") and self.is_tls:
            host = self.options["sni"]
        if self.is_raw:
            self.data = unescape("".join(text.splitlines()))
            self.name = "raw " + self.options.get("id", repr(self.data[:60]))
            self.method = self.data.split(b" ", 1)[0].decode("latin-1")
            return
        head, _, body = text.partition("\n\n")
        lines = head.strip("\n").split("\n")
        body = body.rstrip("\n").encode("utf-8")
        self.is_h2 = "h2" in self.options
        self.lines, self.body, self.host = lines[:], body, host
        self.name = lines[0]
        self.method = lines[0].split(" ")[0]
        if not re.search(r" HTTP/\d", lines[0]):
            lines[0] += " HTTP/1.1"
        names = [line.split(":")[0].lower() for line in lines[1:]]
        if "host" not in names:
            lines.insert(1, f"Host: {host}")
        if body and "content-length" not in names and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(body)}")
        if "chunked" in self.options:
            lines.append("Transfer-Encoding: chunked")
            lines = [line for line in lines if not line.lower().startswith("content-length")]
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        self.data = "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body

    def becomes_h2(self):
        """Asks by HTTP/2 from now on; false where that is another question."""
        if self.is_raw or self.is_tls or self.is_h2 or not re.match(r"[A-Z]+ /[!-~]*( HTTP/1\.1)?$", self.lines[0]):
            return False
        names = [line.split(":")[0] for line in self.lines[1:]]
        is_odd = any(ONLY_HTTP1.match(name) for name in names) or [n.lower() for n in names].count("host") > 1
        if is_odd or not all(re.match(r"[^:]+: *\S", line) for line in self.lines[1:]):
            return False
        self.is_h2 = "chunked" not in self.options
        return self.is_h2


class Collector:
    """A peer that logs are sent to: every line, and for UDP every datagram, in order of arrival."""

    def __init__(self, is_udp):
        self.lines, self.is_udp = [], is_udp
        self.socket = socket.socket(type=socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if not is_udp:
            self.socket.listen(8)
        threading.Thread(target=self.receive if is_udp else self.accept, daemon=True).start()

    def receive(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            self.lines.append("datagram " + data.decode("utf-8").rstrip("\n"))

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        with connection, connection.makefile("r", encoding="utf-8") as f:
            for line in f:
                self.lines.append(line.rstrip("\n"))

    def take(self):
        lines, self.lines = self.lines, []
        return lines

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Case:
    """<text> with ports and folders filled in; the files it asks for exist until close."""

    def __init__(self, text, upstreams, is_h2=False):
        self.folder = tempfile.mkdtemp(prefix="dialtone-twin-")
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        self.n_files = 0
        self.collectors, self.collected = [], {}
        caddyfile, *sections = re.split(r"(?m)^=== ", text)
        parsed = [section.partition("\n")[::2] for section in sections]
        self.certificates = Certificates(os.path.join(self.root, ".certificates"))
        for head, body in parsed:
            words = head.split()
            if words[0] == "certificate":
                self.certificates.make(words[1], words[2:], body)
        values = {"ROOT": self.root, "FOLDER": self.folder, **self.certificates.values()}
        for head, body in parsed:
            words = head.split()
            if words[0] in ("upstream", "fastcgi", "dns", "proxy"):
                values[words[1]] = str(upstreams.add(words[1], self.maker(words, upstreams)))
            if words[0] == "collector":
                self.collectors.append(Collector("udp" in words))
                values[words[1]] = str(self.collectors[-1].port)
        self.values = values
        self.is_json = caddyfile.lstrip().startswith('{"')
        more = H2C if is_h2 and "servers" not in caddyfile else ""
        self.caddyfile = caddyfile if self.is_json else self.with_options(caddyfile, more)
        self.requests = []
        for head, body in parsed:
            words = head.split()
            if words[0] in ("upstream", "fastcgi", "dns", "proxy"):
                upstreams.script(words[1], words[2:], self.fill(body))
            elif words[0] == "collector":
                continue
            elif words[0] == "file":
                self.make_file(words[1], words[2:], self.fill(body) if "certificate" in text else body)
            elif words[0] in ("request", "raw"):
                for _ in range(int(dict(w.split("=") for w in words if "=" in w).get("times", 1))):
                    self.requests.append(Request(words, self.fill(body), DEFAULT_HOST))
            elif words[0] != "certificate":
                raise SystemExit(f"twin: what is a section '{head}'?")
        if is_h2:
            self.requests = [request for request in self.requests if more and request.becomes_h2()]

    def maker(self, words, upstreams):
        """What makes the server of a section."""
        if words[0] == "dns":
            return lambda name, seen: DnsServer(name)
        if words[0] == "proxy":
            return ForwardProxy
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        if words[0] == "upstream":
            port = upstreams.by_name[options["port-of"]].port if "port-of" in options else 0
            context, certificate = server_context() if "tls" in options else (None, "")
            if certificate:
                with open(os.path.join(self.folder, "upstream.pem"), "w", encoding="ascii") as f:
                    f.write(certificate)
            return lambda name, seen: Upstream(name, seen, options.get("address", "127.0.0.1"), port, context)
        return lambda name, seen: Responder(name, seen, self.folder, "unix" in words)

    @staticmethod
    def with_options(caddyfile, more):
        """With what every case needs in the global options, and <more>."""
        lines = more + GLOBAL_LINES + ("" if "auto_https" in caddyfile else AUTOMATIC_OFF)
        match = re.search(r"(?m)^\{\n", caddyfile)
        if match and not caddyfile[:match.start()].strip(" \n\t") or match and all(
                line.startswith("#") for line in caddyfile[:match.start()].splitlines() if line.strip()):
            return caddyfile[:match.end()] + lines + caddyfile[match.end():]
        return "{\n" + lines + "}\n" + caddyfile

    def fill(self, text, more=()):
        for name, value in [*self.values.items(), *more]:
            text = text.replace("{$" + name + "}", value)
        return text

    def make_file(self, name, words, body):
        path = os.path.join(self.root, name)
        mtime = FIRST_MTIME + 86400 * self.n_files
        self.n_files += 1
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        if "link" in options:
            os.symlink(options["link"], path)
            return
        if not name.endswith("/"):
            data = body.encode("utf-8")
            if "base64" in options:
                data = base64.b64decode(body)
            if "repeat" in options:
                data *= int(options["repeat"])
            with open(path, "wb") as f:
                f.write(data)
        if "mode" in options:
            os.chmod(path, int(options["mode"], 8))
        mtime = int(options.get("mtime", mtime))
        os.utime(path, (mtime, mtime))

    def log_path(self, side):
        return os.path.join(self.folder, f"log-{side}")

    def log_of(self, side):
        """The lines of the log files that begin with {$LOG}, each behind its name and permissions."""
        lines, start = [], os.path.basename(self.log_path(side))
        for name in sorted(os.listdir(self.folder)):
            if not name.startswith(start):
                continue
            paths = [os.path.join(self.folder, name)]
            if os.path.isdir(paths[0]):
                paths += [os.path.join(paths[0], file) for file in sorted(os.listdir(paths[0]))]
            for path in paths:
                if len(os.listdir(self.folder)) > 3 or os.path.isdir(path) or path != self.log_path(side):
                    what = os.path.relpath(path, self.folder).replace(start, "LOG", 1)
                    what = re.sub(r"[0-9]{2,}", "0", what)
                    lines.append(f"{what} {os.stat(path).st_mode & 0o777:o}")
                if os.path.isfile(path):
                    lines += self.read_log(path).decode("utf-8").splitlines()
        return lines + self.collected.get(side, [])

    @staticmethod
    def read_log(path):
        with open(path, "rb") as f:
            data = f.read()
        if path.endswith(".gz"):
            return gzip.decompress(data)
        if path.endswith(".zst"):
            return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
        return data

    def collect(self, side):
        """Keeps for the side what the collectors got since the last call."""
        self.collected[side] = [line for collector in self.collectors for line in collector.take()]

    def close(self):
        for collector in self.collectors:
            collector.close()
        shutil.rmtree(self.folder, ignore_errors=True)
