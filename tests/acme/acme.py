#!/usr/bin/env python3
"""Certificates by ACME, from Pebble and from an authority of our own: acme.py BUILD [TEST…]

Pebble is the test authority of RFC 8555's makers; its own DNS server says that every name is here.
It refuses one nonce in five. Everything is on loopback and in a temporary folder.
"""
import calendar, contextlib, json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from authority import Authority  # noqa: E402
from ports import free_port  # noqa: E402
from way import Way  # noqa: E402

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
            f.write("subjectAltName=DNS:localhost,DNS:authority.example,IP:127.0.0.1\n")
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
    def beside(self, program="dialtone"):
        """Another process of <program> with ports of its own and the storage of this place, on the same
        configuration."""
        other = Place.__new__(Place)
        other.__dict__.update(self.__dict__)
        other.http, other.https = free_port(), free_port()
        with open(self.path("Caddyfile")) as f:
            text = f.read()
        for port in "http", "https":
            text = text.replace(f"{port}_port {getattr(self, port)}\n", f"{port}_port {getattr(other, port)}\n")
        config = self.path(f"Caddyfile-{other.https}")
        with open(config, "w") as f:
            f.write(text)
        other.log_name = self.path(f"log-{other.https}")
        argv = [f"{build}/dialtone", "run", config]
        if program != "dialtone":
            argv = [program, "run", "--adapter", "caddyfile", "--config", config]
        with running(argv, other.log_name, env={**os.environ, "XDG_DATA_HOME": self.folder,
                                                "XDG_CONFIG_HOME": self.folder}) as other.process:
            if not wait_port(other.https):
                raise SystemExit(f"acme: {program} does not listen: " + other.log())
            yield other

    @contextlib.contextmanager
    def proxy(self, built=False, **environment):
        self.log_name = self.path(f"log-{time.monotonic_ns()}")
        argv = [f"{build}/dialtone", "run", self.path("Caddyfile")]
        if built:
            subprocess.run([f"{build}/dialtone", "build", self.path("Caddyfile"), "-o", self.path("proxy")], check=True)
            argv = [self.path("proxy")]
        with running(argv, self.log_name, env={**os.environ, "XDG_DATA_HOME": self.folder, **environment}) as process:
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
            # unless this process had to wait for longer than the order took
            check(place.shown("one.test") is None or place.await_log(GOT, 0.1), "there is a certificate before one was got")
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
        shutil.rmtree(place.path("storage"), ignore_errors=True)
        with place.proxy() as process:
            check(place.await_log("obtaining certificate"), "ordering")
            time.sleep(0.3)
            started = time.time()
            process.send_signal(signal.SIGTERM)
            check(process.wait(60) == 0 and time.time() - started < 8, f"ends after {time.time() - started:.1f} s")


# ---- with an authority of our own, which does what it is told


def fresh_storage(place):
    shutil.rmtree(place.path("storage"), ignore_errors=True)


def metadata(place, name):
    with open(place.stored(name)[:-4] + ".json") as f:
        return json.load(f)


def await_that(condition, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def root_of(place):
    with open(place.path("ca.pem")) as f:
        return f.read()


ONE = "one.test {\n\trespond one\n}\n"


def test_renewal_information(place):
    """The window is asked for with the certificate, kept as certmagic keeps it, asked for again in time; a window
    that has begun renews, and the order says what it replaces."""
    fresh_storage(place)
    place.caddyfile("", ONE)
    with Authority(place, place.ca) as ca:
        with place.proxy():
            check(place.await_log(GOT), "the first: " + place.log()[-800:])
        data = metadata(place, "one.test")["issuer_data"]
        kept = data["renewal_info"]
        check(data["ca"] == f"https://localhost:{place.ca}/dir" and "/kid/" in data["account"], f"metadata: {data}")
        check(ca.asked == [kept["_uniqueIdentifier"]] and "replaces" not in ca.orders[0], f"asked for: {ca.asked}")
        check(kept["suggestedWindow"]["start"] < kept["_selectedTime"] < kept["suggestedWindow"]["end"], f"drawn: {kept}")
        check(kept["explanationURL"] == "https://ca.test/why" and moment_of(kept["_retryAfter"]) > time.time() + 6000,
              f"the wait until the next question: {kept}")
        with place.proxy():
            time.sleep(1)
            check(len(ca.asked) == 1 and len(ca.orders) == 1, "asked before its time")
        # the time for the next question has come, and the window is another
        kept["_retryAfter"] = "2026-01-01T00:00:00Z"
        about = metadata(place, "one.test")
        about["issuer_data"]["renewal_info"] = kept
        with open(place.stored("one.test")[:-4] + ".json", "w") as f:
            json.dump(about, f)
        ca.window = (-7200, -3600)
        ca.refuses_replaces = True
        with place.proxy():
            check(place.await_log("the authority has told when to renew"), "told: " + place.log()[-800:])
            ca.window = (20 * 86400, 40 * 86400)
            check(place.await_log(GOT), "renewed: " + place.log()[-1500:])
            check("https://ca.test/why" in place.log(), "the reason is logged")
        check([o.get("replaces") for o in ca.orders] == [None, kept["_uniqueIdentifier"], None],
              f"the order names the old one, and one that is refused for that is repeated without: {ca.orders}")
        data = metadata(place, "one.test")["issuer_data"]["renewal_info"]
        check(data["_uniqueIdentifier"] != kept["_uniqueIdentifier"], "the window of the new one is kept")
        # an authority that cannot say, and metadata that is junk, change nothing
        ca.fails_renewal_info = True
        about = metadata(place, "one.test")
        about["issuer_data"]["renewal_info"]["_retryAfter"] = "2026-01-01T00:00:00Z"
        with open(place.stored("one.test")[:-4] + ".json", "w") as f:
            json.dump(about, f)
        with place.proxy():
            check(place.await_log("does not say when to renew"), "an authority that cannot say: " + place.log()[-800:])
            check(place.answers("one.test", root_of(place), b"one"), "the certificate stays")
        with open(place.stored("one.test")[:-4] + ".json", "w") as f:
            f.write("{junk")
        with place.proxy():
            check(place.answers("one.test", root_of(place), b"one"), "junk beside a certificate does no harm")
        check(len(ca.orders) == 3, f"nothing else was ordered: {ca.orders}")


def moment_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def test_several_authorities(place):
    """The second is asked where the first fails; the folder is the second's."""
    fresh_storage(place)
    second = free_port()
    place.caddyfile(f"\tcert_issuer acme https://localhost:{place.ca}/dir {{\n\t\ttrusted_roots {place.path('ca.pem')}\n"
                    f"\t\temail first@example.org\n\t}}\n"
                    f"\tcert_issuer acme https://localhost:{second}/dir {{\n\t\ttrusted_roots {place.path('ca.pem')}\n"
                    f"\t\temail second@example.org\n\t\tprofile shortlived\n\t}}\n", ONE)
    with Authority(place, place.ca) as first, Authority(place, second) as other:
        first.faults["order"] = lambda handler: first.refuse(handler, 429, "rateLimited", "enough of it", Retry_After="7200")
        with place.proxy():
            check(place.await_log(GOT), "the second gives one: " + place.log()[-1500:])
            check("rateLimited: enough of it" in place.log(), "what the first said is logged")
            check(place.answers("one.test", root_of(place), b"one"), "it serves")
        check([order.get("profile") for order in other.orders] == ["shortlived"], f"the profile: {other.orders}")
        check(os.path.exists(place.path(f"storage/certificates/localhost-{second}-dir/one.test/one.test.crt")),
              "kept where Caddy keeps the second's")
        for port, user in (place.ca, "first"), (second, "second"):
            check(os.path.exists(place.path(f"storage/acme/localhost-{port}-dir/users/{user}@example.org/{user}.json")),
                  f"the {user} account is kept")
        first.faults.clear()
        with place.proxy():
            time.sleep(0.5)
            check(not first.orders and len(other.orders) == 1, "what the second gave is enough for the next start")


def shared(place, challenge, program, looks_at_other):
    """Two processes, one storage: one orders, the other is asked back, both serve."""
    fresh_storage(place)
    place.caddyfile("", ONE)
    with Authority(place, place.ca) as ca:
        ca.challenge = challenge
        hold = threading.Event()
        # the order waits until both run
        ca.faults["order"] = lambda handler: (hold.wait(60), ca.faults.pop("order", None), ca.answer_again(handler))
        first, second = (place.proxy(), place.beside(program)) if looks_at_other else (place.beside(program), place.proxy())
        with first as a:
            one = place if looks_at_other else a
            check(await_that(lambda: glob_locks(place)), f"{program}: the first takes the lock: {one.log()[-600:]}")
            with second as b:
                two = b if looks_at_other else place
                ca.asks_at = two.http if challenge == "http-01" else two.https
                hold.set()
                for each in one, two:
                    check(each.answers("one.test", root_of(place), b"one"),
                          f"{program} {challenge}: both serve it: {ca.errors} {each.log()[-1500:]}")
        check(len(ca.orders) == 1, f"{program} {challenge}: one of them has ordered: {ca.orders}")
        check(ca.validated == [("one.test", challenge)], f"{program} {challenge}: the other was asked: {ca.errors}")
        check(not glob_locks(place), f"{program}: no lock is left: {glob_locks(place)}")
        tokens = place.path(f"storage/acme/localhost-{place.ca}-dir/challenge_tokens")
        check(not os.path.isdir(tokens) or os.listdir(tokens) == [], "no challenge is left")


def glob_locks(place):
    folder = place.path("storage/locks")
    return [name for name in os.listdir(folder) if name.startswith("issue_cert")] if os.path.isdir(folder) else []


def test_two_proxies_share_a_storage(place):
    for challenge in "http-01", "tls-alpn-01":
        shared(place, challenge, "dialtone", True)


def test_a_proxy_and_caddy_share_a_storage(place):
    caddy = os.environ.get("CADDY")
    if not caddy:
        return
    for challenge in "http-01", "tls-alpn-01":
        shared(place, challenge, caddy, True)
        shared(place, challenge, caddy, False)


def test_address(place):
    """A certificate for an address, by either challenge; with challenges that nobody shares nothing is left in the
    storage while the authority asks."""
    for challenge in "http-01", "tls-alpn-01":
        fresh_storage(place)
        place.caddyfile("", "127.0.0.1 {\n\ttls {\n\t\tissuer acme {\n\t\t\tdistributed false\n\t\t}\n\t}\n\trespond one\n}\n")
        with Authority(place, place.ca) as ca:
            ca.challenge, ca.asks_at = challenge, place.http if challenge == "http-01" else place.https
            with place.proxy():
                check(place.await_log(GOT), f"{challenge}: {ca.errors} {place.log()[-800:]}")
            check([order["identifiers"] for order in ca.orders] == [[{"type": "ip", "value": "127.0.0.1"}]],
                  f"what was ordered: {ca.orders}")
            check(not os.path.exists(place.path(f"storage/acme/localhost-{place.ca}-dir/challenge_tokens")),
                  "a challenge was left for others")


def test_dead_lock(place):
    """A lock whose owner died is taken over; one that lives is waited for."""
    fresh_storage(place)
    place.caddyfile("", ONE)
    lock = place.path("storage/locks/issue_cert_one.test.lock")
    os.makedirs(os.path.dirname(lock))

    def write(seconds):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(time.time() + seconds))
        with open(lock, "w") as f:
            json.dump({"created": stamp, "updated": stamp}, f)
    write(-60)
    with Authority(place, place.ca) as ca, place.proxy():
        check(place.await_log(GOT), "the lock of a dead one: " + place.log()[-800:])
        check(len(ca.orders) == 1 and await_that(lambda: not os.path.exists(lock)), "and it is gone")
    fresh_storage(place)
    os.makedirs(os.path.dirname(lock))
    write(0)
    with Authority(place, place.ca) as ca, place.proxy():
        time.sleep(2)
        check(not ca.orders, "one that lives is waited for")
        write(-60)
        check(place.await_log(GOT), "until it is dead: " + place.log()[-800:])


def test_authority_answers_nonsense(place):
    """Whatever comes, the old certificate serves, the reason is said, and nothing grows or hangs."""
    place.caddyfile("", ONE)

    def raw(text, then=b"", times=1):
        def answer(handler):
            handler.close_connection = True
            handler.wfile.write(text)
            with contextlib.suppress(OSError):
                for _ in range(times):
                    handler.wfile.write(then)
        return answer
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nReplay-Nonce: n\r\n"
    rows = (("dir", raw(b"\x00\xff\r\n\r\n"), "is no HTTP"), ("dir", raw(head + b"\r\n{junk"), "no ACME directory"),
            ("dir", raw(head + b"Content-Length: 4\r\n\r\n[[[["), "no ACME directory"),
            ("dir", raw(head + b"\r\n", b"[" * 65536, 1000), "too long"),
            ("dir", raw(head, b"X: " + b"y" * 8000 + b"\r\n", 20), "is no HTTP"),
            ("dir", raw(head + b"Content-Length: 400\r\n\r\n{"), "ended in its body"),
            ("account", raw(head + b"Content-Length: 2\r\n\r\n{}"), "it has no URL"),
            ("order", raw(head + b"Content-Length: 2\r\n\r\n{}"), "the order has no URL"),
            ("order", "badNonce", "it takes no nonce"),
            ("authorization", raw(head + b'Content-Length: 18\r\n\r\n{"challenges":[7]}'), "offers no challenge"),
            ("certificate", raw(head + b"Content-Length: 4\r\n\r\nnone"), "there is none in the answer"))
    with Authority(place, place.ca) as ca:
        for path, answer, complaint in rows:
            fresh_storage(place)
            place.store_aged("one.test")
            ca.faults.clear()
            ca.faults[path] = answer if callable(answer) else \
                (lambda handler, kind=answer: ca.refuse(handler, 400, kind, "another one"))
            with place.proxy() as process:
                check(place.await_log("could not get certificate"), f"{path}: it fails: {place.log()[-600:]}")
                check(complaint in place.log(), f"{path}: '{complaint}' is said: {place.log()[-600:]}")
                check(place.shown("one.test") is not None and process.poll() is None, f"{path}: the old one serves")


def test_a_proxy_on_the_way(place):
    """The authority is only known to a proxy that the environment names."""
    for speaks in "http", "socks5":
        fresh_storage(place)
        place.caddyfile("", ONE)
        config = place.path("Caddyfile")
        with open(config) as f:
            text = f.read().replace(f"https://localhost:{place.ca}/dir", f"https://authority.example:{place.ca}/dir")
        with open(config, "w") as f:
            f.write(text)
        with Authority(place, place.ca) as ca, Way(speaks) as way:
            ca.url = f"https://authority.example:{place.ca}"
            with place.proxy(HTTPS_PROXY=way.url):
                check(place.await_log(GOT), f"{speaks}: {place.log()[-800:]}")
                check(place.answers("one.test", root_of(place), b"one"), f"{speaks}: it serves")
            check(way.asked and set(way.asked) == {("authority.example", place.ca)}, f"{speaks}: asked for {way.asked}")
            # a new storage each: what fails is said, with the proxy's name and without the password
            rows = [(way.url.replace("p%40ss", "wrong"), None,
                     "it answered CONNECT with status 407" if speaks == "http" else "it refused the login"),
                    (way.url.replace(speaks, "gopher"), None, "the URL of the proxy on the way is none"),
                    (f"http://127.0.0.1:{free_port()}", None, "Connection refused"),
                    (f"https://127.0.0.1:{free_port()}", None, "spoken to by TLS")]
            if speaks == "http":
                rows += [(way.url, b"HTTP/1.1 502 No\r\n\r\n", "it answered CONNECT with status 502"),
                         (way.url, b"HTTP/1.1 200 OK\r\n\r\nhello", "more came than an answer"),
                         (way.url, b"SSH-2.0\r\n\r\n", "is no HTTP"), (way.url, b"HTTP/1.1 200", "ended in its head")]
            else:
                rows += [(way.url, b"\5\4\0\1\0\0\0\0\0\0", "it did not connect"), (way.url, b"\5\0", "the connection ended"),
                         (way.url, b"HTTP/1.1 400 What\r\n\r\n", "it does not speak that")]
            for url, way.answer, complaint in rows:
                fresh_storage(place)
                with place.proxy(HTTPS_PROXY=url):
                    check(place.await_log("could not get certificate"), f"{speaks}, {complaint}: it fails: {place.log()[-600:]}")
                    check(complaint in place.log(), f"{speaks}: '{complaint}' is said: {place.log()[-600:]}")
                    check("p%40ss" not in place.log() and "p@ss" not in place.log(), "passwords are not logged")
            way.answer = None
            fresh_storage(place)
            n_asked = len(way.asked)
            with place.proxy(HTTPS_PROXY=way.url, NO_PROXY=".example"):
                check(place.await_log("could not get certificate"), "nobody else knows the authority")
            check(len(way.asked) == n_asked, "NO_PROXY is heard")


def test_disk_is_full(place):
    """A storage that takes nothing: nobody is asked for what could not be kept."""
    fresh_storage(place)
    place.caddyfile("", ONE)
    with open(place.path("storage"), "w"):
        pass  # a file where the folder should be: all that is written fails, even for root
    with Authority(place, place.ca) as ca, place.proxy():
        check(place.await_log("the storage cannot be locked"), "it is said: " + place.log()[-600:])
        check(not ca.orders, "no order is spent")
    os.unlink(place.path("storage"))


def main():
    for tool in ("pebble", "pebble-challtestsrv", "openssl"):
        if not shutil.which(tool):
            print(f"skipped: no {tool} here\n0 passed, 0 failed, 1 skipped")
            return 0
    with tempfile.TemporaryDirectory(prefix="acme.") as folder:
        place = Place(folder)
        for test in (test_issue_and_restart, test_caddy_takes_it, test_renewal, test_failing_authority,
                     test_external_account, test_forgotten_account, test_stop_while_waiting, test_renewal_information,
                     test_several_authorities, test_two_proxies_share_a_storage, test_a_proxy_and_caddy_share_a_storage,
                     test_address, test_dead_lock, test_authority_answers_nonsense, test_a_proxy_on_the_way,
                     test_disk_is_full):
            if sys.argv[2:] and test.__name__ not in sys.argv[2:]:
                continue
            try:
                test(place)
            except Exception as error:  # a failing test must not stop the others
                check(False, f"{test.__name__}: {type(error).__name__}: {error}")
    print(f"acme: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
