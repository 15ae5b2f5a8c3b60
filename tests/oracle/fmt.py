#!/usr/bin/env python3
"""Compares `dialtone fmt` with `caddy fmt`.

    fmt.py BUILD CADDY [--files N] [--seed N] [--formatter PROGRAM]

Every source of the corpus, and N files that are made of them by mutation, written as generate.py does, or
thrown together from fragments, are formatted by both. The bytes must be the same, but for the kinds of
differences that tests/oracle/fmt_differences lists; that Caddy's formatter does what a kind says is found
out for each file (fmt_batch.c, and Caddy itself). Whatever dialtone makes of a file must stay as it is when
it is formatted again, and where a real Caddy accepts the file, it must adapt to the same JSON as before and
be warned of at the line that Caddy names.

`caddy fmt` takes one file a process. For large numbers PROGRAM, linked with Caddy's formatter, takes its
place: it reads "<length>\\n<bytes>" again and again, and answers in the same form.
"""
import argparse, collections, concurrent.futures, glob, itertools, os, random, re, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy
from imports import Imports
from spellings import Spelling

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MAX_BYTES = 4000

# what mutations put in: blanks, and whatever either formatter or lexer looks at
BLANKS = [b" ", b"  ", b"\t", b"\n", b"\n\n", b"\n\n\n", b"\r\n", b" \n", b"\n\t"]
PIECES = [b"{", b"}", b" {", b" }", b"{ ", b"} ", b"{\n", b"\n}\n", b"{}", b"#", b" # c\n", b'"', b"`", b"\\", b"\\\n",
          b"<", b"<<", b" <<END\n", b"END", b"\nEND\n", b"{$A}", b"{$A:b}", b"{args[0]}", b"import", b"\nimport a\n",
          b'"a  b"', b"`a  b`", b'\\"', b"\\<", b"\r", b"\xc2\xa0", b"\xe2\x80\x83", b"\xff", b"\xef\xbb\xbf", b"\x00",
          b"'", b","] + BLANKS
# what files of fragments consist of, besides
WORDS = [b"a", b"a", b"respond", b"example.com", b"handle", b"(s)", b"@m", b"*", b"/x", b"{host}", b"{$A:\"b  c\"}", b"a{", b"}a",
         b"a}", b"{a", b"{}", b"<<E\na\n  b\nE", b"<<E\n\ta\n\tE", b"<<E a", b"<E", b"# a {", b"#a", b"a#b", b"{ # c", b"} # c",
         b'"a\nb"', b"`a\nb`", b'"{"', b'a"b', b'a\\"b"', b"a`b`", b"\xc3\xbc", b"\xe2\x80\x8b", b"import a", b"{block}"]
WORD = re.compile(rb'"(?:\\.|[^"\\])*"|`[^`]*`|#[^\n]*|[^\s]+|\s+', re.S)


def sources():
    """(name, bytes) of everything in the corpus that a Caddyfile stands in."""
    for path in sorted(glob.glob(os.path.join(ROOT, "corpus", "*", "*.caddyfile"))):
        with open(path, "rb") as f:
            source = f.read().partition(b"\n----------\n")[0] + b"\n"
        yield os.path.relpath(path, os.path.join(ROOT, "corpus")), source


def mutate_words(rng, words):
    """Takes away, doubles, moves and joins words and the blanks between them."""
    words = list(words)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        i, k = rng.randrange(len(words)), rng.randrange(len(words))
        what = rng.randrange(6)
        if what == 0:
            del words[i]
        elif what == 1:
            words.insert(i, words[k])
        elif what == 2:
            words[i], words[k] = words[k], words[i]
        elif what == 3:
            words.insert(i, rng.choice(PIECES))
        else:
            blanks = [j for j, word in enumerate(words) if word.isspace()]
            if blanks:
                words[rng.choice(blanks)] = rng.choice(BLANKS)
        if not words:
            return []
    return words


def mutate_blanks(rng, words):
    """Only blanks change, and none is taken away whole: what most people's files differ in."""
    return [rng.choice([b" ", b"   ", b"\t", b"  \t"] if b"\n" not in word else BLANKS[3:]) if word.isspace()
            and rng.random() < 0.4 else word for word in words]


def mutate_bytes(rng, source):
    data = bytearray(source)
    for _ in range(rng.choice((1, 2, 4, 8))):
        i = rng.randrange(len(data) + 1)
        what = rng.randrange(3)
        if what == 0:
            del data[i:i + rng.choice((1, 1, 2, 5))]
        elif what == 1:
            data[i:i] = rng.choice(PIECES)
        elif i < len(data):
            data[i] = rng.randrange(256) if rng.random() < 0.2 else rng.choice(b' \n\t{}#"`\\<a\r')
    return bytes(data)


def written(rng):
    """A file with a meaning, in an unusual spelling."""
    text = (Spelling(rng) if rng.random() < 0.7 else Imports(rng)).file()
    return text.encode("utf-8", "surrogateescape")


def thrown(rng):
    """Fragments in any order, with blanks between most of them."""
    out = []
    for _ in range(rng.choice((2, 3, 5, 9, 20, 40))):
        out.append(rng.choice(rng.choice((WORDS, WORDS, PIECES))))
        if rng.random() < 0.8:
            out.append(rng.choice(BLANKS if rng.random() < 0.7 else [b" "]))
    return b"".join(out)


def made(rng, pool):
    origin = rng.random()
    if origin < 0.15:
        return thrown(rng)
    if origin < 0.3:
        return written(rng)
    source = rng.choice(pool)
    if len(source) > 300 and rng.random() < 0.7:  # a stretch of it
        begin = rng.randrange(len(source) - 200)
        source = source[begin:begin + rng.randrange(50, 800)]
    how = rng.randrange(4)
    words = WORD.findall(source)
    if how == 0 or not words:
        return mutate_bytes(rng, source)
    if how == 1:
        return b"".join(mutate_blanks(rng, words))
    return b"".join(mutate_words(rng, mutate_blanks(rng, words) if how == 2 else words))


class Formatters:
    def __init__(self, build, binary, formatter=None):
        self.binary, self.formatter = binary, None
        if formatter:
            self.formatter = subprocess.Popen([formatter], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.batch = subprocess.Popen([os.path.join(build, "fmt_batch")], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def caddy(self, source):
        if self.formatter:
            self.formatter.stdin.write(b"%d\n" % len(source) + source)
            self.formatter.stdin.flush()
            return self.formatter.stdout.read(int(self.formatter.stdout.readline()))
        return subprocess.run([self.binary, "fmt", "-"], input=source, capture_output=True, timeout=60,
                              check=True).stdout

    def caddy_all(self, cases):
        """Each of the (name, source) with what Caddy makes of the source."""
        if self.formatter:
            for name, source in cases:
                yield name, source, self.caddy(source)
            return
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as threads:
            for some in iter(lambda: list(itertools.islice(cases, 200)), []):
                for (name, source), formatted in zip(some, threads.map(self.caddy, [s for _, s in some])):
                    yield name, source, formatted

    def close(self):
        for process in filter(None, (self.batch, self.formatter)):
            process.stdin.close()
            process.wait()

    def dialtone(self, source, by_caddy):
        """(result, what Caddy does to the tokens, whether a } is moved, line that is warned of, text)"""
        self.batch.stdin.write(b"%d %d\n" % (len(source), len(by_caddy)) + source + by_caddy)
        self.batch.stdin.flush()
        head = self.batch.stdout.readline().decode().split()
        if len(head) != 5:
            raise SystemExit(f"fmt: dialtone crashed on {source!r}")
        return head[0], head[1], head[2] == "1", int(head[3]), self.batch.stdout.read(int(head[4]))


def has_same_json(caddy, ours, source, before):
    """Caddy walks some maps in random order: one of its answers must be the same."""
    after = caddy.adapt(ours)[0]
    return after == before or any(caddy.adapt(source)[0] == after for _ in range(100))


def compare(formatters, caddy, source, by_caddy):
    """(the kind of difference, or None), (what is wrong, or None)"""
    result, kind, moves_brace, warned, ours = formatters.dialtone(source, by_caddy)
    if result == "refused":
        return "refused", "refused, though Caddy's formatter keeps the words" if kind == "kept" else None
    if formatters.dialtone(ours, ours)[4] != ours:
        return None, f"changes when it is formatted again: {ours!r}"
    if ours == by_caddy:
        kind = None
    elif kind == "kept":
        if formatters.caddy(by_caddy) == by_caddy:
            return None, f"caddy fmt gives {by_caddy!r}, dialtone fmt {ours!r}"
        kind = "rerun"
    before, _, warnings = caddy.adapt_all(source)
    if before is not None and not has_same_json(caddy, ours, source, before):
        if moves_brace:
            return kind or "brace", None
        return kind, f"the JSON of {ours!r} is another"
    lines = [w["line"] for w in warnings if "not formatted" in w["message"]] or [0]
    if before is not None and kind is None and b"\r\n" not in source and lines != [warned]:
        return kind, f"Caddy warns of line {lines[0]}, dialtone of {warned}"
    return kind, None


def read_differences():
    with open(os.path.join(ROOT, "tests", "oracle", "fmt_differences")) as f:
        return {line.split()[0] for line in f if line.strip() and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("caddy")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formatter", metavar="PROGRAM")
    args = parser.parse_args()
    listed, seen = read_differences(), set()
    formatters = Formatters(args.build, args.caddy, args.formatter)
    corpus = list(sources())
    pool = [source for _, source in corpus if len(source) <= MAX_BYTES]
    more = ((f"seed {args.seed}, file {i}", made(random.Random(f"{args.seed} {i}"), pool)) for i in range(args.files))
    kinds, passed, failed = collections.Counter(), 0, 0
    caddy = Caddy(args.caddy, os.path.join(ROOT, "corpus", "fmt"))
    try:
        for name, source, by_caddy in formatters.caddy_all(itertools.chain(corpus, more)):
            kind, wrong = compare(formatters, caddy, source, by_caddy)
            kinds[kind] += 1
            if not wrong and kind and (kind not in listed or name.startswith("fmt/") and name not in listed):
                wrong = f"a difference ({kind}) that is not listed"
            if not wrong and not kind and name in listed:
                wrong = "is listed as different on purpose, but is the same"
            seen |= {kind, name}
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"{name}: {source!r}: {wrong}", flush=True)
    finally:
        caddy.close()
        formatters.close()
    for name in sorted(n for n in listed - seen if n.startswith("fmt/")):
        failed += 1
        print(f"{name}: is listed in fmt_differences, but there is no such case")
    differences = ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items(), key=str) if kind)
    print(f"fmt: {passed + failed} files, {kinds[None]} the same bytes; on purpose: {differences or 'none'}; "
          f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
