#!/usr/bin/env python3
"""forward_auth with two real servers: nginx that judges and another that serves: forward_auth.py BUILD"""
import json, os, subprocess, sys

from peers import HERE, Suite, certificate, curl, folder, free_port, nginx, running, until

CONFIG = """
{{
	auto_https disable_redirects
}}
(gate) {{
	forward_auth {{args[0]}} {{
		uri /judge?rd={{args[1]}}
		copy_headers Remote-User Remote-Groups>X-Groups
	}}
	reverse_proxy 127.0.0.1:{app}
}}
http://localhost:{clear} {{
	import gate 127.0.0.1:{judge} clear
}}
https://localhost:{secure} {{
	tls {cert} {key}
	import gate 127.0.0.1:{judge} secure
}}
http://localhost:{unguarded} {{
	import gate 127.0.0.1:{nobody} x
}}
"""

# who has the cookie is let in; who asks for a page is sent to log in; all others hear 401
JUDGE = """
map $http_cookie $who {{
	default "";
	~token=good alice;
}}
map $http_accept $wants_page {{
	default 0;
	~text/html 1;
}}
log_format asked '$request_method $request_uri $http_x_forwarded_method $http_x_forwarded_uri $http_x_forwarded_host '
	'$http_x_forwarded_proto $http_x_forwarded_for "$http_x_mine" $content_length';
server {{
	listen 127.0.0.1:{judge};
	access_log {where}/asked asked;
	location = /judge {{
		if ($who = "") {{
			rewrite ^ /stranger last;
		}}
		add_header Remote-User $who;
		add_header Remote-Groups "admins, staff";
		add_header X-Not-Copied 1;
		return 200 "the judge's words";
	}}
	location = /stranger {{
		if ($wants_page) {{
			return 302 https://login.example/?from=$http_x_forwarded_uri;
		}}
		add_header WWW-Authenticate 'Bearer realm="here"' always;
		return 401 "who are you?";
	}}
}}
"""
suite = Suite("forward_auth")
ports = {name: free_port() for name in ("clear", "secure", "unguarded", "app", "judge", "nobody")}
FRONTS = ((f"http://localhost:{ports['clear']}", "--http1.1"), (f"https://localhost:{ports['secure']}", "--http1.1"),
          (f"https://localhost:{ports['secure']}", "--http2"))


def ask(front, version, path, *words, **options):
    head, _, body = curl(version, "-k", "-i", "--path-as-is", *words, front + path, **options).decode().partition("\r\n\r\n")
    return head.split(" ")[1].split("\r")[0], head.lower(), body


def told_lines(where):
    with open(os.path.join(where, "asked")) as f:
        return f.read().split("\n")[:-1]


def test_who_is_known_gets_in(where):
    for front, version in FRONTS:
        status, head, body = ask(front, version, "/headers", "-H", "Cookie: token=good", "-H", "Remote-User: root",
                                 "-H", "X-Groups: wheel", "-H", "X-Mine: yes")
        got = json.loads(body)
        assert status == "200" and got["remote-user"] == "alice" and got["x-groups"] == "admins, staff", (status, got)
        assert "x-not-copied" not in got and "remote-groups" not in got, got
        assert "judge" not in body and "x-not-copied" not in head, (head, body)


def test_what_is_told_to_the_judge(where):
    before = len(told_lines(where))
    body = os.urandom(300000)
    for front, version in FRONTS:
        status, _, text = ask(front, version, "/upload?x=/%2f..", "-H", "Cookie: token=good", "-H", "X-Mine: yes",
                              "--data-binary", "@-", data=body)
        assert status == "200" and text.startswith("300000 "), (status, text)
    until(lambda: len(told_lines(where)) >= before + 3)  # nginx answers before it writes
    told = told_lines(where)[before:]
    for (front, _), line in zip(FRONTS, told):
        scheme, host = front.split("://")
        name = "clear" if scheme == "http" else "secure"
        words = line.split()
        assert words[:6] == ["GET", f"/judge?rd={name}", "POST", "/upload?x=/%2f..", host, scheme], line
        assert words[6] in ("127.0.0.1", "::1") and words[7] == '"yes"' and words[8] in ("-", "0"), line
    assert len(told) == 3, told


def test_who_is_not_known_hears_the_judge(where):
    for front, version in FRONTS:
        status, head, body = ask(front, version, "/headers")
        assert status == "401" and body == "who are you?" and 'www-authenticate: bearer realm="here"' in head, (head, body)
        status, head, body = ask(front, version, "/page?a=b", "-H", "Accept: text/html")
        assert status == "302" and "location: https://login.example/?from=/page?a=b" in head, head
        # an upload that is not wanted does no harm to the connection
        status, _, body = ask(front, version, "/upload", "--data-binary", "@-", data=os.urandom(100000))
        assert status == "401" and body == "who are you?", (status, body)


def test_without_a_judge_nobody_gets_in(where):
    status, _, body = ask(f"http://localhost:{ports['unguarded']}", "--http1.1", "/headers", "-H", "Cookie: token=good")
    assert status == "502" and body == "", (status, body)


def test_many_at_once(where):
    for words, wanted in ((["-H", "Cookie: token=good"], "2xx"), ([], "4xx")):
        run = subprocess.run(["h2load", "-n", "2000", "-c", "8", "-m", "20", *words, f"{FRONTS[2][0]}/page"],
                             capture_output=True, text=True, timeout=120)
        assert f"2000 {wanted}" in run.stdout, run.stdout


def main():
    with folder() as where:
        cert, key = certificate(where)
        values = {"cert": cert, "key": key, "where": where, **ports}
        with nginx(where, JUDGE.format(**values), ports["judge"]), \
                running("node", os.path.join(HERE, "node_server.js"), "http", ports["app"], port=ports["app"]), \
                suite.proxy(CONFIG.format(**values), ports["clear"]) as (proxy, _):
            suite.run(globals(), where=where)
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
