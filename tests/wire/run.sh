#!/bin/sh
# What goes over the wire, against a real proxy process: run.sh BUILD
set -u
cd "$(dirname "$0")/../.."
exec python3 tests/wire/wire.py "${1:-build}"
