#!/usr/bin/env python3
"""Unix sockets on both sides, in the file system and abstract, with nginx, Node.js and curl: unix_sockets.py BUILD"""
import os, signal, socket, stat, subprocess, sys

from peers import HERE, Suite, curl, folder, free_port, nginx, running, until

CONFIG = """
{{
	auto_https off
	servers {{
		trusted_proxies_unix
	}}
}}
http://:{port} {{
	handle /nginx/* {{
		reverse_proxy unix/{nginx}
	}}
	handle_path /node/* {{
		reverse_proxy unix/{node}
	}}
	handle /abstract/* {{
		reverse_proxy unix/@{name}
	}}
	handle /h2c/* {{
		reverse_proxy unix+h2c/{front}
	}}
	handle /gone {{
		reverse_proxy unix/{front}.gone
	}}
}}
http://a.example {{
	bind unix/{front}|0660
	handle /up/* {{
		reverse_proxy unix/{nginx}
	}}
	respond "{{remote}} {{client_ip}} {{http.request.local}} {{http.request.proto}} {{path}}"
}}
http://b.example {{
	bind unix/@{name}
	respond "abstract {{path}} {{header.X-Forwarded-Host}}"
}}
"""
suite = Suite("unix sockets")
port, name = free_port(), f"dialtone-peers-{os.getpid()}"


def test_nginx_on_a_unix_socket():
    for i in range(20):
        text = curl(f"http://localhost:{port}/nginx/{i}").decode()
        assert text == f"nginx /nginx/{i} localhost:{port} 127.0.0.1", text
    both = curl(*[f"http://localhost:{port}/nginx/{i}" for i in range(20)]).decode()
    assert both.count("nginx /nginx/") == 20


def test_node_on_a_unix_socket():
    assert curl(f"http://localhost:{port}/node/page") == b"GET /page 1.1"
    body = os.urandom(5 << 20)
    assert curl("--data-binary", "@-", f"http://localhost:{port}/node/upload", data=body).startswith(b"%d " % len(body))
    assert len(curl(f"http://localhost:{port}/node/download?bytes=20000000")) == 20000000


def test_listening_on_a_path(front):
    mode = os.stat(front).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660, oct(mode)
    text = curl("--unix-socket", front, "http://a.example/x").decode()
    assert text == f"@ @ {front} HTTP/1.1 /x", text
    assert curl("--unix-socket", front, "--http2-prior-knowledge", "http://a.example/y").endswith(b"HTTP/2.0 /y")
    # who asks over it is trusted, by the options of the server
    text = curl("--unix-socket", front, "-H", "X-Forwarded-For: 192.0.2.7", "http://a.example/up/x").decode()
    assert text == "nginx /up/x a.example 192.0.2.7", text


def test_listening_on_a_name():
    assert curl("--abstract-unix-socket", name, "http://b.example/x") == b"abstract /x "
    assert curl("-H", "Host: b.example", f"http://localhost:{port}/abstract/x") == b"abstract /abstract/x b.example"


def test_http2_over_a_path():
    text = curl("-H", "Host: a.example", f"http://localhost:{port}/h2c/x").decode()
    assert text.endswith("HTTP/2.0 /h2c/x"), text


def test_a_path_that_is_not_there():
    assert curl("-o", "/dev/null", "-w", "%{http_code}", f"http://localhost:{port}/gone") == b"502"


def test_a_path_that_is_taken_by_another_file(where):
    """Nothing but sockets is replaced."""
    path = os.path.join(where, "a file")
    with open(path, "w") as f:
        f.write("precious")
    config = os.path.join(where, "taken")
    with open(config, "w") as f:
        f.write(f"{{\n\tauto_https off\n}}\nhttp://a.example {{\n\tbind \"unix/{path}\"\n\trespond hi\n}}\n")
    from harness import build
    run = subprocess.run([f"{build}/dialtone", "run", config], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0, run
    with open(path) as f:
        assert f.read() == "precious"


def main():
    with folder() as where:
        paths = {each: os.path.join(where, f"{each}.sock") for each in ("front", "nginx", "node")}
        http = (f"server {{ listen unix:{paths['nginx']}; location / {{\n"
                'return 200 "nginx $request_uri $http_host $http_x_forwarded_for"; } }')
        # what a crashed process left behind is replaced
        left = socket.socket(socket.AF_UNIX)
        left.bind(paths["front"])
        left.close()
        with nginx(where, http, path=paths["nginx"]), \
                running("node", os.path.join(HERE, "node_server.js"), "unix", paths["node"], path=paths["node"]), \
                suite.proxy(CONFIG.format(port=port, name=name, **paths), port) as (proxy, _):
            suite.run(globals(), where=where, front=paths["front"])
            proxy.send_signal(signal.SIGTERM)
            suite.ends(proxy)
        suite.check(until(lambda: not os.path.exists(paths["front"]), 20), "the socket stays behind")
    return suite.end()


sys.exit(main())
