#!/bin/sh
# The README's two commands, as printed, in a fresh clone.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# whoever owns the folder
printf '[safe]\n\tdirectory = *\n' >"$work/gitconfig"
GIT_CONFIG_GLOBAL=$work/gitconfig git clone -q . "$work/dialtone"
cd "$work/dialtone"
export MAKEFLAGS=-j2
failed() {
    head -n -60 "$work/log" | grep -a -A 3 FAILED || :
    tail -n 60 "$work/log"
    echo "fresh clone: $1 passed, 1 failed"
    exit 1
}
make run >"$work/log" 2>&1 || failed 0
tail -n 3 "$work/log"
make test >"$work/log" 2>&1 || failed 1
tail -n 1 "$work/log"
echo 'fresh clone: 2 passed, 0 failed'
