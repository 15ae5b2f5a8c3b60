#!/usr/bin/env python3
"""The PROXY protocol with those who speak it: HAProxy and curl before dialtone, nginx and HAProxy behind it:
proxy_protocol.py BUILD

Clients come from 127.0.0.5 and its neighbours; what a proxy opens comes from 127.0.0.1."""
import os, socket, ssl, sys

from peers import Suite, certificate, curl, folder, free_port, haproxy, nginx, rest_of

NAMES = """plain before behind require front_v1 front_v2 front_tls front_ssl front_h2 behind_v1 behind_v2 nginx_plain
nginx_tls haproxy_app out_v1 out_v2 out_tls out_haproxy out_health chain front_chain""".split()
suite = Suite("PROXY protocol")
ports = {name: free_port() for name in NAMES}

CONFIG = """
{{
	auto_https disable_redirects
	servers :{plain} {{
		listener_wrappers {{
			proxy_protocol {{
				allow 127.0.0.0/8
			}}
			tls
		}}
	}}
	servers :{before} {{
		listener_wrappers {{
			proxy_protocol {{
				allow 127.0.0.0/8
			}}
			tls
		}}
	}}
	servers :{behind} {{
		listener_wrappers {{
			proxy_protocol {{
				allow 127.0.0.0/8
			}}
		}}
	}}
	servers :{require} {{
		listener_wrappers {{
			proxy_protocol {{
				fallback_policy require
			}}
			tls
		}}
	}}
	servers :{chain} {{
		listener_wrappers {{
			proxy_protocol {{
				allow 127.0.0.1/32
			}}
		}}
	}}
}}
(tell) {{
	respond "{{remote_host}} {{http.request.local.port}} {{scheme}} {{http.request.proto}} {{client_ip}}"
}}
http://:{plain} {{
	import tell
}}
https://localhost:{before} {{
	tls {cert} {key}
	import tell
}}
https://localhost:{behind} {{
	tls {cert} {key}
	import tell
}}
https://localhost:{require} {{
	tls {cert} {key}
	import tell
}}
(to) {{
	reverse_proxy {{args[0]}} {{
		transport http {{
			proxy_protocol {{args[1]}}
		}}
	}}
}}
http://:{out_v1} {{
	import to 127.0.0.1:{nginx_plain} v1
}}
http://:{out_v2} {{
	import to 127.0.0.1:{nginx_plain} v2
}}
http://:{out_haproxy} {{
	handle /v1 {{
		import to 127.0.0.1:{haproxy_app} v1
	}}
	import to 127.0.0.1:{haproxy_app} v2
}}
http://:{out_tls} {{
	reverse_proxy https://localhost:{nginx_tls} {{
		transport http {{
			proxy_protocol v2
			tls_trust_pool file {cert}
		}}
	}}
}}
http://:{out_health} {{
	reverse_proxy 127.0.0.1:{nginx_plain} {{
		health_uri /
		health_interval 100ms
		transport http {{
			proxy_protocol v1
		}}
	}}
}}
http://:{chain} {{
	import to 127.0.0.1:{nginx_plain} v2
}}
"""

BEFORE = """
listen one
  mode tcp
  bind 127.0.0.1:{front_v1}
  server d 127.0.0.1:{plain} send-proxy
listen two
  mode tcp
  bind 127.0.0.1:{front_v2}
  server d 127.0.0.1:{plain} send-proxy-v2 check check-send-proxy inter 100ms
listen passes-tls-on
  mode tcp
  bind 127.0.0.1:{front_tls}
  server d 127.0.0.1:{before} send-proxy-v2 check check-send-proxy inter 100ms
listen ends-tls
  mode http
  bind 127.0.0.1:{front_ssl} ssl crt {pem} alpn h2,http/1.1
  server d 127.0.0.1:{plain} send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,ssl,cert-sig
listen speaks-h2
  mode http
  bind 127.0.0.1:{front_h2}
  server d 127.0.0.1:{plain} send-proxy-v2 proto h2
listen makes-tls
  mode http
  bind 127.0.0.1:{behind_v2}
  server d 127.0.0.1:{before} send-proxy-v2 ssl verify none sni str(localhost) alpn h2,http/1.1
listen chain
  mode tcp
  bind 127.0.0.1:{front_chain}
  server d 127.0.0.1:{chain} send-proxy-v2
frontend app
  mode http
  bind 127.0.0.1:{haproxy_app} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]|%[src_port]|%[dst]|%[dst_port]"
"""

NGINX = """
server {{
	listen 127.0.0.1:{nginx_plain} proxy_protocol;
	listen 127.0.0.1:{nginx_tls} ssl proxy_protocol;
	ssl_certificate {cert};
	ssl_certificate_key {key};
	location / {{
		return 200 "$proxy_protocol_addr|$proxy_protocol_port|$proxy_protocol_server_addr|$scheme|$connection_requests";
	}}
}}
"""


def told(port, *words, source="127.0.0.5", scheme="http"):
    return curl("--interface", source, "-k", *words, f"{scheme}://localhost:{port}/").decode()


def test_haproxy_before_in_the_clear():
    for front in ("front_v1", "front_v2"):
        for source in ("127.0.0.5", "127.0.0.6"):
            assert told(ports[front], source=source) == f"{source} {ports[front]} http HTTP/1.1 {source}", front
        assert told(ports[front], "--http2-prior-knowledge") == f"127.0.0.5 {ports[front]} http HTTP/2.0 127.0.0.5"


def test_haproxy_before_tls():
    assert told(ports["front_tls"], scheme="https") == f"127.0.0.5 {ports['front_tls']} https HTTP/2.0 127.0.0.5"
    assert told(ports["front_tls"], "--http1.1", scheme="https").split()[:4] == \
        ["127.0.0.5", str(ports["front_tls"]), "https", "HTTP/1.1"]


def test_haproxy_ends_tls_and_tells_of_it():
    for version in ("--http1.1", "--http2"):
        assert told(ports["front_ssl"], version, scheme="https").split()[:3] == \
            ["127.0.0.5", str(ports["front_ssl"]), "http"]


def test_haproxy_speaks_http2_behind_its_header():
    assert told(ports["front_h2"]).split()[:4] == ["127.0.0.5", str(ports["front_h2"]), "http", "HTTP/2.0"]


def test_haproxy_makes_tls_behind_its_header():
    assert told(ports["behind_v2"]).split()[:3] == ["127.0.0.5", str(ports["behind_v2"]), "https"]


def test_curl_before():
    assert told(ports["before"], "--haproxy-protocol", scheme="https").split()[0] == "127.0.0.5"
    assert told(ports["require"], "--haproxy-protocol", scheme="https").split()[0] == "127.0.0.5"
    try:
        told(ports["require"], scheme="https")
        raise AssertionError("a connection without a header is not closed")
    except RuntimeError:
        pass


def test_a_header_inside_of_tls():
    """Which takes TLS from the request, as in Caddy."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for line in (b"PROXY TCP4 192.0.2.7 198.51.100.9 5 6\r\n",
                 b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\x09\0\5\0\6"):
        for cut in (0, 7, len(line)):
            with socket.create_connection(("127.0.0.1", ports["behind"]), timeout=30) as raw, \
                    context.wrap_socket(raw, server_hostname="localhost") as s:
                s.sendall(line[:cut])
                s.sendall(line[cut:] + b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = rest_of(s)
            assert answer.endswith(b"\r\n\r\n192.0.2.7 6 http HTTP/1.1 192.0.2.7"), answer
    assert told(ports["behind"], scheme="https").split()[2:4] == ["http", "HTTP/2.0"]


def test_pieces_before_tls():
    """A header that comes byte by byte, and TLS right behind it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", ports["before"]), timeout=30) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"PROXY TCP6 2001:db8::7 2001:db8::9 5 6\r\n":
            raw.sendall(bytes([byte]))
        with context.wrap_socket(raw, server_hostname="localhost") as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = rest_of(s)
    assert answer.endswith(b"2001:db8::7 6 https HTTP/1.1 2001:db8::7"), answer


def test_nginx_behind():
    for port in ("out_v1", "out_v2", "out_tls", "out_health"):
        scheme = "https" if port == "out_tls" else "http"
        # connections are kept, but each for its client
        words = [told(ports[port], source=source).split("|") for source in ("127.0.0.5", "127.0.0.6") * 4]
        assert [word[0] for word in words] == ["127.0.0.5", "127.0.0.6"] * 4, words
        assert all(word[1:4] == ["", "0.0.0.0", scheme] for word in words), words  # a port of 0 is none to nginx
    both = curl("--interface", "127.0.0.8", *[f"http://localhost:{ports['out_v2']}/"] * 30).decode()
    assert both.count("127.0.0.8") == 30 and "0.0.0.0|http|2" in both, both


def test_haproxy_behind():
    for path in ("v1", "v2"):
        for source in ("127.0.0.5", "127.0.0.6", "127.0.0.5"):
            text = curl("--interface", source, f"http://localhost:{ports['out_haproxy']}/{path}").decode()
            assert text == f"{source}||0.0.0.0|", text


def test_haproxy_before_and_nginx_behind():
    for source in ("127.0.0.5", "127.0.0.6"):
        assert told(ports["front_chain"], source=source).split("|")[0] == source


def test_an_ip_6_client():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        print("    no IPv6 here: nobody asks by it")
        return
    text = curl(f"http://[::1]:{ports['out_v2']}/").decode().split("|")
    assert text[:3] == ["::1", "", "::"], text


def main():
    with folder() as where:
        cert, key = certificate(where)
        pem = os.path.join(where, "both.pem")
        with open(pem, "w") as out:
            for name in (cert, key):
                with open(name) as f:
                    out.write(f.read())
        values = {"cert": cert, "key": key, "pem": pem, **ports}
        with nginx(where, NGINX.format(**values), ports["nginx_plain"]), \
                suite.proxy(CONFIG.format(**values), ports["plain"]) as (proxy, _), \
                haproxy(where, BEFORE.format(**values), ports["front_v1"]):
            suite.run(globals())
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
