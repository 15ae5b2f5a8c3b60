#!/usr/bin/env python3
"""Hands corrected Caddyfiles to a real Caddy: fixes.py DIALTONE CADDY

Zones in every place that upstreams have: after `dialtone check --fix`, Caddy must make of the file the very
bytes that dialtone makes of what was there before. The wrong examples of rules with corrections: Caddy must
accept what comes of them, and where the correction is safe make the same of it.
"""
import itertools, json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy

UPSTREAMS = [
    "https://[fe80::1%eth0]", "https://[fe80::1%eth0]:8443", "https://[FE80::0:1%wan0]", "https://[fe80::1%2]",
    "https://[fe80::1%25eth0]", "https://[fe80::1%252]:9443", "http://[fe80::1%eth0]", "http://[fe80::1%25eth0]:81",
    "h2c://[fe80::1%eth0]:9000", "[fe80::1%25eth0]:80", "[fe80::1%25eth0]", "tcp6/[fe80::1%25eth0]:80",
    "https://[ff02::1%eth0]", "https://[fe80::1%eth0] https://b.example",
    "https://[fe80::1%eth0] https://[fe80::2%25eth1]:8443 https://[2001:db8::1]", "http://[fe80::1%eth0] http://b.example:81",
]
# %s: the upstreams
PLACES = [
    "reverse_proxy %s", "reverse_proxy * %s", "reverse_proxy /api/* %s # the router", "reverse_proxy %s {\n\t}",
    "reverse_proxy %s {\n\t\tlb_policy first\n\t}", "reverse_proxy {\n\t\tto %s\n\t}",
    "reverse_proxy %s {\n\t\ttransport http\n\t}", "reverse_proxy %s {\n\t\ttransport http {\n\t\t}\n\t}",
    "reverse_proxy %s {\n\t\ttransport http { # as it is\n\t\t\tdial_timeout 3s\n\t\t}\n\t\theader_up Host x\n\t}",
    "reverse_proxy %s {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}",
    "reverse_proxy %s {\n\t\ttransport http {\n\t\t\ttls_server_name a.lan\n\t\t}\n\t}",
    "reverse_proxy %s {\n\t\ttransport http {\n\t\t\tversions 1.1\n\t\t}\n\t}",
    "handle /x {\n\t\treverse_proxy %s\n\t}", "forward_auth %s {\n\t\turi /auth\n\t\tcopy_headers X-User\n\t}",
    "php_fastcgi %s", "php_fastcgi %s {\n\t\tindex off\n\t}",
]


class Dialtone:
    def __init__(self, binary):
        self.binary = binary

    def run(self, arguments, text):
        return subprocess.run([self.binary, *arguments, "-"], input=text.encode(), capture_output=True, timeout=60)

    def adapt(self, text):
        run = self.run(["adapt", "--no-project"], text)
        return run.stdout.rstrip(b"\n") if run.returncode == 0 else None

    def fix(self, text, *options):
        return self.run(["check", "--fix", "--no-project", "--profile", "strict", *options], text).stdout.decode()


def zones(dialtone, caddy):
    for place, upstreams in itertools.product(PLACES, UPSTREAMS):
        text = "a.example {\n\t" + place % upstreams + "\n}\n"
        want = dialtone.adapt(text)
        if want is None:
            continue  # such as a transport that the scheme contradicts
        fixed = dialtone.fix(text)
        if upstreams.startswith(("https:", "h2c:")) and "php_fastcgi" in place or "h2c:" in text and "versions" in place:
            # no other text of Caddy's says this
            yield text, fixed, None if fixed == text else "it was changed"
            continue
        got, error = caddy.adapt(fixed.encode())
        yield text, fixed, None if got == want else error or "other JSON"


def examples(dialtone, caddy):
    rules = json.loads(subprocess.run([dialtone.binary, "rules", "--json"], check=True, capture_output=True).stdout)
    for rule in rules:
        if rule["fix"] not in ("safe", "unsafe"):
            continue
        options = ["--unsafe-fixes"] if rule["fix"] == "unsafe" else []
        options += ["--target", rule["target"]] if "target" in rule else []
        options += ["--env", rule["environment"]] if "environment" in rule else []
        fixed = dialtone.fix(rule["bad"], *options)
        got, error = caddy.adapt(fixed.encode())
        is_same = rule["fix"] == "unsafe" or got == dialtone.adapt(rule["bad"])
        yield rule["bad"], fixed, None if got and is_same else error or "other JSON"


def main():
    dialtone = Dialtone(os.path.abspath(sys.argv[1]))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="dialtone-fixes-") as folder:
        os.environ["DOMAIN"] = "d.example"  # of the rule about {env.DOMAIN}
        caddy = Caddy(os.path.abspath(sys.argv[2]), folder)
        try:
            for text, fixed, problem in itertools.chain(zones(dialtone, caddy), examples(dialtone, caddy)):
                if problem is None:
                    passed += 1
                    continue
                failed += 1
                print(f"FAILED: Caddy: {problem}\n{text}becomes\n{fixed}")
        finally:
            caddy.close()
    print(f"fixes: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
