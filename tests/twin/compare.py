"""What counts as equal. Every difference that is let through is a row here, with its reason."""
import difflib, json, re, subprocess, zlib

from messages import Message

# ---- answers ----

IGNORED_HEADERS = {
    # name: why its value may differ
    "date": "the two are not asked in the same second",
    "alt-svc": "dialtone has no HTTP/3 to announce",
}

# Headers of requests to upstreams.
IGNORED_UPSTREAM = {
    # Caddy's transport asks for gzip where the client asked for nothing, and unpacks the answer for it
    "accept-encoding: gzip": "dialtone passes on what the client said",
    "user-agent: go-http-client/1.1": "whose the health check or CONNECT is; dialtone says so, or nothing",
}


def is_parser_refusal(message):
    """Go refuses malformed requests before Caddy sees them: a bare answer that tells what is wrong. Which
    of several mistakes is told, in which words and with which headers, is the parser's own."""
    return not message.get("server") and message.get("connection") == ["close"] and message.start[9:10] in "45"


def renamed(text, names):
    text = re.sub(r"boundary=[0-9a-f]{60}", "boundary=BOUNDARY", text)
    if not names:
        return text
    table = {value: name for value, name in reversed(names)}
    pattern = "|".join(map(re.escape, sorted(table, key=len, reverse=True)))
    return re.sub(rf"(?<![0-9])(?:{pattern})(?![0-9])", lambda match: table[match.group()], text)


def fields(headers, ignored, names):
    """Names in lower case, in any order; the values of one name in theirs."""
    rows = {}
    for name, value in headers:
        if name.lower() not in ignored:
            rows.setdefault(name.lower(), []).append(renamed(value, names))
    return rows


def decoded(message):
    """A compressed body as it was before; None where it cannot be read."""
    coding = message.get("content-encoding")
    if not message.body or coding == ["br"]:
        return message.body
    if coding == ["gzip"] and message.body[:2] == b"\x1f\x8b":
        try:
            return zlib.decompressobj(31).decompress(message.body)
        except zlib.error:
            return None
    if coding == ["zstd"] and message.body[:4] == b"\x28\xb5\x2f\xfd":
        run = subprocess.run(["zstd", "-dcq"], input=message.body, capture_output=True)
        return run.stdout if run.returncode == 0 else None
    return message.body


METRIC_LINES = (
    # of metrics for Prometheus: what a line becomes, or None for those that only one can have
    (r"^(# [A-Z]+ )?(go_|caddy_admin_).*", None),  # Go's own, and an API that dialtone does not have
    (r"^(\w+_duration_seconds_(bucket|sum)\{.*\}) [-+.e0-9]+$", r"\1 N"),  # measured
    (r'^(\w+_response_size_bytes_(bucket|sum)\{.*(?:handler="metrics"|host="m\.example").*\}) [-+.e0-9]+$', r"\1 N"),  # Go's are in it
    (r"^(process_\w+|caddy_config_last_reload_success_timestamp_seconds) [-+.e0-9]+$", r"\1 N"),
)


def metrics_of(text):
    lines = []
    for line in text.splitlines(keepends=True):
        for pattern, replacement in METRIC_LINES:
            line = re.sub(pattern, replacement or "", line)
        lines.append("" if line == "\n" else line)
    return "".join(lines)


def body_of(message, names):
    body = decoded(message)
    if body is not None and any("version=" in value for value in message.get("content-type")):
        return renamed(metrics_of(body.decode("utf-8")), names)
    boundary = re.search(r"boundary=([0-9a-f]{60})", " ".join(message.get("content-type")))
    if boundary:  # random
        body = body.replace(boundary.group(1).encode(), b"BOUNDARY")
    try:
        return renamed(body.decode("utf-8"), names) if body is not None else "not decodable"
    except UnicodeDecodeError:
        return body


def compare_headers(what, left, right, out):
    for name in sorted(set(left) | set(right)):
        if left.get(name) != right.get(name):
            out.append(f"{what}header {name}: caddy {left.get(name)}, dialtone {right.get(name)}")


def compare_messages(what, left, right, names, out):
    if is_parser_refusal(left) and is_parser_refusal(right):
        left, right = (Message(m.start[:12], [], b"", "close") for m in (left, right))
    starts = [re.sub(r" +$", "", renamed(m.start, n)) for m, n in zip((left, right), names)]
    if starts[0] != starts[1]:
        out.append(f"{what}caddy {starts[0]!r}, dialtone {starts[1]!r}")
    ignored = set(IGNORED_HEADERS)
    if decoded(left) != left.body and decoded(right) != right.body:
        ignored.add("content-length")  # the compressors are others, and so is what they make
    if left.ended == right.ended == "none" and right.get("content-encoding"):
        ignored.add("content-length")  # to HEAD Caddy tells how long nothing is once it is compressed
    compare_headers(what, fields(left.headers, ignored, names[0]), fields(right.headers, ignored, names[1]), out)
    bodies = [body_of(m, n) for m, n in zip((left, right), names)]
    if bodies[0] != bodies[1] and all(isinstance(body, str) and body.count("\n") > 10 for body in bodies):
        lines = difflib.unified_diff(*(body.splitlines() for body in bodies), "caddy", "dialtone", "", "", 0, "")
        out.append(f"{what}body:\n" + "\n".join(list(lines)[:40]))
    elif bodies[0] != bodies[1]:
        out.append(f"{what}body: caddy {bodies[0][:400]!r}, dialtone {bodies[1][:400]!r}")
    if left.ended != right.ended:
        out.append(f"{what}the body ends: caddy {left.ended}, dialtone {right.ended}")


# ---- TLS ----


def fact(value):
    """Whom the local CA is named after is not Caddy."""
    return re.sub(r"(Caddy Local|dialtone local) [Aa]uthority", "LOCAL AUTHORITY", str(value))


def compare_handshakes(left, right, out):
    for name in sorted(set(left) | set(right)):
        one, other = fact(left.get(name)), fact(right.get(name))
        if one != other:
            out.append(f"TLS, {name}: caddy {one}, dialtone {other}")


# ---- HTTP/2 ----

RESET_AT_ONCE = "curl forgets an answer whose stream is reset in the same packet; dialtone sends both at once"
LENGTH_BY_GO = "Go tells the length of a body that its handler has finished before it was sent, dialtone does not wait"
BY_PIECES = "what Go tells of a body depends on how much of it is there when the head goes out"
CLEANED = "Go leaves out in HTTP/2 what is no value of a field, dialtone cleans it as both do in HTTP/1"
NO_BODY = "Go resets the stream where the answer has a body that its status forbids"

# What --h2 passes over: (case, request): why.
HTTP2_DIFFERENCES = {
    ("encode.twin", "GET /gzip/long"): RESET_AT_ONCE,
    ("fastcgi_answers.twin", "GET /badlater"): RESET_AT_ONCE,
    ("fastcgi_answers.twin", "GET /clshort"): RESET_AT_ONCE,
    ("fastcgi_answers.twin", "GET /cllong"): RESET_AT_ONCE,
    ("fastcgi_answers.twin", "GET /cutchunks"): RESET_AT_ONCE,
    ("intercept.twin", "GET /410"): RESET_AT_ONCE,
    ("header_timing.twin", "GET /ph?v=a%0d%0aX-Injected:%201"): CLEANED,
    ("redirect_kinds.twin", "GET /placeholder?x=1%0d%0aX-Bad:1"): CLEANED,
    ("fastcgi_responses.twin", "GET /pieces"): BY_PIECES,
    ("transport.twin", "GET /flushed"): BY_PIECES,
    ("fastcgi_answers.twin", "GET /s204"): NO_BODY,
    ("fastcgi_answers.twin", "GET /s304"): NO_BODY,
    ("fastcgi_answers.twin", "GET /clbad"): LENGTH_BY_GO,
    ("fastcgi_responses.twin", "HEAD /html"): LENGTH_BY_GO,
    ("metrics_plain.twin", "GET /metrics"): "Prometheus' handler writes in pieces, dialtone knows the length",
}


def is_passed_over(name, request, caddy):
    """Go resets the stream of a request whose body nobody reads, and curl then may forget the answer."""
    return (name, request.name) in HTTP2_DIFFERENCES or (request.body and not caddy.responses)


# ---- requests at upstreams ----


def upstream_fields(message, names):
    headers = [(name, value) for name, value in message.headers
               if f"{name.lower()}: {value}".lower() not in IGNORED_UPSTREAM and not value.startswith("dialtone/")]
    return fields(headers, (), names)


def compare_seen(caddy, dialtone, out):
    left, right = caddy.seen, dialtone.seen
    if [name for name, _ in left] != [name for name, _ in right]:
        out.append(f"upstreams asked: caddy {[n for n, _ in left]}, dialtone {[n for n, _ in right]}")
        return
    for (name, one), (_, other) in zip(left, right):
        what = f"at upstream {name}: "
        if one.start != other.start:
            out.append(f"{what}caddy {one.start!r}, dialtone {other.start!r}")
        compare_headers(what, upstream_fields(one, caddy.names), upstream_fields(other, dialtone.names), out)
        if one.body != other.body:
            out.append(f"{what}body: caddy {one.body[:200]!r}, dialtone {other.body[:200]!r}")


# ---- logs ----

MASKED_FIELDS = {
    # a field of a line: why its value may differ; its type and the form of a text must not
    "ts": "the two do not run at the same moment",
    "when": "the same",
    "duration": "a measured time",
    "took": "the same",
    "took_ms": "the same",
    "latency": "the same",
    "err_id": "random",
    "err_trace": "a place in Caddy's source",
    "remote_port": "the client's, another one each time",
}
UNORDERED_FIELDS = ("headers", "resp_headers", "env")  # Go's maps have no order
RANDOM_TEXTS = (
    # in other texts: what it becomes
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"\{id=[a-z0-9]{9}\}( [A-Za-z0-9_.()*]+ \([a-z]+\.go:[0-9]+\))?", "{id=ID}"),
    (r"^(\x1b\[[0-9]+m)?[0-9]{4}([-/])[0-9]{2}[-/][0-9]{2}([T ])[0-9:]{8}(\.[0-9]+)?", r"\1TIME\2\3"),
    (r"^1\.[0-9]+e[+][0-9]+\t", "TIME\t"),
)


def masked(value):
    """What is left of a value that may differ."""
    if isinstance(value, str):
        value = re.sub(r"(\d)([nm\u00b5]s|s)$", r"\1 unit", value)
        return re.sub(r"[A-Z][a-z]{2}", "Abc", re.sub(r"[0-9a-f]{6,}|[0-9]+(\.[0-9]+(?= ))?", "0", value))
    return type(value).__name__


def normal(value, key=""):
    if key in MASKED_FIELDS:
        return "" if key == "err_trace" else "random" if key == "err_id" else masked(value)
    if isinstance(value, dict):
        pairs = value.items()
        return {k: normal(v, k) for k, v in (sorted(pairs) if key in UNORDERED_FIELDS else pairs)}
    if isinstance(value, list):
        # dialtone has no HTTP/3, and says so
        return [normal(one) for one in value if key != "protocols" or one != "h3"]
    if isinstance(value, str):
        for pattern, text in RANDOM_TEXTS:
            value = re.sub(pattern, text, value)
    return value


def without_json(line):
    """The line around its object, which may be all of it, and the object; the blanks in it tell the format."""
    at = line.find("{")
    while at >= 0:
        try:
            row, end = json.JSONDecoder().raw_decode(line, at)
            style = "spaced" if re.match(r'\{"[^"]*": ', line[at:]) else "dense"
            return line[:at] + style + line[end:], row
        except ValueError:
            at = line.find("{", at + 1)
    return line, None


def comparable(line, names):
    head, row = without_json(line)
    return renamed(normal(head) + json.dumps(normal(row)), names)


def log_differences(caddy, dialtone, caddy_results, dialtone_results):
    """Line by line, fields in their order."""
    names = [[name for result in results for name in result.names]
             for results in (caddy_results, dialtone_results)]
    left, right = ([comparable(line, n) for line in log] for log, n in zip((caddy, dialtone), names))
    out = []
    for i in range(max(len(left), len(right))):
        one, other = (side[i] if i < len(side) else None for side in (left, right))
        if one != other:
            out.append(f"line {i + 1}: caddy    {one}")
            out.append(f"line {i + 1}: dialtone {other}")
    return out


# ---- all of it ----


def is_refused(result):
    """Where what was sent can be read in two ways: 400, once."""
    return len(result.responses) == 1 and result.responses[0].start.startswith("HTTP/1.1 400 ")


def differences(request, caddy, dialtone):
    """Lines that tell what is not equal; none where all is."""
    out = []
    if "stricter" in request.options:
        return [] if is_refused(dialtone) else [f"not refused: dialtone {dialtone}"]
    ignored = request.options.get("ignore", "").split(",")
    if len(caddy.responses) != len(dialtone.responses):
        out.append(f"answers: caddy {caddy.responses}, dialtone {dialtone.responses}")
    else:
        for i, (left, right) in enumerate(zip(caddy.responses, dialtone.responses)):
            what = f"answer {i + 1}: " if len(caddy.responses) > 1 else ""
            compare_messages(what, left, right, (caddy.names, dialtone.names), out)
    if caddy.is_closed != dialtone.is_closed:
        out.append(f"closed: caddy {caddy.is_closed}, dialtone {dialtone.is_closed}")
    if caddy.rest != dialtone.rest:
        out.append(f"more bytes: caddy {caddy.rest!r}, dialtone {dialtone.rest!r}")
    compare_handshakes(caddy.handshake, dialtone.handshake, out)
    compare_seen(caddy, dialtone, out)
    return [line for line in out if not any(word and word in line for word in ignored)]
