#!/usr/bin/env python3
"""The manual page and README.md against the rows of commands and flags, and the examples of README.md against
what the program prints: docs.py BUILD [--update]   (--update writes what is printed now; read the difference)"""
import os
import re
import subprocess
import sys

DIALTONE = os.path.realpath(sys.argv[1] + "/dialtone")
ROOT = os.path.realpath(os.path.dirname(__file__) + "/../..")
os.chdir(ROOT)

# in README.md, of other programs and of built proxies
FOREIGN = {"--with", "--version", "--help", "--workers", "--recurse-submodules", "--replace", "--user"}

passed = failed = 0


def check(name, good, *details):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {name}", *details)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def dialtone(*words, columns=None):
    environment = dict(os.environ)
    environment.pop("COLUMNS", None)
    if columns:
        environment["COLUMNS"] = str(columns)
    return subprocess.run([DIALTONE, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, env=environment, check=False).stdout


def flags_of(command):
    """(letter or "", name, argument or "") of each."""
    found = re.findall(r"^  (?:-(\w), |    )--([a-z-]+)(?: (\S+))?", dialtone(command, "--help"), re.M)
    return [(letter, name, argument) for letter, name, argument in found]


def values_of(completion, command, flag):
    """The words that a flag takes, where there are only certain ones."""
    found = re.search(rf"'{command} --{flag}'[^)]*\) echo 'words ([^']*)'", completion)
    return found.group(1).split() if found else []


def plain(text):
    """A manual page's text, without its requests and escapes."""
    text = re.sub(r"\\f[RBI]|\\f\(..", "", text.replace("\\-", "-").replace("\\(aq", "'"))
    lines = []
    for line in text.splitlines():
        macro = re.match(r"\.(B|I|BR|BI|RB|IR|RI|IB) (.*)", line)
        if macro and len(macro.group(1)) == 2:
            parts = re.findall(r'"([^"]*)"|(\S+)', macro.group(2))
            lines.append("".join(quoted or word for quoted, word in parts))
        elif macro:
            lines.append(macro.group(2).replace('"', ""))
        else:
            lines.append(line)
    return "\n".join(lines)


def section(text, name):
    return text.split(f".SH {name}\n")[1].split("\n.SH ")[0]


def manual(commands):
    page = plain(read("src/cli/dialtone.1"))
    synopsis, description, options = (section(page, name) for name in ("SYNOPSIS", "DESCRIPTION", "OPTIONS"))
    tags = re.findall(r"^\.TP\n(.*)", options, re.M)
    completion = dialtone("completion", "bash")
    known = set()
    for command in commands:
        check(f"manual: synopsis of {command}", re.search(rf"^dialtone {command}\b", synopsis, re.M))
        check(f"manual: description of {command}",
              any(re.match(rf"(.*, ?)?{command}\b", tag) for tag in re.findall(r"^\.TP\n(.*)", description, re.M)))
        for letter, name, argument in flags_of(command):
            known.add("--" + name)
            is_there = [tag for tag in tags if f"--{name}" in re.split(r"[ ,]+", tag.replace("=", " "))]
            check(f"manual: --{name} of {command}", is_there)
            check(f"manual: -{letter} of {command}",
                  not letter or any(f"-{letter}" in re.split(r"[ ,]+", tag) for tag in is_there), is_there)
            text = options.split("\n.TP\n")
            about = "".join(part for part in text if any(part.lstrip("\n").startswith(tag) for tag in is_there))
            for word in values_of(completion, command, name):
                check(f"manual: {word} of --{name}", re.search(rf"(?<![\w-]){word}(?![\w-])", about))
    for name in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)):
        check(f"manual: {name} is a flag", name in known or name in FOREIGN)
    return known


# "$ COLUMNS=N dialtone WORDS", then what it prints, indented
EXAMPLE = re.compile(r"^(    \$ COLUMNS=(\d+) (?:build/)?dialtone ([^\n]*)\n)((?:    .*\n|\n(?=    ))*)", re.M)


def printed(columns, words):
    return re.sub(r"^(?=.)", "    ", dialtone(*words.split(), columns=int(columns)), flags=re.M)


def readme(commands, known):
    text = read("README.md")
    for command in commands:
        check(f"README.md: {command}", f"dialtone {command}" in text)
    for name in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
        check(f"README.md: {name} is a flag", name in known or name in FOREIGN)
    examples = EXAMPLE.findall(text)
    check("README.md: examples", len(examples) > 0)
    for _, columns, words, want in examples:
        got = printed(columns, words)
        check(f"README.md: what dialtone {words} prints", got == want, "is now\n" + got)


def update():
    text = EXAMPLE.sub(lambda found: found.group(1) + printed(found.group(2), found.group(3)), read("README.md"))
    with open("README.md", "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if "--update" in sys.argv:
        update()
        return
    commands = re.findall(r"^  ([a-z]+) ", dialtone("--help"), re.M)
    check("commands", len(commands) > 10, commands)
    readme(commands, manual(commands))
    print(f"docs: {passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
