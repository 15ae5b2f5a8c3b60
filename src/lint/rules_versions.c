/* What the target version of Caddy does not know (DT809): names by the versions of their rows, and
 * forms of the language. */
#include "adapt/shorthand.h"
#include "base/arena.h"
#include "lint/lint_private.h"
#include "lint/names.h"
#include "schema/syntax.h"
#include "syntax/lexer.h"

/* Reports what a version brought that the target, or the one it is compared with, does not have; NULL
 * where both have it. */
static struct diag *report_newer(struct lint *lint, struct span span,
                                 const struct import_chain *via, struct str what,
                                 const char *since)
{
    const struct lint_version target = lint->settings->target, from = lint->settings->from;
    bool lacks = lint_version_before(target, since);
    if (!lacks && !lint_version_before(from, since))
        return NULL;
    const struct lint_version *version = lacks ? &target : &from;
    struct str patch = version->patch ? str_printf(lint->arena, ".%u", version->patch) : STR("");
    struct diag *diag = lint_report_at(lint, span, via,
                                       STR_FMT " is there since Caddy %s: %u.%u" STR_FMT
                                               " does not know it",
                                       STR_ARG(what), since, version->major, version->minor,
                                       STR_ARG(patch));
    if (!lacks)
        diag_set_severity(lint_diags(lint), diag, SEVERITY_INFO);
    return diag;
}

/* --- names --- */

/* Then what it stands in is reported. */
static bool is_newer_around(const struct lint *lint, const struct dated_name *name)
{
    struct lint_version version = lint_version_before(lint->settings->target, name->since)
                                      ? lint->settings->target
                                      : lint->settings->from;
    for (size_t i = 0; i < sizeof(name->around) / sizeof(name->around[0]) && name->around[i]; i++)
        if (lint_version_before(version, name->around[i]))
            return true;
    return false;
}

static void check_names(struct lint *lint)
{
    const struct pipeline *pipeline = lint->pipeline;
    for (size_t i = 0; i < pipeline->dated.n; i++) {
        const struct dated_name *name = &pipeline->dated.at[i];
        if (!is_newer_around(lint, name))
            report_newer(lint, name->span, name->via,
                         str_printf(lint->arena, "'" STR_FMT "'", STR_ARG(name->name)),
                         name->since);
    }
}

/* --- placeholders --- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* Whether <inside>, what stands between braces, is written by the shorthand. */
static bool is_shorthand(const struct shorthand *row, struct str inside)
{
    if (row->kind == SHORTHAND_EXACT)
        return str_eq(inside, row->name);
    if (!str_has_prefix(inside, row->name) || inside.len == row->name.len)
        return false;
    for (size_t i = row->name.len; i < inside.len; i++)
        if (!is_word_char(inside.ptr[i]) && !(row->kind == SHORTHAND_DOTTED && inside.ptr[i] == '.'))
            return false;
    return true;
}

static void check_placeholder(struct lint *lint, const struct token *token, struct str inside)
{
    for (const struct shorthand *row = shorthands; row->name.len; row++)
        if (is_shorthand(row, inside)) {
            if (row->since)
                report_newer(lint, token->span, token->via,
                             str_printf(lint->arena, "the placeholder {" STR_FMT "}",
                                        STR_ARG(inside)),
                             row->since);
            return;
        }
}

static void check_placeholders(struct lint *lint, const struct token *token)
{
    struct str left = token->text, before, inside;
    while (str_cut(left, STR("{"), &before, &left)) {
        struct str rest;
        if (!str_cut(left, STR("}"), &inside, &rest))
            return;
        check_placeholder(lint, token, inside);
    }
}

/* --- the language --- */

static bool is_heredoc(const struct node *node, const struct token *token)
{
    (void)node;
    return token->quote == QUOTE_HEREDOC;
}

static bool is_named_route(const struct node *node, const struct token *token)
{
    return node->role == ROLE_NAMED_ROUTE && token == node->words[0];
}

/* `@name` and an expression in quotes. */
static bool is_expression(const struct node *node, const struct token *token)
{
    return node->n_words == 2 && token == node->words[1] && token->quote != QUOTE_NONE &&
           str_has_prefix(node->words[0]->text, STR("@"));
}

static bool is_upstream(const struct node *node)
{
    static const char *const names[] = {"reverse_proxy", "php_fastcgi", "forward_auth", "to", "bind"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_is(line_name(node), names[i]))
            return true;
    return false;
}

static bool is_h2c_socket(const struct node *node, const struct token *token)
{
    return is_upstream(node) && str_has_prefix(token->text, STR("unix+h2c/"));
}

static bool is_descriptor(const struct node *node, const struct token *token)
{
    return is_upstream(node) && str_has_prefix(token->text, STR("fd/"));
}

static bool is_alone(const struct node *node, const struct token *token, const char *name)
{
    return node->n_words == 2 && token == node->words[1] && str_is(line_name(node), name) &&
           !node->body;
}

/* Without a slash it never was a matcher. */
static bool is_bare_root(const struct node *node, const struct token *token)
{
    return is_alone(node, token, "root") && str_has_prefix(token->text, STR("/"));
}

static bool is_bare_rewrite(const struct node *node, const struct token *token)
{
    return is_alone(node, token, "rewrite") && str_has_prefix(token->text, STR("/"));
}

static bool is_error_status(const struct node *node, const struct token *token)
{
    return node->n_words > 1 && token == node->words[1] && str_is(line_name(node), "handle_errors");
}

/* Rows of schema/syntax.c by their names, and how a word shows that they are used. */
static const struct {
    const char *feature, *what;
    bool (*is_used)(const struct node *node, const struct token *token);
    const char *insert; /* before the word: then older versions know it too; NULL: nothing helps */
} word_features[] = {
    {"heredoc", "a heredoc", is_heredoc, NULL},
    {"named route", "a named route", is_named_route, NULL},
    {"matcher: expression", "an expression without its matcher's name", is_expression, NULL},
    {"upstream: unix socket, h2c", "the network unix+h2c", is_h2c_socket, NULL},
    {"upstream: descriptor", "the network fd", is_descriptor, NULL},
    {"root without a matcher", "'root' without a matcher", is_bare_root, "* "},
    {"rewrite without a matcher", "'rewrite' without a matcher", is_bare_rewrite, "* "},
    {"handle_errors with statuses", "'handle_errors' with statuses", is_error_status, NULL},
};

/* The same where the text of the file shows it, before imports are filled in. */
static const struct {
    const char *feature, *what, *text;
} text_features[] = {
    {"import arguments", "{args[…]}", "{args["},
    {"import block", "{block}", "{block}"},
    {"import block: by key", "{blocks…}", "{blocks."},
};

static const char *feature_since(const char *name)
{
    for (const struct syntax_feature *row = syntax_features; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->since;
    return NULL;
}

static void check_word(struct lint *lint, const struct node *node, const struct token *token)
{
    for (size_t i = 0; i < sizeof(word_features) / sizeof(word_features[0]); i++) {
        if (!word_features[i].is_used(node, token))
            continue;
        struct diag *diag = report_newer(lint, token->span, token->via,
                                         str_from(word_features[i].what),
                                         feature_since(word_features[i].feature));
        const char *insert = word_features[i].insert;
        if (diag && insert && !diag->notes)
            diag_fix(lint_diags(lint), diag, FIX_SAFE,
                     (struct span){token->span.begin, token->span.begin}, str_from(insert),
                     "every version knows it so");
    }
    check_placeholders(lint, token);
}

static bool check_node(const struct node *node, void *user)
{
    for (uint32_t i = 0; i < node->n_words; i++)
        check_word(user, node, node->words[i]);
    return true;
}

static bool is_in_comment(const struct source *source, uint32_t at)
{
    for (size_t i = 0; source->comments && i < source->comments->n; i++) {
        struct span span = source->comments->at[i].span;
        uint32_t end = span.end;
        while (end - source->base < source->raw.len && source->raw.ptr[end - source->base] != '\n')
            end++;
        if (at >= span.begin && at < end)
            return true;
    }
    return false;
}

static void check_text(struct lint *lint, const struct source *source, size_t feature)
{
    struct str wanted = str_from(text_features[feature].text), left = source->raw;
    for (ptrdiff_t at; (at = str_find(left, wanted)) >= 0;) {
        uint32_t begin = source->base + (uint32_t)(left.ptr + at - source->raw.ptr);
        struct span span = {begin, begin + (uint32_t)wanted.len};
        if (!is_in_comment(source, begin))
            report_newer(lint, span, NULL, str_from(text_features[feature].what),
                         feature_since(text_features[feature].feature));
        left = str_slice(left, (size_t)at + wanted.len, left.len);
    }
}

static void check_syntax(struct lint *lint)
{
    node_walk(lint->tree, check_node, lint);
    const struct sources *sources = &lint->pipeline->sources;
    for (uint32_t s = 0; s < sources->n; s++)
        for (size_t i = 0; sources->at[s]->comments && /* a Caddyfile, not a project */
                           sources->at[s] != lint->pipeline->project.source &&
                           i < sizeof(text_features) / sizeof(text_features[0]);
             i++)
            check_text(lint, sources->at[s], i);
}

/* --- old names --- */

static bool is_deprecation(const struct diag *diag)
{
    return diag->code == DIAG_DEPRECATED || diag->code == DIAG_DEPRECATED_METRICS ||
           diag->code == DIAG_DEPRECATED_TRUST;
}

/* An old name is the right one where the target does not know the new one. */
static void keep_old_names(struct lint *lint)
{
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next) {
        struct str before, name, rest;
        if (diag->code == DIAG_DOTTED_ARGUMENT &&
            lint_version_before(lint->settings->target, feature_since("import arguments")))
            diag_set_severity(lint_diags(lint), diag, SEVERITY_NONE);
        if (!is_deprecation(diag) || !str_cut(diag->message, STR(": write "), &before, &name))
            continue;
        str_cut(name, STR(" "), &name, &rest);
        const char *since = name_since(lint->arena, lint->pipeline->vocabulary, name);
        if (since && lint_version_before(lint->settings->target, since))
            diag_set_severity(lint_diags(lint), diag, SEVERITY_NONE);
    }
}

static void check_versions(struct lint *lint)
{
    if (!lint->settings->target.major)
        return;
    check_names(lint);
    if (lint->tree)
        check_syntax(lint);
    keep_old_names(lint);
}

const struct lint_rule version_rules[] = {
    {.info = {"DT809", "not-in-target-version", "something that the target version does not know",
              SEVERITY_ERROR},
     .fix = FIX_SAFE,
     .profile = PROFILE_COMPAT,
     .compares_versions = true,
     .caddy = CADDY_SILENT,
     .why = "`target` in .dialtone, or --target, names the version of Caddy that the file must work on. Rows "
            "of the vocabulary say which\nversion brought a directive, option, matcher, module, "
            "placeholder or form; `dialtone schema NAME` shows it.",
     .at_run_time = "A Caddy that is older refuses the file; a placeholder it does not know stays text.",
     .target = "2.7",
     .bad = "example.com {\n\troot /srv\n\tfile_server\n}\n",
     .good = "example.com {\n\troot * /srv\n\tfile_server\n}\n",
     .whole = check_versions},
    {.info = {0}},
};
