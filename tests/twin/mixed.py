#!/usr/bin/env python3
"""Random Caddyfiles and requests to a real Caddy and to dialtone: mixed.py BUILD CADDY [--cases N] [--seed N]
[--requests N] [--show SEED] [--verbose].
What one side refuses, the other must refuse, too."""
import argparse, os, re, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import case_text  # noqa: E402
from servers import CaddySide, DialtoneSide  # noqa: E402
from twin import run_case, show  # noqa: E402


def is_broken(where, lines):
    """Whether Caddy's answer is none: a handler panics where another one intercepts what nobody answered, and an
    answer that comes instead of another keeps that one's Content-Length."""
    text = "\n".join(lines)
    return (text.startswith("answers: caddy [],") or "the body ends: caddy cut" in text
            or re.search(r"content-length: caddy \['\d+', ", text) is not None
            or " HEAD " in where and re.fullmatch(r"header content-length: caddy \['\d+'\], dialtone None", text) is not None)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("caddy")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--show", type=int)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.show is not None:
        print(case_text(options.show, options.requests))
        return 0
    sides = [CaddySide(os.path.abspath(options.caddy)), DialtoneSide(options.build)]
    started = time.monotonic()
    n_exchanges, n_cases, n_refused, n_failed, n_broken = 0, 0, 0, 0, 0
    try:
        for seed in range(options.seed, options.seed + options.cases):
            if time.monotonic() - started > options.seconds:
                break
            text = case_text(seed, options.requests)
            n, found = run_case(f"seed {seed}", text, sides)
            n_cases += 1
            if len([where for where, _ in found if where.endswith("does not start")]) == 2:
                n_refused += 1
                if options.verbose:
                    for where, lines in found:
                        show(where, lines)
                continue
            broken = [row for row in found if is_broken(*row)]
            n_broken += len(broken)
            found = [row for row in found if row not in broken]
            if found:  # two servers may be interrupted in different places: what differs, differs again
                again = {where for where, _ in run_case(f"seed {seed}", text, sides)[1]}
                found = [row for row in found if row[0] in again]
            n_exchanges += n
            n_failed += len(found)
            for where, lines in found:
                show(where, lines)
    finally:
        for side in sides:
            side.close()
    print(f"mixed: {n_cases} Caddyfiles, {n_refused} of them refused by both, {n_exchanges} exchanges, {n_broken} of which "
          f"Caddy does not answer, {time.monotonic() - started:.0f} s")
    print(f"mixed: {n_exchanges - n_failed} passed, {n_failed} failed")
    return n_failed != 0 or n_exchanges == 0


sys.exit(main())
