#!/bin/sh
# Every quick test, then the count: unit tests, corpus, layers, command line, wire.
set -u
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 # whatever the locale is, and whoever owns the folder

# suite NAME COMMAND…: adds up the "N passed, N failed[, N skipped]" of the last line it prints
suite() {
    name=$1
    shift
    timeout --kill-after=10 900 "$@" >"$log" 2>&1
    status=$?
    cat "$log"
    counts=$(grep -Eo '[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?' "$log" | tail -n 1)
    p=${counts%% passed*} f=${counts#*passed, } s=0
    f=${f%% failed*}
    case $counts in *skipped) s=${counts##*failed, } s=${s%% skipped} ;; esac
    if [ -z "$counts" ]; then
        p=$((status == 0)) f=$((status != 0))
    elif [ $status != 0 ] && [ "$f" = 0 ]; then
        f=1
    fi
    [ "$f" = 0 ] || echo "FAILED: $name (status $status)"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

for test in tests/unit/*_test.c; do # not what another version has left in the folder
    test=$BUILD/unit/$(basename "$test" .c)
    suite "$test" "$test"
done
suite corpus "$BUILD/corpus_test" corpus/adapt corpus/errors corpus/fmt corpus/json corpus/lint corpus/native corpus/plugins corpus/project
suite emitted tests/emit/run.sh "$BUILD"
suite inventory tests/inventory/inventory.py "$BUILD"
suite 'promises of the schema' tests/inventory/promises.py "$BUILD"
suite property "$BUILD/property/route_analysis" 50000
suite 'corrections of mutated files' "$BUILD/fix/fixes" 2000 1
suite layers tests/layers.sh
suite names tests/names.sh "$BUILD"
suite cli tests/cli/run.sh "$BUILD"
suite docs tests/cli/docs.py "$BUILD"
suite 'corrections on the command line' tests/cli/fix.sh "$BUILD"
suite settings tests/cli/settings.sh "$BUILD"
suite wire tests/wire/run.sh "$BUILD"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
