#!/bin/sh
# ci_kit.py in an environment with what it needs from PyPI: ci_kit.sh BUILD
set -u
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv" &&
    tests/tools/retry.sh "$work/venv/bin/pip" install -q pre-commit==4.7.0 check-jsonschema==0.33.3 pyyaml==6.0.4 || {
    echo 'CI kit: 0 passed, 1 failed (pip could not install pre-commit)'
    exit 1
}
"$work/venv/bin/python" tests/cli/ci_kit.py "${1:-build}"
