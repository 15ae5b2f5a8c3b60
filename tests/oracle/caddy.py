"""One real Caddy, started on a loopback port of its own, asked through its admin /adapt."""
import http.client, json, os, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402


class Caddy:
    def __init__(self, binary, folder):
        self.home = tempfile.TemporaryDirectory(prefix="dialtone-oracle-")
        self.port = free_port()
        config = os.path.join(self.home.name, "caddy.json")
        with open(config, "w") as f:
            json.dump({"admin": {"listen": f"127.0.0.1:{self.port}", "config": {"persist": False}},
                       "logging": {"logs": {"default": {"level": "WARN", "encoder": {"format": "json"}}}}}, f)
        env = {**os.environ, "HOME": self.home.name, "XDG_DATA_HOME": self.home.name}
        self.process = subprocess.Popen([binary, "run", "--config", config], cwd=folder, env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.set_blocking(self.process.stderr.fileno(), False)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)
        else:
            self.close()
            raise SystemExit("oracle: Caddy did not start")
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def adapt(self, source):
        """(JSON bytes, None) or (None, error text) for the bytes of a Caddyfile."""
        return self.adapt_all(source)[:2]

    def adapt_all(self, source):
        """The same, and Caddy's warnings: [{"file", "line", "message", …}…]. Most are only logged, without
        a place."""
        self.log()
        for attempt in (1, 2):
            try:
                self.connection.request("POST", "/adapt", source, {"Content-Type": "text/caddyfile"})
                response = self.connection.getresponse()
                body = response.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection.close()
                if attempt == 2:
                    return None, "no answer", []  # Caddy's handler crashed on this input
        if response.status != 200:
            try:
                return None, json.loads(body)["error"], []
            except (ValueError, KeyError):
                return None, body.decode("utf-8", "replace"), []
        # the result member, the last one, holds the adapter's bytes as they are
        start = body.index(b'"result":') + len(b'"result":')
        end = len(body.rstrip()) - 1
        warnings = json.loads(body).get("warnings") or [] if start > len('{"result":') else []
        return body[start:end], None, warnings + [{"message": row["msg"]} for row in self.log()
                                                  if row.get("level") == "warn"]

    def log(self):
        """What Caddy has logged since it was last asked: the rows of its JSON."""
        text = b""
        while True:
            try:
                more = os.read(self.process.stderr.fileno(), 1 << 16)
            except BlockingIOError:
                more = b""
            text += more
            if not more:
                break
        rows = []
        for line in text.split(b"\n"):
            try:
                rows.append(json.loads(line))
            except ValueError:
                pass  # what Go writes by itself
        return [row for row in rows if isinstance(row, dict)]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.home.cleanup()
