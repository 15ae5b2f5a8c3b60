#!/bin/sh
# The README's two commands, as printed, in a fresh clone.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q . "$work/dialtone"
cd "$work/dialtone"
make run >"$work/log" 2>&1 || { tail -n 60 "$work/log"; echo 'fresh clone: 0 passed, 1 failed'; exit 1; }
tail -n 3 "$work/log"
make test >"$work/log" 2>&1 || { tail -n 60 "$work/log"; echo 'fresh clone: 1 passed, 1 failed'; exit 1; }
tail -n 1 "$work/log"
echo 'fresh clone: 2 passed, 0 failed'
