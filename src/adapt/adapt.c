/* The order of the steps from an expanded Caddyfile to the JSON document. */
#include "adapt/adapt.h"

#include "adapt/adapter.h"
#include "adapt/matchers.h"
#include "adapt/named_routes.h"
#include "adapt/order_private.h"
#include "adapt/scope.h"
#include "adapt/server_logs.h"
#include "adapt/servers.h"
#include "adapt/shorthand.h"
#include "adapt/unknown.h"
#include "base/suggest.h"

struct sites {
    VEC(struct site) list;
};

/* A block without addresses holds global options; only the first block can be one. */
static bool is_global(const struct node *node)
{
    return node->role == ROLE_GLOBAL || (node->role == ROLE_SITE && node->n_words == 0);
}

static bool check_address(struct adapter *adapter, const struct token *token, bool is_first)
{
    if (is_first && str_has_prefix(token->text, STR("@"))) {
        diag_token(adapter->diags, DIAG_NOT_ALLOWED_HERE, token,
                   "matcher '" STR_FMT "' is defined outside of a site", STR_ARG(token->text));
        return false;
    }
    if (vocabulary_directive(adapter->vocabulary, token->text)) {
        diag_token(adapter->diags, DIAG_NOT_ALLOWED_HERE, token,
                   "the directive '" STR_FMT "' stands where a site address is expected",
                   STR_ARG(token->text));
        return false;
    }
    return true;
}

static bool check_blocks(struct adapter *adapter, const struct node *file)
{
    bool ok = true;
    for (const struct node *node = file->body; node; node = node->next) {
        for (uint32_t i = 0; i < node->n_words; i++)
            ok = check_address(adapter, node->words[i], i == 0) && ok;
        if (!is_global(node) || node == file->body)
            continue;
        diag_token(adapter->diags, DIAG_MISPLACED_BLOCK, node->n_tokens ? node->tokens[0] : NULL,
                   "a block without addresses holds global options and must be the first");
        ok = false;
    }
    return ok;
}

static struct token_list line_tokens(const struct node *line)
{
    return (struct token_list){.at = line->tokens, .n = line->n_tokens};
}

const struct option *vocabulary_global(const struct vocabulary *vocabulary, struct str name)
{
    const struct option *const *list = vocabulary->global_options;
    const struct option *row = NULL;
    for (; list && *list && !row; list++)
        row = option_find(*list, name);
    return row;
}

const struct module_space *vocabulary_modules(const struct vocabulary *vocabulary, struct str name)
{
    const struct module_space *const *list = vocabulary->modules;
    while (list && *list && !str_is(name, (*list)->name))
        list++;
    return list ? *list : NULL;
}

static bool unknown_global(struct adapter *adapter, const struct token *token)
{
    if (passes_over(adapter, token, "no such global option is known"))
        return false;
    const struct plugin *plugin = plugin_of_global(adapter, token->text);
    struct suggestion suggestion = suggest_for(token->text);
    const struct option *const *list = adapter->vocabulary->global_options;
    for (; list && *list; list++)
        for (const struct option *row = *list; row->name; row++)
            suggest_try(&suggestion, str_from(row->name));
    struct diag *diag = diag_token(adapter->diags, DIAG_INVALID_OPTION, token,
                                   "unknown global option '" STR_FMT "'", STR_ARG(token->text));
    if (vocabulary_directive(adapter->vocabulary, token->text))
        diag_note(adapter->diags, diag,
                  "this is a directive: a block of them begins with the address of a site, and this "
                  "one has none");
    else if (suggestion.best.len && !plugin)
        diag_help(adapter->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    else
        unknown_hint(adapter, diag, plugin);
    return false;
}

static bool read_globals(struct adapter *adapter, const struct node *block)
{
    bool ok = true;
    for (const struct node *line = block->body; line; line = line->next) {
        struct token_list tokens = line_tokens(line);
        if (tokens.n == 0)
            continue;
        struct cursor in = cursor_over(adapter->arena, adapter->diags, tokens.at, tokens.n);
        struct scope scope = {.adapter = adapter,
                              .arena = adapter->arena,
                              .diags = adapter->diags,
                              .document = adapter->document,
                              .in = &in,
                              .group_counter = &adapter->group_counter};
        const struct option *row = known_global(adapter, tokens.at[0]->text);
        struct trial trial = trial_begin(&scope, adapter->globals);
        cursor_next(&in);
        bool is_read = row ? option_apply(&scope, &in, row, adapter->globals, NULL)
                           : unknown_global(adapter, tokens.at[0]);
        ok = (is_read || trial_undo(&scope, &trial)) && ok;
    }
    return ok;
}

static struct token_list expand_line(struct adapter *adapter, const struct node *line)
{
    struct token_list tokens = {
        .at = arena_array(adapter->arena, const struct token *, line->n_tokens),
        .n = line->n_tokens};
    for (size_t i = 0; i < tokens.n; i++)
        tokens.at[i] = shorthand_expand(adapter->arena, line->tokens[i]);
    return tokens;
}

/* Sorts what a directive left behind into the site's results by class; an inlined subroute is a
 * kind of route. */
static void file_results(struct adapter *adapter, struct site *site, const struct results *results)
{
    for (size_t i = 0; i < results->n; i++) {
        enum result_class class = results->at[i].class;
        if (class == RESULT_SUBROUTE)
            class = RESULT_ROUTE;
        vec_push(adapter->arena, &site->results[class], results->at[i]);
    }
}

static bool read_site(struct adapter *adapter, const struct node *node, struct sites *sites)
{
    struct arena *arena = adapter->arena;
    struct matchers matchers = {.own = map_in(arena)};
    struct site site = {.node = node};
    bool ok = true;
    site.results = arena_array(arena, struct results, N_RESULT_CLASSES);
    struct scope scope = {.adapter = adapter,
                          .arena = arena,
                          .diags = adapter->diags,
                          .document = adapter->document,
                          .matchers = &matchers,
                          .site = node,
                          .group_counter = &adapter->group_counter};
    struct results results = {0};
    VEC(struct token_list) lines = {0};
    VEC(const struct token *) invoked = {0};
    for (const struct node *line = node->body; line; line = line->next)
        if (line->n_tokens)
            vec_push(arena, &lines, expand_line(adapter, line));
    for (size_t i = 0; i < lines.n; i++)
        if (is_matcher_line(lines.at[i]))
            ok = matcher_define(&scope, lines.at[i]) && ok;
    for (size_t i = 0; i < lines.n; i++) {
        if (is_matcher_line(lines.at[i]))
            continue;
        results.n = 0;
        scope.out = &results;
        ok = directive_run(&scope, lines.at[i]) && ok;
        file_results(adapter, &site, &results);
        struct token_list more = adapter_take_invoked(adapter);
        for (size_t k = 0; k < more.n; k++)
            vec_push(arena, &invoked, more.at[k]);
    }
    site.invoked = (struct token_list){.at = invoked.at, .n = invoked.n};
    vec_push(arena, &sites->list, site);
    return ok;
}

static bool read_keys(struct adapter *adapter, struct site *site)
{
    bool ok = true;
    site->keys = arena_array(adapter->arena, struct site_address, site->node->n_words);
    for (uint32_t i = 0; i < site->node->n_words; i++) {
        if (site_address_parse(adapter, site->node->words[i], &site->keys[site->n_keys]))
            site->n_keys++;
        else
            ok = false;
    }
    return ok;
}

static struct str port_option(const struct adapter *adapter, const char *name, int64_t otherwise)
{
    return str_printf(adapter->arena, "%lld",
                      (long long)adapter_global_integer(adapter, name, otherwise));
}

/* What each block says by itself: global options, named routes, sites. */
static bool read_blocks(struct adapter *adapter, const struct node *file, struct sites *sites)
{
    const struct node *first = file->body;
    bool ok = check_blocks(adapter, file);
    if (first && is_global(first))
        ok = read_globals(adapter, first) && ok;
    adapter->http_port = port_option(adapter, "http_port", 80);
    adapter->https_port = port_option(adapter, "https_port", 443);
    for (const struct node *node = first; node; node = node->next)
        if (node->role == ROLE_NAMED_ROUTE && node->n_words)
            ok = named_route_read(adapter, node) && ok;
    for (const struct node *node = first; node; node = node->next)
        if (node->role == ROLE_SITE && node->n_words)
            ok = read_site(adapter, node, sites) && ok;
    for (size_t i = 0; i < sites->list.n; i++)
        ok = read_keys(adapter, &sites->list.at[i]) && ok;
    return ok;
}

/* After a mistake: what is wrong besides, as far as it does not depend on the rest being right. */
static void report_more(struct adapter *adapter, const struct sites *sites)
{
    struct servers servers;
    for (size_t i = 0; i < sites->list.n; i++)
        named_routes_check(adapter, sites->list.at[i].invoked);
    servers_pair(adapter, sites->list.at, sites->list.n, &servers);
}

/* `servers { metrics }` counts for all servers. */
static json_t *hoist_metrics(struct adapter *adapter, const json_t *servers)
{
    struct document *document = adapter->document;
    json_t *metrics = adapter_global(adapter, "metrics");
    for (void *i = json_object_iter(servers); i;
         i = json_object_iter_next(servers, i)) {
        json_t *own = json_object_get(json_object_iter_value(i), "metrics");
        if (!own)
            continue;
        bool per_host = json_is_true(json_object_get(metrics, "per_host")) ||
                        json_is_true(json_object_get(own, "per_host"));
        metrics = document_object(document, document_origin(document, NULL, NULL, own));
        if (per_host)
            document_set(document, metrics, "per_host", document_bool(true));
        document_remove(json_object_iter_value(i), "metrics");
    }
    return metrics;
}

static json_t *http_app(struct adapter *adapter, json_t *servers)
{
    static const char *const options[] = {"http_port", "https_port", "grace_period",
                                          "shutdown_delay"};
    struct document *document = adapter->document;
    json_t *app = document_object(document, NULL), *metrics = hoist_metrics(adapter, servers);
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        json_t *value = adapter_global(adapter, options[i]);
        if (!document_is_empty(value))
            document_set(document, app, options[i], value);
    }
    document_set(document, app, "servers", servers);
    document_set(document, app, "metrics", metrics);
    return app;
}

static json_t *admin_settings(struct adapter *adapter)
{
    struct document *document = adapter->document;
    json_t *admin = adapter_global(adapter, "admin");
    json_t *persist = adapter_global(adapter, "persist_config");
    if (!persist)
        return admin;
    const struct token *origin =
        document_origin(document, adapter->globals, "persist_config", persist);
    if (!admin)
        admin = document_object(document, origin);
    document_set_at(document, document_object_at(document, admin, "config", origin), "persist",
                    document_bool(false), origin);
    return admin;
}

/* The apps of plugins stand among Caddy's own, which win over one of the same name. */
static void add_apps(struct adapter *adapter, json_t *apps)
{
    json_t *more = adapter_global(adapter, "apps");
    for (struct json_member *at = json_object_iter(more); at; at = json_object_iter_next(more, at))
        if (!json_object_get(apps, at->key))
            document_set_at(adapter->document, apps, at->key, at->value,
                            json_slot_origin(more, at));
    if (more)
        json_object_sort(apps);
}

static bool build(struct adapter *adapter, const struct sites *sites)
{
    struct document *document = adapter->document;
    struct servers servers = {0};
    json_t *server_objects = document_object(document, NULL), *tls = NULL, *pki = NULL;
    bool ok = servers_pair(adapter, sites->list.at, sites->list.n, &servers);
    ok = ok && servers_build(adapter, &servers, server_objects);
    ok = ok && tls_app_build(adapter, &servers, &tls);
    ok = ok && pki_app_build(adapter, &servers, &pki);
    if (!ok)
        return false;
    json_t *apps = document_object(document, NULL), *root = document_object(document, NULL);
    document_set(document, apps, "caddy.filesystems", adapter_global(adapter, "filesystem"));
    document_set(document, apps, "events", adapter_global(adapter, "events"));
    if (json_object_size(server_objects))
        document_set(document, apps, "http", http_app(adapter, server_objects));
    document_set(document, apps, "pki", pki);
    document_set(document, apps, "tls", tls);
    add_apps(adapter, apps);
    document_set(document, root, "admin", admin_settings(adapter));
    document_set(document, root, "logging", logging_build(adapter, &servers));
    document_set(document, root, "storage", adapter_global(adapter, "storage"));
    if (json_object_size(apps))
        document_set(document, root, "apps", apps);
    document->root = root;
    return true;
}

bool adapt(struct arena *arena, struct diags *diags, const struct sources *sources,
           const struct vocabulary *vocabulary, struct adapt_options options,
           const struct node *file, struct document *document)
{
    struct adapter adapter = {.arena = arena,
                              .diags = diags,
                              .sources = sources,
                              .vocabulary = vocabulary,
                              .options = options,
                              .document = document,
                              .globals = document_object(document, NULL),
                              .state = map_in(arena),
                              .order = order_new(arena, vocabulary->order),
                              .named_routes = map_in(arena),
                              .invoked = map_in(arena),
                              .noted = map_in(arena)};
    struct sites sites = {0};
    uint32_t errors_before = diags->n_errors;
    bool ok = read_blocks(&adapter, file, &sites) && diags->n_errors == errors_before;
    if (!ok)
        report_more(&adapter, &sites);
    ok = ok && build(&adapter, &sites) && diags->n_errors == errors_before;
    if (!ok)
        document->root = NULL;
    return ok;
}
