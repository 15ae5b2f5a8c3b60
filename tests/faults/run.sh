#!/bin/sh
# Operation and faults of a running proxy: run.sh BUILD [SECONDS of the soak]
set -u
cd "$(dirname "$0")/../.."
build=${1:-build} status=0
for suite in operation faults; do
    python3 "tests/faults/$suite.py" "$build" || status=1
done
python3 tests/faults/soak.py "$build" --seconds "${2:-60}" || status=1
exit $status
