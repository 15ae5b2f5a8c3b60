/* Comments that switch findings off: `# dialtone: ignore[DT404] reason` above a statement or at the
 * end of its line, `# dialtone: ignore-file[DT9] reason` anywhere. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"
#include "lint/lint_private.h"
#include "syntax/lexer.h"

struct suppression {
    struct span comment; /* the words in the comment, from `dialtone:` on */
    struct str rules;    /* between the brackets; empty: all */
    struct str reason;   /* the words behind them */
    struct span covered;
    bool is_used;
};

struct suppressions {
    VEC(struct suppression) list;
};

/* --- what a comment covers --- */

/* A statement, and where it begins. */
struct statement {
    uint32_t begin;
    uint32_t place; /* in the order of the tree */
    const struct node *node;
};

/* Sorted by where they begin. */
struct statements {
    struct arena *arena;
    VEC(struct statement) list;
};

static bool add_statement(const struct node *node, void *user)
{
    struct statements *all = user;
    uint32_t begin = node->n_words ? node->words[0]->span.begin
                     : node->open  ? node->open->span.begin
                                   : 0;
    if (node->role == ROLE_LINE || node->role == ROLE_MATCHER || node->role == ROLE_SITE ||
        node->role == ROLE_NAMED_ROUTE || node->role == ROLE_GLOBAL)
        vec_push(all->arena, &all->list,
                 (struct statement){begin, (uint32_t)all->list.n, node});
    return true;
}

static int compare_statements(const void *a, const void *b)
{
    const struct statement *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

static const struct statements *statements_of(const struct lint *lint)
{
    static const char question;
    struct statements *all = lint_answered(lint, &question, NULL);
    if (all)
        return all;
    all = arena_new(lint->arena, struct statements);
    all->arena = lint->arena;
    if (lint->tree)
        node_walk(lint->tree, add_statement, all);
    if (all->list.n)
        qsort(all->list.at, all->list.n, sizeof(*all->list.at), compare_statements);
    lint_answer(lint, &question, NULL, all);
    return all;
}

/* The node whose first word is the first one behind the comment; of several (a site and what it
 * holds) the outermost. */
static const struct node *statement_in(const struct lint *lint, struct span within)
{
    const struct statements *all = statements_of(lint);
    size_t low = 0, high = all->list.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (all->list.at[middle].begin >= within.begin)
            high = middle;
        else
            low = middle + 1;
    }
    bool is_there = low < all->list.n && all->list.at[low].begin < within.end;
    return is_there ? all->list.at[low].node : NULL;
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
    const struct node *found = statement_in(
        lint, (struct span){comment->span.end, source->base + (uint32_t)source->raw.len});
    if (!found)
        return next_line(source, comment->span);
    struct span span = line_span_with_block(found);
    if (found->role == ROLE_GLOBAL && found->close)
        span = (struct span){found->open->span.begin, found->close->span.end};
    if (!found->close && found->n_tokens) /* a site without braces */
        span.end = found->tokens[found->n_tokens - 1]->span.end;
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
    rest = str_trim_prefix(rest, is_file ? STR("ignore-file") : STR("ignore"));
    *out = (struct suppression){.comment = comment->span, .reason = str_trim(rest)};
    if (str_cut(rest, STR("["), &before, &rest) && str_cut(rest, STR("]"), &rules, &rest)) {
        out->rules = str_trim(rules);
        out->reason = str_trim(rest);
    }
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

/* Findings by where they stand. */
struct found {
    VEC(struct diag *) list;
    struct map applied; /* what comments cover, and whether it hid something → yes or no */
};

static int compare_findings(const void *a, const void *b)
{
    const struct diag *left = *(struct diag *const *)a, *right = *(struct diag *const *)b;
    return left->span.begin < right->span.begin ? -1 : left->span.begin > right->span.begin;
}

static struct found findings_of(struct lint *lint)
{
    struct found found = {.applied = map_in(lint->arena)};
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next)
        vec_push(lint->arena, &found.list, diag);
    if (found.list.n)
        qsort(found.list.at, found.list.n, sizeof(*found.list.at), compare_findings);
    return found;
}

static bool hide(struct lint *lint, const struct found *found, const struct suppression *one)
{
    bool hides = false;
    size_t low = 0, high = found->list.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (found->list.at[middle]->span.begin >= one->covered.begin)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < found->list.n && found->list.at[low]->span.begin < one->covered.end; low++) {
        struct diag *diag = found->list.at[low];
        if (!may_be_hidden(diag) || !is_named(diag->info, one->rules))
            continue;
        hides = true;
        diag_hide(lint_diags(lint), diag, HIDDEN_BY_COMMENT, one->reason);
    }
    return hides;
}

/* Comments that say the same of the same statement hide the same. */
static void apply(struct lint *lint, struct found *found, struct suppression *one)
{
    static char yes, no;
    struct str key = str_printf(lint->arena, "%u-%u " STR_FMT, one->covered.begin, one->covered.end,
                                STR_ARG(one->rules));
    const char *answer = map_get(&found->applied, key);
    if (!answer) {
        answer = hide(lint, found, one) ? &yes : &no;
        map_put(&found->applied, key, (void *)answer);
    }
    one->is_used = answer == &yes;
}

void lint_suppress(struct lint *lint)
{
    struct suppressions *all = arena_new(lint->arena, struct suppressions);
    *all = (struct suppressions){0};
    lint->facts->suppressions = all;
    if (lint->settings->ignores_comments)
        return;
    const struct sources *sources = &lint->pipeline->sources;
    struct found found = findings_of(lint);
    for (uint32_t s = 0; s < sources->n; s++) {
        const struct source *source = sources->at[s];
        for (size_t i = 0; source->comments && i < source->comments->n; i++) {
            struct suppression one;
            if (!read_comment(lint, source, &source->comments->at[i], &one))
                continue;
            apply(lint, &found, &one);
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
