"""TLS for the cases: certificates by the openssl program, handshakes by its library, whose client can be told
what to offer and tells what came of it."""
import ctypes, ctypes.util, os, re, subprocess, threading

# ---- certificates ----

KEYS = {
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ed25519": ["-algorithm", "ED25519"],
}


def openssl(*words, data=None):
    run = subprocess.run(["openssl", *words], input=data, capture_output=True)
    if run.returncode != 0:
        raise SystemExit(f"twin: openssl {' '.join(words)}: {run.stderr.decode()}")
    return run.stdout


class Certificates:
    """Those of one case, as files of one folder: NAME.crt (with the intermediates), NAME.key, NAME.pem (both)."""

    def __init__(self, folder):
        self.folder, self.issuers = folder, {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, words, text):
        os.makedirs(self.folder, exist_ok=True)
        options = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        settings = dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines)
        subject = settings.pop("subject", f"/CN={name}")
        serial = settings.pop("serial", None)
        if "ca" in options:
            settings.setdefault("basicConstraints", "critical,CA:TRUE")
            settings.setdefault("keyUsage", "critical,keyCertSign,cRLSign")
        key, request, extensions = self.path(name + ".key"), self.path(name + ".csr"), self.path(name + ".ext")
        openssl("genpkey", *KEYS[options.get("key", "p256")], "-out", key)
        openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
        with open(extensions, "w") as f:
            f.write("".join(f"{field} = {value}\n" for field, value in settings.items()))
        issuer = options.get("issuer")
        signer = ["-CA", self.path(issuer + ".crt"), "-CAkey", self.path(issuer + ".key")] if issuer else ["-signkey", key]
        signer += ["-set_serial", serial or str(len(self.issuers) + 1)]
        days = "-1" if "expired" in options else options.get("days", "30")
        chain = openssl("x509", "-req", "-in", request, "-days", days, "-extfile", extensions, *signer)
        self.issuers[name] = issuer
        if issuer and self.issuers[issuer]:
            with open(self.path(issuer + ".crt"), "rb") as f:
                chain += f.read()
        with open(key, "rb") as f:
            bundle = chain + f.read()
        for ending, data in ((".crt", chain), (".pem", bundle)):
            with open(self.path(name + ending), "wb") as f:
                f.write(data)

    def values(self):
        """What a Caddyfile or a file may say: {$NAME.crt} as PEM, {$NAME.key}, {$NAME.der} in base64;
        {$NAME.pem} and {$NAME.keypem} in JSON."""
        values = {"CERTS": self.folder}
        for name in self.issuers:
            for ending in (".crt", ".key"):
                with open(self.path(name + ending), encoding="ascii") as f:
                    values[name + ending] = f.read().strip()
            for ending, field in ((".crt", ".pem"), (".key", ".keypem")):  # inside of JSON
                values[name + field] = values[name + ending].replace("\n", "\\n")
            values[name + ".der"] = re.search(r"BEGIN CERTIFICATE-----([^-]*)-----", values[name + ".crt"]).group(1).replace("\n", "")
        return values


# ---- OpenSSL ----

READ_ALERT = 0x4004
VERSIONS = {"1.2": 0x0303, "1.3": 0x0304}
NEW_SESSION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
INFO = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
CERTIFICATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def load():
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto"), mode=ctypes.RTLD_GLOBAL)
    ssl = ctypes.CDLL(ctypes.util.find_library("ssl"))
    pointers = ["SSL_CTX_new", "TLS_client_method", "SSL_new", "SSL_get_version", "SSL_get_current_cipher",
                "SSL_CIPHER_get_name", "SSL_get1_peer_certificate", "SSL_get_client_CA_list", "SSL_group_to_name",
                "SSL_get_peer_cert_chain", "SSL_SESSION_dup"]
    for name in pointers:
        getattr(ssl, name).restype = ctypes.c_void_p
    for name in ("OPENSSL_sk_value", "X509_NAME_oneline"):
        getattr(crypto, name).restype = ctypes.c_void_p
    for library, name in ((ssl, "SSL_ctrl"), (ssl, "SSL_CTX_ctrl")):
        getattr(library, name).restype = ctypes.c_long
        getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    ssl.SSL_alert_desc_string_long.restype = ctypes.c_char_p
    return ssl, crypto


SSL, CRYPTO = load()


def pointer(value):
    return ctypes.c_void_p(value)


def text_of(value):
    return ctypes.string_at(value).decode() if value else ""


class Connection:
    """A socket with TLS over it; <options> are those of a request, <sessions> the ones of earlier connections."""

    def __init__(self, connection, options, certificates, sessions):
        self.socket, self.options, self.sessions = connection, options, sessions
        self.alert, self.is_asked = "", False
        self.callbacks = [INFO(self.on_info), CERTIFICATE(self.on_certificate), NEW_SESSION(self.on_session)]
        context = pointer(SSL.SSL_CTX_new(pointer(SSL.TLS_client_method())))
        SSL.SSL_CTX_ctrl(context, 123, VERSIONS[options.get("min", "1.2")], None)
        SSL.SSL_CTX_ctrl(context, 124, VERSIONS[options.get("max", "1.3")], None)
        if "ciphers" in options:
            SSL.SSL_CTX_set_cipher_list(context, options["ciphers"].encode())
        if "suites" in options:
            SSL.SSL_CTX_set_ciphersuites(context, options["suites"].encode())
        SSL.SSL_CTX_ctrl(context, 92, 0, options.get("groups", "X25519:P-256:P-384:P-521").encode())
        if "sigalgs" in options:
            SSL.SSL_CTX_ctrl(context, 98, 0, options["sigalgs"].encode())
        if "cert" in options:
            SSL.SSL_CTX_use_certificate_chain_file(context, certificates.path(options["cert"] + ".crt").encode())
            SSL.SSL_CTX_use_PrivateKey_file(context, certificates.path(options["cert"] + ".key").encode(), 1)
        alpn = options.get("alpn", "h2" if "h2" in options else "http/1.1")
        if alpn != "-":
            wire = b"".join(bytes([len(name)]) + name.encode() for name in alpn.split(","))
            SSL.SSL_CTX_set_alpn_protos(context, wire, len(wire))
        SSL.SSL_CTX_set_info_callback(context, self.callbacks[0])
        SSL.SSL_CTX_set_cert_cb(context, self.callbacks[1], None)
        SSL.SSL_CTX_ctrl(context, 44, 0x0101 | 0x0200, None)
        SSL.SSL_CTX_sess_set_new_cb(context, self.callbacks[2])
        self.context = context
        self.ssl = pointer(SSL.SSL_new(context))
        if options.get("sni") != "-":
            SSL.SSL_ctrl(self.ssl, 55, 0, options["sni"].encode())
        if "ocsp" in options:
            SSL.SSL_ctrl(self.ssl, 65, 1, None)
        if options.get("resume") in sessions:
            SSL.SSL_set_session(self.ssl, pointer(sessions[options["resume"]]))
        connection.settimeout(None)
        SSL.SSL_set_fd(self.ssl, connection.fileno())
        self.is_connected = SSL.SSL_connect(self.ssl) == 1

    def on_info(self, _, where, value):
        if where == READ_ALERT and value & 0xff != 0:
            self.alert = SSL.SSL_alert_desc_string_long(value).decode()

    def on_certificate(self, *_):
        self.is_asked = True
        return 1

    def on_session(self, _, session):
        if "session" in self.options:
            self.sessions[self.options["session"]] = SSL.SSL_SESSION_dup(pointer(session))
        return 0

    # as a socket

    def settimeout(self, seconds):
        self.timeout = seconds

    def sendall(self, data):
        if data and SSL.SSL_write(self.ssl, data, len(data)) <= 0:
            raise OSError("TLS")

    def recv(self, n):
        self.socket.settimeout(None)
        timer = threading.Timer(self.timeout, lambda: self.stop())
        buffer, self.is_stopped = ctypes.create_string_buffer(n), False
        timer.start()
        got = SSL.SSL_read(self.ssl, buffer, n)
        timer.cancel()
        if got <= 0 and self.is_stopped:
            raise TimeoutError
        return buffer.raw[:got] if got > 0 else b""

    def stop(self):
        """Ends a read that lasts too long; nothing can be read afterwards."""
        self.is_stopped = True
        try:
            self.socket.shutdown(0)
        except OSError:
            pass

    def close(self):
        if self.is_connected:
            SSL.SSL_shutdown(self.ssl)
        SSL.SSL_free(self.ssl)
        SSL.SSL_CTX_free(self.context)

    # what came of the handshake

    def facts(self):
        facts = {"alert": self.alert, "asks for a certificate": self.is_asked}
        if not self.is_connected:
            return facts
        facts["version"] = text_of(SSL.SSL_get_version(self.ssl))
        facts["cipher"] = text_of(SSL.SSL_CIPHER_get_name(pointer(SSL.SSL_get_current_cipher(self.ssl))))
        facts["group"] = text_of(SSL.SSL_group_to_name(self.ssl, SSL.SSL_ctrl(self.ssl, 134, 0, None)))
        facts["resumed"] = SSL.SSL_session_reused(self.ssl)
        name, length = ctypes.c_void_p(), ctypes.c_uint()
        SSL.SSL_get0_alpn_selected(self.ssl, ctypes.byref(name), ctypes.byref(length))
        facts["ALPN"] = ctypes.string_at(name, length.value).decode() if name else ""
        facts["client authorities"] = self.authorities()
        facts["chain"] = CRYPTO.OPENSSL_sk_num(pointer(SSL.SSL_get_peer_cert_chain(self.ssl)))
        facts.update(self.certificate())
        if "ocsp" in self.options:
            response = ctypes.c_void_p()
            facts["OCSP response"] = SSL.SSL_ctrl(self.ssl, 70, 0, ctypes.byref(response)) > 0
        return facts

    def authorities(self):
        names = pointer(SSL.SSL_get_client_CA_list(self.ssl))
        n = CRYPTO.OPENSSL_sk_num(names) if names else 0
        return [text_of(CRYPTO.X509_NAME_oneline(pointer(CRYPTO.OPENSSL_sk_value(names, i)), None, 0)) for i in range(n)]

    def certificate(self):
        x509 = pointer(SSL.SSL_get1_peer_certificate(self.ssl))
        if not x509:
            return {}
        der = ctypes.c_void_p()
        n = CRYPTO.i2d_X509(x509, ctypes.byref(der))
        text = openssl("x509", "-inform", "DER", "-noout", "-text", "-nameopt", "RFC2253",
                       data=ctypes.string_at(der, n)).decode()
        facts = {}
        for field in ("Subject", "Issuer", "Signature Algorithm", "Public Key Algorithm", "ASN1 OID"):
            match = re.search(rf"{field}: ?(.*)", text)
            facts[field.lower()] = match.group(1) if match else ""
        for field in ("Subject Alternative Name", "Key Usage", "Extended Key Usage", "Basic Constraints"):
            match = re.search(rf"X509v3 {field}: ?(.*)\n\s*(.*)", text)
            facts[field.lower()] = " ".join(match.groups()).strip() if match else ""
        match = re.search(r"Public-Key: \((\d+) bit", text)
        facts["key bits"] = match.group(1) if match else ""
        serial = re.search(r"Serial Number:\s*(\d+) ", text)  # long ones are random
        facts["serial number"] = serial.group(1) if serial else ""
        return facts
