#!/bin/sh
# PHP behind Caddy and behind dialtone, with a php-fpm of its own: run.sh BUILD
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
export BUILD="$build"
caddy=$(tests/tools/caddy.sh) || caddy=
exec python3 tests/php/php.py "$build" ${caddy:+"$caddy"}
