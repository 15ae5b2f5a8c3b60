/* The host index: from a request's host to the routes of its server that may match. */
#include "native/index.h"

#include "native/lower_private.h"

enum {
    MAX_LISTED = 1 << 22, /* route numbers in all lists of a server: beyond, no index */
};

typedef VEC(uint32_t) route_list;

struct host_routes {
    route_list list;
};

struct index_plan {
    struct lowering *lo;
    struct map hosts;   /* host or "*.rest" → struct host_routes */
    route_list general; /* routes that any host may reach */
};

static void add_once(struct arena *arena, route_list *list, uint32_t route)
{
    if (list->n == 0 || list->at[list->n - 1] != route)
        vec_push(arena, list, route);
}

/* "*.rest": exactly the first label is a star. */
static bool is_first_label_wildcard(struct str text)
{
    if (text.len == 1)
        return text.ptr[0] == '*';
    return str_has_prefix(text, STR("*.")) && str_last_index(text, '*') == 0;
}

static void add_pattern(struct index_plan *plan, const struct dt_host_pattern *pattern,
                        uint32_t route)
{
    struct lowering *lo = plan->lo;
    struct str text = str_dup(lo->arena, text_of(lo, pattern->text));
    bool is_listed = pattern->kind == DT_HOST_PATTERN_EXACT ||
                     (pattern->kind == DT_HOST_PATTERN_WILDCARD && is_first_label_wildcard(text));
    if (!is_listed || text.len == 0) {
        add_once(lo->arena, &plan->general, route);
        return;
    }
    struct host_routes *routes = map_get(&plan->hosts, text);
    if (!routes) {
        routes = arena_new(lo->arena, struct host_routes);
        map_put(&plan->hosts, text, routes);
    }
    add_once(lo->arena, &routes->list, route);
}

static void add_route(struct index_plan *plan, uint32_t number)
{
    const struct lowering *lo = plan->lo;
    const struct dt_route *route = &lo->routes.at[number];
    if (route->matcher_sets.n == 0)
        add_once(lo->arena, &plan->general, number);
    for (uint32_t s = 0; s < route->matcher_sets.n; s++) {
        struct dt_range matchers = lo->matcher_sets.at[route->matcher_sets.first + s].matchers;
        bool has_hosts = false;
        for (uint32_t m = 0; m < matchers.n; m++) {
            const struct dt_matcher *matcher = &lo->matchers.at[matchers.first + m];
            if (matcher->kind != DT_MATCHER_HOST)
                continue;
            has_hosts = true;
            for (uint32_t p = 0; p < matcher->rows.n; p++)
                add_pattern(plan, &lo->host_patterns.at[matcher->rows.first + p], number);
        }
        if (!has_hosts)
            add_once(lo->arena, &plan->general, number);
    }
}

/* Three ascending lists become one in the table, without doubles. */
static struct dt_range merge(struct lowering *lo, const route_list *a, const route_list *b,
                             const route_list *c)
{
    const route_list *lists[] = {a, b, c};
    size_t at[3] = {0};
    route_list merged = {0};
    for (;;) {
        uint32_t least = DT_NONE;
        for (int i = 0; i < 3; i++) {
            if (lists[i] && at[i] < lists[i]->n && lists[i]->at[at[i]] < least)
                least = lists[i]->at[at[i]];
        }
        if (least == DT_NONE)
            return numbers_of(lo, merged.at, merged.n);
        vec_push(lo->arena, &merged, least);
        for (int i = 0; i < 3; i++) {
            while (lists[i] && at[i] < lists[i]->n && lists[i]->at[at[i]] == least)
                at[i]++;
        }
    }
}

static const route_list *wildcard_routes(const struct index_plan *plan, struct str host)
{
    struct str label, rest;
    struct str key = STR("*");
    if (host.len && host.ptr[0] == '*')
        return NULL;
    if (str_cut(host, STR("."), &label, &rest))
        key = str_printf(plan->lo->arena, "*." STR_FMT, STR_ARG(rest));
    const struct host_routes *routes = map_get(&plan->hosts, key);
    return routes ? &routes->list : NULL;
}

static void put_entry(struct lowering *lo, struct dt_range slots, struct dt_host_entry entry)
{
    uint32_t slot = entry.hash & (slots.n - 1);
    while (lo->host_entries.at[slots.first + slot].host.len)
        slot = (slot + 1) & (slots.n - 1);
    lo->host_entries.at[slots.first + slot] = entry;
}

static size_t listed_in_all(const struct index_plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->hosts.n; i++) {
        const struct host_routes *routes = plan->hosts.entries[i].value;
        n += routes->list.n + plan->general.n;
    }
    return n;
}

void build_host_index(struct lowering *lo, uint32_t server)
{
    struct dt_range routes = lo->servers.at[server].routes;
    struct index_plan plan = {.lo = lo, .hosts = map_in(lo->arena)};
    for (uint32_t i = 0; i < routes.n; i++)
        add_route(&plan, routes.first + i);
    if (plan.hosts.n == 0 || listed_in_all(&plan) > MAX_LISTED)
        return;
    uint32_t n_slots = 2;
    while (n_slots < plan.hosts.n * 2)
        n_slots *= 2;
    struct dt_host_index index = {.slots = {reserve_host_entries(lo, n_slots), n_slots}};
    for (size_t i = 0; i < plan.hosts.n; i++) {
        struct str host = plan.hosts.entries[i].key;
        const struct host_routes *own = plan.hosts.entries[i].value;
        struct dt_host_entry entry = {.host = intern(lo, host),
                                      .hash = dt_hash(host.ptr, (uint32_t)host.len)};
        entry.routes = merge(lo, &own->list, &plan.general, wildcard_routes(&plan, host));
        put_entry(lo, index.slots, entry);
    }
    index.others = merge(lo, &plan.general, NULL, NULL);
    uint32_t row = push_host_indexes(lo, index);
    lo->servers.at[server].host_index = row;
}
