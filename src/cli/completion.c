/* completion: scripts that complete command lines in shells, from the rows of commands, flags,
 * rules and vocabulary. */
#include "cli/completion.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "lint/lint.h"
#include "schema/text.h"

/* The words in capitals that stand for arguments in usages. */
static const struct {
    const char *word;
    enum completes kind;
} placeholders[] = {
    {"FILE", COMPLETES_FILES},
    {"PROXY", COMPLETES_FILES},
    {"GLOB", COMPLETES_FILES},
    {"FOLDER", COMPLETES_FOLDERS},
    {"FORMAT:FILE", COMPLETES_OUTPUTS},
    {"RULE", COMPLETES_RULES},
    {"RULE=SEVERITY", COMPLETES_SEVERITIES},
    {"POLICY", COMPLETES_NAMES},
};

static enum completes placeholder_kind(struct str word)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
        if (str_is(word, placeholders[i].word))
            return placeholders[i].kind;
    return COMPLETES_NOTHING;
}

/* The next word of a usage, brackets, bars and dots left out; empty at its end. */
static struct str next_word(struct str *left)
{
    size_t begin = 0, end;
    while (begin < left->len && !isalpha((unsigned char)left->ptr[begin]) &&
           left->ptr[begin] != '-')
        begin++;
    for (end = begin; end < left->len; end++)
        if (!isalpha((unsigned char)left->ptr[end]) && !strchr("-:=", left->ptr[end]))
            break;
    struct str word = str_slice(*left, begin, end);
    *left = str_slice(*left, end, left->len);
    return word;
}

struct completes_what flag_completes(struct arena *arena, const struct flag *flag)
{
    struct str left = str_from(flag->argument);
    if (flag->values)
        return (struct completes_what){
            COMPLETES_WORDS, str_replace(arena, str_from(flag->values), STR("|"), STR(" "))};
    return (struct completes_what){.kind = placeholder_kind(next_word(&left))};
}

bool flag_repeats(const struct flag *flag)
{
    return flag->argument && str_has_suffix(str_from(flag->argument), STR("..."));
}

/* Lower case words of a usage are to be typed as they are. */
static struct str literals_of(struct arena *arena, const struct command *command)
{
    struct strbuf words = strbuf_in(arena);
    struct str left = str_from(command->arguments), word;
    while ((word = next_word(&left)).len)
        if (islower((unsigned char)word.ptr[0]))
            strbuf_printf(&words, "%s" STR_FMT, words.len ? " " : "", STR_ARG(word));
    return strbuf_str(&words);
}

struct completes_what command_completes_more(struct arena *arena, const struct command *command)
{
    struct str left = str_from(command->arguments), word;
    (void)arena;
    while ((word = next_word(&left)).len) {
        if (str_is(word, "NAME"))
            return (struct completes_what){.kind = COMPLETES_NAMES};
        if (placeholder_kind(word))
            return (struct completes_what){.kind = placeholder_kind(word)};
    }
    return (struct completes_what){0};
}

struct completes_what command_completes_first(struct arena *arena, const struct command *command)
{
    struct str literals = literals_of(arena, command);
    if (literals.len)
        return (struct completes_what){COMPLETES_WORDS, literals};
    return command_completes_more(arena, command);
}

struct str completion_formats(struct arena *arena)
{
    return str_replace(arena, report_format_names(arena), STR(","), STR(""));
}

/* --- names --- */

struct name_list {
    struct arena *arena;
    struct map seen;
    VEC(struct completion_name) names;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct completion_name *)a)->name,
                  ((const struct completion_name *)b)->name);
}

/* Names that users choose themselves are patterns. */
static bool is_plain(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_-.", *at))
            return false;
    return *name != '\0';
}

static void add_name(void *user, const char *name, const char *doc)
{
    struct name_list *list = user;
    if (!is_plain(name) || map_put(&list->seen, str_from(name), list))
        return;
    struct completion_name one = {name, doc ? doc : ""};
    vec_push(list->arena, &list->names, one);
}

static struct completion_names sorted(struct name_list *list)
{
    if (list->names.n)
        qsort(list->names.at, list->names.n, sizeof(*list->names.at), compare_names);
    return (struct completion_names){list->names.at, list->names.n};
}

struct completion_names completion_rules(struct arena *arena)
{
    struct name_list list = {.arena = arena, .seen = map_in(arena)};
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++)
        add_name(&list, lint_rule_info(rule)->id, lint_rule_info(rule)->name);
    return sorted(&list);
}

struct completion_names completion_vocabulary(struct arena *arena)
{
    struct name_list list = {.arena = arena, .seen = map_in(arena)};
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    schema_names(pipeline.vocabulary, add_name, &list);
    pipeline_free(&pipeline);
    return sorted(&list);
}

/* --- the command --- */

static const struct {
    const char *shell;
    void (*write)(struct arena *arena, struct strbuf *out);
} scripts[] = {
    {"bash", completion_bash},
    {"zsh", completion_zsh},
    {"fish", completion_fish},
};

enum exit_status command_completion(struct invocation *invocation)
{
    const char *shell = invocation->n_files == 1 ? invocation->files[0] : "";
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (strcmp(shell, scripts[i].shell) != 0)
            continue;
        struct arena arena = ARENA_INIT;
        struct strbuf text = strbuf_in(&arena);
        scripts[i].write(&arena, &text);
        bool is_written = write_output(invocation->output, strbuf_str(&text));
        arena_free(&arena);
        return is_written ? STATUS_FINE : STATUS_TROUBLE;
    }
    fputs("dialtone completion: for which shell? (bash, zsh or fish)\n", stderr);
    return STATUS_USAGE;
}
