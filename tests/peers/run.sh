#!/bin/sh
# Real servers and clients around dialtone, one suite for each kind: run.sh BUILD [NAME...]
# Everything is on loopback, on free ports; each suite is bounded in time.
set -u
cd "$(dirname "$0")/../.."
build=${1:-build}
[ $# -gt 0 ] && shift
python=$(BUILD=$build tests/tools/python.sh) || exit 1
status=0 passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for name in ${*:-websocket ws_ends proxy_protocol rpc h2_upstreams unix_sockets forward_auth streaming pages}; do
    timeout --kill-after=5 1200 "$python" "tests/peers/$name.py" "$build" >"$log" 2>&1 || status=1
    cat "$log"
    counts=$(grep -Eo '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    [ -n "$counts" ] || { echo "FAILED: $name did not come to its end"; counts='0 passed, 1 failed'; }
    passed=$((passed + ${counts%% passed*}))
    counts=${counts#*passed, }
    failed=$((failed + ${counts%% failed*}))
done
echo "peers: $passed passed, $failed failed"
exit $status
