#!/usr/bin/env python3
"""Whether a browser renders a text inside of a page's frame: framed.py BROWSER FOLDER URL TEXT

Drives a headless Chromium over its debugging pipe (file descriptors 3 and 4, NUL-terminated JSON),
so that no port is opened and nothing but the standard library is needed.
"""
import json, os, select, subprocess, sys, tempfile, time

browser, folder, url, wanted = sys.argv[1:5]
profile = tempfile.mkdtemp(prefix="profile-", dir=folder)
to_browser_read, to_browser_write = os.pipe()
from_browser_read, from_browser_write = os.pipe()


def set_up_descriptors():
    read, write = os.dup(to_browser_read), os.dup(from_browser_write)
    os.dup2(read, 3)
    os.dup2(write, 4)


process = subprocess.Popen(
    [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
     "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
     "--ignore-certificate-errors", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
    preexec_fn=set_up_descriptors, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(to_browser_read)
os.close(from_browser_write)
deadline = time.time() + 40
pending, number, inbox = b"", 0, []


def receive():
    """The next message, or None at the deadline."""
    global pending
    while b"\0" not in pending:
        left = deadline - time.time()
        if left <= 0 or not select.select([from_browser_read], [], [], left)[0]:
            return None
        more = os.read(from_browser_read, 65536)
        if not more:
            return None
        pending += more
    message, _, pending = pending.partition(b"\0")
    return json.loads(message)


class Refused(Exception):
    """The browser's error answer; a frame that navigates away meanwhile is one."""


def call(method, session=None, **params):
    global number
    number += 1
    message = {"id": number, "method": method, "params": params}
    if session:
        message["sessionId"] = session
    os.write(to_browser_write, json.dumps(message).encode() + b"\0")
    while True:
        answer = receive()
        if answer is None:
            raise SystemExit(f"framed: no answer to {method}")
        if answer.get("id") == number:
            if "error" in answer:
                raise Refused(f"{method}: {answer['error']}")
            return answer["result"]


def frame_texts(page):
    """What the frames show and which protocol brought it: those of other sites are targets of their own, the
    rest the page's."""
    texts = []
    script = ("`${document.documentElement.innerText.trim()} "
              "(${performance.getEntriesByType('navigation')[0]?.nextHopProtocol})`")
    for info in call("Target.getTargets")["targetInfos"]:
        if info["type"] == "iframe":
            frame = call("Target.attachToTarget", targetId=info["targetId"], flatten=True)["sessionId"]
            result = call("Runtime.evaluate", frame, expression=script)
            texts.append(str(result["result"].get("value", "")))
    for child in call("Page.getFrameTree", page)["frameTree"].get("childFrames", []):
        world = call("Page.createIsolatedWorld", page, frameId=child["frame"]["id"])["executionContextId"]
        result = call("Runtime.evaluate", page, expression=script, contextId=world)
        texts.append(str(result["result"].get("value", "")))
    return texts


def main():
    target = call("Target.createTarget", url="about:blank")["targetId"]
    page = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    call("Page.enable", page)
    call("Page.navigate", page, url=url)
    seen = ""
    end = time.time() + 25
    while time.time() < end:
        try:
            seen = " / ".join(frame_texts(page))
        except Refused as refused:
            seen = str(refused)
        if wanted in seen:
            return 0
        time.sleep(0.2)
    print(f"framed: the frame shows: {seen!r}")
    return 1


try:
    status = main()
finally:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
sys.exit(status)
