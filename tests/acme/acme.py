#!/usr/bin/env python3
"""Certificates by ACME, from Pebble: acme.py BUILD

Pebble is the test authority of RFC 8555's makers; its own DNS server says that every name is here.
It refuses one nonce in five. Everything is on loopback and in a temporary folder.
"""
import contextlib, json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402

build = os.path.abspath(sys.argv[1])
passed = failed = 0


def check(is_fine, complaint):
    global passed, failed
    passed, failed = passed + bool(is_fine), failed + (not is_fine)
    if not is_fine:
        print("FAILED:", complaint)


def wait_port(port, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def running(argv, log, **more):
    with open(log, "ab") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Place:
    """Ports and files of one run, and the authority."""

    def __init__(self, folder):
        self.folder = folder
        self.http, self.https, self.ca, self.manage, self.dns = (free_port() for _ in range(5))
        path = self.path
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("ca.key"), "-out", path("ca.pem"),
                "-days", "5", "-subj", "/CN=root of the test")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("pebble.key"), "-out", path("pebble.csr"),
                "-subj", "/CN=localhost")
        with open(path("names"), "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", path("pebble.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                "-CAcreateserial", "-out", path("pebble.pem"), "-days", "5", "-extfile", path("names"))
        self.configure(eab=False)

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, eab):
        settings = {"listenAddress": f"127.0.0.1:{self.ca}", "managementListenAddress": f"127.0.0.1:{self.manage}",
                    "certificate": self.path("pebble.pem"), "privateKey": self.path("pebble.key"),
                    "httpPort": self.http, "tlsPort": self.https, "ocspResponderURL": "",
                    "externalAccountBindingRequired": eab}
        if eab:
            settings["externalAccountMACKeys"] = {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}
        with open(self.path("pebble.json"), "w") as f:
            json.dump({"pebble": settings}, f)

    @contextlib.contextmanager
    def authority(self):
        dns = ["pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{free_port()}",
               "-dns01", f"127.0.0.1:{self.dns}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
        pebble = ["pebble", "-config", self.path("pebble.json"), "-dnsserver", f"127.0.0.1:{self.dns}"]
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "20"}
        with running(dns, self.path("dns.log")), running(pebble, self.path("pebble.log"), env=environment):
            if not wait_port(self.ca) or not wait_port(self.dns) or not wait_port(self.manage):
                raise SystemExit("acme: pebble does not listen: " + open(self.path("pebble.log")).read()[-500:])
            yield

    def roots(self):
        """What Pebble signs with in this run."""
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        return urllib.request.urlopen(f"https://localhost:{self.manage}/roots/0", context=context).read().decode()

    def caddyfile(self, options, sites):
        with open(self.path("Caddyfile"), "w") as f:
            f.write(f"""{{
	admin off
	acme_ca https://localhost:{self.ca}/dir
	acme_ca_root {self.path("ca.pem")}
	storage file_system {self.path("storage")}
	http_port {self.http}
	https_port {self.https}
	default_bind 127.0.0.1
{options}}}
{sites}""")

    @contextlib.contextmanager
    def proxy(self, built=False):
        self.log_name = self.path(f"log-{time.monotonic_ns()}")
        argv = [f"{build}/dialtone", "run", self.path("Caddyfile")]
        if built:
            subprocess.run([f"{build}/dialtone", "build", self.path("Caddyfile"), "-o", self.path("proxy")], check=True)
            argv = [self.path("proxy")]
        with running(argv, self.log_name, env={**os.environ, "XDG_DATA_HOME": self.folder}) as process:
            if not wait_port(self.https):
                raise SystemExit("acme: dialtone does not listen: " + self.log())
            yield process

    def log(self):
        with open(self.log_name) as f:
            return f.read()

    def await_log(self, pattern, seconds=60, times=1):
        end = time.time() + seconds
        while time.time() < end:
            if len(re.findall(pattern, self.log())) >= times:
                return True
            time.sleep(0.05)
        return False

    def shown(self, name):
        """The certificate that a client of <name> is shown, in DER; None without one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(("127.0.0.1", self.https), timeout=20) as s, \
                    context.wrap_socket(s, server_hostname=name) as tls:
                return tls.getpeercert(True)
        except ssl.SSLError:
            return None

    def store_aged(self, name):
        """A stored certificate of <name> with a tenth of its life left, signed by itself."""
        def date(days):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))

        stored, key = self.stored(name), self.stored(name)[:-4] + ".key"
        os.makedirs(os.path.dirname(stored), exist_ok=True)
        with open(self.path("ca.cnf"), "w") as f:
            f.write(f"""[ca]
default_ca = here
[here]
new_certs_dir = {self.folder}
database = {self.path("index")}
rand_serial = yes
default_md = sha256
policy = names
x509_extensions = more
[names]
commonName = supplied
[more]
subjectAltName = DNS:{name}
""")
        open(self.path("index"), "w").close()
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", self.path("aged.csr"), "-subj", f"/CN={name}")
        openssl("ca", "-batch", "-selfsign", "-config", self.path("ca.cnf"), "-keyfile", key, "-in", self.path("aged.csr"),
                "-out", stored, "-startdate", date(-81), "-enddate", date(9), "-notext")

    def get(self, name, roots):
        """The body of https://NAME/, its certificate verified by <roots>."""
        context = ssl.create_default_context(cadata=roots)
        with socket.create_connection(("127.0.0.1", self.https), timeout=20) as s, \
                context.wrap_socket(s, server_hostname=name) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while True:
                more = tls.recv(4096)
                if not more:
                    return answer.partition(b"\r\n\r\n")[2]
                answer += more

    def answers(self, name, roots, body):
        """Whether https://NAME/ answers so, at once or after a while."""
        end = time.time() + 20
        while time.time() < end:
            try:
                if self.get(name, roots) == body:
                    return True
            except OSError:
                pass  # the certificate is not the new one yet
            time.sleep(0.05)
        return False

    def stored(self, name):
        return self.path(f"storage/certificates/localhost-{self.ca}-dir/{name}/{name}.crt")


GOT = r'"msg":"certificate obtained successfully"|certificate obtained successfully'
SITES = """
one.test {
	respond one
}
two.test {
	tls {
		issuer acme {
			disable_http_challenge
		}
		key_type p384
	}
	respond two
}
three.test {
	tls {
		issuer acme {
			disable_tlsalpn_challenge
		}
		key_type rsa2048
	}
	respond three
}
"""
NAMES = {"one.test": b"one", "two.test": b"two", "three.test": b"three"}


def test_issue_and_restart(place):
    with place.authority():
        place.caddyfile("\temail me@example.org\n", SITES)
        with place.proxy(built=True):
            check(place.shown("one.test") is None, "there is a certificate before one was got")
            check(place.await_log(GOT, times=3), "three certificates: " + place.log()[-1500:])
            for name, body in NAMES.items():
                check(place.answers(name, place.roots(), body), f"{name} answers: {place.log()[-1500:]}")
                check(os.stat(place.stored(name)).st_mode & 0o777 == 0o600, f"{name}: mode of the file")
        account = place.path(f"storage/acme/localhost-{place.ca}-dir/users/me@example.org/me.json")
        check(json.load(open(account))["status"] == "valid", "the account is kept")
        roots = place.roots()
    # the authority is gone: what was stored serves, and nothing is asked of anybody
    with place.proxy():
        for name, body in NAMES.items():
            check(place.get(name, roots) == body, f"{name} answers after a restart")
        time.sleep(0.5)
        check("obtaining" not in place.log(), "a stored certificate is ordered again")


def test_caddy_takes_it(place):
    """The same storage, with a real Caddy: it finds the certificates, and orders none."""
    caddy = os.environ.get("CADDY")
    if not caddy:
        return
    log = place.path("caddy.log")
    environment = {**os.environ, "XDG_DATA_HOME": place.folder, "XDG_CONFIG_HOME": place.folder}
    with running([caddy, "run", "--adapter", "caddyfile", "--config", place.path("Caddyfile")], log, env=environment):
        check(wait_port(place.https), "Caddy listens")
        for name in NAMES:
            with open(place.stored(name)) as f:
                ours = ssl.PEM_cert_to_DER_cert(f.read().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
            end = time.time() + 20  # it listens before it has read them
            while time.time() < end and place.shown(name) != ours:
                time.sleep(0.1)
            check(place.shown(name) == ours, f"Caddy shows what dialtone has got for {name}: {open(log).read()[-600:]}")


def test_renewal(place):
    """A certificate with a tenth of its life left is renewed while it serves, without a pause."""
    place.caddyfile("", "one.test {\n\trespond one\n}\n")
    place.store_aged("one.test")
    with open(place.stored("one.test")) as f:
        old = f.read()
    with place.authority():
        with place.proxy():
            check(place.shown("one.test") is not None, "the old certificate serves while a new one is ordered")
            check(place.await_log(GOT), "renewed: " + place.log()[-1500:])
            with open(place.stored("one.test")) as f:
                check(f.read() != old, "the file is a new one")
            check(place.answers("one.test", place.roots(), b"one"), "the new one serves, in the same process")


def test_failing_authority(place):
    """Nobody answers: the old certificate stays, and the next try waits."""
    place.caddyfile("", "one.test {\n\trespond one\n}\nnew.test {\n\trespond new\n}\n")
    place.store_aged("one.test")
    with place.proxy():
        check(place.await_log("could not get certificate", times=2), "both fail: " + place.log()[-800:])
        check(place.shown("one.test") is not None, "the old certificate stays")
        check(place.shown("new.test") is None, "there is none for the new name")
        time.sleep(2)
        check(len(re.findall("could not get certificate", place.log())) == 2, "the next try waits")
        check("refused" in place.log(), "the reason is said")


def test_external_account(place):
    place.configure(eab=True)
    site = "eab.test {\n\ttls {\n\t\tissuer acme {\n\t\t\temail x@example.org\n%s\t\t}\n\t}\n\trespond eab\n}\n"
    with place.authority():
        place.caddyfile("", site % "")
        with place.proxy():
            check(place.await_log("externalAccountRequired"), "without the binding: " + place.log()[-600:])
        place.caddyfile("", site % "\t\t\teab kid-1 zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n")
        with place.proxy():
            check(place.await_log(GOT), "with it: " + place.log()[-600:])
    place.configure(eab=False)


def test_forgotten_account(place):
    """Another Pebble knows nobody: a new account is registered."""
    shutil.rmtree(place.path("storage/certificates"))
    place.caddyfile("\temail me@example.org\n", "one.test {\n\trespond one\n}\n")
    with place.authority(), place.proxy():
        check(place.await_log(GOT), "with a new account: " + place.log()[-800:])


def test_stop_while_waiting(place):
    """An authority that takes the connection and says nothing does not hold up the end."""
    with socket.create_server(("127.0.0.1", place.ca)):
        shutil.rmtree(place.path("storage"))
        with place.proxy() as process:
            check(place.await_log("obtaining certificate"), "ordering")
            time.sleep(0.3)
            started = time.time()
            process.send_signal(signal.SIGTERM)
            check(process.wait(60) == 0 and time.time() - started < 8, f"ends after {time.time() - started:.1f} s")


def main():
    for tool in ("pebble", "pebble-challtestsrv", "openssl"):
        if not shutil.which(tool):
            print(f"skipped: no {tool} here\n0 passed, 0 failed, 1 skipped")
            return 0
    with tempfile.TemporaryDirectory(prefix="acme.") as folder:
        place = Place(folder)
        for test in (test_issue_and_restart, test_caddy_takes_it, test_renewal, test_failing_authority,
                     test_external_account, test_forgotten_account, test_stop_while_waiting):
            try:
                test(place)
            except Exception as error:  # a failing test must not stop the others
                check(False, f"{test.__name__}: {type(error).__name__}: {error}")
    print(f"acme: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
