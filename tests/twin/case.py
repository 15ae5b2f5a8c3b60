"""Cases as files: the Caddyfile, requests, upstreams and files they tell of."""
import base64, os, re, shutil, tempfile

from dns import DnsServer
from fastcgi import Responder
from messages import unescape
from proxies import ForwardProxy
from servers import Upstream, server_context

GLOBAL_LINES = "\tauto_https off\n\tpersist_config off\n\tgrace_period 1s\n\tdefault_bind 127.0.0.1\n"
FIRST_MTIME = 1700000000  # of the first file; each further one is a day younger


def read_case(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Request:
    """One exchange: the bytes to send and how to read what comes back."""

    def __init__(self, words, text, host):
        self.options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        self.is_raw = "raw" in self.options
        self.is_h2 = False
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


class Case:
    """<text> with ports and folders filled in; the files it asks for exist until close."""

    def __init__(self, text, upstreams):
        self.folder = tempfile.mkdtemp(prefix="dialtone-twin-")
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        self.n_files = 0
        caddyfile, *sections = re.split(r"(?m)^=== ", text)
        parsed = [section.partition("\n")[::2] for section in sections]
        values = {"ROOT": self.root, "FOLDER": self.folder}
        for head, body in parsed:
            words = head.split()
            if words[0] in ("upstream", "fastcgi", "dns", "proxy"):
                values[words[1]] = str(upstreams.add(words[1], self.maker(words, upstreams)))
        self.values = values
        self.is_json = caddyfile.lstrip().startswith('{"')
        self.caddyfile = caddyfile if self.is_json else self.with_options(caddyfile)
        self.requests = []
        for head, body in parsed:
            words = head.split()
            if words[0] in ("upstream", "fastcgi", "dns", "proxy"):
                upstreams.script(words[1], words[2:], self.fill(body))
            elif words[0] == "file":
                self.make_file(words[1], words[2:], body)
            elif words[0] in ("request", "raw"):
                for _ in range(int(dict(w.split("=") for w in words if "=" in w).get("times", 1))):
                    self.requests.append(Request(words, self.fill(body), "a.example"))
            else:
                raise SystemExit(f"twin: what is a section '{head}'?")

    def maker(self, words, upstreams):
        """What makes the server of a section."""
        if words[0] == "dns":
            return lambda name, seen: DnsServer(name)
        if words[0] == "proxy":
            return ForwardProxy
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        if words[0] == "upstream":
            port = upstreams.by_name[options["port-of"]].port if "port-of" in options else 0
            return lambda name, seen: Upstream(name, seen, options.get("address", "127.0.0.1"), port,
                                               server_context() if "tls" in options else None)
        return lambda name, seen: Responder(name, seen, self.folder, "unix" in words)

    @staticmethod
    def with_options(caddyfile):
        """With what every case needs in the global options."""
        match = re.search(r"(?m)^\{\n", caddyfile)
        if match and not caddyfile[:match.start()].strip(" \n\t") or match and all(
                line.startswith("#") for line in caddyfile[:match.start()].splitlines() if line.strip()):
            return caddyfile[:match.end()] + GLOBAL_LINES + caddyfile[match.end():]
        return "{\n" + GLOBAL_LINES + "}\n" + caddyfile

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
        """The lines of the log file {$LOG} that the side wrote."""
        try:
            with open(self.log_path(side), encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
