#!/bin/sh
# Caddy and dialtone side by side, by HTTP/1.1 and by HTTP/2: run.sh BUILD [NAME...]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
export BUILD="$build"
[ $# -gt 0 ] && shift
caddy=$(tests/tools/caddy.sh)
if [ $# -gt 0 ]; then
    exec python3 tests/twin/twin.py "$build" "$caddy" "$@"
fi
status=0 passed=0 failed=0
# part COMMAND…: its output, and the counts of its last line added
part() {
    out=$("$@") || status=1
    echo "$out"
    counts=$(echo "$out" | tail -n 1)
    failed=$((failed + $(echo "$counts" | sed 's/.*passed, //; s/ failed.*//')))
    passed=$((passed + $(echo "$counts" | sed 's/ passed.*//; s/.* //')))
}
part python3 tests/twin/twin.py "$build" "$caddy"
part python3 tests/twin/twin.py "$build" "$caddy" --h2
part python3 tests/twin/mixed.py "$build" "$caddy" --cases "${MIXED_CASES:-300}" --seconds 150
part python3 tests/twin/coverage.py "$build"
echo "twin and what it covers: $passed passed, $failed failed"
exit $status
