#!/bin/sh
# No global name of ours is one of a library's that is linked in beside it: names.sh BUILD. The linker
# refuses two definitions from archives, and silently lets ours serve a shared library's own calls.
set -u
build=${1:-build} passed=0 failed=0 archives=
ours=$(mktemp) theirs=$(mktemp)
trap 'rm -f "$ours" "$theirs"' EXIT
export LC_ALL=C
nm -g --defined-only "$build/libdialtone.a" 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u >"$ours"
[ -s "$ours" ] || { echo "no names in $build/libdialtone.a"; echo "0 passed, 1 failed"; exit 1; }
for library in ssl crypto nghttp2 z zstd crypt re2 argon2 cares jansson; do
    file=$(cc -print-file-name="lib$library.a") table=-g
    if [ -f "$file" ]; then
        [ $library = crypt ] || archives="$archives|$library" # sanitizers want the shared one
    else
        file=$(cc -print-file-name="lib$library.so") table=-D
    fi
    nm $table --defined-only "$file" 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u >"$theirs"
    if both=$(comm -12 "$ours" "$theirs") && [ -s "$theirs" ] && [ -z "$both" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: lib$library defines, too: $both"
    fi
done
# where there is an archive the program does not need the shared form: to load it takes longer than to
# compile a Caddyfile
if [ "${STATIC_OPENSSL:-yes}" = yes ]; then
    if loads=$(readelf -d "$build/dialtone" | grep -E "\[lib(${archives#|})\.so"); then
        failed=$((failed + 1))
        echo "FAILED: $build/dialtone loads $loads"
    else
        passed=$((passed + 1))
    fi
fi
echo "names: $passed passed, $failed failed"
[ $failed = 0 ]
