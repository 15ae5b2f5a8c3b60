#!/usr/bin/env python3
"""Asks a real Caddy what it says to the examples of the linter's rules: rules.py DIALTONE CADDY

Each rule claims what Caddy does with its wrong example (silent, warns, refuses; validates: only
starting fails), and that the right one is accepted without a warning.
"""
import json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy


def answer(caddy, text):
    _, error, warnings = caddy.adapt_all(text.encode())
    if error is not None:
        return "refuses", error
    loud = [w["message"] for w in warnings if "not formatted" not in w["message"]]
    return ("warns", str(loud)) if loud else ("silent", "")


def main():
    dialtone, binary = sys.argv[1:3]
    rules = json.loads(subprocess.run([dialtone, "rules", "--json"], check=True, capture_output=True).stdout)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="dialtone-rules-") as folder:
        caddy = Caddy(binary, folder)
        try:
            for rule in rules:
                claims = {"bad": {"validates": "silent"}.get(rule["caddy"], rule["caddy"]), "good": "silent"}
                for example, claim in claims.items():
                    if example not in rule or rule["caddy"] == "none":
                        continue
                    got, why = answer(caddy, rule[example])
                    if got == claim:
                        passed += 1
                    else:
                        failed += 1
                        print(f"{rule['id']}: Caddy {got} at the {example} example, not {claim} {why}")
        finally:
            caddy.close()
    print(f"rules: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
