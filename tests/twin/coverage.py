#!/usr/bin/env python3
"""What of the tables no twin case has: coverage.py BUILD

Every kind of handler, matcher, policy and placeholder, every other named kind, and every column of
every row must be said by some case's tables, or be listed in coverage.txt with its reason.
"""
import os, re, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from case import Case, read_case  # noqa: E402
from servers import ENVIRONMENT, Upstreams  # noqa: E402

root = os.path.dirname(os.path.dirname(here))


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as f:
        return f.read()


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def all_there_is():
    """What can be said: `handlers.kind=HANDLER_MAP`, `{http.request.method}`, `servers.keepalive_count`."""
    tables = without_comments(read("include", "dialtone", "tables.h"))
    layout = without_comments(read("src", "native", "layout.c"))
    arrays = dict(re.findall(r"X\(dt_(\w+), (\w+)\)", tables))
    listed = {name: re.findall(r'X\((\w+), "([^"]*)"', body) for name, body in re.findall(
        r"#define (DT_\w+)\(X\)(.*?)\n\n", tables.replace("\\\n", " ") + "\n\n", flags=re.S)}
    names = {name: [word.removeprefix("DT_") for word in re.findall(r'"(DT_\w+)"', body)]
             for name, body in re.findall(r"static const char \*const (\w+)\[\] = \{(.*?)\};", layout, flags=re.S)}
    names["matcher_kinds"] = ["MATCHER_" + id for id, _ in listed["DT_MATCHERS"]]
    names["handler_kinds"] = ["HANDLER_" + id for id, _ in listed["DT_HANDLERS"]]
    names["policy_kinds"] = ["POLICY_" + id for id, _ in listed["DT_POLICIES"]]
    found = {"{" + name + "}" for _, name in listed["DT_PLACEHOLDERS"]}
    for row, columns in re.findall(r"#define ROW dt_(\w+)\n(.*?)#undef ROW", layout, flags=re.S):
        array = arrays[row]
        if array in ("origins", "numbers", "texts", "parts", "templates"):
            continue
        for kind, column, rest in re.findall(r"(PLAIN|OPTIONAL|TO|NAMED)\((\w+)(?:, (\w+))?\)", columns):
            if rest == "origins":
                continue
            if kind == "NAMED":
                found.update(f"{array}.{column}={name}" for name in names[rest] if not name.endswith(("_NONE", "_")))
            else:
                found.add(f"{array}.{column}")
    return found


def said_by(dump):
    said = set()
    for line in dump.splitlines():
        match = re.match(r"(\w+)\[\d+\]", line)
        # texts may hold what looks like a column; placeholders stand outside of them
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        said.update(re.findall(r"\{[a-z][^\s}\"]*", bare))
        if not match:
            continue
        for column, value in re.findall(r" (\w+)=(\S*)", bare):
            said.add(f"{match.group(1)}.{column}")
            said.add(f"{match.group(1)}.{column}={value}")
    return {re.sub(r"\.-?\d+$", ".", word) + "}" if word.startswith("{") else word for word in said}




def tables_of(build, path, folder):
    upstreams = Upstreams()
    case = Case(read_case(path), upstreams)
    config = os.path.join(folder, "caddy.json" if case.is_json else "Caddyfile")
    try:
        with open(config, "w", encoding="utf-8") as f:
            text = case.fill(case.caddyfile, [("PORT", "18080"), ("LOG", os.path.join(folder, "log"))])
            f.write(re.sub(r"\{\$\w+\}", "18081", text))  # what else the sides fill in are ports
        result = subprocess.run([os.path.join(build, "dialtone"), "tables", "--no-project", config],
                                capture_output=True, text=True, errors="replace",
                                env={**os.environ, **ENVIRONMENT})
    finally:
        upstreams.close()
        case.close()
    if result.returncode != 0:
        raise SystemExit(f"coverage: {os.path.basename(path)}: {result.stderr}")
    return result.stdout


def excused():
    with open(os.path.join(here, "coverage.txt"), encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f if line.strip() and not line.startswith("#")]
    reasons = dict(line.split(None, 1) for line in lines)
    if len(reasons) != len(lines):
        raise SystemExit("coverage: something stands twice in coverage.txt")
    return reasons


def main():
    build, said = sys.argv[1], set()
    folder = os.path.join(here, "cases")
    with tempfile.TemporaryDirectory() as work:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".twin"):
                said |= said_by(tables_of(build, os.path.join(folder, name), work))
    everything, reasons = all_there_is(), excused()
    missing = sorted(everything - said - set(reasons))
    idle = sorted(word for word in reasons if word in said or word not in everything)
    for word in missing:
        print(f"FAILED: no twin case has {word}")
    for word in idle:
        print(f"coverage: {word} needs no excuse: " + ("a case has it" if word in said else "it is not there"))
    print(f"coverage: {len(everything & said)} of {len(everything)} in twin cases, {len(reasons)} excused")
    print(f"coverage: {len(everything) - len(missing)} passed, {len(missing)} failed")
    return bool(missing)


sys.exit(main())
