"""Counts which entries of the published schema files exercise that a real Caddy accepts: the entries of
tests/inventory/inventory.py, and how the words of each row are spelled:

    spelling    a word of the row is quoted, in backticks, a heredoc
    value       a word of the row has a placeholder, or comes from the environment
"""
import json, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "inventory"))
import inventory

QUOTES = {"d": "double", "b": "backtick", "h": "heredoc"}
VARIABLE = re.compile(r"\{\$(\w+)\}")
PLACEHOLDER = re.compile(r"\{[\w.]+\}")


class Counts(inventory.Entries):
    """Entries by kind and name, each with the number of files."""

    def __init__(self):
        super().__init__()
        self.cases, self.last = {}, {}

    def add(self, kind, name):
        self.cases.setdefault((kind, name), 0)

    def use(self, kind, name, case):
        if (kind, name) in self.cases and self.last.get((kind, name)) != case:
            self.cases[kind, name] += 1
            self.last[kind, name] = case


def takes_words(tables, path, row):
    """Whether the row itself reads words."""
    return row["max_args"] != 0 and not inventory.is_refused(tables, row) and any(
        argument.get("types") for form in row["forms"] for argument in form)


class Coverage:
    def __init__(self, schema, environment):
        self.schema, self.tables, self.counts, self.n = schema, inventory.Schema(schema), Counts(), 0
        self.environment = environment
        inventory.declare(self.counts, schema, self.tables)
        for (kind, path), row in self.tables.rows.items():
            if takes_words(self.tables, path, row):
                for way in QUOTES.values():
                    self.counts.add("spelling", f"{path} {way}")
                for way in ("placeholder", "environment"):
                    self.counts.add("value", f"{path} {way}")

    def add(self, uses, output, source):
        """A file that is accepted, by the rows it uses and the JSON it gives."""
        self.n += 1
        inventory.count_rows(self.counts, self.tables, self.schema, self.n, {"json": json.loads(output), "uses": uses})
        inventory.count_text(self.counts, self.n, source)
        given = {self.environment.get(name) for name in VARIABLE.findall(source)} - {None, ""}
        for use in uses:
            path = self.tables.find(use["kind"], use["path"])
            for word, quote in zip(use["words"], use["quotes"]):
                if quote in QUOTES:
                    self.counts.use("spelling", f"{path} {QUOTES[quote]}", self.n)
                if PLACEHOLDER.search(word):
                    self.counts.use("value", f"{path} placeholder", self.n)
                if any(value in word for value in given):
                    self.counts.use("value", f"{path} environment", self.n)


def report(totals):
    """Prints a line for each kind of entries, and those that no file exercises."""
    kinds = {}
    for (kind, name), n in totals.items():
        kinds.setdefault(kind, []).append((n, name))
    for kind, rows in kinds.items():
        if kind == "refused":
            continue
        rows.sort()
        used = [n for n, _ in rows if n]
        middle = rows[len(rows) // 2][0]
        print(f"coverage: {kind}: {len(used)} of {len(rows)} exercised, in {middle} files (median)")
        missing = [name for n, name in rows if not n]
        for name in missing:
            print(f"coverage: {kind} {name}: in no file")
