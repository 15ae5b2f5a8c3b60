#!/usr/bin/env python3
"""Random CEL expressions, right ones and slightly broken ones: whether a real Caddy takes them, against
what src/cel says of them; and what they give for requests, in a real Caddy and in dialtone run.

    expressions.py BUILD CADDY accept [N] [SEED]     is each taken? one of ours may be "not known here"
    expressions.py BUILD CADDY evaluate [N] [SEED]   what each answers to a handful of requests
"""
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402

PLACEHOLDERS = ["http.request.uri.path", "http.request.method", "http.request.header.X-A",
                "http.request.uri.query.q", "http.request.host", "http.vars.number", "http.vars.flag",
                "http.vars.text", "http.vars.none", "http.request.port", "http.request.uri.path.0",
                "http.request.tls.version", "http.regexp.none.1", "http.request.cookie.c"]
NUMBERS = ["0", "1", "2", "3", "7", "-1", "-5", "10", "0x10", "100", "9223372036854775807",
           "-9223372036854775808"]
DOUBLES = ["0.0", "1.0", "1.5", "-2.5", "1e3", ".5", "1e300", "3.0", "1e-7", "123456789.0"]
TEXTS = ["''", "'a'", "\"b\"", "'abc'", "r'\\d+'", "'/a'", "'1'", "'true'", "'é'", "'a,b,c'", "'''x'''",
         "'Hello World'", "'\\u00e9\\n'", "'GET'", "'  x '", "'10s'", "'2.5'", "'\\\\'"]
PATTERNS = ["'a'", "'^[0-9]+$'", "r'\\w+'", "'(?i)HELLO'", "'.'"]
DURATIONS = ["'1s'", "'1h30m'", "'-5ms'", "'0s'", "'36h'"]
TIMES = ["'2024-02-29T12:34:56Z'", "'1970-01-01T00:00:00Z'", "'2000-12-31T23:59:59.123456789+02:00'",
         "'0001-01-01T00:00:00Z'"]
SIMPLE = ["bool", "int", "uint", "double", "string", "bytes"]
ALL = SIMPLE + ["duration", "timestamp"]


class Maker:
    """Makes expressions of a wanted type; "list X", "map X" (keys are texts), else a name."""

    def __init__(self, rng):
        self.rng = rng
        self.variables = []

    def pick(self, *choices):
        return self.rng.choice(choices)

    def any_type(self):
        return self.rng.choice(ALL)

    def leaf(self, type):
        rng = self.rng
        of_type = [name for name, t in self.variables if t == type]
        if of_type and rng.random() < 0.5:
            return rng.choice(of_type)
        if rng.random() < 0.15:
            return "{" + rng.choice(PLACEHOLDERS) + "}"
        if type == "bool":
            return self.pick("true", "false")
        if type == "int":
            return rng.choice(NUMBERS)
        if type == "uint":
            return rng.choice(["0u", "1u", "2u", "10u", "0xFFu", "18446744073709551615u"])
        if type == "double":
            return rng.choice(DOUBLES)
        if type == "string":
            return rng.choice(TEXTS)
        if type == "bytes":
            return rng.choice(["b'a'", "b''", "b'\\xff'", "b'abc'", "b'é'"])
        if type == "duration":
            return "duration(%s)" % rng.choice(DURATIONS)
        if type == "timestamp":
            return "timestamp(%s)" % rng.choice(TIMES)
        if type.startswith("list "):
            return "[" + ", ".join(self.leaf(type[5:]) for _ in range(rng.randrange(4))) + "]"
        if type.startswith("map "):
            return "{" + ", ".join("'k%d': %s" % (i, self.leaf(type[4:]))
                                   for i in range(rng.randrange(3))) + "}"
        return "null"

    def make(self, type, depth):
        rng = self.rng
        if depth <= 0:
            return self.leaf(type)
        d = depth - 1
        m = lambda t: self.make(t, d - (rng.random() < 0.3))
        if rng.random() < 0.06:
            return "(%s ? %s : %s)" % (m("bool"), m(type), m(type))
        if rng.random() < 0.03:
            return "(%s)" % m(type)
        if rng.random() < 0.03:
            return "[%s, %s][%s]" % (m(type), m(type), m("int"))
        if rng.random() < 0.03:
            return "{'a': %s}%s" % (m(type), self.pick(".a", "['a']", ".b", "[%s]" % m("string")))
        if rng.random() < 0.02:
            return self.bind(m(self.any_type()), type, d)
        make = getattr(self, "make_" + type.split(" ")[0], None)
        return make(type, d, m) if make else self.leaf(type)

    def bind(self, value, type, depth):
        name = "v%d" % len(self.variables)
        self.variables.append((name, "?"))
        body = self.make(type, depth)
        self.variables.pop()
        return "cel.bind(%s, %s, %s)" % (name, value, body)

    def loop(self, what, type, result, depth, condition=None):
        name = "x%d" % len(self.variables)
        range_ = self.make("list " + type, depth)
        self.variables.append((name, type))
        inner = ", ".join(self.make(t, depth) for t in ([condition] if condition else []) + [result])
        self.variables.pop()
        return "%s.%s(%s, %s)" % (range_, what, name, inner)

    def make_bool(self, type, d, m):
        rng, t = self.rng, self.any_type()
        forms = [
            lambda: "%s %s %s" % (m(t), self.pick("==", "!="), m(t)),
            lambda: "%s %s %s" % (m(t), self.pick("<", "<=", ">", ">="), m(t)),
            lambda: "(%s %s %s)" % (m("bool"), self.pick("&&", "||"), m("bool")),
            lambda: "%s && %s || %s" % (m("bool"), m("bool"), m("bool")),
            lambda: "!(%s)" % m("bool"),
            lambda: "%s in %s" % (m(t), m("list " + t)),
            lambda: "%s in %s" % (m("string"), m("map " + t)),
            lambda: "%s.%s(%s)" % (m("string"), self.pick("startsWith", "endsWith", "contains"),
                                   m("string")),
            lambda: "%s.matches(%s)" % (m("string"), rng.choice(PATTERNS)),
            lambda: self.loop(self.pick("all", "exists", "exists_one"), t, "bool", d),
            lambda: "has({'a': %s}.%s)" % (m(t), self.pick("a", "b")),
            lambda: "type(%s) == %s" % (m(t), self.pick("int", "string", "list", "bool", "type(%s)" % m(t))),
            lambda: "bool(%s)" % m(self.pick("bool", "string")),
            lambda: "math.%s(%s)" % (self.pick("isInf", "isNaN", "isFinite"), m("double")),
            lambda: "%s == %s" % (m("list " + t), m("list " + t)),
            lambda: "%s == %s" % (m("map " + t), m("map " + t)),
            lambda: rng.choice(["path('/a*')", "path('/b', '/a/*')", "method('GET')", "method('get')",
                                "header({'X-A': '1*'})", "header({'X-A': ['1', 'abc']})", "header({'X-B': []})",
                                "query({'q': '1'})", "query({'q': ['*']})", "host('localhost')",
                                "protocol('http')", "protocol('HTTP/1.1')", "remote_ip('127.0.0.1/8')",
                                "client_ip('::1', '10.0.0.0/8')", "path_regexp('^/a')",
                                "path_regexp('n', '^/(b+)')", "header_regexp('X-A', '^[0-9]+$')",
                                "header_regexp('n', 'X-A', 'a(.)c')", "vars({'text': 'abc'})",
                                "vars({'number': ['5', '6']})", "vars_regexp('text', 'b')",
                                "vars_regexp('n', 'text', '^(.)')", "path({http.vars.text})",
                                "path('/' + {http.request.method})", "path({http.vars.none})",
                                "header({'X-A': {http.request.uri.query.q}})", "file()",
                                "file('/nope', '/a')", "file({'try_files': ['/x']})"]),
        ]
        return rng.choice(forms)()

    def make_int(self, type, d, m):
        forms = [
            lambda: "%s %s %s" % (m("int"), self.pick("+", "-", "*", "/", "%"), m("int")),
            lambda: "(%s %s %s)" % (m("int"), self.pick("+", "-", "*"), m("int")),
            lambda: "-(%s)" % m("int"),
            lambda: "size(%s)" % m(self.pick("string", "bytes", "list int", "map int")),
            lambda: "%s.size()" % m(self.pick("string", "list string")),
            lambda: "int(%s)" % m(self.pick("int", "uint", "double", "string", "duration", "timestamp")),
            lambda: "%s.indexOf(%s)" % (m("string"), m("string")),
            lambda: "%s.lastIndexOf(%s)" % (m("string"), m("string")),
            lambda: "%s.indexOf(%s, %s)" % (m("string"), m("string"), m("int")),
            lambda: "%s.lastIndexOf(%s, %s)" % (m("string"), m("string"), m("int")),
            lambda: "%s.%s()" % (m("timestamp"), self.pick("getFullYear", "getMonth", "getDate",
                                                           "getDayOfMonth", "getDayOfWeek",
                                                           "getDayOfYear", "getHours", "getMinutes",
                                                           "getSeconds", "getMilliseconds")),
            lambda: "%s.getHours(%s)" % (m("timestamp"), self.pick("'UTC'", "'+02:30'", "'-11:00'")),
            lambda: "%s.%s()" % (m("duration"), self.pick("getHours", "getMinutes", "getSeconds",
                                                          "getMilliseconds")),
            lambda: "math.%s(%s)" % (self.pick("abs", "sign"), m("int")),
            lambda: "math.%s(%s, %s)" % (self.pick("least", "greatest"), m("int"), m("int")),
            lambda: "math.%s(%s)" % (self.pick("least", "greatest"), m("list int")),
            lambda: "math.%s(%s, %s)" % (self.pick("bitAnd", "bitOr", "bitXor", "bitShiftLeft",
                                                   "bitShiftRight"), m("int"), m("int")),
            lambda: "math.bitNot(%s)" % m("int"),
        ]
        return self.rng.choice(forms)()

    def make_uint(self, type, d, m):
        return self.rng.choice([
            lambda: "%s %s %s" % (m("uint"), self.pick("+", "-", "*", "/", "%"), m("uint")),
            lambda: "uint(%s)" % m(self.pick("int", "uint", "double", "string")),
            lambda: "math.%s(%s, %s)" % (self.pick("least", "greatest"), m("uint"), m("uint")),
            lambda: "math.bitShiftRight(%s, %s)" % (m("uint"), m("int")),
        ])()

    def make_double(self, type, d, m):
        return self.rng.choice([
            lambda: "%s %s %s" % (m("double"), self.pick("+", "-", "*", "/"), m("double")),
            lambda: "double(%s)" % m(self.pick("int", "uint", "double", "string")),
            lambda: "math.%s(%s)" % (self.pick("ceil", "floor", "round", "trunc", "abs", "sign", "sqrt"),
                                     m("double")),
            lambda: "-(%s)" % m("double"),
        ])()

    def make_string(self, type, d, m):
        return self.rng.choice([
            lambda: "%s + %s" % (m("string"), m("string")),
            lambda: "string(%s)" % m(self.any_type()),
            lambda: "%s.%s()" % (m("string"), self.pick("lowerAscii", "upperAscii", "trim", "reverse")),
            lambda: "%s.charAt(%s)" % (m("string"), m("int")),
            lambda: "%s.substring(%s)" % (m("string"), m("int")),
            lambda: "%s.substring(%s, %s)" % (m("string"), m("int"), m("int")),
            lambda: "%s.replace(%s, %s)" % (m("string"), m("string"), m("string")),
            lambda: "%s.replace(%s, %s, %s)" % (m("string"), m("string"), m("string"), m("int")),
            lambda: "%s.join(%s)" % (m("list string"), m("string")),
            lambda: "%s.join()" % m("list string"),
            lambda: "strings.quote(%s)" % m("string"),
            lambda: "'%s'.format([%s])" % (self.pick("%s", "%d", "x%fy", "%.2f", "%e", "%b", "%x", "%X", "%o", "%%", "%.3s"),
                                           m(self.any_type())),
            lambda: "'%%s: %%s'.format([%s, %s])" % (m("list string"), m("map int")),
            lambda: "(%s).format([%s])" % (self.pick("'%s' + ''", "'%d' + 'x'", "'%q' + ''"), m(self.any_type())),
        ])()

    def make_bytes(self, type, d, m):
        return self.rng.choice([lambda: "%s + %s" % (m("bytes"), m("bytes")),
                                lambda: "bytes(%s)" % m(self.pick("string", "bytes"))])()

    def make_duration(self, type, d, m):
        return self.rng.choice([
            lambda: "%s %s %s" % (m("duration"), self.pick("+", "-"), m("duration")),
            lambda: "%s - %s" % (m("timestamp"), m("timestamp")),
            lambda: "duration(%s)" % self.rng.choice(DURATIONS)])()

    def make_timestamp(self, type, d, m):
        return self.rng.choice([
            lambda: "%s %s %s" % (m("timestamp"), self.pick("+", "-"), m("duration")),
            lambda: "timestamp(%s)" % self.rng.choice(TIMES),
            lambda: "timestamp(%s)" % m("int")])()

    def make_list(self, type, d, m):
        of = type[5:]
        forms = [
            lambda: "[" + ", ".join(m(of) for _ in range(self.rng.randrange(4))) +
            self.pick("", "") + "]",
            lambda: "%s + %s" % (m(type), m(type)),
            lambda: "[%s, %s].filter(y, %s)" % (m(of), m(of), m("bool")),
            lambda: self.loop("map", self.any_type(), of, d),
            lambda: self.loop("map", self.any_type(), of, d, "bool"),
            lambda: self.loop("filter", of, "bool", d),
            lambda: "%s.slice(%s, %s)" % (m(type), m("int"), m("int")),
            lambda: "%s.%s()" % (m(type), self.pick("distinct", "reverse")),
        ]
        if of in ALL:
            forms += [lambda: "%s.sort()" % m(type), lambda: self.loop("sortBy", of, self.any_type(), d)]
        if of == "int":
            forms += [lambda: "lists.range(%s)" % self.pick("3", "0", m("int"))]
        if of == "string":
            forms += [lambda: "%s.split(%s)" % (m("string"), m("string")),
                      lambda: "%s.split(%s, %s)" % (m("string"), m("string"), m("int"))]
        if of in SIMPLE:
            forms += [lambda: "[%s, %s].flatten()" % (m(type), m(type))]
        return self.rng.choice(forms)()

    def make_map(self, type, d, m):
        return "{" + ", ".join("%s: %s" % (self.pick("'k%d'" % i, m("string")), m(type[4:]))
                               for i in range(self.rng.randrange(3))) + "}"


def broken(rng, text):
    """The text with one slip."""
    tokens = re.findall(r"\{[a-zA-Z][\w.-]+\}|\w+|'[^']*'|\"[^\"]*\"|&&|\|\||[=!<>]=|\s+|.", text)
    at = rng.randrange(len(tokens)) if tokens else 0
    kind = rng.randrange(8)
    if kind == 0 and tokens:
        del tokens[at]
    elif kind == 1 and tokens:
        tokens.insert(at, tokens[rng.randrange(len(tokens))])
    elif kind == 2 and len(tokens) > 1:
        other = rng.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    elif kind == 3 and tokens:
        tokens[at] = rng.choice(["==", "=", "&", "|", "1", "'a'", "null", "-", "!", ".", ",", "(", ")", "?",
                                 ":", "[", "]", "{", "}", "x", "1u", "2.5", "in", "true", "{http.vars.text}",
                                 "size", "b'x'", "[1]", "{'a': 1}", "//", "dyn(1)", "type", "int", "for"])
    elif kind == 4 and tokens:
        word = tokens[at]
        cut = rng.randrange(len(word)) if word else 0
        tokens[at] = word[:cut] + word[cut + 1:]
    elif kind == 5:
        tokens.append(rng.choice(["", " ", ".size()", " == 1", " && true", "]", ")", " // x", "[0]", ".a"]))
    elif kind == 6:
        return text[:rng.randrange(len(text) + 1)]
    else:
        return text.replace(*rng.choice([("int", "uint"), ("'", "\""), ("(", ""), ("string", "double"), ("x0", "x1"),
                                         ("==", "<"), ("+", "-"), (", ", " ")]), 1)
    return "".join(tokens)


PIECES = ["1", "2u", "0x1F", "1.5", ".5", "1e3", "'a'", "\"b\"", "r'\\'", "b'x'", "'''y'''", "\"\"\"z\"\"\"", "true", "null", "x",
          "in", "size", "has", "{aa.b}", "\\{aa.b}", "{a}", "{", "}", "[", "]", "(", ")", ".", ",", ":", "?", "+", "-", "*", "/",
          "%", "!", "==", "!=", "<", "<=", ">", ">=", "&&", "||", " ", "\n", "// c\n", "// c", "'", "\"", "\\", "'\\n'",
          "'\\x4'", "'\\400'", "'\\377'", "'\\u00e9'", "b'\\u00e9'", "'\\q'", "`a b`", "`", "é", "'é'", "#", "&", "|", "=",
          "9223372036854775808", "18446744073709551616u", "1e999", "1u1", "1.", "0x", "path", "path('/a')", "[1]", "{'a': 1}",
          "int", "type", "for", "as", "req", "ph", ".map(y, y)", ".exists(y, true)", ".size()", ".a", "[0]", " == 1"]


def soup(rng):
    """Pieces in any order."""
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 9)))


def expressions(n, seed, share_broken):
    rng = random.Random(seed)
    maker = Maker(rng)
    made = set()
    while len(made) < n:
        text = maker.make("bool", rng.randrange(1, 5))
        if rng.random() < share_broken:
            text = soup(rng) if rng.random() < 0.4 else broken(rng, text)
        if text and len(text) < 600 and "\0" not in text and not re.search(r"\{\s*(b'|b\"|\[|type|bytes)", text):
            made.add(text)
    made = sorted(made)
    rng.shuffle(made)
    return made


# --- whether they are taken ---

class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Caddy:
    """A Caddy that is given configurations without listeners."""

    def __init__(self, program):
        self.program = program
        self.start()

    def start(self):
        self.folder = tempfile.mkdtemp()
        self.socket = self.folder + "/admin"
        self.base = {"admin": {"listen": "unix/" + self.socket},
                     "logging": {"logs": {"default": {"level": "PANIC"}}}}
        with open(self.folder + "/config", "w") as file:
            json.dump(self.base, file)
        env = dict(os.environ, HOME=self.folder, XDG_DATA_HOME=self.folder, XDG_CONFIG_HOME=self.folder)
        self.process = subprocess.Popen([self.program, "run", "--config", self.folder + "/config"], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            if os.path.exists(self.socket):
                return
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, texts):
        routes = [{"match": [{"expression": text}]} for text in texts]
        body = json.dumps(dict(self.base, apps={"http": {"servers": {"s": {"listen": [], "routes": routes}}}}))
        tries, until = 0, time.monotonic() + 30
        while tries < 40 and time.monotonic() < until:
            try:
                connection = Connection(self.socket)
                connection.request("POST", "/load", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read().decode()
                connection.close()
                return None if answer.status == 200 else json.loads(text)["error"]
            except (ConnectionRefusedError, FileNotFoundError):  # not there yet
                if self.process.poll() is not None:
                    break
            except (OSError, http.client.HTTPException):
                tries += 1
            time.sleep(0.02)
        return "gone"

    def ask(self, texts):
        """For each what Caddy says against it, or None."""
        said = [None] * len(texts)
        rest = list(range(len(texts)))
        while rest:
            chunk, rest = rest[:60], rest[60:]
            while chunk:
                error = self.load([texts[i] for i in chunk])
                if error is None:
                    break
                if error == "gone":  # it panicked
                    self.stop()
                    self.start()
                    if len(chunk) == 1:
                        said[chunk[0]] = "panic"
                        break
                    half = len(chunk) // 2
                    chunk, rest = chunk[:half], chunk[half:] + rest
                    continue
                found = re.search(r"route (\d+)", error)
                said[chunk[int(found.group(1))]] = error[found.end():]
                chunk = chunk[int(found.group(1)) + 1:]
        return said


def ours(build, texts):
    run = subprocess.run([build + "/cel_batch"], input="\0".join(texts).encode(), stdout=subprocess.PIPE, check=True)
    return run.stdout.decode(errors="replace").split("\0")[:-1]


def accept(build, program, n, seed):
    texts = expressions(n, seed, 0.6)
    said = ours(build, texts)
    caddy = Caddy(program)
    try:
        answers = caddy.ask(texts)
    finally:
        caddy.stop()
    counts, wrong = {}, 0
    for text, answer, mine in zip(texts, answers, said):
        verdict = mine.split("\t")[0]
        taken = "taken" if answer is None else "panic" if answer == "panic" else "refused"
        counts[taken, verdict] = counts.get((taken, verdict), 0) + 1
        if (taken, verdict) in (("taken", "wrong"), ("refused", "fine")):
            wrong += 1
            print("%s by Caddy, %s\n    %s\n    %s" % (taken, mine, text, answer))
    for (taken, verdict), number in sorted(counts.items()):
        print("%s by Caddy, %s here: %d" % (taken, verdict, number))
    print("expressions, whether Caddy takes them: %d passed, %d failed" % (len(texts) - wrong, wrong))
    return wrong == 0


# --- what they give ---

REQUESTS = [
    ("GET", "/a/b?q=1", {"X-A": "123", "Cookie": "c=z"}),
    ("POST", "/b?q=abc", {"X-A": "abc"}),
    ("GET", "/", {"X-B": ""}),
]


def config(texts, port, folder):
    routes = [{"handle": [{"handler": "vars", "number": 5, "flag": True, "text": "abc", "root": folder}]}]
    for i, text in enumerate(texts):
        # the matchers of a set run in any order, so the number is asked for around it
        inner = {"match": [{"expression": text}], "handle": [{"handler": "static_response", "body": "yes"}]}
        routes.append({"match": [{"header": {"X-Number": [str(i)]}}],
                       "handle": [{"handler": "subroute", "routes": [inner]}]})
    return {"admin": {"disabled": True}, "logging": {"logs": {"default": {"level": "PANIC"}}},
            "apps": {"http": {"servers": {"s": {"listen": ["127.0.0.1:%d" % port], "routes": routes,
                                                "automatic_https": {"disable": True}}}}}}


def answers_of(command, texts, folder):
    port = free_port()
    path = "%s/%d.json" % (folder, port)
    with open(path, "w") as file:
        json.dump(config(texts, port, folder), file)
    env = dict(os.environ, HOME=folder, XDG_DATA_HOME=folder, XDG_CONFIG_HOME=folder)
    process = subprocess.Popen(command(path), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if process.poll() is not None:
                    sys.exit(process.stderr.read().decode()[:3000])
                time.sleep(0.05)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        given = []
        for i in range(len(texts)):
            row = []
            for method, target, headers in REQUESTS:
                connection.request(method, target, headers=dict(headers, **{"X-Number": str(i)}))
                answer = connection.getresponse()
                row.append("%d %s" % (answer.status, answer.read().decode()))
            given.append(row)
        return given
    finally:
        process.kill()
        process.wait()


def evaluate(build, program, n, seed):
    texts = expressions(n * 2, seed, 0.05)
    texts = [text for text, mine in zip(texts, ours(build, texts)) if mine == "fine"][:n]
    folder = tempfile.mkdtemp()
    open(folder + "/a", "w").close()
    wrong, counts = 0, {}
    try:
        for first in range(0, len(texts), 1000):
            part = texts[first:first + 1000]
            theirs = answers_of(lambda path: [program, "run", "--config", path], part, folder)
            here = answers_of(lambda path: [build + "/dialtone", "run", path], part, folder)
            for text, a, b in zip(part, theirs, here):
                for answer in a:
                    counts[answer] = counts.get(answer, 0) + 1
                if a != b:
                    wrong += 1
                    print("%s\n    Caddy %s\n    here  %s" % (text, a, b))
    finally:
        shutil.rmtree(folder)
    print("expressions, what requests are answered: %d passed, %d failed (%s)" %
          (len(texts) - wrong, wrong,
           ", ".join("%s: %d" % (what.strip(), n) for what, n in sorted(counts.items()))))
    return wrong == 0


def main():
    build, program, what = sys.argv[1:4]
    n, seed = (int(sys.argv[4]) if len(sys.argv) > 4 else 2000), (int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    good = {"accept": accept, "evaluate": evaluate}[what](build, program, n, seed)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
