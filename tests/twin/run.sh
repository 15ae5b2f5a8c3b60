#!/bin/sh
# Caddy and dialtone side by side: run.sh BUILD [NAME...]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
export BUILD="$build"
[ $# -gt 0 ] && shift
caddy=$(tests/tools/caddy.sh)
python3 tests/twin/twin.py "$build" "$caddy" "$@" || exit 1
[ $# -gt 0 ] || python3 tests/twin/coverage.py "$build"
