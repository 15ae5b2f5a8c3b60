#!/usr/bin/env python3
"""Compares dialtone with a real Caddy over the project's corpus.

    corpus.py BUILD CADDY [FOLDER…]

For every case under corpus/adapt, corpus/errors, corpus/native and corpus/seed: accepted input must
give the same bytes (without normalizing addresses), refused input must be refused, and the line that
Caddy names must be among those of dialtone's diagnostics.  tests/oracle/differences lists the cases
that differ on purpose, each with its reason; a listed case that does not differ any more is a failure
too.
"""
import glob, os, re, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy
from compare import Batch, Comparison
from excused import read_differences

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def main():
    program, binary = os.path.join(os.path.abspath(sys.argv[1]), "batch"), os.path.abspath(sys.argv[2])
    folders = sys.argv[3:] or [os.path.join(ROOT, "corpus", n) for n in ("adapt", "errors", "native", "seed")]
    differences = read_differences()
    passed, failed, seen = 0, 0, set()
    for folder in filter(os.path.isdir, folders):
        cases = []
        for path in sorted(glob.glob(os.path.join(folder, "*.caddyfile"))):
            with open(path, "rb") as f:
                cases.append((os.path.relpath(path, os.path.join(ROOT, "corpus")),
                              f.read().partition(b"\n----------\n")[0].rstrip(b"\n") + b"\n"))
        for _, source in cases:
            for variable in re.findall(rb"^# env: (\w+)=(.*)$", source, re.M):
                os.environ[variable[0].decode()] = variable[1].decode()
        caddy, batch = Caddy(binary, folder), Batch(program, folder)
        comparison = Comparison(caddy, batch)
        try:
            for name, source in cases:
                outcome, detail = comparison.kind(source.decode("utf-8", "surrogateescape"))
                difference = None if outcome in ("same", "refused", "file:order") else f"{outcome}: {detail[:500]}"
                if name in differences:
                    seen.add(name)
                    if difference is None:
                        difference = "is listed as different on purpose, but does not differ"
                    else:
                        difference = None
                if difference is None:
                    passed += 1
                else:
                    failed += 1
                    print(f"{name}: {difference}")
        finally:
            caddy.close()
            batch.stop()
    if len(sys.argv) <= 3:
        for name in sorted(n for n in set(differences) - seen if ":" not in n):
            failed += 1
            print(f"{name}: is listed in differences, but there is no such case")
    print(f"oracle: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
