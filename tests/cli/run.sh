#!/bin/sh
# The command line: exit codes, streams, help, atomic output. run.sh BUILD (side_effects.py: what it does not do)
set -u
cd "$(dirname "$0")/../.."
. tests/cli/expect.sh

printf ':8080 {\n\trespond hello\n}\n' >"$work/good"
printf ':8080 {\n\trespnd hello\n\trevers_proxy a\n}\n' >"$work/bad"
printf ':8080 {\n\treverse_proxy [2001:db8::1%%eth0]:80\n}\n' >"$work/warns"

expect 'help' 0 "$dialtone" --help
holds 'help' out 'usage: dialtone'
expect 'version' 0 "$dialtone" --version
holds 'version' out '^dialtone [0-9]'
expect 'no command' 2 "$dialtone"
expect 'unknown command' 2 "$dialtone" chekc
holds 'unknown command' err "did you mean 'check'"
for command in check adapt fmt emit tables build run; do
    expect "$command --help" 0 "$dialtone" $command --help
    holds "$command --help" out "^usage: dialtone $command"
    expect "$command without file" 2 "$dialtone" $command
done
expect 'unknown option' 2 "$dialtone" adapt --prety "$work/good"
holds 'unknown option' err "did you mean '--pretty'"
expect 'bad value' 2 "$dialtone" check --color maybe "$work/good"
expect 'missing value' 2 "$dialtone" adapt "$work/good" -o

expect 'schema --json' 0 "$dialtone" schema --json
empty 'schema --json' err
holds 'schema --json' out '"schema_version": 1'
holds 'schema --json' out '"namespace": "http.reverse_proxy.transport"'
expect 'schema' 0 "$dialtone" schema
holds 'schema' out '^  reverse_proxy  *passes requests on'
expect 'schema NAME' 0 "$dialtone" schema lb_policy
holds 'schema NAME' out '^option of reverse_proxy'
holds 'schema NAME' out 'modules (http.reverse_proxy.selection_policies): random, '
expect 'schema, unknown name' 1 "$dialtone" schema lb_polic
holds 'schema, unknown name' err "did you mean 'lb_policy'"
expect 'schema --json NAME' 2 "$dialtone" schema --json header
expect 'schema --plugins' 0 "$dialtone" schema --plugins builtin rate_limit
holds 'schema --plugins' out '^directive'

expect 'check, fine' 0 "$dialtone" check "$work/good"
empty 'check, fine' out
expect 'check, errors' 1 "$dialtone" check "$work/bad"
holds 'check, errors' out 'bad:2:'
holds 'check: all errors in one run' out 'bad:3:'
holds 'check: did you mean' out 'respond'
expect 'check, several files' 1 "$dialtone" check "$work/good" "$work/bad"
expect 'check, unreadable' 3 "$dialtone" check "$work/none"
holds 'check, unreadable' err "$work/none"
expect 'check, a warning' 1 "$dialtone" check "$work/warns"
expect 'check --fail-on error' 0 "$dialtone" check --fail-on error "$work/warns"
expect 'check --fail-on never' 0 "$dialtone" check --fail-on never "$work/bad"
expect 'check --compact' 1 "$dialtone" check --compact "$work/bad"
holds 'check --compact' out '^.*bad:2:2: error\[DT105\]: '
printf ':80 {\n\troot /srv\n\tphp_server\n\tfile_server\n}\n' >"$work/php"
expect 'check, a directive that stands for several' 0 "$dialtone" check --compact --no-project "$work/php"
holds 'check, a directive that stands for several' out "info.DT507.: this 'file_server' is never reached: 'php_server'"
printf 'example.com {\n\treverse_proxy https://app.example.net {\n\t\ttransport http {\n\t\t\t# dialtone: ignore[DT404] ours\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n' >"$work/lint"
expect 'check, hidden by a comment' 0 "$dialtone" check "$work/lint"
expect 'check --no-ignore' 1 "$dialtone" check --no-ignore "$work/lint"
holds 'check --no-ignore' out 'warning\[DT404\]'
expect 'check --rules off' 0 "$dialtone" check --no-ignore --rules DT4=off "$work/lint"
expect 'check --rules error' 1 "$dialtone" check --no-ignore --rules dt404=error --fail-on error "$work/lint"
expect 'check --rules, nonsense' 2 "$dialtone" check --rules DT404 "$work/lint"
expect 'check --profile' 0 "$dialtone" check --no-ignore --profile caddy-compat "$work/lint"
expect 'check --profile, unknown' 2 "$dialtone" check --profile none "$work/lint"
expect 'check --target, nonsense' 2 "$dialtone" check --target two "$work/lint"
expect 'check --target' 0 "$dialtone" check --target 2.7.6 "$work/lint"
expect 'explain' 0 "$dialtone" explain dt404 zone-empty
holds 'explain' out '^DT404 upstream-verification-disabled'
expect 'explain, unknown' 2 "$dialtone" explain DT4044
holds 'explain, unknown' err 'did you mean'
expect 'rules' 0 "$dialtone" rules
holds 'rules' out '^DT404 '
for shell in bash zsh fish; do
    expect "completion $shell" 0 "$dialtone" completion $shell
    holds "completion $shell" out DT404
done
expect 'completion, which?' 2 "$dialtone" completion
expect 'completion, unknown' 2 "$dialtone" completion csh
expect 'rules --json' 0 "$dialtone" rules --json
expect 'colour on demand' 1 "$dialtone" check --color always "$work/bad"
holds 'colour on demand' out "$(printf '\033')"
expect 'no colour into a pipe' 1 "$dialtone" check "$work/bad"
if grep -q "$(printf '\033')" "$work/out"; then bad 'no colour into a pipe'; else ok; fi

printf '{"apps": {"http": {"servers": {"a": {"routes": [\n{"handle": [{"handler": "rate_limit"}]}\n]}}}}}' >"$work/json"
expect 'check, JSON with a plugin' 0 "$dialtone" check --compact "$work/json"
holds 'check, JSON with a plugin' out 'json:2:25: info\[DT407\]'
expect 'adapt, JSON with a plugin' 1 "$dialtone" adapt "$work/json"
holds 'adapt, JSON with a plugin' err "the plugin 'rate_limit'"
expect 'adapt, JSON with a described plugin' 0 "$dialtone" adapt --plugins builtin "$work/json"
holds 'adapt, JSON with a described plugin' out '{"handle":\[{"handler":"rate_limit"}\]}'
expect 'adapt --skip-unknown, JSON' 0 "$dialtone" adapt --pretty --skip-unknown "$work/json"
holds 'adapt --skip-unknown, JSON' out '^			"servers": {$'
holds 'adapt --skip-unknown, JSON' err 'warning'

expect 'adapt' 0 "$dialtone" adapt "$work/good"
empty 'adapt' err
holds 'adapt' out '^{"apps":{"http":'
expect 'adapt, errors' 1 "$dialtone" adapt "$work/bad"
empty 'adapt, errors' out
holds 'adapt, errors' err 'error'
if printf ':80 {\n\trespond hi\n}\n' | "$dialtone" adapt - >"$work/out" 2>"$work/err"; then ok; else bad 'adapt -'; fi
holds 'adapt -' out '"body":"hi"'
expect 'adapt of JSON' 0 sh -c "'$dialtone' adapt '$work/good' | '$dialtone' adapt -"
holds 'adapt of JSON' out '"body":"hello"'
expect 'source map' 0 "$dialtone" adapt --source-map "$work/good"
holds 'source map' out 'good:2:'

mkdir -p "$work/project/deep"
printf ':80 {\n\troute {\n\t\tteapot Assam\n\t}\n}\n' >"$work/project/deep/Caddyfile"
printf 'plugin teapot {\n\tdirective teapot {\n\t\targ tea string\n\t}\n}\n' >"$work/teapot"
printf ':80 {\n\trate_limit {\n\t\tzone a {\n\t\t\tevents 1\n\t\t\twindow 1s\n\t\t}\n\t}\n}\n' >"$work/limited"
expect 'adapt of a plugin that nobody describes' 1 "$dialtone" adapt "$work/project/deep/Caddyfile"
holds 'adapt of a plugin that nobody describes' err 'describe it in .dialtone or with --plugins'
expect 'adapt --plugins' 0 "$dialtone" adapt --plugins "$work/teapot" "$work/project/deep/Caddyfile"
holds 'adapt --plugins' out '"handler":"teapot","tea":"Assam"'
cp "$work/teapot" "$work/project/.dialtone"
expect 'adapt with a project' 0 "$dialtone" adapt "$work/project/deep/Caddyfile"
holds 'adapt with a project' out '"tea":"Assam"'
expect 'adapt --no-project' 1 "$dialtone" adapt --no-project "$work/project/deep/Caddyfile"
expect 'adapt --skip-unknown' 0 "$dialtone" adapt --no-project --skip-unknown "$work/project/deep/Caddyfile"
holds 'adapt --skip-unknown' err "'teapot' is passed over"
expect 'check knows built-in plugins' 0 "$dialtone" check "$work/limited"
holds 'check knows built-in plugins' out 'xcaddy build --with github.com/mholt/caddy-ratelimit'
expect 'adapt does not, unasked' 1 "$dialtone" adapt "$work/limited"
holds 'adapt does not, unasked' err 'or give --plugins builtin'
expect 'adapt --plugins twice' 0 "$dialtone" adapt --plugins "$work/teapot" --plugins builtin "$work/limited"
holds 'adapt --plugins twice' out '"rate_limits":{"a":'
expect 'descriptions that are not there' 3 "$dialtone" adapt --plugins "$work/none" "$work/good"
printf 'plugin {\n' >"$work/project/.dialtone"
expect 'a project with mistakes' 1 "$dialtone" check "$work/project/deep/Caddyfile"
holds 'a project with mistakes' out 'project/.dialtone:1:'

printf ':8080 {\n  respond   hello\n}\n' >"$work/messy"
mkdir -p "$work/sites"
printf 'import sites/*\n(unused) {\n\timport odd\n}\n' >"$work/main"
printf 'a.localhost {\nrespond a\n}\n' >"$work/sites/a"
printf 'respond  odd\n' >"$work/odd"
expect 'fmt' 0 "$dialtone" fmt "$work/messy"
empty 'fmt' err
holds 'fmt' out "^$(printf '\t')respond hello$"
expect 'fmt --check, fine' 0 "$dialtone" fmt --check "$work/good"
empty 'fmt --check, fine' out
expect 'fmt --check' 1 "$dialtone" fmt --check "$work/good" "$work/messy"
holds 'fmt --check' out 'messy:2: not formatted$'
expect 'fmt --diff, fine' 0 "$dialtone" fmt --diff "$work/good"
empty 'fmt --diff, fine' out
expect 'fmt --diff' 1 "$dialtone" fmt --diff "$work/messy"
holds 'fmt --diff' out '^@@ -1,3 +1,3 @@$'
if (cd "$work" && patch -s -o patched messy <out) && "$dialtone" fmt --check "$work/patched"; then ok
else bad 'fmt --diff makes a patch'; fi
expect 'fmt --imports --check' 1 "$dialtone" fmt --imports --check "$work/main"
holds 'fmt --imports: an imported file' out 'sites/a:2: not formatted$'
holds 'fmt --imports: one that only an unused snippet names' out 'odd:1: not formatted$'
printf 'import none\n' >"$work/lost"
expect 'fmt --imports, nothing there' 1 "$dialtone" fmt --imports --check "$work/lost"
holds 'fmt --imports, nothing there' err 'none'
chmod 640 "$work/messy"
ln -s messy "$work/link"
expect 'fmt --write' 0 "$dialtone" fmt --write "$work/link" "$work/good"
empty 'fmt --write' out
holds 'fmt --write' messy "^$(printf '\t')respond hello$"
case $(ls -l "$work/messy") in -rw-r-----*) ok ;; *) bad 'fmt --write keeps the mode' ;; esac
if [ -L "$work/link" ]; then ok; else bad 'fmt --write keeps a symbolic link'; fi
expect 'fmt --write --imports' 0 "$dialtone" fmt -w --imports "$work/main"
expect 'fmt --write --imports, done' 0 "$dialtone" fmt --check --imports "$work/main"
if printf 'a\n{\n}\n' | "$dialtone" fmt - | grep -q '^a {$'; then ok; else bad 'fmt -'; fi
printf '{$A:"b  c"}` d' >"$work/torn"
expect 'fmt, no layout' 1 "$dialtone" fmt --write "$work/torn"
holds 'fmt, no layout' err 'DT908'
expect 'fmt, unreadable' 3 "$dialtone" fmt --check "$work/none"
expect 'fmt, JSON' 1 sh -c "'$dialtone' adapt '$work/good' | '$dialtone' fmt -"
holds 'fmt, JSON' err 'is JSON'
for wrong in '--write --check x' '--write --diff x' '--write -' '--imports x' ''; do
    # shellcheck disable=SC2086
    expect "fmt $wrong" 2 "$dialtone" fmt $wrong
done
expect 'check, not formatted' 0 sh -c "printf 'a.localhost {\n\trespond  a\n}\n' | '$dialtone' check -"
holds 'check, not formatted' out 'info.DT901'
holds 'check, not formatted' out 'Caddyfile:2:'

chmod 640 "$work/good"
echo old >"$work/result"
chmod 600 "$work/result"
expect 'adapt -o' 0 "$dialtone" adapt "$work/good" -o "$work/result"
holds 'adapt -o' result '"body":"hello"'
case $(ls -l "$work/result") in -rw-------*) ok ;; *) bad 'adapt -o keeps the mode' ;; esac
expect 'adapt -o, errors' 1 "$dialtone" adapt "$work/bad" -o "$work/result"
holds 'adapt -o with errors leaves the old file' result '"body":"hello"'
expect 'adapt -o into nowhere' 3 "$dialtone" adapt "$work/good" -o "$work/none/result"
if ls "$work"/*.tmp* >/dev/null 2>&1; then bad 'temporary files are left'; else ok; fi

expect 'emit c' 0 "$dialtone" emit c "$work/good"
holds 'emit c' out 'dt_proxy_main'
expect 'emit what' 2 "$dialtone" emit rust "$work/good"
expect 'tables' 0 "$dialtone" tables "$work/good"
expect 'build' 0 "$dialtone" build "$work/good" -o "$work/proxy"
expect 'proxy --version' 0 "$work/proxy" --version
expect 'proxy --help' 0 "$work/proxy" --help
expect 'proxy --bad' 2 "$work/proxy" --bad
# everything that is only linked in where it is needed, without any shared library
cat >"$work/everything" <<'END'
example.com {
	@old path_regexp ^/old/(.*)$
	redir @old /new/{re.1}
	basic_auth argon2id {
		bob $argon2id$v=19$m=47104,t=1,p=1$P2nzckEdTZ3bxCiBCkRTyA$xQL3Z32eo5jKl7u5tcIsnEKObYiyNZQQf5/4sAau6Pg
	}
	reverse_proxy {
		dynamic srv _http._tcp.example.com
	}
}
END
expect 'build, all libraries' 0 "$dialtone" build "$work/everything" -o "$work/proxy4"
expect 'proxy with all libraries' 0 "$work/proxy4" --version
# not every system has an archive of the library that asks for SRV records
[ -f "$(cc -print-file-name=libcares.a)" ] || sed -i 's/dynamic srv.*/to app:80/' "$work/everything"
if [ -z "${LDFLAGS:-}" ]; then # sanitizers are shared libraries
    expect 'build --static' 0 "$dialtone" build --static "$work/everything" -o "$work/proxy5"
    empty 'build --static says nothing' err
    expect 'static proxy' 0 "$work/proxy5" --version
    if readelf -d "$work/proxy5" | grep -q NEEDED; then bad 'a static proxy loads libraries'; else ok; fi
fi
expect 'build, errors' 1 "$dialtone" build "$work/bad" -o "$work/proxy2"
if [ -e "$work/proxy2" ]; then bad 'build with errors writes nothing'; else ok; fi
expect 'build, no compiler' 3 env CC=/nonexistent/cc "$dialtone" build "$work/good" -o "$work/proxy3"
if ls "$work"/proxy3* >/dev/null 2>&1; then bad 'a failed build leaves files'; else ok; fi

# reports: one document for all files, valid, with columns in code points
mkdir "$work/r"
printf ':8080 {\n\theader X "\303\244\303\266<&>" {\n\t}\n\trespnd "a" # %%, :\n\treverse_proxy https://up {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n' >"$work/r/one"
printf 'import one\n' >"$work/r/two"
for format in human compact json sarif github gitlab checkstyle junit; do
    expect "check --format $format" 1 "$dialtone" check --format $format "$work/r/one" "$work/good"
    holds "check --format $format" out DT105
    expect "check --output $format" 1 "$dialtone" check --output "$format:$work/r/$format" "$work/r/one" "$work/good"
    holds "check --output $format" r/$format DT105
    holds "check --output $format, people" out '^error\[DT105\]'
done
expect 'check --format json, fine' 0 "$dialtone" check --format json "$work/good"
cp "$work/out" "$work/r/empty"
expect 'check, two outputs' 1 "$dialtone" check --format compact --output "json:$work/r/a.json" -o "sarif:$work/r/a.sarif" "$work/r/two" "$work/r/one"
holds 'check, two outputs' r/a.json '"report_version": 1'
holds 'check, two outputs' r/a.sarif '"version": "2.1.0"'
if [ "$(grep -c DT105 "$work/out")" -le 2 ]; then ok; else bad 'an imported file is reported twice'; cat "$work/out"; fi
expect 'check --output, unknown format' 2 "$dialtone" check --output "yaml:$work/r/x" "$work/good"
holds 'check --output, unknown format' err 'human, compact, json, sarif'
expect 'check, two reports on one stream' 2 "$dialtone" check --format json --output sarif:- "$work/good"
expect 'check --output, no such folder' 3 "$dialtone" check --output "json:$work/none/x" "$work/good"
expect 'check --format json, unreadable' 3 "$dialtone" check --format json "$work/none"
holds 'check --format json, unreadable' out DT003
expect 'reports are valid' 0 python3 tests/cli/reports.py "$work/r"

echo "cli: $passed passed, $failed failed"
[ $failed = 0 ]
