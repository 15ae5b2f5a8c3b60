#!/usr/bin/env python3
"""Whether a browser renders a text inside of a page's frame: framed.py BROWSER FOLDER URL TEXT"""
import os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from browser import Browser, Refused  # noqa: E402

program, folder, url, wanted = sys.argv[1:5]
SCRIPT = ("`${document.documentElement.innerText.trim()} "
          "(${performance.getEntriesByType('navigation')[0]?.nextHopProtocol})`")


def frame_texts(browser, page):
    """What the frames show and which protocol brought it: those of other sites are targets of their own, the
    rest the page's."""
    texts = []
    for info in browser.call("Target.getTargets")["targetInfos"]:
        if info["type"] == "iframe":
            frame = browser.call("Target.attachToTarget", targetId=info["targetId"], flatten=True)["sessionId"]
            texts.append(str(browser.evaluate(frame, SCRIPT)))
    for child in browser.call("Page.getFrameTree", page)["frameTree"].get("childFrames", []):
        world = browser.call("Page.createIsolatedWorld", page, frameId=child["frame"]["id"])["executionContextId"]
        texts.append(str(browser.evaluate(page, SCRIPT, contextId=world)))
    return texts


def main():
    with Browser(program, folder) as browser:
        page = browser.open(url)
        seen = ""
        end = time.time() + 25
        while time.time() < end:
            try:
                seen = " / ".join(frame_texts(browser, page))
            except Refused as refused:
                seen = str(refused)
            if wanted in seen:
                return 0
            time.sleep(0.2)
    print(f"framed: the frame shows: {seen!r}")
    return 1


sys.exit(main())
