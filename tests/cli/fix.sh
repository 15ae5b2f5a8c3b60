#!/bin/sh
# check --fix, --unsafe-fixes and --diff: what is written, printed and left alone. fix.sh BUILD
set -u
cd "$(dirname "$0")/../.."
. tests/cli/expect.sh
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

same() { # same NAME FILE FILE
    if cmp -s "$work/$2" "$work/$3"; then ok; else bad "$1: $2 and $3 differ:"; diff "$work/$2" "$work/$3"; fi
}
is() { # is NAME GOT WANT
    if [ "$2" = "$3" ]; then ok; else bad "$1: '$2', not '$3'"; fi
}
story() { printf 'a.example {\n\treverse_proxy https://[fe80::1%%eth0]\n}\n'; }
mended() { printf 'a.example {\n\treverse_proxy tcp6/[fe80::1%%eth0]:443 {\n\t\ttransport http {\n\t\t\ttls\n\t\t}\n\t}\n}\n'; }

# safe
mkdir "$work/tree"
story >"$work/story" && mended >"$work/mended" && story >"$work/Caddyfile"
chmod 640 "$work/Caddyfile"
"$dialtone" adapt "$work/story" >"$work/before"
expect 'check names what can be fixed' 1 "$dialtone" check "$work/story"
holds 'check names what can be fixed' err '^dialtone check: 2 warnings; 1 can be fixed with --fix$'
expect '--diff' 1 "$dialtone" check --diff "$work/story"
holds '--diff' out '^+	reverse_proxy tcp6/\[fe80::1%eth0\]:443 {$'
holds '--diff' err '^dialtone check: 1 would be fixed$'
cp "$work/out" "$work/patch"
expect '--fix --diff writes nothing' 1 "$dialtone" check --fix --diff "$work/story"
same '--fix --diff is --diff' out patch
story >"$work/is" && same '--diff writes nothing' story is
expect '--fix' 0 "$dialtone" check --fix --rules DT305=off "$work/Caddyfile"
same '--fix' Caddyfile mended
holds '--fix' err '^dialtone check: 1 fixed, 0 left$'
is '--fix keeps the mode' "$(stat -c %a "$work/Caddyfile")" 640
"$dialtone" adapt "$work/Caddyfile" >"$work/after" && same '--fix keeps the JSON' before after
if command -v patch >/dev/null; then
    cp "$work/story" "$work/patched"
    if patch -s "$work/patched" "$work/patch"; then ok; else bad '--diff is no patch'; fi
    same '--diff is a patch' patched mended
fi
expect '--diff, nothing to fix' 0 "$dialtone" check --diff "$work/Caddyfile"
if [ -s "$work/out" ]; then bad '--diff, nothing to fix'; else ok; fi
inode=$(stat -c %i "$work/Caddyfile")
expect '--fix again' 0 "$dialtone" check --fix --rules DT305=off "$work/Caddyfile"
is '--fix again writes nothing' "$(stat -c %i "$work/Caddyfile")" "$inode"
expect 'what is left decides' 1 "$dialtone" check --fix "$work/Caddyfile"
holds 'what is left decides' err '^dialtone check: 0 fixed, 1 left$'
holds 'what is left is reported' out 'warning\[DT305\]'

# unsafe
printf 'a.example {\n\troot * /srv/www;\n\tfile_server\n}\n' >"$work/semi"
cp "$work/semi" "$work/semi.is"
expect 'unsafe ones are named' 1 "$dialtone" check "$work/semi"
holds 'unsafe ones are named' err '^dialtone check: 1 [a-z]*; 1 can be fixed with --fix --unsafe-fixes$'
expect '--fix leaves unsafe ones' 1 "$dialtone" check --fix "$work/semi"
same '--fix leaves unsafe ones' semi semi.is
holds '--fix leaves unsafe ones' err '^dialtone check: 0 fixed, 1 left (1 can be fixed with --unsafe-fixes)$'
expect '--unsafe-fixes alone' 2 "$dialtone" check --unsafe-fixes "$work/semi"
holds '--unsafe-fixes alone' err 'goes with --fix (writes) or --diff (shows)'
expect '--diff --unsafe-fixes' 1 "$dialtone" check --diff --unsafe-fixes "$work/semi"
holds '--diff --unsafe-fixes' out '^+	root \* /srv/www$'
expect '--fix --unsafe-fixes' 0 "$dialtone" check --fix --unsafe-fixes "$work/semi"
holds '--fix --unsafe-fixes' semi '^	root \* /srv/www$'

# standard input
if story | "$dialtone" check --fix --rules DT305=off - >"$work/out" 2>"$work/err"; then ok; else bad '-'; fi
same '-' out mended
holds '-' err '^dialtone check: 1 fixed, 0 left$'
story | "$dialtone" check --fix - >"$work/out" 2>"$work/err"
is '-, something left' $? 1
same '-, something left' out mended
holds '-, something left: the report is elsewhere' err 'warning\[DT305\]'
if "$dialtone" check --fix - <"$work/mended" >"$work/out" 2>/dev/null; then bad '-, nothing to fix'; fi
same '-, nothing to fix' out mended
expect '- and a report on standard output' 2 "$dialtone" check --fix --format sarif -
story | "$dialtone" check --fix --output "sarif:$work/sarif" - >"$work/out" 2>/dev/null
same '- and a report elsewhere' out mended
holds '- and a report elsewhere' sarif '"ruleId": "DT305"'
if grep -q DT202 "$work/sarif"; then bad 'the report is of what is left'; else ok; fi
expect '--diff and a report' 2 "$dialtone" check --diff --format json "$work/story"

# imports, links, other people's files
story >"$work/tree/site" && printf 'import %s/tree/site\n' "$work" >"$work/tree/Caddyfile"
printf 'b.example {\n\trespond ok\n}\nimport site\n' >"$work/tree/Other"
expect 'imported files' 1 "$dialtone" check --fix "$work/tree/Caddyfile" "$work/tree/Other"
same 'imported files' tree/site mended
holds 'imported files: once' err '^dialtone check: 1 fixed, 1 left$'
story >"$work/tree/site" && ln -s tree/site "$work/link"
expect 'a link' 1 "$dialtone" check --fix "$work/link"
if [ -L "$work/link" ]; then ok; else bad 'a link stays a link'; fi
same 'a link' tree/site mended
story >"$work/tree/site" && chmod 444 "$work/tree/site"
expect 'a file that is read-only' 1 "$dialtone" check --fix "$work/tree/Caddyfile"
story >"$work/is" && same 'a file that is read-only' tree/site is
holds 'a file that is read-only' err 'tree/site:2:16: the correction of DT202 is left out: the file may not be written$'
chmod 644 "$work/tree/site"
printf 'a.example {\r\n\treverse_proxy https://[fe80::1%%eth0]\r\n}' >"$work/windows"
mended | sed 's/$/\r/' | head -c -2 >"$work/is"
expect 'line ends of Windows' 1 "$dialtone" check --fix "$work/windows"
same 'line ends of Windows' windows is

# refused
printf '{\n\thttps_port 8443\n}\nhttps://a.example:443 {\n\trespond ok\n}\n' >"$work/port"
cp "$work/port" "$work/is"
expect 'a correction that would change the JSON' 0 "$dialtone" check --fix --profile strict "$work/port"
same 'a correction that would change the JSON' port is
holds 'a correction that would change the JSON' err 'port:4:1: the correction of DT904 is left out: Caddy would make something else of the file$'

# the file changes while dialtone works: it reads a pipe that waits for us, once to correct and once to
# report
story >"$work/tree/site" && mkfifo "$work/tree/slow"
printf 'import site\nimport slow\n' >"$work/tree/Waits"
timeout 60 "$dialtone" check --fix "$work/tree/Waits" >"$work/out" 2>"$work/err" &
child=$!
printf '# meanwhile\n' >"$work/tree/new"
{ cat "$work/tree/new" >"$work/tree/site"; printf '# slow\n'; } >"$work/tree/slow"
while kill -0 $child 2>/dev/null; do
    timeout 1 sh -c 'echo "# slow" >"$1"' sh "$work/tree/slow"
done
wait $child
is 'a file that has changed' $? 3
same 'a file that has changed' tree/site tree/new
holds 'a file that has changed' err 'tree/site has changed since it was read: it is left as it is$'
if ls "$work/tree/" | grep -q tmp; then bad 'nothing is left behind'; else ok; fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
