#!/bin/sh
# What goes over the wire, against a real proxy process: run.sh BUILD
set -u
cd "$(dirname "$0")/../.."
build=${1:-build} status=0 passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for suite in wire/wire wire/tls_wire wire/h2_wire wire/h2_upstream wire/pace wire/files wire/passed wire/environment wire/tunnels \
    wire/limits wire/fastcgi_wire wire/logs_wire smuggle/smuggle smuggle/smuggle_h2; do
    timeout --kill-after=5 240 python3 "tests/$suite.py" "$build" >"$log" 2>&1 || status=1
    cat "$log"
    counts=$(grep -Eo '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    [ -n "$counts" ] || { echo "FAILED: $suite did not come to its end"; counts='0 passed, 1 failed'; }
    passed=$((passed + ${counts%% passed*}))
    counts=${counts#*passed, }
    failed=$((failed + ${counts%% failed*}))
done
echo "over the wire: $passed passed, $failed failed"
exit $status
