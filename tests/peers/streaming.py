#!/usr/bin/env python3
"""Long and slow exchanges with a Node.js server, by HTTP/1.1 and HTTP/2: streaming.py BUILD

Server-sent events, long polling, large bodies both ways with slow readers, what that costs in memory, trailers,
early hints, Expect."""
import hashlib, json, os, re, socket, ssl, subprocess, sys, threading, time

from peers import HERE, Suite, certificate, curl, folder, free_port, in_flight, rest_of, rss, running, until, write

CONFIG = """
{{
	auto_https disable_redirects
}}
(upstream) {{
	handle_path /flush/* {{
		reverse_proxy 127.0.0.1:{node} {{
			flush_interval -1
		}}
	}}
	handle_path /buffers/* {{
		reverse_proxy 127.0.0.1:{node} {{
			request_buffers 1MB
			response_buffers 1MB
		}}
	}}
	reverse_proxy 127.0.0.1:{node}
}}
http://localhost:{clear} {{
	import upstream
}}
https://localhost:{secure} {{
	tls {cert} {key}
	import upstream
}}
"""
suite = Suite("streaming")
ports = {name: free_port() for name in ("clear", "secure", "node")}
FRONTS = ((f"http://localhost:{ports['clear']}", "--http1.1"), (f"https://localhost:{ports['secure']}", "--http1.1"),
          (f"https://localhost:{ports['secure']}", "--http2"))
LARGE, SPARE = 100 << 20, 24 << 20
seen, names = {}, []


def upstream_saw(word):
    """What the server saw of exchanges that are over, once it tells <word>."""
    def ask():
        seen.update(json.loads(curl(f"http://127.0.0.1:{ports['node']}/seen")))
        return word in seen
    assert until(ask), seen
    return seen[word]


def new_name():
    """Nobody else is called so at the server."""
    names.append(f"-{len(names)}")
    return names[-1]


class Memory:
    """The most memory that the proxy has in use while the block runs, beyond what it has at its start."""

    def __init__(self, proxy):
        self.proxy, self.is_over = proxy, threading.Event()

    def watch(self):
        while not self.is_over.wait(0.02):
            self.most = max(self.most, rss(self.proxy))

    def __enter__(self):
        self.before = self.most = rss(self.proxy)
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        self.grown = self.most - self.before


def test_events_come_at_once(proxy):
    for front, version in FRONTS:
        for path in ("/events", "/flush/events"):
            for _ in range(5):  # what is late each time does not wait for the machine
                who = new_name()
                command = ["curl", "-sNk", "--max-time", "60", version, f"{front}{path}?who={who}"]
                with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
                    delays = []
                    for line in client.stdout:
                        if line.startswith(b"data: "):
                            delays.append(time.time() * 1000 - int(line.split()[1]))
                        if len(delays) == 20:
                            break
                    client.kill()
                assert upstream_saw(f"events{who}") >= 20  # it has heard that nobody listens any more
                if len(delays) == 20 and sorted(delays)[10] < 400:
                    break
            else:
                raise AssertionError((front, version, delays))


def test_long_polling(proxy):
    for front, version in FRONTS:
        started = time.monotonic()
        clients = [subprocess.Popen(["curl", "-sk", "--max-time", "60", version, f"{front}/poll"],
                                    stdout=subprocess.PIPE) for _ in range(20)]
        assert all(client.communicate()[0] == b"at last" for client in clients)
        assert 0.6 < time.monotonic() - started < 30


def test_large_downloads_of_slow_readers(proxy):
    for front, version in FRONTS:
        with Memory(proxy) as memory:
            for query in (f"bytes={LARGE}", f"bytes={LARGE}&chunked"):
                size = curl(version, "-k", "--limit-rate", "60M", "-o", "/dev/null", "-w", "%{size_download}",
                            f"{front}/download?{query}", seconds=200)
                assert size == b"%d" % LARGE, size
        assert memory.grown < SPARE, memory.grown


def test_readers_that_stop(proxy):
    """The server is not read from either; when the reader leaves, that ends, too."""
    size = LARGE + 2 * in_flight()
    for front, version in FRONTS:
        with Memory(proxy) as memory:
            who = new_name()
            with subprocess.Popen(["curl", "-sNk", version, f"{front}/download?bytes={size}&who={who}"],
                                  stdout=subprocess.PIPE) as client:
                assert len(client.stdout.read(100000)) == 100000
                time.sleep(1)
                client.kill()
        told = upstream_saw(f"download{who}")
        assert told["left"] > LARGE // 2 and not told["finished"], told
        assert memory.grown < SPARE, memory.grown


def test_large_uploads_to_slow_servers(proxy, large):
    for front, version in FRONTS:
        with Memory(proxy) as memory:
            for words in (("-T", large["path"]), ("-T", large["path"], "-H", "Transfer-Encoding: chunked")):
                got = curl(version, "-k", *words, f"{front}/upload?pause=1", seconds=200)
                assert got.decode() == f"{LARGE} {large['sha256']}", got
        assert memory.grown < SPARE, memory.grown


def test_many_at_once(proxy, large):
    """Downloads, uploads and events beside each other in a few connections."""
    with Memory(proxy) as memory:
        clients = []
        for i in range(12):
            front, version = FRONTS[i % 3]
            words = (["-T", large["path"], f"{front}/upload"], [f"{front}/download?bytes={20 << 20}&chunked"])[i % 2]
            clients.append((i, subprocess.Popen(["curl", "-sk", "--max-time", "200", version, *words],
                                                stdout=subprocess.PIPE)))
        for i, client in clients:
            got = client.communicate()[0]
            assert len(got) == 20 << 20 if i % 2 else got.decode() == f"{LARGE} {large['sha256']}", (i, got[:100])
    assert memory.grown < 2 * SPARE, memory.grown


def test_buffers(proxy, large):
    for front, version in FRONTS:
        got = curl(version, "-k", "-T", large["path"], f"{front}/buffers/upload", seconds=200)
        assert got.decode() == f"{LARGE} {large['sha256']}", got
        assert curl(version, "-k", f"{front}/buffers/page") == b"GET /page 1.1"


def test_trailers_both_ways(words):
    raw = curl("--raw", f"{FRONTS[0][0]}/trailers").lower()
    assert raw.endswith(b"\r\n0\r\nx-checksum: abc\r\nx-late: 1\r\n\r\n"), raw
    run = subprocess.run(["nghttp", "-nv", f"{FRONTS[2][0]}/trailers"], capture_output=True, text=True, timeout=120)
    text = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
    assert "x-checksum: abc" in text and "x-late: 1" in text, text[-2000:]
    run = subprocess.run(["nghttp", "-v", "-d", words, "--no-content-length", "--trailer=x-sum: 7",
                          f"{FRONTS[2][0]}/upload"], capture_output=True, text=True, timeout=120)
    assert 'x-trailers: {"x-sum":"7"}' in re.sub(r"\x1b\[[0-9;]*m", "", run.stdout), run.stdout[-2000:]
    with socket.create_connection(("127.0.0.1", ports["clear"]), timeout=20) as s:
        s.sendall(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
                  b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
        answer = rest_of(s)
    assert b'{"x-sum":"7"}' in answer, answer


def test_early_hints(proxy):
    for front, version in FRONTS:
        heads = curl(version, "-k", "-i", f"{front}/hints").decode()
        assert re.match(r"HTTP/[0-9.]+ 103", heads) and heads.count("rel=preload") == 2, heads
        assert heads.lower().count("x-final: 1") == 1 and heads.endswith("the page"), heads


def test_expect_continue(proxy, large):
    for front, version in FRONTS[:2]:
        heads = curl(version, "-k", "-i", "-H", "Expect: 100-continue", "--expect100-timeout", "20", "-T", large["path"],
                     f"{front}/upload", seconds=100).decode()
        assert heads.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200") and large["sha256"] in heads, heads


def test_a_server_that_answers_early(proxy, large):
    """Its answer comes through although it wants no more of the body. The connection ends half a second
    later, as Go's; a client that was not given the processor meanwhile sees that end alone (55)."""
    for front, version in FRONTS:
        for _ in range(10):
            run = subprocess.run(["curl", "-sk", "--max-time", "60", version, "-o", "/dev/stderr", "-w", "%{http_code}",
                                  "-T", large["path"], f"{front}/early"], capture_output=True, timeout=90)
            if run.returncode != 55:
                break
        assert run.stdout == b"413" and run.stderr == b"too much", (version, run)


def test_clients_that_break_off(proxy):
    """Uploads that stop in the middle do not count for complete."""
    for scheme in ("clear", "secure"):
        raw = socket.create_connection(("127.0.0.1", ports[scheme]), timeout=20)
        if scheme == "secure":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            raw = context.wrap_socket(raw, server_hostname="localhost")
        raw.sendall(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 5000)
        time.sleep(0.1)
        raw.close()
    assert curl(f"{FRONTS[0][0]}/page") == b"GET /page 1.1"


def main():
    with folder() as where:
        cert, key = certificate(where)
        path, digest = os.path.join(where, "large"), hashlib.sha256()
        with open(path, "wb") as f:
            for _ in range(100):
                piece = os.urandom(1 << 20)
                digest.update(piece)
                f.write(piece)
        with running("node", os.path.join(HERE, "node_server.js"), "http", ports["node"], port=ports["node"]), \
                suite.proxy(CONFIG.format(cert=cert, key=key, **ports), ports["clear"]) as (proxy, _):
            suite.run(globals(), proxy=proxy, words=write(os.path.join(where, "words"), "some words"),
                      large={"path": path, "sha256": digest.hexdigest()})
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
