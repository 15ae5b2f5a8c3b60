"""Who is asked and who answers: Caddy, dialtone, and the upstreams behind both."""
import http.client, json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402
from messages import Message, Reader
from tls import Connection

START_SECONDS = 60


def wait_until(condition, seconds=START_SECONDS):
    """Whether it holds, now or in a while."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_written(path):
    try:
        return os.path.getsize(path) > 0
    except OSError:
        return False


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port, process):
    wait_until(lambda: listens(port) or process.poll() is not None)
    return process.poll() is None and listens(port)


# ---- upstreams ----

made_context = []


def server_context():
    """TLS with a certificate of its own, made once, and the certificate."""
    if not made_context:
        with tempfile.TemporaryDirectory(prefix="dialtone-twin-") as folder:
            key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", key, "-out", certificate, "-days", "7", "-subj", "/CN=upstream.example",
                            "-addext", "subjectAltName=DNS:upstream.example,IP:127.0.0.1"],
                           check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            with open(certificate, encoding="ascii") as f:
                made_context.extend([context, f.read()])
    return made_context


class Upstream:
    """One scripted server: it answers by the rows that were given for it, else tells what it was asked."""

    def __init__(self, name, seen, address="127.0.0.1", port=0, tls=None):
        self.name, self.seen, self.rows, self.tls = name, seen, [], tls
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.is_dead = self.tells_peer = False
        self.is_proxied, self.n_connections = False, 0

    def start(self):
        if not self.is_dead:
            self.socket.listen(64)
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        if self.tls:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        reader = Reader(connection, 60)
        with connection:
            announced = self.announcement(reader) if self.is_proxied else []
            while True:
                request = reader.request()
                if request is None:
                    return
                request.headers += announced
                self.seen.append((self.name, request))
                try:
                    if not self.answer(connection, request, reader):
                        return
                except OSError:
                    return

    def announcement(self, reader):
        """What the PROXY header in front of a connection says, and which connection it is."""
        self.n_connections += 1
        number = self.n_connections
        data, _ = reader.exactly(16)
        if data[:12] == b"\r\n\r\n\0\r\nQUIT\n":
            rest, _ = reader.exactly(int.from_bytes(data[14:], "big"))
            data += rest
        else:
            reader.pending = data + reader.pending
            data = reader.line() or b""
        text = data.decode("latin-1") if data.startswith(b"PROXY") else data.hex()
        return [("PROXY header", text), ("connection", str(number))]

    def row_for(self, request):
        target = request.start.split(" ")[1]
        for row in self.rows:
            if row["left"] != 0 and target.startswith(row["path"]):
                row["left"] -= 1
                return row
        return None

    def answer(self, connection, request, reader):
        """False where the connection is to be closed."""
        row = self.row_for(request)
        if row is None:
            method, target = request.start.split(" ")[:2]
            body = f"{self.name} {method} {target}\n".encode("latin-1")
            if self.tells_peer:
                body += f"from {connection.getpeername()[0]}\n".encode()
            if request.body:
                body += b"body %d: %s\n" % (len(request.body), request.body[:100])
            head = f"HTTP/1.1 200 OK\r\nX-Upstream: {self.name}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + (b"" if method == "HEAD" else body))
            return True
        time.sleep(row["delay"])
        connection.sendall(row["data"])
        while row["echoes"]:
            data = reader.pending or connection.recv(65536)
            reader.pending = b""
            if not data:
                return False
            connection.sendall(data.upper())
        return row["keeps"]

    def script(self, words, text):
        """A row: `[PATH] [times=N] [delay=S] [close] [echo] [raw]`, then the answer."""
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        if "dead" in options:
            self.is_dead = True
        if "tell-peer" in options:
            self.tells_peer = True
        if "proxy" in options:
            self.is_proxied = True
        if not text.strip():
            if "close" in options:
                self.rows.append({"path": "/", "left": -1, "times": -1, "delay": 0, "data": b"", "keeps": False,
                                  "echoes": False})
            return
        head, _, body = text.partition("\n\n")
        head = head.replace("\n", "\r\n")
        body = body.rstrip("\n")
        if "repeat" in options:
            body *= int(options["repeat"])
        if "crlf" in options:
            body = body.replace("\n", "\r\n") + "\r\n\r\n"
        data = body.encode("utf-8")
        has_framing = re.search(r"(?im)^(content-length|transfer-encoding|upgrade):", head) or "close" in options
        status = int(head.split(" ")[1]) if head.startswith("HTTP/") else 0
        if status >= 200 and status not in (204, 304) and not has_framing:
            head += f"\r\nContent-Length: {len(data)}"
        times = int(options.get("times", -1))
        self.rows.append({"path": next((word for word in words if word.startswith("/")), "/"), "left": times,
                          "times": times, "delay": float(options.get("delay", 0)),
                          "data": head.encode("utf-8") + b"\r\n\r\n" + data, "keeps": "close" not in options,
                          "echoes": "echo" in options})

    def reset(self):
        self.n_connections = 0
        for row in self.rows:
            row["left"] = row["times"]

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Upstreams:
    def __init__(self):
        self.seen, self.by_name = [], {}

    def add(self, name, make=None):
        if name not in self.by_name:
            self.by_name[name] = (make or Upstream)(name, self.seen)
        return self.by_name[name].port

    def script(self, name, words, text):
        self.by_name[name].script(words, text)

    def reset(self):
        self.seen.clear()
        for upstream in self.by_name.values():
            upstream.reset()
            if not getattr(upstream, "is_started", False):
                upstream.is_started = True
                upstream.start()

    def close(self):
        for upstream in self.by_name.values():
            upstream.close()


# ---- the two sides ----


class Result:
    """What one exchange brought: interim and final messages, how the connection ended, what upstreams saw."""

    def __init__(self, responses, is_closed, rest, seen, names, handshake=None):
        self.responses, self.is_closed, self.rest, self.seen = responses, is_closed, rest, seen
        self.names = names  # texts that differ between the sides and what they are called in both
        self.handshake = handshake or {}  # what TLS came to

    def __repr__(self):
        tls = f" {self.handshake}" if self.handshake else ""
        return f"{self.responses} closed={self.is_closed} rest={self.rest!r} seen={self.seen}{tls}"


# of both servers: what placeholders can read of it
ENVIRONMENT = {
    "TWIN_TEXT": "from the environment",
    "TWIN_ADDRESS": "127.0.0.1",
    "TWIN_RANGE": "127.0.0.0/8",
    "TWIN_USER": "bob",
    "TWIN_HASH": "$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
}


def is_last(response):
    """Whether the connection is to close behind it."""
    return response.ended in ("close", "cut") or any("close" in value.lower() for value in response.get("connection"))


class Side:
    def await_events(self, request, upstreams):
        """What is to come before a request: handshakes that work, checks at upstreams, a while."""
        if "ready" in request.options:
            wait_until(lambda: "version" in self.handshake(request))
        if "seen" in request.options:
            wait_until(lambda: len(upstreams.seen) >= int(request.options["seen"]), 20)
        time.sleep(float(request.options.get("after", 0)))

    def exchange(self, request, upstreams):
        n_seen = 0 if "all" in request.options else len(upstreams.seen)
        self.await_events(request, upstreams)
        wait = float(request.options.get("wait", 30))  # bcrypt alone may take seconds
        if request.is_h2:
            return self.exchange_h2(request, upstreams, n_seen, wait)
        try:
            port = self.http_port if request.options.get("port") == "http" else self.port
            s = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError as error:
            return Result([], True, str(error).encode(), [], [])
        with s:
            names = [(str(s.getsockname()[1]), "CLIENT-PORT"), (str(self.port), "PORT"), (self.home, "HOME"),
                     (str(self.http_port), "HTTP-PORT")]
            line = Connection(s, request.options, self.certificates, self.sessions) if request.is_tls else s
            try:
                line.sendall(request.data)
            except OSError:
                pass
            reader, responses = Reader(line, wait), []
            while True:
                response = reader.response(request.method)
                if response is None:
                    break
                responses.append(response)
                status = response.start.split(" ")[1] if " " in response.start else "0"
                if status == "101":
                    line.sendall(request.options.get("then", "").encode())
                    reader.until = time.monotonic() + 0.5
                elif not status.startswith("1") and not is_last(response):
                    # one more moment, in which a connection would close
                    reader.until = min(reader.until, time.monotonic() + (0.3 if request.is_raw else 0.03))
            reader.more()
            handshake = None
            if request.is_tls:
                handshake = line.facts()
                line.close()
        if request.is_raw or "upstream" in request.options.get("ignore", ""):
            time.sleep(0.2)  # what was begun there is to come to its end before the next one
        return Result(responses, reader.is_closed, reader.pending, list(upstreams.seen[n_seen:]), names, handshake)

    def handshake(self, request):
        """What TLS comes to where nothing is asked then."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            connection = Connection(s, request.options, self.certificates, self.sessions)
            connection.settimeout(0.05)
            try:
                connection.recv(1)  # tickets, and what is wrong with the client's certificate
            except TimeoutError:
                pass
            facts = connection.facts()
            connection.close()
        return facts

    def tls_words(self, options):
        """The same for curl."""
        words = ["-k", "--http2"]
        if options["sni"] != "-":
            words += ["--resolve", f"{options['sni']}:{self.port}:127.0.0.1"]
        if "cert" in options:
            words += ["--cert", self.certificates.path(options["cert"] + ".crt"),
                      "--key", self.certificates.path(options["cert"] + ".key")]
        if "max" in options:
            words += ["--tls-max", options["max"]]
        return words

    def exchange_h2(self, request, upstreams, n_seen, wait):
        """The same by HTTP/2, which curl speaks."""
        facts = self.handshake(request) if request.is_tls else None
        with tempfile.TemporaryDirectory(prefix="dialtone-twin-") as folder:
            head, body = os.path.join(folder, "head"), os.path.join(folder, "body")
            method, target = request.lines[0].split(" ")[:2]
            command = ["curl", "-s", "-w", "%{local_port}", "--http2-prior-knowledge", "--path-as-is", "--max-time", str(wait), "-D", head,
                       "-o", body, "-H", "User-Agent:", "-H", "Accept:"]
            if not any(line.lower().startswith("host:") for line in request.lines[1:]):
                command += ["-H", f"Host: {request.host}"]
            command += ["-I"] if method == "HEAD" else ["-X", method]
            for line in request.lines[1:]:
                command += ["-H", line]
            if request.body:
                command += ["--data-binary", "@-", "-H", "Content-Type:"]
            if request.is_tls:
                name = request.options["sni"] if request.options["sni"] != "-" else "127.0.0.1"
                command += [*self.tls_words(request.options), f"https://{name}:{self.port}{target}"]
                command.remove("--http2-prior-knowledge")
            else:
                command.append(f"http://127.0.0.1:{self.port}{target}")
            run = subprocess.run(command, input=request.body, capture_output=True)
            status, names = run.returncode, [(str(self.port), "PORT"), (self.home, "HOME")]
            if run.stdout.isdigit():
                names.append((run.stdout.decode(), "CLIENT-PORT"))
            responses = []
            if os.path.exists(head):
                with open(head, encoding="latin-1", newline="") as f:
                    for block in f.read().split("\r\n\r\n"):
                        start, *lines = block.split("\r\n")
                        if start:
                            headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
                            ended = "none" if method == "HEAD" else f"curl {status}"
                            responses.append(Message(start, headers, b"", ended))
            if responses and os.path.exists(body) and method != "HEAD":
                with open(body, "rb") as f:
                    responses[-1].body = f.read()
        return Result(responses, False, b"", list(upstreams.seen[n_seen:]), names, facts)


class CaddySide(Side):
    name = "caddy"

    def __init__(self, binary):
        self.home = tempfile.mkdtemp(prefix="dialtone-twin-")
        self.admin = free_port()
        config = os.path.join(self.home, "caddy.json")
        with open(config, "w") as f:
            json.dump({"admin": {"listen": f"127.0.0.1:{self.admin}"}}, f)
        env = {**os.environ, **ENVIRONMENT, "HOME": self.home, "XDG_DATA_HOME": self.home, "XDG_CONFIG_HOME": self.home}
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen([binary, "run", "--config", config], cwd=self.home, env=env,
                                        stdout=self.log, stderr=self.log)
        if not wait_for(self.admin, self.process):
            raise SystemExit("twin: Caddy did not start")

    def start(self, case):
        self.port, self.http_port = free_port(), free_port()
        self.certificates, self.sessions = case.certificates, {}
        text = case.fill(case.caddyfile, [("PORT", str(self.port)), ("HTTP_PORT", str(self.http_port)), ("LOG", case.log_path(self.name))])
        if case.is_json:
            text = json.dumps({**json.loads(text), "admin": {"listen": f"127.0.0.1:{self.admin}"}})
        else:
            text = text.replace("{\n", f"{{\n\tadmin 127.0.0.1:{self.admin}\n", 1)
        self.checks_health = "health_interval" in text
        problem = self.load(text, "application/json" if case.is_json else "text/caddyfile")
        if problem:
            return problem
        return None if wait_for(self.port, self.process) else "it does not listen"

    def load(self, text, kind):
        """Its new configuration; None, or what it says against it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=30)
        connection.request("POST", "/load", text.encode(), {"Content-Type": kind})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return None if response.status == 200 else f"{response.status} {body.decode('utf-8', 'replace')}"

    def stop(self):
        if self.checks_health:  # or it would go on beside dialtone
            self.load(json.dumps({"admin": {"listen": f"127.0.0.1:{self.admin}"}}), "application/json")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


class DialtoneSide(Side):
    name = "dialtone"

    def __init__(self, build):
        self.program = os.path.join(os.path.abspath(build), "dialtone")
        self.home = tempfile.mkdtemp(prefix="dialtone-twin-")

    def start(self, case):
        self.port, self.http_port = free_port(), free_port()
        self.certificates, self.sessions = case.certificates, {}
        path = os.path.join(self.home, "caddy.json" if case.is_json else "Caddyfile")
        with open(path, "w", encoding="utf-8") as f:
            f.write(case.fill(case.caddyfile, [("PORT", str(self.port)), ("HTTP_PORT", str(self.http_port)), ("LOG", case.log_path(self.name))]))
        self.errors = open(os.path.join(self.home, "errors"), "w+b")
        env = {**os.environ, **ENVIRONMENT, "XDG_DATA_HOME": self.home}
        pid_file = os.path.join(self.home, "pid")  # there is something in it once all listen
        if os.path.exists(pid_file):  # of one that did not end by itself
            os.remove(pid_file)
        self.process = subprocess.Popen([self.program, "run", path, "--", "--workers", "1", "--pid-file", pid_file],
                                        cwd=self.home, env=env, stdout=subprocess.DEVNULL, stderr=self.errors)
        wait_until(lambda: is_written(pid_file) or self.process.poll() is not None)
        if self.process.poll() is None and listens(self.port):
            return None
        self.end()
        with open(self.errors.name, encoding="utf-8", errors="replace") as f:
            return f.read() or "it does not listen"

    def end(self):
        self.process.send_signal(signal.SIGQUIT)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.errors.close()
        return status

    def stop(self):
        status = self.end()
        if status != 0:
            with open(self.errors.name, encoding="utf-8", errors="replace") as f:
                raise SystemExit(f"twin: dialtone ended with status {status}\n{f.read()[-6000:]}")

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)
