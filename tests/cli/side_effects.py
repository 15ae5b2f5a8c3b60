#!/usr/bin/env python3
"""The compiler reads and prints, and does nothing else: side_effects.py BUILD

Each command runs under strace; any system call that is not on the list below is a failure, and so is a
file opened for writing, a write to anything but the standard streams, or a second program."""
import os
import re
import subprocess
import sys
import tempfile

DIALTONE = os.path.realpath(sys.argv[1] + "/dialtone")

# reading, printing, memory, and what the loader and the C library do at start
HARMLESS = set("""
    read pread64 readv lseek fstat stat lstat newfstatat statx access faccessat faccessat2 readlink
    readlinkat getcwd getdents64 ioctl fcntl fadvise64
    brk mmap munmap mprotect mremap madvise arch_prctl set_tid_address set_robust_list rseq prlimit64
    getrandom sysinfo uname sched_getaffinity futex rt_sigaction rt_sigprocmask clock_gettime getpid
    gettid getuid geteuid getgid getegid exit exit_group
""".split())
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")

COMMANDS = [
    ["check", "good"],
    ["check", "bad"],
    ["check", "good", "bad", "imports", "zone"],
    ["check", "--native", "good"],
    ["check", "--profile", "strict", "--environment", "container", "imports"],
    *(["check", "--format", name, "bad", "imports"]
      for name in ("compact", "json", "sarif", "github", "gitlab", "checkstyle", "junit")),
    ["check", "--plugins", "builtin", "good"],
    ["check", "missing"],
    ["check", "."],
    ["check", "--baseline", "missing", "good"],
    ["check", "--diff", "--unsafe-fixes", "messy", "zone", "imports"],
    ["check", "--baseline", "known", "bad"],
    ["baseline", "good", "bad"],
    ["upgrade", "2.6", "2.11", "imports"],
    ["config", "good"],
    ["config", "--json", "good"],
    ["fmt", "messy"],
    ["fmt", "--check", "messy", "good"],
    ["fmt", "--diff", "messy"],
    ["fmt", "--imports", "--check", "imports"],
    ["adapt", "good"],
    ["adapt", "--pretty", "imports"],
    ["adapt", "--source-map", "zone"],
    ["adapt", "bad"],
    ["emit", "c", "good"],
    ["tables", "good"],
    ["schema"],
    ["schema", "--json"],
    ["schema", "reverse_proxy"],
    ["rules"],
    ["rules", "--json"],
    ["explain", "DT404"],
    ["completion", "bash"],
    ["completion", "zsh"],
    ["completion", "fish"],
    ["--help"],
    ["--version"],
    ["check", "--help"],
]

FILES = {
    "good": ":8080 {\n\trespond hello\n}\n",
    "bad": ":8080 {\n\trespnd hello\n\treverse_proxy https://[fe80::1]\n}\n",
    "imports": "(s) {\n\theader X y\n}\na.localhost {\n\timport s\n\timport part\n\troot * /srv\n"
               "\tlog {\n\t\toutput file access.log\n\t}\n\ttls cert.pem key.pem\n}\n",
    "part": "respond part\n",
    "messy": ":8080 {\n  respond   hello\n}\n",
    "zone": ":8080 {\n\treverse_proxy https://[fe80::1%eth0]\n}\n",
    "known": '{"baseline_version": 1, "findings": []}\n',
    ".dialtone": "plugins builtin\n",
}


def effects(trace):
    """The lines of a trace that show an effect."""
    programs = 0
    standard = {"1", "2"}
    for line in trace.splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
        if not call:
            continue  # the exit, or a signal
        name, rest = call.groups()
        if name == "execve":
            programs += 1
            if programs == 1:
                continue
        elif name in ("open", "openat", "openat2"):
            if not WRITING.search(rest):
                continue
        elif name in ("write", "writev"):
            if rest.split(",")[0] in standard:
                continue
        elif name == "dup":  # a buffer before a standard stream
            copy = re.match(r"(\d+)\) += (\d+)", rest)
            if copy and copy.group(1) in standard:
                standard.add(copy.group(2))
                continue
        elif name == "close":
            standard.discard(rest.split(")")[0])
            continue
        elif name in HARMLESS:
            continue
        yield line


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        before = sorted(os.listdir(folder))
        with tempfile.NamedTemporaryFile() as trace:
            for command in COMMANDS:
                environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
                subprocess.run(["strace", "-f", "-qq", "-o", trace.name, DIALTONE, *command], cwd=folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment, timeout=60, check=False)
                with open(trace.name, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                found = list(effects(text))
                if found or "execve(" not in text:
                    failed += 1
                    print(f"FAILED: dialtone {' '.join(command)} has side effects:", *found[:5], sep="\n  ")
                else:
                    passed += 1
        if sorted(os.listdir(folder)) == before:
            passed += 1
        else:
            failed += 1
            print("FAILED: files have come or gone:", sorted(os.listdir(folder)))
    print(f"side effects: {passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
