#!/usr/bin/env python3
"""Requests of HTTP/2 that would say something else in HTTP/1: smuggle_h2.py BUILD [--peers] [--show] [ID…]

Every request of requests_h2.txt goes to dialtone, field by field, with a strict origin of HTTP/1 behind it:

    === ID N[-M][/L][,STATUS] [why]: what      N requests reach the origin (up to M, where either is right), L where the
                                               head is read before the rest is sent; STATUS is a number or `reset`
    GET /path                                  :method, :scheme http, :authority t.test, :path
    name: value                                or each of them as it is; \\r \\n \\t \\0 \\\\ \\xHH {TEXT*TIMES}
    (an empty line)
    the body, in one frame, without the end of its last line
    --- trailers                               and their fields

With --peers Caddy, nginx, HAProxy and h2o get the same. What Caddy does not pass on is not passed on; what the other
three all refuse is refused; and what is passed on is what Caddy passes on: method, target, body, the host, the fields
of the request and those that frame it. [why] is the reason of an exception."""
import os, re, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import h2  # noqa: E402
from smuggle import Origin, blocks, run, unescape  # noqa: E402

FRAMING = {b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"te", b"expect", b"cookie",
           b"keep-alive", b"proxy-connection", b"trailer", b"http2-settings"}


def fields_of(lines):
    """Pairs of the name and the value of each line."""
    for line in lines:
        line = unescape(line)
        if re.match(r"[A-Z]+ \S+$", line):
            method, path = line.split(" ")
            yield from [(":method", method), (":scheme", "http"), (":authority", "t.test"), (":path", path)]
        else:
            name, _, value = line[1:].partition(":")
            yield line[0] + name, value[1:] if value.startswith(" ") else value


class Case:
    def __init__(self, block, is_apart):
        title, _, text = block.partition("\n")
        self.name, least, most, apart, self.status, self.reason = re.fullmatch(
            r"(\S+) (\d+)(?:-(\d+))?(?:/(\d+))?(?:,(\d+|reset))?(?: \[(.*)\])?: .+", title).groups()
        text, _, trailers = text.partition("--- trailers\n")
        head, _, body = text.rstrip("\n").partition("\n\n")
        self.fields = list(fields_of(head.split("\n")))
        parts = [(h2.HEADERS, h2.END_HEADERS, h2.block(self.fields))]
        if body:
            parts.append((h2.DATA, 0, unescape(body).encode("latin-1")))
        if trailers:
            parts.append((h2.HEADERS, h2.END_HEADERS, h2.block(fields_of(trailers.rstrip("\n").split("\n")))))
        self.frames = [h2.frame(kind, flags | (h2.END_STREAM if part is parts[-1] else 0), 1, payload)
                       for part in parts for kind, flags, payload in [part]]
        self.is_apart, self.counts = is_apart, range(int(least), int(most or least) + 1)
        if is_apart and apart:
            self.counts = [int(apart)]
        if is_apart:
            self.name += ", apart"


def cases():
    """Those of more than one frame twice: at once, and with a head that is read before the rest is sent."""
    both = [Case(block, is_apart) for block in blocks("requests_h2.txt") for is_apart in (False, True)]
    return [case for case in both if not case.is_apart or len(case.frames) > 1]


class OriginOfFields(Origin):
    """Remembers fields, too: those that frame a request, and those that a case is about."""

    names = set()

    def more_of(self, fields):
        return (sorted(field for field in fields if field[0] in self.names),)


def ask(proxy, case, is_patient):
    """What the origin saw, and the status, or `reset`."""
    proxy.origin.names = FRAMING | {name.lower().encode("latin-1") for name, _ in case.fields}
    proxy.origin.take()
    status = None
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as s:
        connection = h2.Connection(s, greet=False)
        try:
            if case.is_apart:
                s.sendall(h2.PREFACE + h2.settings() + case.frames[0] + h2.frame(h2.PING, payload=b"is it in?"[:8]))
                connection.until(lambda c: c.pings, 10.0 if is_patient else 2.0)
                s.sendall(b"".join(case.frames[1:]))
            else:
                s.sendall(h2.PREFACE + h2.settings() + b"".join(case.frames))
        except OSError:
            pass  # it is closed, and has said before why
        try:
            stream = connection.finish(1, 10.0 if is_patient else 2.0)
            status = str(stream.status) if stream.status else "reset"
        except h2.Closed:
            status = "reset"
        except OSError:
            pass
    time.sleep(0.5 if is_patient else 0.05)  # for what else is on its way to the origin
    return proxy.origin.take(), [status]


if __name__ == "__main__":
    sys.exit(run("smuggling by HTTP/2", cases(), ask, origin=OriginOfFields, is_h2=True))
