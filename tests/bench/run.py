#!/usr/bin/env python3
"""CPU time of a proxy per request, side by side with its peers, in one run.

Each proxy stands before the same origin (nginx, `return 200`); wrk with 64 keep-alive connections is
pinned to one core, proxy and origin to the other.  CPU time is what the kernel's scheduler accounted
to the proxy's threads (schedstat), divided by the requests wrk counted.  Rounds are interleaved; the
table shows medians and the ratio to nginx.  One worker each, and 128 idle upstream connections each
(Caddy's default, and so dialtone's, is 32).

    run.py BUILD [--rounds N] [--seconds N] [--only NAME,…]
"""
import argparse, os, re, shutil, signal, socket, statistics, subprocess, tempfile, time

ORIGIN, BASE = 18800, 18810
BODIES = {"small": 70, "16k": 16384, "1m": 1 << 20}


def cpu_ns(pids):
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
    return total


def tree(pid):
    """The process and its children (nginx's worker)."""
    pids = [pid]
    for other in os.listdir("/proc"):
        if other.isdigit():
            try:
                with open(f"/proc/{other}/stat") as f:
                    if int(f.read().rpartition(")")[2].split()[1]) == pid:
                        pids += tree(int(other))
            except OSError:
                pass  # it ended meanwhile
    return pids


def wait_port(port, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"bench: nothing listens on port {port}")


class Peer:
    def __init__(self, name, port, argv, env=None, cwd=None):
        self.name, self.port = name, port
        self.log = open(os.path.join(cwd, name + ".log"), "wb")
        self.process = subprocess.Popen(["taskset", "-c", "1", *argv], stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(env or {})}, cwd=cwd)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


def nginx_conf(folder, name, servers):
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    temp = "".join(f"{kind}_temp_path {folder}/{name}/{kind};" for kind in
                   ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return write(f"{folder}/{name}.conf", f"""daemon off; worker_processes 1; pid {folder}/{name}/pid;
error_log {folder}/{name}/error.log; events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; {temp} {servers} }}""")


def start_peers(peers, build, folder, wanted):
    """Appends to <peers> as they start, the origin first, so that all can be stopped whatever happens."""
    for name, size in BODIES.items():
        write(f"{folder}/{name}", "x" * size)
    small = "x" * BODIES["small"]
    origin = nginx_conf(folder, "origin", f"""server {{ listen 127.0.0.1:{ORIGIN} backlog=4096; root {folder};
        location = /small {{ return 200 "{small}"; }} }}""")
    peers.append(Peer("origin", ORIGIN, ["nginx", "-e", f"{folder}/origin.err", "-c", origin], cwd=folder))

    def dialtone(port):
        site = write(f"{folder}/dialtone.caddyfile", f"""{{
	auto_https off
}}
http://127.0.0.1:{port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{ORIGIN} {{
		transport http {{
			keepalive_idle_conns_per_host 128
		}}
	}}
}}
""")
        binary = f"{folder}/dialtone-proxy"
        subprocess.run([f"{build}/dialtone", "build", site, "-o", binary], check=True)
        return [binary, "--workers", "1"]

    def nginx(port):
        return ["nginx", "-e", f"{folder}/nginx.err", "-c", nginx_conf(folder, "nginx", f"""upstream o {{ server 127.0.0.1:{ORIGIN};
            keepalive 128; keepalive_requests 1000000000; }} server {{ listen 127.0.0.1:{port} backlog=4096;
            location / {{ proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host; }} }}""")]

    def haproxy(port):
        return ["haproxy", "-db", "-f", write(f"{folder}/haproxy.cfg", f"""global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    option forwardfor
    http-reuse always
frontend f
    bind 127.0.0.1:{port}
    default_backend b
backend b
    server o 127.0.0.1:{ORIGIN}
""")]

    def caddy(port):
        site = write(f"{folder}/caddy.caddyfile", f"""{{
	admin off
	auto_https off
}}
http://127.0.0.1:{port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{ORIGIN} {{
		transport http {{
			keepalive_idle_conns_per_host 128
		}}
	}}
}}
""")
        return [os.environ.get("CADDY") or shutil.which("caddy"), "run", "--adapter", "caddyfile", "--config", site]

    starters = {"dialtone": dialtone, "nginx": nginx, "haproxy": haproxy, "caddy": caddy}
    for i, (name, starter) in enumerate(starters.items()):
        if wanted and name not in wanted:
            continue
        if name == "caddy" and not (os.environ.get("CADDY") or shutil.which("caddy")):
            print("caddy: left out (no binary; set CADDY=)")
            continue
        if name in ("nginx", "haproxy") and not shutil.which(name):
            print(f"{name}: left out (not installed)")
            continue
        argv = starter(BASE + i)
        peers.append(Peer(name, BASE + i, argv, {"GOMAXPROCS": "1", "XDG_DATA_HOME": folder, "HOME": folder}, folder))
    for peer in peers:
        wait_port(peer.port)
        if peer.process.poll() is not None:
            raise SystemExit(f"bench: {peer.name} ended; is port {peer.port} taken?")


def measure(peer, path, connections, seconds):
    pids = tree(peer.process.pid)
    before = cpu_ns(pids)
    out = subprocess.run(["taskset", "-c", "0", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                          f"http://127.0.0.1:{peer.port}/{path}"], capture_output=True, text=True).stdout
    used = cpu_ns(pids) - before
    count = int(re.search(r"(\d+) requests in", out).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    if bad or errors:
        print(f"{peer.name}: {bad.group(0) if bad else ''} {errors.group(0) if errors else ''}")
    return used / 1000 / max(count, 1)


def syscalls_per_request(peer, path):
    """strace -c over a short run of its own, never together with the timing."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile() as out:
        traced = [arg for pid in tree(peer.process.pid) for arg in ("-p", str(pid))]
        trace = subprocess.Popen(["strace", "-f", "-c", "-o", out.name, *traced], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        wrk = subprocess.run(["wrk", "-t1", "-c16", "-d2s", f"http://127.0.0.1:{peer.port}/{path}"],
                             capture_output=True, text=True).stdout
        trace.send_signal(signal.SIGINT)
        trace.wait(10)
        text = out.read().decode()
    total = re.search(r"^100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s+(?:\d+\s+)?total", text, re.M)
    waits = sum(int(m.group(1)) for m in re.finditer(r"(\d+)\s+(?:\d+\s+)?epoll_p?wait\d?$", text, re.M))
    count = int(re.search(r"(\d+) requests in", wrk).group(1))
    if not total or not count:
        return None
    return (int(total.group(1)) - waits) / count, waits / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not shutil.which("wrk") or not shutil.which("nginx"):
        raise SystemExit("bench: needs wrk and nginx")
    workloads = [("small, 64 connections", "small", 64), ("16 KiB, 32 connections", "16k", 32),
                 ("1 MiB, 8 connections", "1m", 8)]
    folder = tempfile.mkdtemp(prefix="dialtone-bench-")
    os.chmod(folder, 0o755)
    peers = []
    try:
        start_peers(peers, os.path.abspath(options.build), folder, [n for n in options.only.split(",") if n])
        proxies = peers[1:]
        for title, path, connections in workloads:
            results = {peer.name: [] for peer in proxies}
            for peer in proxies:
                measure(peer, path, connections, 1)
            for _ in range(options.rounds):
                for peer in proxies:
                    results[peer.name].append(measure(peer, path, connections, options.seconds))
            medians = {name: statistics.median(values) for name, values in results.items()}
            print(f"\n{title}: CPU time per proxied request, median of {options.rounds}")
            for name, values in results.items():
                ratio = medians[name] / medians["nginx"] if "nginx" in medians else float("nan")
                print(f"  {name:10} {medians[name]:9.2f} us  ({min(values):.2f}..{max(values):.2f})  "
                      f"{ratio:5.2f} x nginx")
        print("\nsystem calls per small request (without epoll_wait, and epoll_wait)")
        for peer in proxies:
            counts = syscalls_per_request(peer, "small")
            if counts:
                print(f"  {peer.name:10} {counts[0]:.2f} + {counts[1]:.2f}")
    finally:
        for peer in peers:
            peer.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
