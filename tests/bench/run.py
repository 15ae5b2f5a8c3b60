#!/usr/bin/env python3
"""CPU time of a proxy per request, side by side with its peers, in one run.

Each proxy stands before the same origin (nginx, `return 200` and files); the client is pinned to one
core, proxy and origin to the other.  CPU time is what the kernel's scheduler accounted to the
proxy's threads (schedstat), divided by the requests that the client counted.  Rounds are interleaved;
the tables show medians and ratios of them, and where a bar is set, whether it holds.  One worker each,
and 128 idle upstream connections each (Caddy's default, and so dialtone's, is 32).  Beside the peers
stands the floor: a loop that only passes bytes on as they come (floor.c), what the kernel alone takes.  Where
answers are long, dialtone can be below it: it has the kernel wait until much has come.

    run.py BUILD [--rounds N] [--seconds N] [--peers NAME,…] [--only WORKLOAD,…]
"""
import argparse, os, re, resource, shutil, signal, socket, ssl, statistics, subprocess, tempfile, time

FIRST_PORT = 18800
# what a peer listens for, by offset from its first port
PLAIN, UNIX, TLS, TO_TLS, FILES = range(5)
ROLES = 5
BODIES = {"small": 70, "4k": 4096, "16k": 16384, "1m": 1 << 20}
ORIGIN, ORIGIN_TLS = FIRST_PORT, FIRST_PORT + 1

# name, title, role, path, connections, client, {peer: at most}; what every peer runs
WORKLOADS = [
    ("small", "HTTP/1.1 keep-alive, 70 bytes, 64 connections", PLAIN, "small", 64, "wrk",
     {"nginx": 0.84, "haproxy": 0.80, "caddy": 0.16}),
    ("16k", "HTTP/1.1, 16 KiB, 32 connections", PLAIN, "16k", 32, "wrk", {"nginx": 0.70, "haproxy": 0.75}),
    ("1m", "HTTP/1.1, 1 MiB, 8 connections", PLAIN, "1m", 8, "wrk", {"nginx": 0.50, "haproxy": 0.75}),
    ("unix", "upstream over a unix socket", UNIX, "small", 64, "wrk", {"nginx": 0.80}),
    ("close", "one connection per request", PLAIN, "small", 16, "wrk-close", {"nginx": 0.95}),
    ("tls", "TLS in front, keep-alive", TLS, "small", 64, "wrk-tls", {"nginx": 0.85}),
    ("handshake", "TLS in front, full handshake per request (P-256)", TLS, "small", 16, "wrk-tls-close",
     {"nginx": 0.95}),
    ("to-tls", "TLS to the upstream", TO_TLS, "small", 64, "wrk", {"nginx": 0.90}),
    ("h2", "HTTP/2 over TLS in front, 8 connections x 16 streams", TLS, "small", 8, "h2load",
     {"h2o": 1.0, "haproxy": 1.0, "nginx": 0.70}),
    ("files-4k", "files of 4 KiB", FILES, "4k", 64, "wrk", {"nginx": 1.0}),
    ("files-1m", "files of 1 MiB", FILES, "1m", 8, "wrk", {"nginx": 1.0}),
]
# two configurations of dialtone's own beside each other: name, title, variant, at most
VARIANTS = [
    ("routes", "1,000 hosts x 20 path routes, beside one route", "routes", 1.05),
    ("log", "with the JSON access log, beside none", "log", 1.08),
]
# what stands between, for those that may miss their bars
REASONS = {
    "log: with / without": "some 25 fields of 90 instructions, the file system's part, below, and as much "
                           "again that lines push out of the caches",
    "idle TLS: dialtone, KB": "what OpenSSL keeps of a connection, below; no call of it gives that back",
}
IDLE = 5000
IDLE_BARS = {PLAIN: 0.5, TLS: 12.0}  # KB for each connection
SIZE_BARS = {"beside shared libraries": 3e6, "static": 12e6}


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


def resident_kb(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as f:
            total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return total


class Peer:
    def __init__(self, name, port, argv, folder, cores="1"):
        self.name, self.port = name, port
        self.log = open(os.path.join(folder, name + ".log"), "wb")
        self.process = subprocess.Popen(["taskset", "-c", cores, *argv], stdout=self.log, stderr=self.log, cwd=folder,
                                        env={**os.environ, "GOMAXPROCS": "1", "XDG_DATA_HOME": folder, "HOME": folder})

    def wait(self):
        end = time.time() + 20
        while self.process.poll() is None and time.time() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        with open(self.log.name) as f:
            raise SystemExit(f"bench: {self.name} does not listen on port {self.port}: {f.read()[-500:]}")

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


class Bench:
    def __init__(self, options):
        self.build = os.path.abspath(options.build)
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="dialtone-bench-")
        os.chmod(self.folder, 0o755)
        self.running = []
        self.next_port = FIRST_PORT + 10
        self.missed = []
        for name, size in BODIES.items():
            write(f"{self.folder}/{name}", "x" * size)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{self.folder}/key.pem", "-out", f"{self.folder}/cert.pem", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                       check=True, capture_output=True)
        with open(f"{self.folder}/both.pem", "w") as both:
            for name in ("cert", "key"):
                with open(f"{self.folder}/{name}.pem") as f:
                    both.write(f.read())

    def end(self):
        for peer in self.running:
            peer.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, argv_of, roles=ROLES, cores="1"):
        """A peer whose command line <argv_of> makes of its first port; None where it is not installed."""
        port, self.next_port = self.next_port, self.next_port + roles
        argv = argv_of(port)
        if not argv:
            print(f"{name}: left out (not installed)")
            return None
        peer = Peer(name, port, argv, self.folder, cores)
        self.running.append(peer)
        peer.wait()
        return peer

    def stop(self, peer):
        self.running.remove(peer)
        peer.stop()

    # ---- configurations

    def nginx_conf(self, name, servers):
        folder = self.folder
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        temp = "".join(f"{kind}_temp_path {folder}/{name}/{kind};" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = write(f"{folder}/{name}.conf", f"""daemon off; worker_processes 1; worker_rlimit_nofile 30000;
pid {folder}/{name}/pid; error_log {folder}/{name}/error.log; events {{ worker_connections 12000; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 600; sendfile on; tcp_nopush on;
ssl_session_cache shared:s:4m; ssl_protocols TLSv1.2 TLSv1.3; {temp} {servers} }}""")
        return ["nginx", "-e", f"{folder}/{name}.err", "-c", path]

    def start_origin(self):
        folder, small = self.folder, "x" * BODIES["small"]
        place = f"""root {folder}; location = /small {{ return 200 "{small}"; }}"""
        self.running.append(Peer("origin", ORIGIN, self.nginx_conf("origin", f"""
server {{ listen 127.0.0.1:{ORIGIN} backlog=4096; listen unix:{folder}/origin.sock backlog=4096; {place} }}
server {{ listen 127.0.0.1:{ORIGIN_TLS} ssl backlog=4096; ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem; {place} }}"""), folder))
        self.running[-1].wait()

    def caddyfile(self, name, port, options=""):
        folder, pool = self.folder, "\t\t\tkeepalive_idle_conns_per_host 128\n"

        def site(address, upstream, transport="", body=""):
            return (f"{address} {{\n\tbind 127.0.0.1\n{body}\treverse_proxy {upstream} {{\n\t\ttransport http {{\n"
                    f"{pool}{transport}\t\t}}\n\t}}\n}}\n")

        return write(f"{folder}/{name}.caddyfile", f"{{\n\tadmin off\n\tauto_https off\n{options}}}\n"
                     + site(f"http://127.0.0.1:{port + PLAIN}", f"127.0.0.1:{ORIGIN}")
                     + site(f"http://127.0.0.1:{port + UNIX}", f"unix/{folder}/origin.sock")
                     + site(f"https://localhost:{port + TLS}, https://127.0.0.1:{port + TLS}", f"127.0.0.1:{ORIGIN}",
                            body=f"\ttls {folder}/cert.pem {folder}/key.pem\n")
                     + site(f"http://127.0.0.1:{port + TO_TLS}", f"127.0.0.1:{ORIGIN_TLS}",
                            "\t\t\ttls_insecure_skip_verify\n\t\t\tversions 1.1\n")
                     + f"http://127.0.0.1:{port + FILES} {{\n\tbind 127.0.0.1\n\troot {folder}\n\tfile_server\n}}\n")

    def built(self, name, site, *options):
        binary = f"{self.folder}/{name}"
        subprocess.run([f"{self.build}/dialtone", "build", site, "-o", binary, *options], check=True)
        return binary

    def dialtone(self, port):
        return [self.built("dialtone-proxy", self.caddyfile("dialtone", port)), "--workers", "1"]

    def nginx(self, port):
        folder = self.folder
        head = ('proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr;'
                "proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;")
        pool = "keepalive 128; keepalive_requests 1000000000;"
        tls = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"

        def server(role, place, more="", tls=""):
            return f"server {{ listen 127.0.0.1:{port + role}{more} backlog=4096; {tls} location / {{ {place} }} }}\n"

        return shutil.which("nginx") and self.nginx_conf("nginx", f"""
upstream o {{ server 127.0.0.1:{ORIGIN}; {pool} }} upstream u {{ server unix:{folder}/origin.sock; {pool} }}
upstream t {{ server 127.0.0.1:{ORIGIN_TLS}; {pool} }} {head}
{server(PLAIN, "proxy_pass http://o;")}{server(UNIX, "proxy_pass http://u;")}
{server(TLS, "proxy_pass http://o;", " ssl http2", tls)}{server(TO_TLS, "proxy_pass https://t;")}
{server(FILES, f"root {folder};")}""")

    def haproxy(self, port):
        folder = self.folder
        fronts = [(PLAIN, "", "b"), (UNIX, "", "u"), (TLS, f"ssl crt {folder}/both.pem alpn h2,http/1.1", "b"), (TO_TLS, "", "t")]
        return shutil.which("haproxy") and ["haproxy", "-db", "-f", write(f"{folder}/haproxy.cfg", f"""global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout client 600s
    timeout server 600s
    timeout connect 5s
    option forwardfor
    http-reuse always
backend b
    server o 127.0.0.1:{ORIGIN}
backend u
    server o unix@{folder}/origin.sock
backend t
    server o 127.0.0.1:{ORIGIN_TLS} ssl verify none
""" + "".join(f"frontend f{role}\n    bind 127.0.0.1:{port + role} {more}\n    default_backend {backend}\n"
              for role, more, backend in fronts))]

    def h2o(self, port):
        folder = self.folder
        return shutil.which("h2o") and ["h2o", "-c", write(f"{folder}/h2o.conf", f"""user: root
num-threads: 1
max-connections: 12000
pid-file: {folder}/h2o.pid
error-log: {folder}/h2o.err
http1-request-timeout: 600
http2-idle-timeout: 600
proxy.timeout.keepalive: 60000
hosts:
  "127.0.0.1:{port + PLAIN}":
    listen: {{host: 127.0.0.1, port: {port + PLAIN}}}
    paths: {{"/": {{proxy.reverse.url: "http://127.0.0.1:{ORIGIN}/"}}}}
  "127.0.0.1:{port + TLS}":
    listen: {{host: 127.0.0.1, port: {port + TLS}, ssl: {{certificate-file: {folder}/cert.pem, key-file: {folder}/key.pem}}}}
    paths: {{"/": {{proxy.reverse.url: "http://127.0.0.1:{ORIGIN}/"}}}}
""")]

    def caddy(self, port):
        binary = os.environ.get("CADDY") or shutil.which("caddy")
        return binary and [binary, "run", "--adapter", "caddyfile", "--config", self.caddyfile("caddy", port)]

    def compiled(self, name, *libraries):
        binary = f"{self.folder}/{name}"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".c")
        subprocess.run([os.environ.get("CC", "cc").split()[-1], "-O2", "-D_GNU_SOURCE", "-o", binary, source, *libraries],
                       check=True)
        return binary

    def floor(self, port):
        return [self.compiled("floor"), str(port), str(ORIGIN), f"{self.folder}/origin.sock"]

    def variant(self, name, port):
        """A site in front of the plain origin, with what is measured added."""
        folder = self.folder
        proxy = f"\treverse_proxy 127.0.0.1:{ORIGIN} {{\n\t\ttransport http {{\n\t\t\tkeepalive_idle_conns_per_host 128\n\t\t}}\n\t}}\n"
        if name == "routes":
            sites = "".join(
                f"http://host{i}.test:{port} {{\n\tbind 127.0.0.1\n"
                + "".join(f"\thandle /part{k}/* {{\n\t\trespond {k}\n\t}}\n" for k in range(19))
                + f"\thandle {{\n\t{proxy}\t}}\n}}\n" for i in range(1000))
        else:
            log = f"\tlog {{\n\t\toutput file {folder}/access.log {{\n\t\t\troll_disabled\n\t\t}}\n\t}}\n" if name == "log" else ""
            sites = f"http://host500.test:{port} {{\n\tbind 127.0.0.1\n{log}{proxy}}}\n"
        site = write(f"{folder}/{name}.caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n" + sites)
        return [self.built(f"dialtone-{name}", site), "--workers", "1"]

    # ---- measuring

    def load(self, client, port, path, connections, seconds, host=None, cores="0"):
        """How many requests were answered."""
        pin = ["taskset", "-c", cores] if cores else []
        if client == "h2load":
            out = subprocess.run([*pin, "h2load", "-t1", f"-c{connections}", "-m16", f"-D{seconds}",
                                  f"https://127.0.0.1:{port}/{path}"], capture_output=True, text=True).stdout
            done = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", out)
            if not done or int(done.group(3)) or int(done.group(4)):
                print(f"port {port}: h2load: {done.group(0) if done else out[-200:]}")
            return int(done.group(2)) if done else 0
        more = ["-H", "Connection: close"] if client.endswith("-close") else []
        more += ["-H", f"Host: {host}"] if host else []
        scheme = "https" if "-tls" in client else "http"
        out = subprocess.run([*pin, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *more,
                              f"{scheme}://127.0.0.1:{port}/{path}"], capture_output=True, text=True).stdout
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        if bad or (errors and (errors.group(1) != "0" or errors.group(4) != "0")):
            print(f"port {port}: {bad.group(0) if bad else ''} {errors.group(0) if errors else ''}")
        return int(re.search(r"(\d+) requests in", out).group(1))

    def measure(self, peer, role, path, connections, client, seconds, host=None, cores="0"):
        pids = tree(peer.process.pid)
        before = cpu_ns(pids)
        count = self.load(client, peer.port + role, path, connections, seconds, host, cores)
        return (cpu_ns(pids) - before) / 1000 / max(count, 1)

    def rounds(self, title, peers, measure):
        """Medians by peer, of rounds that take turns; prints the table."""
        values = {peer.name: [] for peer in peers}
        for peer in peers:
            measure(peer, 1)
        for _ in range(self.options.rounds):
            for peer in peers:
                values[peer.name].append(measure(peer, self.options.seconds))
        medians = {name: statistics.median(each) for name, each in values.items()}
        print(f"\n{title}: CPU time per request, median of {self.options.rounds}")
        for name, each in values.items():
            print(f"  {name:10} {medians[name]:9.2f} us  ({min(each):.2f}..{max(each):.2f})", flush=True)
        return medians

    def hold(self, what, ratio, bar):
        fits = ratio <= bar
        if not fits:
            self.missed.append(what)
        print(f"  {what}: {ratio:.2f}, bar {bar:.2f}{'' if fits else '  MISSED'}", flush=True)
        if not fits and what in REASONS:
            print(f"    {REASONS[what]}", flush=True)


def run_workloads(bench, peers):
    for name, title, role, path, connections, client, bars in WORKLOADS:
        if not bench.wants(name):
            continue
        has_floor = role in (PLAIN, UNIX) and client == "wrk"
        taking_part = [peer for peer in peers if peer.name in ("dialtone", *bars) or peer.name == "floor" and has_floor]
        if client == "h2load" and not shutil.which("h2load"):
            print(f"\n{title}: left out (no h2load)")
            continue
        medians = bench.rounds(title, taking_part, lambda peer, seconds: bench.measure(
            peer, role, path, connections, client, seconds))
        for other, bar in bars.items():
            if other not in medians or "dialtone" not in medians:
                continue
            bench.hold(f"{name}: dialtone / {other}", medians["dialtone"] / medians[other], bar)
            if "floor" in medians:
                print(f"    the floor / {other}: {medians['floor'] / medians[other]:.2f}")


def file_us(path, line_bytes):
    """What the file system takes for a line, in pieces of 1 MB, without a proxy."""
    piece, times = b"x" * (1 << 20), []
    for _ in range(3):
        os.truncate(path, 0)
        with open(path, "ab", buffering=0) as f:
            before = time.thread_time_ns()
            for _ in range(250):
                f.write(piece)
            times.append((time.thread_time_ns() - before) / 1000 / (250 * len(piece) / line_bytes))
    return statistics.median(times)


def run_variants(bench):
    log = f"{bench.folder}/access.log"

    def measure(peer, seconds):
        # in memory that the last round used: a guest's first use of a page is its host's work
        if os.path.exists(log):
            os.truncate(log, 0)
        return bench.measure(peer, 0, "small", 64, "wrk", seconds, "host500.test")

    for name, title, variant, bar in VARIANTS:
        if not bench.wants(name):
            continue
        peers = [bench.start(each, lambda port, each=each: bench.variant(each, port), 1) for each in ("one", variant)]
        medians = bench.rounds(title, peers, measure)
        bench.hold(f"{name}: with / without", medians[variant] / medians["one"], bar)
        if os.path.exists(log):
            with open(log, "rb") as f:
                line_bytes = len(f.readline())
            print(f"    of which the file system alone, {line_bytes} bytes a line in pieces of 1 MB: "
                  f"{file_us(log, line_bytes):.2f} us")
        for peer in peers:
            bench.stop(peer)


def open_idle(port, is_tls):
    """A connection that had two answers: one that is used again keeps the most."""
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    if is_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = context.wrap_socket(s, server_hostname="localhost")
    for _ in range(2):
        s.sendall(f"GET /small HTTP/1.1\r\nHost: {'localhost' if is_tls else '127.0.0.1'}:{port}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"x" * BODIES["small"]):
            more = s.recv(4096)
            if not more:
                raise SystemExit(f"bench: port {port} ended a connection: {answer[:80]}")
            answer += more
    return s


def run_idle(bench, starters):
    """Memory of idle keep-alive connections, each after two requests; a fresh process for each."""
    if not bench.wants("idle"):
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    print(f"\nmemory of {IDLE} idle keep-alive connections, each")
    for role, bar in IDLE_BARS.items():
        for name in ("dialtone", "nginx"):
            peer = name in starters and bench.start(name, starters[name])
            if not peer:
                continue
            warm = [open_idle(peer.port + role, role == TLS) for _ in range(50)]
            before = resident_kb(tree(peer.process.pid))
            held = [open_idle(peer.port + role, role == TLS) for _ in range(IDLE)]
            time.sleep(0.5)
            each = (resident_kb(tree(peer.process.pid)) - before) / IDLE
            words = f"idle {'TLS' if role == TLS else 'plain'}: {name}, KB"
            if name == "dialtone":
                bench.hold(words, each, bar)
                if role == TLS:
                    own = subprocess.run([bench.compiled("tls_floor", "-lssl", "-lcrypto"), f"{bench.folder}/cert.pem",
                                          f"{bench.folder}/key.pem"], check=True, capture_output=True, text=True).stdout
                    print(f"    what OpenSSL itself keeps of each: {own.strip()}")
            else:
                print(f"  {words}: {each:.2f}")
            for s in warm + held:
                s.close()
            bench.stop(peer)


def run_sizes(bench):
    if not bench.wants("size"):
        return
    print("\nsize of a stripped proxy")
    site = bench.caddyfile("size", 1000)
    for words, options in (("beside shared libraries", []), ("static", ["--static"])):
        binary = bench.built("sized", site, *options)
        subprocess.run(["strip", binary], check=True)
        bench.hold(f"size, {words}, MB", os.path.getsize(binary) / 1e6, SIZE_BARS[words] / 1e6)


def run_scaling(bench):
    """What two workers get done for the CPU time they use, beside one: origin and client take their
    share of the two cores, so the time of a request on a core says what remains of twice the work."""
    if not bench.wants("workers"):
        return
    site = None
    peers = []
    for n in (1, 2):
        def argv(port, n=n):
            nonlocal site
            site = bench.built(f"dialtone-workers{n}", bench.caddyfile(f"workers{n}", port))
            return [site, "--workers", str(n)]
        peers.append(bench.start(f"workers-{n}", argv, cores="0,1"))
    medians = bench.rounds("one worker and two, on both cores", peers, lambda peer, seconds: bench.measure(
        peer, PLAIN, "small", 64, "wrk", seconds, cores=None))
    scale = 2 * medians["workers-1"] / medians["workers-2"]
    print(f"  workers: two do {scale:.2f} times the work of one, bar 1.80{'' if scale >= 1.8 else '  MISSED'}")
    if scale < 1.8:
        bench.missed.append("workers")
    for peer in peers:
        bench.stop(peer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--peers", default="dialtone,floor,nginx,haproxy,h2o,caddy")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not shutil.which("wrk") or not shutil.which("nginx"):
        raise SystemExit("bench: needs wrk and nginx")
    bench = Bench(options)
    only = [each for each in options.only.split(",") if each]
    bench.wants = lambda name: not only or name in only
    wanted = options.peers.split(",")
    starters = {name: getattr(bench, name) for name in ("dialtone", "floor", "nginx", "haproxy", "h2o", "caddy") if name in wanted}
    try:
        bench.start_origin()
        if any(bench.wants(each[0]) for each in WORKLOADS):
            peers = [bench.start(name, starter) for name, starter in starters.items()]
            run_workloads(bench, [peer for peer in peers if peer])
            for peer in peers:
                if peer:
                    bench.stop(peer)
        run_variants(bench)
        run_scaling(bench)
        run_idle(bench, starters)
        run_sizes(bench)
        print(f"\n{len(bench.missed)} bars missed{': ' + ', '.join(bench.missed) if bench.missed else ''}")
    finally:
        bench.end()


main()
