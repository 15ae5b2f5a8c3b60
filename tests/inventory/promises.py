#!/usr/bin/env python3
"""Holds what the published schema says of each row against what is accepted.

    promises.py BUILD [CADDY]

For every row: each number of arguments that its forms allow and those that they do not, each word and
each example of a type, what a type says is wrong, a second line beside the first, what it needs
besides, and the places of directives. The judge is dialtone itself (`make oracle` holds that against
a real Caddy), or the Caddy that is named.
"""
import json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "oracle"))
from caddy import Caddy
from compare import Batch

# What stands before all files, for rows that name something that must be defined.
PROLOGUE = "&(x) {\n\trespond x\n}\n"
# Where the modules of a name space can be chosen: what is before and after their line.
HOLDERS = {
    "http.reverse_proxy.transport": ("reverse_proxy a {", "transport ", "}"),
    "http.reverse_proxy.selection_policies": ("reverse_proxy a b {", "lb_policy ", "}"),
    "http.reverse_proxy.upstreams": ("reverse_proxy {", "dynamic ", "}"),
    "caddy.network_proxy": ("reverse_proxy a {\ntransport http {", "network_proxy ", "}\n}"),
    "http.encoders": ("encode {", "", "}"),
    "caddy.logging.encoders": ("log {", "format ", "}"),
    "caddy.logging.encoders.filter": ("log {\nformat filter {\nwrap json", "one ", "}\n}"),
    "caddy.logging.writers": ("log {", "output ", "}"),
    "caddy.logging.cores": ("log {", "core ", "}"),
    "tls.issuance": ("tls {", "issuer ", "}"),
    "tls.get_certificate": ("tls {", "get_certificate ", "}"),
    "tls.ca_pool.source": ("tls {\nclient_auth {", "trust_pool ", "}\n}"),
    "tls.client_auth.verifier": ("tls {\nclient_auth {", "verifier ", "}\n}"),
    "tls.leaf_cert_loader": ("tls {\nclient_auth {\nverifier leaf {", "", "}\n}\n}"),
    "tls.permission": ("{\non_demand_tls {", "permission ", "}\n}"),
    "caddy.storage": ("{", "storage ", "}"),
    "caddy.listeners": ("{\nservers {\nlistener_wrappers {", "", "}\n}\n}"),
    "http.ip_sources": ("{\nservers {", "trusted_proxies ", "}\n}"),
}
# Blocks whose lines refer to each other: a line that defines what the types' examples name.
DEFINITIONS = {"reverse_proxy": "@ok status 200", "intercept": "@ok status 200"}
# Rows of which more than the schema can say decides: each with the reason.
OTHERWISE = {
    "map/[~]<input>": "takes as many outputs as the map has destinations",
    "matcher/protocol": "Caddy reads what is left of its line as another line",
    "matcher/url_pattern": "Caddy reads what is left of its line as another line",
    "matcher/file/try_files": "lines add up, and only the whole must not be empty",
    "caddy.network_proxy.url": "Caddy takes its own name where there is no URL",
    "global/servers/client_ip_headers": "a field may be named once",
    "global/servers/protocols": "a protocol may be named once",
    "global/servers/name": "needs the address of a listener, and must differ",
    "global/order": "a directive cannot be put beside itself",
    "http.reverse_proxy.transport.http/keepalive": "off and a time are different keys",
    "rewrite": "a first argument of two is a matcher",
    "root": "a first argument of two is a matcher",
    "uri": "its arguments are those of its actions",
}


class Judge:
    """Says what comes of a source: JSON, or None where it is refused."""

    def __init__(self, build, caddy):
        folder = os.path.join(ROOT, "corpus", "adapt", "parts")
        self.caddy = Caddy(caddy, folder) if caddy else None
        self.batch = Batch(os.path.join(build, "batch"), folder)

    def __call__(self, source):
        source = source.encode()
        return self.caddy.adapt(source)[0] if self.caddy else self.batch.adapt(source)[0]

    def close(self):
        self.batch.stop()
        if self.caddy:
            self.caddy.close()


class Promises:
    def __init__(self, schema, judge):
        self.schema, self.judge = schema, judge
        self.types = {t["name"]: t for t in schema["types"]}
        self.modules = {s["namespace"]: [m for m in s.get("modules", []) if "forms" in m]
                        for s in schema["modules"]}
        self.checks, self.broken = 0, []

    # ---- lines

    def words(self, argument, row):
        """Spellings of an argument that must be accepted."""
        out = list(argument.get("words", []))
        for name in argument.get("types", []):
            if name == "module_name" and row.get("modules"):
                out += [m["name"] for m in self.modules[row["modules"]]]
            out += self.types[name].get("examples", [])
        mark = argument.get("prefix", "")
        return [quoted(mark + word) for word in out] or [mark + "x"]

    def name(self, row):
        if "names_module" in row:
            return self.modules[row["modules"]][0]["name"]
        return "".join(p["text"] if "text" in p else self.words(p, row)[0]
                       for p in row.get("pattern", [{"text": row["name"]}]) if "prefixes" not in p)

    def arguments(self, row, form, n, variant=0):
        """n arguments of a form, the last of them repeated."""
        out = []
        for i in range(n):
            words = self.words(form[min(i, len(form) - 1)], row) if form else ["x"]
            out.append(words[(i + variant) % len(words)])
        return out

    def line(self, row, variant=0):
        """A line that must be accepted, with a block where it needs one."""
        form = row["forms"][0]
        head = " ".join([self.name(row)] + self.arguments(row, form, least(form), variant))
        if is_open(row):
            head = " ".join([self.name(row)] + self.named(row, variant))
        return head + self.block(row, least(form))

    def named(self, row, variant):
        """Arguments of a row whose words are another row's: that row's line."""
        rows = self.modules.get(row.get("modules")) or row.get("actions") or row.get("options") or []
        if "names_module" in row or not rows or row["min_args"] == 0 and "inline" not in row:
            return []
        return [self.line(rows[variant % len(rows)])]

    def block(self, row, n_words=0):
        needs = row.get("needs", [])
        if row["block"] == "directives":
            return " {\n}"
        if not needs or "words_suffice" in row and n_words:
            return ""
        return " {\n" + self.needed(row) + "\n}"

    def needed(self, row):
        """A line that gives what the row needs."""
        needs = row["needs"]
        option = next(o for o in row["options"] if needs == ["*"] or o["name"] in needs)
        if option["min_args"] or option["max_args"] == 0 or is_open(option):
            return self.line(option)
        return " ".join([self.name(option)] + self.arguments(option, option["forms"][0], 1))

    # ---- checks

    def check(self, promise, path, source, expected):
        self.checks += 1
        if (self.judge(PROLOGUE + source if not source.startswith("{") else source + PROLOGUE)
                is not None) != expected:
            self.broken.append("%s: %s, but it is %s:\n%s" %
                               (path, promise, "refused" if expected else "accepted", source))

    def check_counts(self, path, row, wrap):
        most = max(max(map(len, row["forms"])), row["max_args"]) + 2
        for n in range(most + 1):
            forms = [f for f in row["forms"] if allows(f, n)]
            if not forms and ("loose" in row and n > row["min_args"] or n == 1 and is_pair(row)):
                continue
            form = (forms or [max(row["forms"], key=len)])[0]
            line = " ".join([self.name(row)] + self.arguments(row, form, n)) + self.block(row, n)
            self.check("%s %d arguments" % ("takes" if forms else "does not take", n), path,
                       wrap(line), bool(forms))

    def check_words(self, path, row, wrap):
        for form in row["forms"]:
            usual = self.arguments(row, form, len(form))
            for i, argument in enumerate(form):
                def one(word):
                    words = usual[:i] + [word] + usual[i + 1:]
                    return wrap(" ".join([self.name(row)] + words) + self.block(row, len(words)))
                for word in self.words(argument, row):
                    self.check("takes '%s'" % word, path, one(word), True)
                types = argument.get("types", [])
                wrong = self.types[types[0]].get("wrong", []) if len(types) == 1 else []
                if not types and "open_words" not in row:
                    wrong = ["nonesuch"]
                for word in wrong if not argument.get("words") or not types else []:
                    self.check("does not take '%s'" % word, path,
                               one(quoted(argument.get("prefix", "") + word)), False)

    def check_repetition(self, path, row, wrap):
        first, second = self.line(row), self.line(row, 1)
        one, two, both = (self.judge(PROLOGUE + wrap(text) if not wrap(text).startswith("{")
                                     else wrap(text) + PROLOGUE)
                          for text in (first, second, first + "\n" + second))
        if one is None or two is None or one == two:
            return
        self.checks += 1
        if ("once" in row) != (both is None):
            self.broken.append("%s: %s stand here twice" % (path, "may" if both else "must not"))
        elif both is not None and ("adds" in row) != (both != two):
            self.broken.append("%s: a second one %s" % (path, "adds" if both != two else "replaces"))

    def check_needs(self, path, row, wrap):
        if row["block"] == "options" and row.get("needs"):
            n = 0 if "words_suffice" in row else row["min_args"]
            head = " ".join([self.name(row)] + self.arguments(row, row["forms"][0], n))
            self.check("needs an option of its block", path, wrap(head), False)
        if row.get("beside"):
            self.check("needs '%s' beside it" % row["beside"], path, wrap(self.line(row)), False)

    def checks_of(self, path, row, wrap, repeats):
        self.check_needs(path, row, wrap)
        if path not in OTHERWISE and not is_open(row) and "beside" not in row:
            self.check_counts(path, row, wrap)
            self.check_words(path, row, wrap)
        if "pattern" not in row and repeats and path not in OTHERWISE:
            self.check_repetition(path, row, wrap)

    # ---- the walk

    def row(self, path, row, wrap, repeats=False):
        if "refused" in row or row.get("modules") in self.modules and not self.modules[row["modules"]]:
            return
        self.checks_of(path, row, wrap, repeats)
        for option in row.get("options", []) if row["block"] == "options" else []:
            if path.startswith("global") and "site_only" in option or \
                    not path.startswith("global") and "global_only" in option:
                continue
            self.row(path + "/" + option["name"], option, self.inside(path, row, option, wrap), True)

    def inside(self, path, row, option, wrap):
        """Puts a line into the block of the row, beside what must be there."""
        around = [DEFINITIONS[path]] if path in DEFINITIONS else []
        if row.get("needs") and not (set(row["needs"]) & {option["name"], "*"}):
            around.append(self.needed(row))
        if option["name"] in row.get("needs", []) and option["min_args"] == 0:
            around.append(self.needed(row))  # the whole must not be empty, a line of it may be
        form = row["forms"][0]
        head = " ".join([self.name(row)] + self.arguments(row, form, least(form)))
        return lambda text: wrap(head + " {\n" + "\n".join(around + [text]) + "\n}")

    def places(self, row):
        line = self.line(row)
        for block in ("handle", "route", "handle_errors", "reverse_proxy a {\nhandle_response"):
            text = "%s {\n%s\n}" % (block, line) + ("\n}" if "\n" in block else "")
            self.check("stands in %s" % row["places"], row["name"], site(text), "routes" in row["places"])

    def all(self):
        for row in self.schema["directives"]:
            self.row(row["name"], row, site)
            if "actions" not in row:
                self.places(row)
            for action in row.get("actions", []):
                self.row(row["name"] + "/" + action["name"], action,
                         lambda text, row=row: site(row["name"] + " " + text))
        for row in self.schema["global_options"]:
            self.row("global/" + row["name"], row,
                     lambda text: "{\n" + text + "\n}\n" + site("respond x"), True)
        for row in self.schema["matchers"]:
            self.row("matcher/" + row["name"], row, lambda text: site("@m " + text + "\nrespond @m x"))
        for row in self.schema["response_matchers"]:
            self.row("response/" + row["name"], row, lambda text: site("encode {\nmatch " + text + "\n}"))
        for space, (before, word, after) in HOLDERS.items():
            for row in self.modules[space]:
                def wrap(text, before=before, word=word, after=after):
                    body = before + "\n" + word + text + "\n" + after
                    return body + "\n" + site("respond x") if before.startswith("{") else site(body)
                self.row(space + "." + row["name"], row, wrap)


def quoted(word):
    return '"%s"' % word if re.search(r'[\s#]', word) else word


def site(text):
    return "a.example.com {\n" + text + "\n}\n"


def least(form):
    return next((i for i, a in enumerate(form) if a.get("optional")), len(form))


def is_open(row):
    """Whether the words of its line are another row's."""
    return any(form and form[-1].get("types") in (["module"], ["matcher"]) for form in row["forms"]) or \
        "names_module" in row or "inline" in row or "actions" in row


def is_pair(row):
    """Whether its arguments stand together or not at all."""
    return any(len(f) > 1 and f[0].get("optional") and not f[1].get("optional") for f in row["forms"])


def allows(form, n):
    """Whether a line may have n arguments by this form."""
    most = len(form) if not any(a.get("repeated") for a in form) else n
    stops = {i for i, a in enumerate(form) if a.get("optional")} | {len(form)}
    return least(form) <= n <= most and (n in stops or n > len(form))


def main():
    build = os.path.abspath(sys.argv[1])
    schema = json.loads(subprocess.run([os.path.join(build, "dialtone"), "schema", "--json"],
                                       capture_output=True, check=True).stdout)
    judge = Judge(build, sys.argv[2] if len(sys.argv) > 2 else None)
    promises = Promises(schema, judge)
    try:
        promises.all()
    finally:
        judge.close()
    for line in promises.broken:
        print(line)
    print("promises: %d passed, %d failed" % (promises.checks - len(promises.broken), len(promises.broken)))
    return 1 if promises.broken else 0


if __name__ == "__main__":
    sys.exit(main())
