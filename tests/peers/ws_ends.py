#!/usr/bin/env python3
"""WebSocket with npm's ws at both ends, through dialtone and through a real Caddy ($CADDY): ws_ends.py BUILD

Without and with TLS, to upstreams without TLS, with it and behind a unix socket; then the same connections while the
configuration is replaced. The tests are in ws_ends.js. Caddy is asked by two of these ways only."""
import contextlib, json, os, re, signal, subprocess, sys

from peers import HERE, Suite, build, certificate, folder, free_port, in_flight, until, wait_port, write

SITES = """
(upstream) {{
	handle /timed {{
		reverse_proxy {{args[0]}} {{
			stream_timeout 1s
			import how
		}}
	}}
	handle /later {{
		reverse_proxy {{args[0]}} {{
			stream_close_delay {delay}ms
			import how
		}}
	}}
	reverse_proxy {{args[0]}} {{
		import how
	}}
}}
(how) {{
	header_up X-Version "Version one"
}}
(how_tls) {{
	header_up X-Version "Version one"
	transport http {{
		tls_trust_pool file {cert}
	}}
}}
http://localhost:{plain} {{
	import upstream 127.0.0.1:{up}
}}
https://localhost:{secure} {{
	tls {cert} {key}
	import upstream 127.0.0.1:{up}
}}
https://localhost:{both} {{
	tls {cert} {key}
	reverse_proxy /timed https://localhost:{up_tls} {{
		stream_timeout 1s
		import how_tls
	}}
	reverse_proxy /later https://localhost:{up_tls} {{
		stream_close_delay {delay}ms
		import how_tls
	}}
	reverse_proxy https://localhost:{up_tls} {{
		import how_tls
	}}
}}
http://localhost:{unix} {{
	import upstream unix/{up_unix}
}}
"""
DELAY_MS = 4000
suite = Suite("ws_ends")


@contextlib.contextmanager
def proxy(name, where, ports, cert, key):
    """The process, and what the tests need to know of it."""
    path, pid_file, admin = (os.path.join(where, each) for each in ("Caddyfile", "pid", "admin.sock"))
    quiet = "admin off" if name == "dialtone" else f"admin unix/{admin}"
    write(path, f"{{\n\t{quiet}\n\tauto_https disable_redirects\n\tpersist_config off\n}}\n"
          + SITES.format(cert=cert, key=key, delay=DELAY_MS, up_unix=os.path.join(where, "up.sock"), **ports))
    command = [os.path.join(build, "dialtone"), "run", path, "--", "--pid-file", pid_file] if name == "dialtone" else \
        [os.environ["CADDY"], "run", "--adapter", "caddyfile", "--config", path, "--pidfile", pid_file]
    with open(os.path.join(where, "log"), "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, "XDG_DATA_HOME": where, "XDG_CONFIG_HOME": where})
    try:
        wait_port(ports["plain"], process)
        wait_port(ports["unix"], process)
        given = {"caddyfile": path, "pid": process.pid} if name == "dialtone" else {"caddyfile": path, "admin": admin}
        yield process, given
    finally:
        last = process.pid
        with contextlib.suppress(OSError, ValueError), open(pid_file) as f:
            last = int(f.read())
        with contextlib.suppress(ProcessLookupError):
            os.kill(last, signal.SIGTERM)
        gone = until(lambda: process.poll() is not None and not alive(last))
        suite.check(gone, f"{name} does not end")
        if not gone:
            process.kill()
            process.wait()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ask(name, reload):
    with folder() as where:
        cert, key = certificate(where)
        ports = {each: free_port() for each in ("plain", "secure", "both", "unix", "up", "up_tls")}
        with proxy(name, where, ports, cert, key) as (_, of_proxy):
            ways = {"plain": f"ws://localhost:{ports['plain']}", "TLS to both sides": f"wss://localhost:{ports['both']}"}
            if name == "dialtone":
                ways |= {"TLS": f"wss://localhost:{ports['secure']}", "unix socket": f"ws://localhost:{ports['unix']}"}
            given = {"ways": ways,
                     "upstreams": {"plain": ports["up"], "tls": ports["up_tls"], "unix": os.path.join(where, "up.sock")},
                     "cert": cert, "key": key, "delay_ms": DELAY_MS, "reload": reload,
                     "in_flight": in_flight(), **of_proxy}
            modules = subprocess.run([os.path.join(HERE, "..", "tools", "node_modules.sh")], check=True, text=True,
                                     capture_output=True, env={**os.environ, "BUILD": os.path.relpath(build)}).stdout.strip()
            # the file has limits of its own for all that it waits for
            run = subprocess.run(["timeout", "280", "node", os.path.join(HERE, "ws_ends.js"), json.dumps(given)],
                                 capture_output=True, text=True, env={**os.environ, "NODE_PATH": modules})
    results = re.findall(r"(?m)^(passed|FAILED) (.*)$", run.stdout)
    suite.check(run.returncode == 0 and results, f"{name}: node ends with {run.returncode}: {run.stderr[-2000:]}")
    for result, test in results:
        suite.check(result == "passed", f"{name}: {test}")


def main():
    for name in ["dialtone"] + (["caddy"] if os.environ.get("CADDY") else []):
        for reload in (False, True):
            ask(name, reload)
    return suite.end()


sys.exit(main())
