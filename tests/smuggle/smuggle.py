#!/usr/bin/env python3
"""Requests that two readers could understand in two ways: smuggle.py BUILD [--peers] [ID…]

Every request of requests.txt goes to dialtone as bytes, with a strict origin behind it. What that
origin sees, and the status that the client gets where nothing is passed on, is written in the file:

    === ID N[,STATUS] [why]: what it is        N requests reach the origin
    a line, with its CRLF                      a line ends in \\: without CRLF
    \\r \\n \\t \\0 \\\\ \\xHH {TEXT*TIMES}

With --peers the same bytes go to Caddy, nginx, HAProxy and h2o. Then: what Caddy does not pass on is
not passed on; what nginx, HAProxy and h2o all refuse is refused; and what is passed on is what Caddy
passes on, byte for byte in method, target and body. [why] is the reason of an exception.
"""
import os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
IDLE = 0.3  # seconds without a byte after which an answer is taken as all there is
PATIENT = 3.0  # the same where it was not what it should be: the machine may be busy
OTHERS_TIMES = 5  # that the others are asked then


class Case:
    def __init__(self, block):
        title, _, body = block.partition("\n")
        self.name, count, self.status, self.reason = re.fullmatch(
            r"(\S+) (\d+)(?:,(\d+))?(?: \[(.*)\])?: .+", title).groups()
        self.counts, self.bytes = [int(count)], raw(body)


def blocks(name):
    """Of a file beside this one: what is behind each `===`."""
    with open(os.path.join(HERE, name), encoding="latin-1") as f:
        return re.split(r"(?m)^=== ", f.read())[1:]


def cases():
    return [Case(block) for block in blocks("requests.txt")]


def unescape(line):
    line = re.sub(r"\{([^*{}]+)\*(\d+)\}", lambda m: m.group(1) * int(m.group(2)), line)
    return re.sub(r"\\(x[0-9a-f]{2}|[rnt0\\])",
                  lambda m: {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}.get(m.group(1))
                  or chr(int(m.group(1)[1:], 16)), line)


def raw(text):
    bytes_of = ""
    for line in text.split("\n")[:-1]:
        goes_on = re.search(r"(?<!\\)(\\\\)*\\$", line) is not None
        bytes_of += unescape(line[:-1]) if goes_on else unescape(line) + "\r\n"
    return bytes_of.encode("latin-1")


class Origin:
    """Reads requests by the letter of RFC 9112 and remembers them; what is none is remembered too."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.seen, self.lock = [], threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def remember(self, *what):
        with self.lock:
            self.seen.append(what)

    def take(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen

    def serve(self, connection):
        pending = b""
        try:
            while True:
                while b"\r\n\r\n" not in pending:
                    more = connection.recv(65536)
                    if not more:
                        if pending:
                            self.remember("junk", pending[:60])
                        return
                    pending += more
                head, _, pending = pending.partition(b"\r\n\r\n")
                lines = head.split(b"\r\n")
                line = re.fullmatch(rb"([!#-'*+.0-9A-Z^-z|~-]+) (\S+) HTTP/1\.[01]", lines[0])
                fields = [re.fullmatch(rb"([!#-'*+.0-9A-Z^-z|~-]+):[ \t]*([^\0\r\n]*?)[ \t]*", each) for each in lines[1:]]
                if not line or not all(fields):
                    self.remember("junk", head[:200])
                    return
                fields = [(each.group(1).lower(), each.group(2)) for each in fields]
                lengths = [value for name, value in fields if name == b"content-length"]
                codings = [value for name, value in fields if name == b"transfer-encoding"]
                if len(lengths) + len(codings) > 1 or not all(re.fullmatch(rb"\d+", each) for each in lengths) \
                        or not all(each == b"chunked" for each in codings):
                    self.remember("junk", head[:200])
                    return
                body = b""
                if codings:
                    while True:
                        while b"\r\n" not in pending:
                            pending += self.more(connection)
                        size, _, pending = pending.partition(b"\r\n")
                        n = int(size.split(b";")[0], 16)
                        if n == 0:
                            break
                        while len(pending) < n + 2:
                            pending += self.more(connection)
                        body, pending = body + pending[:n], pending[n + 2:]
                    while not pending.startswith(b"\r\n"):
                        while b"\r\n" not in pending:
                            pending += self.more(connection)
                        _, _, pending = pending.partition(b"\r\n")
                    pending = pending[2:]
                elif lengths:
                    while len(pending) < int(lengths[0]):
                        pending += self.more(connection)
                    body, pending = pending[:int(lengths[0])], pending[int(lengths[0]):]
                self.remember(line.group(1), line.group(2), body, *self.more_of(fields))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                                   + (b"" if line.group(1) == b"HEAD" else b"ok"))
        except (OSError, EOFError, ValueError):
            pass
        finally:
            connection.close()

    def more_of(self, fields):
        """What else is remembered of a request."""
        return ()

    @staticmethod
    def more(connection):
        more = connection.recv(65536)
        if not more:
            raise EOFError
        return more


CADDYFILE = """{
	admin off
	auto_https off
	persist_config off
	servers {
		protocols h1 h2c
	}
}
:%d {
	reverse_proxy 127.0.0.1:%d
}
"""
NGINX = """worker_processes 1; daemon off; master_process off; pid %(folder)s/nginx.pid; error_log %(folder)s/nginx.log;
events {}
http { access_log off; %(temporary)s
upstream u { server 127.0.0.1:%(origin)d; keepalive 8; }
server { listen 127.0.0.1:%(port)d%(http2)s; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://u; } } }
"""
HAPROXY = """defaults
 mode http
 timeout client 5s
 timeout server 5s
 timeout connect 5s
frontend f
 bind 127.0.0.1:%(port)d%(proto)s
 default_backend b
backend b
 server s 127.0.0.1:%(origin)d
"""
H2O = """listen: {host: 127.0.0.1, port: %(port)d}
user: root
pid-file: %(folder)s/h2o.pid
error-log: %(folder)s/h2o.log
num-threads: 1
hosts:
  default:
    paths: {"/": {proxy.reverse.url: "http://127.0.0.1:%(origin)d/"}}
"""


class Proxy:
    def __init__(self, name, build, folder, origin=Origin, is_h2=False):
        """<is_h2>: nginx and HAProxy are told the version; the others see it."""
        self.name, self.origin, self.port = name, origin(), free_port()
        given = {"port": self.port, "origin": self.origin.port, "folder": folder,
                 "http2": " http2" if is_h2 else "", "proto": " proto h2" if is_h2 else ""}
        path = os.path.join(folder, name)
        if name in ("dialtone", "caddy"):
            text = CADDYFILE % (self.port, self.origin.port)
            command = [f"{build}/dialtone", "run", path] if name == "dialtone" else \
                [os.environ["CADDY"], "run", "--adapter", "caddyfile", "--config", path]
        elif name == "nginx":
            given["temporary"] = " ".join(f"{each}_temp_path {folder}/{each};" for each in
                                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            text, command = NGINX % given, ["nginx", "-c", path]
        elif name == "haproxy":
            text, command = HAPROXY % given, ["haproxy", "-db", "-q", "-f", path]
        else:
            text, command = H2O % given, ["h2o", "-c", path]
        with open(path, "w") as f:
            f.write(text)
        environment = {**os.environ, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder,
                       "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        with open(os.path.join(folder, name + ".out"), "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.process.kill()
        self.process.wait()
        with open(os.path.join(folder, name + ".out")) as log:
            raise SystemExit(f"smuggle: {name} does not listen: {log.read()[-500:]}")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ask(proxy, case, is_patient):
    """What the origin saw, and the statuses that came back."""
    idle = PATIENT if is_patient else IDLE
    proxy.origin.take()
    answer = b""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as s:
        try:
            s.sendall(case.bytes)
            s.settimeout(idle)
            while True:
                more = s.recv(65536)
                if not more:
                    break
                answer += more
        except OSError:
            pass
    time.sleep(idle / 15)  # for what else is on its way to the origin
    statuses = re.findall(rb"(?m)^(?:ok)?HTTP/1\.[01] (\d\d\d)\b", answer)
    return proxy.origin.take(), [each.decode() for each in statuses if each != b"100"]


def judge(case, outcome, others):
    """Complaints about what dialtone did; <others>: what came of the case behind each of the others, each time that
    they were asked."""
    seen, statuses = outcome
    if any(each[0] == "junk" for each in seen):
        yield f"the origin cannot read what it was sent: {seen}"
    if len(seen) not in case.counts:
        yield f"{len(seen)} requests reach the origin, not {' or '.join(map(str, case.counts))}: {seen}"
    if case.status and statuses[-1:] != [case.status]:
        yield f"the statuses are {statuses}, not … {case.status}"
    if not others or case.reason:
        return
    if not any(seen == by_caddy[:len(seen)] for by_caddy, _ in others["caddy"]):
        yield f"the origin sees {seen}, behind Caddy {[by_caddy for by_caddy, _ in others['caddy']]}"
    most = max(len(each) for name in ("nginx", "haproxy", "h2o") for each, _ in others[name])
    if len(seen) > most:
        yield f"{len(seen)} requests reach the origin, behind nginx, HAProxy and h2o at most {most}"


def complaints_of(case, first, proxies, ask):
    """What is wrong after the <first> outcomes, one for each of <proxies>. If anything is, dialtone is asked again with
    patience, as the machine may be busy, and that counts. The others are asked several times: Go's server, for one,
    begins a request whose body breaks the rules, or refuses it, as its threads happen to run."""
    dialtone, *peers = proxies
    others = {each.name: [first[each.name]] for each in peers}
    found = list(judge(case, first["dialtone"], others))
    if not found:
        return found
    outcome = ask(dialtone, case, True)
    for _ in range(OTHERS_TIMES if peers else 1):
        for each in peers:
            others[each.name].append(ask(each, case, True))
        found = list(judge(case, outcome, others))
        if not found:
            break
    return found


def run(what, wanted, ask, **how):
    """Asks all, each of the proxies beside the others, and judges; the exit status. <how>: of the proxies."""
    build, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    only = [word for word in words if not word.startswith("--")]
    wanted = [case for case in wanted if not only or case.name.split(",")[0] in only]
    names = ["dialtone"] + (["caddy", "nginx", "haproxy", "h2o"] if "--peers" in words else [])
    outcomes, failed, proxies = {}, 0, []
    folder = tempfile.mkdtemp(prefix="smuggle.")

    def ask_all(proxy):
        for case in wanted:
            outcomes[case.name, proxy.name] = ask(proxy, case, False)
    try:
        for each in names:
            proxies.append(Proxy(each, build, folder, **how))
        threads = [threading.Thread(target=ask_all, args=(each,)) for each in proxies]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        for case in wanted:
            first = {name: outcomes[case.name, name] for name in names}
            found = complaints_of(case, first, proxies, ask)
            failed += bool(found)
            for each in found:
                print(f"FAILED: {case.name}: {each}")
            if "--show" in words:
                print(case.name, {name: (len(seen), statuses) for name, (seen, statuses) in first.items()})
        alive = proxies[0].process.poll() is None
    finally:
        for each in proxies:
            each.end()
        shutil.rmtree(folder, ignore_errors=True)
    if not alive:
        print("FAILED: dialtone is gone")
    failed += not alive
    print(f"{what}: {len(wanted) + 1 - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(run("smuggling", cases(), ask))
