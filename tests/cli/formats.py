#!/usr/bin/env python3
"""Reports by their schemas, and of files that are hard to name and to count in: formats.py BUILD SARIF-SCHEMA"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as xml

import jsonschema

DIALTONE = os.path.realpath(sys.argv[1] + "/dialtone")
HERE = os.path.dirname(os.path.realpath(__file__))
with open(sys.argv[2], encoding="utf-8") as schema_file:
    SARIF = json.load(schema_file)

# as GitLab documents its code quality reports
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 8},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {"type": "object", "required": ["begin"],
                              "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}

ODD = "ü b%c:d,e&<f>\"g'.caddyfile"
TEXT = (
    "\ufeff# \U0001f600 first\r\n"
    "(snippet) {\r\n"
    "\theader X-Frame-Options DENY; SAMEORIGIN\r\n"
    "}\r\n"
    "ä.example {\r\n"
    "\timport snippet\r\n"
    "\tvars a \"\U0001f600 日本\" b; revers_proxy\r\n"
    "\trespnd \"ü\"\r\n"
    "\t# dialtone: ignore[DT605] as agreed: \"100 %\"\r\n"
    "\theader X-Other one; two\r\n"
    "\t\theader \t X-Wide \U0001f600; 日本\r\n"
    "\tredir https://www.example.com{uri} 999x\r\n"
    "}\r\n"
)
FORMATS = ["json", "sarif", "github", "gitlab", "checkstyle", "junit"]

passed = failed = 0


def check(name, good, *details):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {name}", *details)


def by_schema(name, schema, document):
    errors = list(jsonschema.validators.validator_for(schema)(schema).iter_errors(document))
    check(name, not errors, *[(list(error.absolute_path), error.message[:200]) for error in errors[:5]])


def reports(folder, files, *options):
    """Each format's text."""
    words = [DIALTONE, "check", "--fail-on", "never", *options]
    for name in FORMATS:
        words += ["--output", f"{name}:report.{name}"]
    done = subprocess.run([*words, *files], cwd=folder, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    texts = {}
    for name in FORMATS:
        with open(f"{folder}/report.{name}", encoding="utf-8", newline="") as file:
            texts[name] = file.read()
    return texts


def xml_by_schema(folder, name):
    done = subprocess.run(["xmllint", "--noout", "--schema", f"{HERE}/{name}.xsd", f"{folder}/report.{name}"],
                          capture_output=True, text=True, check=False)
    check(f"{name} by its schema", done.returncode == 0, done.stderr[:500])


def corpus(folder):
    """All findings of the linter's cases; what is expected stands behind ten dashes."""
    files = []
    for path in sorted(glob.glob(HERE + "/../../corpus/lint/*.caddyfile")):
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read().split("\n----------\n")[0]
        files.append(os.path.basename(path))
        with open(f"{folder}/{files[-1]}", "w", encoding="utf-8", newline="") as file:
            file.write(text + "\n")
    texts = reports(folder, files, "--profile", "strict")
    log = json.loads(texts["sarif"])
    results = log["runs"][0]["results"]
    by_schema("sarif of the corpus", SARIF, log)
    by_schema("gitlab of the corpus", GITLAB, json.loads(texts["gitlab"]))
    xml_by_schema(folder, "checkstyle")
    xml_by_schema(folder, "junit")
    check("there is much in it", len(results) > 100, len(results))
    check("corrections", any("fixes" in one for one in results))
    check("related places", any("relatedLocations" in one for one in results))
    prints = [json.dumps(one["partialFingerprints"]) for one in results]
    check("fingerprints differ", len(set(prints)) == len(prints))
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        check(f"{rule['id']} has a page", rule["help"]["text"] and rule["fullDescription"]["text"] and
              rule["properties"]["tags"])
    print(f"formats: {len(results)} results, {len(log['runs'][0]['tool']['driver']['rules'])} rules")


def lines_of(text):
    """As a viewer has them: the mark at the begin is not part of the first."""
    return text.removeprefix("\ufeff").split("\n")


def under(text, region):
    line = lines_of(text)[region["startLine"] - 1]
    assert region["startLine"] == region["endLine"]
    return line[region["startColumn"] - 1:region["endColumn"] - 1]


def apply(text, changes):
    lines = lines_of(text)
    replacements = [one for change in changes for one in change["replacements"]]
    for one in sorted(replacements, key=lambda r: (-r["deletedRegion"]["startLine"],
                                                   -r["deletedRegion"]["startColumn"])):
        region = one["deletedRegion"]
        first, last = region["startLine"] - 1, region["endLine"] - 1
        before, after = lines[first][:region["startColumn"] - 1], lines[last][region["endColumn"] - 1:]
        lines[first:last + 1] = [before + one["insertedContent"]["text"] + after]
    return "\n".join(lines)


def unescaped(text):
    return re.sub("%([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), text)


def odd_sarif(text, folder):
    log = json.loads(text)
    by_schema("sarif of an odd file", SARIF, log)
    run = log["runs"][0]
    check("columns are code points", run["columnKind"] == "unicodeCodePoints")
    results = {}
    for one in run["results"]:
        place = one["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        check("sarif: the name", urllib.parse.unquote(uri) == ODD and ":" not in uri, uri)
        results.setdefault(one["ruleId"], []).append(one)

    def words(rule):
        return [under(TEXT, one["locations"][0]["physicalLocation"]["region"]) for one in results[rule]]

    check("sarif: what is unknown", words("DT105") == ["respnd"], words("DT105"))
    check("sarif: headers", words("DT605") == ["DENY; SAMEORIGIN", "\U0001f600; 日本", "one; two"], words("DT605"))
    first, wide, hidden = results["DT605"]
    check("sarif: the import", [under(TEXT, one["physicalLocation"]["region"]) + ": " + one["message"]["text"]
                                for one in first["relatedLocations"]] == ["import: snippet snippet imported here"],
          first.get("relatedLocations"))
    check("sarif: suppressed", hidden["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "as agreed: \"100 %\""}], hidden)
    check("sarif: all others are not", all(one["suppressions"] == [] for one in run["results"] if one is not hidden))
    fixed = apply(TEXT, wide["fixes"][0]["artifactChanges"])
    check("sarif: the correction", "\t\theader \t X-Wide \"\U0001f600; 日本\"\r\n" in fixed, fixed)
    with open(f"{folder}/fixed", "w", encoding="utf-8", newline="") as file:
        file.write(fixed)
    again = json.loads(reports(folder, ["fixed"])["json"])["findings"]
    check("sarif: it mends", sum(one["id"] == "DT605" for one in again) == 1, again)


def odd_github(text):
    kinds = []
    for line in text.splitlines():
        found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        check("github: an annotation", found, line)
        if not found:
            continue
        properties = dict(part.split("=", 1) for part in found.group(2).split(","))
        check("github: the name", unescaped(properties["file"]) == ODD, line)
        check("github: the title", re.fullmatch(r"DT\d+ [a-z0-9-]+", properties["title"]), line)
        kinds.append(found.group(1))
        if "DT105" in properties["title"]:
            check("github: the place", (properties["line"], properties["col"], properties["endColumn"]) ==
                  ("8", "2", "8"), line)
    check("github: errors first", kinds == sorted(kinds, key=["error", "warning", "notice"].index) and kinds)
    check("github: hidden findings are not told", "X-Other" not in text)


def line_of(result):
    return result["locations"][0]["physicalLocation"]["region"]["startLine"]


def baseline(folder):
    """What a baseline knows is suppressed too, from outside."""
    with open(f"{folder}/a", "w", encoding="utf-8") as file:
        file.write(":80 {\n\theader X a; b\n}\n")
    done = subprocess.run([DIALTONE, "baseline", "a", "-o", "known"], cwd=folder, capture_output=True, check=False)
    check("baseline: made", done.returncode == 0, done.stderr)
    with open(f"{folder}/a", "a", encoding="utf-8") as file:
        file.write(":81 {\n\theader Y c; d\n}\n")
    texts = reports(folder, ["a"], "--baseline", "known")
    log = json.loads(texts["sarif"])
    by_schema("sarif with a baseline", SARIF, log)
    kinds = {line_of(one): [entry["kind"] for entry in one["suppressions"]] for one in log["runs"][0]["results"]
             if one["ruleId"] == "DT605"}
    check("sarif: known ones are suppressed", kinds == {2: ["external"], 5: []}, kinds)
    check("json: known ones are left out", [one["line"] for one in json.loads(texts["json"])["findings"]
                                            if one["id"] == "DT605"] == [5])


def odd_file(folder):
    with open(f"{folder}/{ODD}", "w", encoding="utf-8", newline="") as file:
        file.write(TEXT)
    texts = reports(folder, [ODD])
    n = len(json.loads(texts["json"])["findings"])
    odd_sarif(texts["sarif"], folder)
    odd_github(texts["github"])
    texts = reports(folder, [ODD])
    quality = json.loads(texts["gitlab"])
    by_schema("gitlab of an odd file", GITLAB, quality)
    check("gitlab: all are there", len(quality) == n)
    check("gitlab: the name", {one["location"]["path"] for one in quality} == {ODD})
    xml_by_schema(folder, "checkstyle")
    xml_by_schema(folder, "junit")
    tree = xml.fromstring(texts["checkstyle"].encode())
    check("checkstyle: the name", [one.get("name") for one in tree] == [ODD])
    check("checkstyle: all are there", len(list(tree.iter("error"))) == n)
    suites = xml.fromstring(texts["junit"].encode())
    check("junit: the name", {one.get("classname") for one in suites.iter("testcase")} == {ODD})
    check("junit: the counts", [(int(one.get("tests")), int(one.get("failures"))) for one in suites] ==
          [(len(list(suites.iter("testcase"))), len(list(suites.iter("failure"))))])

    moved = TEXT.replace("(snippet) {", "# more\r\n\r\n(snippet) {", 1)
    with open(f"{folder}/{ODD}", "w", encoding="utf-8", newline="") as file:
        file.write(moved)
    after = reports(folder, [ODD])
    check("gitlab: fingerprints stay when lines move",
          [one["fingerprint"] for one in json.loads(after["gitlab"])] == [one["fingerprint"] for one in quality])
    check("sarif: fingerprints stay when lines move",
          [one["partialFingerprints"] for one in json.loads(after["sarif"])["runs"][0]["results"]] ==
          [one["partialFingerprints"] for one in json.loads(texts["sarif"])["runs"][0]["results"]])


def main():
    for part in (corpus, odd_file, baseline):
        with tempfile.TemporaryDirectory() as folder:
            part(folder)
    print(f"formats: {passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
