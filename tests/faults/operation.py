#!/usr/bin/env python3
"""A running proxy is operated: replaced, stopped, made smaller, asked. operation.py BUILD [TEST…]"""
import contextlib, os, pwd, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time

from made import load_program, make_certificate, simple
from rig import Origin, Proxy, Suite, ask, build, connect, free_port, is_alive, listens, new_nonce, read_all, \
    request_bytes, wait_for

REPLACEMENTS, RELOADS = 10, 50
suite = Suite("operation")


@contextlib.contextmanager
def loaded(seconds, threads="6"):
    """A proxy in front of an origin (both ours), with TCP, TLS and unix listeners under full load; gives it
    and a function that waits for the clients and gives their last line."""
    origin, plain, tls = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        program = load_program(folder)
        make_certificate(folder)
        for name in "key", "certificate":
            os.rename(f"{folder}/{name}.new", f"{folder}/{name}.pem")
        config = (simple(plain, site=f"reverse_proxy 127.0.0.1:{origin}") +
                  f"https://localhost:{tls} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.pem {folder}/key.pem\n"
                  f"\treverse_proxy 127.0.0.1:{origin}\n}}\n"
                  f"http://localhost:80 {{\n\tbind unix/{folder}/site.sock|0666\n\treverse_proxy 127.0.0.1:{origin}\n}}\n")
        with Proxy(simple(origin, site="respond {http.request.header.X-Nonce}"), port=origin, workers=1), \
                Proxy(config, port=plain) as proxy:
            clients = subprocess.Popen([program, "--plain", str(plain), "--tls", str(tls), "--unix", f"{folder}/site.sock",
                                        "--seconds", str(seconds), "--threads", threads], stdout=subprocess.PIPE, text=True)

            def result():
                out = clients.communicate(timeout=seconds + 120)[0].strip()
                print(f"    {out}")
                return out
            try:
                yield proxy, folder, result
            finally:
                clients.kill()
                clients.wait()


def test_ten_replacements_under_load():
    with loaded(14) as (proxy, _, result):
        pids = {proxy.pid}
        for _ in range(REPLACEMENTS):
            time.sleep(0.6)
            done = proxy.replace()
            suite.check(done.returncode == 0, f"--replace: {done.stderr}")
            pids.add(proxy.pid)
        suite.check(len(pids) == REPLACEMENTS + 1, f"{len(pids) - 1} new processes")
        requests, failed, _ = map(int, re.findall(r"\d+", result()))
        suite.check(failed == 0 and requests > 1000, f"{failed} of {requests} failed")
        wait_for(lambda: len(proxy.pids()) == 1, 60, "the end of the old processes")
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_connections"] == 0, what="the end of all connections")


def test_fifty_reloads_under_load():
    with loaded(12) as (proxy, folder, result):
        for i in range(RELOADS):
            make_certificate(folder)
            os.rename(f"{folder}/key.new", f"{folder}/key.pem")
            os.rename(f"{folder}/certificate.new", f"{folder}/certificate.pem")
            proxy.signal(signal.SIGHUP)
            time.sleep(0.1)
        requests, failed, _ = map(int, re.findall(r"\d+", result()))
        suite.check(failed == 0 and requests > 1000, f"{failed} of {requests} failed")
        suite.check(proxy.log().count("certificates and logs read again") > RELOADS // 2, "few reloads were done")


def test_signal_and_pid_file():
    port = free_port()
    with Proxy(simple(port), port=port) as proxy:
        old = proxy.pid
        proxy.signal(signal.SIGUSR2)
        wait_for(lambda: proxy.pid != old, what="a new number in the pid file")
        done = subprocess.run([f"{build}/dialtone", "run", proxy.path, "--", "--replace", "--admin", "off", "--pid-file",
                               proxy.pid_file], capture_output=True, text=True, timeout=90)
        suite.check(done.returncode == 0, done.stderr)
        wait_for(lambda: proxy.pids() == [proxy.pid], what="the end of the old ones")
        suite.check(ask(port)[1].status == 200, "it does not answer")
        proxy.stop()
        suite.check(not os.path.exists(proxy.pid_file) and not os.path.exists(proxy.admin), "files are left")


def test_sessions_outlive_replacements():
    """Tickets of TLS 1.2 and 1.3 open at the successors, and after certificates were read again; no file has their
    keys."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        config = (f"https://localhost:{port} {{\n\tbind 127.0.0.1\n"
                  f"\ttls {folder}/certificate.new {folder}/key.new\n\trespond hi\n}}\n")
        with Proxy(config, port=port) as proxy:
            sessions = {}
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.minimum_version = context.maximum_version = version
                sessions[version] = (context, *tls_session(port, context)[:1])
            suite.check(not tls_session(port, sessions[version][0])[1], "resumed without a ticket")
            for step in "replaced", "replaced again", "read again", "replaced after that":
                if step == "read again":
                    proxy.ask_admin("/reload", "POST")
                else:
                    suite.check(proxy.replace().returncode == 0, f"not {step}")
                for version, (context, session) in sessions.items():
                    fresh, resumed = tls_session(port, context, session)
                    suite.check(resumed, f"{step}: a session of {version.name} is not resumed")
                    sessions[version] = (context, fresh)
            wait_for(lambda: proxy.pids() == [proxy.pid], what="the end of the old processes")
            open_files = [os.readlink(f"/proc/{proxy.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{proxy.pid}/fd")]
            suite.check(not [name for name in open_files if "memfd" in name], f"memory files are left: {open_files}")


def tls_session(port, context, session=None):
    """What can be resumed after one request, and whether <session> was."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s, \
            context.wrap_socket(s, server_hostname="localhost", session=session) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while tls.recv(4096):
            pass
        return tls.session, tls.session_reused


def test_new_configuration():
    """The successor of `dialtone run` has read the Caddyfile again."""
    port, other = free_port(), free_port()
    with Proxy(simple(port, site="respond one"), port=port) as proxy:
        proxy.write(simple(port, site="respond two") + simple(other).split("}\n", 1)[1])
        suite.check(proxy.replace().returncode == 0, "not replaced")
        suite.check(ask(port)[1].body == b"two" and ask(other)[1].body == b"hi", "the old configuration")
        proxy.write(simple(other))
        suite.check(proxy.replace().returncode == 0, "not replaced")
        wait_for(lambda: not listens(port), what="the end of a listener")


def test_successor_that_fails():
    port = free_port()
    with Proxy(simple(port), port=port) as proxy:
        old = proxy.pid
        for bad in "this is no Caddyfile {", simple(port).replace("hi", "hi\" 200 {\n\n"), simple(port).replace(
                "respond \"hi\"", "tls /nowhere.pem /nowhere.key").replace("http://", "https://"):
            proxy.write(bad)
            done = proxy.replace()
            suite.check(done.returncode == 1 and "before it was ready" in done.stderr, f"{done}")
            suite.check(proxy.pid == old and ask(port)[1].status == 200, "the old one does not serve on")
        proxy.write(simple(port))
        suite.check(proxy.replace().returncode == 0 and proxy.pid != old, "not replaced afterwards")


def test_what_cannot_be_replaced():
    port = free_port()
    run = [f"{build}/dialtone", "run", "-", "--"]
    with tempfile.TemporaryDirectory() as folder:
        admin = f"{folder}/admin"
        proxy = subprocess.Popen([*run, "--admin", admin], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        proxy.stdin.write(simple(port).encode())
        proxy.stdin.close()
        wait_for(lambda: listens(port))
        for options, code, words in ([["--admin", admin], 1, "before it was ready"], [[], 2, "which one?"],
                                     [["--admin", f"{folder}/none"], 1, "No such file"],
                                     [["--pid-file", f"{folder}/none"], 1, "no process"]):
            done = subprocess.run([*run, "--replace", *options], input=simple(port), capture_output=True, text=True)
            suite.check(done.returncode == code and words in done.stderr, f"{options}: {done}")
        suite.check(ask(port)[1].status == 200, "it does not serve on")
        proxy.terminate()
        suite.check(proxy.wait(30) == 0, "exit status")


def test_number_of_workers_may_change():
    """Sockets of more workers than there are now, and of fewer, all find somebody who accepts."""
    port = free_port()
    with Proxy(simple(port), port=port, workers=5) as proxy:
        for workers in 2, 7, 1:
            proxy.options[1] = str(workers)
            # the arguments are those of the first process: a program in its place may bring others
            suite.check(proxy.replace().returncode == 0, "not replaced")
        statuses = [ask(port)[1].status for _ in range(200)]
        suite.check(statuses == [200] * 200, f"{statuses}")


def test_abstract_socket_and_idle_connections():
    name = f"dialtone-test-{os.getpid()}"
    port = free_port()
    config = simple(port) + f"http://localhost:80 {{\n\tbind unix/@{name}\n\trespond abstract\n}}\n"
    with Proxy(config, port=port) as proxy:
        idle = connect(port)
        idle.sendall(request_bytes("x", "y", extra=""))
        suite.check(b"Connection: close" not in read_all(idle, whole=True), "the first answer ends it")
        suite.check(proxy.replace().returncode == 0, "not replaced")
        idle.sendall(request_bytes("x", "y", extra=""))
        last = read_all(idle)
        suite.check(last.startswith(b"HTTP/1.1 200") and b"Connection: close" in last, f"{last}")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("\0" + name)
            s.sendall(request_bytes("x", "y"))
            suite.check(read_all(s).endswith(b"abstract"), "nobody at the abstract socket")


def test_http2_across_a_replacement():
    """A stream that runs is answered, GOAWAY says which streams were taken, and the connection ends."""
    origin, port = Origin(), free_port()
    config = simple(port, "\tservers {\n\t\tprotocols h1 h2c h2\n\t}", f"reverse_proxy 127.0.0.1:{origin.port}")

    def frame(kind, flags, stream, payload=b""):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    with Proxy(config, port=port) as proxy, connect(port) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) +
                           frame(1, 5, 1, b"\x82\x86\x41\x01a\x04\x07/held/x"))
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 1)
        suite.check(proxy.replace().returncode == 0, "not replaced")
        origin.gate.set()
        raw, frames = b"", []
        with contextlib.suppress(OSError):
            while True:
                more = connection.recv(65536)
                if not more:
                    break
                raw += more
                while len(raw) >= 9 and len(raw) >= 9 + int.from_bytes(raw[:3], "big"):
                    length = int.from_bytes(raw[:3], "big")
                    frames.append((raw[3], raw[4], int.from_bytes(raw[5:9], "big"), raw[9:9 + length]))
                    if raw[3] == 6 and not raw[4] & 1:
                        connection.sendall(frame(6, 1, 0, raw[9:9 + length]))
                    raw = raw[9 + length:]
        suite.check(b"".join(payload for kind, _, stream, payload in frames if kind == 0 and stream == 1) == b"x", f"{frames}")
        suite.check([payload[:4] for kind, _, _, payload in frames if kind == 7][-1:] == [b"\0\0\0\x01"], f"{frames}")


# ---- The end.

def test_second_signal_ends_at_once():
    origin, port = Origin(), free_port()
    for first, second in (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGQUIT):
        with Proxy(simple(port, site=f"reverse_proxy 127.0.0.1:{origin.port}"), port=port) as proxy:
            busy = connect(port)
            busy.sendall(request_bytes("stall", new_nonce()))
            wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 1)
            proxy.signal(first)
            wait_for(lambda: not listens(port))
            time.sleep(0.3)
            suite.check(is_alive(proxy.process.pid), "it did not wait for the request")
            proxy.signal(second)
            suite.check(proxy.process.wait(30) == 0, "exit status")


def test_grace_period_and_delay():
    origin, port = Origin(), free_port()
    with Proxy(simple(port, "\tgrace_period 1s\n\tshutdown_delay 3s", f"reverse_proxy 127.0.0.1:{origin.port}"),
               port=port) as proxy:
        busy = connect(port)
        busy.sendall(request_bytes("stall", new_nonce()))
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_requests"] == 1)
        started = time.time()
        suite.check(proxy.ask_admin("/stop", "POST")[0] == 200, "/stop")
        time.sleep(0.3)
        suite.check(proxy.ask_admin("/health") [0] == 503, "health while the end is near")
        suite.check(ask(port)[1].status == 200, "no answers in the delay")
        suite.check(proxy.process.wait(30) == 0, "exit status")
        took = time.time() - started
        suite.check(3.9 < took < 15, f"it took {took:.1f} s")


# ---- The admin endpoint.

def test_admin():
    origin, port = Origin(), free_port()
    with Proxy(simple(port, site=f"reverse_proxy 127.0.0.1:{origin.port} 127.0.0.1:{origin.port}"), port=port) as proxy:
        for _ in range(3):
            ask(port)
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_connections"] == 0)
        status, counters = proxy.ask_admin("/counters")
        suite.check(counters["requests"] == 3 and counters["answers"]["2xx"] == 3 and counters["open_requests"] == 0 and
                    sum(each["requests"] for each in counters["workers"]) == 3, f"{counters}")
        status, health = proxy.ask_admin("/health")
        suite.check(status == 200 and health["status"] == "serving" and health["pid"] == proxy.pid, f"{health}")
        status, config = proxy.ask_admin("/config")
        suite.check(config["source"] == proxy.path and len(config["sha256"]) == 64 and
                    config["listeners"] == [f"127.0.0.1:{port}"], f"{config}")
        for path in "/upstreams", "/reverse_proxy/upstreams":
            status, upstreams = proxy.ask_admin(path)
            suite.check(upstreams == [{"address": f"127.0.0.1:{origin.port}", "num_requests": 0, "fails": 0}], f"{upstreams}")
        suite.check(proxy.ask_admin("/stop")[0] == 405 and proxy.ask_admin("/x")[0] == 404, "what is not there")
        suite.check(os.stat(proxy.admin).st_mode & 0o777 == 0o600, "who may ask")
        suite.check(proxy.ask_admin("/reload", "POST")[0] == 200, "/reload")


def can_be_reached(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


def test_admin_of_the_configuration():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = simple(port).replace("admin off", f"admin unix/{folder}/mine|0660")
        with Proxy(config, port=port) as proxy:
            suite.check(os.path.exists(proxy.admin) and not os.path.exists(f"{folder}/mine"), "--admin comes first")
        run = subprocess.Popen([f"{build}/dialtone", "run", "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        run.stdin.write(config.encode())
        run.stdin.close()
        wait_for(lambda: can_be_reached(f"{folder}/mine"))
        suite.check(os.stat(f"{folder}/mine").st_mode & 0o777 == 0o660, "permissions")
        run.terminate()
        run.wait(30)


# ---- A service manager.

class Manager:
    """What systemd does for a service, as far as the service sees it."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = f"{folder}/notify"
        self.socket.bind(self.path)
        self.socket.settimeout(30)

    def expect(self, *words):
        """The next message that has all these lines."""
        end = time.time() + 30
        while time.time() < end:
            lines = self.socket.recv(4096).decode().split("\n")
            if all(any(re.fullmatch(word, line) for line in lines) for word in words):
                return lines
        raise AssertionError(f"no message with {words}")


def test_notifications():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(folder)
        env = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"}
        with Proxy(simple(port), port=port, env=env) as proxy:
            manager.expect("READY=1", "STATUS=.*")
            manager.expect("WATCHDOG=1")
            manager.expect("WATCHDOG=1")
            proxy.signal(signal.SIGHUP)
            manager.expect("RELOADING=1", r"MONOTONIC_USEC=\d+")
            manager.expect("READY=1")
            first = proxy.pid
            proxy.replace()
            manager.expect("RELOADING=1", r"MONOTONIC_USEC=\d+")
            manager.expect(f"MAINPID={proxy.pid}", "READY=1")
            wait_for(lambda: not is_alive(first))
            manager.expect("WATCHDOG=1")  # the successor's
            proxy.write("{")
            proxy.replace()
            manager.expect("RELOADING=1", r"MONOTONIC_USEC=\d+")
            manager.expect("READY=1", "STATUS=.*failed")
            os.kill(proxy.pid, signal.SIGTERM)
            manager.expect("STOPPING=1", "STATUS=.*")


def test_socket_activation():
    """Sockets that were opened by somebody else are used by address; those of nobody are named."""
    port, extra = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        sockets = []
        for address in ("127.0.0.1", port), ("127.0.0.1", extra), f"{folder}/site.sock":
            s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
            s.bind(address)
            s.listen(16)
            sockets.append(s)
        config = simple(port) + f"http://localhost:80 {{\n\tbind unix/{folder}/site.sock\n\trespond unix\n}}\n"
        script = ("import os, sys\nfds = list(map(int, sys.argv[1].split(',')))\n"
                  "high = [os.dup(fd) for fd in fds]\nhigh = [fd if fd > 20 else __import__('fcntl').fcntl(fd, 0, 20) for fd in high]\n"
                  "for i, fd in enumerate(high): os.dup2(fd, 3 + i, True)\n"
                  "os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='web:spare:local')\n"
                  "os.execv(sys.argv[2], sys.argv[2:])")
        prefix = [sys.executable, "-c", script, ",".join(str(s.fileno()) for s in sockets)]
        with Proxy(config, prefix=prefix, pass_fds=[s.fileno() for s in sockets]) as proxy:
            inode = os.stat(f"{folder}/site.sock").st_ino
            suite.check(ask(port)[1].body == b"hi", "no answer at the port")
            wait_for(lambda: "'spare'" in proxy.log(), what="the name of the socket of nobody")
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(f"{folder}/site.sock")
                s.sendall(request_bytes("x", "y"))
                suite.check(read_all(s).endswith(b"unix"), "no answer at the unix socket")
            proxy.replace()
            suite.check(ask(port)[1].body == b"hi", "no answer after a replacement")
            proxy.stop()
            suite.check(os.stat(f"{folder}/site.sock").st_ino == inode, "the manager's socket was removed")


def test_socket_activation_by_systemd():
    """By systemd's own tool, which starts the service with the first connection."""
    if not shutil.which("systemd-socket-activate"):
        print("    systemd-socket-activate is not there")
        return
    port = free_port()
    prefix = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--setenv=XDG_DATA_HOME"]
    with Proxy(simple(port), prefix=prefix) as proxy:
        wait_for(lambda: listens(port))
        suite.check(ask(port)[1].body == b"hi", "no answer")
        # the address was taken by the tool, without SO_REUSEPORT: nobody else could be bound to it
        suite.check("is in use" not in proxy.log() and "nothing of the configuration" not in proxy.log(), proxy.log())
        suite.check(proxy.replace().returncode == 0 and ask(port)[1].body == b"hi", "no answer after a replacement")


# ---- Fewer privileges.

def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)


def test_user():
    if os.geteuid() != 0:
        print("    not root: --user is not tried")
        return
    nobody = pwd.getpwnam("nobody")
    port, tls = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        make_certificate(folder)
        for name in "key", "certificate":
            os.chmod(f"{folder}/{name}.new", 0o600)  # root's alone
        config = (simple(port, site=f"log {{\n\t\toutput file {folder}/logs/access.log\n\t}}\n\trespond hi") +
                  f"https://localhost:{tls} {{\n\tbind 127.0.0.1\n\ttls {folder}/certificate.new {folder}/key.new\n\trespond hi\n}}\n"
                  f"https://inside.localhost:{tls} {{\n\tbind 127.0.0.1\n\ttls internal\n\trespond hi\n}}\n")
        with Proxy(config, "--user", "nobody", "--data-dir", f"{folder}/data", port=port) as proxy:
            os.chmod(proxy.folder, 0o755)
            os.chmod(proxy.path, 0o644)
            suite.check(ask(port)[1].status == 200, "no answer")
            for task in os.listdir(f"/proc/{proxy.pid}/task"):
                status = status_of(f"{proxy.pid}/task/{task}")
                suite.check(status["Uid"].split() == [str(nobody.pw_uid)] * 4 and
                            status["Gid"].split() == [str(nobody.pw_gid)] * 4 and
                            set(status["Groups"].split()) <= {str(nobody.pw_gid)}, f"{status['Uid']} {status['Groups']}")
                rights = {name: status[name] for name in ("NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapAmb")}
                suite.check([int(each, 16) for each in rights.values()] == [1, 0, 0, 0, 0], f"{status['Name']}: {rights}")
            for path in f"{folder}/logs/access.log", f"{folder}/data", proxy.admin, proxy.pid_file:
                suite.check(os.stat(path).st_uid == nobody.pw_uid, f"{path} is not the user's")
            for path, _, files in os.walk(f"{folder}/data"):
                for name in files:
                    suite.check(os.stat(f"{path}/{name}").st_uid == nobody.pw_uid, f"{name} is not the user's")
            done = proxy.replace()
            suite.check(done.returncode == 1, "a successor that cannot read the key")
            os.chown(f"{folder}/key.new", nobody.pw_uid, -1)
            os.chown(f"{folder}/certificate.new", nobody.pw_uid, -1)
            done = proxy.replace()
            suite.check(done.returncode == 0 and ask(port)[1].status == 200, f"{done.stderr} {proxy.log()[-500:]}")
            proxy.stop()


def test_users_that_cannot_be():
    port = free_port()
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(simple(port))
        f.flush()
        os.chmod(f.name, 0o644)
        run = [f"{build}/dialtone", "run", f.name, "--", "--user"]
        cases = [("no-such-user-here", "no such user"), ("nobody:no-such-group", "no such group"), ("root", "gives up nothing"),
                 (":x", "NAME or NAME:GROUP"), ("4242", "no such user")]
        for user, words in cases if os.geteuid() == 0 else cases[:2]:
            done = subprocess.run([*run, user], capture_output=True, text=True, timeout=60)
            suite.check(done.returncode == 1 and words in done.stderr, f"{user}: {done}")
        if os.geteuid() == 0:
            done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", *run, "daemon"], capture_output=True,
                                  text=True, timeout=60)
            suite.check(done.returncode == 1 and "only root" in done.stderr, f"{done}")


# ---- Limits.

def test_connections_beyond_the_limit_wait():
    port = free_port()
    with Proxy(simple(port), "--max-connections", "20", port=port) as proxy:
        held = [connect(port) for _ in range(20)]
        wait_for(lambda: proxy.ask_admin("/counters")[1]["open_connections"] == 20)
        late = connect(port)
        late.sendall(request_bytes("x", "y"))
        time.sleep(0.4)
        late.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            suite.check(not late.recv(1), "it was answered")
        before = time.process_time(), sum(map(int, open(f"/proc/{proxy.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
        time.sleep(0.5)
        after = sum(map(int, open(f"/proc/{proxy.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
        suite.check(after - before[1] < 10, f"{after - before[1]} ticks of processor time for waiting")
        late.settimeout(30)
        held.pop().close()
        held.pop().close()
        suite.check(read_all(late).startswith(b"HTTP/1.1 200"), "no answer when there was room")
        for each in held:
            each.close()
        suite.check(proxy.ask_admin("/counters")[1]["max_connections"] == 20, "the limit is not told")


def test_descriptors_run_out():
    origin, port = Origin(), free_port()
    with Proxy(simple(port, site=f"reverse_proxy 127.0.0.1:{origin.port}"), "--max-connections", "1000", port=port,
               prefix=["prlimit", "--nofile=90:90"], workers=1) as proxy:
        base = proxy.descriptors()
        held = [connect(port) for _ in range(150)]
        wait_for(lambda: proxy.descriptors() >= 85, what="the end of all descriptors")
        ticks = sum(map(int, open(f"/proc/{proxy.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
        time.sleep(1)
        used = sum(map(int, open(f"/proc/{proxy.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) - ticks
        suite.check(used < 20, f"{used} ticks of processor time in a second")
        held[0].sendall(request_bytes("fine", "a"))  # no descriptor for its upstream: refused, not forgotten
        suite.check(read_all(held[0]).startswith(b"HTTP/1.1 5"), "no answer")
        for each in held:
            each.close()
        wait_for(lambda: ask(port)[1].status == 200, what="an answer after the flood")
        wait_for(lambda: proxy.descriptors() <= base + 3, what="descriptors as before")


suite.run(globals())
sys.exit(suite.end())
