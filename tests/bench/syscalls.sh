#!/bin/sh
# A warm proxied keep-alive request costs four system calls: counted by strace over many requests.
set -u
cd "$(dirname "$0")/../.."
build=$(cd "${1:-build}" && pwd)
for tool in strace wrk; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "skipped: no $tool here"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
done
python3 tests/bench/syscalls.py "$build"
