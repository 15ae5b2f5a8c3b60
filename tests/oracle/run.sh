#!/bin/sh
# Every comparison with a real Caddy: the corpus, then files made on the way.
#   run.sh BUILD FILES SEED
set -u
cd "$(dirname "$0")/../.." || exit 1
caddy=$(BUILD=$1 tests/tools/caddy.sh) || exit 1
status=0 passed=0 failed=0
part() { # part COMMAND…: its output, and the counts of its last line added
    out=$("$@") || status=1
    echo "$out"
    counts=$(echo "$out" | grep -Eo '[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    [ -n "$counts" ] || { status=1; return; }
    passed=$((passed + ${counts%% passed*})) failed=$((failed + $(echo "$counts" | sed 's/.*, //; s/ failed//')))
}
part tests/oracle/corpus.py "$1" "$caddy"
part tests/oracle/rules.py "$1/dialtone" "$caddy"
part tests/oracle/fixes.py "$1/dialtone" "$caddy"
part tests/inventory/promises.py "$1" "$caddy"
part tests/oracle/generate.py "$1" "$caddy" --files "$2" --seed "$3"
part tests/oracle/fmt.py "$1" "$caddy" --seed "$3"
part tests/oracle/expressions.py "$1" "$caddy" accept "$2" "$3"
part tests/oracle/expressions.py "$1" "$caddy" evaluate 2000 "$3"
part tests/oracle/plain_json.py "$1/dialtone" "$caddy" --seed "$3" --minutes 2
echo "$passed passed, $failed failed"
exit $status
