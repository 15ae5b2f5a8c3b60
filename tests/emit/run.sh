#!/bin/sh
# Tables in memory and tables that a C compiler made of the emitted source give the same dump, for
# every case of the corpus and of tests/twin that the proxy core can run: run.sh BUILD
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}

# shellcheck disable=SC2046
"$build/emit_cases" "$work" $(find corpus/adapt corpus/json corpus/native corpus/lint tests/twin/cases \
    -maxdepth 1 -type f | sort)
(cd "$work" && find . -name '[0-9]*.c' | xargs -n 8 -P "$(nproc)" \
    $cc -std=c11 -O0 -Wall -Wextra -Werror -I"$OLDPWD/include" -c)
$cc -std=gnu11 -D_GNU_SOURCE -O0 -Isrc -Iinclude -c -o "$work/all.o" "$work/all.c"
$cc -std=gnu11 -D_GNU_SOURCE -O0 -Wall -Isrc -Iinclude ${LDFLAGS-} -o "$work/dump" tests/emit/dump_emitted.c \
    "$work"/*.o "$build/libdialtone.a" -lm
"$work/dump" "$work"

passed=0 failed=0
for want in "$work"/*.want; do
    if cmp -s "$want" "${want%.want}.got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        head -n 3 "${want%.want}.c" | tail -n 1
        diff "$want" "${want%.want}.got" | head -n 10 || :
    fi
done
echo "emit: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 150 ]
