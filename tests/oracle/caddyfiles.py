"""Writes Caddyfiles from `dialtone schema --json`: valid ones, broken ones, and mutations of given
text. Everything follows from the random generator it is given."""
import re

RARE = ["", "{$DT_UNSET}"]
WORDS = ["alpha", "beta-2", "x.y", "two words", "{http.request.host}", "{host}", "{env.DT_NAME}", "{$DT_NAME}",
         "{$DT_UNSET:fallback}", "tab\there", 'say "hi"', "back\\slash", "ünïcode", "a{b}c", "{path}/x", "100%",
         "<tag> & more", "# not a comment", "line\nbreak", "semi;colon", "'single'", "{re.name.1}"]
FIELDS = ["X-One", "Content-Type", "Via", "x-lower", "Server", "Cache-Control"]
HOSTS = ["a.example.com", "b.example.com", "*.example.com", "example.org", "sub.example.org", "localhost", "127.0.0.1",
         "[::1]", "internal", "*.wild.example.org"]
PATHS = ["/", "/x", "/api/*", "*.php", "/a/*/b", "/x/y", "*", "/static*", "/ünï", "/A/B"]
REGEXPS = ["^/x(.*)$", "[a-z]+", "\\.php$", "(?i)bot", "^(a|b)*$", "x{2,3}"]
EXPRESSIONS = ["path('/x')", "{method} == 'GET'", "method('PUT') && host('a.example.com')", "{path}.startsWith(\"/x\")",
               "!header({'X-One': '1'})"]
DESTINATIONS = ["{one}", "{my_two}", "{x.three}", "four"]
CONFIGURED = {"string": WORDS, "scalar": WORDS + ["42", "-1.5", "true", "false", "1e3", "0x1F"], "field": FIELDS,
              "path_pattern": PATHS, "regexp": REGEXPS, "expression": EXPRESSIONS,
              "destination": DESTINATIONS, "protocol": ["http", "https", "grpc", "http/2", "http/1.1+"]}
UPSTREAMS = [["localhost:9001", "127.0.0.1:9002", "app", "app.internal:80", "unix//run/app.sock", "{env.APP}:80",
              "[2001:db8::1]:443", ":9003", "localhost:9000-9002", "{$DT_NAME}:{$DT_PORT}", "tcp4/app:80", "{env.APP}"],
             ["http://app", "http://app:8080", "http://localhost:80"], ["https://app", "https://app:8443"],
             ["h2c://app:80", "h2c://app"]]


class Line:
    """A line: its words, as they are meant, and the lines of its block (None: no block; without <braces>:
    the rest of the file)."""

    def __init__(self, words, body=None, braces=True):
        self.words, self.body, self.braces = words, body, braces


def quote(random, word):
    """A spelling of a word that reads back as that word."""
    plain = word and not re.search(r'[\s"`\\#;]', word) and not word.startswith("<<") and word not in ("{", "}") \
        and not word.endswith("{")
    if plain and random.random() < 0.93:
        return word
    if "`" not in word and "\\" in word or random.random() < 0.2 and "`" not in word:
        return "`" + word + "`"
    return '"' + word.replace('"', '\\"') + '"'


def render(random, lines, depth=0):
    out = []
    for line in lines:
        words = [w if i == 0 or w.startswith("@") else quote(random, w) for i, w in enumerate(line.words)]
        text = "\t" * depth + " ".join(words)
        if random.random() < 0.01 and len(words) > 1:
            text = text.replace(" ", " \\\n\t", 1)
        if random.random() < 0.02:
            out.append(random.choice(["", "# a comment", "\t# { in a comment", "#"]))
        if line.body is None:
            out.append(text + (" # behind" if random.random() < 0.01 else ""))
            continue
        if not line.braces:
            out += [text] + render(random, line.body, depth)
            continue
        out.append(text + (" {" if words else "{"))
        out += render(random, line.body, depth + 1)
        out.append("\t" * depth + "}")
    return out


class Writer:
    def __init__(self, schema, random):
        self.schema, self.random = schema, random
        self.types = {t["name"]: t for t in schema["types"]}
        # modules without forms are for JSON only
        self.namespaces = {m["namespace"]: [n for n in m["modules"] if "forms" in n] for m in schema["modules"]}
        self.directives = {d["name"]: d for d in schema["directives"]}
        self.matchers = schema["matchers"]
        self.directive_rows = schema["directives"]
        self.scopes_matchers = False  # whether @one and @two are defined here
        self.is_global = False  # whether this is about global options
        self.addresses_used = set()
        self.wrong = 0.0  # how likely an argument is of the wrong kind
        self.upstream_scheme = 0

    def chance(self, probability):
        return self.random.random() < probability

    def error(self, probability=0.02):
        """Whether to do what Caddy refuses."""
        return self.chance(max(probability, self.wrong))

    # ---- words

    def value(self, type_name):
        kind = self.types.get(type_name, {})
        if self.chance(self.wrong):
            return self.random.choice(kind.get("wrong") or WORDS)
        if type_name == "upstream":
            return self.random.choice(UPSTREAMS[self.upstream_scheme])
        if type_name in ("string", "scalar") and self.chance(0.02):
            return self.random.choice(RARE)
        return self.random.choice(CONFIGURED.get(type_name) or kind.get("examples") or WORDS)

    def arguments(self, forms, row):
        """(words, body): the body is of a module or matcher that was named."""
        words, body = [], None
        for argument in self.random.choice(forms):
            if argument.get("optional") and self.chance(0.5):
                break
            for _ in range(self.random.choice((1, 1, 2, 3)) if argument.get("repeated") else 1):
                types = argument.get("types", [])
                if argument.get("words") and (not types or self.chance(0.5)):
                    words.append(self.random.choice(argument["words"]))
                    continue
                if not types:
                    continue
                prefix = argument.get("prefix", "")
                if argument.get("prefixes"):
                    prefix = self.random.choice(argument["prefixes"] + [""] * (row in self.directive_rows))
                if types == ["string"] and argument.get("name") in CONFIGURED:
                    types = [argument["name"]]
                special = getattr(self, "special_" + types[0], None)
                if special:
                    more, body = special(row)
                    words += more
                    if body is not None:
                        return words, body
                else:
                    words.append(prefix + self.value(self.random.choice(types)))
        return words, body

    def module_line(self, namespace):
        modules = self.namespaces.get(namespace) or []
        if not modules or self.chance(self.wrong):
            return Line(["nonesuch"])
        return self.line(self.random.choice(modules), 2)

    def special_module(self, row):
        line = self.module_line(row.get("modules", ""))
        return line.words, line.body

    def special_module_name(self, row):
        modules = self.namespaces.get(row.get("modules", "")) or [{"name": "nonesuch"}]
        return [self.random.choice(modules)["name"]], None

    def special_matcher(self, row):
        if self.chance(0.4):
            return [], [self.matcher_line() for _ in range(self.random.randint(1, 2))]
        line = self.matcher_line()
        return line.words, line.body

    def special_response_matcher(self, row):
        return ["@ok"], None

    def special_response_condition(self, row):
        return self.response_matcher().words, None

    def response_matcher(self):
        return self.line(self.random.choice(self.schema["response_matchers"]), 1)

    def special_action(self, row):
        line = self.line(self.random.choice(row["actions"]), 2)
        return line.words, line.body

    def special_change(self, row):
        line = self.line(self.random.choice(row["options"]), 2)
        return line.words, None

    def special_directive(self, row):
        return [self.random.choice([d for d in self.directives])], None

    # ---- lines

    def name_of(self, row):
        if "pattern" not in row:
            name = row["name"]
            if isinstance(row.get("aliases"), list) and row["aliases"] and self.chance(0.2):
                name = self.random.choice(row["aliases"])
            return name
        name = ""
        for piece in row["pattern"]:
            if "prefixes" in piece:
                name += self.random.choice(piece["prefixes"] + [""])
            elif "text" in piece:
                name += piece["text"]
            elif piece["types"] == ["module_name"]:
                modules = self.namespaces.get(row.get("modules", "")) or [{"name": "nonesuch"}]
                name += self.random.choice(modules)["name"]
            else:
                name += self.random.choice(["alpha", "X-One", "/x", "request>uri", "beta", "~^/y(.*)$"]
                                           if piece["types"][0] in ("string", "scalar")
                                           else self.types[piece["types"][0]].get("examples", ["alpha"]))
        return name

    def line(self, row, depth):
        words, body = self.arguments(row["forms"], row)
        words = [self.name_of(row)] + words
        if body is None:
            body = self.block(row, depth)
        return Line(words, body)

    def block(self, row, depth):
        kind = row["block"]
        if kind == "none":
            return [Line(["alpha"])] if self.chance(self.wrong / 2) else None
        needs = row["max_args"] == 0 and not row["forms"][0]
        if row.get("inline") and self.chance(0.5):
            return None
        if kind == "directives":
            return self.directives_block(depth + 1)
        if not self.chance(0.9 if needs else 0.45):
            return None
        if kind == "modules":
            return [self.module_line(row["modules"]) for _ in range(self.random.randint(0, 3))]
        lines, used = [], set()
        for _ in range(self.random.choice((1, 1, 2, 2, 3, 5))):
            option = self.random.choice(row["options"])
            if not self.fits(option, used):
                continue
            used.add(option["name"])
            lines.append(self.line(option, depth + 1))
        needed = [o for o in row["options"] if o["name"] in row.get("needs", [])]
        if needed and not used & set(row["needs"]) and not self.error(0.1):
            lines.append(self.line(self.random.choice(needed), depth + 1))
        if any("@ok" in l.words for l in lines) and not self.error():
            matchers = [self.response_matcher() for _ in range(self.random.choice((1, 1, 2)))]
            lines.insert(0, Line(["@ok", *matchers[0].words]) if len(matchers) == 1 and self.chance(0.6)
                         else Line(["@ok"], matchers))
        return lines

    def fits(self, option, used):
        """Whether the option may stand here, besides those <used> in its block."""
        if option["name"] in used and (option.get("once") or self.chance(0.8)) and not self.chance(self.wrong):
            return False
        if option.get("refused") or option.get("site_only" if self.is_global else "global_only"):
            return self.error()
        if "modules" in option and not self.namespaces.get(option["modules"]):
            return self.error()
        return True

    def matcher_line(self):
        return self.line(self.random.choice(self.matchers), 1)

    def directives_block(self, depth):
        """Directives in a block, maybe with a matcher of their own."""
        if not self.chance(0.15):
            return [self.directive_line(depth) for _ in range(self.random.randint(0, 3))]
        outer, self.scopes_matchers = self.scopes_matchers, True
        name = "@inner" if outer else "@one"
        lines = [self.named_matcher(name)]
        lines += [self.directive_line(depth) for _ in range(self.random.randint(1, 3))]
        self.scopes_matchers = outer
        if not outer:
            lines.append(self.named_matcher("@two"))
        lines.append(Line(["respond", name, "inner"]))
        return lines

    def named_matcher(self, name):
        matcher = self.matcher_line()
        if self.chance(0.5):
            return Line([name], [matcher] + ([self.matcher_line()] if self.chance(0.4) else []))
        return Line([name] + matcher.words, matcher.body)

    def directive_line(self, depth):
        names = list(self.directives)
        row = self.directives[self.random.choice(names)]
        if "routes" not in row["places"] and depth > 1 and not self.chance(self.wrong):
            row = self.directives["respond"]
        if depth > 3 and row["block"] == "directives":
            row = self.directives["header"]
        self.upstream_scheme = self.random.choice((0, 0, 0, 1, 2, 3))
        line = self.line(row, depth)
        if row["name"] in ("respond", "error", "header", "redir", "uri") and len(line.words) > 1 and not self.error(0.03):
            line.body = None
        if row["name"] == "file_server" and "browse" in line.words and line.body and not self.error():
            line.body = [l for l in line.body if l.words[0] != "browse"]
        if row["name"] == "map" and line.body and not self.error():
            for output in line.body:
                del output.words[len(line.words) - 1:]
        if row["name"] == "forward_auth" and self.chance(0.9):
            line.words = line.words[:2] + ["app"][len(line.words) - 1:]
            line.body = [Line(["uri", "/auth"])] + [l for l in line.body or [] if l.words[0] not in ("uri", "to")]
        if row["name"] == "handle_path" and self.chance(0.9):
            return Line(["handle_path", self.random.choice(["/x", "/api/*"])], line.body)
        if row["name"] == "invoke" and not self.chance(self.wrong):
            line.words = ["invoke", "shared"]
        if row.get("takes_matcher") and self.chance(0.45):
            line.words.insert(1, self.random.choice(["*", "/x", "/api/*"] + ["@one", "@two"] * self.scopes_matchers))
        return line

    # ---- files

    def addresses(self):
        out = []
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            host = self.random.choice(HOSTS)
            form = self.random.choice(["{h}", "{h}", "http://{h}", "https://{h}", "{h}:8080", "http://{h}:8080",
                                       "https://{h}:8443", ":8080", ":80", "{h}/p", "{h}:{$DT_PORT}", "{$DT_HOST}"])
            address = form.replace("{h}", host)
            if address in self.addresses_used and not self.error(0.03):
                address = f"{form.replace('{h}', f'h{len(self.addresses_used)}.example.net')}"
                if address in self.addresses_used:
                    address = f":{9100 + len(self.addresses_used)}"
            self.addresses_used.add(address)
            out.append(address)
        return list(dict.fromkeys(out))

    def site(self):
        lines = []
        self.scopes_matchers = self.chance(0.85)
        if self.scopes_matchers:
            for name in ("@one", "@two"):
                lines.append(self.named_matcher(name))
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 4))):
            lines.append(self.directive_line(1))
        self.scopes_matchers = False
        if self.chance(0.15):
            lines.append(Line(["import", "snip", "arg one", "two"]))
        if self.chance(0.06):
            lines.append(Line(["import", self.random.choice(["other.caddyfile", "other*", "nothing*.caddyfile"])]))
        if self.chance(0.06):
            lines.append(Line(["import", "wrap", "/w"], self.directives_block(2) +
                              [Line(["inner"], self.directives_block(2))] * self.chance(0.5)))
        if self.chance(0.5):
            self.random.shuffle(lines)
        addresses = self.addresses()
        return Line([a + "," if i + 1 < len(addresses) else a for i, a in enumerate(addresses)], lines)

    def file(self, broken=False):
        """The text of a Caddyfile."""
        self.wrong = self.random.choice((0.0, 0.03, 0.1)) if broken else 0.0
        lines = []
        if self.chance(0.45):
            self.is_global, used = True, set()
            body = []
            for _ in range(self.random.choice((1, 1, 2, 3, 6))):
                option = self.random.choice(self.schema["global_options"])
                if self.fits(option, used):
                    used.add(option["name"])
                    body.append(self.line(option, 1))
            lines.append(Line([], body))
            self.is_global = False
        lines.append(Line(["(snip)"], [Line(["header", "X-Snip", "{args[0]}", "{args[1]}"] if self.chance(0.5) else
                                            ["respond", "{args[:]}"])]))
        lines.append(Line(["(wrap)"], [Line(["handle", "{args[0]}"], [Line(["{block}" if self.chance(0.5) else
                                                                            "{blocks.inner}"])])]))
        lines.append(Line(["&(shared)"], [self.directive_line(2)]))
        n_sites = self.random.choice((1, 1, 1, 2, 3, 4))
        for _ in range(n_sites):
            lines.append(self.site())
        lines[-1].braces = n_sites > 1 or not self.chance(0.15) or not lines[-1].body
        if broken:
            for _ in range(self.random.choice((0, 1, 1, 2))):
                self.damage(lines)
        text = "\n".join(render(self.random, lines)) + "\n"
        if broken and self.chance(0.25):
            text = mutate(self.random, text, ["{", "}", '"', "import", "@one", "*", "respond", "\\"], 1)
        return text

    def damage(self, lines):
        """One mistake somewhere."""
        spots = []

        def walk(some, depth):
            for line in some:
                spots.append((some, line, depth))
                if line.body is not None:
                    walk(line.body, depth + 1)
        walk(lines, 0)
        some, line, _ = self.random.choice(spots)
        kind = self.random.randrange(9)
        if kind == 0 and len(line.words) > 1:
            del line.words[self.random.randrange(1, len(line.words))]
        elif kind == 1:
            line.words.insert(self.random.randint(1, len(line.words)) if line.words else 0, self.random.choice(WORDS))
        elif kind == 2 and line.words:
            word = line.words[0]
            line.words[0] = word[:-1] + self.random.choice("xyz_") if word else "x"
        elif kind == 3:
            other = self.random.choice(spots)
            other[0].insert(self.random.randint(0, len(other[0])), Line(list(line.words)))
        elif kind == 4:
            line.body = [Line(["alpha", "beta"])] if line.body is None else None
        elif kind == 5:
            some.insert(0, Line(list(line.words), None if line.body is None else list(line.body)))
        elif kind == 6 and line.body:
            line.body.append(self.random.choice(line.body))
        elif kind == 7:
            line.body = []
        else:
            some.remove(line)


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\{\$?[^{}\s]+\}|[^\s"`]+|\n|[ \t]+')


def mutate(random, text, pool, n):
    """The text with <n> changes of single tokens."""
    tokens = TOKEN.findall(text)
    for _ in range(n):
        if not tokens:
            break
        at = random.randrange(len(tokens))
        kind = random.randrange(7)
        if kind == 0:
            del tokens[at]
        elif kind == 1:
            tokens.insert(at, tokens[at])
        elif kind == 2:
            tokens[at] = random.choice(pool)
        elif kind == 3:
            tokens.insert(at, " " + random.choice(pool) + " ")
        elif kind == 4:
            other = random.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 5:
            tokens.insert(at, "\n")
        else:
            word = tokens[at]
            cut = random.randrange(len(word) + 1)
            tokens[at] = word[:cut] + random.choice(["", "x", "{", "}", "\"", "`", "\\", ",", ":", "/", "*", "@", "0", "-"]) \
                + word[cut + random.randrange(2):]
    return "".join(tokens)


def pool_of(texts):
    """Words to put in, from given texts."""
    words = set()
    for text in texts:
        words.update(t for t in TOKEN.findall(text) if t.strip() and len(t) < 60)
    return sorted(words) + ["{", "}", "\n", '"', "`", "<<END", "{$DT_OPEN}", "{$DT_CLOSE}", "{$DT_LINES}", "{$DT_BLOCK}",
                              "{$DT_EMPTY}", "{$DT_QUOTED}", "{$DT_HEREDOC}", "{$DT_COMMA}", "{$DT_IMPORT}", "{$DT_ARGS}"]
