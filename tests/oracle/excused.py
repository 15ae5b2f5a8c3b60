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


def lines_in_file(places):
    """The lines of those in the file itself."""
    return [int(place.rpartition(":")[2]) for place in places if place.startswith("Caddyfile:")]


TAKEN_AWAY = re.compile(r"tokens for '(forward_auth|php_fastcgi)': (unexpected token '{', expecting argument|wrong argument count)")
NO_CHAIN = re.compile(r"adapter: Caddyfile:\d+: ")  # the place may be in a snippet, and nothing says who imports it
IMPORT_IN_HEADER = re.compile(r"expected the '\{' of .*, found 'import'$")
ZONE_IN_URL = re.compile(r"parsing upstream '\w+://\[[0-9A-Fa-f:.]*%")
ZONE_RULES = re.compile(r"link-local-without-zone|zone-.*|unclosed-bracket")

# Both refuse, but on different lines: <named> are the places in Caddy's <error>, <errors> our diagnostics
LINES = {
    "line:none": lambda error, named, errors: ", at :0, at " in error and any(named - {":0"} <= d.ends | d.places for d in errors),
    "line:around": lambda error, named, errors:
        "parsing caddyfile tokens for" in error and any(named <= d.ends for d in errors),
    "line:taken-away": lambda error, named, errors:
        TAKEN_AWAY.search(error) and any("arguments at '" in d.message for d in errors),
    "line:misread": lambda error, named, errors: any(
        d.message in ("this '}' closes nothing", "a block without a name")
        and (NO_CHAIN.search(error) or "import chain" in error
             or min(lines_in_file(d.places), default=10**9) < max(lines_in_file(named), default=10**9))
        for d in errors),
    "line:header": lambda error, named, errors:
        "import chain" in error and any(IMPORT_IN_HEADER.match(d.message) for d in errors),
    "line:zone": lambda error, named, errors: ZONE_IN_URL.search(error),
}

# Caddy refuses with <error> and we accept
ACCEPTED = {
    "file:zone-in-url": lambda error: ZONE_IN_URL.search(error),
}

# Caddy accepts and we refuse: <warnings> are Caddy's
REFUSED = {
    "file:zone": lambda errors, warnings: bool(errors) and all(ZONE_RULES.fullmatch(d.rule) for d in errors),
    "file:brace": lambda errors, warnings: any(d.message == "this '}' closes nothing" for d in errors),
    "file:number": lambda errors, warnings: any("unsupported value" in w["message"] for w in warnings)
        and all(d.rule in ("odd-value", "bad-value") for d in errors),
}


def without_zones(text, errors):
    """Global addresses, and no zone behind them."""
    text = re.sub(r"(?i)\bfe[89ab][0-9a-f](?=:)", "2001", text)
    return re.sub(r"%[^\]\s/:\"`|]*", "", text)


def without_brace(text, errors):
    """The last } that closes nothing taken away."""
    lines = text.split("\n")
    for d in errors:
        for number in sorted(lines_in_file(d.places), reverse=True) if d.message == "this '}' closes nothing" else []:
            if number <= len(lines) and re.search(r"(^|\s)\}(\s|$)", lines[number - 1]):
                lines[number - 1] = re.sub(r"(^|\s)\}(?=\s|$)", r"\1", lines[number - 1], count=1)
                return "\n".join(lines)
    return text


# What makes a file one that both must read alike: an excuse holds only if they do.
REPAIRS = {
    "line:misread": without_brace,
    "line:zone": without_zones,
    "file:zone-in-url": without_zones,
    "file:zone": without_zones,
    "file:brace": without_brace,
}

# whatever Caddy says
OTHER = ("file:json", "file:crash", "file:order")


def excuse(kinds, *found):
    """The name among <kinds> (LINES, ACCEPTED or REFUSED) of what was found, or None."""
    return next((name for name, fits in kinds.items() if fits(*found)), None)


assert {n for n in read_differences() if ":" in n} == {*LINES, *ACCEPTED, *REFUSED, *OTHER}, "differences and excused.py do not agree"
