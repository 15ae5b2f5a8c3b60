#!/bin/sh
# Settings, where they come from, folders, policies, limits. settings.sh BUILD
set -u
cd "$(dirname "$0")/../.."
. tests/cli/expect.sh

# A project: a main file that imports others, one that stands alone, one that is only a part.
project=$work/project
mkdir -p "$project/sites" "$project/drafts" "$project/.git" "$project/node_modules/x" "$project/.hidden" "$project/snippets"
printf 'import sites/*.caddyfile\nimport shared.caddyfile\nexample.com {\n\timport compress\n\trespond "hello {$GREETING}"\n}\n' >"$project/Caddyfile"
printf 'a.example.com {\n\trespnd x\n}\n' >"$project/sites/a.caddyfile"
printf '(compress) {\n\tencode gzip\n}\n' >"$project/shared.caddyfile"
printf 'encode gzip\nheader X-Part 1\n' >"$project/part.caddyfile"
printf '(nobody) {\n\tencode gzip\n}\n' >"$project/snippets/all.caddyfile"
printf 'b.example.com {\n\trespnd x\n}\n' >"$project/Caddyfile.other"
printf 'c.example.com {\n\trespnd x\n}\n' >"$project/drafts/c.Caddyfile"
for hidden in .git node_modules/x .hidden; do printf 'nonsense {\n' >"$project/$hidden/Caddyfile"; done
ln -s .. "$project/sites/loop"
ln -s Caddyfile "$project/Caddyfile.link"
cd "$project" || exit 1

# --- files, folders, patterns ---
expect 'check of a folder' 1 "$dialtone" check --compact .
cp "$work/out" "$work/whole"
holds 'check of a folder: main file' out '^Caddyfile:5:17: info.DT110'
holds 'check of a folder: imported file' out 'sites/a.caddyfile:2:2: error.DT105'
holds 'check of a folder: another' out '^Caddyfile.other:2:2: error.DT105'
holds 'check of a folder: deeper' out '^drafts/c.Caddyfile:2:2: error.DT105'
holds 'check of a folder: a part' out '^part.caddyfile:1:1: info.DT007'
holds 'check of a folder: snippets alone' out '^snippets/all.caddyfile:1:1: info.DT007'
if [ "$(grep -c 'a.caddyfile:2:2' "$work/out")" = 1 ]; then ok; else bad 'an imported file is reported twice'; fi
if grep -Eq 'nonsense|hidden|node_modules|\.git|loop|shared|link' "$work/out"; then bad 'what is hidden or only imported is reported'; else ok; fi
for order in '. sites Caddyfile' 'Caddyfile . sites' 'sites Caddyfile .' './Caddyfile sites/ .'; do
    # shellcheck disable=SC2086
    expect "check $order" 1 "$dialtone" check --compact $order
    if cmp -s "$work/out" "$work/whole"; then ok; else bad "check $order: another result"; diff "$work/out" "$work/whole"; fi
done
expect 'check without an argument' 1 "$dialtone" check --compact
holds 'check without an argument' out '^Caddyfile:5'
expect 'check of a pattern' 1 "$dialtone" check --compact '*/*.[cC]addyfile'
holds 'check of a pattern' out '^drafts/c.Caddyfile:2:2'
expect 'check of a deep pattern' 1 "$dialtone" check --compact '**/c.*'
holds 'check of a deep pattern' out '^drafts/c.Caddyfile:2:2'
expect 'check of a pattern for nothing' 3 "$dialtone" check '**/*.none'
holds 'check of a pattern for nothing' err '\*\*/\*.none'
mkdir "$work/nothing"
expect 'check of a folder without Caddyfiles' 2 "$dialtone" check "$work/nothing"
holds 'check of a folder without Caddyfiles' err 'no Caddyfile in the folder'
expect 'check, a part that is named' 1 "$dialtone" check part.caddyfile
holds 'check, a part that is named' out 'DT121'
mkdir "$work/circle"
printf 'import b.caddyfile\na.example.com\n' >"$work/circle/a.caddyfile"
printf 'import a.caddyfile\n' >"$work/circle/b.caddyfile"
expect 'check of files that import each other' 1 "$dialtone" check --compact "$work/circle"
holds 'check of files that import each other' out 'DT108'
printf 'reverse_proxy localhost:80\n' >"$work/nothing/Caddyfile"
expect 'a Caddyfile without a site is no part' 1 "$dialtone" check --compact "$work/nothing"
holds 'a Caddyfile without a site is no part' out 'DT121'
expect 'check --exclude' 1 "$dialtone" check --compact --exclude drafts --exclude '**/part.*' .
if grep -Eq '^(drafts|part)' "$work/out"; then bad 'check --exclude'; else ok; fi
expect 'check --exclude, a named file' 1 "$dialtone" check --exclude drafts drafts/c.Caddyfile
printf 'encode   gzip\nheader X-Part 1\n' >part.caddyfile
expect 'fmt of a folder' 1 "$dialtone" fmt --check .
holds 'fmt of a folder' out '^part.caddyfile:1: not formatted'
expect 'fmt --exclude' 0 "$dialtone" fmt --check --exclude part.caddyfile .
expect 'fmt of a folder, to print' 2 "$dialtone" fmt .
printf ':80 {\nrespond ok\n}\n' >"$work/nothing/Caddyfile"
expect 'fmt --write of a folder' 0 "$dialtone" fmt --write "$work/nothing"
expect 'fmt --write of a folder, done' 0 "$dialtone" fmt --check "$work/nothing"

# --- .dialtone and flags ---
cat >.dialtone <<END
target 2.8
environment container
profile caddy-compat
fail-on error
max-findings 3
rule DT110 warning
rules {
	part-of-a-caddyfile off
}
env GREETING
exclude drafts *.other
forbid encode {
	message "the proxy in front compresses"
}
END
expect 'config' 0 "$dialtone" config
holds 'config: project' out '^target  *2.8  *.dialtone:1$'
holds 'config: lists' out '^exclude  *\*.other  *.dialtone:11$'
holds 'config: policies' out '^forbid  *encode  *.dialtone:12$'
holds 'config: default' out '^baseline  *-  *default$'
expect 'config, flags win' 0 "$dialtone" config --target 2.9 --rules DT4=off --env A --require log sites/a.caddyfile
holds 'config, flags win' out '^target  *2.9  *--target$'
holds 'config, flags win: rules' out '^rule  *DT4 off  *--rules$'
holds 'config, flags win: env' out '^env  *A  *--env$'
holds 'config, flags win: policies' out '^require  *log  *--require$'
if grep -q GREETING "$work/out"; then bad 'config: --env replaces env'; else ok; fi
expect 'config --no-project' 0 "$dialtone" config --no-project
holds 'config --no-project' out '^profile  *recommended  *default$'
expect 'config --json' 0 "$dialtone" config --json
if python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
rows = {one["name"]: one for one in found["settings"]}
assert found["project"].endswith("/project/.dialtone"), found["project"]
assert rows["target"] == {"name": "target", "value": "2.8", "from": "project", "file": found["project"], "line": 1}
assert rows["baseline"] == {"name": "baseline", "from": "default"}
' "$work/out"; then ok; else bad 'config --json'; fi

expect 'check with a project' 1 "$dialtone" check --compact .
if grep -Eq 'DT007|drafts|other' "$work/out"; then bad 'check with a project'; cat "$work/out"; else ok; fi
holds 'check with a project: policy' out 'error.DT005.: .encode. is forbidden'
expect 'check, where a policy stands' 1 "$dialtone" check Caddyfile
holds 'check, where a policy stands' out '\.dialtone:12:8$'
holds 'check, what a policy says' out 'the proxy in front compresses'
expect 'flags win over the project' 1 "$dialtone" check --compact --rules DT110=error --env OTHER Caddyfile
holds 'flags win over the project' out 'error.DT110.: the variable GREETING is not declared'
expect 'a family by flag wins over a rule of the project' 1 "$dialtone" check --compact --rules DT11=off --env OTHER Caddyfile
if grep -q DT110 "$work/out"; then bad 'a family by flag wins'; else ok; fi
printf 'z.example.com {\n\trespond "hello {$UNSET}"\n}\n' >z
expect 'fail-on of the project' 0 "$dialtone" check --env UNSET z
expect 'fail-on by flag' 1 "$dialtone" check --fail-on info --rules DT901=info --profile strict --no-project z
expect 'forbid by flag' 1 "$dialtone" check --env UNSET --forbid 'respond bye' --forbid 'respond HEL*' z
holds 'forbid by flag' out 'command line:2:8$'
expect 'require by flag' 1 "$dialtone" check --env UNSET --require log z
holds 'require by flag' out "DT006.: this site has no 'log'"
expect 'forbid by flag, unknown' 1 "$dialtone" check --forbid respnd z
holds 'forbid by flag, unknown' out "did you mean 'respond'"
expect 'forbid by flag, nonsense' 2 "$dialtone" check --forbid '' z
expect '--env of an environment' 2 "$dialtone" check --env container z
holds '--env of an environment' err '--environment container'
expect '--rules, unknown' 2 "$dialtone" check --rules unformated=off z
holds '--rules, unknown' err "did you mean 'unformatted'"
expect '--max-findings, nonsense' 2 "$dialtone" check --max-findings many z
printf 'taget 2.7\nrule nonsense off\n' >.dialtone
expect 'a project with mistakes' 1 "$dialtone" check --compact z
holds 'a project with mistakes' out "^$project/.dialtone:1:1: error.DT106"
holds 'a project with mistakes: all at once' out "^$project/.dialtone:2:6: error.DT107"
expect 'config of a project with mistakes' 1 "$dialtone" config
holds 'config of a project with mistakes' err "did you mean 'target'"
empty 'config of a project with mistakes' out
rm .dialtone

printf 'profile caddy-compat\n' >.dialtone
printf 'y.example.com {\n\trespond {$UNSET}\n}\n' >y
expect 'unset variables, as Caddy has them' 1 "$dialtone" check y
holds 'unset variables, as Caddy has them' out 'DT119'
expect 'unset variables, with some value' 0 "$dialtone" check --profile recommended y
expect 'unset variables on standard input' 1 sh -c "'$dialtone' check - <y"
rm .dialtone

# --- how many ---
{ for i in 1 2 3 4 5 6 7 8; do printf '%s.example.com {\n\trespond "hello {$UNSET%s}"\n\trespnd x\n}\n' "$i" "$i"; done; } >many
expect 'check --max-findings' 1 "$dialtone" check --compact --max-findings 10 many
if [ "$(grep -c 'error.DT105' "$work/out")" = 8 ] && [ "$(wc -l <"$work/out")" = 11 ]; then ok; else bad 'the worst are shown'; cat "$work/out"; fi
holds 'check --max-findings' out '^… and 6 more'
expect 'check --max-findings over files' 1 "$dialtone" check --compact --max-findings 1 many Caddyfile.other
holds 'check --max-findings over files' out '^… and 16 more'
expect 'check --max-findings 0' 1 "$dialtone" check --compact --max-findings 0 many
if [ "$(wc -l <"$work/out")" = 16 ]; then ok; else bad 'check --max-findings 0'; fi
expect 'reports for programs hold all' 1 "$dialtone" check --format json --max-findings 1 many
if [ "$(grep -c '"id"' "$work/out")" = 16 ]; then ok; else bad 'reports for programs hold all'; fi
expect 'one limit for each report' 1 "$dialtone" check --compact --max-findings 2 --output "compact:$work/compact" many
if cmp -s "$work/compact" "$work/out"; then ok; else bad 'one limit for each report'; fi

# --- baselines ---
mkdir -p "$work/known/sites"
cd "$work/known" || exit 1
printf 'import sites/*\n' >Caddyfile
printf 'a.example.com {\n\trespnd x\n\trespond "hello {$UNSET}"\n}\n' >sites/a
printf 'b.example.com {\n\trespond "{$UNSET}{$UNSET}"\n}\n' >b.caddyfile
expect 'baseline' 0 "$dialtone" baseline . -o known.json
empty 'baseline' out
expect 'check --baseline' 0 "$dialtone" check --fail-on info --baseline known.json .
empty 'check --baseline' out
holds 'check --baseline: how many' err '3 known findings hidden'
printf 'a.example.com {\n\n\t# more\n\trespond    "hello {$UNSET}"\n\t\trespnd x\n\trespnd x\n}\n' >sites/a
expect 'check --baseline, lines moved and one more' 1 "$dialtone" check --compact --rules DT901=off --fail-on info --baseline known.json .
holds 'check --baseline, lines moved and one more' out 'sites/a:6:2: error.DT105'
if [ "$(wc -l <"$work/out")" = 1 ]; then ok; else bad 'check --baseline, only the new one'; cat "$work/out"; fi
printf 'baseline known.json\n' >.dialtone
cd "$work" || exit 1
expect 'check with a baseline of the project, from elsewhere' 1 "$dialtone" check --compact --rules DT901=off --fail-on info known/sites/../Caddyfile known/b.caddyfile
if [ "$(wc -l <"$work/out")" = 1 ]; then ok; else bad 'a baseline of the project, from elsewhere'; cat "$work/out"; fi
cd "$work/known" || exit 1
printf 'b.example.com {\n\trespond "{$UNSET}"\n}\n' >b.caddyfile
expect 'check with a baseline, one is gone' 0 "$dialtone" check b.caddyfile
holds 'check with a baseline, one is gone' err '1 of the findings in known.json is gone'
expect 'baseline again' 0 "$dialtone" baseline --rules DT901=off b.caddyfile -o known.json
expect 'baseline again, none is gone' 0 "$dialtone" check b.caddyfile
if grep -q gone "$work/err"; then bad 'baseline again, none is gone'; else ok; fi
expect 'baseline to standard output' 0 "$dialtone" baseline b.caddyfile
holds 'baseline to standard output' out '"path": "b.caddyfile"'
expect 'reports do not hold what is known' 0 "$dialtone" check --format json b.caddyfile
if grep -q DT110 "$work/out"; then bad 'reports do not hold what is known'; else ok; fi
expect 'SARIF says that it is known' 0 "$dialtone" check --format sarif b.caddyfile
holds 'SARIF says that it is known' out '"kind": "external"'
printf 'c.example.com {\n\trespond "{$UNSET}" # dialtone: ignore[DT110] set later\n\trespond "{$UNSET}" # dialtone: ignore[DT110] set later\n}\n' >c.caddyfile
expect 'baseline without what comments hide' 0 "$dialtone" baseline --no-project c.caddyfile
if grep -q DT110 "$work/out"; then bad 'baseline without what comments hide'; cat "$work/out"; else ok; fi
expect 'check --baseline, not there' 3 "$dialtone" check --baseline none.json b.caddyfile
holds 'check --baseline, not there' err 'dialtone baseline FILE... -o none.json'
for text in '{}' '[1' '{"baseline_version": 2, "findings": []}' '{"baseline_version": 1, "findings": [1]}' '{"baseline_version": 1, "findings": [{"fingerprint": "x", "count": -1}]}' ''; do
    printf '%s' "$text" >odd.json
    expect "check --baseline of '$text'" 3 "$dialtone" check --baseline odd.json b.caddyfile
done
expect 'baseline of a file that is not there' 3 "$dialtone" baseline none -o never.json
printf 'taget x\n' >.dialtone
expect 'baseline in a project with mistakes' 1 "$dialtone" baseline b.caddyfile -o never.json
holds 'baseline in a project with mistakes' err 'DT106'
if [ -e never.json ]; then bad 'a baseline is written in spite of mistakes'; else ok; fi

# --- versions ---
cat >"$work/old" <<'END'
{
	servers {
		protocol {
			allow_h2c
		}
	}
}
example.com {
	skip_log /x
	encode
	reverse_proxy https://10.0.0.5 {
		buffer_requests
		transport http {
			tls_trusted_ca_certs /ca.pem
		}
	}
}
END
printf 'a.example.com {\n\tlog_skip /x\n\treverse_proxy https://10.0.0.5 {\n\t\theader_up Host x\n\t}\n}\n' >"$work/new"
expect 'upgrade' 1 "$dialtone" upgrade 2.6 2.11 --compact "$work/old"
holds 'upgrade: removed' out ':3:3: error.DT806.*2.8'
holds 'upgrade: removed' out ':12:3: error.DT806'
holds 'upgrade: renamed' out ':9:2: warning.DT801'
holds 'upgrade: defaults' out ':10:2: warning.DT813'
holds 'upgrade: defaults' out ':11:2: warning.DT811'
if grep -Eq 'DT9|DT4|DT5' "$work/out"; then bad 'upgrade tells only of versions'; cat "$work/out"; else ok; fi
expect 'upgrade, back' 1 "$dialtone" upgrade 2.11 2.7 --compact "$work/new"
holds 'upgrade, back: unknown' out ':2:2: error.DT809.*2.8'
if grep -q DT811 "$work/out"; then bad 'upgrade, back: the host is set'; else ok; fi
expect 'upgrade within one version' 0 "$dialtone" upgrade 2.11 2.11.2 "$work/new"
empty 'upgrade within one version' out
holds 'upgrade within one version' err 'nothing known'
expect 'upgrade of what the old one does not know' 0 "$dialtone" upgrade 2.7 2.8 --compact "$work/new"
holds 'upgrade of what the old one does not know' out 'info.DT809'
expect 'upgrade, no versions' 2 "$dialtone" upgrade "$work/new"
expect 'upgrade, nonsense' 2 "$dialtone" upgrade 2.x 2.11 "$work/new"
expect 'upgrade, other nonsense' 2 "$dialtone" upgrade 2.6 latest "$work/new"
expect 'upgrade --format' 1 "$dialtone" upgrade 2.6 2.11 --format json "$work/old"
holds 'upgrade --format' out '"DT811"'
expect 'check --target' 1 "$dialtone" check --compact --target 2.7 "$work/new"
holds 'check --target' out ':2:2: error.DT809'
expect 'check --target, an old name' 0 "$dialtone" check --compact --target 2.6 "$work/old"
if grep -Eq 'DT801|error.DT806' "$work/out"; then bad 'check --target, an old name'; cat "$work/out"; else ok; fi
printf '{"apps": {"http": {"servers": {"a": {"routes": [{"handle": [{"handler": "intercept"}]}], "logs": {"trace": true}}}}}}' >"$work/dated.json"
expect 'check --target of JSON' 1 "$dialtone" check --compact --target 2.7 "$work/dated.json"
holds 'check --target of JSON: a module' out "DT809.*'intercept' is there since Caddy 2.8"
holds 'check --target of JSON: a field' out "DT809.*'trace' is there since Caddy 2.8"

cd / || exit 1
echo "settings: $passed passed, $failed failed"
[ $failed = 0 ]
