#!/bin/sh
# Runs an outside set of adapt tests, by its own runner, and fails below the floor or where any JSON
# differs: conformance.sh BUILD RUNNER
set -u
build=$1 runner=$2 floor=${CONFORMANCE_FLOOR:-239}
plugins=$(dirname "$0")/test-plugins.caddyfile
out=$(python3 "$runner" "$build/dialtone" --plugins "$plugins")
counts=$(echo "$out" | tail -n 1)
echo "$out" | grep '^failed' | head -n 120
passed=${counts%% passed*}
echo "conformance: $counts (floor: $floor)"
if [ "$passed" -ge "$floor" ]; then echo '1 passed, 0 failed'; else echo '0 passed, 1 failed'; exit 1; fi
