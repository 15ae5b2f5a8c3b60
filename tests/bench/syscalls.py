#!/usr/bin/env python3
"""Counts system calls per warm proxied request, with and without an access log and metrics: a dialtone proxy
before a dialtone responder."""
import os, re, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_ports  # noqa: E402

build = os.path.abspath(sys.argv[1])
ORIGIN, PLAIN, LOGGED = free_ports(3)
folder = tempfile.mkdtemp(prefix="dialtone-syscalls-")
processes = []


def start(name, text, port):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write("{\n\tauto_https off\n" + (text.removeprefix("{\n") if text.startswith("{\n") else "}\n" + text))
    process = subprocess.Popen([f"{build}/dialtone", "run", path, "--", "--workers", "1"],
                               env={**os.environ, "XDG_DATA_HOME": folder}, stderr=subprocess.DEVNULL)
    processes.append(process)
    for _ in range(600):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise SystemExit(f"{name} did not start")


def measure(name, port, options, site):
    """Whether a warm request costs no more than its four system calls, and what is counted or logged no more."""
    proxy = start(name, f"{options}http://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\treverse_proxy 127.0.0.1:{ORIGIN}\n{site}}}\n",
                  port)
    load = ["wrk", "-t1", "-c16", "-d1s", f"http://127.0.0.1:{port}/"]
    subprocess.run(load, stdout=subprocess.DEVNULL)
    summary = os.path.join(folder, "summary")
    trace = subprocess.Popen(["strace", "-f", "-c", "-o", summary, "-p", str(proxy.pid)], stderr=subprocess.DEVNULL)
    for _ in range(600):
        with open(f"/proc/{proxy.pid}/status") as f:
            if re.search(r"TracerPid:\s+[1-9]", f.read()):
                break
        time.sleep(0.05)
    load[3] = "-d3s"
    out = subprocess.run(load, capture_output=True, text=True).stdout
    trace.send_signal(signal.SIGINT)
    trace.wait(60)
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    with open(summary) as f:
        rows = {m.group(2): int(m.group(1)) for m in
                re.finditer(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", f.read(), re.M)}
    rows.pop("total", None)
    waits = sum(n for call, n in rows.items() if call.startswith("epoll_") and "wait" in call)
    calls = (sum(rows.values()) - waits) / requests
    print(f"{name}: {requests} requests, {calls:.3f} system calls each, {waits / requests:.3f} epoll waits each: {rows}")
    bad = "Non-2xx" in out or "Socket errors" in out or requests < 100
    return not bad and calls <= 4.1


try:
    start("origin", f"http://127.0.0.1:{ORIGIN} {{\n\tbind 127.0.0.1\n\trespond hello\n}}\n", ORIGIN)
    passed = [measure("proxy", PLAIN, "", ""),
              measure("logged", LOGGED, "{\n\tmetrics\n}\n", f"\tlog {{\n\t\toutput file {folder}/access.log\n\t}}\n")]
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    status = 0 if all(passed) else 1
finally:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    subprocess.run(["rm", "-rf", folder])
sys.exit(status)
