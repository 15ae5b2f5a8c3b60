#!/usr/bin/env python3
"""Real HTTP/2 servers behind dialtone: nghttpd and Node.js by h2c://, nghttpd by TLS: h2_upstreams.py BUILD"""
import hashlib, json, os, re, subprocess, sys

from peers import HERE, Suite, certificate, curl, folder, free_port, running, write

CONFIG = """
{{
	auto_https disable_redirects
}}
(upstreams) {{
	handle_path /nghttpd/* {{
		reverse_proxy h2c://127.0.0.1:{nghttpd}
	}}
	handle_path /echo/* {{
		reverse_proxy h2c://127.0.0.1:{echo}
	}}
	handle_path /tls/* {{
		reverse_proxy https://localhost:{nghttpd_tls} {{
			transport http {{
				tls_trust_pool file {cert}
				versions 2
			}}
		}}
	}}
	handle_path /node/* {{
		reverse_proxy h2c://127.0.0.1:{node}
	}}
}}
http://localhost:{clear} {{
	import upstreams
}}
https://localhost:{secure} {{
	tls {cert} {key}
	import upstreams
}}
"""
suite = Suite("HTTP/2 upstreams")
ports = {name: free_port() for name in ("clear", "secure", "nghttpd", "echo", "nghttpd_tls", "node")}
FRONTS = ((f"http://localhost:{ports['clear']}", "--http1.1"), (f"https://localhost:{ports['secure']}", "--http1.1"),
          (f"https://localhost:{ports['secure']}", "--http2"))
PAGE = b"a page of nghttpd\n" * 5000


def test_pages():
    for front, version in FRONTS:
        for upstream in ("nghttpd", "tls"):
            assert curl(version, "-k", f"{front}/{upstream}/page.txt") == PAGE
            code = curl(version, "-k", "-o", "/dev/null", "-w", "%{http_code}", f"{front}/{upstream}/none")
            assert code == b"404", code
        assert curl(version, "-k", f"{front}/node/page?x=1") == b"GET /page?x=1 2.0"
        head = curl(version, "-k", "-I", f"{front}/nghttpd/page.txt").decode().lower()
        assert f"content-length: {len(PAGE)}" in head and "nghttpd" in head, head


def test_trailers():
    for upstream, name, value in (("nghttpd/page.txt", "x-end", "yes"), ("tls/page.txt", "x-end", "yes"),
                                  ("node/trailers", "x-checksum", "abc")):
        run = subprocess.run(["nghttp", "-nv", f"{FRONTS[2][0]}/{upstream}"], capture_output=True, text=True, timeout=120)
        text = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
        assert re.search(rf"recv \(stream_id=\d+\) {name}: {value}", text), text[-3000:]
    # nghttpd tells the length, and then there is no place for them in HTTP/1
    raw = curl("--raw", "--http1.1", "-k", f"{FRONTS[1][0]}/node/trailers").lower()
    assert raw.endswith(b"\r\n0\r\nx-checksum: abc\r\nx-late: 1\r\n\r\n"), raw


def test_uploads():
    body = os.urandom(20 << 20)
    for front, version in FRONTS:
        got = curl(version, "-k", "--data-binary", "@-", "-H", "Content-Type: application/octet-stream",
                   f"{front}/echo/", data=body, seconds=120)
        assert got == body, (front, version, len(got))
        for words in ((), ("-H", "Transfer-Encoding: chunked")):
            got = curl(version, "-k", *words, "-T", "-", f"{front}/node/upload", data=body, seconds=120)
            assert got.decode() == f"{len(body)} {hashlib.sha256(body).hexdigest()}", got


def test_downloads():
    for front, version in FRONTS:
        for query in ("bytes=50000000", "bytes=50000000&chunked"):
            size = curl(version, "-k", "-o", "/dev/null", "-w", "%{size_download}", f"{front}/node/download?{query}",
                        seconds=120)
            assert size == b"50000000", size


def test_early_hints():
    for front, version in FRONTS:
        heads = curl(version, "-k", "-i", f"{front}/node/hints").decode()
        assert re.match(r"HTTP/[0-9.]+ 103", heads) and heads.count("rel=preload") == 2, heads
        assert "x-final: 1" in heads.lower() and heads.endswith("the page"), heads


def test_headers():
    for front, version in FRONTS:
        heads, _, body = curl(version, "-k", "-i", "-H", "X-Mine: 1", "-H", "Cookie: a=1; b=2", "-H", "TE: trailers",
                              f"{front}/node/headers").decode().partition("\r\n\r\n")
        got = json.loads(body)
        assert re.findall(r"(?i)set-cookie: (\S+);", heads) == ["a=1", "b=2"], heads
        assert got["x-mine"] == "1" and got["cookie"] == "a=1; b=2" and got["te"] == "trailers", got
        assert got[":authority"] == front.split("//")[1] and got[":scheme"] == "http", got
        assert "connection" not in got and "host" not in got, got


def test_load():
    for url in (f"{FRONTS[2][0]}/nghttpd/page.txt", f"{FRONTS[2][0]}/node/page", f"{FRONTS[0][0]}/tls/page.txt"):
        run = subprocess.run(["h2load", "-n", "3000", "-c", "10", "-m", "50", url], capture_output=True, text=True,
                             timeout=120)
        assert "3000 succeeded, 0 failed" in run.stdout, run.stdout


def main():
    with folder() as where:
        cert, key = certificate(where)
        os.mkdir(os.path.join(where, "www"))
        write(os.path.join(where, "www", "page.txt"), PAGE)
        server = ["nghttpd", "-a", "127.0.0.1", "-d", os.path.join(where, "www"), "--trailer=x-end: yes"]
        with running(*server, "--no-tls", ports["nghttpd"], port=ports["nghttpd"]), \
                running(*server, "--no-tls", "--echo-upload", ports["echo"], port=ports["echo"]), \
                running(*server, ports["nghttpd_tls"], key, cert, port=ports["nghttpd_tls"]), \
                running("node", os.path.join(HERE, "node_server.js"), "h2c", ports["node"], port=ports["node"]), \
                suite.proxy(CONFIG.format(cert=cert, key=key, **ports), ports["clear"]) as (proxy, _):
            suite.run(globals())
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
