"""Writes one line of the schema at a time with values that nearly are, or just are, of its type: numbers
in every spelling of Go, durations, sizes, addresses, URLs, patterns, names of fields."""
import re

from walk import Walk, quoted, text

DIGITS = ["0", "1", "2", "7", "9", "10", "42", "00", "007", "65535", "65536", "255", "256", "1024", "2147483648", "9007199254740993",
          "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1" + "0" * 30, "1_000", "0x1F",
          "0b11", "0o17", "1e3", "1e-7", "1e21", "1e400", "1.5", ".5", "5.", "1.", "0.1", "0.30000000000000004", "123456.789", "1e+2", "0x1p-2",
          "1_0.5", "inf", "Infinity", "NaN", "nan", "", "x", "1,000", "1 000", "\u0661", "1e", "e1", "--1", "0.000001", "1e-6", "100000000000000000000",
          "true", "T", "False", "f", "on", "off", "null"]
SIGNS = ["", "", "", "", "", "", "-", "+", "- ", "\u2212"]
UNITS = ["s", "m", "h", "ms", "us", "µs", "μs", "ns", "d", "D", "w", "y", "S", "", "sec", "h ", " s"]
SIZES = ["", "b", "B", "k", "kb", "KB", "kB", "KiB", "kib", "Ki", "M", "MB", "MiB", "mb", "G", "GB", "GiB", "T", "TB", "P", "E", "EB", "EiB", "Z", " kb", "kbb", "bytes"]
HOSTS = ["localhost", "example.com", "EXAMPLE.com", "a.b.c", "*.example.com", "127.0.0.1", "0.0.0.0", "256.1.1.1", "1.2.3", "01.2.3.4", "[::1]", "::1",
         "[::]", "::", "[2001:db8::1]", "2001:DB8:0:0::1", "[::ffff:1.2.3.4]", "::ffff:1.2.3.4", "[::1", "::1]", "", "bücher.example", "xn--bcher-kva.example",
         "a_b", "-a", "a..b", ".a", "a.", "{env.H}", "{host}", "a b", "a/b", "a:b", "a@b", "ü", "A", "1", "0x7f.1"]
PORTS = ["", "", ":", ":80", ":0", ":443", ":65535", ":65536", ":-1", ":http", ":8000-8002", ":8002-8000", ":8000-", ":-8000", ":{env.P}", ":08", ":1e3", ":80:80",
         ":8000-9999999", ":80 ", ":٣", ":0-0", ":65535-65536"]
SCHEMES = ["", "", "", "http://", "https://", "h2c://", "ws://", "wss://", "HTTP://", "ftp://", "://", "tcp/", "tcp4/", "tcp6/", "udp/", "unix/", "unix//", "unixgram/",
           "fd/", "fdgram/", "TCP/", "ip/", "unix+h2c/", "srv+http://", "{env.S}://", "{env.N}/", "//", "http:/", "mailto:", "unix//run/x.sock|0222", "fd/3"]
PATHS = ["", "", "", "/", "/x", "/x/*", "/x?y=1", "?y", "#f", "/%41%zz", "/ü", "/x/../y", "//", "/{path}", "/a b", "/*.php", "/x%20y", "/x\\y", "/<>", "/x;y", "/%2F"]
PATTERNS = ["*", "/*", "*/", "**", "/a/**", "/[a", "/a?", "x*y*z", "/A/B", "/%2f", "/a%2fb", "/%", "\\", "/a//b", "*.", "^/x$", "(", "[", "a{2,1}", "(?P<n>x)", "(?i)a",
            "\\d", "[[:alpha:]]", "a**", "x{1001}", "(?:", "\\p{Greek}", ".*?", "(a)(b)", "$1", "!x", "!", "~x", "-x", "+x", "?x", ">x", "@x", "<x"]
FIELDS = ["x-one", "X_One", "content-type", "HOST", "host", "X One", "é", "", "-", "--x", "x-", "1a", "x.y", "X-ÄÖ", "{field}", "a:b", "(x)", "www-AUTHENTICATE", "a", "!", "*",
          "x/y", "x\ty"]
MIXED = ["a=b", "a=", "=b", "a", "a=b=c", "a=b&c=d", "&", "a>b", ">", "a>", ">b", "a>b>c", "private_ranges", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "::/0", "::1/128", "::1/129",
         "1.2.3.4/", "/8", "fe80::/10", "10.0.0.0/08", "2001:db8::/32", "forwarded", "4xx", "xx", "40x", "404", "1000", "-404", "5XX", "0640", "0o640", "777", "888", "u+x",
         "12:30", "24:00", "1:2", "12:60", "tls1.2", "tls1.3", "tls1.1", "x25519", "X25519", "secp521r1", "p256", "ed25519", "rsa2048", "rsa1024", "h1", "h2", "h3", "h2c", "h4",
         "TLS_AES_128_GCM_SHA256", "me@example.com", "me@", "@", "GET", "get", "G T", "{", "}", "{}", "{x", "x}", "{http.vars.x}", "{$DT_NAME}", "{args[0]}", "<html>", "&amp;",
         "\u2028", "\u007f", "\U0001f600", "a,b", "a;b", "$x", "$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG", "YWJj", "====", "MIIB", "internal", "permanent",
         "temporary", "html", "308", "200", "stdout", "file", "json", "bytes=0-", "path('/x')", "{path} == '/x'", "method('GET', 'PUT')"]


def odd_word(random):
    """A word that may be right somewhere."""
    if random.random() < 0.4:
        return random.choice(SCHEMES) + random.choice(HOSTS) + random.choice(PORTS) + random.choice(PATHS)
    return random.choice(random.choice([MIXED, FIELDS, PATTERNS, PATHS, DIGITS]))


class Values(Walk):
    def __init__(self, schema):
        super().__init__(schema)
        self.all = [(row, wrap) for row, wrap in self.rows() if any(row["forms"])]

    def number(self, random):
        return random.choice(SIGNS) + random.choice(DIGITS)

    def value(self, random, types):
        name = types[0] if types else "string"
        if random.random() < 0.12:
            name = random.choice(list(self.types))
        if "duration" in name:
            parts = [self.number(random) + random.choice(UNITS) for _ in range(random.choice((1, 1, 1, 2, 3)))]
            return "".join(parts)
        if name == "size":
            return self.number(random) + random.choice(SIZES)
        if name in ("integer", "number", "ratio", "port", "any_port", "status", "scalar", "minute", "mode", "redirect_status"):
            return self.number(random) if random.random() < 0.8 else random.choice(MIXED)
        if name in ("upstream", "address", "bind_address", "host", "domain", "dns_server", "host_port", "url", "uri", "target"):
            return random.choice(SCHEMES) + random.choice(HOSTS) + random.choice(PORTS) + random.choice(PATHS)
        if name in ("path_pattern", "regexp", "file", "folder"):
            return random.choice(PATTERNS) if random.random() < 0.7 else random.choice(PATHS)
        if name in ("field", "copied_field", "rename"):
            return random.choice(["", "", "", "+", "-", "?", ">", "!"]) + random.choice(FIELDS)
        pool = random.choice([MIXED, MIXED, PATTERNS, FIELDS, DIGITS, PATHS])
        return random.choice(pool)

    def file(self, random):
        row, wrap = random.choice(self.all)
        form = random.choice([f for f in row["forms"] if f])
        words = [self.argument(a, row) for a in form]
        for _ in range(random.choice((1, 1, 2))):
            at = random.randrange(len(words))
            words[at] = quoted(self.value(random, form[at].get("types", [])))
        if form[-1].get("repeated"):
            words += [quoted(self.value(random, form[-1].get("types", []))) for _ in range(random.choice((0, 0, 1, 2)))]
        if len(words) > 1 and form[-1].get("optional") and random.random() < 0.3:
            words.pop()
        name = random.choice(list(self.names(row)))
        if "pattern" in row and random.random() < 0.4:
            name = quoted(re.sub(r"\s", "", self.value(random, next((p["types"] for p in row["pattern"] if "types" in p), []))) or "x")
        return text(wrap([" ".join([name, *words])]))
