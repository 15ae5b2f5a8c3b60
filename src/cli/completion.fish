
function __dialtone_words
    commandline -opc
end

# whether the command is one of these
function __dialtone_runs
    set -l words (__dialtone_words)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __dialtone_needs_command
    set -l words (__dialtone_words)
    test (count $words) -eq 1; or test (count $words) -eq 2 -a "$words[2]" = help
end

# whether this would be the first argument behind the command
function __dialtone_is_first
    test (count (__dialtone_words)) -eq 2
end

# what is typed of a flag's argument, the flag itself left out
function __dialtone_part
    commandline -ct | string replace -r -- '^-[^=]*=' ''
end

# FORMAT:FILE
function __dialtone_output
    set -l parts (string split -m 1 : -- (__dialtone_part))
    if test (count $parts) -eq 2
        for path in (__fish_complete_path $parts[2])
            echo $parts[1]:$path
        end
    else
        string replace -r '$' : -- $__dialtone_formats
    end
end

# RULE=SEVERITY,...
function __dialtone_severity
    set -l part (__dialtone_part)
    set -l before (string match -r -- '^.*,' $part)
    set -l last (string replace -r -- '^.*,' '' $part)
    set -l rule (string match -r -- '^[^=]*=' $last)
    if test -n "$rule"
        for severity in $__dialtone_severities
            echo "$before$rule$severity"
        end
    else
        for rule in (__dialtone_rules)
            echo "$before"(string replace -- \t =\t $rule)
        end
    end
end

complete -c dialtone -f
complete -c dialtone -n __dialtone_needs_command -l help -d 'show the commands'
complete -c dialtone -n __dialtone_needs_command -l version -d 'show the version'
