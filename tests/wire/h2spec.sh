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
    GOFLAGS=-mod=mod timeout 300 go install github.com/summerwind/h2spec/cmd/h2spec@latest || skip 'h2spec cannot be fetched'
    h2spec=$GOBIN/h2spec
fi

work=$(mktemp -d)
proxy=
trap '[ -z "$proxy" ] || kill "$proxy"; rm -rf "$work"' EXIT
cat >"$work/Caddyfile" <<'END'
{
	admin off
	auto_https disable_redirects
}
https://localhost:18761 {
	tls internal
	bind 127.0.0.1
	handle /proxied {
		reverse_proxy h2c://127.0.0.1:18762
	}
	respond hello
}
http://:18762 {
	bind 127.0.0.1
	respond hello
}
END
XDG_DATA_HOME=$work "$build/dialtone" run "$work/Caddyfile" >"$work/log" 2>&1 &
proxy=$!
passed=0 failed=0
for path in / /proxied; do
    sleep 1
    timeout 120 "$h2spec" -h localhost -p 18761 -t -k -o 3 --strict --path $path >"$work/out" 2>&1
    counts=$(grep -Eo '[0-9]+ tests, [0-9]+ passed, [0-9]+ skipped, [0-9]+ failed' "$work/out" | tail -n 1)
    [ -n "$counts" ] || { cat "$work/out" "$work/log"; failed=$((failed + 1)); continue; }
    echo "$path: $counts"
    set -- $counts
    passed=$((passed + $3)) failed=$((failed + $7))
    [ "$7" = 0 ] || sed -n '/^Failures/,$p' "$work/out"
done
echo "h2spec: $passed passed, $failed failed"
[ $failed = 0 ]
