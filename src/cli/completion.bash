
# _dialtone_offer PREFIX PART KIND WORD...: fills COMPREPLY with what PART, behind PREFIX, may become
_dialtone_offer() {
    local prefix=$1 part=$2 kind=$3
    shift 3
    case $kind in
    words) ;;
    files) compopt -o default 2>/dev/null; return ;;
    folders) compopt -o dirnames 2>/dev/null; return ;;
    rules) set -- $_dialtone_rules $_dialtone_rule_names ;;
    names) set -- $_dialtone_names ;;
    outputs)
        [[ $part == *:* ]] && { compopt -o default 2>/dev/null; return; }
        compopt -o nospace 2>/dev/null
        set -- ${_dialtone_formats// /: }:
        ;;
    severities)
        [[ $part == *,* ]] && { prefix+=${part%,*},; part=${part##*,}; }
        if [[ $part == *=* ]]; then
            prefix+=${part%%=*}=
            part=${part#*=}
            set -- $_dialtone_severities
        else
            compopt -o nospace 2>/dev/null
            set -- ${_dialtone_rules// /= }=
        fi
        ;;
    *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$*" -- "$part")
}

_dialtone() {
    local words=() word current glue= i command pending= operands=0 only_operands= breaks= cut
    COMPREPLY=()
    # bash takes words apart at '=' and ':'; here they are whole
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && (-n $glue || $word == [=:]*) ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        glue=
        [[ $word == *[=:] ]] && glue=1
    done
    current=${words[${#words[@]}-1]}
    unset "words[${#words[@]}-1]"
    if [[ ${#words[@]} == 0 || ${words[0]} == help ]]; then
        _dialtone_offer '' "$current" words $_dialtone_commands
        return
    fi
    command=${words[0]}
    for word in "${words[@]:1}"; do
        if [[ -n $pending ]]; then
            pending=
        elif [[ -n $only_operands || $word != -?* ]]; then
            operands=$((operands + 1))
        elif [[ $word == -- ]]; then
            only_operands=1
        elif [[ $word != *=* && -n $(_dialtone_takes "$command" "$word") ]]; then
            pending=$word
        fi
    done
    if [[ -n $pending ]]; then
        _dialtone_offer '' "$current" $(_dialtone_takes "$command" "$pending")
    elif [[ -z $only_operands && $current == -*=* ]]; then
        _dialtone_offer "${current%%=*}=" "${current#*=}" $(_dialtone_takes "$command" "${current%%=*}")
    elif [[ -z $only_operands && $current == -* ]]; then
        _dialtone_offer '' "$current" words $(_dialtone_flags "$command")
    else
        _dialtone_offer '' "$current" $(_dialtone_takes "$command" "$operands")
    fi
    # and only the part behind the last of them is replaced
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+==
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
    if [[ -n $breaks && ${#COMPREPLY[@]} -gt 0 ]]; then
        cut=${current%"${current##*[$breaks]}"}
        COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    fi
}

complete -F _dialtone dialtone
