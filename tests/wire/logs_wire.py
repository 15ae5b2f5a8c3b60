#!/usr/bin/env python3
"""Logs and metrics where time, other processes and several workers matter: logs_wire.py BUILD"""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

from harness import Suite, build, free_ports, rest_of, wait_until


PLAIN, TLS, LOST, SLOW = free_ports(4)
FOLDER = tempfile.mkdtemp(prefix="dialtone-wire-")


class Peer:
    """What logs are sent to: keeps the lines, unless it does not read."""

    def __init__(self, reads):
        self.lines, self.connections, self.reads = [], [], reads
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            self.connections.append(connection)
            if self.reads:
                threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        try:
            for line in connection.makefile("r"):
                self.lines.append(json.loads(line))
        except OSError:
            pass


READER, SLEEPER = Peer(True), Peer(False)

CONFIG = f"""{{
	auto_https disable_redirects
	admin off
	metrics
	https_port {TLS}
	http_port {PLAIN}
}}
http://127.0.0.1:{PLAIN} {{
	log {{
		output file {FOLDER}/plain.log
	}}
	metrics /metrics
	@other not path /metrics
	respond @other "hello"
}}
https://localhost:{TLS} {{
	tls internal {{
		client_auth {{
			mode request
		}}
	}}
	log {{
		output file {FOLDER}/tls.log
	}}
	respond "over TLS"
}}
http://127.0.0.1:{LOST} {{
	log {{
		output net 127.0.0.1:{READER.port}
	}}
	respond "logged elsewhere"
}}
http://127.0.0.1:{SLOW} {{
	log {{
		output net 127.0.0.1:{SLEEPER.port}
	}}
	respond "nobody reads the log"
}}
"""


def lines_of(name):
    """Those that are whole: the last one may just be written, and its rest must not pass for a line."""
    with open(os.path.join(FOLDER, name)) as f:
        return [json.loads(line) for line in f.read().split("\n")[:-1]]


def ask(port, path, head=b""):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s\r\n" % (path.encode(), head))
        return rest_of(s).decode()


def ask_many(port, n_threads, n, path="/many", head=b""):
    answers = []

    def run():
        answers.extend("200 OK" in ask(port, path, head) for _ in range(n))
    threads = [threading.Thread(target=run) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * (n_threads * n), len(answers)


def test_tls_and_the_clients_certificate():
    key, certificate = os.path.join(FOLDER, "key"), os.path.join(FOLDER, "certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-set_serial", "123456789012345678901234567890",
                    "-subj", "/O=an organisation/CN=the client"], check=True, capture_output=True)
    for more in ([], ["--cert", certificate, "--key", key]):
        subprocess.run(["curl", "-sk", "--http1.1", *more, f"https://localhost:{TLS}/"], check=True, capture_output=True)
    lines = wait_until(lambda: os.path.exists(f"{FOLDER}/tls.log") and len(lines_of("tls.log")) == 2 and lines_of("tls.log"))
    # two workers may have written them, so either can be the first
    without, with_certificate = sorted((line["request"]["tls"] for line in lines), key=len)
    assert list(without) == ["resumed", "version", "cipher_suite", "proto", "server_name", "ech"], without
    assert list(with_certificate) == [*without, "client_common_name", "client_serial"], with_certificate
    assert with_certificate["client_common_name"] == "the client"
    assert with_certificate["client_serial"] == "123456789012345678901234567890"
    assert without["version"] == 772 and without["server_name"] == "localhost" and without["proto"] == "http/1.1"
    assert without["resumed"] is False and without["ech"] is False and isinstance(without["cipher_suite"], int)


def test_lines_of_several_workers_stay_whole():
    before = len(lines_of("plain.log"))
    ask_many(PLAIN, 8, 60, head=b"X-Pad: %s\r\n" % (b"x" * 3000))
    lines = wait_until(lambda: len(lines_of("plain.log")) >= before + 480 and lines_of("plain.log"))
    assert len(lines) == before + 480, len(lines)
    assert all(line["duration"] > 0 for line in lines)


scrapes = 0


def count_requests():
    """As the metrics tell, but the scrapes before this one; they may not know yet of an answer that has just come."""
    global scrapes
    counts = re.findall(r'caddy_http_requests_total\{handler="subroute",server="\w+"\} (\d+)', ask(PLAIN, "/metrics"))
    scrapes += 1
    return sum(map(int, counts)) - (scrapes - 1)


def settled_count():
    """Once it stays the same for a while."""
    counts = [count_requests()]

    def is_settled():
        counts.append(count_requests())
        return len(counts) > 10 and len(set(counts[-10:])) == 1
    assert wait_until(is_settled), counts
    return counts[-1]


def test_metrics_are_those_of_all_workers():
    ask(PLAIN, "/one")
    before = settled_count()
    ask_many(PLAIN, 6, 25)
    wait_until(lambda: count_requests() >= before + 150)
    after = settled_count()
    assert after == before + 150, (before, after)


def test_files_are_opened_again(proxy):
    ask(PLAIN, "/before")
    assert wait_until(lambda: any(line["request"]["uri"] == "/before" for line in lines_of("plain.log")))
    os.rename(f"{FOLDER}/plain.log", f"{FOLDER}/moved.log")
    proxy.send_signal(signal.SIGHUP)
    assert wait_until(lambda: os.path.exists(f"{FOLDER}/plain.log"))
    ask(PLAIN, "/after")
    assert wait_until(lambda: any(line["request"]["uri"] == "/after" for line in lines_of("plain.log")))
    assert any(line["request"]["uri"] == "/before" for line in lines_of("moved.log"))


def test_a_peer_that_was_gone_is_dialled_again(logged):
    ask(LOST, "/first")
    assert wait_until(lambda: READER.lines)[0]["request"]["uri"] == "/first"
    for connection in READER.connections:
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    for i in range(20):  # the first may be lost in a connection that is not known to be gone
        ask(LOST, f"/later/{i}")
        time.sleep(0.12)
    seen = wait_until(lambda: [line["request"]["uri"] for line in READER.lines if line["request"]["uri"] == "/later/19"])
    assert seen and b"/later/" not in logged(), seen


def test_a_peer_that_does_not_read_holds_up_nobody(proxy):
    def resident_kilobytes():
        with open(f"/proc/{proxy.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    ask_many(SLOW, 4, 5)
    before = resident_kilobytes()
    started = time.monotonic()
    ask_many(SLOW, 4, 400, head=b"X-Pad: %s\r\n" % (b"x" * 12000))  # 19 MB of log
    assert time.monotonic() - started < 60
    if "asan" not in build:  # which keeps what is freed
        assert resident_kilobytes() - before < 16_000, f"{before} kB, then {resident_kilobytes()} kB"


def main():
    suite = Suite("logs_wire")
    with suite.proxy(CONFIG, SLOW, "--workers", "4") as (proxy, logged):
        suite.run(globals(), proxy=proxy, logged=logged)
        proxy.terminate()
        suite.ends(proxy)
    return suite.end()


try:
    status = main()
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
sys.exit(status)
