#!/usr/bin/env python3
"""Out of memory at every allocation of a run of the compiler: one clean line, exit 3, no file left.

Each command is run once to count its allocations, then once more for each of them with that one
failing, and again with that and all later ones failing.  Where the C library can do without (it has
other ways to sort or to buffer), the outcome must be the usual one instead.

    run.py BUILD
"""
import os, subprocess, sys, tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(TESTS, "..", "bench"))
import shapes

MESSAGE = b"dialtone: out of memory\n"
MOST = 60  # allocations that are tried of a command but the first; of more, evenly spread ones


def compile_shim(folder):
    shim = f"{folder}/fail.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", shim, f"{TESTS}/fail.c"], check=True)
    return shim


class Case:
    def __init__(self, program, shim, folder):
        self.program, self.shim, self.folder = program, shim, folder
        self.runs = self.failed = 0

    def run(self, arguments, **variables):
        env = {"PATH": os.environ["PATH"], "LD_PRELOAD": self.shim,
               **{name: str(value) for name, value in variables.items()}}
        done = subprocess.run([self.program, *arguments], capture_output=True, env=env, cwd=self.folder)
        return done.returncode, done.stdout, done.stderr

    def outcome(self, arguments, **variables):
        """What came of a run: status, output, messages, and the files that are there."""
        target = f"{self.folder}/target"
        with open(target, "w") as f:
            f.write("old\n")
        before = set(os.listdir(self.folder))
        status, out, err = self.run(arguments, **variables)
        with open(target, "rb") as f:
            written = f.read()
        return status, out, err, written, sorted(set(os.listdir(self.folder)) - before)

    def try_all(self, arguments, most):
        count = f"{self.shim}.count"
        usual = self.outcome(arguments, COUNT_TO=count)
        with open(count) as f:
            n = int(f.read())
        os.unlink(count)
        # without memory, nothing is written, and a file is as it was
        clean = (3, b"old\n", [])
        step = max(1, -(-n // most))
        for at in range(1, n + 1, step):
            for more in ({}, {"FAIL_ON": 1}):
                self.runs += 1
                status, out, err, written, new = self.outcome(arguments, FAIL_AT=at, **more)
                if (status, out, err, written, new) == usual:
                    continue
                if (status, written, new) == clean and err.endswith(MESSAGE) and err.count(MESSAGE) == 1:
                    continue
                self.failed += 1
                print(f"oom: {' '.join(arguments)}: allocation {at} of {n}{' and on' if more else ''}: "
                      f"status {status}, {err[-200:]!r}, {len(out)} bytes, new files {new}")
        return n


def main():
    program = os.path.abspath(f"{sys.argv[1]}/dialtone")
    with tempfile.TemporaryDirectory(prefix="dialtone-oom-") as top:
        folder = f"{top}/files"
        os.mkdir(folder)
        case = Case(program, compile_shim(top), folder)
        with open(f"{folder}/large", "w") as f:
            f.write(shapes.text("sites", 200) + shapes.text("wildcards", 20) + shapes.text("logs", 20))
        with open(f"{folder}/native", "w") as f:
            f.write(shapes.text("sites", 100).replace("site", "http://site").replace("X-http://site", "X-Site"))
        with open(f"{folder}/mistakes", "w") as f:
            f.write(shapes.text("mistakes", 60))
        os.mkdir(f"{folder}/parts")
        for i in range(3):
            with open(f"{folder}/parts/{i}", "w") as f:
                f.write(f"a{i}.example.com {{\n\timport more {{args[0]}}\n}}\n")
        with open(f"{folder}/imports", "w") as f:
            f.write("(more) {\n\trespond {$NAME:x}{args[0]}\n}\nimport parts/* hello\n")
        with open(f"{folder}/all.json", "wb") as f:
            f.write(case.run(["adapt", "native"])[1])
        commands = [["adapt", "large", "-o", "target"], ["adapt", "large"], ["check", "large"],
                    ["adapt", "imports", "--pretty"], ["adapt", "imports", "--source-map"],
                    ["check", "mistakes"], ["check", "imports", "--native"],
                    ["emit", "c", "native", "-o", "target"], ["tables", "native"],
                    ["adapt", "all.json", "-o", "target"], ["check", "all.json"]]
        for arguments in commands:
            n = case.try_all(arguments, sys.maxsize if arguments is commands[0] else MOST)
            print(f"oom: {' '.join(arguments)}: {n} allocations", flush=True)
        print(f"oom: {case.runs - case.failed} passed, {case.failed} failed")
    return bool(case.failed)


if __name__ == "__main__":
    sys.exit(main())
