/* Runs directives, and blocks of directives within directives. */
#include "adapt/scope.h"

#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/matchers.h"
#include "adapt/routes.h"
#include "adapt/unknown.h"
#include "base/suggest.h"

enum { DEEPEST = 200 };

const struct directive *vocabulary_directive(const struct vocabulary *vocabulary, struct str name)
{
    const struct directive *const *list = vocabulary->directives;
    for (; list && *list; list++)
        for (const struct directive *row = *list; row->name; row++)
            if (str_is(name, row->name))
                return row;
    return NULL;
}

void scope_label_end(const struct scope *scope, struct diag *diag)
{
    if (scope->block_end)
        diag_label(scope->diags, diag, scope->block_end->span,
                   "the block it stands in ends here; Caddy's message names " STR_FMT ":%u",
                   STR_ARG(scope->block_end->home->file), scope->block_end->line);
}

static bool is_global_option(const struct adapter *adapter, struct str name)
{
    const struct option *const *list = adapter->vocabulary->global_options;
    for (; list && *list; list++)
        for (const struct option *row = *list; row->name; row++)
            if (str_eq(str_from(row->name), name))
                return true;
    return false;
}

static bool unknown_directive(const struct scope *scope, const struct token *token)
{
    if (passes_over(scope->adapter, token, "no such directive is known")) {
        scope->adapter->has_passed_over = false;
        return true;
    }
    const struct plugin *plugin = plugin_of_directive(scope->adapter, token->text);
    struct suggestion suggestion = suggest_for(token->text);
    const struct directive *const *list = scope->adapter->vocabulary->directives;
    for (; list && *list; list++)
        for (const struct directive *row = *list; row->name; row++)
            suggest_try(&suggestion, str_from(row->name));
    struct diag *diag = diag_token(scope->diags, DIAG_UNKNOWN_DIRECTIVE, token,
                                   "unknown directive '" STR_FMT "'", STR_ARG(token->text));
    if (is_global_option(scope->adapter, token->text))
        diag_note(scope->diags, diag,
                  "this is a global option: it belongs into the block without an address at the top "
                  "of the file");
    else if (suggestion.best.len && !plugin)
        diag_help(scope->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    else
        unknown_hint(scope->adapter, diag, plugin);
    if (scope->site && scope->site->role == ROLE_SITE && !scope->site->has_braces)
        diag_note(scope->diags, diag,
                  "the site above has no braces, so this line belongs to it; with more than one "
                  "site, each needs braces");
    scope_label_end(scope, diag);
    return false;
}

/* handle_path takes its place among the handle blocks. */
static const char *name_in_order(const char *name)
{
    return strcmp(name, "handle_path") == 0 ? "handle" : name;
}

static bool run_handler(struct scope *scope)
{
    json_t *matcher_set;
    if (!scope_take_matcher(scope, &matcher_set))
        return false;
    json_t *handler = scope->directive->handler(scope);
    if (handler)
        scope_push_route(scope, matcher_set, handler);
    return handler != NULL;
}

/* The directive has another name now, and is the same under it. */
static void old_name(const struct scope *scope, const struct token *name)
{
    const char *new_name = scope->directive->deprecated;
    struct diag *diag = diag_token(scope->diags, DIAG_DEPRECATED, name,
                                   "'%s' is deprecated: write %s", scope->directive->name, new_name);
    diag_fix(scope->diags, diag, FIX_SAFE, name->span, str_from(new_name), "write the new name");
}

bool directive_run(const struct scope *outer, struct token_list tokens)
{
    const struct token *name = tokens.at[0];
    struct cursor in = cursor_into(outer->arena, outer->diags, tokens);
    struct scope scope = scope_with_cursor(outer, &in);
    scope.directive = known_directive(outer->adapter, name->text);
    if (!scope.directive)
        return unknown_directive(outer, name);
    if (scope.directive->deprecated)
        old_name(&scope, name);
    size_t first = scope.out->n;
    struct trial trial = trial_begin(&scope, NULL);
    struct row_path path = {
        .kind = ROW_DIRECTIVE, .name = scope.directive->name, .since = scope.directive->since};
    row_enter(scope.adapter, &path, &in);
    bool ok = scope.directive->handler ? run_handler(&scope) : scope.directive->adapt(&scope);
    row_leave(scope.adapter);
    if (!ok && trial_undo(&scope, &trial)) {
        passes_over(outer->adapter, name, "it cannot be read without what is unknown in it");
        outer->adapter->has_passed_over = false;
        scope.out->n = first;
        return true;
    }
    for (size_t i = first; i < scope.out->n; i++) {
        scope.out->at[i].directive = name_in_order(scope.directive->name);
        if (!scope.out->at[i].origin)
            scope.out->at[i].origin = name;
    }
    return ok;
}

bool is_matcher_line(struct token_list tokens)
{
    return tokens.n && str_has_prefix(tokens.at[0]->text, STR("@"));
}

struct scope scope_with_cursor(const struct scope *scope, struct cursor *in)
{
    struct scope inner = *scope;
    inner.in = in;
    return inner;
}

void scope_push(struct scope *scope, enum result_class class, json_t *value)
{
    struct result result = {.class = class,
                            .directive = scope->directive ? scope->directive->name : "",
                            .value = value,
                            .origin = scope->in->n ? scope->in->tokens[0] : NULL};
    vec_push(scope->arena, scope->out, result);
}

void scope_push_route(struct scope *scope, json_t *matcher_set, json_t *handler)
{
    scope_push(scope, RESULT_ROUTE, route_new(scope, matcher_set, handler));
}

json_t *handler_new(struct scope *scope, const char *name)
{
    const struct token *origin = cursor_token(scope->in);
    if (!origin && scope->in->n)
        origin = scope->in->tokens[0];
    json_t *handler = document_object(scope->document, origin);
    document_set(scope->document, handler, "handler", document_text(scope->document, name, origin));
    return handler;
}

struct lines {
    VEC(struct token_list) list;
};

/* The lines of one block: first its matchers, which all of them see, then the directives. For what
 * is wrong with a directive Caddy names <end>, where the block ends; for a matcher, where the block
 * around it does. */
static bool read_lines(struct scope *scope, struct lines *lines, const struct token *end,
                       struct results *out)
{
    bool ok = true;
    struct matchers matchers = {.own = map_in(scope->arena), .outer = scope->matchers};
    struct scope inner = *scope;
    inner.matchers = &matchers;
    inner.out = out;
    for (size_t i = 0; i < lines->list.n; i++)
        if (is_matcher_line(lines->list.at[i]))
            ok = matcher_define(&inner, lines->list.at[i]) && ok;
    inner.block_end = end;
    for (size_t i = 0; i < lines->list.n; i++)
        if (!is_matcher_line(lines->list.at[i]))
            ok = directive_run(&inner, lines->list.at[i]) && ok;
    return ok;
}

static bool read_blocks(struct scope *scope, struct results *out)
{
    struct cursor *in = scope->in;
    bool ok = true;
    while (cursor_next(in)) {
        const struct token *name = cursor_token(in);
        if (cursor_next_arg(in))
            return cursor_error(in, DIAG_WRONG_ARGUMENTS,
                                "unexpected argument '" STR_FMT "' after '" STR_FMT
                                "': only a block can follow",
                                STR_ARG(cursor_val(in)), STR_ARG(name->text));
        struct lines lines = {0};
        int nesting = in->nesting;
        while (cursor_next_block(in, nesting)) {
            struct token_list line = cursor_segment_tokens(in);
            vec_push(scope->arena, &lines.list, line);
        }
        ok = read_lines(scope, &lines, cursor_token(in), out) && ok;
    }
    return ok;
}

bool adapter_enter(struct adapter *adapter, const struct token *token)
{
    if (adapter->depth == DEEPEST) {
        diag_token(adapter->diags, DIAG_EXPANSION_LIMIT, token, "more than %d blocks in each other",
                   DEEPEST);
        return false;
    }
    adapter->depth++;
    return true;
}

void adapter_leave(struct adapter *adapter)
{
    adapter->depth--;
}

bool scope_block_results(struct scope *scope, struct results *out)
{
    if (!adapter_enter(scope->adapter, scope->in->tokens[0]))
        return false;
    bool ok = read_blocks(scope, out);
    adapter_leave(scope->adapter);
    return ok;
}

json_t *scope_subroute(struct scope *scope)
{
    struct results results = {0};
    bool ok = scope_block_results(scope, &results);
    /* Built even after a mistake: it may bring others to light. */
    json_t *subroute = scope_build_subroute(scope, &results, true);
    return ok ? subroute : NULL;
}

json_t *adapter_global(const struct adapter *adapter, const char *name)
{
    return json_object_get(adapter->globals, name);
}

struct str adapter_global_text(const struct adapter *adapter, const char *name)
{
    json_t *value = adapter_global(adapter, name);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR("");
}

int64_t adapter_global_integer(const struct adapter *adapter, const char *name, int64_t otherwise)
{
    json_t *value = adapter_global(adapter, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool adapter_auto_https(const struct adapter *adapter, const char *word)
{
    json_t *words = adapter_global(adapter, "auto_https");
    for (size_t i = 0; i < json_array_size(words); i++)
        if (strcmp(json_string_value(json_array_get(words, i)), word) == 0)
            return true;
    return false;
}

json_t *scope_global(const struct scope *scope, const char *name)
{
    return adapter_global(scope->adapter, name);
}

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void add_files(struct map *files, const struct node *node)
{
    const struct token_home *home = NULL;
    for (uint32_t i = 0; i < node->n_tokens; i++)
        if (node->tokens[i]->home != home) {
            home = node->tokens[i]->home;
            map_put(files, home->file, NULL);
        }
}

static struct str_list files_of(struct arena *arena, const struct node *site)
{
    struct map files = map_in(arena);
    /* The addresses of a site do not count, but the whole of a named route does. */
    if (site && site->role == ROLE_NAMED_ROUTE)
        add_files(&files, site);
    for (const struct node *line = site ? site->body : NULL; line; line = line->next)
        add_files(&files, line);
    struct str_list list = {.at = arena_array(arena, struct str, files.n), .n = files.n};
    for (size_t i = 0; i < files.n; i++)
        list.at[i] = files.entries[i].key;
    if (list.n)
        qsort(list.at, list.n, sizeof(*list.at), compare_texts);
    return list;
}

struct str_list scope_files(const struct scope *scope)
{
    /* of the block that was asked for last: all of its directives may ask */
    struct known_files {
        const struct node *site;
        struct str_list files;
    } *known = adapter_state(scope->adapter, "files", sizeof(*known));
    if (!known->files.at || known->site != scope->site)
        *known = (struct known_files){scope->site, files_of(scope->arena, scope->site)};
    return known->files;
}

void scope_invoke(struct scope *scope, const struct token *name)
{
    map_put(&scope->adapter->invoked, name->text, (void *)name);
}

void *adapter_state(struct adapter *adapter, const char *name, size_t size)
{
    void *state = map_get(&adapter->state, str_from(name));
    if (!state) {
        state = arena_zalloc(adapter->arena, size);
        map_put(&adapter->state, str_from(name), state);
    }
    return state;
}
