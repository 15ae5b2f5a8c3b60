"""How upstreams fail (rig.Origin does it), and what clients may see of it."""

# What the origin does, and what may become of it: statuses, and whether the answer may be cut off
# (0: closed without an answer).
UPSTREAM_FAULTS = {
    "fine": ({200}, False), "big": ({200}, False), "chunked": ({200}, False), "late": ({200}, False), "drip": ({200}, False),
    "half-close": ({200}, False), "surplus": ({200}, False),
    "reset": ({502}, False), "reset-in-request": ({502}, False), "reset-in-head": ({502}, False), "close": ({502}, False),
    "garbage": ({502}, False), "two-lengths": ({502}, False), "endless-head": ({502, 504}, False),
    "reset-in-body": ({200, 502}, True), "close-in-body": ({200}, True), "close-in-chunk": ({200}, True),
    "garbage-chunk": ({200, 502}, True),
    "stall": ({502, 504}, False), "stall-in-head": ({502, 504}, False), "stall-in-body": ({200}, True),
}
SLOW = {"stall", "stall-in-head", "stall-in-body"}


def judge(suite, kind, nonce, answer):
    """Counts whether it is an answer to that request, of what may become of it."""
    statuses, may_be_cut = UPSTREAM_FAULTS[kind]
    suite.check(answer.belongs_to(nonce), f"{kind}: another request's bytes: {answer.raw[:300]}")
    suite.check(answer.status in statuses, f"{kind}: {answer.status or answer.raw[:200]}")
    if not may_be_cut:
        suite.check(answer.is_whole, f"{kind}: cut off: {answer.raw[:200]}")
    if answer.status == 200 and not may_be_cut:
        suite.check(nonce.encode() in answer.body, f"{kind}: no nonce in {answer.body[:100]}")
