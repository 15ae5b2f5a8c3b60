#!/bin/sh
# Fails on any include that the layer table forbids: each folder, then the folders it may include
# ("public/x" is include/dialtone/x.h).
cd "$(dirname "$0")/.." || exit 1

allowed() {
    case $1 in
    base) echo base ;;
    syntax) echo base syntax ;;
    json) echo base syntax json ;;
    modules) echo base syntax json modules ;;
    adapt) echo base syntax json adapt ;;
    directives) echo base syntax json adapt directives ;;
    project) echo base syntax json adapt directives project ;;
    plugins) echo base syntax json adapt directives project plugins ;;
    schema) echo base syntax json modules adapt directives schema ;;
    cel) echo base cel public/tables ;;
    native) echo base syntax json cel native public/tables ;;
    pipeline) echo base syntax json modules adapt directives project plugins native public/tables pipeline public/dialtone ;;
    lint) echo base syntax json modules adapt directives project plugins schema cel native lint public/tables pipeline ;;
    fix) echo base syntax json adapt directives project plugins native lint fix public/tables pipeline ;;
    lsp) echo base syntax json adapt directives project plugins native lint lsp public/tables pipeline ;;
    net) echo base net ;;
    http) echo base net http ;;
    acme) echo base http acme ;;
    proxy) echo base net http acme proxy public/tables public/proxy ;;
    cli) echo base syntax json adapt directives project plugins schema native lint fix lsp net http acme proxy cli pipeline \
        public/tables public/proxy public/dialtone ;;
    esac
}

bad=0
for file in src/*.[ch] src/*/*.[ch] grammar/*; do
    [ -f "$file" ] || continue
    folder=$(basename "$(dirname "$file")")
    case $file in
    src/pipeline.* | src/library.c) folder=pipeline ;;
    grammar/http1.re) folder=http ;;
    grammar/proxy_header.re) folder=net ;;
    grammar/cel_*) folder=cel ;;
    grammar/*) folder=syntax ;;
    esac
    for include in $(sed -n 's/^[[:space:]]*#[[:space:]]*include "\(.*\)"/\1/p' "$file"); do
        case $include in
        dialtone/*) target=public/$(basename "$include" .h) ;;
        pipeline.h) target=pipeline ;;
        */*) target=${include%%/*} ;;
        *) continue ;; # generated header beside its source
        esac
        case " $(allowed "$folder") " in
        *" $target "*) ;;
        *) echo "$file: may not include \"$include\" ($folder must not know $target)"; bad=1 ;;
        esac
        case $include in
        *_private.h)
            [ "${include%%/*}" = "$folder" ] || { echo "$file: $include is private"; bad=1; } ;;
        esac
    done
done
[ $bad = 0 ] && echo "layers: ok"
exit $bad
