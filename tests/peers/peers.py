"""What the suites with real counterparts share: other servers as processes, certificates, memory."""
import contextlib, os, re, shutil, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "wire"))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from harness import Suite, build, free_port, in_flight, rest_of, wait_port, wait_until  # noqa: E402

os.environ["PATH"] += ":/usr/sbin:/sbin"


def until(condition, seconds=30):
    """What <condition> gives, as soon as that is true."""
    return wait_until(condition, seconds)


@contextlib.contextmanager
def running(*command, port=None, path=None, env=None):
    """A server as a process, once it listens on <port> or at <path>; it ends with the block."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(env or {})})

        def listens():
            if process.poll() is not None:
                return True
            with socket.socket(socket.AF_INET if path is None else socket.AF_UNIX) as s:
                return (port or path) is None or s.connect_ex(path or ("127.0.0.1", port)) == 0
        try:
            if not until(listens) or process.poll() is not None:
                log.seek(0)
                raise RuntimeError(f"{command[0]} does not run: {log.read()[-2000:].decode('utf-8', 'replace')}")
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="dialtone-peers-")
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def write(path, text):
    with open(path, "w" if isinstance(text, str) else "wb") as f:
        f.write(text)
    return path


def certificate(where):
    """Files of a certificate for localhost and 127.0.0.1, and of its key."""
    cert, key = os.path.join(where, "cert.pem"), os.path.join(where, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    key, "-out", cert], check=True, capture_output=True)
    return cert, key


@contextlib.contextmanager
def nginx(where, http, port=None, path=None):
    """An nginx with this `http` block."""
    name = os.path.join(where, f"nginx-{port or 'unix'}")
    write(f"{name}.conf", f"daemon off; master_process off; pid {name}.pid; error_log {name}.err;\nevents {{ }}\nhttp {{\n"
          f"access_log off; client_body_temp_path {name}-t1; proxy_temp_path {name}-t2; fastcgi_temp_path {name}-t3;\n"
          f"uwsgi_temp_path {name}-t4; scgi_temp_path {name}-t5;\n{http}\n}}\n")
    with running("nginx", "-e", f"{name}.err", "-c", f"{name}.conf", port=port, path=path) as process:
        yield process


@contextlib.contextmanager
def haproxy(where, text, port):
    name = write(os.path.join(where, f"haproxy-{port}.cfg"),
                 "defaults\n  timeout connect 5s\n  timeout client 20s\n  timeout server 20s\n" + text)
    with running("haproxy", "-db", "-f", name, port=port) as process:
        yield process


def curl(*words, check=True, seconds=60, data=None):
    """What curl writes to its standard output."""
    run = subprocess.run(["curl", "-s", "--max-time", str(seconds), *[str(word) for word in words]],
                         capture_output=True, input=data)
    if check and run.returncode != 0:
        raise RuntimeError(f"curl {' '.join(map(str, words))}: {run.returncode} {run.stderr.decode()} {run.stdout[:200]}")
    return run.stdout


def rss(process):
    """Bytes of memory in use."""
    with open(f"/proc/{process.pid}/status") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) * 1024
