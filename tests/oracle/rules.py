#!/usr/bin/env python3
"""Asks a real Caddy what it says to the examples of the linter's rules: rules.py DIALTONE CADDY

Each rule claims what Caddy does with its wrong example (silent, warns, refuses; validates: only
starting fails), and that the right one is accepted without a warning. Examples in JSON are validated.
"""
import json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caddy import Caddy


def is_json(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return text.startswith('{"')


def answer(caddy, text, is_about_layout, has_target):
    _, error, warnings = caddy.adapt_all(text.encode())
    if error is not None:
        return "refuses", error
    loud = [w["message"] for w in warnings if is_about_layout or "not formatted" not in w["message"]]
    if has_target:  # what an older Caddy is given may have another name since
        loud = [message for message in loud if "is deprecated" not in message]
    return ("warns", str(loud)) if loud else ("silent", "")


def answer_to_json(binary, folder, text):
    path = os.path.join(folder, "example.json")
    with open(path, "w") as f:
        f.write(text)
    run = subprocess.run([binary, "validate", "--config", path], capture_output=True, timeout=60, cwd=folder,
                         env={**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder})
    return ("silent", "") if run.returncode == 0 else ("refuses", run.stderr.decode("utf-8", "replace")[-300:])


def main():
    dialtone, binary = sys.argv[1], os.path.abspath(sys.argv[2])
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
                    text = rule[example]
                    if is_json(text):
                        claim = rule["caddy"].replace("validates", "refuses") if example == "bad" else claim
                        got, why = answer_to_json(binary, folder, text)
                    else:
                        got, why = answer(caddy, text, rule["name"] == "unformatted", "target" in rule)
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
