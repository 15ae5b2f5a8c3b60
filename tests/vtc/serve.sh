#!/bin/sh
# What cases start: serve.sh PROGRAM [option…] runs the Caddyfile of its standard input, and says
# "serving" once it does. PROGRAM is dialtone or caddy; the options are of dialtone's proxy.
program=$1
shift
quiet='admin off
	auto_https off
	persist_config off'
IFS= read -r first
{
    # a block of global options of the case's own gets the three lines, too
    if [ "$first" = '{' ]; then
        printf '{\n\t%s\n' "$quiet"
    else
        printf '{\n\t%s\n}\n%s\n' "$quiet" "$first"
    fi
    cat
} >Caddyfile
export XDG_DATA_HOME="$PWD" XDG_CONFIG_HOME="$PWD"

# says so when COMMAND succeeds, or nothing when the program has ended before
serving() {
    until "$@" 2>/dev/null; do
        kill -0 $$ 2>/dev/null || exit
        sleep 0.01
    done
    echo serving
}

case $program in
*caddy)
    serving grep -q 'serving initial configuration' p1/stderr &
    exec "$program" run --adapter caddyfile --config Caddyfile
    ;;
esac
serving test -s pid &
exec "$program" run Caddyfile -- --workers 1 --pid-file pid "$@"
