#!/bin/sh
# The story itself, in two network namespaces joined by a veth pair: a router (nginx with a
# self-signed certificate, X-Frame-Options: DENY) on the link-local address of the far side; the
# proxy built from the Caddyfile of the story on the near side; curl and a browser before it. The
# interface goes away and comes back. Needs root (or user namespaces), iproute2, nginx, curl,
# openssl; chromium for the browser part.
#   run.sh BUILD
set -u
cd "$(dirname "$0")/../.."
BUILD=$(cd "${1:-build}" && pwd)

if [ "${2-}" != inside ]; then
    # a mount namespace of our own too: `ip netns` then leaves nothing behind
    unshare -mn true 2>/dev/null && exec unshare -mn "$0" "$BUILD" inside
    unshare -rmn true 2>/dev/null && exec unshare -rmn "$0" "$BUILD" inside
    echo 'skipped: no right to make network namespaces'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi

dialtone=$BUILD/dialtone
router_address='fe80::ea9f:80ff:fe46:cbfd'
work=$(mktemp -d)
export XDG_DATA_HOME=$work/data
passed=0 failed=0 skipped=0
nginx_pid='' proxy_pid='' far_pid=''

finish() {
    trap - EXIT INT TERM
    for pid in $proxy_pid $nginx_pid $far_pid; do kill "$pid" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

ok() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "FAILED: $1"; [ -z "${2-}" ] || sed 's/^/    /' "$2"; }
check() { # check NAME COMMAND…: passes when the command does
    name=$1
    shift
    if "$@" >"$work/out" 2>&1; then ok "$name"; else bad "$name" "$work/out"; fi
}
die() { echo "story: $*" >&2; exit 1; }

# ---- the two hosts: this namespace is the near side ("eth0" to the proxy), a child holds the far one
ip link set lo up || die 'no right to make network namespaces'
unshare -n sleep 1000 &
far_pid=$!
far() { nsenter -t "$far_pid" -n "$@"; }
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    [ "$(readlink /proc/$far_pid/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break
    sleep 0.1
done
make_link() {
    ip link add eth0 type veth peer name far0 &&
        ip link set far0 netns "$far_pid" &&
        ip link set eth0 addrgenmode none 2>/dev/null
    ip link set eth0 up && ip -6 addr add fe80::1/64 dev eth0 nodad &&
        far ip link set far0 up && far ip -6 addr add "$router_address/64" dev far0 nodad
}
make_link || die 'no veth pair'
far ip link set lo up

# ---- the router
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=router \
    -addext "subjectAltName=IP:$router_address" -keyout "$work/router.key" -out "$work/router.crt" \
    2>/dev/null || die 'no certificate'
mkdir "$work/www"
echo '<!doctype html><title>router</title><h1 id=r>the router page</h1>' >"$work/www/index.html"
chmod -R a+rX "$work"
cat >"$work/nginx.conf" <<EOF
user root; daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.err;
events { }
http {
  access_log $work/nginx.access combined;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
  uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  log_format seen '\$http_host|\$ssl_server_name|\$http_x_forwarded_for';
  access_log $work/seen seen;
  server {
    listen [::]:443 ssl; listen [::]:8443 ssl;
    ssl_certificate $work/router.crt; ssl_certificate_key $work/router.key;
    add_header X-Frame-Options DENY always;
    root $work/www;
  }
  server { listen [::]:80; add_header X-Frame-Options DENY always; root $work/www; }
}
EOF
# not by the function: $! would be a shell around it
nsenter -t "$far_pid" -n nginx -e "$work/nginx.err" -c "$work/nginx.conf" &
nginx_pid=$!

# ---- the proxy
url=$(sed -n 's/^# request: //p' corpus/seed/router.caddyfile)
check 'check accepts the Caddyfile of the story' "$dialtone" check --fail-on error corpus/seed/router.caddyfile
check 'build makes one executable of it' "$dialtone" build corpus/seed/router.caddyfile -o "$work/proxy"
start_proxy() { # start_proxy PROGRAM…
    "$@" >>"$work/proxy.log" 2>&1 &
    proxy_pid=$!
}
stop_proxy() {
    [ -n "$proxy_pid" ] || return 0
    kill "$proxy_pid" 2>/dev/null
    wait "$proxy_pid" 2>/dev/null
    proxy_pid=''
}
http=1.1 # the version in front of the proxy
answers() { # answers URL: the router's page comes, in that version, retried for a while
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        curl -skg -i --max-time 4 "--http$http" "$1" >"$work/answer" 2>&1 &&
            grep -q "^HTTP/$http 200" "$work/answer" && grep -q 'the router page' "$work/answer" && return 0
        sleep 0.2
    done
    cat "$work/answer" "$work/proxy.log"
    return 1
}
refuses() { # refuses URL: every worker answers 502 at once, also those that kept a connection
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
        status=$(curl -skg "--http$http" -o /dev/null -w '%{http_code}' --max-time 20 "$1")
        [ "$status" = 502 ] || { echo "status $status"; return 1; }
    done
}
answers_often() { # answers_often URL: every worker gets a connection to the router
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do answers "$1" || return 1; done
}
no_frame_options() { ! grep -qi '^x-frame-options' "$work/answer"; }

check '--check accepts files, ports and zones' "$work/proxy" --check
start_proxy "$work/proxy"
for http in 1.1 2; do
    check "HTTP/$http: curl gets the router page through the link-local zone" answers "$url"
    check "HTTP/$http: X-Frame-Options is gone" no_frame_options
    check "HTTP/$http: every worker reaches the router" answers_often "$url"
done
check 'the router itself still denies framing' sh -c "curl -skg -i --max-time 20 --interface eth0 \
    'https://[$router_address%25eth0]/' | grep -qi '^x-frame-options: deny'"
check 'the Host header and SNI carry no zone' sh -c "! grep -q '%' '$work/seen'"

# ---- the interface goes away and comes back, with another index
ip link del eth0
for http in 1.1 2; do
    check "HTTP/$http: without the interface: 502" refuses "$url"
done
make_link || die 'no second veth pair'
for http in 2 1.1; do
    check "HTTP/$http: the interface is back: the router answers again" answers "$url"
done

# ---- the page in a frame
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
if [ -n "$browser" ]; then
    cat >"$work/frame.html" <<EOF
<!doctype html><title>frame</title><p>outer page</p><iframe src="$url" width=400 height=200></iframe>
EOF
    framed() { # framed URL-OF-FRAME [PROTOCOL]: the browser renders it inside of the frame
        sed "s|src=\"[^\"]*\"|src=\"$1\"|" "$work/frame.html" >"$work/page.html"
        python3 tests/story/framed.py "$browser" "$work" "file://$work/page.html" "the router page${2+ ($2)}"
    }
    check 'a browser shows the router page in a frame, by HTTP/2' framed "$url" h2
    # the same router without the proxy's help: a plain relay that keeps the header
    cat >"$work/keeps.caddyfile" <<EOF
{
	auto_https off
}
http://127.0.0.1:8499 {
	reverse_proxy tcp6/[$router_address%eth0]:443 {
		transport http {
			tls
			tls_insecure_skip_verify
		}
	}
}
EOF
    stop_proxy
    start_proxy "$dialtone" run "$work/keeps.caddyfile"
    check 'with the header kept, the proxy answers too' answers http://127.0.0.1:8499/
    not_framed() { ! framed http://127.0.0.1:8499/; }
    check 'with the header kept, the browser refuses the frame' not_framed
    stop_proxy
elif [ -n "${CI-}" ]; then
    bad 'a browser shows the router page in a frame (no chromium)'
else
    skipped=$((skipped + 1))
    echo 'skipped: the browser part (no chromium here)'
fi
stop_proxy

# ---- every row of the zone table that dials
row() { # row SPELLING [OPTIONS IN THE TRANSPORT BLOCK]
    transport=
    [ -z "${2-}" ] || transport=" {
		transport http {
			$2
		}
	}"
    cat >"$work/row.caddyfile" <<EOF
{
	auto_https off
}
http://127.0.0.1:8498 {
	reverse_proxy $1$transport
}
EOF
    start_proxy "$dialtone" run "$work/row.caddyfile"
    check "dials: reverse_proxy $1" answers http://127.0.0.1:8498/
    stop_proxy
}
export IFACE=eth0
index=$(ip -o link show eth0 | cut -d: -f1)
row "https://[$router_address%eth0]" tls_insecure_skip_verify
row "https://[$router_address%25eth0]:8443" tls_insecure_skip_verify
row "https://[$router_address%eth0]" "tls_trust_pool file $work/router.crt"
row "http://[$router_address%eth0]"
row "[$router_address%eth0]"
row "[$router_address%eth0]:80"
row "tcp6/[$router_address%eth0]:80"
row "tcp/[$router_address%$index]:80"
row "[$router_address%{\$IFACE}]"
row "[$router_address%{env.IFACE}]:80"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
