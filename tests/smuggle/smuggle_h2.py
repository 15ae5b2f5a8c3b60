#!/usr/bin/env python3
"""Requests of HTTP/2 that would say something else in HTTP/1: smuggle_h2.py BUILD [--peers] [--show] [ID…]

Every request of requests_h2.txt goes to dialtone, field by field, with a strict origin of HTTP/1 behind it:

    === ID N[-M][,STATUS] [why]: what it is    N requests reach the origin (N to M, where it depends on whether the
                                               head is read before the body comes); STATUS is a number or `reset`
    GET /path                                  :method, :scheme http, :authority t.test, :path
    name: value                                or each of them as it is; \\r \\n \\t \\0 \\\\ \\xHH {TEXT*TIMES}
    (an empty line)
    the body, in one frame, without the end of its last line
    --- trailers                               and their fields

With --peers Caddy, nginx, HAProxy and h2o get the same. What Caddy does not pass on is not passed on; what the other
three all refuse is refused; and what is passed on is what Caddy passes on: method, target, body, the host, the fields
of the request and those that frame it. [why] is the reason of an exception."""
import os, re, shutil, socket, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import h2  # noqa: E402
from smuggle import HERE, Origin, Proxy, unescape  # noqa: E402

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
    def __init__(self, block):
        title, _, text = block.partition("\n")
        self.name, least, most, self.status, self.reason = re.fullmatch(
            r"(\S+) (\d+)(?:-(\d+))?(?:,(\d+|reset))?(?: \[(.*)\])?: .+", title).groups()
        self.counts = range(int(least), int(most or least) + 1)
        text, _, trailers = text.partition("--- trailers\n")
        head, _, body = text.rstrip("\n").partition("\n\n")
        self.fields = list(fields_of(head.split("\n")))
        self.body = unescape(body).encode("latin-1")
        self.trailers = list(fields_of(trailers.rstrip("\n").split("\n"))) if trailers else None


def cases():
    with open(os.path.join(HERE, "requests_h2.txt"), encoding="latin-1") as f:
        return [Case(block) for block in re.split(r"(?m)^=== ", f.read())[1:]]


class OriginOfFields(Origin):
    """Remembers fields, too: those that frame a request, and those that a case is about."""

    names = set()

    def more_of(self, fields):
        return (sorted(field for field in fields if field[0] in self.names),)


def ask(proxy, case, wait=2.0):
    """What the origin saw, and the status, or `reset`."""
    proxy.origin.names = FRAMING | {name.lower().encode("latin-1") for name, _ in case.fields}
    proxy.origin.take()
    status = None
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as s:
        try:
            connection = h2.Connection(s)
            number = connection.open(case.fields, end=not case.body and case.trailers is None)
            if case.body:
                connection.body(number, case.body, end=case.trailers is None)
            if case.trailers is not None:
                connection.send(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, number, h2.block(case.trailers))
            stream = connection.finish(number, wait)
            status = str(stream.status) if stream.status else "reset"
        except h2.Closed:
            status = "reset"
        except OSError:
            pass
    time.sleep(0.05 if wait < 3 else 0.5)  # for what else is on its way to the origin
    return proxy.origin.take(), status


def judge(case, results, has_peers):
    """Complaints about what dialtone did."""
    seen, status = results[case.name, "dialtone"]
    if any(each[0] == "junk" for each in seen):
        yield f"the origin cannot read what it was sent: {seen}"
    if len(seen) not in case.counts:
        yield f"{len(seen)} requests reach the origin, not {case.counts[0]} to {case.counts[-1]}: {seen}"
    if case.status and status != case.status:
        yield f"the status is {status}, not {case.status}"
    if not has_peers or case.reason:
        return
    by_caddy = results[case.name, "caddy"][0]
    if seen != by_caddy[:len(seen)]:
        yield f"the origin sees {seen}, behind Caddy {by_caddy}"
    most = max(len(results[case.name, each][0]) for each in ("nginx", "haproxy", "h2o"))
    if len(seen) > most:
        yield f"{len(seen)} requests reach the origin, behind nginx, HAProxy and h2o at most {most}"


def main():
    build, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    has_peers = "--peers" in words
    only = [word for word in words if not word.startswith("--")]
    wanted = [case for case in cases() if not only or case.name in only]
    names = ["dialtone"] + (["caddy", "nginx", "haproxy", "h2o"] if has_peers else [])
    results, failed, proxies = {}, 0, []
    folder = tempfile.mkdtemp(prefix="smuggle-h2.")
    try:
        for each in names:
            proxies.append(Proxy(each, build, folder, OriginOfFields, is_h2=True))

        def ask_all(proxy):
            for case in wanted:
                results[case.name, proxy.name] = ask(proxy, case)
        threads = [threading.Thread(target=ask_all, args=(each,)) for each in proxies]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        for case in wanted:
            complaints = list(judge(case, results, has_peers))
            if complaints:  # the machine may be busy
                for each in proxies:
                    results[case.name, each.name] = ask(each, case, 10.0)
                complaints = list(judge(case, results, has_peers))
            failed += bool(complaints)
            for each in complaints:
                print(f"FAILED: {case.name}: {each}")
            if "--show" in words:
                print(case.name, {each: (len(results[case.name, each][0]), results[case.name, each][1]) for each in names})
        alive = proxies[0].process.poll() is None
    finally:
        for each in proxies:
            each.end()
        shutil.rmtree(folder, ignore_errors=True)
    if not alive:
        print("FAILED: dialtone is gone")
    failed += not alive
    print(f"smuggling by HTTP/2: {len(wanted) + 1 - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
