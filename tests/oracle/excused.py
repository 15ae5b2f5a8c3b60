"""Lines that Caddy names for a refused file and dialtone does not, each kind with its reason. Nothing
else is excused."""
import re

# name → (why Caddy's line is no help, whether an error is of this kind)
RULES = {
    "no line": (
        "Caddy's own place is ':0'; the lines behind it are only those of the blocks around",
        lambda error, named, errors: re.search(r", at :0, at ", error)),
    "around": (
        "Caddy reads a block of directives whole, then names its end for whatever is wrong inside and "
        "has no place of its own",
        lambda error, named, errors: "parsing caddyfile tokens for" in error
        and any(named <= d.ends for d in errors)),
    "taken away": (
        "Caddy takes an option of these off its list before it finds the number of arguments wrong, and names "
        "the word before it",
        lambda error, named, errors: re.search(
            r"tokens for '(forward_auth|php_fastcgi)': (unexpected token '{', expecting argument|wrong argument count)", error)
        and any("arguments at '" in d.message for d in errors)),
    "misread": (
        "Caddy passes over a '}' too many (as a site address) and a '{' without a name (as an option), and "
        "stumbles later over what these made of the rest of the file",
        lambda error, named, errors: any(
            d.message in ("this '}' closes nothing", "a block without a name") and first_line(d.places) < first_line(named)
            for d in errors)),
}


# Files that Caddy accepts: dialtone refuses addresses that can never be dialled or bound (see differences)
ZONE_RULES = re.compile(r"link-local-without-zone|zone-.*|unclosed-bracket")


def has_bad_zone(errors):
    return bool(errors) and all(ZONE_RULES.fullmatch(d.rule) for d in errors)


# and a '}' too many, which Caddy takes for a site's address if nothing asks for a certificate for it
def has_stray_brace(errors):
    return any(d.message == "this '}' closes nothing" for d in errors)


# and a number that JSON cannot hold (NaN as a ratio), for which Caddy writes null in place of a whole app
def is_unwritable(warnings):
    return any("unsupported value" in w["message"] for w in warnings)


def first_line(places):
    """The first of those in the file itself, if there are any."""
    lines = [int(place.rpartition(":")[2]) for place in places if place.startswith("Caddyfile:")]
    return min(lines, default=10**9)


def excused(error, named, errors):
    """The rule that excuses it, or None: <named> are the places that Caddy names, <errors> ours."""
    for name, (_, fits) in RULES.items():
        if fits(error, named, errors):
            return name
    return None
