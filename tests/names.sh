#!/bin/sh
# No global name of ours is one of a library's that is linked in beside it: names.sh BUILD. The linker
# refuses two definitions from archives, and silently lets ours serve a shared library's own calls.
set -u
build=${1:-build} passed=0 failed=0 skipped=0
ours=$(mktemp) theirs=$(mktemp)
trap 'rm -f "$ours" "$theirs"' EXIT
export LC_ALL=C
nm -g --defined-only "$build/libdialtone.a" 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u >"$ours"
[ -s "$ours" ] || { echo "no names in $build/libdialtone.a"; echo "0 passed, 1 failed"; exit 1; }
for library in ssl crypto nghttp2 z zstd crypt re2 argon2 cares jansson; do
    archive=$(cc -print-file-name="lib$library.a")
    if [ ! -f "$archive" ]; then
        echo "skipped: there is no archive of lib$library"
        skipped=$((skipped + 1))
        continue
    fi
    nm -g --defined-only "$archive" 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u >"$theirs"
    if both=$(comm -12 "$ours" "$theirs") && [ -s "$theirs" ] && [ -z "$both" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: lib$library defines, too: $both"
    fi
done
# with all archives there, the program needs none of their shared forms: to load them takes longer
# than to compile a Caddyfile
if [ $skipped = 0 ] && [ "${STATIC_OPENSSL:-yes}" = yes ]; then
    if loads=$(readelf -d "$build/dialtone" | grep -E 'lib(ssl|crypto|re2|jansson|cares)'); then
        failed=$((failed + 1))
        echo "FAILED: $build/dialtone loads $loads"
    else
        passed=$((passed + 1))
    fi
fi
echo "names: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
