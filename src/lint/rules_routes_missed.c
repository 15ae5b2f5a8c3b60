/* Rules about routes that no request gets to (DT504 to DT511): the analysis finds them, and each
 * rule reports those that are its kind of mistake. */
#include "base/arena.h"
#include "lint/analysis_private.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/routes.h"

enum kind {
    KIND_NONE,
    KIND_CONTRADICTION, /* DT504 */
    KIND_SORT_BARRIER,  /* DT505 */
    KIND_SHADOWED,      /* DT506 */
    KIND_UNREACHABLE,   /* DT507 */
    KIND_SWALLOWED,     /* DT508 */
    KIND_REWRITTEN,     /* DT509 */
    KIND_LATE,          /* DT510 */
    KIND_HOST,          /* DT511 */
};

/* One that is missed, and where it and what is to blame are written. */
struct finding {
    enum kind kind;
    const struct missed *missed;
    struct place here, there; /* there: the first that is to blame */
};

/* --- kinds --- */

static const json_t *match_of(const json_t *route)
{
    const json_t *match = json_object_get(route, "match");
    return json_array_size(match) ? match : NULL;
}

static bool has_matcher(const json_t *match, const char *name)
{
    for (size_t i = 0; i < json_array_size(match); i++)
        if (json_object_get(json_array_get(match, i), name))
            return true;
    return false;
}

/* The path of a route that has one set of matchers with one path and nothing else. */
static struct str single_path(const json_t *route)
{
    const json_t *match = match_of(route), *set = json_array_get(match, 0);
    const json_t *paths = json_object_get(set, "path");
    if (json_array_size(match) != 1 || json_object_size(set) != 1 || json_array_size(paths) != 1)
        return STR("");
    return json_str(json_array_get(paths, 0));
}

/* Whether directives of one name would put <a> before <b> if their paths alone decided. */
static bool is_more_specific(struct str a, struct str b)
{
    return a.len && b.len && str_trim_suffix(a, STR("*")).len > str_trim_suffix(b, STR("*")).len;
}

/* Routes of a list whose matchers are no paths, by the directives that they came from. */
struct barriers {
    struct map names;  /* → struct barrier_list */
    struct map places; /* routes, by address → where they stand in the list's items */
};
struct barrier_list {
    VEC(json_t *const *) places;
};

static const struct barriers *barriers_of(struct lint *lint, const json_t *list)
{
    static const char question;
    struct barriers *barriers = lint_answered(lint, &question, list);
    if (barriers)
        return barriers;
    barriers = arena_new(lint->arena, struct barriers);
    barriers->names = barriers->places = map_in(lint->arena);
    for (json_t **at = list->as.items; at < list->as.items + list->n; at++) {
        map_put(&barriers->places, str_make((const char *)at, sizeof(*at)), at);
        if (single_path(*at).len || !match_of(*at))
            continue;
        struct str name = lint_place(lint, *at, NULL).name;
        struct barrier_list *same = map_get(&barriers->names, name);
        if (!same) {
            same = arena_new(lint->arena, struct barrier_list);
            map_put(&barriers->names, name, same);
        }
        vec_push(lint->arena, &same->places, at);
    }
    lint_answer(lint, &question, list, barriers);
    return barriers;
}

/* The route between the two whose matcher is no path, at which sorting stopped; NULL for none. */
static const json_t *barrier_between(struct lint *lint, const struct finding *finding)
{
    const struct missed *missed = finding->missed;
    if (missed->handler || missed->n_blamed != 1 ||
        !str_eq(finding->here.name, finding->there.name) ||
        !is_more_specific(single_path(missed->route), single_path(missed->blamed[0])))
        return NULL;
    const struct barriers *barriers = barriers_of(lint, missed->list);
    const struct barrier_list *same = map_get(&barriers->names, finding->here.name);
    json_t *const *end = missed->list->as.items + missed->index;
    json_t *const *begin =
        map_get(&barriers->places, str_make((const char *)&missed->blamed[0], sizeof(json_t *)));
    size_t low = 0, high = same && begin ? same->places.n : 0;
    while (low < high) { /* the first behind <begin> */
        size_t middle = (low + high) / 2;
        if (same->places.at[middle] > begin)
            high = middle;
        else
            low = middle + 1;
    }
    bool is_there = same && begin && low < same->places.n && same->places.at[low] < end;
    return is_there ? *same->places.at[low] : NULL;
}

/* Directives that do something with requests on their way to another one. */
static const char *const middleware[] = {"basic_auth",
                                         "basicauth",
                                         "forward_auth",
                                         "authenticate",
                                         "authorize",
                                         "rate_limit",
                                         "encode",
                                         "header",
                                         "templates",
                                         "request_header",
                                         "request_body",
                                         "crowdsec",
                                         "coraza_waf",
                                         "log_skip",
                                         "log_append",
                                         "log_name",
                                         "vars",
                                         "map",
                                         "tracing",
                                         "intercept",
                                         "method",
                                         "rewrite",
                                         "uri",
                                         "try_files",
                                         "root",
                                         "fs",
                                         "push",
                                         "cache",
                                         NULL};

static bool serves_files(const json_t *value)
{
    if (str_is(json_str(json_object_get(value, "handler")), "file_server"))
        return true;
    for (size_t i = 0; i < json_object_size(value); i++)
        if (serves_files(value->as.members[i].value))
            return true;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (serves_files(json_array_get(value, i)))
            return true;
    return false;
}

static bool asks_for_impossible_path(const json_t *route)
{
    const json_t *match = match_of(route);
    for (size_t i = 0; i < json_array_size(match); i++) {
        const json_t *paths = json_object_get(json_array_get(match, i), "path");
        for (size_t k = 0; k < json_array_size(paths); k++)
            if (path_never_matches(json_str(json_array_get(paths, k))))
                return true;
    }
    return false;
}

static bool is_site_route(const json_t *route)
{
    const json_t *match = match_of(route), *set = json_array_get(match, 0);
    return json_is_true(json_object_get(route, "terminal")) && json_object_get(set, "host");
}

static enum kind kind_of_taken(struct lint *lint, const struct finding *finding)
{
    const struct missed *missed = finding->missed;
    bool takes_all = !match_of(missed->blamed[0]);
    if (str_is_one_of(finding->here.name, middleware) && missed->n_blamed == 1)
        return KIND_LATE;
    if (takes_all && str_is(finding->there.name, "redir"))
        return KIND_SWALLOWED;
    if (barrier_between(lint, finding))
        return KIND_SORT_BARRIER;
    return takes_all ? KIND_UNREACHABLE : KIND_SHADOWED;
}

static enum kind kind_of(struct lint *lint, const struct finding *finding)
{
    const struct missed *missed = finding->missed;
    switch (missed->cause) {
    case MISSED_NONE:
        break;
    case MISSED_ITSELF:
        /* such paths are reported by a rule of their own */
        return asks_for_impossible_path(missed->route) ? KIND_NONE : KIND_CONTRADICTION;
    case MISSED_AROUND:
        if (asks_for_impossible_path(missed->route))
            return KIND_NONE;
        return is_site_route(missed->blamed[0]) && has_matcher(match_of(missed->route), "host")
                   ? KIND_HOST
                   : KIND_CONTRADICTION;
    case MISSED_SET:
        return KIND_REWRITTEN;
    case MISSED_REWRITTEN:
        /* files that exist are not rewritten, nor is what is done to their answers */
        return serves_files(missed->route) || str_is_one_of(finding->here.name, middleware)
                   ? KIND_NONE
                   : KIND_REWRITTEN;
    case MISSED_STRIPPED:
        return str_is(finding->there.name, "handle_path") ? KIND_CONTRADICTION : KIND_REWRITTEN;
    case MISSED_TAKEN:
        return kind_of_taken(lint, finding);
    }
    return KIND_NONE;
}

/* --- reporting --- */

struct findings {
    VEC(struct finding) all;
};

/* Lines with equal matchers have become one route: each is reported where it stands. */
static void add_rest(struct lint *lint, struct findings *findings, const struct finding *first)
{
    const json_t *handlers = json_object_get(first->missed->route, "handle");
    if (first->missed->handler || !first->here.line)
        return;
    for (size_t i = 1; i < json_array_size(handlers); i++) {
        struct finding finding = *first;
        finding.here = lint_place(lint, first->missed->route, json_array_get(handlers, i));
        bool is_line = finding.here.line && finding.here.line != first->here.line &&
                       finding.here.line->parent == first->here.line->parent;
        if (is_line)
            vec_push(lint->arena, &findings->all, finding);
    }
}

/* Of several handlers in one route the one that answers: lines with equal matchers share a route. */
static const json_t *handler_to_blame(const struct missed *missed)
{
    const json_t *handlers = json_object_get(missed->blamed[0], "handle");
    if (missed->blamed_handler || missed->cause != MISSED_TAKEN || json_array_size(handlers) < 2)
        return missed->blamed_handler;
    for (size_t i = 0; i < json_array_size(handlers); i++)
        if (effect_of(json_array_get(handlers, i)).ends)
            return json_array_get(handlers, i);
    return json_array_get(handlers, json_array_size(handlers) - 1);
}

static const struct findings *find_all(struct lint *lint)
{
    static const char question;
    struct findings *findings = lint_answered(lint, &question, NULL);
    const struct analysis *analysis = lint_analysis(lint);
    if (findings)
        return findings;
    findings = arena_new(lint->arena, struct findings);
    for (size_t i = 0; analysis && i < analysis->missed.n; i++) {
        const struct missed *missed = &analysis->missed.at[i];
        struct finding finding = {.missed = missed,
                                  .here = lint_place(lint, missed->route, missed->handler)};
        /* what does not come from a directive of the file cannot be mended there */
        if (lint->tree && !finding.here.line)
            continue;
        if (finding.here.line && redirect_is_misread(lint, finding.here.line))
            continue; /* what it is meant for is not known */
        if (missed->n_blamed)
            finding.there = lint_place(lint, missed->blamed[0], handler_to_blame(missed));
        finding.kind = kind_of(lint, &finding);
        vec_push(lint->arena, &findings->all, finding);
        add_rest(lint, findings, &finding);
    }
    lint_answer(lint, &question, NULL, findings);
    return findings;
}

static void for_each(struct lint *lint, enum kind kind,
                     void (*report)(struct lint *lint, const struct finding *finding))
{
    const struct findings *findings = find_all(lint);
    for (size_t i = 0; i < findings->all.n; i++)
        if (findings->all.at[i].kind == kind)
            report(lint, &findings->all.at[i]);
}

static void label_there(struct lint *lint, struct diag *diag, const struct finding *finding,
                        const char *what)
{
    if (finding->there.span.end)
        diag_label(lint_diags(lint), diag, finding->there.span, "%s", what);
}

/* Where the order is not that of the text, readers need to be told. */
static void explain_order(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    struct span here = finding->here.span, there = finding->there.span;
    bool is_same_file =
        source_of(&lint->pipeline->sources, here) == source_of(&lint->pipeline->sources, there);
    if (!finding->here.line || !is_same_file || there.begin < here.begin)
        return;
    if (str_eq(finding->here.name, finding->there.name))
        diag_note(lint_diags(lint), diag,
                  "of directives of one name, those with the longer path are tried first, whatever "
                  "the order of the text");
    else
        diag_note(lint_diags(lint), diag,
                  "Caddy sorts directives: '" STR_FMT "' comes before '" STR_FMT
                  "' wherever they stand; a route block keeps the order of the text",
                  STR_ARG(finding->there.name), STR_ARG(finding->here.name));
}

static void explain_open(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    if (finding->missed->is_left_open)
        diag_note(lint_diags(lint), diag,
                  "only requests without a path get past it, which browsers do not send");
}

static struct diag *report_here(struct lint *lint, const struct finding *finding,
                                struct str message)
{
    return lint_report_at(lint, finding->here.span, finding->here.via, STR_FMT, STR_ARG(message));
}

/* --- DT504: matchers that contradict those around --- */

/* `/foo` inside of a block for /api may be meant to be `/api/foo`; `/api/foo` where /api is taken
 * off already surely is meant to be `/foo`. */
static void suggest_path(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    const struct node *here = finding->here.line, *there = finding->there.line;
    const struct token *path = here ? line_matcher(lint, here) : NULL;
    const struct token *around = there ? line_matcher(lint, there) : NULL;
    if (!path || !str_has_prefix(path->text, STR("/")) ||
        !str_eq(lint_text(lint, path->span), path->text))
        return;
    if (finding->missed->cause == MISSED_STRIPPED) {
        struct str prefix = finding->missed->target;
        if (path->text.len > prefix.len && path->text.ptr[prefix.len] == '/')
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span,
                     str_slice(path->text, prefix.len, path->text.len),
                     "leave the prefix away here as well");
        return;
    }
    struct str prefix = around ? str_trim_suffix(around->text, STR("/*")) : STR("");
    if (around && str_has_prefix(prefix, STR("/")) && prefix.len < around->text.len)
        diag_fix(lint_diags(lint), diag, FIX_SUGGEST, path->span,
                 str_printf(lint->arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(path->text)),
                 "inside, paths still begin with " STR_FMT, STR_ARG(prefix));
}

/* Where a named matcher is defined. */
static void label_matcher(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    const json_t *set = json_array_get(match_of(finding->missed->route), 0);
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, set);
    if (token && str_has_prefix(token->text, STR("@")))
        diag_label(lint_diags(lint), diag, token->span, "this one");
}

static void report_contradiction(struct lint *lint, const struct finding *finding)
{
    struct str name = finding->here.name;
    struct diag *diag;
    if (finding->missed->cause == MISSED_STRIPPED) {
        struct str prefix = finding->missed->target;
        diag = report_here(lint, finding,
                           str_printf(lint->arena,
                                      STR_FMT " is taken off the path before this '" STR_FMT
                                              "' looks for it",
                                      STR_ARG(prefix), STR_ARG(name)));
        label_there(lint, diag, finding, "takes the prefix off");
        diag_note(lint_diags(lint), diag, "only a path with " STR_FMT STR_FMT " matches here",
                  STR_ARG(prefix), STR_ARG(prefix));
    } else if (finding->missed->cause == MISSED_ITSELF) {
        diag = report_here(lint, finding,
                           str_printf(lint->arena,
                                      "no request matches this '" STR_FMT
                                      "': its matcher is never true",
                                      STR_ARG(name)));
        label_matcher(lint, diag, finding);
    } else {
        diag = report_here(lint, finding,
                           str_printf(lint->arena,
                                      "no request that gets here matches this '" STR_FMT "'",
                                      STR_ARG(name)));
        label_there(lint, diag, finding, "only requests that match this get inside");
    }
    suggest_path(lint, diag, finding);
}

void check_contradiction(struct lint *lint)
{
    for_each(lint, KIND_CONTRADICTION, report_contradiction);
}

/* --- DT505: sorting that stops at a named matcher --- */

static void report_barrier(struct lint *lint, const struct finding *finding)
{
    struct place barrier = lint_place(lint, barrier_between(lint, finding), NULL);
    struct str name = finding->here.name;
    struct diag *diag = report_here(
        lint, finding,
        str_printf(lint->arena,
                   "this '" STR_FMT "' is never reached: the more general path is tried first",
                   STR_ARG(name)));
    label_there(lint, diag, finding, "takes all of its requests");
    if (barrier.span.end)
        diag_label(lint_diags(lint), diag, barrier.span, "keeps the two from being sorted");
    diag_note(
        lint_diags(lint), diag,
        "a block whose matcher is no single path counts as equal to its neighbours when Caddy "
        "sorts by path, so what is before it stays before what is behind it");
    if (!barrier.line || barrier.via || finding->there.via || !finding->there.line ||
        barrier.line->parent != finding->there.line->parent)
        return;
    struct span block = lint_whole_lines(lint, line_span_with_block(barrier.line));
    struct span first = lint_whole_lines(lint, line_span(finding->there.line));
    if (block.begin <= first.begin)
        return;
    struct str text = lint_text(lint, block);
    if (!str_has_suffix(text, STR("\n")))
        return;
    struct diag_note *fix =
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, (struct span){first.begin, first.begin}, text,
                 "put the block with the named matcher first");
    diag_fix_also(lint_diags(lint), fix, block, STR(""));
}

void check_sort_barrier(struct lint *lint)
{
    for_each(lint, KIND_SORT_BARRIER, report_barrier);
}

/* --- DT506: shadowed by earlier matchers --- */

static void report_shadowed(struct lint *lint, const struct finding *finding)
{
    const struct missed *missed = finding->missed;
    struct diag *diag =
        report_here(lint, finding,
                    str_printf(lint->arena, "this '" STR_FMT "' is never reached: %s",
                               STR_ARG(finding->here.name),
                               missed->n_blamed > 1 ? "others before it take all of its requests"
                                                    : "another one takes all of its requests"));
    for (size_t i = 0; i < missed->n_blamed; i++) {
        struct place place = lint_place(lint, missed->blamed[i], NULL);
        if (place.span.end)
            diag_label(lint_diags(lint), diag, place.span,
                       missed->n_blamed > 1 ? "takes some of them" : "takes them first");
    }
    if (missed->n_blamed == 1)
        explain_order(lint, diag, finding);
    explain_open(lint, diag, finding);
}

void check_shadowed(struct lint *lint)
{
    for_each(lint, KIND_SHADOWED, report_shadowed);
}

/* --- DT507: behind something that answers everything --- */

/* A line without a block is put into a handle as it is. */
static void suggest_handle(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    const struct node *line = finding->here.line;
    const struct token *matcher = line ? line_matcher(lint, line) : NULL;
    if (!matcher || line->body || finding->here.via || !str_is(finding->there.name, "handle"))
        return;
    struct str whole = lint_text(lint, line_span(line)), before, after;
    struct str word = lint_text(lint, matcher->span), indent = line_indent(lint, line);
    if (str_contains(whole, STR("\n")) || !str_cut(whole, word, &before, &after))
        return;
    diag_fix(lint_diags(lint), diag, FIX_SUGGEST, line_span(line),
             str_printf(lint->arena,
                        "handle " STR_FMT " {\n" STR_FMT "\t" STR_FMT STR_FMT "\n" STR_FMT "}",
                        STR_ARG(word), STR_ARG(indent), STR_ARG(before), STR_ARG(str_trim(after)),
                        STR_ARG(indent)),
             "give it a handle of its own");
}

static void report_unreachable(struct lint *lint, const struct finding *finding)
{
    static const char *const fallbacks[] = {"respond", "error", "abort", NULL};
    struct str here = finding->here.name, there = finding->there.name;
    /* its lines are made of several directives, and stand where it does */
    if (str_has_prefix(lint_text(lint, finding->there.span), STR("php_server")))
        there = STR("php_server");
    struct diag *diag = report_here(lint, finding,
                                    str_printf(lint->arena,
                                               "this '" STR_FMT "' is never reached: '" STR_FMT
                                               "' answers every request first",
                                               STR_ARG(here), STR_ARG(there)));
    /* a last resort that is never needed does no harm */
    if (str_is_one_of(here, fallbacks) && !str_is_one_of(there, fallbacks))
        lint_soften(lint, diag, SEVERITY_WARNING);
    /* php_server serves files by itself */
    if (str_is(here, "file_server") && str_is(there, "php_server"))
        lint_soften(lint, diag, SEVERITY_INFO);
    label_there(lint, diag, finding, "answers every request that gets here");
    explain_order(lint, diag, finding);
    explain_open(lint, diag, finding);
    if (str_eq(here, there) && str_is(here, "reverse_proxy"))
        diag_note(lint_diags(lint), diag, "to balance over both, name the upstreams on one line");
    suggest_handle(lint, diag, finding);
}

void check_unreachable(struct lint *lint)
{
    for_each(lint, KIND_UNREACHABLE, report_unreachable);
}

/* --- DT508: behind a redirection of everything --- */

static void report_swallowed(struct lint *lint, const struct finding *finding)
{
    struct diag *diag = report_here(
        lint, finding,
        str_printf(lint->arena,
                   "this '" STR_FMT "' is never reached: every request is redirected before",
                   STR_ARG(finding->here.name)));
    label_there(lint, diag, finding, "redirects everything");
    explain_order(lint, diag, finding);
    diag_note(lint_diags(lint), diag,
              "put the exceptions into `handle <path>` blocks, and `redir` into a last `handle`");
}

void check_swallowed(struct lint *lint)
{
    for_each(lint, KIND_SWALLOWED, report_swallowed);
}

/* --- DT509: behind a rewrite --- */

static void report_rewritten(struct lint *lint, const struct finding *finding)
{
    const struct missed *missed = finding->missed;
    struct str there = finding->there.name;
    struct diag *diag = report_here(
        lint, finding,
        str_printf(lint->arena, "paths are rewritten before this '" STR_FMT "' sees them",
                   STR_ARG(finding->here.name)));
    if (missed->cause == MISSED_STRIPPED)
        label_there(lint, diag, finding,
                    str_printf(lint->arena, "takes " STR_FMT " off", STR_ARG(missed->target)).ptr);
    else
        label_there(lint, diag, finding, "rewrites them");
    if (missed->cause == MISSED_REWRITTEN && str_is(there, "try_files"))
        diag_note(
            lint_diags(lint), diag,
            missed->target.len
                ? "it only gets requests for files that exist; all others have become " STR_FMT
                : "it only gets requests for files that exist; all others fail" STR_FMT,
            STR_ARG(missed->target));
    explain_order(lint, diag, finding);
    if (!line_inside(finding->here.line ? finding->here.line : &(struct node){0}, "route"))
        diag_note(lint_diags(lint), diag,
                  "put this into `handle <path>`, and the '" STR_FMT
                  "' with what it is for into another `handle`",
                  STR_ARG(there));
}

void check_rewritten(struct lint *lint)
{
    for_each(lint, KIND_REWRITTEN, report_rewritten);
}

/* --- DT510: too late to have an effect --- */

static void suggest_earlier(struct lint *lint, struct diag *diag, const struct finding *finding)
{
    const struct node *here = finding->here.line, *there = finding->there.line;
    if (!here || !there || here->parent != there->parent || finding->here.via || finding->there.via)
        return;
    struct span from = lint_whole_lines(lint, line_span_with_block(here));
    struct span to = lint_whole_lines(lint, line_span(there));
    struct str text = lint_text(lint, from);
    if (from.begin <= to.begin || !str_has_suffix(text, STR("\n")))
        return;
    struct diag_note *fix =
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, (struct span){to.begin, to.begin}, text,
                 "put it before what answers");
    diag_fix_also(lint_diags(lint), fix, from, STR(""));
}

/* Of several `root` or `rewrite` lines only the first that matches runs. */
static bool is_alternative(const struct finding *finding)
{
    struct str group = json_str(json_object_get(finding->missed->route, "group"));
    return group.len && str_eq(finding->here.name, finding->there.name) &&
           str_eq(group, json_str(json_object_get(finding->missed->blamed[0], "group")));
}

static void report_late(struct lint *lint, const struct finding *finding)
{
    static const char *const guards[] = {"basic_auth",   "basicauth", "forward_auth",
                                         "authenticate", "authorize", NULL};
    struct str here = finding->here.name;
    if (is_alternative(finding)) {
        struct diag *diag =
            report_here(lint, finding,
                        str_printf(lint->arena,
                                   "this '" STR_FMT "' never runs: another one is for all of its "
                                   "requests",
                                   STR_ARG(here)));
        label_there(lint, diag, finding, "runs in its place");
        diag_note(lint_diags(lint), diag, "of several '" STR_FMT "', only the first that matches runs",
                  STR_ARG(here));
        suggest_earlier(lint, diag, finding);
        return;
    }
    struct diag *diag = report_here(lint, finding,
                                    str_printf(lint->arena,
                                               "this '" STR_FMT "' does nothing: '" STR_FMT
                                               "' has answered by then",
                                               STR_ARG(here), STR_ARG(finding->there.name)));
    label_there(lint, diag, finding, "answers every request that gets here");
    if (str_is_one_of(here, guards))
        diag_note(lint_diags(lint), diag, "nobody is asked to log in");
    explain_order(lint, diag, finding);
    suggest_earlier(lint, diag, finding);
}

void check_late_middleware(struct lint *lint)
{
    for_each(lint, KIND_LATE, report_late);
}

/* --- DT511: hosts that the site does not have --- */

static void report_host(struct lint *lint, const struct finding *finding)
{
    const json_t *hosts =
        json_object_get(json_array_get(match_of(finding->missed->route), 0), "host");
    struct diag *diag =
        report_here(lint, finding,
                    str_printf(lint->arena, "this site gets no requests for " STR_FMT "%s",
                               STR_ARG(json_str(json_array_get(hosts, 0))),
                               json_array_size(hosts) > 1 ? ", nor for the other hosts" : ""));
    if (finding->there.span.end)
        diag_label(lint_diags(lint), diag, finding->there.span, "the hosts that the site is for");
    diag_note(lint_diags(lint), diag, "add the host to the site's addresses");
}

void check_host_outside(struct lint *lint)
{
    for_each(lint, KIND_HOST, report_host);
}
