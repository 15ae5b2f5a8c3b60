#!/bin/sh
# What `make run` shows: the router story from Caddyfile to answer. Ends by itself, exit status 0
# when every step did what it should. Uses a private network namespace where the system allows one,
# so that the router's link-local address is real; else an address of the loopback with a zone.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac

if [ "${1-}" != inside ]; then
    if unshare -n true 2>/dev/null; then
        exec unshare -n "$0" inside namespace
    elif unshare -rn true 2>/dev/null; then
        exec unshare -rn "$0" inside namespace
    fi
    exec "$0" inside loopback
fi

work=$(mktemp -d)
export XDG_DATA_HOME=$work/data # nothing is left where the user keeps things
router_pid='' proxy_pid=''
finish() {
    [ -z "$proxy_pid" ] || kill "$proxy_pid" 2>/dev/null || :
    [ -z "$router_pid" ] || kill "$router_pid" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || step() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; }

dialtone=$BUILD/dialtone
seed=corpus/seed

step 'Three spellings of one upstream: the router answers at a link-local IPv6 address'
for story in bare zone-in-url works; do
    show "dialtone check $seed/story-$story.caddyfile"
    "$dialtone" check "$seed/story-$story.caddyfile" || :
done

address='fe80::ea9f:80ff:fe46:cbfd' zone=eth0
# the kernel may lack one kind of interface or the other
add_eth0() {
    ip link add eth0 type dummy 2>/dev/null || {
        ip link add eth0 type veth peer name router0 && ip link set router0 up
    }
}
if [ "$2" = namespace ] && ip link set lo up && add_eth0 && ip link set eth0 up &&
    ip -6 addr add "$address/64" dev eth0 nodad; then
    :
else
    echo '(no network namespace to be had: the demo uses the loopback, [::1%lo])'
    address='::1' zone=lo
fi

step "The router: a TLS server of the demo's own at [$address%$zone]:8444"
cat >"$work/router.caddyfile" <<EOF
{
	auto_https disable_redirects
	local_certs
}
https://[$address]:8444 {
	bind [$address%$zone]
	tls internal
	header X-Frame-Options DENY
	respond "the router says hello"
}
EOF
cat "$work/router.caddyfile"
"$dialtone" run "$work/router.caddyfile" >"$work/router.log" 2>&1 &
router_pid=$!

step 'The Caddyfile that frames it'
sed -e "s/\[fe80::ea9f:80ff:fe46:cbfd%eth0\]:443/[$address%$zone]:8444/" \
    -e "s/\[fe80::ea9f:80ff:fe46:cbfd%eth0\]/[$address%$zone]:8444/" \
    "$seed/router.caddyfile" >"$work/proxy.caddyfile"
cat "$work/proxy.caddyfile"

step 'Caddy JSON, the zoned address normalized'
show 'dialtone adapt --pretty proxy.caddyfile'
"$dialtone" adapt --pretty "$work/proxy.caddyfile"

step 'Native tables as C'
show 'dialtone emit c proxy.caddyfile'
"$dialtone" emit c "$work/proxy.caddyfile" >"$work/proxy.c"
grep -v '^$' "$work/proxy.c" | head -n 25
echo "… ($(wc -l <"$work/proxy.c") lines)"

step 'One executable with the configuration inside'
show 'dialtone build proxy.caddyfile -o proxy && ./proxy --version && ./proxy --check'
"$dialtone" build "$work/proxy.caddyfile" -o "$work/proxy"
"$work/proxy" --version
"$work/proxy" --check
"$work/proxy" >"$work/proxy.log" 2>&1 &
proxy_pid=$!

step 'A request through it: the router answers, without X-Frame-Options'
show 'curl -k -i https://localhost:8443/'
url=$(sed -n 's/^# request: //p' "$seed/router.caddyfile")
answered=no
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
    if curl -sk -i --max-time 5 "$url" >"$work/answer" 2>"$work/curl.log" &&
        grep -q 'the router says hello' "$work/answer"; then
        answered=yes
        break
    fi
    sleep 0.25
done
cat "$work/answer" 2>/dev/null || :
if [ "$answered" != yes ] || grep -qi x-frame-options "$work/answer"; then
    echo 'the demo failed; logs of router and proxy:' >&2
    cat "$work/curl.log" "$work/router.log" "$work/proxy.log" >&2
    exit 1
fi
step 'Done: the line works'
