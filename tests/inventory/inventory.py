#!/usr/bin/env python3
"""Which entries of the published schema do the corpus cases exercise?

    inventory.py BUILD [--uses]

Reads `dialtone schema --json`, and from `corpus_test --rows` which rows each case uses and what it is
adapted to.  An entry counts where a case that is accepted uses it: such a case's JSON is that of a
real Caddy (`make oracle`).  Entries are

    directive, option, matcher, module   the row is read
    refused     the row is read by a case that is refused, for a Caddy without plugins refuses it
    word        a word that a row allows stands in its line
    arguments   the row has as many words as it may have at least, at most (or one more than at least)
    place       the JSON has a value where the row says that it goes
    makes       the JSON has the module that the row says it makes
    shorthand   it stands in a source
    syntax      a pattern below finds it in a source

tests/inventory/reasons lists rows and features that no case can exercise, each with the reason: of
all entries of the row, or only of one kind that stands before it.  The exit status is 1 where an entry is neither exercised nor
has a reason, or has one and is exercised.  --uses prints for every entry the cases that use it.
"""
import json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# Syntax features, by what a source that uses them looks like.
SYNTAX = {
    "word": r"(?m)^\s*respond \w+$",
    "quoted word": r'(?m)\s"[^"\n]* [^"\n]*"',
    "backquoted word": r"(?m)\s`[^`]*`",
    "heredoc": r"<<\w+\n",
    "heredoc indentation": r"<<(\w+)\n([\t ]+).*\n\2\1",
    "heredoc marker": r"<<\w*[_-]\w*\n",
    "escaped heredoc": r"\s\\<<",
    "comment": r"(?m)(^|\s)#",
    "line continuation": r"\\\n",
    "carriage return": r"\r\n",
    "byte order mark": "\\A\ufeff",
    "invalid UTF-8": "[\udc80-\udcff]",
    "quoted brace": r'\s["`][{}]["`]',
    "brace of a block": r"\{\n",
    "empty block word": r"(?m)\{\}\s+\S",
    "environment variable": r"\{\$\w+\}",
    "environment variable with default": r"\{\$\w+:[^}]*\}",
    "environment placeholder": r"\{env\.\w+\}",
    "global options": r"\A\s*(#.*\n\s*)*\{\n",
    "site": r"(?m)^[\w.:*]+ \{$",
    "site without braces": r"\A\s*(#.*\n\s*)*[\w.:]+\n+\s*\w+ ?",
    "empty site": r"\A\s*(#.*\n\s*)*[\w.:]+\s*\Z",
    "snippet": r"(?m)^\(\w+\) \{$",
    "named route": r"(?m)^&\(\w+\) \{",
    "named route call": r"(?m)^\s+invoke ",
    "block of options": r"(?m)^\t\w+.*\{\n",
    "address: several with commas": r"(?m)^\S+, \S+.* \{$",
    "address: several with blanks": r"(?m)^[\w.:]+ [\w.:]+ \{$",
    "address: over lines": r"(?m)^\S+,\n",
    "address: host": r"(?m)^[a-z]+\.[a-z]+ \{$",
    "address: host and port": r"(?m)^[a-z]+\.[a-z]+:\d+ \{$",
    "address: port": r"(?m)^:\d+ \{$",
    "address: http": r"(?m)^http://[a-z]\S* \{$",
    "address: https": r"(?m)^https://[a-z]\S* \{$",
    "address: https alone": r"(?m)^https:// \{$",
    "address: wildcard": r"(?m)^\*\.\S+ \{$",
    "address: IPv4": r"(?m)^\d+\.\d+\.\d+\.\d+\S* \{$",
    "address: IPv6": r"(?m)^\[[0-9a-f:]+\]\S* \{$",
    "address: path": r"(?m)^[a-z.]+/\S* \{$",
    "address: placeholder": r"(?m)^\S*\{[a-z.A-Z]+\}\S* \{$",
    "address: environment variable": r"(?m)^\S*\{\$\w+\S*\}\S* \{$",
    "address: unix socket": r"(?m)^\s+bind .*unix/",
    "bind: network": r"(?m)^\s+bind .*(tcp4|tcp6|udp|fd|fdgram|unix\+h2c)/",
    "import of a snippet": r"(?m)^\((\w+)\) \{[\s\S]*^\s+import \1",
    "import of a file": r"(?m)^\s*import \w+/\w+(\s|$)",
    "import of a glob": r"(?m)^\s*import \S*\*",
    "import: hidden files": r"(?m)^\s*import \S*/\*(\s|$)",
    "import: empty file": r"(?m)^\s*import \S*empty",
    "import in a block": r"(?m)^\t\t+import ",
    "import at the top": r"(?m)^import ",
    "import arguments": r"\{args\[\d\]\}",
    "import arguments: ranges": r"\{args\[\d*:\d*\]\}",
    "import arguments: old form": r"\{args\.\d\}",
    "import arguments: out of range": r"\{args\[[5-9]\]\}",
    "import block": r"\{block\}",
    "import block: by key": r"\{blocks\.\w+\}",
    "import: cycles": r"(?m)^\((\w+)\) \{\n\s+import \1$",
    "import: definitions inside": r"(?m)^import \S*snippets",
    "matcher: block": r"(?m)^\s+@\w+ \{",
    "matcher: line": r"(?m)^\s+@\w+ \w+",
    "matcher: expression": r"(?m)^\s+@\w+ [`\"]",
    "matcher: scope": r"(?m)^\t\t+@\w+ ",
    "matcher word: all": r"(?m)^\s+\w+ \* ",
    "matcher word: path": r"(?m)^\s+\w+ /\S* ",
    "matcher word: name": r"(?m)^\s+\w+ @\w+ ",
    "response matcher: line": r"(?m)^\s+@\w+ status ",
    "response matcher: block": r"(?m)^\s+@\w+ \{\n\s+(status|header) .*\n(.*\n)*\s+handle_response @",
    "response matcher: match": r"(?m)^\s+match (status|header) ",
    "order of directives": r"(?m)^\trespond .*\n\t(header|rewrite|vars) ",
    "order option": r"(?m)^\s+order \w+ ",
    "placeholder shorthand": r"\{(path|host|uri)\}",
    "typed value": r"(?m)^\s+vars \w+ (\d+|true)$",
    "duration": r"\s\d+[smh]\b",
    "size": r"\s\d+[KMkm]i?[Bb]\b",
    "off": r"\soff\b",
    "formatting": r"(?m)^  +\w",
    "upstream: host": r"(?m)^\s+reverse_proxy (/\S* )?[a-z]+( \{)?$",
    "upstream: host and port": r"(?m)^\s+(reverse_proxy|to) .*\w+:\d+",
    "upstream: port range": r"(?m)^\s+(reverse_proxy|to) .*:\d+-\d+",
    "upstream: http": r"(?m)^\s+(reverse_proxy|to) .*http://",
    "upstream: https": r"(?m)^\s+(reverse_proxy|to) .*https://",
    "root without a matcher": r"(?m)^\s+root /\S*$",
    "rewrite without a matcher": r"(?m)^\s+rewrite /\S*$",
    "handle_errors with statuses": r"(?m)^\s+handle_errors \d",
    "upstream: h2c": r"(?m)^\s+(reverse_proxy|to) .*\sh2c://",
    "upstream: unix socket": r"(?m)^\s+(reverse_proxy|to) .*\sunix/",
    "upstream: unix socket, h2c": r"(?m)^\s+(reverse_proxy|to) .*\sunix\+h2c/",
    "upstream: descriptor": r"(?m)^\s+(reverse_proxy|to) .*\sfd/",
    "upstream: placeholder": r"(?m)^\s+(reverse_proxy|to) .*\s\{[\w.]+\}(\s|$)",
    "upstream: placeholder as port": r"(?m)^\s+(reverse_proxy|to) .*\w:\{[\w.]+\}",
    "upstream: network": r"(?m)^\s+(reverse_proxy|to) .*\s(tcp|udp)\d?/",
    "upstream: IPv6": r"(?m)^\s+(reverse_proxy|to) .*\[[0-9a-f:]+\]:\d+",
}


class Entries:
    """Entries by kind and name, each with the cases that exercise it."""

    def __init__(self):
        self.cases = {}

    def add(self, kind, name):
        self.cases.setdefault((kind, name), [])

    def use(self, kind, name, case):
        found = self.cases.get((kind, name))
        if found is not None and case not in found:
            found.append(case)


def words_of(row):
    return {word for form in row["forms"] for argument in form for word in argument.get("words", [])}


def counts_of(row):
    """The numbers of words that a case should try."""
    least, most = row["min_args"], row["max_args"]
    last = [form[-1].get("types") for form in row["forms"] if form]
    if ["module"] in last or "names_module" in row or "inline" in row:
        return set()  # the words are another row's
    return {least, least + 1 if most < 0 else most}


class Schema:
    """The rows by path, as corpus_test --rows names them."""

    def __init__(self, schema):
        self.modules = {space["namespace"]: {m["name"] for m in space.get("modules", [])}
                        for space in schema["modules"]}
        self.rows = {}      # (kind, path) -> row
        self.inherits = {}  # directive -> directive
        for row in schema["directives"]:
            self.add("directive", row["name"], row)
            if "inherits" in row:
                self.inherits[row["name"]] = row["inherits"]
        for row in schema["global_options"]:
            self.add("option", "global." + row["name"], row)
        for row in schema["matchers"]:
            self.add("matcher", row["name"], row)
        for space in schema["modules"]:
            for row in space.get("modules", []):
                if "forms" in row:
                    self.add("module", space["namespace"] + "." + row["name"], row)

    def add(self, kind, path, row):
        self.rows[kind, path] = row
        unfit = "site_only" if path.startswith("global.") else "global_only"
        for below in row.get("options", []) + row.get("actions", []):
            if unfit not in below:
                self.add("option", path + "/" + below["name"], below)

    def find(self, kind, path):
        """The path under which the row stands in the schema."""
        if (kind, path) not in self.rows:
            first, _, rest = path.partition("/")
            if first in self.inherits:
                return self.find(kind, self.inherits[first] + "/" + rest)
        return path


def is_refused(tables, row):
    """Whether a Caddy without plugins refuses the row, whatever its words."""
    return "refused" in row or row.get("modules") in tables.modules and \
        not tables.modules[row["modules"]] and row["min_args"] > 0


def declare(entries, schema, tables):
    for (kind, path), row in tables.rows.items():
        if is_refused(tables, row):
            entries.add("refused", path)
            continue
        entries.add(kind, path)
        for word in words_of(row):
            entries.add("word", path + " " + word)
        for count in counts_of(row):
            entries.add("arguments", "%s %d" % (path, count))
        if "json_path" in row and kind == "option" and tables.modules.get(row.get("modules"), 1):
            entries.add("place", path)
    for space in schema["modules"]:
        for module in space.get("modules", []):
            if "made_by" in module:
                entries.add("makes", space["namespace"] + "." + module["name"])
    for row in schema["shorthands"]:
        entries.add("shorthand", row["name"])
    for row in schema["syntax"]:
        entries.add("syntax", row["name"])


def strip_matcher(row, words):
    if row.get("takes_matcher") and words and re.match(r"\*$|/|@", words[0]):
        least = row["min_args"]
        if len(words) > least or row["max_args"] == 0:
            return words[1:]
    return words


def parts(path):
    return [p for p in re.findall(r"\['[^']*'\]|[^.\[\]]+|\[\]", path) if p != "$"]


def exists(value, path):
    """Whether there is a value at the path, from this value."""
    if not path:
        return True
    step, rest = path[0], path[1:]
    if step == "[]":
        return isinstance(value, list) and any(exists(v, rest) for v in value)
    if isinstance(value, list):
        return any(exists(v, path) for v in value)
    if not isinstance(value, dict):
        return False
    if step == "*":
        return any(exists(v, rest) for v in value.values())
    step = step.strip("[]'")
    return step in value and exists(value[step], rest)


def objects(value):
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for below in value.values() if isinstance(value, dict) else value:
            yield from objects(below)


def has_value(tables, schema, path, row, document, everything):
    """Whether the value of an option is where its row says."""
    where = row["json_path"]
    if where.startswith("$.."):
        return any(exists(o, parts(where[3:])) for o in everything)
    if where.startswith("$"):
        return exists(document, parts(where))
    root = path.split("/")[0]
    directive, matcher = tables.rows.get(("directive", root)), tables.rows.get(("matcher", root))
    if ("module", root) in tables.rows:
        space, _, name = root.rpartition(".")
        key = next(s.get("json_key") for s in schema["modules"] if s["namespace"] == space)
        return any(exists(o, parts(where)) for o in everything if key is None or o.get(key) == name)
    if directive:
        handler = directive["makes"][0].rpartition(".")[2]
        if any(exists(o, parts(where)) for o in everything if o.get("handler") == handler):
            return True
    return bool(matcher or root == "match") and any(exists(o, parts(where)) for o in everything)


def read_case(path):
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "surrogateescape")
    return text.partition("\n----------\n")[0] + "\n"


def count_rows(entries, tables, schema, case, line):
    everything = list(objects(line["json"]))
    for use in line["uses"]:
        kind, path = use["kind"], tables.find(use["kind"], use["path"])
        row = tables.rows.get((kind, path))
        if row is None:
            raise SystemExit("%s: no row for %s %s" % (case, kind, path))
        words = strip_matcher(row, use["words"])
        entries.use(kind, path, case)
        entries.use("arguments", "%s %d" % (path, len(words)), case)
        for word in words:
            entries.use("word", path + " " + word, case)
            if word in tables.modules.get(row.get("modules"), ()):
                module = row["modules"] + "." + word
                entries.use("module", module, case)
                entries.use("arguments", module + " 0", case)
        if ("place", path) in entries.cases and has_value(tables, schema, path, row, line["json"],
                                                          everything):
            entries.use("place", path, case)
    names = {"http.handlers." + o["handler"] for o in everything if isinstance(o.get("handler"), str)}
    for (kind, name) in entries.cases:
        space, _, last = name.rpartition(".")
        if kind == "makes" and (name in names or space != "http.handlers" and
                                any(last in o for o in everything)):
            entries.use(kind, name, case)


def count_text(entries, case, source):
    for (kind, name) in entries.cases:
        if kind == "shorthand":
            pattern = re.escape(name).replace(r"\*", r"[\w.-]*")
            if re.search(pattern, source):
                entries.use(kind, name, case)
        elif kind == "syntax" and SYNTAX.get(name) and re.search(SYNTAX[name], source):
            entries.use(kind, name, case)


def read_reasons():
    reasons = {}
    with open(os.path.join(HERE, "reasons")) as file:
        for line in file:
            line = line.split("#")[0].rstrip()
            if line:
                row, _, reason = line.partition(": ")
                reasons[row] = reason
    return reasons


def row_of(kind, name):
    return name.rpartition(" ")[0] if kind in ("word", "arguments") else name


def main():
    build, wants_uses = os.path.abspath(sys.argv[1]), "--uses" in sys.argv
    schema = json.loads(subprocess.run([os.path.join(build, "dialtone"), "schema", "--json"],
                                       capture_output=True, check=True).stdout)
    tables, entries = Schema(schema), Entries()
    declare(entries, schema, tables)
    for name in ("adapt", "native", "errors"):
        folder = os.path.join(ROOT, "corpus", name)
        out = subprocess.run([os.path.join(build, "corpus_test"), "--rows", folder],
                             capture_output=True, check=True).stdout
        for line in map(json.loads, out.splitlines()):
            if "json" not in line:
                for use in line["uses"]:
                    entries.use("refused", tables.find(use["kind"], use["path"]),
                                name + "/" + line["case"])
                if re.search(SYNTAX["import: cycles"], read_case(os.path.join(folder, line["case"]))):
                    entries.use("syntax", "import: cycles", name + "/" + line["case"])
            elif line["case"].endswith(".caddyfile"):
                count_rows(entries, tables, schema, name + "/" + line["case"], line)
                count_text(entries, name + "/" + line["case"],
                           read_case(os.path.join(folder, line["case"])))
    reasons, bad, excused = read_reasons(), [], 0
    kinds, rows = {}, set()
    for (kind, name), cases in entries.cases.items():
        entry = kind + " " + name
        total, used = kinds.get(kind, (0, 0))
        kinds[kind] = (total + 1, used + bool(cases))
        if wants_uses:
            print("%s: %s" % (entry, " ".join(cases) or "-"))
        row = row_of(kind, name)
        rows |= {row, kind + " " + row}
        if row in reasons or kind + " " + row in reasons:
            excused += 1
            if cases:
                bad.append("%s: has a reason, but is exercised by %s" % (entry, cases[0]))
        elif not cases:
            bad.append("%s: no case exercises it" % entry)
    for row in set(reasons) - rows:
        bad.append("%s: has a reason, but there is no such row" % row)
    for line in bad:
        print(line)
    for kind, (total, used) in kinds.items():
        print("%-17s %4d of %4d exercised" % (kind, used, total))
    done = sum(used for _, used in kinds.values())
    print("inventory: %d entries, %d exercised, %d with a reason, %d open" %
          (len(entries.cases), done, excused, len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
