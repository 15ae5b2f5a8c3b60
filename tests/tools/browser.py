"""A headless Chromium, driven over its debugging pipe (file descriptors 3 and 4, NUL-terminated JSON), so that no
port is opened and nothing but the standard library is needed."""
import json, os, select, shutil, subprocess, tempfile, time


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Refused(Exception):
    """The browser's error answer; a frame that navigates away meanwhile is one."""


class Browser:
    """Ends with the `with` block; <seconds> is how long it may be asked things."""

    def __init__(self, program, folder, seconds=40):
        profile = tempfile.mkdtemp(prefix="profile-", dir=folder)
        theirs, self.out = os.pipe()
        self.into, ours = os.pipe()

        def set_up_descriptors():
            read, write = os.dup(theirs), os.dup(ours)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--ignore-certificate-errors", f"--user-data-dir={profile}", "--remote-debugging-pipe",
             "about:blank"], preexec_fn=set_up_descriptors, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(ours)
        self.deadline = time.time() + seconds
        self.pending, self.number = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)

    def receive(self):
        """The next message, or None at the deadline."""
        while b"\0" not in self.pending:
            left = self.deadline - time.time()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                return None
            more = os.read(self.into, 65536)
            if not more:
                return None
            self.pending += more
        message, _, self.pending = self.pending.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer is None:
                raise SystemExit(f"browser: no answer to {method}")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Refused(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, url):
        """A page that begins to load; its session."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        page = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable", page)
        self.call("Page.navigate", page, url=url)
        return page

    def evaluate(self, session, expression, **options):
        """The value of a JavaScript expression."""
        return self.call("Runtime.evaluate", session, expression=expression, **options)["result"].get("value", "")
