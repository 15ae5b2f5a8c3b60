
_dialtone_rule() {
    _describe -t rules rule _dialtone_rules
}

_dialtone_name() {
    _describe -t names name _dialtone_names
}

# FORMAT:FILE
_dialtone_output() {
    if compset -P '*:'; then
        _files
    else
        compadd -S : -q -a _dialtone_formats
    fi
}

# RULE=SEVERITY,...
_dialtone_severity() {
    compset -P '*,'
    if compset -P '*='; then
        compadd -S , -q -a _dialtone_severities
    else
        compadd -S = -q -- "${_dialtone_rules[@]%%:*}"
    fi
}

_dialtone() {
    local curcontext=$curcontext command
    if ((CURRENT == 2)) || [[ $CURRENT == 3 && $words[2] == help ]]; then
        _describe -t commands command _dialtone_commands
        return
    fi
    shift words
    ((CURRENT--))
    command=$words[1]
    _dialtone_arguments "$command"
}

if [[ $funcstack[1] == _dialtone ]]; then
    _dialtone "$@"
else
    compdef _dialtone dialtone
fi
