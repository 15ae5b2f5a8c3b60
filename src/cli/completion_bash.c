/* The completion script for bash: what may stand where, from the rows; src/cli/completion.bash
 * looks where the cursor is. */
#include "base/arena.h"
#include "cli/completion.h"

static const char *kind_name(enum completes kind)
{
    static const char *const names[] = {
        [COMPLETES_NOTHING] = "nothing",       [COMPLETES_WORDS] = "words",
        [COMPLETES_FILES] = "files",           [COMPLETES_FOLDERS] = "folders",
        [COMPLETES_OUTPUTS] = "outputs",       [COMPLETES_RULES] = "rules",
        [COMPLETES_SEVERITIES] = "severities", [COMPLETES_NAMES] = "names"};
    return names[kind];
}

/* Where bash stands for <pattern>, it takes <what>. */
static void add_case(struct strbuf *out, const char *pattern, struct completes_what what)
{
    strbuf_printf(out, "    %s) echo '%s%s" STR_FMT "' ;;\n", pattern, kind_name(what.kind),
                  what.words.len ? " " : "", STR_ARG(what.words));
}

static void add_flag_case(struct arena *arena, struct strbuf *out, const struct command *command,
                          const struct flag *flag)
{
    struct strbuf pattern = strbuf_in(arena);
    if (!flag->argument)
        return;
    strbuf_printf(&pattern, "'%s --%s'", command->name, flag->name);
    if (flag->letter)
        strbuf_printf(&pattern, " | '%s -%c'", command->name, flag->letter);
    add_case(out, strbuf_cstr(&pattern), flag_completes(arena, flag));
}

static void add_words(struct strbuf *out, const char *variable, struct str words)
{
    strbuf_printf(out, "%s='" STR_FMT "'\n", variable, STR_ARG(words));
}

/* The names, or what is said of them. */
static struct str join(struct arena *arena, struct completion_names names, bool docs)
{
    struct strbuf words = strbuf_in(arena);
    for (size_t i = 0; i < names.n; i++)
        strbuf_printf(&words, "%s%s", i ? " " : "", docs ? names.at[i].doc : names.at[i].name);
    return strbuf_str(&words);
}

void completion_bash(struct arena *arena, struct strbuf *out)
{
    struct completion_names rules = completion_rules(arena);
    struct strbuf names = strbuf_in(arena);
    for (const struct command *command = commands; command->name; command++)
        strbuf_printf(&names, "%s ", command->name);
    strbuf_puts(out, "# completion of dialtone's command lines in bash\n");
    strbuf_puts(&names, "help --help --version");
    add_words(out, "_dialtone_commands", strbuf_str(&names));
    add_words(out, "_dialtone_formats", completion_formats(arena));
    add_words(out, "_dialtone_severities", STR(COMPLETION_SEVERITIES));
    add_words(out, "_dialtone_rules", join(arena, rules, false));
    add_words(out, "_dialtone_rule_names", join(arena, rules, true));
    add_words(out, "_dialtone_names", join(arena, completion_vocabulary(arena), false));

    strbuf_puts(out, "\n_dialtone_flags() {\n    case $1 in\n");
    for (const struct command *command = commands; command->name; command++) {
        strbuf_printf(out, "    %s) echo '", command->name);
        for (const struct flag *flag = NULL; (flag = flag_next(command, flag));) {
            strbuf_printf(out, "--%s ", flag->name);
            if (flag->letter)
                strbuf_printf(out, "-%c ", flag->letter);
        }
        strbuf_puts(out, "' ;;\n");
    }
    strbuf_puts(out, "    esac\n}\n\n# _dialtone_takes COMMAND FLAG|NUMBER: what its argument is\n"
                     "_dialtone_takes() {\n    case \"$1 $2\" in\n");
    for (const struct command *command = commands; command->name; command++) {
        for (const struct flag *flag = NULL; (flag = flag_next(command, flag));)
            add_flag_case(arena, out, command, flag);
        add_case(out, arena_printf(arena, "'%s 0'", command->name),
                 command_completes_first(arena, command));
        add_case(out, arena_printf(arena, "'%s '[1-9]*", command->name),
                 command_completes_more(arena, command));
    }
    strbuf_puts(out, "    esac\n}\n");
    strbuf_puts(out, completion_bash_text);
}
