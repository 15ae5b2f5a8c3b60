#!/bin/sh
# Runs a command that asks the network, again where it fails or hangs: retry.sh COMMAND…
# Three times at most, with RETRY_SECONDS for each (0: no limit); the exit status is the last one's.
for pause in 5 20 0; do
    timeout --kill-after=5 "${RETRY_SECONDS:-300}" "$@" && exit 0
    status=$?
    [ $pause != 0 ] || break
    echo "status $status, again in $pause s: $*" >&2
    sleep $pause
done
exit $status
