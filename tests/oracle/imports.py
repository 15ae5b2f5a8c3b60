"""Writes Caddyfiles about imports: snippets and files, their arguments and blocks, in every place."""
import os

# what make_files puts beside the Caddyfile
FILES = {
    "lines.caddyfile": "respond from-file\nheader X-File {args[0]}\n",
    "one.caddyfile": "header X-One {args[0]} {args[1]}",
    "sites.caddyfile": "in-file.example.com {\n\trespond site\n}\n",
    "site.caddyfile": "{args[0]}.example.com {\n\t{block}\n}\n",
    "nested.caddyfile": "import part/a.caddyfile {args[0]}\nimport lines.caddyfile\n",
    "snippets.caddyfile": "(filed) {\n\trespond {args[0]}\n\t{block}\n}\n",
    "options.caddyfile": "debug\nemail {args[0]}\n",
    "block.caddyfile": "handle {args[0]} {\n\t{block}\n\t{blocks.first}\n}\n",
    "open.caddyfile": "handle {\n\trespond open\n",
    "close.caddyfile": "}\n",
    "env.caddyfile": "respond {$DT_NAME} {$DT_UNSET:200}\n",
    "self.caddyfile": "import self.caddyfile\n",
    "empty.caddyfile": "",
    "blank.caddyfile": " \n\t\n",
    "comment.caddyfile": "# nothing\n",
    "part/a.caddyfile": "header X-A {args[0]}\n",
    "part/b.caddyfile": "import ../one.caddyfile b {args[0]}\n",
    "part/.hidden.caddyfile": "respond hidden\n",
    "part/c.caddyfile": "vars c 1\n",
    "brace.caddyfile": "respond \"{\"\n",
    "quoted.caddyfile": "respond \"two words {args[0]}\" {\n\tclose\n}\n",
}
TARGETS = ["lines.caddyfile", "one.caddyfile", "nested.caddyfile", "block.caddyfile", "env.caddyfile", "empty.caddyfile", "blank.caddyfile", "comment.caddyfile",
           "part/a.caddyfile", "part/b.caddyfile", "part/*", "part/*.caddyfile", "part/.*", "*.nothing", "part", "missing.caddyfile", "part/[ab].caddyfile",
           "part/?.caddyfile", "p*/a.caddyfile", "./lines.caddyfile", "brace.caddyfile", "quoted.caddyfile", "open.caddyfile", "close.caddyfile", "self.caddyfile",
           "sites.caddyfile", "site.caddyfile", "snippets.caddyfile", "options.caddyfile", "*/*.caddyfile", "{$DT_UNSET:one.caddyfile}", "\"one.caddyfile\"", "part/{a,b}.caddyfile"]
TOP_TARGETS = ["sites.caddyfile", "site.caddyfile", "snippets.caddyfile", "empty.caddyfile", "*.nothing", "s*.caddyfile"]
LINES_TARGETS = ["lines.caddyfile", "one.caddyfile", "nested.caddyfile", "block.caddyfile", "env.caddyfile", "part/a.caddyfile", "part/b.caddyfile",
                 "part/*.caddyfile", "part/*", "quoted.caddyfile"]
ARGUMENTS = ["a", "b", "/x", "two", "\"two words\"", "`back \"tick`", "{host}", "{env.DT_NAME}", "{$DT_NAME}", "{args[0]}",
             "{args[1]}", "{args[:]}", "\"\"", "200", "{block}", "\"{\"", "\"}\"", "\\{x\\}", "{args[0:1]}", "X-{args[0]}", "a,b", "@m",
             "import", "<<E\n\there doc\n\tE", "{blocks.first}", "{}", "respond"]
USES = ["{args[0]}", "{args[1]}", "{args[2]}", "{args[9]}", "{args[-1]}", "{args[:]}", "{args[1:]}", "{args[:1]}", "{args[0:2]}",
        "{args[2:1]}", "{args[0:9]}", "{args[a]}", "{args[]}", "{args.0}", "{args.1}", "{args.x}", "{args[0]}{args[1]}", "x{args[0]}y",
        "\"{args[0]} {args[1]}\"", "`{args[0]}`", "{args[ 0 ]}", "{args[+1]}", "{args[00]}", "{{args[0]}}", "\\{args[0]}", "{args[0]\\}",
        "{\"k\":\"{args[0]}\"}", "pre{args[:]}", "\"{args[:]}\"", "{args[:]} end", "{block}", "{blocks.first}", "{args}", "{args[0]", "{blocks}",
        "{blocks.first.x}", "<<E\n\t{args[0]} in doc\n\tE"]
NAMES = ["one", "two", "three", "with.dot", "\"a b\"", "one", "two"]
KEYS = ["first", "second", "first", "\"quoted key\"", "with.dot", "{args[0]}"]


def make_files(folder):
    for name, text in FILES.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)


class Imports:
    def __init__(self, random):
        self.random = random
        self.names = []

    def chance(self, probability):
        return self.random.random() < probability

    def words(self, pool, counts):
        return " ".join(self.random.choice(pool) for _ in range(self.random.choice(counts)))

    def use(self):
        return self.random.choice(USES if self.chance(0.5) else USES[:4])

    def line(self, depth, in_snippet):
        """A directive, or an import."""
        if self.chance(0.3):
            return self.imports(depth)
        if in_snippet and self.chance(0.5):
            return self.random.choice([
                lambda: f"respond {self.use()}", lambda: f"header X-S {self.use()}", lambda: f"vars {self.use()} {self.use()}",
                lambda: "{block}", lambda: "{blocks.first}", lambda: f"{{blocks.{self.random.choice(KEYS)}}}",
                lambda: f"handle {self.use()} {{\n{self.body(depth + 1, True)}}}", lambda: f"@m path {self.use()}",
                lambda: f"redir {self.use()} {self.use()}", lambda: f"{self.use()} x", lambda: f"respond {{\n\tbody {self.use()}\n}}",
                lambda: "header {\n\t{block}\n}", lambda: f"@m {{\n\tpath {self.use()}\n\t{{block}}\n}}", lambda: "respond {block}",
                lambda: f"respond {self.use()} {{block}} {self.use()}", lambda: "{args[:]}"])()
        if depth < 3 and self.chance(0.25):
            return f"{self.random.choice(['handle', 'route', 'handle_path /p'])} {{\n{self.body(depth + 1, in_snippet)}}}"
        return self.random.choice(["respond hi", "header A b", "vars x {$DT_NAME}", "respond \"{$DT_UNSET:default}\"", "# comment", "",
                                   "root * /srv", "respond {args[0]}", "redir /{$DT_NAME}/x", "respond <<E\n\tdoc\n\tE", "header -X"])

    def body(self, depth, in_snippet):
        lines = [self.line(depth, in_snippet) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        return "".join(line + "\n" for line in lines)

    def imports(self, depth, is_top=False):
        target = self.random.choice(self.names) if self.names and self.chance(0.65) else self.random.choice(TARGETS)
        if self.chance(0.7):  # what fits there
            target = self.random.choice(TOP_TARGETS if is_top else self.names or LINES_TARGETS) if is_top or self.chance(0.6) \
                else self.random.choice(LINES_TARGETS)
        text = " ".join(w for w in ("import", target, self.words(ARGUMENTS, (0, 0, 1, 1, 2, 3))) if w)
        if depth < 3 and self.chance(0.3):
            lines = []
            for _ in range(self.random.choice((0, 1, 1, 2))):
                if self.chance(0.5):
                    lines.append(self.line(depth + 1, self.chance(0.3)))
                elif self.chance(0.9):
                    lines.append(f"{self.random.choice(KEYS)} {{\n{self.body(depth + 1, self.chance(0.3))}}}")
                else:
                    lines.append(f"{self.random.choice(KEYS)} respond inline")
            text += " {\n" + "".join(line + "\n" for line in lines) + "}"
        return text

    def snippet(self):
        unused = [n for n in NAMES if n not in self.names]
        name = self.random.choice(unused if unused and self.chance(0.94) else NAMES)
        body = self.body(1, True)
        if self.chance(0.1):
            body = f"{self.use()}.example.com {{\n{body}}}\n"
        if self.chance(0.05):
            body = f"(inner) {{\n\trespond {{args[0]}}\n}}\n{body}"
        self.names.append(name)
        return f"({name.strip(chr(34))}) {{\n{body}}}" if self.chance(0.95) else f"\"({name.strip(chr(34))})\" {{\n{body}}}"

    def file(self):
        parts = []
        if self.chance(0.15):
            parts.append("{\n" + self.random.choice(["debug\n", "import options.caddyfile me@example.com\n", "email a@b.c\nimport one.caddyfile\n"]) + "}")
        for _ in range(self.random.choice((0, 1, 2, 3))):
            parts.append(self.snippet())
        if self.chance(0.2):
            parts.append(f"&(shared) {{\n{self.body(1, False)}}}")
        if self.chance(0.25):
            parts.append(self.imports(0, is_top=True))
        for i in range(self.random.choice((0, 1, 1, 1, 2))):
            key = self.random.choice([f"s{i}.example.com", f":808{i}", f"s{i}.example.com", f"s{i}.example.com, t{i}.example.com"])
            if self.chance(0.03):
                key = f"import one.caddyfile {key}"
            parts.append(f"{key} {{\n{self.body(0, False)}}}")
        if self.chance(0.1):
            parts.append("bare.example.com\n" + self.body(0, False))
        return "\n".join(parts) + "\n"
