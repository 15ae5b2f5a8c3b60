#!/usr/bin/env python3
"""TLS of a real proxy process while it runs: certificates that change, tickets, staples, renewals:
tls_wire.py BUILD

What a handshake comes to is compared with Caddy in tests/twin; here is what takes time and signals.
"""
import calendar, http.client, os, re, signal, socket, ssl, subprocess, sys, tempfile, threading, time

from harness import Suite, build, free_port, wait_until

suite = Suite("tls")
check = suite.check


# ---- certificates

folder = tempfile.mkdtemp(prefix="dialtone-tls-")


def at(name):
    return os.path.join(folder, name)


def openssl(*words, data=None, fails=False):
    run = subprocess.run(["openssl", *words], input=data, capture_output=True, cwd=folder)
    if run.returncode != 0 and not fails:
        raise RuntimeError(f"openssl {' '.join(words)}: {run.stderr.decode()}")
    return run.stdout


def certificate(name, serial, issuer=None, extensions=()):
    """NAME.crt, with its issuer behind it, and NAME.key."""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
    openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
    with open(at(f"{name}.ext"), "w") as f:
        f.write("\n".join(extensions) + "\n")
    signer = ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key"] if issuer else ["-signkey", f"{name}.key"]
    chain = openssl("x509", "-req", "-in", f"{name}.csr", "-days", "30", "-set_serial", str(serial), "-extfile",
                    f"{name}.ext", *signer)
    if issuer:
        chain += read(f"{issuer}.crt")
    write(f"{name}.crt", chain)


def read(name):
    with open(at(name), "rb") as f:
        return f.read()


def write(name, data):
    """As a tool for certificates does: whole, at once."""
    with open(at(name + ".new"), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    os.rename(at(name + ".new"), at(name))


def copy(source, target):
    for ending in (".crt", ".key"):
        write(target + ending, read(source + ending))


CA = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
SITE = ("subjectAltName=DNS:a.example,DNS:b.example",)
certificate("root", 1, None, CA)
certificate("first", 101, "root", SITE)
certificate("second", 102, "root", SITE)
certificate("clients", 2, None, CA)
certificate("others", 3, None, CA)
certificate("client", 201, "clients")
certificate("other", 202, "others")


# ---- clients


def connect(port, name="a.example", version=None, client=None, session=None, context=None):
    if context is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        if client:
            context.load_cert_chain(at(client + ".crt"), at(client + ".key"))
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    return context.wrap_socket(plain, server_hostname=name, session=session)


def serial_of(connection):
    der = connection.getpeercert(True)
    text = openssl("x509", "-inform", "DER", "-noout", "-serial", data=der).decode()
    return int(text.split("=")[1], 16)


def serial_at(port, name="a.example"):
    with connect(port, name) as s:
        return serial_of(s)


def ask(connection, host="a.example"):
    """The body of an answer, on a connection that stays open."""
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise OSError("closed")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    return body.decode()


def is_let_in(port, client, name="a.example"):
    try:
        with connect(port, name, client=client) as s:
            return ask(s, name) != ""
    except (ssl.SSLError, OSError):
        return False


def hang_up(proxy, logged):
    """SIGHUP, until its line is in the log."""
    def count():
        return len(re.findall(rb"certificates and logs read again|certificates stay as they were", logged()))
    before = count()
    proxy.send_signal(signal.SIGHUP)
    wait_until(lambda: count() > before)


def sites(port, more="", options=""):
    return f"""{{
	auto_https off
	{options}
}}
https://a.example:{port} {{
	tls {at("site.crt")} {at("site.key")}
	respond "a"
}}
https://b.example:{port} {{
	tls {at("other_site.crt")} {at("other_site.key")} {{
		client_auth {{
			trust_pool file {at("pool.pem")}
		}}
	}}
	respond "b"
}}
{more}
"""


def test_reload_is_whole_or_nothing():
    copy("first", "site")
    copy("first", "other_site")
    write("pool.pem", read("clients.crt"))
    port = free_port()
    with suite.proxy(sites(port), port, "--workers", "2") as (proxy, logged):
        check(serial_at(port) == 101, "the first certificate is served")
        check(is_let_in(port, "client", "b.example"), "a client of the pool is let in")
        check(not is_let_in(port, "other", "b.example"), "a client of another pool is not")
        with connect(port) as s:
            check(ask(s) == "a", "an answer before")
            copy("second", "site")
            write("pool.pem", read("others.crt"))
            write("other_site.key", "nonsense")
            hang_up(proxy, logged)
            check(ask(s) == "a", "connections survive a reload that fails")
        check(serial_at(port) == 101, "one broken file keeps every old one")
        check(is_let_in(port, "client", "b.example"), "and the old pool")
        text = logged().decode()
        check(at("other_site.key") in text and "no key that can be read" in text, "the log names file and reason")
        copy("second", "other_site")
        hang_up(proxy, logged)
        check(serial_at(port) == 102, "the new certificate is served once all is fine")
        check(is_let_in(port, "other", "b.example"), "a client of the new pool is let in")
        check(not is_let_in(port, "client", "b.example"), "a client of the old pool is not")
        for broken, what in ((("site.key", read("first.key")), "the key is not the certificate's"),
                             (("site.crt", "x"), "no certificate in it"),
                             (("pool.pem", "x"), "no certificate in")):
            name, data = broken
            kept = read(name)
            write(name, data)
            hang_up(proxy, logged)
            check(what in logged().decode(), f"the log says: {what}")
            check(serial_at(port) == 102, f"served on after: {what}")
            write(name, kept)
        os.remove(at("site.crt"))
        hang_up(proxy, logged)
        check("No such file" in logged().decode(), "a missing file is named")
        check(serial_at(port) == 102, "served on without a file")
        copy("first", "site")
        hang_up(proxy, logged)
        check(serial_at(port) == 101, "and back again")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


def test_reload_of_the_upstreams_side():
    """Whom an upstream is asked as, and whom it may be, are read again."""
    copy("first", "site")
    copy("first", "other_site")
    copy("client", "we")
    write("pool.pem", read("clients.crt"))
    write("trusted.pem", read("root.crt"))
    upstream, port = free_port(), free_port()
    front = f"""{{
	auto_https off
}}
http://:{port} {{
	reverse_proxy https://127.0.0.1:{upstream} {{
		header_up Host b.example
		transport http {{
			keepalive off
			tls_server_name b.example
			tls_trust_pool file {at("trusted.pem")}
			tls_client_auth {at("we.crt")} {at("we.key")}
		}}
	}}
}}
"""

    def status():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        return connection.getresponse().status

    with suite.proxy(sites(upstream), upstream) as (behind, behind_logged), suite.proxy(front, port) as (proxy, logged):
        check(status() == 200, "a client that the upstream knows")
        copy("other", "we")
        hang_up(proxy, logged)
        check(status() == 502, "the certificate that was read is shown, and no session of the old is resumed")
        write("pool.pem", read("others.crt"))
        hang_up(behind, behind_logged)
        check(status() == 200, "the upstream knows it by now")
        write("we.key", "nonsense")
        write("trusted.pem", read("others.crt"))
        hang_up(proxy, logged)
        check("no key that can be read" in logged().decode(), "the log says why all stays")
        check(status() == 200, "one broken file keeps every old one")
        copy("other", "we")
        hang_up(proxy, logged)
        check(status() == 502, "an upstream whose authority is not trusted any more")
        write("trusted.pem", read("root.crt"))
        hang_up(proxy, logged)
        check(status() == 200, "and back again")
        for each in proxy, behind:
            each.send_signal(signal.SIGTERM)
            suite.ends(each)


def test_reload_under_load():
    copy("first", "site")
    copy("first", "other_site")
    write("pool.pem", read("clients.crt"))
    port = free_port()
    counts, failures, stop = [0, 0], [], threading.Event()

    def keep_asking():
        try:
            with connect(port) as s:
                while not stop.is_set():
                    if ask(s) != "a":
                        raise OSError("wrong answer")
                    counts[0] += 1
        except OSError as error:
            failures.append(f"kept: {error}")

    def ask_anew():
        while not stop.is_set():
            try:
                with connect(port) as s:
                    if serial_of(s) not in (101, 102) or ask(s) != "a":
                        raise OSError("wrong answer")
                    counts[1] += 1
            except OSError as error:
                failures.append(f"new: {error}")

    with suite.proxy(sites(port), port, "--workers", "2") as (proxy, logged):
        threads = [threading.Thread(target=work) for work in [keep_asking] * 3 + [ask_anew] * 3]
        for thread in threads:
            thread.start()
        started, i = time.monotonic(), 0
        while i < 20 or (counts[0] <= 100 or counts[1] <= 20) and not failures and time.monotonic() - started < 60:
            copy(("second", "first")[i % 2], "site")
            if i % 5 == 4:
                write("other_site.key", "nonsense")
            elif i % 5 == 0:
                copy("first", "other_site")
            hang_up(proxy, logged)
            time.sleep(0.05)
            i += 1
        stop.set()
        for thread in threads:
            thread.join()
        check(not failures, f"requests failed while certificates changed: {failures[:5]}")
        check(counts[0] > 100 and counts[1] > 20, f"too few requests to tell: {counts}")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


def test_tickets_survive():
    """Another worker, and the certificates after them: a session is resumed all the same."""
    copy("first", "site")
    copy("first", "other_site")
    write("pool.pem", read("clients.crt"))
    port = free_port()
    with suite.proxy(sites(port), port, "--workers", "4") as (proxy, logged):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = context.maximum_version = version
            session, n = None, 0
            for i in range(12):
                if i == 6:
                    hang_up(proxy, logged)
                with connect(port, context=context, session=session) as s:
                    ask(s)
                    n += s.session_reused
                    session = s.session
            check(n == 11, f"{version.name}: {n} of 11 sessions were resumed")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


def staple_of(port):
    out = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-servername", "a.example", "-status", data=b"")
    text = out.decode("utf-8", "replace")
    return "good" if "Cert Status: good" in text else "none" if "no response sent" in text else text[:300]


def respond(target, leaf, *words, index="V", issuer="root"):
    """An OCSP response for <leaf>, as its issuer gives it."""
    serial = openssl("x509", "-in", f"{leaf}.crt", "-noout", "-serial").decode().strip().split("=")[1]
    revoked = "261101000000Z" if index == "R" else ""
    write("index", f"{index}\t351231235959Z\t{revoked}\t{serial}\tunknown\t/CN={leaf}\n")
    openssl("ocsp", "-issuer", f"{issuer}.crt", "-cert", f"{leaf}.crt", "-reqout", "request.der")
    openssl("ocsp", "-index", "index", "-CA", f"{issuer}.crt", "-rsigner", f"{issuer}.crt", "-rkey", f"{issuer}.key",
            "-reqin", "request.der", "-respout", target, *words)


def test_staples():
    copy("first", "site")
    copy("first", "other_site")
    write("pool.pem", read("clients.crt"))
    respond("site.crt.ocsp", "first", "-ndays", "2")
    port = free_port()
    with suite.proxy(sites(port), port) as (proxy, logged):
        check(staple_of(port) == "good", f"the response beside the certificate is sent: {staple_of(port)}")
        check(serial_at(port) == 101, "and who asks for none gets none")
        copy("second", "site")
        hang_up(proxy, logged)
        check("it is about another certificate" in logged().decode(), "a response for another certificate is refused")
        check(serial_at(port) == 101, "and so is what came with it")
        respond("site.crt.ocsp", "second", "-ndays", "2")
        hang_up(proxy, logged)
        check((serial_at(port), staple_of(port)) == (102, "good"), "certificate and response change together")
        write("site.crt.ocsp", b"nonsense")
        hang_up(proxy, logged)
        check("it is no OCSP response" in logged().decode(), "nonsense is refused")
        check(staple_of(port) == "good", "and the old response stays")
        respond("site.crt.ocsp", "second", index="R")
        hang_up(proxy, logged)
        check("the certificate is revoked" in logged().decode(), "a revoked certificate is told")
        os.remove(at("site.crt.ocsp"))
        hang_up(proxy, logged)
        check(staple_of(port) == "none", "without a file there is no response")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)
    respond("site.crt.ocsp", "second", "-ndays", "2")
    with suite.proxy(sites(port, options="ocsp_stapling off"), port) as (proxy, logged):
        check(staple_of(port) == "none", "ocsp_stapling off")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)
    certificate("forger", 9, None, CA)
    openssl("x509", "-in", "forger.crt", "-out", "root_like.crt")
    serial = openssl("x509", "-in", "second.crt", "-noout", "-serial").decode().strip().split("=")[1]
    write("index", f"V\t351231235959Z\t\t{serial}\tunknown\t/CN=second\n")
    openssl("ocsp", "-index", "index", "-CA", "root.crt", "-rsigner", "forger.crt", "-rkey", "forger.key", "-reqin",
            "request.der", "-respout", "site.crt.ocsp", "-ndays", "2")
    status, text = checked(sites(port))
    check(status == 1 and "signature is not the issuer's" in text, f"a forged response is refused: {text}")
    os.remove(at("site.crt.ocsp"))


def checked(config):
    """--check: (exit status, what it says)."""
    path = at("Caddyfile")
    with open(path, "w") as f:
        f.write(config)
    run = subprocess.run([f"{build}/dialtone", "run", path, "--", "--check"], capture_output=True,
                         env={**os.environ, "XDG_DATA_HOME": folder})
    return run.returncode, (run.stdout + run.stderr).decode()


def test_check_reads_files():
    copy("first", "site")
    copy("first", "other_site")
    write("pool.pem", read("clients.crt"))
    port = free_port()
    check(checked(sites(port))[0] == 0, "all files are fine")
    write("pool.pem", "x")
    write("site.crt", "x")
    status, text = checked(sites(port))
    check(status == 1, "broken files fail the check")
    check("pool.pem" in text and "site.crt" in text, f"each is named: {text}")
    check("Caddyfile:6" in text, f"with its place: {text}")


def test_renewals():
    """Leafs and intermediates of a few seconds are renewed before they end, on a running connection's back."""
    port = free_port()
    config = f"""{{
	auto_https disable_redirects
	pki {{
		ca short {{
			intermediate_lifetime 12s
		}}
	}}
}}
https://a.localhost:{port} {{
	tls {{
		issuer internal {{
			ca short
			lifetime 4s
		}}
	}}
	respond "a"
}}
"""
    with suite.proxy(config, port) as (proxy, logged):
        with connect(port, "a.localhost") as kept:
            leafs, intermediates = set(), set()
            started = time.monotonic()
            while time.monotonic() - started < 14 or (len(leafs) < 4 or len(intermediates) < 2) and time.monotonic() - started < 60:
                now = time.time()
                with connect(port, "a.localhost") as s:
                    leafs.add(serial_of(s))
                    text = openssl("x509", "-inform", "DER", "-noout", "-dates", data=s.getpeercert(True)).decode()
                    ends = calendar.timegm(time.strptime(text.split("notAfter=")[1].strip(), "%b %d %H:%M:%S %Y GMT"))
                    check(ends > now, f"a certificate is served after its end: {text}")
                chain = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-servername", "a.localhost", "-showcerts",
                                data=b"").decode().split("-----BEGIN CERTIFICATE-----")
                intermediates.add(chain[2].split("-----END")[0])
                time.sleep(0.5)
            check(ask(kept, "a.localhost") == "a", "a connection outlives its certificate")
        check(len(leafs) >= 4, f"{len(leafs)} leafs of 4 s each in 14 s and more")
        check(len(intermediates) >= 2, f"{len(intermediates)} intermediates of 12 s each in 14 s and more")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


def test_secrets_log():
    copy("first", "site")
    port = free_port()
    config = f"""{{
	auto_https off
}}
https://a.example:{port} {{
	tls {at("site.crt")} {at("site.key")} {{
		insecure_secrets_log {at("secrets")}
	}}
	respond "a"
}}
"""
    with suite.proxy(config, port) as (proxy, _):
        with connect(port, version=ssl.TLSVersion.TLSv1_3) as s:
            ask(s)
        with connect(port, version=ssl.TLSVersion.TLSv1_2) as s:
            ask(s)
        text = read("secrets").decode()
        check("CLIENT_TRAFFIC_SECRET_0 " in text and "\nCLIENT_RANDOM " in text, f"secrets: {text[:200]}")
        check(os.stat(at("secrets")).st_mode & 0o777 == 0o600, "only the owner reads them")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


def test_plain_http_on_tls():
    copy("first", "site")
    port = free_port()
    config = f"""{{
	auto_https off
}}
https://a.example:{port} {{
	tls {at("site.crt")} {at("site.key")}
}}
"""
    with suite.proxy(config, port) as (proxy, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        response = connection.getresponse()
        check((response.status, response.read()) == (400, b"Client sent an HTTP request to an HTTPS server.\n"),
              "plain HTTP is told so")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
            s.sendall(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00" + b"\xff" * 50)
            try:
                while s.recv(4096):
                    pass
            except ConnectionResetError:
                pass  # what was not read yet makes the end a reset
        check(serial_at(port) == 101, "nonsense in a hello ends only its connection")
        proxy.send_signal(signal.SIGTERM)
        suite.ends(proxy)


try:
    suite.run(globals())
finally:
    subprocess.run(["rm", "-rf", folder])
sys.exit(suite.end())
