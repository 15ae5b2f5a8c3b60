#!/usr/bin/env python3
"""Compares dialtone with a real Caddy over Caddyfiles that are made on the way.

    generate.py BUILD CADDY [--files N] [--seed S] [--jobs N] [--kinds valid,broken,mutated] [--show N]

<valid> and <broken> files are written from `dialtone schema --json`, <mutated> ones from the corpus
by changing single tokens. Accepted files must give the same bytes; refused ones must be refused, with
a diagnostic on the line that Caddy names; warnings must stand on the lines of Caddy's. Each
difference is shrunk to a small file and printed. File I of seed S is always the same file.
"""
import argparse, glob, json, multiprocessing, os, random, re, select, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy
from caddyfiles import Writer, mutate, pool_of

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ENVIRONMENT = {"DT_NAME": "named", "DT_PORT": "9000", "DT_HOST": "env.example.com"}
# Caddy accepts these on purpose differently (see tests/oracle/differences): zones and link-local addresses
ZONES = re.compile(r"%\w|%25|fe[89ab]|ff[0-9a-f]2:|:[^ ]*%", re.I)


class Batch:
    """tests/oracle/batch.c: many compilations in one process."""

    def __init__(self, program, folder):
        self.program, self.folder, self.process = program, folder, None

    def start(self):
        self.process = subprocess.Popen([self.program], cwd=self.folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None

    def adapt(self, source):
        """(JSON or None, [(severity, lines, message)…]); a crash or a hang is None, None."""
        if not self.process:
            self.start()
        try:
            self.process.stdin.write(b"%d\n" % len(source) + source)
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], 20)[0]:
                raise OSError
            n, m = map(int, self.process.stdout.readline().split())
        except (OSError, ValueError):
            self.stop()
            return None, None
        found = self.process.stdout.read(n)
        report = []
        for row in self.process.stdout.read(m).decode("utf-8", "replace").split("\n"):
            parts = row.split(" ", 3)
            if len(parts) == 4:
                report.append((parts[0], {int(x) for x in parts[2].split(",") if x.isdigit()}, parts[3]))
        return found or None, report


class Comparison:
    def __init__(self, caddy, batch):
        self.caddy, self.batch = caddy, batch

    def kind(self, text):
        """(outcome, detail): outcome is 'same', 'refused', or what differs."""
        source = text.encode("utf-8", "surrogateescape")
        if ZONES.search(text):
            return "skipped", ""
        want, error, warnings = self.caddy.adapt_all(source)
        ours, report = self.batch.adapt(source)
        if report is None:
            return "crash", ""
        if error == "no answer":
            return "skipped", ""
        if error is None:
            if ours is None:
                first = next((m for s, _, m in report if s == "error"), "?")
                return "refuses", first
            if ours != want:
                for _ in range(4):  # Go walks maps in random order
                    if self.caddy.adapt(source)[0] == ours:
                        return "same", ""
                return "json", difference(want, ours)
            for warning in warnings:
                if "not formatted" in warning["message"] or not warning.get("line"):
                    continue
                if not any(warning["line"] in lines for severity, lines, _ in report if severity != "error"):
                    return "warning", f"line {warning['line']}: {warning['message']}"
            return "same", ""
        if ours is not None:
            return "accepts", error
        named = [int(x) for x in re.findall(r"(?:^|[^\w./-])Caddyfile:(\d+)", error)]
        lines = set().union(*(l for s, l, _ in report if s == "error")) if report else set()
        if named and not set(named) & lines:
            return "line", f"{error} -- ours: {[(sorted(l), m) for s, l, m in report if s == 'error']}"
        return "refused", ""


def difference(want, ours):
    at = next((i for i, (a, b) in enumerate(zip(want, ours)) if a != b), min(len(want), len(ours)))
    return f"at byte {at}: want …{want[max(0, at - 60):at + 60]!r} ours …{ours[max(0, at - 60):at + 60]!r}"


def shrink(comparison, text, outcome, detail):
    """A smaller text with the same kind of difference."""
    def still(candidate):
        kind, why = comparison.kind(candidate)
        return kind == outcome and similar(why, detail)

    def similar(a, b):
        return outcome in ("json", "line", "warning") or re.sub(r"[\d'\"].*", "", a)[:25] == re.sub(r"[\d'\"].*", "", b)[:25]

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
    with open(os.path.join(folder, "other.caddyfile"), "w") as f:
        f.write("respond imported\n")


def work(arguments):
    options, job, folder = arguments
    for name in list(os.environ):
        if name.startswith("DT_"):
            del os.environ[name]
    os.environ.update(ENVIRONMENT)
    with open(os.path.join(folder, "schema.json")) as f:
        schema = json.load(f)
    corpus = []
    for path in sorted(glob.glob(os.path.join(ROOT, "corpus", "*", "*.caddyfile"))):
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            text = f.read().partition("\n----------\n")[0].rstrip("\n") + "\n"
        if not ZONES.search(text) and len(text) < 4000:
            corpus.append(text)
    pool = pool_of(corpus)
    kinds = options.kinds.split(",")
    counts, shown = {}, []
    caddy, batch = Caddy(options.caddy, folder), Batch(os.path.join(os.path.abspath(options.build), "batch"), folder)
    comparison = Comparison(caddy, batch)
    try:
        for i in range(job, options.files, options.jobs):
            rng = random.Random(f"{options.seed}/{i}")
            kind = kinds[i // options.jobs % len(kinds)]
            if kind == "mutated":
                text = mutate(rng, rng.choice(corpus), pool, rng.choice((1, 1, 2, 3, 5)))
            else:
                text = Writer(schema, rng).file(broken=kind == "broken")
            outcome, detail = comparison.kind(text)
            counts[kind, outcome] = counts.get((kind, outcome), 0) + 1
            if outcome not in ("same", "refused", "skipped") and len(shown) < options.show:
                small = shrink(comparison, text, outcome, detail)
                outcome, detail = comparison.kind(small)
                if all(small != s for _, _, s in shown):
                    shown.append((f"file {i} ({kind})", f"{outcome}: {detail[:600]}", small))
                    print(f"--- file {i} ({kind}): {outcome}: {detail[:600]}\n{small}\n---", flush=True)
    finally:
        caddy.close()
        batch.stop()
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("caddy")
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kinds", default="valid,broken,mutated")
    parser.add_argument("--show", type=int, default=20, help="differences to shrink and print, per job")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialtone-oracle-") as folder:
        make_folder(folder)
        with open(os.path.join(folder, "schema.json"), "wb") as f:
            subprocess.run([os.path.join(options.build, "dialtone"), "schema", "--json"], check=True, stdout=f)
        with multiprocessing.Pool(options.jobs) as jobs:
            totals = {}
            for counts in jobs.map(work, [(options, j, folder) for j in range(options.jobs)], 1):
                for key, n in counts.items():
                    totals[key] = totals.get(key, 0) + n
    good = bad = 0
    for kind in options.kinds.split(","):
        row = {outcome: n for (k, outcome), n in totals.items() if k == kind}
        print(f"{kind}: " + ", ".join(f"{n} {outcome}" for outcome, n in sorted(row.items())))
        good += row.get("same", 0) + row.get("refused", 0)
        bad += sum(n for outcome, n in row.items() if outcome not in ("same", "refused", "skipped"))
    print(f"generated: {good} passed, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
