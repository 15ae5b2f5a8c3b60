"""What differs from Caddy on purpose, besides cases of the corpus. tests/oracle/differences holds the name of
each kind with its reason; here is how such a difference is told from others. Nothing else is excused."""
import os, re


def read_differences():
    """name → reason; names are cases of the corpus, line:… and file:…"""
    rows = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "differences")) as f:
        for line in f:
            line = line.partition("#")[0].strip()
            if line:
                name, _, reason = line.partition(" ")
                rows[name] = reason.strip()
    return rows


def first_line(places):
    """The first of those in the file itself, if there are any."""
    lines = [int(place.rpartition(":")[2]) for place in places if place.startswith("Caddyfile:")]
    return min(lines, default=10**9)


TAKEN_AWAY = re.compile(r"tokens for '(forward_auth|php_fastcgi)': (unexpected token '{', expecting argument|wrong argument count)")
ZONE_RULES = re.compile(r"link-local-without-zone|zone-.*|unclosed-bracket")

# Both refuse, but on different lines: <named> are the places in Caddy's <error>, <errors> our diagnostics
LINES = {
    "line:none": lambda error, named, errors: ", at :0, at " in error,
    "line:around": lambda error, named, errors:
        "parsing caddyfile tokens for" in error and any(named <= d.ends for d in errors),
    "line:taken-away": lambda error, named, errors:
        TAKEN_AWAY.search(error) and any("arguments at '" in d.message for d in errors),
    "line:misread": lambda error, named, errors: any(
        d.message in ("this '}' closes nothing", "a block without a name") and first_line(d.places) < first_line(named)
        for d in errors),
}

# Caddy accepts and we refuse: <warnings> are Caddy's
REFUSED = {
    "file:zone": lambda errors, warnings: bool(errors) and all(ZONE_RULES.fullmatch(d.rule) for d in errors),
    "file:brace": lambda errors, warnings: any(d.message == "this '}' closes nothing" for d in errors),
    "file:number": lambda errors, warnings: any("unsupported value" in w["message"] for w in warnings),
}

# whatever Caddy says
OTHER = ("file:json", "file:crash", "file:order")


def line_excuse(*found):
    return next((name for name, fits in LINES.items() if fits(*found)), None)


def refusal_excuse(*found):
    return next((name for name, fits in REFUSED.items() if fits(*found)), None)


assert {n for n in read_differences() if ":" in n} == {*LINES, *REFUSED, *OTHER}, "differences and excused.py do not agree"
