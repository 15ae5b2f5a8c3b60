"""Writes small right Caddyfiles around one row of the schema, row after row: each form, word and value that
the row says it takes, in every spelling that words have: quotes, backticks, heredocs, placeholders,
variables and their defaults."""
import os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "inventory"))
from promises import PROLOGUE, Promises, is_open
from walk import quoted


class Rows(Promises):
    """Every row of the schema, with what puts a line of it where it belongs."""

    def __init__(self, schema):
        super().__init__(schema, None)
        self.found = []
        self.all()

    def checks_of(self, path, row, wrap, repeats):
        self.found.append((row, wrap))

    def places(self, row):
        pass


class Dress:
    def __init__(self, schema, environment):
        self.rows = Rows(schema)
        self.shorthands = [row["name"].replace("*", "x") for row in schema["shorthands"]]
        self.variables = {}  # value -> name
        for name, value in environment.items():
            self.variables.setdefault(value, name)

    def spelled(self, random, word):
        """A word as it is written; <word> is what it says."""
        kind = random.randrange(12)
        if kind == 0 and "`" not in word:
            return f"`{word}`"
        if kind == 1:
            return '"' + word.replace('"', '\\"') + '"'
        if kind == 2:
            marker = random.choice(["E", "END", "a_1", "x-y"])
            return f"<<{marker}\n\t{word}\n\t{marker}"
        if kind == 3 and not re.search(r"[}\s\"]", word):
            return f"{{$DT_UNSET:{word}}}"
        if kind == 4 and word in self.variables:
            return f"{{${self.variables[word]}}}"
        if kind == 5:
            return f"{{$DT_EMPTY}}{quoted(word)}" if quoted(word) == word else quoted(word)
        if kind == 6:
            return random.choice(["{env.DT_NAME}", "{$DT_NAME}", "{$DT_PORT}", random.choice(self.shorthands), f"{word}{{host}}"
                                  if quoted(word) == word else "{http.vars.x}", "{$DT_PLACEHOLDER}"])
        return quoted(word)

    def argument(self, random, argument, row):
        words = self.rows.words(argument, row)
        word = random.choice(words)
        if word[:1] in "\"`" and word[-1:] == word[:1] and len(word) > 1:
            word = word[1:-1]
        return self.spelled(random, word)

    def words(self, random, row):
        """What stands behind the name, by one of the forms."""
        if is_open(row):
            return self.named(random, row)
        out = []
        for argument in random.choice(row["forms"]):
            if argument.get("optional") and random.random() < 0.4:
                break
            for _ in range(random.choice((1, 1, 2, 3)) if argument.get("repeated") else 1):
                out.append(self.argument(random, argument, row))
        return out

    def named(self, random, row):
        """The line of another row that stands behind the name."""
        usual = self.rows.named(row, random.randrange(50))
        if not usual or random.random() < 0.5:
            return usual
        name, *rest = re.split(r"([ \n])", usual[0])
        return [self.spelled(random, name) + "".join(rest)]

    def line(self, random, row, depth=0):
        words = self.words(random, row)
        name = self.rows.name(row)
        if random.random() < 0.04 and quoted(name) == name:
            name = self.spelled(random, name)
        head = " ".join([name] + words)
        options = [o for o in row.get("options", []) if not {"refused", "site_only", "global_only", "beside"} & set(o)]
        if is_open(row) or row["block"] != "options" or not options or random.random() < 0.5 or depth > 2:
            return head + ("" if "{\n" in head else self.rows.block(row, len(words)))
        chosen = random.sample(options, min(len(options), random.choice((1, 1, 2, 3))))
        lines = [self.line(random, option, depth + 1) for option in chosen]
        if row.get("needs") and not {o["name"] for o in chosen} & {*row["needs"], "*"}:
            lines.append(self.rows.needed(row))
        return head + " {\n" + "\n".join(lines) + "\n}"

    def file(self, random, number):
        row, wrap = self.rows.found[number % len(self.rows.found)]
        line = wrap(self.line(random, row))
        return (PROLOGUE + line if not line.startswith("{") else line + PROLOGUE).replace("\n\n", "\n")
