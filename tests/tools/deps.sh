#!/bin/sh
# Installs what a group of make targets needs, through apt, and says so; NO_INSTALL=1 only names it.
#   deps.sh build|run|test|ci
set -u

# what is needed: a check, then the package that brings it
build='
cc:gcc
header:stdio.h:libc6-dev
re2c:re2c
lemon:lemon
pkg-config:pkg-config
header:openssl/ssl.h:libssl-dev
header:nghttp2/nghttp2.h:libnghttp2-dev
header:zlib.h:zlib1g-dev
header:zstd.h:libzstd-dev
header:crypt.h:libcrypt-dev
header:argon2.h:libargon2-dev
c++:g++
file:libre2.so:libre2-dev
header:ares.h:libc-ares-dev
header:jansson.h:libjansson-dev'
run="$build
curl:curl
ip:iproute2
openssl:openssl"
test="$run
patch:patch
python3:python3"
ci="$test
zstd:zstd
clang:clang
file:libclang_rt.fuzzer*:libclang-rt-dev
python-module:venv:python3-venv
python-module:pip:python3-pip
nginx:nginx-light
haproxy:haproxy
h2o:h2o
testssl:testssl.sh
pebble:pebble
varnishtest:varnish
wrk:wrk
h2load:nghttp2-client
nghttpd:nghttp2-server
node:nodejs
valgrind:valgrind
strace:strace
zsh:zsh
fish:fish
xmllint:libxml2-utils
groff:groff-base
chromium:chromium
unshare:util-linux
ip:iproute2
slowhttptest:slowhttptest
file:libfaketimeMT.so*:libfaketime
npm:npm
go:golang-go
file:php*-fpm-reopenlogs:php-fpm
git:git"

has() {
    case $1 in
    header:*) printf '#include <%s>\n' "$(echo "$1" | cut -d: -f2)" | cc -E -x c - >/dev/null 2>&1 ;;
    file:*) find /usr/lib -name "$(echo "$1" | cut -d: -f2)" 2>/dev/null | grep -q . ;;
    python-module:*) python3 -c "import $(echo "$1" | cut -d: -f2)" 2>/dev/null ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "${1%%:*}" >/dev/null 2>&1 ;;
    esac
}

package_of() {
    package=${1##*:}
    # clang's runtime is packaged per version
    if [ "$package" = libclang-rt-dev ]; then
        version=$(clang --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1)
        package=libclang-rt-${version:-14}-dev
    fi
    echo "$package"
}

missing_packages() {
    for need in $1; do
        has "$need" || package_of "$need"
    done | sort -u | tr '\n' ' '
}

case ${1-} in
build) needs=$build ;;
run) needs=$run ;;
test) needs=$test ;;
ci) needs=$ci ;;
*) echo "usage: deps.sh build|run|test|ci" >&2; exit 2 ;;
esac

missing=$(missing_packages "$needs")
[ -n "$missing" ] || exit 0
if [ -n "${NO_INSTALL-}" ]; then
    echo "missing: $missing(not installed: NO_INSTALL is set)" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing: $missing- install them with this system's package manager" >&2
    exit 1
fi
sudo='' retry=$(dirname "$0")/retry.sh
export RETRY_SECONDS=0 # what is killed in the middle of an installation does more harm than what waits
[ "$(id -u)" = 0 ] || sudo=sudo
# Twice: the version of clang's runtime is known only when clang is there.
for round in 1 2; do
    missing=$(missing_packages "$needs")
    [ -n "$missing" ] || exit 0
    echo "installing with apt: $missing"
    [ $round = 2 ] || $retry $sudo apt-get -o Acquire::http::Timeout=60 update -q >/dev/null || exit 1
    # shellcheck disable=SC2086
    $retry $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=240 \
        -o Acquire::http::Timeout=60 install -q -y --no-install-recommends $missing >/dev/null || exit 1
done
missing=$(missing_packages "$needs")
[ -z "$missing" ] || { echo "still missing: $missing" >&2; exit 1; }
