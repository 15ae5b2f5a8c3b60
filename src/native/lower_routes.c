/* Routes: chains of neighbours in the table, and the bits of their groups. */
#include "native/lower_private.h"

struct route_json {
    const json_t *match, *handle;
    struct str group;
    uint32_t is_terminal;
};

static const struct field route_fields[] = {
    {"@id", FIELD_IGNORED, 0},
    {"group", FIELD_STR, offsetof(struct route_json, group)},
    {"match", FIELD_JSON, offsetof(struct route_json, match)},
    {"handle", FIELD_JSON, offsetof(struct route_json, handle)},
    {"terminal", FIELD_FLAG32, offsetof(struct route_json, is_terminal)},
    {0},
};

struct dt_route lower_route(struct lowering *lo, const json_t *route)
{
    struct route_json in = {0};
    const struct token *before = enter(lo, route);
    read_object(lo, route, "a route", route_fields, &in);
    struct dt_route row = {.group = DT_NONE, .is_terminal = in.is_terminal};
    row.origin = origin_here(lo);
    if (in.group.len)
        row.group = (uint32_t)(uintptr_t)map_get(&lo->groups, in.group) - 1;
    uint32_t body_uses = lo->n_body_uses;
    row.matcher_sets = lower_matcher_sets(lo, in.match);
    row.needs_body = lo->n_body_uses != body_uses;
    row.handlers = lower_handlers(lo, in.handle);
    leave(lo, before);
    return row;
}

struct dt_range lower_routes(struct lowering *lo, const json_t *routes)
{
    size_t n = elements(lo, routes, "the routes");
    struct dt_range range = {reserve_routes(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct dt_route row = lower_route(lo, json_array_get(routes, i));
        lo->routes.at[range.first + i] = row;
    }
    return range;
}

struct dt_range lower_route_alone(struct lowering *lo, const json_t *route)
{
    struct dt_range range = {reserve_routes(lo, 1), 1};
    struct dt_route row = lower_route(lo, route);
    measure_route(lo, &row, first_handler(route));
    lo->routes.at[range.first] = row;
    return range;
}

/* ---- groups ----
 *
 * The satisfied groups of a request are a set of bits, so few bits are good. Groups that only
 * occur below one terminal route of the server can share bits with those below another one: no
 * request runs two terminal routes of one chain. */

enum { SHARED_OWNER = 1 };

struct group_walk {
    struct lowering *lo;
    struct map owners; /* name → owner as a number; SHARED_OWNER: no single one */
};

static void note_group(struct group_walk *walk, struct str group, uintptr_t owner)
{
    uintptr_t known = (uintptr_t)map_get(&walk->owners, group);
    if (group.len && known != owner)
        map_put(&walk->owners, group, (void *)(known ? SHARED_OWNER : owner));
}

static void walk_routes(struct group_walk *walk, const json_t *routes, uintptr_t owner);

static void walk_handlers(struct group_walk *walk, const json_t *handlers, uintptr_t owner)
{
    for (size_t i = 0; i < json_array_size(handlers); i++) {
        const json_t *handler = json_array_get(handlers, i);
        walk_routes(walk, json_object_get(handler, "routes"), owner);
        walk_routes(walk, json_object_get(json_object_get(handler, "errors"), "routes"), owner);
        const json_t *responses = json_object_get(handler, "handle_response");
        for (size_t k = 0; k < json_array_size(responses); k++)
            walk_routes(walk, json_object_get(json_array_get(responses, k), "routes"), owner);
    }
}

static void walk_routes(struct group_walk *walk, const json_t *routes, uintptr_t owner)
{
    for (size_t i = 0; i < json_array_size(routes); i++) {
        const json_t *route = json_array_get(routes, i);
        note_group(walk, member_str(route, "group"), owner);
        walk_handlers(walk, json_object_get(route, "handle"), owner);
    }
}

/* The routes of a server itself; owners are numbered from <*next>. */
static void walk_top(struct group_walk *walk, const json_t *routes, uintptr_t *next)
{
    for (size_t i = 0; i < json_array_size(routes); i++) {
        const json_t *route = json_array_get(routes, i);
        bool is_terminal = json_is_true(json_object_get(route, "terminal"));
        note_group(walk, member_str(route, "group"), SHARED_OWNER);
        walk_handlers(walk, json_object_get(route, "handle"),
                      is_terminal ? (*next)++ : SHARED_OWNER);
    }
}

uint32_t number_groups(struct lowering *lo, const json_t *server)
{
    struct group_walk walk = {.lo = lo, .owners = map_in(lo->arena)};
    uintptr_t first_error_owner = SHARED_OWNER + 1;
    walk_top(&walk, json_object_get(server, "routes"), &first_error_owner);
    uintptr_t end = first_error_owner;
    walk_top(&walk, json_object_get(json_object_get(server, "errors"), "routes"), &end);
    json_t *named = json_object_get(server, "named_routes");
    for (void *i = json_object_iter(named); i; i = json_object_iter_next(named, i)) {
        const json_t *route = json_object_iter_value(i);
        note_group(&walk, member_str(route, "group"), SHARED_OWNER);
        walk_handlers(&walk, json_object_get(route, "handle"), SHARED_OWNER);
    }

    /* shared ones first, then those of routes, then those of error routes: the error chain runs
     * with the bits of the routes before it */
    uint32_t base = 0, *used = arena_array(lo->arena, uint32_t, end);
    lo->groups = map_in(lo->arena);
    for (int pass = 0; pass < 3; pass++) {
        uint32_t highest = base;
        for (size_t i = 0; i < walk.owners.n; i++) {
            uintptr_t owner = (uintptr_t)walk.owners.entries[i].value;
            int belongs = owner == SHARED_OWNER ? 0 : owner < first_error_owner ? 1 : 2;
            if (belongs != pass)
                continue;
            uint32_t bit = base + used[owner]++;
            if (bit + 1 > highest)
                highest = bit + 1;
            map_put(&lo->groups, walk.owners.entries[i].key, (void *)(uintptr_t)(bit + 1));
        }
        base = highest;
    }
    return base;
}
