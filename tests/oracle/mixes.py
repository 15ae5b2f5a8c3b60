"""Writes Caddyfiles in which it matters what stands beside what: sites that share listeners, names and
TLS settings, global options that reach into all of them, and routes that are sorted, grouped and
merged. Each line is simple and right by itself; caddyfiles.py has the lines that are not."""

HOSTS = ["a.example.com", "b.example.com", "*.example.com", "example.com", "x.y.example.com", "*.y.example.com", "localhost",
         "sub.localhost", "host.internal", "router.lan", "127.0.0.1", "10.1.2.3", "192.0.2.7", "[::1]", "[2001:db8::5]",
         "a.test", "c.local", "{$DT_HOST}", "EXAMPLE.com", "single", "a.ts.net", "xn--bcher-kva.example"]
ODD_HOSTS = ["{env.DT_NAME}", "ex*mple.com", "*", "bücher.example", "*.*.example.com", "a_b.example.com"]
PORTS = ["", "", "", "", ":80", ":443", ":8080", ":8443", ":{$DT_PORT}", ":8090", ":2019"]
SCHEMES = ["", "", "", "", "http://", "https://"]
PATHS = ["", "", "", "", "", "/", "/x", "/api/*", "/{$DT_NAME}"]
BARE = [":80", ":443", ":8080", ":8443", "http://", "https://", "http://:8080", "https://:8443", ":9000", "*:8080"]

TLS = ["tls internal", "tls me@example.com", "tls force_automate", "tls /c/a.pem /c/a.key", "tls /c/b.pem /c/b.key",
       "tls {\n\ton_demand\n}", "tls internal {\n\ton_demand\n}", "tls {\n\tissuer acme\n}", "tls {\n\tissuer internal\n}",
       "tls {\n\tissuer acme https://ca.example/dir {\n\t\temail a@b.c\n\t}\n}", "tls {\n\tissuer zerossl key\n}",
       "tls {\n\tissuer acme\n\tissuer zerossl key\n}", "tls {\n\tissuer internal {\n\t\tca mine\n\t}\n}",
       "tls {\n\tca https://ca.example/dir\n}", "tls {\n\tca_root /c/root.pem\n}", "tls {\n\tkey_type rsa2048\n}",
       "tls {\n\tkey_type ed25519\n}", "tls {\n\tprotocols tls1.3\n}", "tls {\n\tprotocols tls1.2 tls1.3\n}",
       "tls {\n\talpn h2\n}", "tls {\n\tcurves x25519\n}", "tls {\n\tciphers TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n}",
       "tls {\n\tclient_auth {\n\t\tmode request\n\t}\n}", "tls {\n\tclient_auth {\n\t\tmode require_and_verify\n\t\ttrust_pool file ca.pem\n\t}\n}",
       "tls {\n\teab id mac\n}", "tls {\n\tget_certificate http http://127.0.0.1:9/\n}", "tls {\n\tget_certificate tailscale\n}",
       "tls {\n\treuse_private_keys\n}", "tls {\n\trenewal_window_ratio 0.3\n}", "tls {\n\tload /c/folder\n}",
       "tls {\n\tinsecure_secrets_log /c/secrets\n}",
       "tls me@example.com {\n\tca https://ca.example/dir\n\ton_demand\n}",
       "tls /c/a.pem /c/a.key {\n\tprotocols tls1.3\n}", "tls internal {\n\talpn http/1.1\n}", "tls {\n\tload /c/folder\n\ton_demand\n}",
       "tls /c/a.pem /c/a.key {\n\ton_demand\n}", "tls {\n\tissuer acme {\n\t\tdisable_tlsalpn_challenge\n\t\tdir https://ca.example/dir\n\t}\n}", "tls {$DT_UNSET:internal}",
       "tls {\n\tclient_auth {\n\t\tmode verify_if_given\n\t\ttrusted_ca_cert_file ca.pem\n\t}\n}", "tls {\n\tkey_type p256\n\tissuer internal\n}",
       "tls {\n\tprotocols tls1.2\n\tciphers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n}", "tls me@example.com {\n\tissuer acme\n}"]
BIND = ["bind 127.0.0.1", "bind 127.0.0.1 ::1", "bind unix//run/x.sock", "bind tcp4/0.0.0.0", "bind localhost",
        "bind 127.0.0.1 {\n\tprotocols h1 h2\n}", "bind 127.0.0.1 {\n\tprotocols h2c\n}", "bind fd/3", "bind fdgram/4"]
LOG = ["log", "log named", "log {\n\toutput stderr\n}", "log {\n\toutput discard\n}", "log named {\n\tformat json\n}",
       "log {\n\thostnames a.example.com b.example.com\n\toutput stdout\n}", "log named {\n\tno_hostname\n}",
       "log {\n\tlevel WARN\n}", "log other {\n\thostnames example.com\n}", "log_skip /x", "log_name extra", "log named {\n\tlevel ERROR\n\thostnames localhost\n}",
       "log {\n\toutput file /l.log {\n\t\troll_size 1MB\n\t}\n}", "log log0", "log {\n\tno_hostname\n}",
       "log {\n\thostnames *.example.com\n}", "log default", "log_name /x named",
       "log {\n\tformat filter {\n\t\trequest>uri delete\n\t}\n}", "log {\n\tformat append {\n\t\ta b\n\t}\n}", "log {\n\tformat console\n}\nlog {\n\tformat json\n}",
       "log {\n\tsampling {\n\t\tfirst 2\n\t}\n}"]
GLOBALS = ["debug", "http_port 8080", "https_port 8443", "auto_https off", "auto_https disable_redirects",
           "auto_https disable_certs", "auto_https ignore_loaded_certs", "auto_https disable_redirects ignore_loaded_certs",
           "email me@example.com", "local_certs", "skip_install_trust", "acme_ca https://ca.example/dir",
           "acme_ca_root /c/root.pem", "acme_eab {\n\tkey_id id\n\tmac_key mac\n}", "key_type p384", "default_sni a.example.com",
           "fallback_sni b.example.com", "default_bind 127.0.0.1", "default_bind ::1 127.0.0.1", "default_bind 10.0.0.1 {\n\tprotocols h1\n}",
           "on_demand_tls {\n\task http://127.0.0.1:9/ask\n}", "ocsp_stapling off", "cert_issuer internal", "cert_issuer acme",
           "cert_issuer zerossl key", "cert_lifetime 30d", "grace_period 5s", "shutdown_delay 2s", "renew_interval 30m",
           "storage_clean_interval 7d", "storage_check off", "admin off", "admin localhost:2020", "persist_config off",
           "preferred_chains smallest", "renewal_window_ratio 0.4", "metrics", "metrics {\n\tper_host\n}", "log", "log {\n\toutput stdout\n}",
           "log default {\n\tlevel WARN\n}", "log named {\n\tinclude http.log.access\n}", "log other {\n\texclude http\n}",
           "servers {\n\tprotocols h1 h2\n}", "servers :8080 {\n\tname eight\n}", "servers :443 {\n\ttimeouts {\n\t\tidle 1m\n\t}\n}",
           "servers 127.0.0.1:8080 {\n\ttrusted_proxies static private_ranges\n}", "servers :80 {\n\tkeepalive_interval 5s\n\tname plain\n}",
           "servers {\n\tstrict_sni_host on\n}", "servers {\n\ttrace\n\tlog_credentials\n}", "servers :8443 {\n\tprotocols h3\n}",
           "servers {\n\tlistener_wrappers {\n\t\thttp_redirect\n\t\ttls\n\t}\n}", "servers {\n\tmetrics\n}", "servers unix//run/x.sock {\n\tname sock\n}",
           "servers :443 {\n\tname first\n\tclient_ip_headers X-Real-IP\n}", "servers [::1]:8080 {\n\tmax_header_size 5MB\n}", "servers a.example.com:443 {\n\tname hosted\n}",
           "servers :8080-8090 {\n\tname ranged\n}", "servers tcp4/0.0.0.0:443 {\n\tprotocols h1\n}", "servers udp/:443 {\n\tprotocols h3\n}", "servers {$DT_PORT} {\n\ttrace\n}",
           "servers http:// {\n\tname odd\n}", "servers :80 {\n\tenable_full_duplex\n\t0rtt off\n}", "servers :443 {\n\tstrict_sni_host insecure_off\n\ttrusted_proxies_strict\n}",
           "servers 127.0.0.1:8443 {\n\ttrusted_proxies_unix\n}", "storage file_system {\n\troot /data\n}", "storage_check off",
           "log http {\n\tinclude http\n\texclude http.log.access\n}", "log default {\n\texclude http.log.access.named http.log.access.log0\n}",
           "log acc {\n\toutput file /l.log\n\tinclude http.log.access.named\n}", "log default {\n\tformat json\n\tinclude admin\n}", "log named {\n\tlevel INFO\n}",
           "log log0 {\n\toutput discard\n}", "local_certs\nskip_install_trust\npersist_config off", "acme_ca https://ca.example/dir\nacme_ca_root /c/root.pem\nemail a@b.c",
           "cert_issuer acme {\n\temail x@y.z\n\tdisable_http_challenge\n}\ncert_issuer internal", "cert_issuer internal {\n\tlifetime 3d\n}", "auto_https off\nhttp_port 80",
           "https_port 80", "http_port 443\nhttps_port 80", "admin unix//run/a.sock", "admin {\n\torigins a b\n\tenforce_origin\n}", "admin :2019 {\n\torigins localhost\n}",
           "on_demand_tls {\n\tpermission http http://127.0.0.1:9/p\n}", "default_bind {$DT_NAME}",
           "order file_server first\norder respond first", "order encode before header\norder header before encode", "order vars after respond",
           "order rewrite first", "order header last", "order respond before redir", "order reverse_proxy after header",
           "pki {\n\tca mine {\n\t\tname Mine\n\t}\n}", "pki {\n\tca {\n\t\troot_cn Local\n\t}\n}", "tls_automate_names a.example.com z.example.com",
           "ech ech.example.com", "tls_resolvers 1.1.1.1", "storage file_system /data"]
MATCHERS = ["", "", "", "*", "/", "/x", "/x/*", "/api/*", "/x*", "@p", "@h", "@both", "@none", "@paths"]
DEFINITIONS = ["@p path /p", "@h host a.example.com", "@both {\n\tpath /x\n\tmethod GET\n}", "@none not path /x", "@paths path /x /y"]
HANDLERS = ["respond hi", "respond 404", "redir /to", "redir https://x{uri} 308", "rewrite /r", "rewrite * /r?{query}", "uri strip_prefix /x",
            "header X-A 1", "header -Server", "header >X-D 1", "request_header X-B 2", "root /srv", "root * /srv", "root /x /srv/x",
            "file_server", "file_server browse", "file_server {\n\thide .git\n}", "encode", "encode gzip", "templates", "try_files {path} /index.html",
            "try_files {path} {path}/ /i?{query}", "php_fastcgi app:9000", "reverse_proxy app:80", "reverse_proxy app1 app2",
            "reverse_proxy http://app", "reverse_proxy https://app", "vars a 1", "vars {\n\ta 2\n\tb 3\n}", "vars b 3", "map {path} {x} {\n\t/a 1\n\tdefault 2\n}",
            "error 500", "abort", "method PUT", "basic_auth {\n\tbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}",
            "forward_auth app {\n\turi /auth\n\tcopy_headers A\n}", "request_body {\n\tmax_size 1MB\n}", "invoke shared", "import snip",
            "log_skip", "log_append a b", "intercept {\n\thandle_response {\n\t\trespond caught\n\t}\n}", "acme_server", "metrics",
            "tracing {\n\tspan s\n}", "fs other", "skip_log", "timeouts 5s"]
BLOCKS = ["handle", "handle", "handle_path", "route", "handle_errors", "handle_errors 404"]


class Mix:
    def __init__(self, random):
        self.random = random

    def some(self, pool, counts):
        return [self.random.choice(pool) for _ in range(self.random.choice(counts))]

    def address(self):
        if self.random.random() < 0.15:
            return self.random.choice(BARE)
        parts = SCHEMES, ODD_HOSTS if self.random.random() < 0.04 else HOSTS, PORTS, PATHS
        return "".join(self.random.choice(pool) for pool in parts)

    def handler(self, depth, has_matchers):
        matcher = self.random.choice(MATCHERS)
        if matcher.startswith("@") and not has_matchers:
            matcher = ""
        if depth < 3 and self.random.random() < 0.22:
            block = self.random.choice(BLOCKS if depth == 0 else BLOCKS[:4])
            head, *rest = block.split(" ")
            if head == "handle_path":
                rest = [self.random.choice(["/x", "/x/*", "/api/*"])]
            elif head != "handle_errors" and matcher:
                rest = [matcher]
            lines = [self.handler(depth + 1, has_matchers) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
            return enclose(" ".join([head, *rest]), lines)
        name, _, rest = self.random.choice(HANDLERS if depth < 3 else HANDLERS[:-8]).partition(" ")
        if name in ("import", "handle", "map", "forward_auth") or rest.startswith(("*", "/")) and name in ("root", "rewrite"):
            matcher = ""
        return " ".join(w for w in (name, matcher, rest) if w)

    def site(self, weights):
        keys = list(dict.fromkeys(self.address() for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5)))))
        lines = []
        if self.random.random() < weights["tls"]:
            lines += self.some(TLS, (1, 1, 1, 1, 2))
        if self.random.random() < weights["bind"]:
            lines += self.some(BIND, (1,))
        if self.random.random() < weights["log"]:
            lines += self.some(LOG, (1, 1, 2))
        has_matchers = self.random.random() < weights["routes"]
        if has_matchers:
            lines += DEFINITIONS
        counts = (0, 1, 2, 4, 7) if has_matchers else (0, 0, 1, 1, 2)
        lines += [self.handler(0, has_matchers) for _ in range(self.random.choice(counts))]
        self.random.shuffle(lines)
        return enclose(", ".join(keys), lines)

    def file(self):
        chance = self.random.choice
        weights = {"tls": chance((0, 0.3, 0.7)), "bind": chance((0, 0, 0.2, 0.5)), "log": chance((0, 0, 0.3, 0.6)),
                   "routes": chance((0, 0.2, 1))}
        out = []
        if self.random.random() < 0.6:
            out.append(enclose("", self.some(GLOBALS, (1, 1, 2, 3, 5, 9))))
        out.append(enclose("(snip)", [self.handler(3, False)]))
        out.append(enclose("&(shared)", [self.handler(1, False) for _ in range(chance((0, 1, 2)))]))
        out += [self.site(weights) for _ in range(chance((1, 1, 2, 2, 3, 4, 6)))]
        return "\n".join(out) + "\n"


def enclose(head, lines):
    body = "".join("\t" + line + "\n" for text in lines for line in text.split("\n"))
    return (head + " {\n").lstrip() + body + "}"
