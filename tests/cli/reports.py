#!/usr/bin/env python3
"""The reports in a folder, one file per format, are what their readers expect: reports.py FOLDER"""
import json
import sys
import xml.etree.ElementTree as xml

folder = sys.argv[1]


def text(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return file.read()


found = json.loads(text("json"))
assert found["summary"]["files"] == 2, found["summary"]
assert json.loads(text("empty"))["findings"] == []
ids = [one["id"] for one in found["findings"]]
wrong = next(one for one in found["findings"] if one["id"] == "DT105")
assert (wrong["line"], wrong["column"], wrong["end_column"]) == (4, 2, 8), wrong

log = json.loads(text("sarif"))
run = log["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert run["columnKind"] == "unicodeCodePoints"
assert [one["ruleId"] for one in run["results"]] == ids
for one in run["results"]:
    assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
    assert rules[one["ruleIndex"]]["help"]["text"]
    assert ":" in one["partialFingerprints"]["primaryLocationLineHash"]
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
assert len({rule["id"] for rule in rules}) == len(rules)
prints = [json.dumps(one["partialFingerprints"]) for one in run["results"]]
assert len(set(prints)) == len(prints)

quality = json.loads(text("gitlab"))
assert [one["check_name"] for one in quality] == ids
assert len({one["fingerprint"] for one in quality}) == len(ids)
assert all(one["severity"] in ("info", "minor", "major") and one["location"]["lines"]["begin"] > 0 for one in quality)

annotations = text("github").splitlines()
assert len(annotations) == len(ids) and all(line.startswith("::") for line in annotations), annotations
assert annotations[0].startswith("::error file=")

tree = xml.fromstring(text("checkstyle").encode())
assert [one.get("source") for one in tree.iter("error")] == [f"dialtone.{one}" for one in ids]
suites = xml.fromstring(text("junit").encode()).findall("testsuite")
assert len(suites) == 2
assert sorted(len(suite.findall("testcase")) for suite in suites) == sorted([1, len(ids)])
assert len(text("compact").splitlines()) == len(ids)
