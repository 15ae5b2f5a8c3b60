#!/usr/bin/env python3
"""What other projects use of this one in their CI, tried in a repository of its own: ci_kit.py BUILD

The hooks by the real pre-commit; the steps of the GitHub Action in the shell that the runner would use, with its
variables; the script of the GitLab template; both files against the schemas of the two services; what
`make install` installs; and the manual pages. Runs in an environment that has pre-commit, check-jsonschema and PyYAML."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

BUILD = os.path.realpath(sys.argv[1])
DIALTONE = BUILD + "/dialtone"
ROOT = os.path.realpath(os.path.dirname(__file__) + "/../..")
GOOD = ":8080 {\n\trespond hello\n}\n"
BAD = ":8080 {\n\trespnd hello\n}\n"
MESSY = ":8080 {\n  respond   hello\n}\n"

passed = failed = 0


def check(name, good, *details):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {name}", *details, sep="\n")


def run(words, folder, **environment):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False,
                          env=dict(os.environ, **environment))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# --- pre-commit ---

def git(folder, *words):
    return run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always",
                *words], folder)


def try_hooks(work):
    """The hooks of the last commit; pre-commit clones it, and the hook builds dialtone there."""
    repository, home = work + "/repository", work + "/home"
    revision = git(ROOT, "rev-parse", "HEAD").stdout.strip()
    os.makedirs(repository)
    git(repository, "init", "-q")
    write(repository + "/.pre-commit-config.yaml",
          f"repos:\n- repo: {ROOT}\n  rev: {revision}\n  hooks:\n  - id: dialtone-check\n  - id: dialtone-fmt\n")

    def hooks(hook, **environment):
        git(repository, "add", "-A")
        return run([sys.executable, "-m", "pre_commit", "run", hook, "--all-files", "--verbose"], repository,
                   PRE_COMMIT_HOME=home, PATH=path, **environment)

    # nothing that is installed must help
    path = os.pathsep.join(folder for folder in os.environ["PATH"].split(os.pathsep)
                           if not os.path.exists(folder + "/dialtone"))
    write(repository + "/Caddyfile", GOOD)
    write(repository + "/other.txt", BAD)
    done = hooks("dialtone-check")
    check("pre-commit: a good Caddyfile passes", done.returncode == 0 and "Passed" in done.stdout,
          done.stdout, done.stderr)
    write(repository + "/sites/a b.caddyfile", BAD)
    done = hooks("dialtone-check")
    check("pre-commit: a bad one does not", done.returncode == 1 and "error[DT105]" in done.stdout,
          done.stdout, done.stderr)
    check("pre-commit: by its name", "sites/a b.caddyfile:2:2" in done.stdout, done.stdout)
    check("pre-commit: other files are not read", "other.txt" not in done.stdout, done.stdout)
    done = hooks("dialtone-check", DIALTONE="/nonexistent")
    check("pre-commit: $DIALTONE counts", done.returncode != 0 and "DT105" not in done.stdout, done.stdout)
    write(repository + "/sites/a b.caddyfile", MESSY)
    done = hooks("dialtone-fmt")
    check("pre-commit: fmt fails where it changes a file", done.returncode == 1 and "Failed" in done.stdout,
          done.stdout, done.stderr)
    check("pre-commit: and has formatted it", read(repository + "/sites/a b.caddyfile") == GOOD)
    done = hooks("dialtone-fmt")
    check("pre-commit: then it passes", done.returncode == 0, done.stdout, done.stderr)


# --- GitHub ---

def expression(text, values):
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: values[found.group(1)], text)


def run_action(folder, inputs):
    """The steps with a shell; those that use other actions need GitHub."""
    action = yaml.safe_load(read(ROOT + "/.github/actions/check/action.yml"))
    values = {f"inputs.{name}": inputs.get(name, row["default"]) for name, row in action["inputs"].items()}
    log = ""
    for step in action["runs"]["steps"]:
        if "run" not in step:
            continue
        assert step["shell"] == "bash"
        output = folder + "/.output"
        write(output, "")
        environment = {name: expression(value, values) for name, value in step.get("env", {}).items()}
        write(folder + "/.step.sh", step["run"])
        done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", folder + "/.step.sh"], folder,
                   GITHUB_ACTION_PATH=ROOT + "/.github/actions/check", GITHUB_OUTPUT=output,
                   GITHUB_WORKSPACE=folder, DIALTONE=DIALTONE, **environment)
        for line in read(output).splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
        log += done.stdout
        if done.returncode:
            return done.returncode, log + done.stderr, values
    return 0, log, values


def try_action(work):
    folder = work + "/action"
    write(folder + "/Caddyfile", GOOD)
    write(folder + "/sites/b", BAD)
    status, log, values = run_action(folder, {})
    check("action: a good file passes", status == 0, log)
    check("action: it says where the report is", values["steps.check.outputs.sarif"] == "dialtone.sarif")
    check("action: and that is there", json.loads(read(folder + "/dialtone.sarif"))["version"] == "2.1.0")
    status, log, _ = run_action(folder, {"files": "Caddyfile\nsites/b\n", "sarif": "out.sarif"})
    check("action: a bad file fails", status == 1, log)
    check("action: with an annotation",
          "::error file=sites/b,line=2,endLine=2,col=2,endColumn=8,title=DT105 unknown-directive::" in log, log)
    results = json.loads(read(folder + "/out.sarif"))["runs"][0]["results"]
    check("action: and a report", [one["ruleId"] for one in results] == ["DT105"])
    status, log, _ = run_action(folder, {"files": "sites/b", "fail-on": "never"})
    check("action: unless nothing is to fail", status == 0, log)
    write(folder + "/messy", MESSY)
    status, log, _ = run_action(folder, {"files": "messy", "arguments": "--rules DT901=error --no-ignore"})
    check("action: options arrive", status == 1 and "::error file=messy" in log, log)


# --- GitLab ---

def try_template(work):
    template = yaml.safe_load(read(ROOT + "/.gitlab/dialtone.yml"))["dialtone"]
    folder = work + "/gitlab"
    write(folder + "/Caddyfile", BAD)
    os.makedirs(folder + "/bin")
    os.symlink(DIALTONE, folder + "/bin/dialtone")
    done = run(["sh", "-e", "-c", "\n".join(template["script"])], folder,
               PATH=folder + "/bin:" + os.environ["PATH"], **template["variables"])
    check("template: a bad file fails", done.returncode == 1 and "DT105" in done.stdout, done.stderr)
    reports = template["artifacts"]["reports"]
    quality = json.loads(read(f"{folder}/{reports['codequality']}"))
    check("template: its report", [one["check_name"] for one in quality] == ["DT105"], quality)
    check("template: its tests", "<failure" in read(f"{folder}/{reports['junit']}"))
    check("template: kept whatever the outcome", template["artifacts"]["when"] == "always")


def try_schemas():
    for schema, path in (("github-actions", ".github/actions/check/action.yml"),
                         ("gitlab-ci", ".gitlab/dialtone.yml")):
        done = run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor." + schema, path], ROOT)
        check(f"{path} by its schema", done.returncode == 0, done.stdout, done.stderr)
    done = run([sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"], ROOT)
    check(".pre-commit-hooks.yaml by its schema", done.returncode == 0, done.stdout)


# --- make install ---

def try_manuals():
    for path in glob.glob(ROOT + "/src/cli/*.[15]"):
        done = run(["groff", "-man", "-ww", "-Tutf8", "-z", path], ROOT)
        check(f"{os.path.basename(path)} is set without a warning", done.returncode == 0 and not done.stderr,
              done.stderr)


def try_install(work):
    done = run(["make", "install", "BUILD=" + os.path.relpath(BUILD, ROOT), f"DESTDIR={work}/root",
                "PREFIX=/usr"], ROOT)
    check("make install", done.returncode == 0, done.stdout[-2000:], done.stderr[-2000:])
    for path in ("bin/dialtone", "share/man/man1/dialtone.1", "share/man/man5/dialtone-plugins.5",
                 "share/man/man5/dialtone-project.5", "share/man/man8/dialtone-proxy.8", "share/dialtone/proxy.service",
                 "share/bash-completion/completions/dialtone", "share/zsh/site-functions/_dialtone",
                 "share/fish/vendor_completions.d/dialtone.fish", "lib/pkgconfig/dialtone.pc"):
        path = f"{work}/root/usr/{path}"
        check(f"installed: {path}", os.path.exists(path) and os.path.getsize(path) > 0)
    run(["make", "uninstall", f"DESTDIR={work}/root", "PREFIX=/usr"], ROOT)
    left = [name for _, _, names in os.walk(work + "/root") for name in names]
    check("make uninstall", not left, left)


def main():
    work = tempfile.mkdtemp()
    try:
        try_schemas()
        try_action(work)
        try_template(work)
        try_install(work)
        try_manuals()
        try_hooks(work)
    finally:
        shutil.rmtree(work)
    print(f"CI kit: {passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
