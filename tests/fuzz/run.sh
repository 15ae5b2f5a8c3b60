#!/bin/sh
# Runs every built fuzz target for a while from its committed seeds: run.sh BUILD SECONDS
set -u
cd "$(dirname "$0")/../.."
build=$1 seconds=$2
passed=0 failed=0
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    target=${name#fuzz_}
    work=$(mktemp -d)
    [ -d "corpus/fuzz/$target" ] || { echo "FAILED: no seeds in corpus/fuzz/$target"; failed=$((failed + 1)); continue; }
    if timeout $((seconds + 60)) "$build/$name" -max_total_time="$seconds" -seed=1 -timeout=10 -rss_limit_mb=1024 \
        -max_len=65536 -artifact_prefix="$work/" -print_final_stats=1 "$work" "corpus/fuzz/$target" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs in $seconds s"
    else
        failed=$((failed + 1))
        echo "FAILED: fuzz $target"
        tail -n 40 "$work/log"
        for crash in "$work"/crash-* "$work"/timeout-* "$work"/oom-* "$work"/leak-*; do
            [ -f "$crash" ] && { echo "input (base64):"; base64 "$crash" | head -n 40; }
        done
    fi
    rm -rf "$work"
done
echo "fuzz: $passed passed, $failed failed"
[ $failed = 0 ]
