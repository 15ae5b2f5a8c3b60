#!/bin/sh
# What goes over the wire, against a real proxy process: run.sh BUILD
set -u
cd "$(dirname "$0")/../.."
status=0
for suite in wire tls_wire h2_wire h2_upstream pace files tunnels fastcgi_wire logs_wire; do
    python3 "tests/wire/$suite.py" "${1:-build}" || status=1
done
python3 tests/smuggle/smuggle.py "${1:-build}" || status=1
exit $status
