"""Random cases: Caddyfiles made of what handlers, matchers and placeholders there are, and requests that
touch them. What a case is depends on its seed alone."""
import random

FILES = [
    ("index.html", "<h1>front</h1>\n"), ("a.txt", "the letter a\n"), ("b.html", "<p>b</p>\n"), ("noext", "nothing\n"),
    ("dir/index.html", "index of dir\n"), ("dir/page.html", "a page\n"), ("dir/.hidden", "secret\n"), ("dir/sub/x.json", "{}\n"),
    ("a b.txt", "a blank\n"), ("new/a", "rewritten\n"), ("404.html", "not here\n"), ("style.css", "p{}\n"), ("empty", ""),
]
SEGMENTS = ["a", "b", "A", "api", "dir", "new", "a.txt", "b.html", "index.html", "x%20y", "%61", "a%2Fb", "..", ".", "", "v1",
            "page.html", "sub", "noext", "%C3%BC", "a%3Fb", "*", "style.css", "a;b", "~u", "a+b", "%2e%2e", "a%20b.txt", "0"]
WORDS = ["one", "two", "", "a b", "x", "1", "0", "true", "A", "/a", "%", "a,b", "\u00fc", "q=1", "..", "x-y_z", "100", "-5"]
NAMES = ["X-A", "X-B", "x-lower", "Accept", "Accept-Language", "Cookie", "Cache-Control", "Vary", "Etag", "Location", "X-Very-Long-Name",
         "Content-Type", "Referer", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "Authorization", "If-None-Match", "Range"]
SETTABLE = ["X-A", "X-B", "x-lower", "Cache-Control", "Vary", "Etag", "X-Frame-Options", "Content-Type", "Link", "Server", "Via"]
KEYS = ["x", "y", "q", "a b", "long", "X"]
VARIABLES = ["v", "w", "mapped", "other", "a.b"]
STATUSES = [200, 200, 201, 204, 301, 304, 400, 401, 403, 404, 404, 410, 418, 422, 451, 500, 502, 503, 599]
METHODS = ["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]
PLACEHOLDERS = [
    "{path}", "{uri}", "{query}", "{method}", "{host}", "{hostport}", "{scheme}", "{file}", "{dir}", "{file.base}", "{file.ext}",
    "{path.0}", "{path.1}", "{path.2}", "{?x}", "{?y}", "{?a b}", "{header.X-A}", "{header.x-b}", "{header.Nope}", "{cookie.c}", "{cookie.none}",
    "{vars.v}", "{vars.w}", "{vars.mapped}", "{vars.none}", "{http.request.orig_uri}", "{http.request.orig_uri.path}",
    "{http.request.orig_uri.query}", "{http.request.orig_method}", "{http.request.uri.path.file}", "{http.request.uri.path.dir}",
    "{http.request.uri_escaped}", "{http.request.uri.path_escaped}", "{http.request.uri.query_escaped}", "{http.request.uri.prefixed_query}",
    "{http.request.proto}", "{http.request.body}", "{http.request.host.labels.0}", "{http.request.host.labels.1}",
    "{http.request.tls.version}", "{remote_host}", "{client_ip}", "{m}", "{other}", "{http.matchers.file.relative}", "{file_match.relative}",
    "{file_match.type}", "{re.1}", "{re.n.1}", "{re.n.name}", "{re.m0.1}", "{http.error.status_code}", "{err.message}", "{err.status_text}",
    "{unknown}", "{http.unknown}", "\\{path}", "{env.TWIN_TEXT}", "{http.vars.root}", "{http.request.port}",
    "{http.request.uri.query.long}", "{http.handlers.file_server.x}", "{http.request.header.X-A}", "{rp.header.X-Upstream}", "{}", "{ path}",
]
PATTERNS = ["^/(.*)$", "/a", "^/a/(?P<name>[a-z]+)", "\\.(txt|html)$", "(b)?", "^/[A-Z]+$", "(?i)/API", "", "%", "(..)", "/$"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines, self.depth, self.matchers = [], 1, []
        self.n_proxies, self.has_intercept = 0, False

    def chance(self, share):
        return self.random.random() < share

    def choice(self, of):
        return self.random.choice(of)

    def line(self, text):
        self.lines.append("\t" * self.depth + text)

    def block(self, head, fill):
        self.line(head + " {")
        self.depth += 1
        fill()
        self.depth -= 1
        self.line("}")

    # ---- words

    @staticmethod
    def quoted(text):
        return '"' + text.replace('"', '\\"') + '"'

    def value(self):
        """A text with placeholders, quoted."""
        parts = [self.choice(PLACEHOLDERS) if self.chance(0.5) else self.choice(WORDS) for _ in range(self.random.randint(1, 4))]
        return self.quoted("|".join(parts).replace("\\{", "{") if self.chance(0.97) else "".join(parts))

    def path(self, n=3):
        return "/" + "/".join(self.choice(SEGMENTS) for _ in range(self.random.randint(1, n)))

    def pattern_path(self):
        path = self.path(2)
        if self.chance(0.5):
            path += self.choice(["*", "/*", ".*", "*x"])
        return self.choice(["*", "/*", "*.html", "*a*", path, path, path, path])

    def matcher(self):
        """What may stand in front of a directive's arguments."""
        what = self.random.random()
        if what < 0.4 or what < 0.6 and not self.matchers:
            return ""
        if what < 0.75 and self.matchers:
            return "@" + self.choice(self.matchers) + " "
        if what < 0.8:
            return "* "
        path = self.pattern_path()
        return (path if path.startswith("/") and " " not in path else "/a*") + " "

    # ---- matchers

    def condition(self, depth=0):
        kind = self.random.randrange(14)
        if kind <= 2:
            return "path " + " ".join(self.quoted(self.pattern_path()) for _ in range(self.random.randint(1, 2)))
        if kind == 3:
            return f"path_regexp {self.choice(['', 'n ', 'm0 '])}{self.quoted(self.choice(PATTERNS[:-2]) or 'x').replace(chr(92) * 1, chr(92))}"
        if kind == 4:
            value = self.choice(["", "*", "one", "*o*", "t*", "*o", "{vars.v}", "{?x}"])
            return f"header {self.choice(['', '!'])}{self.choice(NAMES)}" if not value else f"header {self.choice(NAMES)} {self.quoted(value)}"
        if kind == 5:
            return f"header_regexp {self.choice(['', 'n '])}{self.choice(NAMES)} {self.quoted(self.choice(PATTERNS[4:]) or 'o')}"
        if kind == 6:
            return "query " + " ".join(self.quoted(f"{self.choice(KEYS)}={self.choice(['*', '1', 'one', '', '{vars.v}'])}")
                                       for _ in range(self.random.randint(1, 2)))
        if kind == 7:
            return "method " + " ".join(self.random.sample(sorted(set(METHODS)), 2))
        if kind == 8:
            return f"host {self.choice(['a.example', 'A.EXAMPLE', '*.example', 'b.example', '*', 'a.example b.example'])}"
        if kind == 9:
            return f"vars {self.choice(['v', 'w', '{vars.v}', '{path}', '{method}'])} {self.quoted(self.choice(WORDS))}"
        if kind == 10:
            return f"protocol {self.choice(['http', 'https', 'http/1.1', 'http/2+', 'http/1.1+', 'grpc'])}"
        if kind == 11:
            return f"remote_ip {self.choice(['127.0.0.1', '10.0.0.0/8', 'private_ranges', '::1 127.0.0.0/8'])}"
        if kind == 12 and depth < 2:
            return "not " + self.condition(depth + 1)
        return "expression " + "`" + self.choice([
            "{path}.startsWith('/a')", "{method} == 'GET' || {method} == 'PUT'", "path('/a*', '/b/*')", "query({'x': '1'})",
            "{?x} == '1'", "header({'X-A': '*'}) && !path('/dir*')", "size({path}) > 4", "path_regexp('n', '^/(..)')",
            "{header.X-A} in ['one', 'two']", "vars({'v': 'one'})", "{http.request.uri.query.x}.matches('^[0-9]+$')",
            "host('a.example') && method('GET')", "{vars.v} == 'one'", "protocol('http')", "int({?x} + '0') < 20",
        ]) + "`"

    def define(self):
        name = f"m{len(self.matchers)}"
        how = self.random.random()
        if how < 0.6:
            self.line(f"@{name} {self.condition()}")
        else:
            kinds, conditions = set(), []
            for _ in range(self.random.randint(1, 3)):
                condition = self.condition()
                if condition.split(" ")[0] not in kinds:  # some may stand twice, but not in any order
                    kinds.add(condition.split(" ")[0])
                    conditions.append(condition)
            if len(conditions) > 1:  # Caddy asks them in any order: it shows where one fails, or leaves captures
                conditions = [c for c in conditions if "expression" not in c and "regexp" not in c] or conditions[:1]
            self.block(f"@{name}", lambda: [self.line(c) for c in conditions])
        self.matchers.append(name)

    # ---- directives

    def respond(self):
        how = self.random.random()
        if how < 0.6:
            self.line(f"respond {self.matcher()}{self.value()} {self.choice(STATUSES)}")
        elif how < 0.8:
            self.line(f"respond {self.matcher()}{self.value()}")
        else:
            self.line(f"respond {self.matcher()}{self.choice(STATUSES)}")

    def header_line(self, settable):
        how = self.random.random()
        name = self.choice(settable)
        if how < 0.4:
            return f"{name} {self.value()}"
        if how < 0.6:
            return f"+{name} {self.value()}"
        if how < 0.7:
            return f"-{name}"
        if how < 0.75:
            return f"-{name[:2]}*"
        if how < 0.85:
            return f"?{name} {self.value()}"
        if how < 0.9:
            return f">{name} {self.value()}"
        if name == "Server":  # Caddy changes its own for all requests to come
            name = "X-A"
        return f"{name} {self.quoted(self.choice(['o', '[a-z]', '(.)', '^', '.*']))} {self.value()}"

    def header(self):
        if self.chance(0.6):
            self.line(f"header {self.matcher()}{self.header_line(SETTABLE)}")
            return
        rows, names = [], set()
        for _ in range(self.random.randint(1, 3)):
            row = self.header_line(SETTABLE)
            name = row.lstrip("+-?>").split(" ")[0].lower()
            if name not in names and "*" not in name:  # what meets in one field comes in any order
                names.add(name)
                rows.append(row)
        self.block(f"header {self.matcher()}".rstrip(), lambda: [self.line(row) for row in rows or ["X-A one"]])

    def request_header(self):
        row = self.header_line(NAMES).lstrip("?>")
        self.line(f"request_header {self.matcher()}{row}")

    def rewrite(self):
        to = self.choice([self.path(), "/new{uri}", "/new{path}?{query}", "{path}?y=2", "?x=9&{query}", "/a?x=1", "/{path.1}/{path.0}",
                          "{uri}", "/{?x}", "*?x=2", "/index.html", "/a#frag", "/new{path}", "?", "/{re.1}", "/{header.X-A}", "/%20{path}"])
        self.line(f"rewrite {self.matcher() or '* '}{self.quoted(to)}")

    def uri(self):
        what = self.choice([
            f"strip_prefix {self.quoted(self.choice(['/a', '/api', 'a', '/A', '/%61', '/dir/']))}",
            f"strip_suffix {self.quoted(self.choice(['.html', '/', 'b', 'txt']))}",
            f"replace {self.quoted(self.choice(['/a', 'a', '%20', 'b/']))} {self.quoted(self.choice(['/z', '', '%2F', '{?x}', 'z z']))}",
            f"replace a {self.choice(['X', '{method}'])} {self.choice(['1', '2', '-1'])}",
            f"path_regexp {self.quoted(self.choice(['/+', '^/a', '([a-z]+)$', '%']))} {self.quoted(self.choice(['/', '/z', '$1$1', '']))}",
            f"query {self.choice(['+x', '-x', 'x', 'y', 'x>', '-*', '+long'])}" + self.choice(["", f" {self.value()}"]),
        ])
        words = what.split(" ")
        if words[0] == "query":  # the forms that there are
            what = self.choice([f"query {self.choice(['+x', 'x', '+y', 'new'])} {self.value()}", f"query -{self.choice(KEYS[:3])}",
                                f"query {self.choice(['x', 'y'])}>{self.choice(['z', 'q'])}", "query x 1 2"])
        self.line(f"uri {self.matcher()}{what}")

    def redir(self):
        to = self.choice([self.path(), "https://{host}{uri}", "{path}/", "/new?{query}", "https://b.example/{?x}", "{scheme}://{hostport}/a",
                          "/\u00fc", "//evil.example", "/{header.X-A}"])
        code = self.choice(["", "", " 301", " 302", " 303", " 307", " 308", " permanent", " temporary", " html", " 401", " 200"])
        self.line(f"redir {self.matcher() or '* '}{self.quoted(to)}{code}")

    def vars(self):
        self.line(f"vars {self.matcher()}{self.choice(VARIABLES)} {self.value()}")

    def map(self):
        def fill():
            for _ in range(self.random.randint(1, 4)):
                source = self.choice([self.quoted(self.choice(WORDS)), self.quoted(self.path()), self.quoted("~" + self.choice(PATTERNS[:-1])),
                                      "~^(.)(.*)$", "GET", "a.example"])
                self.line(f"{source} {self.choice([self.value(), '-', '${1}', '$1-$2'])} {self.choice([self.value(), '-'])}")
            if self.chance(0.6):
                self.line(f"default {self.value()} {self.choice(['unknown', '{m}'])}")
        self.block(f"map {self.choice(['{path}', '{host}', '{method}', '{?x}', '{header.X-A}', '{uri}'])} {{m}} {{other}}", fill)

    def error(self):
        self.line(f"error {self.matcher()}{self.choice([self.value() + ' ', ''])}{self.choice([400, 403, 404, 410, 500, 503])}")

    def method(self):
        self.line(f"method {self.matcher()}{self.choice(['GET', 'POST', 'PUT', '{?x}', 'options'])}")

    def root(self):
        self.line(f"root {self.matcher() or '* '}{{$ROOT}}{self.choice(['', '', '/dir', '/dir/', '/{?x}', '/none'])}")

    def file_server(self):
        what = self.random.random()
        if what < 0.5:
            self.line(f"file_server {self.matcher()}".rstrip())
            return
        options = [self.choice(["hide .hidden", "hide *.html", "hide dir", "hide {$ROOT}/dir/sub"]), self.choice(["index a.txt index.html", "index {?x} index.html"]),
                   "pass_thru", f"status {self.choice([200, 404, 203])}", "disable_canonical_uris", self.choice(["root {$ROOT}", "root {$ROOT}/dir"]),
                   "etag_file_extensions .etag"]
        rows = self.random.sample(options, self.random.randint(1, 2))
        self.block(f"file_server {self.matcher()}".rstrip(), lambda: [self.line(row) for row in rows])

    def try_files(self):
        rows = [self.choice(["{path}", "{path}.html", "{path}/index.html", "/index.html", "{path}/", "/dir{path}", "=404", "=410", "/a.txt?x={query}",
                             "{path}.txt", "/none", "index.html", "/*.css", "/{?x}"]) for _ in range(self.random.randint(1, 3))]
        rows = [row for row in rows[:-1] if not row.startswith("=")] + rows[-1:]
        self.line(f"try_files {' '.join(rows)}")

    def proxy(self):
        rows = []
        if self.chance(0.5):
            # Caddy cannot send a body that is looked at here
            rows.append(f"header_up {self.header_line(NAMES).lstrip('?>')}".replace("{http.request.body}", "{path}"))
        if self.chance(0.5):
            rows.append(f"header_down {self.header_line(SETTABLE).lstrip('?')}")
        if self.chance(0.15):
            rows.append(f"rewrite {self.quoted(self.choice(['/up{uri}', '/up?x=1', '{path}']))}")
        if self.chance(0.1):
            rows.append(f"method {self.choice(['GET', 'POST'])}")
        if self.chance(0.2):
            rows.append("flush_interval -1")
        name = self.choice(["UP", "UP", "UP", "ODD", "DEAD"])
        self.n_proxies += 1

        def fill():
            for row in rows:
                self.line(row)
            if self.chance(0.25):
                self.block("handle_response" + self.choice(["", " @bad"]), self.some_directives)
                if "@bad" in "".join(self.lines[-40:]):
                    self.line(f"@bad status {self.choice(['4xx', '500 404', '200', '3xx 5xx'])}")
        self.block(f"reverse_proxy {self.matcher()}127.0.0.1:{{${name}}}", fill)

    def handle(self):
        kind = self.choice(["handle", "handle", "route", "handle_path"])
        matcher = self.matcher()
        if kind == "handle_path":
            matcher = self.choice(["/a/*", "/api/*", "/dir*", "/%61/*", "/A*", "/x%20y/*"]) + " "
        self.block(f"{kind} {matcher}".rstrip(), self.some_directives)

    def intercept(self):
        """One at most: Caddy's fail where one intercepts what another made of nothing."""
        if self.has_intercept:
            return
        self.has_intercept = True

        def fill():
            self.line(f"@bad status {self.choice(['4xx', '404', '5xx 200', '2xx'])}")
            self.block("handle_response @bad", self.some_directives)
            if self.chance(0.3):
                self.line("replace_status @bad 410" if self.chance(0.5) else "replace_status 203")
        self.block("intercept", fill)

    def some_directives(self):
        self.directives(self.random.randint(1, 3))

    def directives(self, n):
        table = [(self.respond, 6), (self.header, 5), (self.request_header, 3), (self.rewrite, 4), (self.uri, 4), (self.redir, 2),
                 (self.vars, 3), (self.map, 1), (self.error, 2), (self.method, 1), (self.root, 1), (self.file_server, 3),
                 (self.try_files, 2), (self.proxy, 4), (self.handle, 4 if self.depth < 3 else 0), (self.intercept, 1 if self.depth < 3 and not self.has_intercept else 0)]
        for make in self.random.choices([row[0] for row in table], [row[1] for row in table], k=n):
            make()

    def site(self):
        self.line("root * {$ROOT}")
        for _ in range(self.random.randint(0, 4)):
            self.define()
        self.directives(self.random.randint(1, 6))
        if self.chance(0.4):
            codes = self.choice(["", " 404", " 4xx", " 5xx 403"])
            self.block(f"handle_errors{codes}", self.some_directives)

    # ---- requests

    def request(self):
        target = self.path(4)
        if self.chance(0.5):
            pairs = [self.choice(["x=1", "x=one", "y=2", "x=a%20b", "q", "=", "x=1&x=2", "long=" + "z" * 50, "a+b=c", "%78=5", "x=%zz", "y=a=b", "x"])
                     for _ in range(self.random.randint(1, 3))]
            target += "?" + "&".join(pairs)
        elif self.chance(0.05):
            target += "?"
        lines = [f"{self.choice(METHODS)} {target}", "Connection: close"]
        if self.chance(0.2):
            lines.append(f"Host: {self.choice(['b.example', 'A.EXAMPLE', 'a.example:80', '127.0.0.1', 'x.y.example', 'localhost'])}")
        for _ in range(self.random.randint(0, 3)):
            name = self.choice(NAMES[:6] + NAMES[10:11] + NAMES[12:17])
            value = {"Cookie": self.choice(["c=1", "c=one; d=2", "bad", "c=a b"]), "Authorization": "Basic Ym9iOng="}.get(
                name, self.choice(["one", "two", "a, b", "*/*", "x" * 30, "100"]))
            lines.append(f"{name}: {value}")
        has_body = lines[0].split(" ")[0] in ("POST", "PUT", "PATCH") and self.n_proxies < 2  # none is left for a second
        body = self.choice(["", "", "body=1", "some text"]) if has_body else ""
        return "\n".join(lines) + "\n" + ("\n" + body + "\n" if body else "")


def case_text(seed, n_requests):
    maker = Maker(seed)
    maker.lines.append("http://:{$PORT} {")
    maker.site()
    maker.lines.append("}")
    text = "\n".join(maker.lines) + "\n"
    if maker.has_intercept:  # there Caddy finds out the type of what comes in pieces
        text = text.replace("flush_interval -1", "flush_interval 0")
    text += "=== upstream UP\n=== upstream ODD /a\nHTTP/1.1 404 Not Found\nX-A: from above\nCache-Control: no-store\nVary: X-B\n\nnot there\n"
    text += "=== upstream ODD /dir\nHTTP/1.1 302 Found\nLocation: /elsewhere?x=1\nX-B: b1\nX-B: b2\n\n"
    text += "=== upstream ODD\nHTTP/1.1 200 OK\nX-A: from above\nx-lower: down\nEtag: \"e\"\nContent-Type: text/html\n\n<p>above</p>\n"
    text += "=== upstream DEAD dead\n"
    for name, body in FILES:
        if " " not in name:
            text += f"=== file {name}\n{body}"
    for _ in range(n_requests):
        text += "=== request\n" + maker.request()
    return text
