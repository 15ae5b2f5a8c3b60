#!/usr/bin/env python3
"""Time and memory of the compiler beside a real Caddy, in one run.

Rounds are interleaved; the table shows medians and ratios to Caddy, and what they are held to.  A file
of five lines is about starting and ending; 10,000 sites are about compiling.  What `check` takes is
held against what `adapt` takes of the same files.  Then one size of file after the other, up to
100,000 sites, and ten times larger files of every shape in shapes.py: how much more a line costs
there.

    compiler.py BUILD CADDY [--rounds N] [--only five,sites,fmt,check,sizes,shapes]
"""
import argparse, os, statistics, subprocess, sys, tempfile

import shapes

FIVE = ":8080 {\n\tencode gzip\n\treverse_proxy localhost:9000\n\tfile_server\n}\n"
# what is measured: "more than N times better than Caddy"
GOALS = {"five": {"wall": 15, "memory": 5}, "sites": {"cpu": 50, "memory": 3}, "fmt": {"cpu": 5}}
CHECK_GOALS = {"five": 1.3, "sites": 2.0}  # the most that `check` may take, in CPU times of `adapt`
LINEAR = 1.3  # the most that a site may cost more in a larger file
SHAPE_LIMIT = 2.0  # the most that a line may cost more in a file ten times larger
UNITS = {"wall": (1e6, "ms"), "cpu": (1e6, "ms"), "memory": (1024, "MiB")}


class Bench:
    def __init__(self, build, caddy, folder, rounds):
        self.program, self.caddy, self.folder, self.rounds = f"{build}/dialtone", caddy, folder, rounds
        self.measure = f"{folder}/measure"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measure.c")
        subprocess.run([os.environ.get("CC", "cc").split()[-1], "-O2", "-static", "-o", self.measure, source],
                       check=True)
        self.env = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        self.failed = []

    def file(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    def once(self, argv):
        out = subprocess.run([self.measure, *argv], capture_output=True, text=True, env=self.env, check=True)
        wall, cpu, memory, status = map(int, out.stdout.split())
        return {"wall": wall, "cpu": cpu, "memory": memory, "status": status}

    def median(self, results):
        return {key: statistics.median(r[key] for r in results) for key in results[0]}

    def compare(self, name, ours, theirs, rounds, fine=(0,)):
        """Measures both in turn and prints what the goals of <name> are about.  <fine>: Caddy's statuses."""
        pairs = [(self.once(ours), self.once(theirs)) for _ in range(rounds)]
        us, them = (self.median([pair[i] for pair in pairs]) for i in (0, 1))
        if us["status"] or them["status"] not in fine:
            self.failed.append(f"{name}: exit status {us['status']:.0f}, Caddy's {them['status']:.0f}")
        for key, (scale, unit) in UNITS.items():
            ratio, goal = them[key] / us[key], GOALS[name].get(key)
            held = "" if goal is None else f"at least {goal}" + (": fails" if ratio < goal else "")
            print(f"{name:<6} {key:<7} dialtone {us[key] / scale:9.2f} {unit:<4} caddy {them[key] / scale:9.2f} "
                  f"{unit:<4} ratio {ratio:6.1f}  {held}", flush=True)
            if goal is not None and ratio < goal:
                self.failed.append(f"{name}: {key} only {ratio:.1f} times better, not {goal}")

    def five(self):
        path = self.file("five", FIVE)
        self.compare("five", [self.program, "adapt", path],
                     [self.caddy, "adapt", "--config", path, "--adapter", "caddyfile"], self.rounds * 7)

    def sites(self):
        path = self.file("sites", shapes.text("sites", 10000))
        self.compare("sites", [self.program, "adapt", path],
                     [self.caddy, "adapt", "--config", path, "--adapter", "caddyfile"], self.rounds)

    def fmt(self):
        path = self.file("fmt", shapes.text("sites", 10000).replace("\t", "  "))
        # Caddy's status tells that the file was not formatted
        self.compare("fmt", [self.program, "fmt", path], [self.caddy, "fmt", path], self.rounds, fine=(0, 1))

    def check(self):
        for name, text in (("five", FIVE), ("sites", shapes.text("sites", 10000))):
            path = self.file("check", text)
            rounds = self.rounds * (50 if name == "five" else 3)
            pairs = [(self.once([self.program, "adapt", path]), self.once([self.program, "check", path]))
                     for _ in range(rounds)]
            if any(result["status"] > 1 for pair in pairs for result in pair):
                self.failed.append(f"check: {name} fails")
            adapt, check = (min(pair[i]["cpu"] for pair in pairs) for i in (0, 1))
            memory = [self.median([pair[i] for pair in pairs])["memory"] / 1024 for i in (0, 1)]
            ratio, goal = check / adapt, CHECK_GOALS[name]
            print(f"check  {name:<7} adapt {adapt / 1e6:9.2f} ms {memory[0]:6.1f} MiB, check {check / 1e6:9.2f} ms "
                  f"{memory[1]:6.1f} MiB, ratio {ratio:6.2f}  at most {goal}" + (": fails" if ratio > goal else ""),
                  flush=True)
            if ratio > goal:
                self.failed.append(f"check: {name} costs {ratio:.2f} times what adapt does, not {goal}")

    def least(self, argv):
        """CPU time of the quickest of several runs: what the others took more was not ours."""
        results = [self.once(argv) for _ in range(self.rounds)]
        if any(r["status"] > 1 for r in results):
            self.failed.append(f"{' '.join(argv[1:])}: exit status {results[0]['status']}")
        return min(r["cpu"] for r in results)

    def sizes(self):
        empty = self.least([self.program, "adapt", self.file("empty", "localhost\n")])
        first = None
        for n in (1000, 3000, 10000, 30000, 100000):
            path = self.file("sizes", shapes.text("sites", n))
            each = (self.least([self.program, "adapt", path]) - empty) / n
            first = first or each
            print(f"sizes  {n:>6} sites {each / 1000:8.2f} us each, {each / first:.2f} of the smallest's", flush=True)
            if each > first * LINEAR:
                self.failed.append(f"sizes: a site of {n} costs {each / first:.2f} times one of 1000")

    def shapes(self):
        empty = self.least([self.program, "adapt", self.file("empty", "localhost\n")])
        for name, write in shapes.SHAPES.items():
            times, commands = {}, ("adapt", "check", "fmt")
            for n in (1500, 15000):
                path = self.file("shape", shapes.text(name, n))
                for command in commands:
                    times[command, n] = max(self.least([self.program, command, path]) - empty, 1e6)
            grown = {c: times[c, 15000] / times[c, 1500] / 10 for c in commands}
            print(f"shapes {name:<18} " + "  ".join(
                f"{c} {times[c, 15000] / 1e6:8.1f} ms, a line costs {grown[c]:.2f}" for c in grown)
                + f"  ({write.__doc__})", flush=True)
            for command, ratio in grown.items():
                if ratio > SHAPE_LIMIT:
                    self.failed.append(f"shapes: {command} of {name} costs {ratio:.2f} times as much a line")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("caddy")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="five,sites,fmt,check,sizes,shapes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        bench = Bench(os.path.abspath(arguments.build), arguments.caddy, folder, arguments.rounds)
        for name in arguments.only.split(","):
            getattr(bench, name)()
    for line in bench.failed:
        print("bench: " + line, file=sys.stderr)
    return bool(bench.failed)


if __name__ == "__main__":
    sys.exit(main())
