"""A certificate authority for tests: RFC 8555 and 9773, as far as clients can tell, that does wrong what it is told
to. It believes every signature, and signs with OpenSSL's program."""
import base64, hashlib, http.client, json, os, socket, ssl, subprocess, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def asked_name(name):
    """RFC 8738 6: an address is asked for as a name."""
    parts = name.split(".")
    return ".".join(reversed(parts)) + ".in-addr.arpa" if all(part.isdigit() for part in parts) else name


class Authority:
    """Listens on <port> with certificate and key of <place>, and signs with the root there. What it was asked is in
    <orders> (payloads), <asked> (names whose renewal was asked for), <validated> (name, type)."""

    def __init__(self, place, port):
        self.place, self.url = place, f"https://localhost:{port}"
        self.window = (20 * 86400, 40 * 86400)  # of renewal, from now on; None: it has no opinion
        self.challenge = "http-01"
        self.asks_at = None  # the port at which names are looked for; None: everything is believed
        self.days = 90
        self.faults = {}  # path: function that answers instead, of a request's handler
        self.fails_renewal_info = False
        self.refuses_replaces = False
        self.orders, self.asked, self.validated, self.errors = [], [], [], []
        self.states, self.lock = {}, threading.Lock()

        authority = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                authority.answer(self)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # clients that are tested hang up in all phases

        self.server = Server(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place.path("pebble.pem"), place.path("pebble.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # ---- answers

    def send(self, handler, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Replay-Nonce", base64.urlsafe_b64encode(os.urandom(12)).decode())
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def refuse(self, handler, status, kind, detail, **headers):
        self.send(handler, status, {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail},
                  "application/problem+json", **headers)

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path, payload = handler.path, None
        if body:
            message = json.loads(body)
            handler.protected = json.loads(unpadded(message["protected"]))
            payload = json.loads(unpadded(message["payload"]) or b"null")
        handler.payload = payload
        fault = self.faults.get(path.split("/")[1])
        if fault:
            fault(handler)
        else:
            self.answer_again(handler)

    def answer_again(self, handler):
        """As if nothing were wrong."""
        getattr(self, "do_" + handler.path.split("/")[1])(handler, handler.path, handler.payload)

    def do_dir(self, handler, path, payload):
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke",
                 "keyChange": "change"}
        if self.window:
            names["renewalInfo"] = "renewal"
        self.send(handler, 200, {name: f"{self.url}/{path}" for name, path in names.items()})

    def do_nonce(self, handler, path, payload):
        self.send(handler, 200, b"")

    def do_account(self, handler, path, payload):
        jwk = handler.protected["jwk"]
        name = hashlib.sha256(json.dumps(jwk, sort_keys=True).encode()).hexdigest()[:16]
        text = json.dumps({k: jwk[k] for k in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
        with self.lock:
            self.states["kid:" + f"{self.url}/kid/{name}"] = base64.urlsafe_b64encode(
                hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        self.send(handler, 201, {"status": "valid"}, Location=f"{self.url}/kid/{name}")

    def do_order(self, handler, path, payload):
        if path == "/order":
            with self.lock:
                self.orders.append(payload)
                number = str(len(self.orders))
            if "kid:" + handler.protected["kid"] not in self.states:
                return self.refuse(handler, 400, "accountDoesNotExist", "who is that?")
            if "replaces" in payload and self.refuses_replaces:
                return self.refuse(handler, 409, "alreadyReplaced", "that is gone")
            token = base64.urlsafe_b64encode(os.urandom(12)).decode()
            self.states[number] = {"status": "pending", "name": payload["identifiers"][0], "token": token,
                                   "thumbprint": self.states["kid:" + handler.protected["kid"]], "challenge": self.challenge}
            status, place = 201, {"Location": f"{self.url}/order/{number}"}
        else:
            number, status, place = path.split("/")[2], 200, {}
        state = self.states[number]
        order = {"status": {"pending": "pending", "authorized": "ready"}.get(state["status"], state["status"]),
                 "expires": moment(3600), "identifiers": [state["name"]],
                 "authorizations": [f"{self.url}/authorization/{number}"], "finalize": f"{self.url}/finalize/{number}"}
        if state["status"] == "valid":
            order["certificate"] = f"{self.url}/certificate/{number}"
        self.send(handler, status, order, **place)

    def challenge_of(self, number):
        state = self.states[number]
        challenge = {"type": state["challenge"], "url": f"{self.url}/challenge/{number}", "token": state["token"],
                     "status": {"authorized": "valid", "valid": "valid"}.get(state["status"], state["status"])}
        if "error" in state:
            challenge["error"] = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": state["error"]}
        return challenge

    def do_authorization(self, handler, path, payload):
        number = path.split("/")[2]
        challenge = self.challenge_of(number)
        self.send(handler, 200, {"status": challenge["status"], "identifier": self.states[number]["name"],
                                 "challenges": [challenge], "expires": moment(3600)})

    def do_challenge(self, handler, path, payload):
        number = path.split("/")[2]
        state = self.states[number]
        try:
            if self.asks_at:
                self.look_for(state)
            state["status"] = "authorized"
            self.validated.append((state["name"]["value"], state["challenge"]))
        except (OSError, ValueError, http.client.HTTPException) as error:
            state["status"], state["error"] = "invalid", repr(error)
            self.errors.append(repr(error))
        self.send(handler, 200, self.challenge_of(number), Link=f'<{self.url}/authorization/{number}>;rel="up"')

    def look_for(self, state):
        """Raises an error where the name is not found at the port that it is looked for at."""
        name, wanted = state["name"]["value"], f"{state['token']}.{state['thumbprint']}".encode()
        if state["challenge"] == "http-01":
            connection = http.client.HTTPConnection("127.0.0.1", self.asks_at, timeout=20)
            connection.request("GET", f"/.well-known/acme-challenge/{state['token']}", headers={"Host": name})
            got = connection.getresponse().read()
            if got != wanted:
                raise ValueError(f"{got[:60]!r} is not {wanted!r}")
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        with socket.create_connection(("127.0.0.1", self.asks_at), timeout=20) as s, \
                context.wrap_socket(s, server_hostname=asked_name(name)) as tls:
            if tls.selected_alpn_protocol() != "acme-tls/1" or hashlib.sha256(wanted).digest() not in tls.getpeercert(True):
                raise ValueError("the certificate of the challenge is another")

    def do_finalize(self, handler, path, payload):
        number = path.split("/")[2]
        state = self.states[number]
        request, made = (self.place.path(f"ca-{os.urandom(4).hex()}{end}") for end in (".csr", ".ext"))
        name = state["name"]
        with open(request, "wb") as f:
            f.write(unpadded(payload["csr"]))
        with open(made, "w") as f:
            f.write(f"subjectAltName={'IP' if name['type'] == 'ip' else 'DNS'}:{name['value']}\n"
                    "authorityKeyIdentifier=keyid\n")
        state["chain"] = subprocess.run(
            ["openssl", "x509", "-req", "-inform", "DER", "-in", request, "-CA", self.place.path("ca.pem"), "-CAkey",
             self.place.path("ca.key"), "-set_serial", "0x00" + os.urandom(9).hex(), "-days", str(self.days), "-extfile", made],
            check=True, capture_output=True).stdout + open(self.place.path("ca.pem"), "rb").read()
        state["status"] = "valid"
        handler.path = f"/order/{number}"
        self.do_order(handler, handler.path, None)

    def do_certificate(self, handler, path, payload):
        self.send(handler, 200, self.states[path.split("/")[2]]["chain"], "application/pem-certificate-chain")

    def do_renewal(self, handler, path, payload):
        self.asked.append(path.split("/")[2])
        if self.fails_renewal_info:
            return self.send(handler, 500, {})
        self.send(handler, 200, {"suggestedWindow": {"start": moment(self.window[0]), "end": moment(self.window[1])},
                                 "explanationURL": "https://ca.test/why"}, Retry_After="7200")
