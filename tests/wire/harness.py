"""What the suites here share: a proxy that runs a Caddyfile, and counted tests."""
import contextlib, os, resource, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port, free_ports  # noqa: E402

sys.stdout.reconfigure(errors="backslashreplace")
signal.signal(signal.SIGTERM, signal.default_int_handler)  # when time is up, what was begun is undone
# many sockets at once, in every process that is started from here
resource.setrlimit(resource.RLIMIT_NOFILE, (min(16384, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
build = os.path.abspath(sys.argv[1])
only = sys.argv[2:]


def wait_until(what, seconds=20):
    """What <what> gives, as soon as that is true, or after so many seconds: far more than it takes, as the machine may be
    busy with other things."""
    until = time.monotonic() + seconds
    while True:
        got = what()
        if got or time.monotonic() > until:
            return got
        time.sleep(0.02)


def holds(what, is_right, times=5):
    """Whether it is so in one of a few tries: what comes too late may have waited for the machine, be it here or in the
    proxy; what waits for the wrong clock does so each time."""
    for _ in range(times):
        got = what()
        if is_right(*got) if isinstance(got, tuple) else is_right(got):
            return
    raise AssertionError(got)


def exactly(connection, n):
    """So many bytes, or what there is until the end: what is sent at once need not come at once."""
    data = b""
    while len(data) < n and (more := connection.recv(n - len(data))):
        data += more
    return data


def rest_of(connection):
    """All until the end."""
    data = b""
    while more := connection.recv(65536):
        data += more
    return data


def in_flight():
    """How many bytes the kernel may keep, at most, between one that sends over TCP and one that does not read: a receive
    buffer that grew in earlier transfers keeps its size."""
    def most(name):
        with open(f"/proc/sys/net/ipv4/{name}") as f:
            return int(f.read().split()[2])
    return most("tcp_rmem") + most("tcp_wmem")


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_port(port, process=None):
    """Until somebody listens there; <process> is who is to do it."""
    def is_over():
        return process is not None and process.poll() is not None
    wait_until(lambda: listens(port) or is_over(), 30)
    if is_over() or not listens(port):
        raise RuntimeError(f"nothing listens on {port}" + (f": status {process.returncode}" if is_over() else ""))


class Suite:
    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def check(self, is_fine, complaint):
        self.passed, self.failed = self.passed + bool(is_fine), self.failed + (not is_fine)
        if not is_fine:
            print("FAILED:", complaint)

    def run(self, names, **given):
        """Every test_ function of <names>, or those named on the command line; each gets what its
        parameters name of <given>."""
        for name, test in list(names.items()):
            if not name.startswith("test_") or (only and name not in only):
                continue
            started = time.time()
            try:
                test(*[given[each] for each in test.__code__.co_varnames[:test.__code__.co_argcount]])
                self.passed += 1
            except (Exception, SystemExit) as error:  # a failing test must not stop the others
                line = error.__traceback__
                while line.tb_next:
                    line = line.tb_next
                self.check(False, f"{name} after {time.time() - started:.1f} s: {type(error).__name__} "
                                  f"in line {line.tb_lineno}: {str(error)[:600]}")

    @contextlib.contextmanager
    def proxy(self, config, port, *options):
        """The process that serves <config>, once it listens on <port> and all others, and a function that gives its
        log so far, as bytes. It is gone at the end; where tests failed, the log's end is shown."""
        with tempfile.TemporaryDirectory() as folder:
            path, log_path = os.path.join(folder, "Caddyfile"), os.path.join(folder, "log")
            with open(path, "w") as f:
                f.write(config)

            def logged():
                with open(log_path, "rb") as f:
                    return f.read()

            with open(log_path, "wb") as log:
                proxy = subprocess.Popen([f"{build}/dialtone", "run", path, *(["--", *options] if options else [])],
                                         stdout=log, stderr=log, env={**os.environ, "XDG_DATA_HOME": folder})
            try:
                try:
                    wait_port(port, proxy)
                    # the port that is looked at may be the first of several
                    wait_until(lambda: b'"msg":"serving"' in logged() or proxy.poll() is not None)
                except RuntimeError:
                    self.failed += 1
                    raise
                yield proxy, logged
            finally:
                if proxy.poll() is None:
                    proxy.kill()
                    proxy.wait()
                if self.failed:
                    print("\n".join(line for line in logged().decode("utf-8", "replace").splitlines()
                                    if "handled request" not in line)[-3000:])

    def ends(self, proxy):
        """Waits for a proxy that was asked to end, and counts how it does."""
        try:
            code = proxy.wait(30)
        except subprocess.TimeoutExpired:
            code = "none: it goes on"
        self.check(code == 0, f"exit status {code}")

    def end(self):
        print(f"{self.name}: {self.passed} passed, {self.failed} failed")
        return self.failed != 0
