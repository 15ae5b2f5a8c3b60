#!/usr/bin/env python3
"""The wire cases in varnishtest's language: run.py BUILD [--caddy] [NAME…]

Every case is a process of varnishtest with a folder and ports of its own; README.md tells what it may use. With
--caddy the real Caddy ($CADDY) must pass them as well, but for those that say `# not Caddy: why`."""
import concurrent.futures, contextlib, glob, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 30  # seconds for one case
AT_ONCE = 8  # they sleep most of their time


# How connections of HTTP/2 begin: the proxy enlarges its window behind its settings. Upstreams are asked before they have
# said anything, so that stream 0 of those ends later (`stream 0 -wait`).
H2_CLIENT = """txpri
stream 0 {
	rxsettings
	rxwinup
	txsettings
	rxsettings
	expect settings.ack == true
	txsettings -ack
} -run"""
H2_SERVER = """rxpri
stream 0 {
	rxsettings
	rxwinup
	txsettings
	txsettings -ack
} -run
stream 0 {
	rxsettings
	expect settings.ack == true
} -start"""


@contextlib.contextmanager
def ports(n):
    """Ports that nobody else gets: they are bound here, too, for as long as the block lasts."""
    with contextlib.ExitStack() as sockets:
        numbers = []
        for _ in range(n):
            s = sockets.enter_context(socket.socket())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind(("127.0.0.1", 0))
            numbers.append(s.getsockname()[1])
        yield numbers


def end_what_is_left(folder):
    """A case that comes to no end leaves its proxy behind, which nobody else would end: all that was started there."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"TMPDIR={folder}".encode() in f.read().split(b"\0"):
                    os.kill(int(pid), signal.SIGKILL)


def run(program, path):
    """varnishtest's exit status for the case, its log, and how long it took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vtc-") as folder, ports(2) as (port, port2):
        macros = {"serve": f"exec {HERE}/serve.sh {program}", "port": port, "port2": port2,
                  "v1_sock": f"127.0.0.1:{port}", "python": sys.executable, "h2_client": H2_CLIENT, "h2_server": H2_SERVER}
        command = ["varnishtest", "-v", "-t", str(LIMIT)]
        for name, value in macros.items():
            command += ["-D", f"{name}={value}"]
        try:
            done = subprocess.run([*command, path], env={**os.environ, "TMPDIR": folder}, cwd=folder, timeout=LIMIT + 20,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired as error:
            return "none in time", (error.stdout or b"").decode("utf-8", "replace"), time.monotonic() - started
        finally:
            end_what_is_left(folder)
    return done.returncode, done.stdout.decode("utf-8", "replace"), time.monotonic() - started


def run_alone(job):
    """The same for a case that has failed among others: those with clocks do where the machine is busy. Twice."""
    for _ in range(2):
        result = run(*job)
        if result[0] == 0:
            break
    return result


def of_interest(log):
    """The last lines of a log, without those that say things twice."""
    lines = [line for line in log.splitlines() if not re.match(r"\*\*\*\* .*(http\[ *\d+\] |rxhdr\||rxhdrlen|macro def)", line)]
    return "\n".join(lines[-40:])


def main():
    build, only = os.path.abspath(sys.argv[1]), [word for word in sys.argv[2:] if word != "--caddy"]
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if not shutil.which("varnishtest"):
        print("varnishtest is not installed (Debian's package varnish)\n0 passed, 1 failed")
        return 1
    programs = [f"{build}/dialtone"] + ([os.environ["CADDY"]] if "--caddy" in sys.argv else [])
    paths = sorted(glob.glob(f"{HERE}/cases/*.vtc"))
    jobs, excused = [], 0
    for path in paths:
        with open(path) as f:
            has_reason = re.search(r"(?m)^# not Caddy: \S", f.read()) is not None
        if only and os.path.basename(path)[:-4] not in only:
            continue
        for program in programs:
            if has_reason and program != programs[0]:
                excused += 1
            else:
                jobs.append((program, path))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda job: run(*job), jobs))
    for job, (status, log, seconds) in zip(jobs, results):
        program, path = job
        what = f"{os.path.basename(path)[:-4]} by {os.path.basename(program)}"
        if status != 0:
            first = f"{what}: status {status}, {seconds:.1f} s\n{of_interest(log)}"
            status, log, seconds = run_alone(job)
            if status == 0:
                print(f"once only: {first}")
        if status != 0:
            failed += 1
            print(f"FAILED: {what}: status {status}, {seconds:.1f} s\n{of_interest(log)}")
        elif only:
            print(f"{what}: {seconds:.1f} s")
    if excused:
        print(f"vtc: {excused} cases are for dialtone alone, each says why")
    print(f"vtc: {len(jobs) - failed} passed, {failed} failed")
    return failed != 0 or not jobs


if __name__ == "__main__":
    sys.exit(main())
