#!/usr/bin/env python3
"""Compares what dialtone and a real Caddy say of JSON configurations.

    plain_json.py DIALTONE CADDY [--count N] [--seed N] [--minutes M] [--keep FOLDER] [--validator PROGRAM]

Takes JSON that `caddy validate` accepts, of corpus/adapt and written from the schema (each module in turn with
a few of its fields), changes one place in it (a name, a type, a module, a brace, a quote), and asks both. Where Caddy
accepts, dialtone must; where Caddy crashes on null, dialtone must not; where Caddy cannot read a field or a module,
dialtone must report an error on the lines of that very place. What Caddy refuses only when it sets a module
up says nothing about the JSON, but dialtone may then not call a name or a type wrong. One character that is
missing is one mistake: dialtone may not report a crowd of others. The same seed gives the same files.

`caddy validate` takes one file a process. For large numbers PROGRAM, linked with Caddy, takes its place: it
reads "<length>\\n<bytes>" again and again, and answers "accepts", "crashes" or "no <message>" on a line each.
"""
import argparse, concurrent.futures, glob, json, os, random, re, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from json_documents import Schema, Writer

ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))

# What Caddy says where JSON does not fit its types.
UNREADABLE = re.compile(
    "unknown field|cannot unmarshal|unknown module|module name not specified|value cannot be null|"
    "decoding (module )?config|unsupported type|invalid character|unexpected end of JSON|"
    "unrecognized public key algorithm|not a valid big integer|invalid policy|duplicate ID")
# What dialtone says there: syntax, fields, modules, types.
SHAPE_CODES = re.compile(r"error\[DT13[1-5]\]")


class Text:
    """JSON with one value a line, and which lines each place takes."""

    def __init__(self, value):
        self.lines, self.places = [""], {}
        self.write(value, ())
        self.lines.append("")

    def put(self, text):
        self.lines[-1] += text

    def write(self, value, path):
        first = len(self.lines)
        if isinstance(value, (dict, Members)):
            items, open_, close = list(value.items()), "{", "}"
        elif isinstance(value, list):
            items, open_, close = list(enumerate(value)), "[", "]"
        else:
            self.put(value.text if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False))
            self.places[path] = (first, first)
            return
        self.put(open_)
        for i, (key, item) in enumerate(items):
            self.lines.append("\t" * (len(path) + 1))
            if open_ == "{":
                self.put(json.dumps(key, ensure_ascii=False) + ": ")
            self.write(item, path + (key,))
            if i + 1 < len(items):
                self.put(",")
        if items:
            self.lines.append("\t" * len(path))
        self.put(close)
        self.places[path] = (first, len(self.lines))

    def __str__(self):
        return "\n".join(self.lines)


class Raw:
    """A value that is written as it is."""

    def __init__(self, text):
        self.text = text


class Members(list):
    """An object in which keys may stand twice."""

    def items(self):
        return list(self)


VALUES = [None, True, False, 0, 5, -1, Raw("1.5"), Raw("1e3"), Raw("1e30"), Raw("-0"), Raw("9223372036854775807"),
          Raw("9223372036854775808"), "", "5", "text", "5s", "1d", "5 s", "true", "{env.X}", "0644", "0xff", [], {}, [None],
          [[]], ["a"], [5], ["a", "b"], {"a": 1}, {"a": "b"}, {"a": ["b"]}, {"a": None}, {"a": {}}, [{}], Raw('"\\u0035s"')]
NAMES = ["", "a", "handler", "module", "match", "routes", "name", "ca", "root", "headers", "@id", "http", "tls", "path",
         "host", "gzip", "subroute", "file_server", "reverse_proxy", "json", "file", "static_response", "x.y"]
MOST_ERRORS = 8  # for one forgotten character
TEXT_SLIPS = ["", ",", ":", "}", "]", "{", "[", '"', "'", "//", "x", "0", "-", ".", "\\", "\t", "\n", "é", "\u00a0"]


def slip(random, name):
    """A name that is nearly right."""
    at = random.randrange(len(name) + 1)
    kind = random.randrange(6)
    if kind == 0:
        return name[:at] + random.choice("abcdefghijklmnopqrstuvwxyz_") + name[at:]
    if kind == 1:
        return name[:at] + name[at + 1:]
    if kind == 2:
        return name.upper()
    if kind == 3:
        return name.title()
    if kind == 4:
        return random.choice(NAMES)
    return name.replace("s", "\u017f", 1).replace("k", "\u212a", 1)


def places_of(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places_of(item, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def changed(value, path, change):
    """The document with change(value there) in that place."""
    if not path:
        return change(value)
    if isinstance(value, dict):
        return {k: changed(v, path[1:], change) if k == path[0] else v for k, v in value.items()}
    return [changed(v, path[1:], change) if i == path[0] else v for i, v in enumerate(value)]


def rename(random, document, path):
    new = slip(random, path[-1])
    return (changed(document, path[:-1], lambda o: {new if k == path[-1] else k: v for k, v in o.items()}),
            path[:-1] + (new,), f"{path[-1]!r} renamed {new!r}")


def replace(random, document, path):
    new = random.choice(VALUES)
    return changed(document, path, lambda _: new), path, f"replaced by {getattr(new, 'text', new)!r}"


def respell(random, document, path):
    old = at(document, path)
    new = slip(random, old)
    return changed(document, path, lambda _: new), path, f"{old!r} respelled {new!r}"


def wrap(random, document, path):
    return changed(document, path, lambda v: [v]), path, "in a list"


def unwrap(random, document, path):
    return changed(document, path, lambda v: v[0] if v else {}), path, "out of its list"


def quote(random, document, path):
    return changed(document, path, lambda v: json.dumps(v)), path, "in quotes"


def add(random, document, path):
    name, new = random.choice(NAMES), random.choice(VALUES)
    return (changed(document, path, lambda o: {**o, name: new}), path + (name,),
            f"with {name!r}: {getattr(new, 'text', new)!r}")


def twice(random, document, path):
    name = random.choice(list(at(document, path)))
    new = random.choice([at(document, path)[name], random.choice(VALUES)])
    return (changed(document, path, lambda o: Members([*o.items(), (name, new)])), path + (name,), f"{name!r} twice")


def take(random, document, path):
    return changed(document, path[:-1], lambda o: {k: v for k, v in o.items() if k != path[-1]}), path[:-1], "taken away"


def mutate(random, document):
    path = random.choice(list(places_of(document)))
    value = at(document, path)
    ways = [replace]
    if path and isinstance(path[-1], str):
        ways += [rename, rename, rename, take]
    if isinstance(value, str) and value:
        ways += [respell, respell]
    if isinstance(value, dict):
        ways += [add, add]
        if value:
            ways.append(twice)
    if isinstance(value, list):
        ways.append(unwrap)
    if isinstance(value, (int, float, bool)):
        ways.append(quote)
    ways.append(wrap)
    way = random.choice(ways)
    document, path, what = way(random, document, path)
    text = Text(document)
    # another name may be what is wrong with the object around it
    place = path[:-1] if way in (rename, respell) else path
    return str(text), text.places.get(place), f"/{'/'.join(map(str, path))}: {what}"


def break_text(random, document):
    text = str(Text(document)) if random.random() < 0.5 else json.dumps(document, ensure_ascii=False)
    if random.random() < 0.5:  # a character is forgotten
        i = random.choice([i for i, c in enumerate(text) if c in '{}[]",:'])
        return text[:i] + text[i + 1:], None, f"byte {i} is taken away"
    i = random.randrange(len(text))
    new = random.choice(TEXT_SLIPS)
    return text[:i] + new + text[i + random.randrange(2):], None, f"byte {i} becomes {new!r}"


def harmless(value, key=None):
    """Log files and folders go into the sandbox: validating opens them."""
    if isinstance(value, dict):
        return {k: harmless(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [harmless(v) for v in value]
    if key in ("filename", "insecure_secrets_log") and isinstance(value, str):
        return os.path.basename(value)
    return value


class Comparison:
    def __init__(self, dialtone, caddy, validator=None):
        self.dialtone, self.caddy = dialtone, caddy
        self.home = tempfile.TemporaryDirectory(prefix="dialtone-json-")
        self.environment = {"HOME": self.home.name, "XDG_DATA_HOME": self.home.name, "PATH": os.environ["PATH"],
                            "XDG_CONFIG_HOME": self.home.name}
        self.kinds, self.verdicts, self.lock, self.validator = {}, {}, threading.Lock(), None
        if validator:
            self.validator = subprocess.Popen([validator], cwd=self.home.name, env=self.environment, stdin=subprocess.PIPE,
                                              stdout=subprocess.PIPE)

    def ask_caddy(self, name):
        """accepts, unreadable, refuses or crashes; and the message."""
        if self.validator:
            return self.ask_validator(name)
        run = subprocess.run([self.caddy, "validate", "--config", name], cwd=self.home.name, env=self.environment,
                             capture_output=True, timeout=60)
        said = run.stderr.decode("utf-8", "replace").strip().split("\n")
        if run.returncode == 0:
            return "accepts", ""
        if any(line.startswith("goroutine ") for line in said):
            return "crashes", ""
        return ("unreadable" if UNREADABLE.search(said[-1]) else "refuses"), said[-1]

    def ask_validator(self, name):
        with open(os.path.join(self.home.name, name), "rb") as f:
            text = f.read()
        with self.lock:
            self.validator.stdin.write(b"%d\n" % len(text) + text)
            self.validator.stdin.flush()
            verdict, _, message = self.validator.stdout.readline().decode("utf-8", "replace").strip().partition(" ")
        if verdict == "no":
            verdict = "unreadable" if UNREADABLE.search(message) else "refuses"
        return verdict, message

    def close(self):
        if self.validator:
            self.validator.stdin.close()
            self.validator.wait()

    def ask_dialtone(self, name):
        run = subprocess.run([self.dialtone, "adapt", "--compact", name], cwd=self.home.name, capture_output=True,
                             timeout=60)
        said = run.stderr.decode("utf-8", "replace")
        if run.returncode not in (0, 1):
            return [f"{name}:0:0: error[DT131]: status {run.returncode}: {said}"]
        return [line for line in said.split("\n") if ": error[" in line]

    def compare(self, number, text, lines, fits=False, most=None):
        """None where both agree, else what differs.  <fits>: every field is as the schema says.  <most>: so
        many errors may be reported."""
        name = f"{number}.json"
        path = os.path.join(self.home.name, name)
        with open(path, "w", encoding="utf-8", errors="surrogatepass") as f:
            f.write(text)
        verdict, message = self.ask_caddy(name)
        errors = self.ask_dialtone(name)
        os.unlink(path)
        self.kinds[verdict] = self.kinds.get(verdict, 0) + 1
        self.verdicts[number] = verdict
        if most is not None and len(errors) > most:
            return f"{len(errors)} errors: {errors[:8]}"
        if verdict == "unreadable" and fits:
            return "Caddy cannot read it: " + message[-300:]
        # Caddy cuts an @id out of the text, and what is left of another number may join the value before it
        if verdict == "accepts" and errors and all("an @id is a number in plain digits" in line for line in errors):
            return None
        if verdict == "accepts" and errors:
            return "Caddy accepts, dialtone says " + errors[0]
        changed_lines = text.split("\n")[lines[0] - 1:lines[1]] if lines else []
        if verdict == "crashes" and "null" in "".join(changed_lines) and not errors:
            return "Caddy crashes on null, dialtone accepts"
        if verdict == "refuses" and any(SHAPE_CODES.search(line) for line in errors):
            return f"Caddy reads it ({message[-200:]}), dialtone says {errors[0]}"
        if verdict == "unreadable" and not errors:
            return "dialtone accepts, Caddy says " + message[-300:]
        if verdict == "unreadable" and lines:
            places = [int(line[len(name) + 1:].split(":")[0]) for line in errors]
            if not any(lines[0] <= place <= lines[1] for place in places):
                return f"lines {lines} are wrong ({message[-200:]}), dialtone says {errors[0]}"
        return None


def read_documents(comparison):
    documents = []
    for path in sorted(glob.glob(os.path.join(ROOT, "corpus", "adapt", "*.caddyfile"))):
        with open(path, encoding="utf-8", errors="replace") as f:
            source, _, result = f.read().partition("\n----------\n")
        if not result.startswith("{"):
            continue
        document = harmless(json.loads(result))
        with open(os.path.join(comparison.home.name, "base.json"), "w") as f:
            f.write(str(Text(document)))
        if comparison.ask_caddy("base.json")[0] == "accepts":
            documents.append((os.path.basename(path), document))
    return documents


def read_cases():
    """The sources of corpus/json, each a whole file with many mistakes or none."""
    for path in sorted(glob.glob(os.path.join(ROOT, "corpus", "json", "*.json"))):
        with open(path, encoding="utf-8") as f:
            yield os.path.basename(path), f.read().partition("\n----------\n")[0] + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dialtone")
    parser.add_argument("caddy")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=4, help="stop then, however many are left")
    parser.add_argument("--validator", metavar="PROGRAM")
    parser.add_argument("--keep", help="folder for the files that differ")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    comparison = Comparison(os.path.abspath(options.dialtone), os.path.abspath(options.caddy), options.validator)
    documents, schema = read_documents(comparison), Schema(comparison.dialtone)
    modules, fields = {}, set()  # of documents that Caddy accepts

    def run(number):
        if time.monotonic() > end:
            return None
        dice = random.Random(f"{options.seed}/{number}")
        what, lines, difference = "as it is", None, None
        if number % 2:
            name, document = dice.choice(documents)
        else:
            writer = Writer(schema, dice)
            name, document = writer.document(number // 2)
            document = harmless(document)
            text = str(Text(document))
            difference = comparison.compare(number, text, None, fits=True)
            if comparison.verdicts[number] == "accepts":
                modules[name] = modules.get(name, 0) + 1
                fields.update(writer.used)
        if number % 2 or difference is None and comparison.verdicts[number] == "accepts":
            text, lines, what = (break_text if dice.random() < 0.15 else mutate)(dice, document)
            difference = comparison.compare(number, text, lines, most=MOST_ERRORS if "taken away" in what else None)
        if difference and options.keep:
            os.makedirs(options.keep, exist_ok=True)
            with open(os.path.join(options.keep, f"{options.seed}-{number}.json"), "w", errors="surrogatepass") as f:
                f.write(text)
        return number, f"{name} {what}", difference

    n, failed = 0, 0
    for name, text in read_cases():
        n += 1
        difference = comparison.compare(name, text, None)
        if difference:
            failed += 1
            print(f"corpus/json/{name}: {difference}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(run, range(options.count)):
            if result is None:
                continue
            n += 1
            if result[2]:
                failed += 1
                print(f"seed {options.seed} number {result[0]}: {result[1]}: {result[2]}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(comparison.kinds.items()))
    all_fields = {(name, field["name"]) for name, object_ in schema.objects.items() for field in object_}
    missing = [".".join(way) for way in schema.ways if ".".join(way) not in modules]
    print(f"plain JSON: {len(modules)} of {len(schema.ways)} modules in documents that Caddy accepts, {len(fields & all_fields)} of "
          f"{len(all_fields)} fields; not {', '.join(missing) or 'one is missing'}")
    print(f"plain JSON: {len(documents)} documents, {n} compared (Caddy: {kinds})")
    print(f"plain JSON: {n - failed} passed, {failed} failed")
    comparison.close()
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
