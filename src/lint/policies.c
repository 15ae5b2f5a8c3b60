/* What a project forbids and requires: finding the names of policies in the vocabulary, and in files
 * what they name. */
#include "adapt/directive.h"
#include "base/arena.h"
#include "base/suggest.h"
#include "lint/lint_private.h"
#include "lint/names.h"

enum { MAX_PARTS = 8 };

/* A policy's name, taken apart: "global/servers/trusted_proxies". */
struct policy_path {
    struct str parts[MAX_PARTS]; /* the last is what the policy is about */
    size_t n;
    bool in_global; /* "global" stood before them */
};

static bool path_read(struct str text, struct policy_path *path)
{
    struct str part;
    *path = (struct policy_path){0};
    if (str_has_suffix(text, STR("/")))
        return false;
    while (text.len) {
        str_cut(text, STR("/"), &part, &text);
        if (!path->in_global && path->n == 0 && str_is(part, "global") && text.len)
            path->in_global = true;
        else if (part.len == 0 || path->n == MAX_PARTS)
            return false;
        else
            path->parts[path->n++] = part;
    }
    return path->n > 0;
}

/* --- in the vocabulary --- */

/* Follows the parts of a path, each anywhere within the one before. False at the part that is not
 * there. */
static bool path_find(struct things things, const struct policy_path *path, size_t *at,
                      struct suggestion *suggestion)
{
    for (*at = 0; *at < path->n; ++*at) {
        struct things inside = things_in(things.arena, things.vocabulary);
        bool is_there = false;
        *suggestion = suggest_for(path->parts[*at]);
        for (size_t i = 0; i < things.all.n; i++)
            if (thing_is_called(&things.all.at[i], path->parts[*at], suggestion)) {
                is_there = true;
                things_add_inside(&inside, &things.all.at[i]);
            }
        if (!is_there)
            return false;
        things = inside;
    }
    return true;
}

static bool is_directive(const struct vocabulary *vocabulary, const struct policy_path *path)
{
    return !path->in_global && vocabulary_directive(vocabulary, path->parts[0]) != NULL;
}

static bool is_global(const struct vocabulary *vocabulary, const struct policy_path *path)
{
    return path->in_global || vocabulary_global(vocabulary, path->parts[0]) != NULL;
}

static void report_unknown(struct pipeline *pipeline, const struct token *word,
                           const struct policy_path *path, size_t at, struct str meant)
{
    struct diags *diags = &pipeline->diags;
    struct diag *diag =
        at ? diag_token(diags, DIAG_UNRESOLVED_REFERENCE, word,
                        "nothing in '" STR_FMT "' is called '" STR_FMT "'",
                        STR_ARG(path->parts[at - 1]), STR_ARG(path->parts[at]))
           : diag_token(diags, DIAG_UNRESOLVED_REFERENCE, word,
                        "no %s is called '" STR_FMT "'",
                        path->in_global ? "global option" : "directive, option or matcher",
                        STR_ARG(path->parts[at]));
    if (!meant.len)
        diag_note(diags, diag, "`dialtone schema` lists the names");
    else if (path->n == 1 && !path->in_global)
        diag_help(diags, diag, word->span, meant, "did you mean '" STR_FMT "'?", STR_ARG(meant));
    else
        diag_note(diags, diag, "did you mean '" STR_FMT "'?", STR_ARG(meant));
}

static bool check_policy(struct pipeline *pipeline, const struct policy *policy)
{
    const struct token *word = policy->words.at[0];
    struct policy_path path;
    if (!path_read(word->text, &path)) {
        struct diag *diag = diag_token(&pipeline->diags, DIAG_BAD_VALUE, word,
                                       "'" STR_FMT "' is not a name", STR_ARG(word->text));
        diag_note(&pipeline->diags, diag,
                  "a name, or names from the outer to the inner one: reverse_proxy/health_uri");
        return false;
    }
    struct things things = things_in(&pipeline->arena, pipeline->vocabulary);
    things_add_globals(&things);
    if (!path.in_global)
        things_add_directives(&things);
    struct suggestion suggestion;
    size_t at;
    if (!path_find(things, &path, &at, &suggestion)) {
        report_unknown(pipeline, word, &path, at, suggestion.best);
        return false;
    }
    if (policy->kind == POLICY_FORBID || is_directive(pipeline->vocabulary, &path) ||
        is_global(pipeline->vocabulary, &path))
        return true;
    struct diag *diag =
        diag_token(&pipeline->diags, DIAG_BAD_VALUE, word, "where must '" STR_FMT "' be?",
                   STR_ARG(word->text));
    diag_note(&pipeline->diags, diag,
              "begin with the directive or global option it belongs to: reverse_proxy/" STR_FMT,
              STR_ARG(word->text));
    return false;
}

bool lint_policies_check(struct pipeline *pipeline)
{
    bool ok = true;
    for (size_t i = 0; i < pipeline->project.policies.n; i++)
        ok = check_policy(pipeline, &pipeline->project.policies.at[i]) && ok;
    return ok;
}

/* --- in files --- */

/* What a line is called: its first word, of a matcher's definition the matcher. */
static struct str name_of(const struct node *line)
{
    struct str name = line_name(line);
    if (str_has_prefix(name, STR("@")) && line->n_words > 1)
        return line->words[1]->text;
    return name;
}

/* Whether the parts before the <n>th are names of lines around, in their order. */
static bool stands_in(const struct node *line, const struct policy_path *path, size_t n)
{
    const struct node *around = line->parent;
    for (; n > 0 && around; around = around->parent)
        if ((around->role == ROLE_LINE || around->role == ROLE_MATCHER) &&
            str_eq(name_of(around), path->parts[n - 1]))
            n--;
    const struct node *block = line_block(line);
    return n == 0 && (!path->in_global || (block && block->role == ROLE_GLOBAL));
}

static bool is_at(const struct node *line, const struct policy_path *path)
{
    return (line->role == ROLE_LINE || line->role == ROLE_MATCHER) && line->n_words > 0 &&
           str_eq(name_of(line), path->parts[path->n - 1]) && stands_in(line, path, path->n - 1);
}

/* Whether <text> fits <pattern>, in which * is any text; case does not matter. */
static bool word_fits(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, behind_star = 0, tried = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            behind_star = ++p;
            tried = t;
        } else if (p < pattern.len &&
                   str_eq_nocase(str_slice(pattern, p, p + 1), str_slice(text, t, t + 1))) {
            p++;
            t++;
        } else if (behind_star) {
            p = behind_star;
            t = ++tried;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* The marks with which `header` sets a field: +Field, ?Field, >Field. */
static struct str without_mark(struct str text)
{
    bool is_marked = text.len > 1 && strchr("+?>", text.ptr[0]);
    return is_marked ? str_slice(text, 1, text.len) : text;
}

/* Whether the words of a policy are the words of the line from the <first>th on. */
static bool words_fit(const struct policy *policy, const struct node *line, uint32_t first)
{
    for (size_t i = 1; i < policy->words.n; i++) {
        size_t at = first + i - 1;
        if (at >= line->n_words)
            return false;
        struct str wanted = policy->words.at[i]->text, text = line->words[at]->text;
        if (!word_fits(wanted, text) && !(i == 1 && word_fits(wanted, without_mark(text))))
            return false;
    }
    return true;
}

/* Whether users choose the names of the options in its block, as the fields of `header`. */
static bool has_free_names(const struct directive *row)
{
    for (const struct option *option = row ? row->options : NULL; option && option->name; option++)
        if (option_is_pattern(option))
            return true;
    return false;
}

/* The line itself, or the one in its block, that a policy is about; or NULL. */
static const struct node *find_in_line(struct lint *lint, const struct policy *policy,
                                       const struct node *line)
{
    uint32_t first = str_has_prefix(line_name(line), STR("@")) ? 2 : 1;
    first += line_matcher(lint, line) != NULL;
    if (words_fit(policy, line, first))
        return line;
    if (!has_free_names(line_directive(lint, line)))
        return NULL;
    for (const struct node *option = line->body; option; option = option->next)
        if (option->n_words && words_fit(policy, option, 0))
            return option;
    return NULL;
}

/* Looking for what one policy is about. */
struct policy_search {
    struct lint *lint;
    const struct policy *policy;
    struct policy_path path;
    bool is_found;
};

/* "header Strict-Transport-Security" */
static struct str policy_text(const struct policy_search *search, struct str name)
{
    const struct policy *policy = search->policy;
    struct strbuf text = strbuf_in(search->lint->arena);
    strbuf_add(&text, name);
    for (size_t i = 1; i < policy->words.n; i++)
        strbuf_printf(&text, " " STR_FMT, STR_ARG(policy->words.at[i]->text));
    return strbuf_str(&text);
}

static void show_policy(struct lint *lint, struct diag *diag, const struct policy *policy,
                        const char *label)
{
    const struct token *first = policy->words.at[0], *last = policy->words.at[policy->words.n - 1];
    diag_label(lint_diags(lint), diag, (struct span){first->span.begin, last->span.end}, "%s",
               label);
    if (policy->message)
        diag_note(lint_diags(lint), diag, STR_FMT, STR_ARG(policy->message->text));
}

static bool report_forbidden(const struct node *node, void *user)
{
    struct policy_search *search = user;
    struct lint *lint = search->lint;
    const struct node *line =
        is_at(node, &search->path) ? find_in_line(lint, search->policy, node) : NULL;
    if (!line)
        return true;
    struct str text = policy_text(search, search->policy->words.at[0]->text);
    struct diag *diag = lint_report_at(lint, line_span(line), line->words[0]->via,
                                       "'" STR_FMT "' is forbidden in this project", STR_ARG(text));
    show_policy(lint, diag, search->policy, "forbidden here");
    return true;
}

void lint_check_forbidden(struct lint *lint)
{
    for (size_t i = 0; lint->tree && i < lint->settings->n_policies; i++) {
        struct policy_search search = {.lint = lint, .policy = &lint->settings->policies[i]};
        if (search.policy->kind == POLICY_FORBID &&
            path_read(search.policy->words.at[0]->text, &search.path))
            node_walk(lint->tree, report_forbidden, &search);
    }
}

static bool look_for(const struct node *node, void *user)
{
    struct policy_search *search = user;
    search->is_found = search->is_found ||
                       (is_at(node, &search->path) && find_in_line(search->lint, search->policy, node));
    return !search->is_found;
}

static bool holds(struct policy_search *search, const struct node *holder)
{
    search->is_found = false;
    for (const struct node *line = holder->body; line && !search->is_found; line = line->next)
        node_walk(line, look_for, search);
    return search->is_found;
}

static void report_missing(struct policy_search *search, const struct node *holder,
                           const char *what)
{
    struct lint *lint = search->lint;
    const struct token *token = holder->n_words ? holder->words[0] : holder->open;
    struct str text = policy_text(search, search->path.parts[search->path.n - 1]);
    struct diag *diag = lint_report(lint, token, "%s has no '" STR_FMT "', which the project requires",
                                    what, STR_ARG(text));
    show_policy(lint, diag, search->policy, "required here");
}

/* Each line that the path names but for its last part must hold that. */
static bool check_holder(const struct node *node, void *user)
{
    struct policy_search *search = user;
    struct policy_path around = search->path;
    around.n--;
    if (is_at(node, &around) && !holds(search, node))
        report_missing(search, node, str_printf(search->lint->arena, "this '" STR_FMT "'",
                                                STR_ARG(around.parts[around.n - 1]))
                                         .ptr);
    return true;
}

static void check_required(struct policy_search *search)
{
    struct lint *lint = search->lint;
    const struct node *first_site = NULL, *global = lint->facts->global;
    bool in_sites = is_directive(lint->pipeline->vocabulary, &search->path);
    for (const struct node *node = lint->tree->body; node; node = node->next) {
        if (node->role != ROLE_SITE)
            continue;
        first_site = first_site ? first_site : node;
        if (in_sites && search->path.n == 1 && !holds(search, node))
            report_missing(search, node, "this site");
    }
    if (search->path.n > 1)
        node_walk(lint->tree, check_holder, search);
    else if (!in_sites && first_site && !(global && holds(search, global)))
        report_missing(search, global ? global : first_site,
                       global ? "the block of global options" : "the file");
}

void lint_check_required(struct lint *lint)
{
    for (size_t i = 0; lint->tree && i < lint->settings->n_policies; i++) {
        struct policy_search search = {.lint = lint, .policy = &lint->settings->policies[i]};
        if (search.policy->kind == POLICY_REQUIRE &&
            path_read(search.policy->words.at[0]->text, &search.path))
            check_required(&search);
    }
}
