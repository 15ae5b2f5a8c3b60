/* The file .dialtone: what a project says once for all of its Caddyfiles. A new setting is one more
 * row. */
#include "project/project.h"

#include <errno.h>
#include <string.h>

#include "adapt/adapter.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "directives/option_takes.h"
#include "project/lines.h"
#include "syntax/import_files.h"

static const char file_name[] = ".dialtone";

static bool setting_plugins(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)object;
    struct project *project = state;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++) {
        if (token_is(words.at[i], "builtin"))
            project->wants_builtin = true;
        else
            vec_push(scope->arena, &project->plugin_files, words.at[i]);
    }
    return true;
}

/* Whether a block follows the name at the cursor. */
static bool has_block(const struct cursor *in)
{
    struct cursor ahead = *in;
    while (cursor_next_arg(&ahead))
        ;
    return cursor_next(&ahead) && token_is_open(cursor_token(&ahead));
}

static bool setting_plugin(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)object;
    struct project *project = state;
    if (has_block(in)) {
        vec_push(scope->arena, &project->described, cursor_segment(in));
        return true;
    }
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++)
        vec_push(scope->arena, &project->plugins, words.at[i]);
    return true;
}

static bool refuse_word(struct cursor *in, const char *values, const struct token *word)
{
    struct suggestion suggestion = suggest_for(word->text);
    struct str left = str_from(values), one;
    while (left.len) {
        str_cut(left, STR("|"), &one, &left);
        suggest_try(&suggestion, one);
    }
    struct diag *diag = diag_token(in->diags, DIAG_BAD_VALUE, word, "'" STR_FMT "' is not one of %s",
                                   STR_ARG(word->text), values);
    if (suggestion.best.len)
        diag_help(in->diags, diag, word->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    return false;
}

static bool is_one_of(const char *values, struct str word)
{
    struct str left = str_from(values), one;
    while (left.len) {
        str_cut(left, STR("|"), &one, &left);
        if (str_eq(one, word))
            return true;
    }
    return false;
}

static bool is_count(struct cursor *in, const struct token *word)
{
    int64_t count;
    if (parse_go_int(word->text, &count) == PARSE_OK && count >= 0 && count <= UINT32_MAX)
        return true;
    diag_token(in->diags, DIAG_BAD_VALUE, word, "'" STR_FMT "' is not a number of findings",
               STR_ARG(word->text));
    return false;
}

static bool setting_value(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state);
static bool setting_rule(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state);
static bool setting_rules(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state);
static bool setting_words(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state);
static bool setting_policy(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state);
static bool policy_message(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state);

static const char severities[] = "off|info|warning|error";

static const struct option rule_rows[] = {
    {.name = "<rule>",
     .doc = "how loud the rule, the family or all rules of that id are",
     .arguments = severities,
     .values = severities,
     .min_args = 1,
     .max_args = 1,
     .parse = setting_rule},
    {0},
};

static const struct option policy_rows[] = {
    {.name = "message",
     .doc = "what to tell those whose files are against it",
     .arguments = "<text>",
     .min_args = 1,
     .max_args = 1,
     .parse = policy_message},
    {0},
};

/* The first rows are those of enum project_setting. */
static const struct option settings[] = {
#define X(setting, name_, arguments_, values_, doc_)                                               \
    {.name = name_,                                                                                \
     .doc = doc_,                                                                                  \
     .arguments = arguments_,                                                                      \
     .values = values_,                                                                            \
     .min_args = 1,                                                                                \
     .max_args = 1,                                                                                \
     .parse = setting_value},
    PROJECT_VALUES(X)
#undef X
    {.name = "rule",
     .doc = "how loud a rule is, by id, family or name",
     .arguments = "<rule> off|info|warning|error",
     .values = severities,
     .min_args = 2,
     .max_args = 2,
     .parse = setting_rule},
    {.name = "rules",
     .doc = "the same for several rules, one a line",
     .block = rule_rows,
     .parse = setting_rules},
    {.name = "env",
     .doc = "variables of the environment that will be set; all others will not",
     .arguments = "<name...>",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_words},
    {.name = "exclude",
     .doc = "files and folders that are passed over when they are found in a folder",
     .arguments = "<glob...>",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_words},
    {.name = "forbid",
     .doc = "what must not stand in a file",
     .arguments = "<name> [<word...>]",
     .min_args = 1,
     .max_args = -1,
     .block = policy_rows,
     .parse = setting_policy},
    {.name = "require",
     .doc = "what must stand in each site, in the global options, or in each directive",
     .arguments = "<name> [<word...>]",
     .min_args = 1,
     .max_args = -1,
     .block = policy_rows,
     .parse = setting_policy},
    {.name = "plugins",
     .doc = "files that describe plugins; `builtin` stands for all built-in descriptions",
     .arguments = "<file...>|builtin",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_plugins},
    {.name = "plugin",
     .doc = "plugins that Caddy is built with, by built-in description; or one, described in the "
            "block",
     .arguments = "<name...>",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_plugin},
    {0},
};

static bool setting_value(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)object;
    struct project *project = state;
    const struct token **value = &project->values[row - settings], *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    if (words.n != 1)
        return take_arity_error(in, row);
    if (*value) {
        struct diag *diag = diag_token(scope->diags, DIAG_DUPLICATE, name, "'%s' stands here twice",
                                       row->name);
        diag_label(scope->diags, diag, (*value)->span, "first here");
        return false;
    }
    if (row->values && !is_one_of(row->values, words.at[0]->text))
        return refuse_word(in, row->values, words.at[0]);
    if (row - settings == PROJECT_MAX_FINDINGS && !is_count(in, words.at[0]))
        return false;
    *value = words.at[0];
    return true;
}

/* `rule DT404 off`, or `DT404 off` in the block of `rules`. */
static bool setting_rule(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)object;
    struct project *project = state;
    struct project_rule rule = {.rule = cursor_token(in)};
    struct token_list words = cursor_remaining(in);
    if (words.n != (size_t)row->min_args)
        return take_arity_error(in, row);
    if (words.n == 2)
        rule.rule = words.at[0];
    rule.severity = words.at[words.n - 1];
    if (!is_one_of(row->values, rule.severity->text))
        return refuse_word(in, row->values, rule.severity);
    vec_push(scope->arena, &project->rules, rule);
    return true;
}

static bool setting_rules(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    if (cursor_remaining(in).n)
        return take_arity_error(in, row);
    return options_parse(scope, in, row->block, object, state);
}

static bool setting_words(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)object;
    struct project *project = state;
    bool is_env = strcmp(row->name, "env") == 0;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++) {
        if (is_env)
            vec_push(scope->arena, &project->variables, words.at[i]);
        else
            vec_push(scope->arena, &project->excludes, words.at[i]);
    }
    return true;
}

static bool policy_message(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)scope, (void)object;
    struct token_list words = cursor_remaining(in);
    if (words.n != 1)
        return take_arity_error(in, row);
    ((struct policy *)state)->message = words.at[0];
    return true;
}

static bool setting_policy(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    struct project *project = state;
    struct policy policy = {.kind = strcmp(row->name, "forbid") == 0 ? POLICY_FORBID
                                                                     : POLICY_REQUIRE};
    policy.words = cursor_remaining(in);
    if (policy.words.n == 0)
        return take_arity_error(in, row);
    if (!options_parse(scope, in, row->block, object, &policy))
        return false;
    vec_push(scope->arena, &project->policies, policy);
    return true;
}

const struct source *project_find(struct sources *sources, struct diags *diags, struct str path)
{
    struct arena *arena = sources->arena;
    struct str at = path_beside(arena, path, str_from(file_name));
    for (;;) {
        struct str text;
        int error = source_read(sources, at.ptr, &text);
        if (error == 0) {
            const struct source *source = source_add(sources, at, text);
            if (!source)
                diag_at(diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                        STR_FMT " is too large", STR_ARG(at));
            return source;
        }
        if (error != -ENOENT && error != -ENOTDIR && error != -EISDIR) {
            diag_at(diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                    "cannot read " STR_FMT ": %s", STR_ARG(at), strerror(-error));
            return NULL;
        }
        ptrdiff_t slash = str_last_index(at, '/');
        struct str folder = str_slice(at, 0, slash > 0 ? (size_t)slash : 0);
        slash = str_last_index(folder, '/');
        if (slash < 0)
            return NULL;
        at = str_printf(arena, STR_FMT "/%s", STR_ARG(str_slice(folder, 0, (size_t)slash)),
                        file_name);
    }
}

bool project_read(struct project *project, struct sources *sources, struct diags *diags,
                  const struct source *source)
{
    struct lines_context context = {
        .arena = sources->arena, .sources = sources, .diags = diags, .what = "setting"};
    return lines_read(&context, source, settings, project);
}

struct str project_path(const struct project *project, struct arena *arena,
                        const struct token *word)
{
    return path_beside(arena, project->source->path, word->text);
}
