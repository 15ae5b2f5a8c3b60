"""What the suites here share: proxies that can be looked into, an origin that misbehaves on demand,
and clients that know what they asked for."""
import contextlib, http.client, json, os, re, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
from harness import Suite, build, free_port, listens  # noqa: E402
from origin import Incoming, serve  # noqa: E402


def wait_for(condition, seconds=30.0, what="what was waited for"):
    end = time.time() + seconds
    while time.time() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Proxy:
    """dialtone serving a configuration in a folder of its own. <pid> is the process that serves,
    whoever that is by now."""

    def __init__(self, config, *options, port=None, prefix=(), env=(), workers=2, folder=None, pass_fds=()):
        self.keeps_folder = folder is not None
        self.folder = folder or tempfile.mkdtemp(prefix="dialtone-faults-")
        self.path, self.log_path = f"{self.folder}/Caddyfile", f"{self.folder}/log"
        self.admin, self.pid_file = f"{self.folder}/admin.sock", f"{self.folder}/pid"
        self.write(config)
        self.options = ["--workers", str(workers), "--admin", self.admin, "--pid-file", self.pid_file, *options]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*prefix, f"{build}/dialtone", "run", self.path, "--", *self.options],
                                            stdout=log, stderr=log, pass_fds=pass_fds,
                                            env={**os.environ, "XDG_DATA_HOME": self.folder, **dict(env)})
        if port:
            try:
                wait_for(lambda: self.process.poll() is not None or listens(port) and '"msg":"serving"' in self.log(),
                         what=f"port {port}")
                assert self.process.poll() is None
            except AssertionError:
                log = self.log()
                self.kill()
                raise AssertionError(f"the proxy did not start: {log[-2000:]}")

    def write(self, config):
        with open(self.path + ".new", "w") as f:
            f.write(config.replace("FOLDER", self.folder))
        os.rename(self.path + ".new", self.path)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    @property
    def pid(self):
        with contextlib.suppress(OSError, ValueError):
            with open(self.pid_file) as f:
                return int(f.read())
        return self.process.pid

    def pids(self):
        """All processes of this proxy, those that still drain included."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and is_alive(name):
                with contextlib.suppress(OSError):
                    with open(f"/proc/{name}/cmdline", "rb") as f:
                        words = f.read().split(b"\0")
                    if self.path.encode() in words and b"run" in words[:3]:
                        found.append(int(name))
        return found

    def signal(self, number):
        os.kill(self.pid, number)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024

    def ask_admin(self, path, method="GET"):
        """Status and JSON."""
        connection = http.client.HTTPConnection("localhost", timeout=70)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(70)
        connection.sock.connect(self.admin)
        connection.request(method, path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if body else None

    def replace(self):
        """Whatever the file holds: the program that asks has a configuration of its own."""
        return subprocess.run([f"{build}/dialtone", "run", "-", "--", "--replace", "--admin", self.admin], input=":1",
                              capture_output=True, text=True, timeout=90)

    def stop(self, seconds=30):
        """Asks all to end; the exit status of the first process."""
        for pid in self.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not self.pids(), seconds, "the end of the proxy")
        return self.process.wait(30)

    def kill(self):
        for pid in self.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.process.kill()
            self.process.wait(5)
        if not self.keeps_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print("\n".join(line for line in self.log().splitlines() if "handled request" not in line)[-3000:])
        self.kill()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Origin:
    """Answers GET /KIND/NONCE, with the nonce of the request in head and body, or as badly as KIND says."""

    def __init__(self, port=0, host="127.0.0.1"):
        self.listener = socket.create_server((host, port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.seen, self.gate = 0, threading.Event()
        serve(self.listener, self.talk)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def talk(self, connection):
        connection.settimeout(120)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        incoming, is_open = Incoming(connection), True
        while is_open:
            head = incoming.head()
            self.seen += 1
            _, kind, nonce = head.split(b" ")[1].split(b"?")[0].split(b"/")[:3]
            if kind == b"reset-in-request":
                reset(connection)
                return
            body, _ = incoming.body(head)
            is_open = self.answer(connection, kind, nonce, body)

    def answer(self, connection, kind, nonce, body):
        """False: the connection is over."""
        big = (nonce + b" ") * (1 + 65536 // (len(nonce) + 1)) * 4
        head = b"HTTP/1.1 200 OK\r\nX-Nonce: " + nonce + b"\r\n"
        whole = head + b"Content-Length: %d\r\n\r\n" % len(nonce) + nonce
        if kind == b"fine":
            connection.sendall(whole)
        elif kind == b"big":
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(big) + big)
        elif kind == b"chunked":
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(nonce) + nonce + b"\r\n0\r\n\r\n")
        elif kind == b"body":  # what came, and the nonce behind it
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % (len(body) + len(nonce)) + body + nonce)
        elif kind == b"late":
            time.sleep(0.3)
            connection.sendall(whole)
        elif kind == b"held":  # until the test lets it go
            self.gate.wait(60)
            connection.sendall(whole)
        elif kind == b"drip":
            for i in range(len(whole)):
                connection.sendall(whole[i:i + 1])
        elif kind == b"stall":  # until the proxy gives up
            connection.recv(1)
            return False
        elif kind == b"stall-in-head":
            connection.sendall(head)
            connection.recv(1)
            return False
        elif kind == b"stall-in-body":
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(big) + big[:1000])
            connection.recv(1)
            return False
        elif kind == b"reset":
            reset(connection)
            return False
        elif kind == b"reset-in-head":
            connection.sendall(head)
            time.sleep(0.02)
            reset(connection)
            return False
        elif kind == b"reset-in-body":
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(big) + big[:1000])
            time.sleep(0.02)
            reset(connection)
            return False
        elif kind == b"close":
            return False
        elif kind == b"close-in-body":
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(big) + big[:1000])
            return False
        elif kind == b"close-in-chunk":
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n4000\r\n" + big[:1000])
            return False
        elif kind == b"half-close":  # the end of sending only; the answer is whole
            connection.sendall(head + b"Connection: close\r\n\r\n" + nonce)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
            return False
        elif kind == b"garbage":
            connection.sendall(b"\x00\xff this is no HTTP\r\n\r\n" + nonce)
            return False
        elif kind == b"garbage-chunk":
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + nonce)
            return False
        elif kind == b"two-lengths":
            connection.sendall(head + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n" + nonce)
            return False
        elif kind == b"surplus":  # bytes behind the answer that nobody asked for
            connection.sendall(whole + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
        elif kind == b"endless-head":
            with contextlib.suppress(OSError):
                for i in range(100000):
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" if i == 0 else b"X-%d: %s\r\n" % (i, b"a" * 500))
            return False
        else:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return True


class Answer:
    def __init__(self, raw):
        self.raw = raw
        self.head, _, self.body = raw.partition(b"\r\n\r\n")
        self.status = int(raw[9:12]) if raw.startswith(b"HTTP/1.1 ") and raw[9:12].isdigit() else 0
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self.head)
        self.is_whole = self.status != 0 and (len(self.body) == int(length.group(1)) if length else
                                              self.body.endswith(b"0\r\n\r\n") or b"chunked" not in self.head)

    def belongs_to(self, nonce):
        """Nothing of another request is in it."""
        nonce = nonce.encode()
        named = re.search(rb"(?i)\r\nx-nonce: *([^\r]*)", self.head)
        if named and named.group(1) != nonce:
            return False
        if self.status != 200:
            return True
        rest = self.body.replace(nonce, b"")
        # an answer that was cut off may end in the middle of one
        return all(nonce.startswith(part) for part in re.findall(rb"n[0-9]+-[0-9x-]*", rest))


number, number_lock = 0, threading.Lock()


def new_nonce():
    global number
    with number_lock:
        number += 1
        return f"n{os.getpid()}-{number}-x"


def connect(port, seconds=30):
    connection = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection, whole=False):
    """Until the end, or (<whole>) until one answer is complete."""
    raw = b""
    try:
        while True:
            more = connection.recv(65536)
            if not more:
                return raw
            raw += more
            if whole and b"\r\n\r\n" in raw and Answer(raw).is_whole:
                return raw
    except OSError:
        return raw


def request_bytes(kind, nonce, method="GET", body=b"", extra="Connection: close\r\n"):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} /{kind}/{nonce} HTTP/1.1\r\nHost: localhost\r\n{length}{extra}\r\n".encode() + body


def ask(port, kind="fine", nonce=None, seconds=30, **how):
    nonce = nonce or new_nonce()
    with connect(port, seconds) as connection:
        connection.sendall(request_bytes(kind, nonce, **how))
        return nonce, Answer(read_all(connection))
