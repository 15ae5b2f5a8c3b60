/* Named routes: &(name) { … }, and the servers that invoke them. */
#include "adapt/named_routes.h"

#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/shorthand.h"
#include "base/suggest.h"
#include "syntax/ast.h"

struct named_route {
    json_t *route; /* NULL after a mistake in its block */
    const struct token *token;
    struct token_list invoked;
};

/* Named routes number their groups apart from the sites. */
static uint32_t *group_counter(struct adapter *adapter)
{
    return adapter_state(adapter, "group counter of named routes", sizeof(uint32_t));
}

struct token_list adapter_take_invoked(struct adapter *adapter)
{
    const struct map *invoked = &adapter->invoked;
    if (invoked->n == 0)
        return (struct token_list){0};
    struct token_list list = {.at = arena_array(adapter->arena, const struct token *, invoked->n),
                              .n = invoked->n};
    for (size_t i = 0; i < invoked->n; i++)
        list.at[i] = invoked->entries[i].value;
    adapter->invoked = map_in(adapter->arena);
    return list;
}

/* "&(name)" without its signs. */
static struct str name_of(struct str text)
{
    if (!str_has_prefix(text, STR("&(")))
        return text;
    return str_trim_suffix(str_slice(text, 2, text.len), STR(")"));
}

/* Caddy keeps only the first handler of the one route that runs for every request. */
static json_t *simplify(struct adapter *adapter, json_t *subroute)
{
    struct document *document = adapter->document;
    json_t *routes = json_object_get(subroute, "routes"), *only = json_array_get(routes, 0);
    json_t *handle = document_array(document, NULL);
    json_t *first = json_array_get(json_object_get(only, "handle"), 0);
    if (json_array_size(routes) == 1 && !json_object_get(only, "match") && first) {
        document_add(document, handle, first);
    } else {
        document_set(document, subroute, "handler", document_text(document, "subroute", NULL));
        document_add(document, handle, document_sorted(document, subroute));
    }
    json_t *route = document_object(document, NULL);
    document_set(document, route, "handle", handle);
    return route;
}

bool named_route_read(struct adapter *adapter, const struct node *node)
{
    struct arena *arena = adapter->arena;
    const struct token *name = node->words[0];
    VEC(const struct token *) tokens = {0};
    for (uint32_t i = 0; i < node->n_tokens; i++)
        vec_push(arena, &tokens, shorthand_expand(arena, node->tokens[i]));
    struct cursor in = cursor_into(arena, adapter->diags,
                                   (struct token_list){.at = tokens.at, .n = tokens.n});
    struct results results = {0};
    struct scope scope = {.adapter = adapter,
                          .arena = arena,
                          .diags = adapter->diags,
                          .document = adapter->document,
                          .in = &in,
                          .site = node,
                          .out = &results,
                          .group_counter = group_counter(adapter)};
    json_t *subroute = scope_subroute(&scope);
    struct named_route *route = arena_new(arena, struct named_route);
    route->token = name;
    route->route = subroute ? simplify(adapter, subroute) : NULL;
    route->invoked = adapter_take_invoked(adapter);
    struct named_route *before = map_put(&adapter->named_routes, name_of(name->text), route);
    if (before) {
        struct diag *diag =
            diag_token(adapter->diags, DIAG_DUPLICATE, name,
                       "named route '" STR_FMT "' is defined twice", STR_ARG(name_of(name->text)));
        diag_label(adapter->diags, diag, before->token->span, "first defined here");
    }
    return subroute && !before;
}

static bool undefined_route(struct adapter *adapter, const struct token *token)
{
    struct suggestion suggestion = suggest_for(token->text);
    for (size_t i = 0; i < adapter->named_routes.n; i++)
        suggest_try(&suggestion, adapter->named_routes.entries[i].key);
    struct diag *diag =
        diag_token(adapter->diags, DIAG_UNRESOLVED_REFERENCE, token,
                   "named route '" STR_FMT "' is not defined", STR_ARG(token->text));
    if (suggestion.best.len)
        diag_help(adapter->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    return false;
}

/* Adds the named routes and, in turn, those they invoke. */
static bool attach(struct adapter *adapter, struct token_list names, struct map *attached)
{
    bool ok = true;
    for (size_t i = 0; i < names.n; i++) {
        const struct token *token = names.at[i];
        const struct named_route *route = map_get(&adapter->named_routes, token->text);
        if (map_find(attached, token->text))
            continue;
        map_put(attached, token->text, route ? route->route : NULL);
        ok =
            (route ? attach(adapter, route->invoked, attached) : undefined_route(adapter, token)) &&
            ok;
    }
    return ok;
}

bool named_routes_check(struct adapter *adapter, struct token_list invoked)
{
    struct map attached = map_in(adapter->arena);
    return attach(adapter, invoked, &attached);
}

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

bool named_routes_attach(struct adapter *adapter, struct server *server)
{
    struct map attached = map_in(adapter->arena);
    bool ok = true;
    for (size_t i = 0; i < server->n_sites; i++)
        ok = attach(adapter, server->sites[i].invoked, &attached) && ok;
    if (attached.n == 0)
        return ok;
    struct str *names = arena_array(adapter->arena, struct str, attached.n);
    for (size_t i = 0; i < attached.n; i++)
        names[i] = attached.entries[i].key;
    qsort(names, attached.n, sizeof(*names), compare_texts);
    json_t *object = document_object_at(adapter->document, server->json, "named_routes", NULL);
    for (size_t i = 0; i < attached.n; i++)
        document_set_str(adapter->document, object, names[i], map_get(&attached, names[i]), NULL);
    return ok;
}
