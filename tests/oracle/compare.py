"""One Caddyfile given to dialtone and to a real Caddy, and what is different."""
import json, os, re, select, subprocess, typing

from excused import ACCEPTED, LINES, REFUSED, REPAIRS, excuse

# where Caddy says it is: the file and the line
PLACE = re.compile(r"(?<![\w./-])(?:/[\w./-]*/)?(?:Caddyfile|\.?[\w-]+\.caddyfile):\d+")


# Caddy's warnings, and the rules that say the same
WARNINGS = (
    (r"not formatted", ()),  # fmt.py compares these
    (r"No files matching import|Import file is empty", ("import-of-nothing",)),
    (r"laceholder .* (index|indices|must be)", ("import-argument-mismatch",)),
    (r"Unnecessary header_up X-Forwarded", ("redundant-forwarded-header",)),
    (r"Unnecessary header_up Host", ("host-override",)),
    (r"unsupported value", ("odd-value",)),
    (r"path in a site address", ("path-in-site-address",)),
    (r"\{args\.\d+\} deprecated", ("dotted-import-args",)),
    (r"deprecated, please use|is deprecated",
     ("renamed-name", "nested-servers-metrics", "legacy-trust-options")),
    (r"unspecified IP address", ("unspecified-address-as-host",)),
)


# rules that find what Caddy warns of, and nothing else
SAID_BY_CADDY = ("import-of-nothing", "import-argument-mismatch", "redundant-forwarded-header", "dotted-import-args", "renamed-name",
                 "unspecified-address-as-host")
# what Caddy's documentation calls deprecated, and Caddy says nothing to
UNSAID = re.compile("'(trusted_leaf_cert(_file)?|roll_uncompressed)' is deprecated")
MOST_REPAIRS = 5


class Diagnostic(typing.NamedTuple):
    """A line of batch.c's report."""
    severity: str
    rule: str  # its name
    places: set
    ends: set
    message: str


class Batch:
    """tests/oracle/batch.c: many compilations in one process."""

    def __init__(self, program, folder, wants_rows=False):
        self.program, self.folder, self.process = [program] + ["--rows"] * wants_rows, folder, None
        self.rows = []  # those of the schema that the last file used (tests/row_uses.h)

    def start(self):
        self.process = subprocess.Popen(self.program, cwd=self.folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None

    def adapt(self, source):
        """(JSON or None, [Diagnostic…]); a crash or a hang is None, None."""
        if not self.process:
            self.start()
        try:
            self.process.stdin.write(b"%d\n" % len(source) + source)
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], 20)[0]:
                raise OSError
            n, m = map(int, self.process.stdout.readline().split())
        except (OSError, ValueError):
            self.stop()
            return None, None
        found = self.process.stdout.read(n)
        report = []
        for row in self.process.stdout.read(m).decode("utf-8", "replace").split("\n"):
            if row.startswith("rows "):
                self.rows = json.loads(row[5:])
                continue
            parts = row.split(" ", 4)
            if len(parts) == 5:
                places, ends = ({p for p in part[1:].split(",") if p} for part in parts[2:4])
                report.append(Diagnostic(parts[0], parts[1], places, ends, parts[4]))
        return found or None, report


def is_fine(outcome):
    """Both accept, with the same bytes and warnings; both refuse, on the same line; or it is different on
    purpose (file:…)."""
    return outcome in ("same", "refused") or outcome.startswith("file:")


class Comparison:
    def __init__(self, caddy, batch):
        self.caddy, self.batch, self.excused, self.json = caddy, batch, {}, None

    def kind(self, text):
        """(outcome, detail): outcome is what is_fine takes for fine, or what differs."""
        self.json = None  # where both accept, with the same bytes
        outcome, detail, excused, errors = self.difference(text)
        if excused is None:
            return outcome, detail
        reason = self.doubt(text, excused, errors)
        if reason:
            return outcome, f"{detail} -- {excused} is no excuse: {reason}"
        self.excused[excused] = self.excused.get(excused, 0) + 1
        return (excused if excused.startswith("file:") else "refused"), ""

    def doubt(self, text, excused, errors):
        """What is different even where that which excuses it is taken out of the file; None for nothing."""
        for _ in range(MOST_REPAIRS if excused in REPAIRS else 0):
            repaired = REPAIRS[excused](text, errors)
            if repaired == text:
                return None
            text = repaired
            outcome, detail, excused, errors = self.difference(text)
            if is_fine(outcome):
                return None
            if excused not in REPAIRS:
                return None if excused else f"{outcome}: {detail}"
        return None

    def difference(self, text):
        """(outcome, detail, excuse or None, our errors)"""
        source = text.encode("utf-8", "surrogateescape")
        want, error, warnings = self.caddy.adapt_all(source)
        ours, report = self.batch.adapt(source)
        if report is None:
            return "crash", "", None, []
        errors = [d for d in report if d.severity == "error"]
        if ours is None and any(d.rule == "json-syntax" for d in report):
            return "file:json", "", None, []
        if error == "no answer":
            return "file:crash", "", None, []
        if error is None:
            if ours is None:
                return "refuses", errors[0].message if errors else "?", excuse(REFUSED, errors, warnings), errors
            if ours != want:
                for _ in range(60):
                    if self.caddy.adapt(source)[0] == ours:
                        return "file:order", "", None, []
                return "json", difference(want, ours), None, []
            self.json = ours
            for warning in warnings:
                if not has_warning(report, warning):
                    return "warning", warning["message"], None, []
            for d in report:
                if d.rule in SAID_BY_CADDY and not UNSAID.match(d.message) and not any(is_about(warning, d.rule) for warning in warnings):
                    return "warning of ours", d.message, None, []
            return "same", "", None, []
        if ours is not None:
            return "accepts", error, excuse(ACCEPTED, error), errors
        named = {os.path.basename(place) for place in PLACE.findall(error)}
        if named and not any(named & d.places for d in errors):
            return ("line", f"{error} -- ours: {[(sorted(d.places), d.message) for d in errors]}",
                    excuse(LINES, error, named, errors), errors)
        return "refused", "", None, []


def is_about(warning, rule):
    return any(rule in rules and re.search(pattern, warning["message"]) for pattern, rules in WARNINGS)


def has_warning(report, warning):
    """Whether we say the same, on the same line if Caddy names one."""
    rules = next((names for pattern, names in WARNINGS if re.search(pattern, warning["message"])), None)
    if rules is None:
        return False
    place = f"{os.path.basename(warning['file'])}:{warning['line']}" if warning.get("line") else None
    return not rules or any(d.rule in rules and (not place or place in d.places) for d in report)


def difference(want, ours):
    at = next((i for i, (a, b) in enumerate(zip(want, ours)) if a != b), min(len(want), len(ours)))
    return f"at byte {at}: want …{want[max(0, at - 60):at + 60]!r} ours …{ours[max(0, at - 60):at + 60]!r}"
