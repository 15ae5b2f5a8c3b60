#!/usr/bin/env python3
"""The completion scripts in the shells they are for: completion.py BUILD

In bash and zsh, on a terminal, a key inserts every completion of the word at the cursor; then the line is
run with a function in the place of dialtone that writes its arguments down. fish tells by `complete -C`."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

DIALTONE = os.path.realpath(sys.argv[1] + "/dialtone")

# What is typed, words that must be offered, words that must not. Where several are, only what is behind the
# last '=', ':' or ',' is compared: shells differ in what they repeat.
CASES = [
    ("ch", ["check"], ["fmt"]),
    ("", ["check", "completion", "explain", "schema", "help"], ["--format"]),
    ("help ad", ["adapt"], ["check"]),
    ("check --fo", ["--format"], ["--fail-on"]),
    ("check --f", ["--format", "--fail-on"], ["--pretty"]),
    ("adapt --", ["--pretty", "--source-map", "--help"], ["--format"]),
    ("check --format ", ["human", "sarif", "junit"], ["Caddyfile", "check"]),
    ("check --format s", ["sarif"], ["human"]),
    ("check --profile=", ["--profile=strict", "--profile=caddy-compat"], []),
    ("check --profile=st", ["--profile=strict"], ["--profile=production"]),
    ("check --fail-on n", ["never"], []),
    ("check Cad", ["Caddyfile"], []),
    ("check --format json Cad", ["Caddyfile"], []),
    ("check -- Cad", ["Caddyfile"], []),
    ("check my", ["my file"], []),
    ("check --plugins fol", ["folder/"], []),
    ("check --output sar", ["sarif:"], []),
    ("check --output sarif:Cad", ["sarif:Caddyfile"], []),
    ("adapt -o Cad", ["Caddyfile"], []),
    ("check --rules DT40", ["DT404="], ["DT501="]),
    ("check --rules DT404=e", ["DT404=error"], ["DT404=off"]),
    ("check --rules DT404=off,DT50", ["DT404=off,DT506="], []),
    ("explain DT40", ["DT404", "DT401"], ["DT506"]),
    ("explain DT404 DT50", ["DT506"], []),
    ("schema reverse_", ["reverse_proxy"], ["respond"]),
    ("emit ", ["c"], ["Caddyfile"]),
    ("emit c Cad", ["Caddyfile"], []),
    ("completion ", ["bash", "zsh", "fish"], ["Caddyfile"]),
    ("build --library fol", ["folder/"], ["Caddyfile"]),
    ("fmt --di", ["--diff"], []),
]

passed = failed = 0


def tail(word):
    return re.split("[=:,]", word.rstrip("=:/"))[-1]


def check(shell, typed, offered, wanted, unwanted):
    global passed, failed
    if len(wanted) > 1 or len(offered) > 1 or wanted[0][-1] in "=:/":
        offered, wanted, unwanted = ([tail(word) for word in words] for words in (offered, wanted, unwanted))
    missing = [word for word in wanted if word not in offered]
    extra = [word for word in unwanted if word in offered]
    if missing or extra:
        failed += 1
        print(f"FAILED: {shell}: 'dialtone {typed}': missing {missing}, unwanted {extra}: {offered[:20]}")
    else:
        passed += 1


class Terminal:
    """A shell on a terminal; lines are typed into it, and it writes what comes of them into a file."""

    def __init__(self, words, folder, setup, key):
        self.out, self.key, self.n = os.path.join(folder, ".out"), key, 0
        environment = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", HISTFILE="", COLUMNS="1000",
                           INPUTRC="/dev/null")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)
        for line in setup:
            self.type(line + "\n")

    def type(self, text):
        data = text.encode()
        while data:
            self.drain(0)
            data = data[os.write(self.fd, data[:200]):]

    def drain(self, seconds):
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                if not os.read(self.fd, 65536):
                    return
            except OSError:
                return

    def complete(self, typed):
        self.n += 1
        self.type(f"dialtone {typed}{self.key}\n")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            self.drain(0.05)
            if os.path.exists(self.out):
                with open(self.out, encoding="utf-8") as file:
                    parts = file.read().split("\0")
                if len(parts) > self.n:
                    return parts[self.n - 1].split("\n")[:-1]
        return ["no answer"]

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


FAKE = "dialtone() { printf '%s\\n' \"$@\" >>.out; printf '\\0' >>.out; }"


def words_before(typed):
    return typed.count(" ")


def in_terminal(shell, words, setup, key, folder):
    terminal = Terminal(words, folder, setup + [FAKE], key)
    for typed, wanted, unwanted in CASES:
        check(shell, typed, terminal.complete(typed)[words_before(typed):], wanted, unwanted)
    terminal.end()
    os.remove(terminal.out)


def in_fish(script, folder):
    for typed, wanted, unwanted in CASES:
        command = f'source {script}; complete -C "dialtone {typed}"'
        lines = subprocess.run(["fish", "--no-config", "-c", command], cwd=folder, capture_output=True,
                               text=True, timeout=60).stdout.splitlines()
        offered = [line.split("\t")[0].replace("\\ ", " ") for line in lines]
        check("fish", typed, offered, wanted, unwanted)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for shell in ("bash", "zsh", "fish"):
            script = os.path.join(folder, f".completion.{shell}")
            with open(script, "w", encoding="utf-8") as file:
                subprocess.run([DIALTONE, "completion", shell], stdout=file, check=True)
        for name in ("Caddyfile", "my file"):
            open(os.path.join(folder, name), "w", encoding="utf-8").close()
        os.mkdir(os.path.join(folder, "folder"))
        for shell in ("bash", "zsh", "fish"):
            if not shutil.which(shell):
                check(shell, "(not installed)", [], ["a shell"], [])
                return
        in_terminal("bash", ["bash", "--norc", "--noprofile", "-i"],
                    ["bind 'set completion-query-items 0'", "source .completion.bash"], "\033*", folder)
        in_terminal("zsh", ["zsh", "-f", "-i"],
                    ["autoload -Uz compinit", "compinit -u -d .zcompdump", "source .completion.zsh",
                     "zle -C all-matches complete-word _generic", "bindkey '^Xa' all-matches",
                     "zstyle ':completion:all-matches::::' completer _all_matches _complete",
                     "zstyle ':completion:all-matches:*' insert true"], "\030a", folder)
        in_fish(".completion.fish", folder)


main()
print(f"completion: {passed} passed, {failed} failed")
sys.exit(failed != 0)
