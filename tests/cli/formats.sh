#!/bin/sh
# The reports of `dialtone check` against what their readers expect: formats.sh BUILD
# The official schema of SARIF is in a package of the npm registry.
set -u
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=@microsoft/jest-sarif@1.0.0-beta.0
schema=$work/package/lib/schemas/sarif-2.1.0-rtm.5.json
retry=$PWD/tests/tools/retry.sh
python3 -m venv "$work/venv" && "$retry" "$work/venv/bin/pip" install -q jsonschema==4.26.0 &&
    (cd "$work" && "$retry" npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz) || {
    echo 'formats: 0 passed, 1 failed (no schema: npm and pip are needed)'
    exit 1
}
"$work/venv/bin/python" tests/cli/formats.py "${1:-build}" "$schema"
