/* Turns what directives left behind into lists of routes: sorted, grouped, merged. */
#include "adapt/routes.h"

#include "adapt/adapter.h"
#include "adapt/order.h"
#include "adapt/stable_sort.h"

static const char route_keys[] = "group match handle terminal";

static json_t *set_of(const json_t *route)
{
    json_t *match = json_object_get(route, "match");
    return json_array_size(match) == 1 ? json_array_get(match, 0) : NULL;
}

/* The path of a route that has one set of matchers with one path; else empty. */
static struct str single_path(const json_t *route)
{
    json_t *paths = json_object_get(set_of(route), "path");
    json_t *path = json_array_size(paths) == 1 ? json_array_get(paths, 0) : NULL;
    if (!path)
        return STR("");
    return str_make(json_string_value(path), json_string_length(path));
}

/* Whether <a>'s route is more specific than <b>'s, both of one directive. */
static bool is_more_specific(const json_t *a, const json_t *b)
{
    struct str a_path = single_path(a), b_path = single_path(b);
    if (a_path.len == 0 || b_path.len == 0)
        return json_array_size(json_object_get(a, "match")) > 0 &&
               json_array_size(json_object_get(b, "match")) == 0;
    struct str a_trimmed = str_trim_suffix(a_path, STR("*"));
    struct str b_trimmed = str_trim_suffix(b_path, STR("*"));
    if (str_eq(a_trimmed, b_trimmed))
        return a_path.len < b_path.len;
    if (a_trimmed.len == b_trimmed.len)
        return str_compare(a_trimmed, b_trimmed) < 0;
    return a_trimmed.len > b_trimmed.len;
}

static bool comes_before(const void *left, const void *right, void *user)
{
    const struct result *a = left, *b = right;
    if (strcmp(a->directive, b->directive) != 0)
        return adapter_order_find(user, str_from(a->directive)) <
               adapter_order_find(user, str_from(b->directive));
    if (a->class != RESULT_ROUTE || b->class != RESULT_ROUTE)
        return false;
    /* Later `vars` overwrite earlier ones, so Caddy turns their order around, ties included. */
    return is_more_specific(a->value, b->value) != (strcmp(a->directive, "vars") == 0);
}

static bool check_ordered(struct adapter *adapter, const struct results *results)
{
    bool ok = true;
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->at[i];
        if (adapter_order_find(adapter, str_from(result->directive)) >= 0)
            continue;
        bool is_route = result->class == RESULT_ROUTE || result->class == RESULT_SUBROUTE;
        struct diag *diag =
            diag_token(adapter->diags, DIAG_NOT_ALLOWED_HERE, result->origin,
                       is_route ? "'%s' has no place in the order of handlers"
                                : "'%s' is about the whole site: it cannot stand in a block",
                       result->directive);
        diag_note(adapter->diags, diag,
                  is_route ? "put it into a route block, or give it a place with the global "
                             "option 'order'"
                           : "put it directly into the site");
        ok = false;
    }
    return ok;
}

/* A copy of the route object that shares its parts, with its keys in Caddy's order and, unless
 * NULL, <group> as its group. */
static json_t *route_copy(struct adapter *adapter, const json_t *route, json_t *group)
{
    static const char *const keys[] = {"match", "handle", "terminal"};
    struct document *document = adapter->document;
    json_t *copy = document_object(document, document_origin(document, NULL, NULL, route));
    document_set(document, copy, "group", group ? group : json_object_get(route, "group"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        document_set(document, copy, keys[i], json_object_get(route, keys[i]));
    return copy;
}

static json_t *group_name(struct adapter *adapter, uint32_t number)
{
    return document_string(adapter->document, str_printf(adapter->arena, "group%u", number), NULL);
}

/* Directives of which only the first that matches may run, in the order their groups are numbered.
 * A rewrite always has a group, so that it is never merged with its neighbours. */
static const char *const exclusive[] = {"handle", "rewrite", "root"};
enum { N_EXCLUSIVE = sizeof(exclusive) / sizeof(*exclusive) };

static int exclusive_index(const char *directive)
{
    for (int i = 0; i < N_EXCLUSIVE; i++)
        if (strcmp(exclusive[i], directive) == 0)
            return i;
    return -1;
}

/* A group that routes may be in. */
struct group {
    bool is_used;
    uint32_t number;
    json_t *name; /* NULL until a route is put into it */
};

static void number_groups(const struct results *results, uint32_t *counter,
                          struct group groups[N_EXCLUSIVE])
{
    size_t counts[N_EXCLUSIVE] = {0};
    for (size_t i = 0; i < results->n; i++) {
        int index = exclusive_index(results->at[i].directive);
        if (index >= 0)
            counts[index]++;
    }
    for (int i = 0; i < N_EXCLUSIVE; i++) {
        bool is_used = counts[i] > 1 || strcmp(exclusive[i], "rewrite") == 0;
        groups[i] = (struct group){.is_used = is_used, .number = is_used ? (*counter)++ : 0};
    }
}

/* Whether a route has only keys that routes have, in their order. */
static bool is_in_order(const json_t *route)
{
    struct str rest = str_from(route_keys), key;
    uint32_t n = 0;
    while (rest.len) {
        str_cut(rest, STR(" "), &key, &rest);
        if (n < route->n && str_is(key, route->as.members[n].key))
            n++;
    }
    return n == route->n;
}

/* The route of a directive in its group; nothing changes it from here on. */
static json_t *grouped_route(struct adapter *adapter, const struct result *result,
                             struct group groups[N_EXCLUSIVE])
{
    int index = exclusive_index(result->directive);
    if (index < 0 || !groups[index].is_used)
        return is_in_order(result->value) ? result->value
                                          : route_copy(adapter, result->value, NULL);
    struct group *group = &groups[index];
    if (!group->name)
        group->name = group_name(adapter, group->number);
    return route_copy(adapter, result->value, group->name);
}

json_t *routes_subroute(struct adapter *adapter, struct results *results, bool sort,
                        uint32_t *group_counter)
{
    struct document *document = adapter->document;
    struct group groups[N_EXCLUSIVE];
    if (sort && !check_ordered(adapter, results))
        return NULL;
    if (sort)
        stable_sort(results->at, results->n, sizeof(*results->at), comes_before, adapter);
    number_groups(results, group_counter, groups);
    json_t *routes = document_array(document, NULL);
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->at[i];
        if (result->class == RESULT_ROUTE)
            document_add(document, routes, grouped_route(adapter, result, groups));
        json_t *inlined = json_object_get(result->value, "routes");
        for (size_t j = 0; result->class == RESULT_SUBROUTE && j < json_array_size(inlined); j++)
            document_add(document, routes, json_array_get(inlined, j));
    }
    json_t *subroute = document_object(document, NULL);
    routes = routes_consolidate(adapter, routes);
    if (json_array_size(routes))
        document_set(document, subroute, "routes", routes);
    return subroute;
}

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
    json_t *left = json_object_get(a, key), *right = json_object_get(b, key);
    return left == right || (left && right && json_is_equal(left, right));
}

json_t *routes_consolidate(struct adapter *adapter, const json_t *routes)
{
    struct document *document = adapter->document;
    json_t *merged = document_array(document, NULL), *last = NULL;
    bool is_last_own = false;
    for (size_t i = 0; i < json_array_size(routes); i++) {
        json_t *route = json_array_get(routes, i);
        if (!last || !is_same(last, route, "match") || !is_same(last, route, "terminal") ||
            !is_same(last, route, "group")) {
            document_add(document, merged, route);
            last = route;
            is_last_own = false;
            continue;
        }
        if (!is_last_own) {
            json_t *own = route_copy(adapter, last, NULL);
            json_t *handle = document_array(document, NULL), *old = json_object_get(own, "handle");
            for (size_t j = 0; j < json_array_size(old); j++)
                document_add(document, handle, json_array_get(old, j));
            if (old || json_object_get(route, "handle"))
                document_set(document, own, "handle", handle);
            document_order(document, own, route_keys);
            merged->as.items[merged->n - 1] = own;
            last = own;
            is_last_own = true;
        }
        const json_t *more = json_object_get(route, "handle");
        for (size_t j = 0; j < json_array_size(more); j++)
            document_add(document, document_array_at(document, last, "handle", NULL),
                         json_array_get(more, j));
        document_order(document, last, route_keys);
    }
    return merged;
}

/* Whether some route tests the host: as a top-level matcher it would ask for certificates. */
static bool has_host_matcher(const json_t *routes)
{
    for (size_t i = 0; i < json_array_size(routes); i++) {
        json_t *match = json_object_get(json_array_get(routes, i), "match");
        for (size_t j = 0; j < json_array_size(match); j++)
            if (json_object_get(json_array_get(match, j), "host"))
                return true;
    }
    return false;
}

void routes_append_site(struct adapter *adapter, json_t *routes, const json_t *subroute,
                        json_t *matcher_sets, bool is_only_site)
{
    struct document *document = adapter->document;
    json_t *site_routes = json_object_get(subroute, "routes");
    if (json_array_size(matcher_sets) == 0 && json_array_size(site_routes) == 0)
        return;
    if (json_array_size(matcher_sets) == 0 && is_only_site && !has_host_matcher(site_routes)) {
        for (size_t i = 0; i < json_array_size(site_routes); i++)
            document_add(document, routes, json_array_get(site_routes, i));
        return;
    }
    json_t *route = document_object(document, document_origin(document, NULL, NULL, matcher_sets));
    if (json_array_size(matcher_sets))
        document_set(document, route, "match", matcher_sets);
    if (json_array_size(site_routes)) {
        json_t *handler = document_object(document, NULL), *handle = document_array(document, NULL);
        document_set(document, handler, "handler", document_text(document, "subroute", NULL));
        document_set(document, handler, "routes", site_routes);
        document_add(document, handle, document_sorted(document, handler));
        document_set(document, route, "handle", handle);
    }
    document_set(document, route, "terminal", document_bool(true));
    document_add(document, routes, route);
}

json_t *route_new(struct scope *scope, json_t *matcher_set, json_t *handler)
{
    struct document *document = scope->document;
    json_t *route = document_object(document, scope->in->n ? scope->in->tokens[0] : NULL);
    if (matcher_set)
        document_add(document, document_array_at(document, route, "match", NULL), matcher_set);
    if (handler)
        document_add(document, document_array_at(document, route, "handle", NULL),
                     document_sorted(document, handler));
    return route;
}

/* "group3": the next group name. */
static json_t *scope_next_group(struct scope *scope)
{
    return group_name(scope->adapter, (*scope->group_counter)++);
}

void scope_group_routes(struct scope *scope, struct results *results)
{
    size_t n = 0;
    for (size_t i = 0; i < results->n; i++)
        n += results->at[i].class == RESULT_ROUTE;
    if (n < 2)
        return;
    json_t *group = scope_next_group(scope);
    for (size_t i = 0; i < results->n; i++)
        if (results->at[i].class == RESULT_ROUTE)
            results->at[i].value = route_copy(scope->adapter, results->at[i].value, group);
}

json_t *scope_build_subroute(struct scope *scope, struct results *results, bool sort)
{
    return routes_subroute(scope->adapter, results, sort, scope->group_counter);
}
