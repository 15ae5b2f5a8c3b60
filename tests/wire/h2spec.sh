#!/bin/sh
# The conformance suite h2spec against HTTP/2 over TLS, before handlers and before an upstream:
#   h2spec.sh BUILD
set -u
cd "$(dirname "$0")/../.."
build=$(cd "${1:-build}" && pwd)
skip() {
    echo "skipped: $1"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}
export GOBIN="$build/tools"
h2spec=$(PATH=$PATH:$GOBIN command -v h2spec)
if [ -z "$h2spec" ]; then
    command -v go >/dev/null 2>&1 || skip 'neither h2spec nor go here'
    GOFLAGS=-mod=mod tests/tools/retry.sh go install github.com/summerwind/h2spec/cmd/h2spec@latest || skip 'h2spec cannot be fetched'
    h2spec=$GOBIN/h2spec
fi

work=$(mktemp -d)
proxy=
# shellcheck disable=SC2046
set -- $(python3 tests/tools/ports.py 2)
port=$1 behind=$2
trap '[ -z "$proxy" ] || kill "$proxy"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cat >"$work/Caddyfile" <<END
{
	admin off
	auto_https disable_redirects
}
https://localhost:$port {
	tls internal
	bind 127.0.0.1
	handle /proxied {
		reverse_proxy h2c://127.0.0.1:$behind
	}
	respond hello
}
http://:$behind {
	bind 127.0.0.1
	respond hello
}
END
XDG_DATA_HOME=$work "$build/dialtone" run "$work/Caddyfile" >"$work/log" 2>&1 &
proxy=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl -sk -o /dev/null "https://localhost:$port/" && break
    sleep 0.5
done
passed=0 failed=0
for path in / /proxied; do
    timeout 120 "$h2spec" -h localhost -p "$port" -t -k -o 5 --strict --path $path >"$work/out" 2>&1
    counts=$(grep -Eo '[0-9]+ tests, [0-9]+ passed, [0-9]+ skipped, [0-9]+ failed' "$work/out" | tail -n 1)
    [ -n "$counts" ] || { cat "$work/out" "$work/log"; failed=$((failed + 1)); continue; }
    echo "$path: $counts"
    set -- $counts
    passed=$((passed + $3)) failed=$((failed + $7))
    [ "$7" = 0 ] || sed -n '/^Failures/,$p' "$work/out"
done
echo "h2spec: $passed passed, $failed failed"
[ $failed = 0 ]
