/* Comments that switch findings off: `# dialtone: ignore[DT404] reason` above a statement or at the
 * end of its line, `# dialtone: ignore-file[DT9] reason` anywhere. */
#include "base/arena.h"
#include "base/vec.h"
#include "lint/lint_private.h"
#include "syntax/lexer.h"

struct suppression {
    struct span comment; /* the words in the comment, from `dialtone:` on */
    struct str rules;    /* between the brackets; empty: all */
    struct span covered;
    bool is_used;
};

struct suppressions {
    VEC(struct suppression) list;
};

/* --- what a comment covers --- */

struct statement_search {
    struct span within; /* one source, from the comment on */
    const struct node *found;
};

/* The node whose first word is the first one behind the comment; of several (a site and what it
 * holds) the outermost. */
static bool look_at(const struct node *node, void *user)
{
    struct statement_search *search = user;
    uint32_t begin = node->n_words ? node->words[0]->span.begin
                     : node->open  ? node->open->span.begin
                                   : 0;
    if (begin >= search->within.begin && begin < search->within.end &&
        (node->role == ROLE_LINE || node->role == ROLE_MATCHER || node->role == ROLE_SITE ||
         node->role == ROLE_NAMED_ROUTE || node->role == ROLE_GLOBAL)) {
        search->within.end = begin;
        search->found = node;
    }
    return true;
}

static struct span rest_of_line(const struct source *source, uint32_t at)
{
    struct str raw = source->raw;
    uint32_t begin = at - source->base, end = begin;
    while (end < raw.len && raw.ptr[end] != '\n')
        end++;
    return (struct span){at, source->base + end};
}

/* The line behind the comment's, where no statement stands (it is in a snippet nobody imports). */
static struct span next_line(const struct source *source, struct span comment)
{
    struct span line = rest_of_line(source, comment.end);
    uint32_t begin = line.end + 1;
    if (begin - source->base >= source->raw.len)
        return line;
    return (struct span){begin, rest_of_line(source, begin).end};
}

static struct span covered_by(struct lint *lint, const struct source *source,
                              const struct comment *comment)
{
    struct span line = lint_whole_lines(lint, comment->span);
    if (!comment->owns_line)
        return (struct span){line.begin, comment->span.begin};
    struct statement_search search = {
        .within = {comment->span.end, source->base + (uint32_t)source->raw.len}};
    if (lint->tree)
        node_walk(lint->tree, look_at, &search);
    if (!search.found)
        return next_line(source, comment->span);
    struct span span = line_span_with_block(search.found);
    if (search.found->role == ROLE_GLOBAL && search.found->close)
        span = (struct span){search.found->open->span.begin, search.found->close->span.end};
    if (!search.found->close && search.found->n_tokens) /* a site without braces */
        span.end = search.found->tokens[search.found->n_tokens - 1]->span.end;
    return span;
}

/* --- reading comments --- */

static bool read_comment(struct lint *lint, const struct source *source,
                         const struct comment *comment, struct suppression *out)
{
    struct str text = comment->text, before, rest, rules;
    if (!str_cut(text, STR("dialtone:"), &before, &rest) || str_trim(str_trim_prefix(before, STR("#"))).len)
        return false;
    rest = str_trim(rest);
    bool is_file = str_has_prefix(rest, STR("ignore-file"));
    if (!str_has_prefix(rest, STR("ignore")))
        return false;
    *out = (struct suppression){.comment = comment->span};
    if (str_cut(rest, STR("["), &before, &rest) && str_cut(rest, STR("]"), &rules, &rest))
        out->rules = str_trim(rules);
    out->covered = is_file ? (struct span){source->base, source->base + (uint32_t)source->raw.len + 1}
                           : covered_by(lint, source, comment);
    return true;
}

/* In capitals, as much as fits: ids are short. */
static struct str capitals(struct str text, char out[16])
{
    size_t n = text.len < 16 ? text.len : 16;
    for (size_t i = 0; i < n; i++)
        out[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? (char)(text.ptr[i] - 32) : text.ptr[i];
    return str_make(out, n);
}

static bool is_named(const struct diag_code_info *info, struct str rules)
{
    struct str rule;
    char id[16];
    if (!rules.len)
        return true;
    while (rules.len) {
        str_cut(rules, STR(","), &rule, &rules);
        rule = str_trim(rule);
        if (rule.len > 2 && (str_is(rule, info->name) ||
                             str_has_prefix(str_from(info->id), capitals(rule, id))))
            return true;
    }
    return false;
}

/* Findings that a person may switch off: not what Caddy itself refuses. */
static bool may_be_hidden(const struct diag *diag)
{
    return diag->code == DIAG_NONE || diag->severity < SEVERITY_ERROR;
}

static void apply(struct lint *lint, struct suppression *one)
{
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next) {
        if (diag->span.begin < one->covered.begin || diag->span.begin >= one->covered.end ||
            !may_be_hidden(diag) || !is_named(diag->info, one->rules))
            continue;
        one->is_used = true;
        diag_set_severity(lint_diags(lint), diag, SEVERITY_NONE);
    }
}

void lint_suppress(struct lint *lint)
{
    struct suppressions *all = arena_new(lint->arena, struct suppressions);
    *all = (struct suppressions){0};
    lint->facts->suppressions = all;
    if (lint->settings->ignores_comments)
        return;
    const struct sources *sources = &lint->pipeline->sources;
    for (uint32_t s = 0; s < sources->n; s++) {
        const struct source *source = sources->at[s];
        for (size_t i = 0; source->comments && i < source->comments->n; i++) {
            struct suppression one;
            if (!read_comment(lint, source, &source->comments->at[i], &one))
                continue;
            apply(lint, &one);
            vec_push(lint->arena, &all->list, one);
        }
    }
}

/* --- what is wrong with the comments themselves --- */

void lint_check_unused_suppressions(struct lint *lint)
{
    const struct suppressions *all = lint->facts->suppressions;
    for (size_t i = 0; i < all->list.n; i++)
        if (!all->list.at[i].is_used)
            lint_report_at(lint, all->list.at[i].comment, NULL, "this comment hides nothing");
}

void lint_check_suppressed_rules(struct lint *lint)
{
    const struct suppressions *all = lint->facts->suppressions;
    for (size_t i = 0; i < all->list.n; i++) {
        struct str left = all->list.at[i].rules, rule;
        while (left.len) {
            str_cut(left, STR(","), &rule, &left);
            rule = str_trim(rule);
            struct str nearest;
            if (!rule.len || lint_rule_exists(rule, &nearest))
                continue;
            struct diag *diag = lint_report_at(lint, all->list.at[i].comment, NULL,
                                               "there is no rule '" STR_FMT "'", STR_ARG(rule));
            if (nearest.len)
                diag_note(lint_diags(lint), diag, "did you mean " STR_FMT "?", STR_ARG(nearest));
        }
    }
}
