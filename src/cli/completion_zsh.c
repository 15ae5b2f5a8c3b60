/* The completion script for zsh: a specification for _arguments per command, from the rows;
 * src/cli/completion.zsh calls them. */
#include "base/arena.h"
#include "cli/completion.h"

/* In single quotes; within a specification ':', '[' and ']' have a meaning as well. */
static void add_quoted(struct strbuf *out, const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (strchr(escaped, *text))
            strbuf_add_char(out, '\\');
        if (*text == '\'')
            strbuf_puts(out, "'\\''");
        else
            strbuf_add_char(out, *text);
    }
}

static void add_names(struct strbuf *out, const char *variable, struct completion_names names)
{
    strbuf_printf(out, "%s=(\n", variable);
    for (size_t i = 0; i < names.n; i++) {
        strbuf_printf(out, "    '%s:", names.at[i].name);
        add_quoted(out, names.at[i].doc, "\\");
        strbuf_puts(out, "'\n");
    }
    strbuf_puts(out, ")\n");
}

/* "MESSAGE:ACTION" */
static void add_action(struct strbuf *out, const char *message, struct completes_what what)
{
    add_quoted(out, message, ":\\");
    switch (what.kind) {
    case COMPLETES_NOTHING:
        strbuf_puts(out, ": ");
        break;
    case COMPLETES_WORDS:
        strbuf_printf(out, ":(" STR_FMT ")", STR_ARG(what.words));
        break;
    case COMPLETES_FILES:
        strbuf_puts(out, ":_files");
        break;
    case COMPLETES_FOLDERS:
        strbuf_puts(out, ":_files -/");
        break;
    case COMPLETES_OUTPUTS:
        strbuf_puts(out, ":_dialtone_output");
        break;
    case COMPLETES_RULES:
        strbuf_puts(out, ":_dialtone_rule");
        break;
    case COMPLETES_SEVERITIES:
        strbuf_puts(out, ":_dialtone_severity");
        break;
    case COMPLETES_NAMES:
        strbuf_puts(out, ":_dialtone_name");
        break;
    }
}

static void add_flag(struct arena *arena, struct strbuf *out, const struct flag *flag)
{
    const char *equals = flag->argument ? "=" : "";
    if (flag_repeats(flag))
        strbuf_printf(out, " \\\n            '*'");
    else if (flag->letter)
        strbuf_printf(out, " \\\n            '(-%c --%s)'", flag->letter, flag->name);
    else
        strbuf_puts(out, " \\\n            ");
    if (flag->letter)
        strbuf_printf(out, "{-%c,--%s%s}'[", flag->letter, flag->name, equals);
    else
        strbuf_printf(out, "'--%s%s[", flag->name, equals);
    add_quoted(out, flag->doc, "[]\\:");
    strbuf_add_char(out, ']');
    if (flag->argument) {
        strbuf_add_char(out, ':');
        add_action(out, flag->argument, flag_completes(arena, flag));
    }
    strbuf_add_char(out, '\'');
}

void completion_zsh(struct arena *arena, struct strbuf *out)
{
    strbuf_puts(out,
                "#compdef dialtone\n\ntypeset -ga _dialtone_commands _dialtone_formats "
                "_dialtone_severities _dialtone_rules _dialtone_names\n_dialtone_commands=(\n");
    for (const struct command *command = commands; command->name; command++) {
        strbuf_printf(out, "    '%s:", command->name);
        add_quoted(out, command->doc, "\\");
        strbuf_puts(out, "'\n");
    }
    strbuf_printf(out,
                  "    'help:show the help of a command'\n    '--help:show the commands'\n"
                  "    '--version:show the version'\n)\n"
                  "_dialtone_formats=(" STR_FMT ")\n_dialtone_severities=(" COMPLETION_SEVERITIES
                  ")\n",
                  STR_ARG(completion_formats(arena)));
    add_names(out, "_dialtone_rules", completion_rules(arena));
    add_names(out, "_dialtone_names", completion_vocabulary(arena));

    strbuf_puts(out, "\n_dialtone_arguments() {\n    case $1 in\n");
    for (const struct command *command = commands; command->name; command++) {
        strbuf_printf(out, "    %s)\n        _arguments -S :", command->name);
        for (const struct flag *flag = NULL; (flag = flag_next(command, flag));)
            add_flag(arena, out, flag);
        strbuf_puts(out, " \\\n            '1:");
        add_action(out, "argument", command_completes_first(arena, command));
        strbuf_puts(out, "' \\\n            '*:");
        add_action(out, "argument", command_completes_more(arena, command));
        strbuf_puts(out, "'\n        ;;\n");
    }
    strbuf_puts(out, "    esac\n}\n");
    strbuf_puts(out, completion_zsh_text);
}
