#!/usr/bin/env python3
"""A page with all that pages have, in a headless browser and by curl, over HTTPS and HTTP/2: pages.py BUILD

Styles, scripts, pictures, compressed text, fetches, forms, cookies, redirects, server-sent events and a WebSocket,
from nginx, Node.js and a WebSocket server behind one site."""
import json, os, struct, sys, time, zlib

from peers import HERE, Suite, certificate, curl, folder, free_port, nginx, running, write
from browser import Browser, Refused, find_browser  # noqa: E402

CONFIG = """
{{
	auto_https disable_redirects
}}
https://localhost:{front} {{
	tls {cert} {key}
	encode zstd gzip
	header /private/* Cache-Control no-store
	redir /old /new.html 302
	handle_path /app/* {{
		reverse_proxy 127.0.0.1:{node}
	}}
	handle_path /socket/* {{
		reverse_proxy 127.0.0.1:{socket}
	}}
	reverse_proxy 127.0.0.1:{nginx}
}}
"""
PAGE = """<!doctype html><title>page</title>
<link rel=stylesheet href=/style.css>
<script src=/script.js></script>
<script type=module src=/module.js></script>
<p id=styled>text</p>
<img id=picture src=/picture.png>
<iframe id=frame src=/old></iframe>
<form id=form action=/app/upload method=post enctype=multipart/form-data><input name=a value=b></form>
"""
# fills window.results; what is not there yet is missing
SCRIPT = """
window.results = {classic: 'ran'};
const note = (name, promise) => promise.then((value) => { results[name] = value; },
                                             (error) => { results[name] = 'failed: ' + error; });
addEventListener('load', () => {
  results.styled = getComputedStyle(document.getElementById('styled')).color;
  results.picture = document.getElementById('picture').naturalWidth;
  results.frame = document.getElementById('frame').contentDocument.body.innerText.trim();
  results.protocols = [...new Set([...performance.getEntriesByType('navigation'),
                                   ...performance.getEntriesByType('resource')].map((e) => e.nextHopProtocol))].sort();
  note('text', fetch('/text.txt').then((r) => r.text()).then((t) => t.length));
  note('coding', fetch('/text.txt').then((r) => r.headers.get('content-encoding')));
  note('missing', fetch('/nowhere').then((r) => r.status));
  note('posted', fetch('/app/upload', {method: 'POST', body: new Uint8Array(300000)}).then((r) => r.text()));
  note('form', fetch('/app/upload', {method: 'POST', body: new FormData(document.getElementById('form'))})
       .then((r) => r.text()).then((t) => t.split(' ')[0] > 100));
  note('cookies', fetch('/app/headers').then((r) => r.json()).then(() => document.cookie));
  note('large', fetch('/app/download?bytes=8000000').then((r) => r.arrayBuffer()).then((b) => b.byteLength));
  note('many', Promise.all([...Array(200).keys()].map((i) => fetch('/app/page?' + i).then((r) => r.text())))
       .then((all) => all.every((text, i) => text === 'GET /page?' + i + ' 1.1')));
  note('aborted', (() => { const c = new AbortController();
    const p = fetch('/app/poll', {signal: c.signal}); setTimeout(() => c.abort(), 100); return p; })()
    .catch((error) => error.name));
  note('events', new Promise((done) => { const source = new EventSource('/app/events'); let n = 0;
    source.onmessage = () => { if (++n === 5) { source.close(); done(n); } }; }));
  note('socket', new Promise((done, fail) => { const s = new WebSocket('wss://' + location.host + '/socket/echo');
    s.onopen = () => s.send('hello'); s.onerror = fail; s.onmessage = (m) => { done(m.data); s.close(); }; }));
});
"""
WANTED = {"classic": "ran", "module": "ran", "styled": "rgb(1, 2, 3)", "picture": 7, "frame": "the new place",
          "protocols": ["h2"], "text": 400000, "coding": "zstd", "missing": 404, "cookies": "a=1; b=2", "form": True,
          "large": 8000000, "many": True, "aborted": "AbortError", "events": 5, "socket": "hello"}
suite = Suite("pages")
ports = {name: free_port() for name in ("front", "nginx", "node", "socket")}
FRONT = f"https://localhost:{ports['front']}"


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_site(where):
    root = os.path.join(where, "www")
    os.mkdir(root)
    for name, content in (("index.html", PAGE), ("style.css", "#styled { color: rgb(1, 2, 3) }\n" + "/* pad */" * 500),
                          ("script.js", SCRIPT), ("module.js", "window.results.module = 'ran';\n"),
                          ("picture.png", png(7, 5)), ("new.html", "<!doctype html><p>the new place"),
                          ("text.txt", "words " * 66666 + "end!")):
        write(os.path.join(root, name), content)
    return root


def test_in_a_browser(where):
    program = find_browser()
    if not program:
        raise AssertionError("no chromium here")
    got, end = {}, time.monotonic() + 120
    with Browser(program, where, 150) as browser:
        page = browser.open(FRONT + "/")
        while time.monotonic() < end and not set(WANTED) | {"posted"} <= set(got):
            time.sleep(0.1)
            try:
                got = json.loads(browser.evaluate(page, "JSON.stringify(window.results || {})"))
            except Refused:
                pass
    posted = got.pop("posted", "")
    assert got == WANTED, {name: (got.get(name), WANTED[name]) for name in WANTED if got.get(name) != WANTED[name]}
    assert posted.startswith("300000 "), posted


def test_by_curl(where):
    names = ["index.html", "style.css", "script.js", "picture.png", "text.txt"]
    for version in ("--http1.1", "--http2"):
        for options in ((), ("--compressed",)):
            words = []
            for name in names:
                words += ["-o", os.path.join(where, f"got-{name}"), f"{FRONT}/{name}"]
            told = curl("-k", version, *options, "-Z", "-w", "%{http_version} %{http_code} ", *words).decode().split()
            assert told == [version[6:].strip("p"), "200"] * len(names), told
            for name in names:
                with open(os.path.join(where, f"got-{name}"), "rb") as got, open(os.path.join(where, "www", name), "rb") as f:
                    assert got.read() == f.read(), (version, name)


def test_conditions_by_curl(where):
    """What a browser asks when it comes again; ranges of what it has in part."""
    for version in ("--http1.1", "--http2"):
        head = curl("-k", version, "-I", f"{FRONT}/picture.png").decode()
        tag = next(line.split(": ", 1)[1] for line in head.splitlines() if line.lower().startswith("etag: "))
        code = curl("-k", version, "-o", "/dev/null", "-w", "%{http_code}", "-H", f"If-None-Match: {tag}",
                    f"{FRONT}/picture.png")
        assert code == b"304", code
        part = curl("-k", version, "-r", "10-19", f"{FRONT}/text.txt")
        assert part == ("words " * 5)[10:20].encode(), part


def main():
    with folder() as where:
        cert, key = certificate(where)
        root = make_site(where)
        http = (f"types {{ text/html html; text/css css; text/javascript js; image/png png; text/plain txt; }}\n"
                f"server {{ listen 127.0.0.1:{ports['nginx']}; root {root}; }}")
        with nginx(where, http, ports["nginx"]), \
                running("node", os.path.join(HERE, "node_server.js"), "http", ports["node"], port=ports["node"]), \
                running(sys.executable, os.path.join(HERE, "websocket_server.py"), ports["socket"],
                        port=ports["socket"]), \
                suite.proxy(CONFIG.format(cert=cert, key=key, **ports), ports["front"]) as (proxy, _):
            suite.run(globals(), where=where)
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
