/* The completion script for fish: a line for each command and flag, from the rows; the functions
 * that they call are in src/cli/completion.fish. */
#include "base/arena.h"
#include "cli/completion.h"

/* As one word in single quotes. */
static void add_quoted(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '\'');
}

/* A function that prints the names with what is said of them. */
static void add_names(struct strbuf *out, const char *function, struct completion_names names)
{
    strbuf_printf(out, "\nfunction %s\n    printf '%%s\\t%%s\\n' ", function);
    for (size_t i = 0; i < names.n; i++) {
        strbuf_printf(out, "\\\n        %s ", names.at[i].name);
        add_quoted(out, names.at[i].doc);
        strbuf_add_char(out, ' ');
    }
    strbuf_puts(out, "\nend\n");
}

/* The options of `complete` that say what an argument is; <exclusive> where a word is required. */
static void add_what(struct strbuf *out, struct completes_what what, const char *exclusive)
{
    switch (what.kind) {
    case COMPLETES_NOTHING:
        strbuf_puts(out, exclusive);
        break;
    case COMPLETES_WORDS:
        strbuf_printf(out, "%s -a '" STR_FMT "'", exclusive, STR_ARG(what.words));
        break;
    case COMPLETES_FILES:
        strbuf_puts(out, exclusive[0] ? " -r -F" : " -F");
        break;
    case COMPLETES_FOLDERS:
        strbuf_printf(out, "%s -a '(__fish_complete_directories)'", exclusive);
        break;
    case COMPLETES_OUTPUTS:
        strbuf_printf(out, "%s -a '(__dialtone_output)'", exclusive);
        break;
    case COMPLETES_RULES:
        strbuf_printf(out, "%s -a '(__dialtone_rules)'", exclusive);
        break;
    case COMPLETES_SEVERITIES:
        strbuf_printf(out, "%s -a '(__dialtone_severity)'", exclusive);
        break;
    case COMPLETES_NAMES:
        strbuf_printf(out, "%s -a '(__dialtone_names)'", exclusive);
        break;
    }
}

static void add_flag(struct arena *arena, struct strbuf *out, const struct command *command,
                     const struct flag *flag)
{
    strbuf_printf(out, "complete -c dialtone -n '__dialtone_runs %s' -l %s", command->name,
                  flag->name);
    if (flag->letter)
        strbuf_printf(out, " -s %c", flag->letter);
    strbuf_puts(out, " -d ");
    add_quoted(out, flag->doc);
    if (flag->argument)
        add_what(out, flag_completes(arena, flag), " -x");
    strbuf_add_char(out, '\n');
}

static void add_arguments(struct arena *arena, struct strbuf *out, const struct command *command)
{
    struct completes_what first = command_completes_first(arena, command);
    struct completes_what more = command_completes_more(arena, command);
    bool differ = first.kind != more.kind;
    if (differ) {
        strbuf_printf(out, "complete -c dialtone -n '__dialtone_runs %s; and __dialtone_is_first'",
                      command->name);
        add_what(out, first, "");
        strbuf_add_char(out, '\n');
    }
    if (more.kind == COMPLETES_NOTHING)
        return;
    strbuf_printf(out, "complete -c dialtone -n '__dialtone_runs %s%s'", command->name,
                  differ ? "; and not __dialtone_is_first" : "");
    add_what(out, more, "");
    strbuf_add_char(out, '\n');
}

void completion_fish(struct arena *arena, struct strbuf *out)
{
    strbuf_printf(out,
                  "# completion of dialtone's command lines in fish\n"
                  "set -g __dialtone_formats " STR_FMT "\n"
                  "set -g __dialtone_severities " COMPLETION_SEVERITIES "\n",
                  STR_ARG(completion_formats(arena)));
    add_names(out, "__dialtone_rules", completion_rules(arena));
    add_names(out, "__dialtone_names", completion_vocabulary(arena));
    strbuf_puts(out, completion_fish_text);
    for (const struct command *command = commands; command->name; command++) {
        strbuf_printf(out, "complete -c dialtone -n __dialtone_needs_command -a %s -d ",
                      command->name);
        add_quoted(out, command->doc);
        strbuf_add_char(out, '\n');
        add_arguments(arena, out, command);
        for (const struct flag *flag = NULL; (flag = flag_next(command, flag));)
            add_flag(arena, out, command, flag);
    }
    strbuf_puts(out, "complete -c dialtone -n __dialtone_needs_command -a help -d "
                     "'show the help of a command'\n");
}
