#!/usr/bin/env python3
"""The same Caddyfile and the same requests to a real Caddy and to `dialtone run`; what comes back, and what
the upstreams saw, must be equal: twin.py BUILD CADDY [--verbose] [--h2] [NAME...]

With --h2, every request that means the same in HTTP/2 is asked by it, without TLS.
A case is a file: a Caddyfile, then sections, each begun by a line `=== …` (tests/twin/README.md).
"""
import os, queue, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import Case, read_case  # noqa: E402
from compare import differences, is_passed_over, log_differences  # noqa: E402
from servers import CaddySide, DialtoneSide, Upstreams, wait_until  # noqa: E402

LIMIT_SECONDS = 800
PAIRS = 3  # of Caddy and dialtone that work through the cases: most of the time is spent waiting


def run_side(side, case, upstreams):
    """What every exchange of the case brought, and the log so far; or the reason why the side does not serve it."""
    upstreams.reset()
    problem = side.start(case)
    if problem and "address already in use" in problem:
        problem = side.start(case)  # somebody was quicker to take a free port
    if problem:
        return problem
    try:
        results = [side.exchange(request, upstreams) for request in case.requests]
    finally:
        side.stop()
    if case.collectors or "roll_" in case.caddyfile:
        time.sleep(0.5)  # what is under way arrives, what is rolled is compressed
    case.collect(side.name)
    return results, case.log_of(side.name)


def settled_log(case, side, log, n):
    """Caddy writes lines after it has answered, and is not ended behind a case: its log, once it has as many as the
    other's."""
    if "roll_" not in case.caddyfile:  # those change by the clock, too
        wait_until(lambda: len(case.log_of(side.name)) >= n, 5)
        log = case.log_of(side.name)
    return log


def show(where, lines):
    print("\n    ".join([f"FAILED: {where}", *lines]), flush=True)


def run_case(name, text, sides, verbose=False, is_h2=False):
    """How many exchanges there are, and what differs: (where, lines). A side that does not start is one."""
    upstreams = Upstreams()
    case = Case(text, upstreams, is_h2)
    try:
        if not case.requests:
            return 0, []
        results = [run_side(side, case, upstreams) for side in sides]
        if not any(isinstance(result, str) for result in results):
            (caddy_results, caddy_log), (dialtone_results, dialtone_log) = results
            caddy_log = settled_log(case, sides[0], caddy_log, len(dialtone_log))
    finally:
        upstreams.close()
        case.close()
    refused = [(f"{name}: {side.name} does not start", result.splitlines())
               for side, result in zip(sides, results) if isinstance(result, str)]
    if refused:
        return len(case.requests), refused
    n, found = 0, []
    if caddy_log or dialtone_log:
        n += 1
        lines = log_differences(caddy_log, dialtone_log, caddy_results, dialtone_results)
        if lines:
            found.append((f"{name}: the log", lines))
    for request, caddy, dialtone in zip(case.requests, caddy_results, dialtone_results):
        if verbose:
            print(f"{name}: {request.name}\n    {caddy}\n    {dialtone}")
        if is_h2 and is_passed_over(name, request, caddy):
            continue
        n += 1
        lines = differences(request, caddy, dialtone)
        if lines:
            found.append((f"{name}: {request.name}", lines))
    return n, found


def judge(path, sides, verbose, is_h2):
    """(passed, failed) exchanges. What differs is asked again: on a busy machine two servers may be
    interrupted in different places, and only what differs again is a difference. It is named all the same."""
    try:
        name, text = os.path.basename(path), read_case(path)
        n, found = run_case(name, text, sides, verbose, is_h2)
        if found:
            again = {where for where, _ in run_case(name, text, sides, verbose, is_h2)[1]}
            for where, lines in found:
                if where not in again:
                    print("\n    ".join([f"once only: {where}", *lines[:3]]), flush=True)
            found = [each for each in found if each[0] in again]
    except (Exception, SystemExit) as error:  # a case that breaks the test is a failure, not the end
        n, found = 1, [(os.path.basename(path), [f"{type(error).__name__}: {error}"])]
    for where, lines in found:
        show(where, lines)
    return n - len(found), len(found)


def main():
    build, caddy = sys.argv[1:3]
    wanted = [word for word in sys.argv[3:] if not word.startswith("--")]
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".twin"))
    if wanted:
        paths = [path for path in paths if any(word in os.path.basename(path) for word in wanted)]
    started, counts = time.monotonic(), []
    left = queue.SimpleQueue()
    for path in paths:
        left.put(path)

    def work():
        sides = [CaddySide(caddy), DialtoneSide(build)]
        try:
            while time.monotonic() - started < LIMIT_SECONDS:
                counts.append(judge(left.get_nowait(), sides, "--verbose" in sys.argv, "--h2" in sys.argv))
        except queue.Empty:
            pass
        finally:
            for side in sides:
                side.close()

    workers = [threading.Thread(target=work) for _ in range(min(PAIRS, len(paths)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    n, passed, failed = len(counts), sum(each[0] for each in counts), sum(each[1] for each in counts)
    if n < len(paths):
        show("out of time", [f"{len(paths) - n} cases were not run"])
        failed += 1
    print(f"twin: {n} Caddyfiles, {time.monotonic() - started:.0f} s")
    print(f"twin: {passed} passed, {failed} failed")
    return failed != 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
