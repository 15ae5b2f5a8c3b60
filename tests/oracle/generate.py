#!/usr/bin/env python3
"""Compares dialtone with a real Caddy over Caddyfiles that are made on the way.

    generate.py BUILD CADDY [--files N] [--seed S] [--jobs N] [--kinds KIND,…] [--show N] [--each N] [--coverage]

The kinds of files, one after another:
  valid, broken  written from `dialtone schema --json`, right or with mistakes (caddyfiles.py)
  mutated        single tokens changed in the corpus, and in files of the kinds mixed and imported
  walked         each row of the schema with each of its forms and mistakes (walk.py)
  mixed          sites, listeners, TLS, logs and routes that have to do with each other (mixes.py)
  imported       snippets, files, arguments and blocks (imports.py)
  valued         values that are nearly of their type (values.py)
  spliced        two cases of the corpus or examples of the linter's rules made one (splices.py)
  dressed        each row of the schema with all that it takes, in every spelling (dress.py)
  spelled        quotes, heredocs, comments, line ends and odd bytes (spellings.py)

Accepted files must give the same bytes; refused ones must be refused, with a diagnostic on the line
that Caddy names (or excused.py says why not); what Caddy warns of must be warned of. Differences are
shrunk to small files and printed, a few of each kind. File I of seed S is always the same file.
--coverage prints what of the schema the accepted files exercise (coverage.py).
"""
import argparse, glob, json, multiprocessing, os, random, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy
from caddyfiles import Writer, mutate, pool_of
from compare import Batch, Comparison, is_fine
from coverage import Coverage, report
from dress import Dress
from imports import Imports, make_files
from mixes import Mix
from spellings import Spelling
from splices import splice, swap_words
from values import Values, odd_word
from walk import Walk

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ENVIRONMENT = {
    "DT_NAME": "named", "DT_PORT": "9000", "DT_HOST": "env.example.com", "DT_MULTI": "a b\n\tc", "DT_EMPTY": "", "DT_OPEN": "{", "DT_CLOSE": "}",
    "DT_QUOTED": 'a "b c" d', "DT_QUOTE": '"', "DT_BACKTICK": "`x y`", "DT_LINES": "header X-Env 1\n\theader X-Env2 2",
    "DT_BLOCK": "handle {\n\trespond env\n}", "DT_NESTED": "{$DT_NAME}", "DT_ARGS": "{args[0]}", "DT_HEREDOC": "<<E\n\tdoc\n\tE", "DT_HASH": "a # b",
    "DT_PLACEHOLDER": "{env.DT_NAME}", "DT_UNICODE": "ünï€", "DT_CR": "a\r\nb", "DT_BACKSLASH": "a\\", "DT_IMPORT": "import snip", "DT_COMMA": "a.test, b.test",
    "DT_PATH": "/x/*"}


def environment_for(schema):
    """The variables that are set: those above, and one for each module and each value that the schema gives as an example."""
    values = [value for kind in schema["types"] for value in kind.get("examples", [])]
    values += [module["name"] for space in schema["modules"] for module in space["modules"] if "forms" in module]
    values = dict.fromkeys(values)
    return {**ENVIRONMENT, **{f"DT_V{i}": value for i, value in enumerate(values)}}


def class_of(outcome, detail):
    """What differences of one kind have in common: the text without names, numbers and what is ours."""
    if outcome == "json":
        return outcome, ""
    detail = re.sub(r" -- ours: .*", "", detail, flags=re.S).removeprefix("adapting config using caddyfile adapter: ")
    detail = re.sub(r"(?:import chain|Did you mean).*", "", detail, flags=re.S)
    return outcome, re.sub(r"'[^']*'|\"[^\"]*\"|[^\s:,']*\d[^\s:,']*", "_", detail)[:80]


def shrink(comparison, text, outcome, detail):
    """A smaller text with the same kind of difference."""
    wanted = class_of(outcome, detail)

    def still(candidate):
        return class_of(*comparison.kind(candidate)) == wanted

    for _ in range(6):
        before = text
        lines = text.split("\n")
        i = 0
        while i < len(lines):
            candidates = [(i, i + 1)]
            if lines[i].endswith("{"):
                depth, j = 0, i
                while j < len(lines):
                    depth += lines[j].rstrip().endswith("{")
                    depth -= lines[j].strip() == "}"
                    if depth == 0:
                        break
                    j += 1
                candidates.insert(0, (i, min(j + 1, len(lines))))
                inner = lines[:i] + lines[i + 1:j] + lines[j + 1:]
                if still("\n".join(inner)):
                    lines = inner
                    continue
            for begin, end in candidates:
                if still("\n".join(lines[:begin] + lines[end:])):
                    lines = lines[:begin] + lines[end:]
                    break
            else:
                i += 1
        for i in range(len(lines)):
            j = 0
            while True:
                words = lines[i].split(" ")
                if j >= len(words):
                    break
                shorter = lines[:i] + [" ".join(words[:j] + words[j + 1:])] + lines[i + 1:]
                if len(words) > 1 and still("\n".join(shorter)):
                    lines = shorter
                else:
                    j += 1
        text = "\n".join(lines)
        if text == before:
            break
    return text


def make_folder(folder):
    """Files that generated Caddyfiles name."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=test", "-keyout", os.devnull, "-out", os.path.join(folder, "ca.pem")],
                   check=True, stderr=subprocess.DEVNULL)
    shutil.copy(os.path.join(folder, "ca.pem"), os.path.join(folder, "certificate.pem"))  # what the schema calls it
    with open(os.path.join(folder, "other.caddyfile"), "w") as f:
        f.write("respond imported\n")
    make_files(folder)


def read_corpus():
    corpus = []
    for path in sorted(glob.glob(os.path.join(ROOT, "corpus", "*", "*.caddyfile"))):
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            text = f.read().partition("\n----------\n")[0].rstrip("\n") + "\n"
        if len(text) < 4000:
            corpus.append(text)
    return corpus


class Kinds:
    """Writes files of all kinds, each with a random generator of its own."""

    def __init__(self, schema, examples, seed):
        self.schema = schema
        self.corpus = read_corpus()
        self.examples = self.corpus + examples
        self.pool = pool_of(self.corpus + [Mix(random.Random(i)).file() for i in range(100)])
        self.values = Values(schema)
        self.dress = Dress(schema, environment_for(schema))
        self.walk = sorted(set(Walk(schema).files()))
        random.Random(seed).shuffle(self.walk)

    def valid(self, rng, _):
        return Writer(self.schema, rng).file()

    def broken(self, rng, _):
        return Writer(self.schema, rng).file(broken=True)

    def mutated(self, rng, _):
        text = rng.choice((lambda: rng.choice(self.corpus), Mix(rng).file, Imports(rng).file))()
        if rng.random() < 0.6:
            return mutate(rng, text, self.pool, rng.choice((1, 1, 2, 3, 5)))
        words = re.split(r"([ \n])", text)
        for _ in range(rng.choice((1, 1, 2))):
            words[rng.randrange(0, len(words), 2)] = odd_word(rng)
        return "".join(words)

    def walked(self, _, number):
        return self.walk[number % len(self.walk)]

    def dressed(self, rng, number):
        return self.dress.file(rng, number)

    def spliced(self, rng, _):
        one, other = rng.choice(self.examples), rng.choice(self.examples)
        text = splice(rng, one, other) if rng.random() < 0.8 else swap_words(rng, one, other)
        if rng.random() < 0.2:
            text = mutate(rng, text, self.pool, 1)
        return text

    def mixed(self, rng, _):
        return Mix(rng).file()

    def valued(self, rng, _):
        return self.values.file(rng)

    def imported(self, rng, _):
        return Imports(rng).file()

    def spelled(self, rng, _):
        text = rng.choice((Mix(rng).file, Mix(rng).file, Imports(rng).file, lambda: rng.choice(self.examples),
                           lambda: self.dressed(rng, rng.randrange(10**6))))()
        return Spelling(rng).file(text)


ALL_KINDS = ("valid", "broken", "mutated", "walked", "mixed", "valued", "imported", "spelled", "dressed", "spliced")


def work(arguments):
    options, job, folder = arguments
    for name in list(os.environ):
        if name.startswith("DT_"):
            del os.environ[name]
    with open(os.path.join(folder, "schema.json")) as f:
        schema = json.load(f)
    environment = environment_for(schema)
    os.environ.update(environment)
    with open(os.path.join(folder, "rules.json")) as f:
        examples = [rule[kind] for rule in json.load(f) for kind in ("bad", "good") if not rule.get(kind, "{\"").startswith("{\"")]
    writer = Kinds(schema, examples, options.seed)
    coverage = Coverage(schema, environment) if options.coverage else None
    kinds = options.kinds.split(",")
    counts, classes = {}, {}
    caddy, batch = Caddy(options.caddy, folder), Batch(os.path.join(os.path.abspath(options.build), "batch"), folder, options.coverage)
    comparison = Comparison(caddy, batch)
    try:
        for i in range(job, options.files, options.jobs):
            kind = kinds[i % len(kinds)]
            text = getattr(writer, kind)(random.Random(f"{options.seed}/{i}"), i // len(kinds))
            outcome, detail = comparison.kind(text)
            counts[kind, outcome] = counts.get((kind, outcome), 0) + 1
            if coverage and outcome == "same":
                coverage.add(batch.rows, comparison.json, text)
            if is_fine(outcome):
                continue
            group = class_of(outcome, detail)
            classes[group] = classes.get(group, 0) + 1
            if classes[group] <= options.each and len(classes) <= options.show:
                small = shrink(comparison, text, outcome, detail)
                outcome, detail = comparison.kind(small)
                print(f"--- file {i} ({kind}): {outcome}: {detail[:600]}\n{small}\n---", flush=True)
    finally:
        caddy.close()
        batch.stop()
    return counts, classes, comparison.excused, coverage.counts.cases if coverage else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("caddy")
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kinds", default=",".join(ALL_KINDS))
    parser.add_argument("--show", type=int, default=20, help="kinds of differences to show, per job")
    parser.add_argument("--each", type=int, default=1, help="differences of a kind to shrink and print, per job")
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialtone-oracle-") as folder:
        make_folder(folder)
        for what in ("schema", "rules"):
            with open(os.path.join(folder, what + ".json"), "wb") as f:
                subprocess.run([os.path.join(options.build, "dialtone"), what, "--json"], check=True, stdout=f)
        with multiprocessing.Pool(options.jobs) as jobs:
            totals, classes, excuses, covered = {}, {}, {}, {}
            for counts, found, excused_here, covered_here in jobs.map(work, [(options, j, folder) for j in range(options.jobs)], 1):
                for key, n in counts.items():
                    totals[key] = totals.get(key, 0) + n
                for key, n in found.items():
                    classes[key] = classes.get(key, 0) + n
                for key, n in excused_here.items():
                    excuses[key] = excuses.get(key, 0) + n
                for key, n in covered_here.items():
                    covered[key] = covered.get(key, 0) + n
    for (outcome, group), n in sorted(classes.items(), key=lambda item: -item[1]):
        print(f"{n} times {outcome}: {group}")
    for name, n in sorted(excuses.items()):
        print(f"{n} excused: {name}")
    for kind in options.kinds.split(","):
        row = {outcome: n for (k, outcome), n in totals.items() if k == kind}
        print(f"{kind}: " + ", ".join(f"{n} {outcome}" for outcome, n in sorted(row.items())))
    report(covered)
    accepted, refused = (sum(n for (_, o), n in totals.items() if o == outcome) for outcome in ("same", "refused"))
    on_purpose = sum(n for (_, o), n in totals.items() if o.startswith("file:"))
    bad = sum(n for (_, o), n in totals.items() if not is_fine(o))
    print(f"{sum(totals.values())} files compared: {accepted} accepted by both with the same bytes, {refused} refused by both, "
          f"{on_purpose} different on purpose, {bad} different")
    print(f"generated: {accepted + refused} passed, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
