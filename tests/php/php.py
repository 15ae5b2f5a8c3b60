#!/usr/bin/env python3
"""A small site in PHP, by a php-fpm of its own on a socket file and on a port, served by `dialtone run`, by a program
that dialtone built, and by a real Caddy: all must answer the same. php.py BUILD [CADDY]"""
import glob, hashlib, http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402

build = os.path.abspath(sys.argv[1])
caddy = sys.argv[2] if len(sys.argv) > 2 else None
SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site")
START_SECONDS = 60

CADDYFILE = """{
	auto_https off
	persist_config off
	grace_period 1s
	default_bind 127.0.0.1
	ADMIN
	log default {
		output file LOG
		exclude http.log.access
	}
}
http://socket.example:PORT {
	root * SITE
	php_fastcgi unix/SOCKET {
		env APP_ENV testing
		capture_stderr
	}
	file_server
}
http://port.example:PORT {
	root * SITE
	encode gzip
	php_fastcgi 127.0.0.1:FPM_PORT
}
http://both.example:PORT {
	root * SITE
	php_fastcgi unix/SOCKET 127.0.0.1:FPM_PORT {
		lb_policy round_robin
		health_uri /ping
		health_interval 200ms
		flush_interval -1
	}
}
http://down.example:PORT {
	root * SITE
	php_fastcgi unix/SOCKET {
		health_uri /answer.php?status=503
		health_interval 200ms
	}
}
"""

FPM = """[global]
error_log = FOLDER/fpm.log
daemonize = no
[socket]
listen = FOLDER/fpm.sock
OWNER
pm = static
pm.max_children = 4
ping.path = /ping
php_value[error_log] =
[port]
listen = 127.0.0.1:FPM_PORT
OWNER
pm = static
pm.max_children = 4
ping.path = /ping
"""

PHP_INI = """display_errors = 0
log_errors = 1
error_log =
html_errors = 0
post_max_size = 64M
upload_max_filesize = 64M
upload_tmp_dir = FOLDER
output_buffering = 0
opcache.enable = 0
expose_php = 0
date.timezone = UTC
"""


def wait_for(address, process):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as s:
            if s.connect_ex(address) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"php: nothing listens on {address}")


class Server:
    """One of those that are compared, with its own copy of the Caddyfile."""

    def __init__(self, name, folder, values, command):
        self.name, self.port, self.folder = name, free_port(), os.path.join(folder, name)
        os.mkdir(self.folder)
        self.log = os.path.join(self.folder, "log")
        admin = f"admin 127.0.0.1:{free_port()}" if name == "caddy" else "admin off"
        text = CADDYFILE
        for key, value in {**values, "PORT": str(self.port), "LOG": self.log, "ADMIN": admin}.items():
            text = text.replace(key, value) if key != "PORT" else text.replace(":PORT", f":{value}")
        path = os.path.join(self.folder, "Caddyfile")
        with open(path, "w") as f:
            f.write(text)
        env = {**os.environ, "HOME": self.folder, "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder}
        self.errors = open(os.path.join(self.folder, "errors"), "wb")
        self.process = subprocess.Popen(command(path), cwd=self.folder, env=env, stdout=self.errors, stderr=self.errors)
        try:
            wait_for(("127.0.0.1", self.port), self.process)
        except SystemExit:
            with open(self.errors.name) as f:
                print(f.read()[-3000:])
            raise

    def stop(self):
        """Its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.errors.close()
        return status


def built_program(path):
    program = os.path.join(os.path.dirname(path), "site")
    subprocess.run([f"{build}/dialtone", "build", path, "-o", program], check=True, stdout=subprocess.DEVNULL)
    return [program, "--workers", "1"]


class Answer:
    def __init__(self, response, body, seconds):
        self.status, self.body, self.seconds = response.status, body, seconds
        left_out = ("date", "content-length", "transfer-encoding", "connection")
        self.headers = sorted((name.lower(), value) for name, value in response.getheaders()
                              if name.lower() not in left_out)
        self.length = response.getheader("Content-Length")

    def get(self, name):
        return [value for key, value in self.headers if key == name]

    def json(self):
        return json.loads(self.body)


def ask(server, host, method, target, body=None, headers=None):
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, target, body, {"Host": host, **(headers or {})},
                       encode_chunked=bool(headers and "Transfer-Encoding" in headers))
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return Answer(response, data, time.monotonic() - started)


class Suite:
    def __init__(self, servers, folder):
        self.servers, self.folder, self.passed, self.failed = servers, folder, 0, 0

    def check(self, is_fine, complaint):
        self.passed, self.failed = self.passed + bool(is_fine), self.failed + (not is_fine)
        if not is_fine:
            print("FAILED:", complaint)

    def all_say(self, what, request, expected):
        """<request> to every server: <expected> tells whether the answer is right; it is the same everywhere."""
        answers = []
        for server in self.servers:
            try:
                answer = ask(server, *request)
            except Exception as error:
                self.check(False, f"{what}: {server.name}: {type(error).__name__} {error}")
                continue
            try:
                is_fine = expected(answer)
            except Exception as error:
                is_fine = False
                what = f"{what} ({type(error).__name__} {error})"
            self.check(is_fine, f"{what}: {server.name} answers {answer.status} {answer.headers} {answer.body[:300]!r}")
            answers.append((server, answer))
        for server, answer in answers[1:]:
            first = answers[0][1]
            same = (answer.status, answer.headers, answer.body) == (first.status, first.headers, first.body)
            self.check(same, f"{what}: {answers[0][0].name} {first.status} {first.headers} {first.body[:300]!r}, "
                             f"{server.name} {answer.status} {answer.headers} {answer.body[:300]!r}")


def served(host, **wanted):
    """Whether index.php tells these variables."""
    return lambda answer: answer.status == 200 and all(answer.json()["server"].get(key) == value
                                                       for key, value in wanted.items())


def run(suite, root):
    one, two = "socket.example", "port.example"
    for host in (one, two, "both.example"):
        suite.all_say(f"front controller at {host}", (host, "GET", "/some/page?a=1&b[]=x&b[]=y"), served(
            host, SCRIPT_NAME="/index.php", REQUEST_URI="/some/page?a=1&b[]=x&b[]=y", QUERY_STRING="a=1&b[]=x&b[]=y",
            SCRIPT_FILENAME=f"{root}/index.php", DOCUMENT_ROOT=root, SERVER_NAME=host))
    suite.all_say("PATH_INFO", (one, "GET", "/index.php/path/info"), served(
        one, PATH_INFO="/path/info", SCRIPT_NAME="/index.php", APP_ENV="testing"))
    suite.all_say("headers", (one, "GET", "/", None, {"X-Test": "x", "Proxy": "evil", "Cookie": "a=b; c=d%20e"}),
                  lambda a: a.json()["server"]["HTTP_X_TEST"] == "x" and "HTTP_PROXY" not in a.json()["server"] and
                  a.json()["cookies"] == {"a": "b", "c": "d e"})
    form = "name=value&list[]=1&list[]=2"
    suite.all_say("POST form", (two, "POST", "/", form, {"Content-Type": "application/x-www-form-urlencoded"}),
                  lambda a: a.json()["post"] == {"name": "value", "list": ["1", "2"]} and a.json()["input"] == len(form))
    suite.all_say("POST without a type", (two, "POST", "/", "name=value"),
                  lambda a: a.json()["post"] == {"name": "value"})
    suite.all_say("POST of nothing", (two, "POST", "/", ""), lambda a: a.json()["input"] == 0)
    suite.all_say("PUT", (one, "PUT", "/index.php", b"x" * 5000), lambda a: a.json()["input"] == 5000)
    suite.all_say("HEAD", (one, "HEAD", "/index.php"), lambda a: a.status == 200 and a.body == b"")
    suite.all_say("OPTIONS", (one, "OPTIONS", "/index.php"), served(one, REQUEST_METHOD="OPTIONS"))

    for size in (4095, 4096, 100_000, 8 * 1024 * 1024):
        data = hashlib.sha256(b"%d" % size).digest() * (size // 32 + 1)
        data = data[:size]
        for host in (one, two):
            suite.all_say(f"upload of {size} bytes at {host}",
                          (host, "PUT", "/upload.php", data, {"Content-Type": "application/octet-stream"}),
                          lambda a: a.json()["size"] == size and a.json()["digest"] == hashlib.sha256(data).hexdigest())
    file = os.urandom(3 * 1024 * 1024)
    multipart = (b"--cut\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nvalue\r\n--cut\r\nContent-Disposition: "
                 b"form-data; name=\"file\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n" + file +
                 b"\r\n--cut--\r\n")
    suite.all_say("multipart upload",
                  (one, "POST", "/upload.php", multipart, {"Content-Type": "multipart/form-data; boundary=cut"}),
                  lambda a: a.json()["post"] == {"field": "value"} and
                  a.json()["files"]["file"] == ["a.bin", len(file), hashlib.sha256(file).hexdigest()])

    for kilobytes in (1, 2, 3, 64, 20_000):
        for more in ("", "&length"):
            suite.all_say(f"answer of {kilobytes} KiB{more}", (one, "GET", f"/large.php?kb={kilobytes}{more}"),
                          lambda a: len(a.body) == kilobytes * 1024 and a.body == b"0123456789abcdef" * (64 * kilobytes))
    suite.all_say("HEAD of a large answer", (one, "HEAD", "/large.php?kb=20000"), lambda a: a.body == b"")
    suite.all_say("compressed", (two, "GET", "/large.php?kb=100", None, {"Accept-Encoding": "gzip"}),
                  lambda a: a.status == 200)

    for status in (200, 201, 301, 302, 304, 400, 403, 404, 418, 500, 503):
        quiet = "&quiet=1" if status == 304 else ""
        suite.all_say(f"status {status}", (one, "GET", f"/answer.php?status={status}{quiet}"),
                      lambda a: a.status == status and a.get("x-many") == ["a", "b"] and len(a.get("set-cookie")) == 2)
    suite.all_say("no content", (one, "GET", "/answer.php?status=204&quiet=1"), lambda a: a.status == 204)
    suite.all_say("redirect", (one, "GET", "/answer.php?location=/elsewhere&status=302"),
                  lambda a: a.status == 302 and a.get("location") == ["/elsewhere"])

    suite.all_say("complaint", (one, "GET", "/errors.php?id=first"), lambda a: a.body == b"done\n")
    suite.all_say("fatal error", (one, "GET", "/errors.php?fatal&id=second"), lambda a: a.status in (200, 500))
    suite.all_say("no such script", (one, "GET", "/upload.php.bak/x.php"), served(one, SCRIPT_NAME="/index.php"))
    suite.all_say("a file beside scripts", (one, "GET", "/style.css"), lambda a: a.body == b"p { color: red }\n")
    suite.all_say("pieces", (two, "GET", "/slow.php"), lambda a: a.body == b"piece 0\npiece 1\npiece 2\npiece 3\n")
    suite.all_say("events", (one, "GET", "/slow.php?type=text/event-stream"),
                  lambda a: a.body == b"piece 0\npiece 1\npiece 2\npiece 3\n")
    suite.all_say("finished early", (one, "GET", "/finish.php"), lambda a: a.body == b"finished\n" and a.seconds < 4)
    suite.all_say("a worker that dies", (two, "GET", "/crash.php"), lambda a: a.status == 502)
    suite.all_say("after that", (two, "GET", "/"), served(two, SCRIPT_NAME="/index.php"))


def check_streaming(suite):
    """Events and flushed pieces come one by one."""
    for server in suite.servers:
        for host, target in (("socket.example", "/slow.php?type=text/event-stream"), ("both.example", "/slow.php")):
            for _ in range(5):  # what is late each time does not wait for the machine
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                connection.request("GET", target, headers={"Host": host})
                started = time.monotonic()
                response = connection.getresponse()
                first = response.read1(100)
                seconds = time.monotonic() - started
                rest = response.read()
                connection.close()
                if seconds < 0.4:
                    break
            suite.check(first == b"piece 0\n" and seconds < 0.4 and rest.endswith(b"piece 3\n"),
                        f"{server.name}: {target} of {host} came with {first!r} after {seconds:.2f} s")


def check_chunked(suite):
    """A short chunked body is told with its length, a longer one is refused, as Caddy does."""
    for size, status in ((10, 200), (4095, 200), (4096, 411), (100_000, 411)):
        statuses = []
        for server in suite.servers:
            answer = ask(server, "socket.example", "POST", "/upload.php", iter([b"x" * size]),
                         {"Transfer-Encoding": "chunked", "Content-Type": "a/b"})
            statuses.append((server.name, answer.status, answer.json()["size"] if answer.status == 200 else 0))
        suite.check(all(got == status and n == (size if status == 200 else 0) for _, got, n in statuses),
                    f"chunked body of {size} bytes: {statuses}")


def check_log(suite):
    """What scripts complain of is in the log, once and with its level."""
    for server in suite.servers:
        def of_scripts(server=server):
            with open(server.log) as f:
                rows = [json.loads(line) for line in f.read().split("\n")[:-1]]
            return [row for row in rows if row.get("logger") == "http.reverse_proxy.transport.fastcgi"]
        until = time.monotonic() + 20
        while len(of_scripts()) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        rows = of_scripts()
        for uri, level, words in (("/errors.php?id=first", "warn", "this is a complaint"),
                                  ("/errors.php?fatal&id=second", None, "no_such_function")):
            found = [row for row in rows if row["request"]["uri"] == uri]
            suite.check(len(found) == 1 and words in found[0]["body"] and level in (None, found[0]["level"]) and
                        found[0]["env"]["SCRIPT_NAME"] == "/errors.php", f"{server.name}: the log of {uri}: {found}")


def check_health(suite):
    """php-fpm's ping, or a script, tells whether there is one to ask."""
    for server in suite.servers:
        answer = ask(server, "down.example", "GET", "/")
        suite.check(answer.status == 503, f"{server.name}: {answer.status} where the check fails")
        answer = ask(server, "both.example", "GET", "/")
        suite.check(answer.status == 200, f"{server.name}: {answer.status} where the check succeeds")


def check_slow_client(suite):
    """A client that does not read holds the script back, not the memory."""
    for server in suite.servers:
        if server.name == "caddy":
            continue
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            s.sendall(b"GET /large.php?kb=200000 HTTP/1.1\r\nHost: socket.example\r\n\r\n")
            time.sleep(1)
            with open(f"/proc/{server.process.pid}/status") as f:
                kilobytes = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
            suite.check(kilobytes < 100_000, f"{server.name}: {kilobytes} KiB for an answer that nobody reads")
        answer = ask(server, "socket.example", "GET", "/")
        suite.check(answer.status == 200, f"{server.name}: {answer.status} after a client that went away")


def main():
    programs = sorted(glob.glob("/usr/sbin/php-fpm*") + glob.glob("/usr/local/sbin/php-fpm*"))
    if not programs:
        print("skipped: no php-fpm here\nphp: 0 passed, 0 failed, 1 skipped")
        return 0
    folder = tempfile.mkdtemp(prefix="dialtone-php-")
    servers, fpm = [], None
    try:
        root = os.path.join(folder, "site")
        shutil.copytree(SITE, root)
        with open(os.path.join(root, "style.css"), "w") as f:
            f.write("p { color: red }\n")
        values = {"FOLDER": folder, "FPM_PORT": str(free_port()), "SITE": root, "SOCKET": os.path.join(folder, "fpm.sock"),
                  "OWNER": "user = root\ngroup = root" if os.getuid() == 0 else ""}
        for name, text in (("fpm.conf", FPM), ("php.ini", PHP_INI)):
            for key, value in values.items():
                text = text.replace(key, value)
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        command = [programs[-1], "-F", "-c", os.path.join(folder, "php.ini"), "-y", os.path.join(folder, "fpm.conf")]
        fpm = subprocess.Popen(command + (["-R"] if os.getuid() == 0 else []), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        wait_for(values["SOCKET"], fpm)
        wait_for(("127.0.0.1", int(values["FPM_PORT"])), fpm)
        if caddy:
            servers.append(Server("caddy", folder, values, lambda path: [caddy, "run", "--config", path]))
        servers.append(Server("dialtone", folder, values,
                              lambda path: [f"{build}/dialtone", "run", path, "--", "--workers", "1"]))
        servers.append(Server("built", folder, values, built_program))
        suite = Suite(servers, folder)
        run(suite, root)
        check_streaming(suite)
        check_chunked(suite)
        check_log(suite)
        check_health(suite)
        check_slow_client(suite)
        for server in list(servers):
            servers.remove(server)
            status = server.stop()
            suite.check(status == 0 or server.name == "caddy", f"{server.name} ends with status {status}")
        print(f"php: {suite.passed} passed, {suite.failed} failed")
        return suite.failed != 0 or suite.passed == 0
    finally:
        for server in servers:
            server.stop()
        if fpm and fpm.poll() is None:
            fpm.terminate()
            try:
                fpm.wait(15)
            except subprocess.TimeoutExpired:
                fpm.kill()
                fpm.wait()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
