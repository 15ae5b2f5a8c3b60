"""Walks the schema and writes a small Caddyfile for every row and everything that can be right or
wrong with a single line: each number of arguments, each kind of value, every block, repetition, each
place. Nothing is random here; generate.py combines what this takes one by one."""
import itertools

# values that nothing expects, for every argument
ODD = ['""', "{env.DT_NAME}", "-1", "0", "99999999999999999999", '"two words"', "{", "`}`", "off", "ünï"]
WORD = ["alpha"]


def words_of(argument, types, wrong=False):
    """Spellings of one argument: what the row asks for, or what its types say is wrong."""
    out = list(argument.get("words", [])) if not wrong else []
    for name in argument.get("types", []):
        out += types.get(name, {}).get("wrong" if wrong else "examples", [])
    prefixes = argument.get("prefixes", []) + ([argument["prefix"]] if "prefix" in argument else [])
    out += [p + out[0] for p in prefixes if out]
    return [quoted(w) for w in dict.fromkeys(out)]


def quoted(word):
    if word == "" or any(c in word for c in ' \t\n"'):
        return "`" + word + "`" if "`" not in word else '"' + word.replace('"', '\\"') + '"'
    return word


class Walk:
    def __init__(self, schema):
        self.schema = schema
        self.types = {t["name"]: t for t in schema["types"]}
        self.spaces = {m["namespace"]: m["modules"] for m in schema["modules"]}

    def argument(self, argument, row):
        """The usual spelling of one argument."""
        if set(argument.get("types", [])) & {"module", "module_name", "action", "change", "matcher", "directive"}:
            inner = self.inner(row)
            if inner:
                return " ".join([self.name(inner[0])] + self.usual(inner[0]))
        return (words_of(argument, self.types) or WORD)[0]

    def inner(self, row):
        """The rows that a line of the row can begin with."""
        if row.get("modules"):
            return self.spaces.get(row["modules"]) or []
        return row.get("actions") or row.get("options") or []

    def usual(self, row, form=0):
        """The arguments that a row needs, each in its usual spelling."""
        return [self.argument(a, row) for a in row["forms"][form] if not a.get("optional")]

    def name(self, row):
        if "pattern" not in row:
            return row["name"]
        return "".join(p["text"] if "text" in p else (words_of(p, self.types) or WORD)[0]
                       for p in row["pattern"] if "prefixes" not in p)

    def names(self, row):
        yield self.name(row)
        yield from row.get("aliases") or []
        for piece in row.get("pattern", []):
            for prefix in piece.get("prefixes", []):
                yield prefix + self.name(row)

    def line(self, row):
        """The row as a line that should be accepted, with an option where a block is needed."""
        words = [self.name(row)] + self.usual(row)
        return " ".join(words), row["block"]

    def argument_lists(self, row):
        """What may stand behind the name of the row."""
        seen = set()
        for form in row["forms"]:
            usual = [self.argument(a, row) for a in form]
            for n in range(len(usual) + 1):
                seen.add(tuple(usual[:n]))
            for extra in ("alpha", "10", usual[-1] if usual else "/x"):
                seen.add(tuple(usual) + (extra,))
                seen.add(tuple(usual) + (extra, extra))
            for i, argument in enumerate(form):
                values = words_of(argument, self.types) + words_of(argument, self.types, wrong=True) + ODD
                for inner in self.inner(row) if argument.get("types", [""])[0] in ("module", "module_name") else []:
                    values.append(self.name(inner))
                for value in values:
                    seen.add(tuple(usual[:i]) + (value,) + tuple(usual[i + 1:]))
                    seen.add(tuple(usual[:i]) + (value,))
        return sorted(seen)

    def blocks(self, row):
        """Lines of a block behind the row; None is no block."""
        yield None
        yield []
        yield ["nonesuch"]
        yield ["nonesuch a b {", "\tc", "}", "nonesuch"]
        for option in (row.get("options") or [])[:2] + (self.spaces.get(row.get("modules")) or [])[:1]:
            yield [self.line(option)[0]]

    def variations(self, row):
        """Groups of lines: the row in every way."""
        usual = " ".join([self.name(row)] + self.usual(row))
        for name in self.names(row):
            for arguments in self.argument_lists(row):
                yield [" ".join([name, *arguments])]
        for block in self.blocks(row):
            if block is not None:
                for head in dict.fromkeys([self.name(row), usual, usual + " alpha"]):
                    yield [head + " {"] + ["\t" + line for line in block] + ["}"]
        yield [usual, usual]
        yield [usual + " {", "}", usual + " {", "}"]
        yield [usual, "nonesuch"]

    def below(self, row, wrap, depth=0):
        """The row and those in its block, each with what puts its lines where they belong."""
        yield row, wrap
        head = " ".join([self.name(row)] + self.usual(row))

        def in_block(lines):
            return wrap(enclose(head, lines))

        def behind_name(lines):
            return wrap([self.name(row) + " " + lines[0], *lines[1:]])

        if depth < 6 and row["block"] == "options":
            for option in row["options"]:
                yield from self.below(option, in_block, depth + 1)
        if row.get("modules") and depth < 4:
            for module in self.spaces.get(row["modules"]) or []:
                if "forms" in module:
                    yield from self.below(module, in_block if row["block"] == "modules" else behind_name, depth + 1)
        for action in row.get("actions", []):
            yield from self.below(action, behind_name, depth + 1)

    def rows(self):
        """Every row in every place: the row, and what puts its lines there."""
        for row in self.schema["directives"]:
            for wrap in (site, in_handle):
                yield from self.below(row, wrap)
        for row in self.schema["matchers"]:
            for wrap in (in_matcher, in_matcher_block, in_not):
                yield from self.below(row, wrap)
        for row in self.schema["response_matchers"]:
            yield from self.below(row, in_response_matcher)
        for row in self.schema["global_options"]:
            yield from self.below(row, in_options)

    def files(self):
        """Every file, as text; always the same ones in the same order."""
        for row, wrap in self.rows():
            for lines in self.variations(row):
                yield text(wrap(lines))
        for row in self.schema["directives"]:
            for wrap in (in_route, in_named_route, in_snippet, in_errors, top):
                for lines in itertools.islice(self.variations(row), 0, None, 5):
                    yield text(wrap(lines))


def text(lines):
    return "\n".join(lines) + "\n"


def enclose(head, lines):
    return [(head + " {").lstrip()] + ["\t" + line for line in lines] + ["}"]


def site(lines):
    return enclose("example.com", lines)


def top(lines):
    return lines


def in_handle(lines):
    return site(enclose("handle", lines))


def in_route(lines):
    return site(enclose("route /x", lines))


def in_errors(lines):
    return site(enclose("handle_errors", lines))


def in_named_route(lines):
    return enclose("&(shared)", lines) + ["example.com {", "\tinvoke shared", "}"]


def in_snippet(lines):
    return enclose("(snip)", lines) + ["example.com {", "\timport snip", "}"]


def in_options(lines):
    return enclose("", lines) + [":80 {", "\trespond hi", "}"]


def in_matcher(lines):
    return site(["@m " + lines[0], *lines[1:], "respond @m hi"])


def in_matcher_block(lines):
    return site(enclose("@m", lines) + ["respond @m hi"])


def in_not(lines):
    return site(enclose("@m not", lines) + ["respond @m hi"])


def in_response_matcher(lines):
    return site(enclose("reverse_proxy app", enclose("@m", lines) + ["handle_response @m {", "}"]))
