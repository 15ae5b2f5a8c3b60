# What the tests of the command line share: to be sourced, with the build folder as $1.
dialtone=$(cd "${1:-build}" && pwd)/dialtone
work=$(cd "$(mktemp -d)" && pwd -P)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }
# expect NAME STATUS COMMAND…: runs it, output in $work/out and $work/err
expect() {
    name=$1 want=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ $got = "$want" ]; then ok; else bad "$name: exit status $got, not $want"; cat "$work/err"; fi
}
holds() { # holds NAME FILE PATTERN
    if grep -q -- "$3" "$work/$2"; then ok; else bad "$1: no '$3' in $2:"; cat "$work/$2"; fi
}
empty() { # empty NAME FILE
    if [ -s "$work/$2" ]; then bad "$1: $2 is not empty:"; cat "$work/$2"; else ok; fi
}

