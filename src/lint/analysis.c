/* Walks the routes of each server as a request would, with a description of all requests that get
 * to each point; see analysis_private.h for what it says. Where several ways lead to one point only
 * what is true of all of them is kept. */
#include "lint/analysis.h"

#include "base/arena.h"
#include "lint/analysis_private.h"
#include "syntax/token.h"

enum {
    EFFORT = 4000000,        /* for a configuration, … */
    EFFORT_PER_ROUTE = 2000, /* … and what each of its routes adds */
    MAX_DEPTH = 64,
    MAX_PASSED_ON = 24, /* facts from inside a route that are kept behind it */
    MAX_REPORTED = 8,   /* handlers of one route */
    ERROR_DEPTH = 2,    /* of lists: handle_errors of a site, or of the only site */
    MAX_GROUPS = 64,    /* of a list, that are followed at a time */
};

/* What the whole of a server says about its parts. */
struct server_facts {
    struct map groups; /* name → the list it is used in, or <many>; not those of named routes that
                          may run more than once */
    size_t n_routes, n_invokes;
    bool any_path;   /* some handler may ask for paths that do not begin with '/' */
    bool runs_twice; /* routes may be run again after an error */
};

/* A named route, looked at once. */
struct named {
    bool is_open;
    unsigned changes;
};

struct walk {
    struct analysis *analysis;
    struct arena *arena;
    struct search search;
    struct server_facts facts;
    const json_t *server, *named_routes;
    struct map named;   /* name → struct named */
    VEC(const struct token *) reached; /* where routes and handlers that are reached came from */
    uint32_t now;
    int depth;
    bool in_errors;
    bool is_quiet; /* inside a route that is reported already */
    size_t n_ends; /* handlers that ended requests so far */
    const struct missed_place *place;
};

static const char many[] = "many";

/* The members of one group in a list, and the requests that may still run one of them. */
struct group {
    struct flow flow;
    size_t n_left;  /* members that are still to come */
    bool is_active; /* the flow is kept up to date */
    bool is_shared; /* other lists use the name too */
    bool leaks;     /* some member lets requests go on, so others may find the group used up */
};

struct list {
    struct scope scope;
    struct flow flow;
    VEC(struct group) groups;
    VEC(int) active;        /* groups that are followed */
    struct map group_names; /* → index in <groups>, from 1 */
    const json_t *routes;
};

static struct flow walk_routes(struct walk *walk, const json_t *routes, struct flow flow,
                               struct scope *outer);

/* --- flows --- */

static void change(struct walk *walk, struct flow *flow, unsigned attributes)
{
    if (!attributes)
        return;
    walk->now++;
    for (int i = 0; i < N_ATTRIBUTES; i++)
        if (attributes & 1u << i)
            flow->changed[i] = walk->now;
}

/* Attributes that were changed on the way from <before> to <after>. */
static unsigned changes_between(const struct flow *before, const struct flow *after)
{
    unsigned changes = 0;
    for (int i = 0; i < N_ATTRIBUTES; i++)
        if (after->changed[i] > before->changed[i])
            changes |= 1u << i;
    return changes;
}

static void learn(struct walk *walk, struct flow *flow, struct known known)
{
    struct known *node = arena_new(walk->arena, struct known);
    *node = known;
    node->next = flow->known;
    flow->known = node;
}

/* All that was ever known may be wrong behind this. */
static void forget(struct walk *walk, struct flow *flow)
{
    change(walk, flow, ALL_ATTRIBUTES);
    flow->rewritten = NULL;
}

/* --- what was found --- */

static void report(struct walk *walk, const struct list *list, size_t index, const json_t *handler,
                   const struct missed *why)
{
    struct missed missed = *why;
    if (walk->is_quiet)
        return;
    missed.route = json_array_get(list->routes, index);
    missed.list = list->routes;
    missed.index = index;
    missed.handler = handler;
    missed.in_errors = walk->in_errors;
    missed.server = walk->server;
    missed.place = walk->place;
    vec_push(walk->arena, &walk->analysis->missed, missed);
}

static void mark_reached(struct walk *walk, const json_t *value)
{
    if (!walk->is_quiet && value->origin)
        vec_push(walk->arena, &walk->reached, value->origin);
}

/* --- handlers --- */

static struct flow walk_list(struct walk *walk, const json_t *routes, const struct flow *flow,
                             struct scope *scope)
{
    if (walk->depth < MAX_DEPTH)
        return walk_routes(walk, routes, *flow, scope);
    struct flow any = *flow;
    forget(walk, &any);
    return any;
}

/* Error routes inside: whatever went wrong before, and all that is behind may run a second time. */
static void walk_inner_errors(struct walk *walk, const json_t *errors, struct flow *flow)
{
    const json_t *routes = json_object_get(errors, "routes");
    if (!errors || json_is_null(errors))
        return;
    struct flow any = {.is_open = true};
    forget(walk, &any);
    walk_list(walk, routes, &any, NULL);
    flow->is_open = true;
    forget(walk, flow);
}

static struct flow walk_subroute(struct walk *walk, const json_t *handler, const struct flow *flow,
                                 struct scope *scope)
{
    struct flow out = walk_list(walk, json_object_get(handler, "routes"), flow, scope);
    walk_inner_errors(walk, json_object_get(handler, "errors"), &out);
    return out;
}

/* A proxy ends requests, unless the routes for some answer let them go on. */
static struct flow walk_proxy(struct walk *walk, const json_t *handler, const struct flow *flow,
                              struct scope *scope)
{
    const json_t *responses = json_object_get(handler, "handle_response");
    struct flow out = *flow;
    unsigned changes = 1u << ATTRIBUTE_OTHER;
    walk->n_ends++;
    out.is_open = false;
    for (size_t i = 0; i < json_array_size(responses); i++) {
        const json_t *response = json_array_get(responses, i);
        struct str status = json_str(json_object_get(response, "status_code"));
        if (status.len || json_is_number(json_object_get(response, "status_code")))
            continue;
        struct flow after = walk_list(walk, json_object_get(response, "routes"), flow, scope);
        out.is_open |= after.is_open;
        if (after.is_open)
            changes |= changes_between(flow, &after);
    }
    if (out.is_open)
        change(walk, &out, changes);
    return out;
}

static void walk_intercept(struct walk *walk, const json_t *handler)
{
    const json_t *responses = json_object_get(handler, "handle_response");
    for (size_t i = 0; i < json_array_size(responses); i++) {
        struct flow any = {.is_open = true};
        forget(walk, &any);
        walk_list(walk, json_object_get(json_array_get(responses, i), "routes"), &any, NULL);
    }
}

/* What a named route does, whoever invokes it. One that invokes itself may do anything. */
static const struct named *look_at_named(struct walk *walk, struct str name)
{
    struct named *named = map_get(&walk->named, name);
    if (named)
        return named;
    named = arena_new(walk->arena, struct named);
    *named = (struct named){.is_open = true, .changes = ALL_ATTRIBUTES};
    map_put(&walk->named, name, named);
    const json_t *route = json_object_find(walk->named_routes, name.ptr, name.len);
    if (!route)
        return named;
    const struct missed_place *place = walk->place;
    json_t *list = json_new(walk->arena, JSON_ARRAY, NULL);
    struct flow any = {.is_open = true};
    forget(walk, &any);
    json_array_insert(walk->arena, list, 0, (json_t *)route);
    walk->place = NULL;
    struct flow out = walk_list(walk, list, &any, NULL);
    walk->place = place;
    *named = (struct named){out.is_open, changes_between(&any, &out)};
    return named;
}

static void learn_rewrite(struct walk *walk, const json_t *route, const json_t *handler,
                          const struct flow *before, struct flow *flow)
{
    struct str path = effect_sets_path(walk->arena, handler);
    if (path.len) {
        struct fact fact = {condition_of_path(walk->arena, path), false, walk->now};
        learn(walk, flow,
              (struct known){
                  .fact = fact, .kind = KNOWN_SET, .blamed = route, .blamed_handler = handler});
    }
    struct rewritten rewritten = {.since = walk->now, .route = route};
    if (!effect_targets(walk->arena, route, handler, &rewritten))
        return;
    const json_t *match = json_object_get(route, "match");
    if (json_array_size(match))
        rewritten.condition = condition_of_match_but_files(walk->arena, match);
    memcpy(rewritten.before, before->changed, sizeof(rewritten.before));
    struct rewritten *node = arena_new(walk->arena, struct rewritten);
    *node = rewritten;
    node->next = flow->rewritten;
    flow->rewritten = node;
}

static struct flow walk_handler(struct walk *walk, const json_t *route, const json_t *handler,
                                const struct flow *flow, struct scope *scope)
{
    struct str name = json_str(json_object_get(handler, "handler"));
    struct flow out = *flow;
    if (str_is(name, "subroute"))
        return walk_subroute(walk, handler, flow, scope);
    if (str_is(name, "reverse_proxy"))
        return walk_proxy(walk, handler, flow, scope);
    if (str_is(name, "invoke")) {
        const struct named *named = look_at_named(walk, json_str(json_object_get(handler, "name")));
        out.is_open = named->is_open;
        change(walk, &out, named->changes);
        return out;
    }
    if (str_is(name, "intercept")) {
        walk_intercept(walk, handler);
        return out;
    }
    struct effect effect = effect_of(handler);
    walk->n_ends += effect.ends;
    out.is_open = !effect.ends;
    change(walk, &out, effect.changes);
    if (str_is(name, "rewrite"))
        learn_rewrite(walk, route, handler, flow, &out);
    return out;
}

/* The handlers of a route, one after the other. */
static struct flow walk_handlers(struct walk *walk, struct list *list, size_t index,
                                 struct flow flow)
{
    const json_t *route = json_array_get(list->routes, index);
    const json_t *handlers = json_object_get(route, "handle"), *last = NULL;
    struct missed_place *place = arena_new(walk->arena, struct missed_place);
    size_t n_reported = 0;
    *place = (struct missed_place){route, walk->place};
    walk->place = place;
    for (size_t i = 0; i < json_array_size(handlers); i++) {
        const json_t *handler = json_array_get(handlers, i);
        if (flow.is_open) {
            mark_reached(walk, handler);
            flow = walk_handler(walk, route, handler, &flow, &list->scope);
            last = handler;
        } else if (n_reported++ < MAX_REPORTED) {
            struct missed missed = {
                .cause = MISSED_TAKEN, .blamed = {route}, .n_blamed = 1, .blamed_handler = last};
            walk->place = place->outer;
            report(walk, list, index, handler, &missed);
            walk->place = place;
        }
    }
    walk->place = place->outer;
    if (json_is_true(json_object_get(route, "terminal")))
        flow.is_open = false;
    return flow;
}

/* --- routes --- */

/* The groups of all routes of the list. */
static void count_groups(struct walk *walk, struct list *list)
{
    list->group_names = map_in(walk->arena);
    for (size_t i = 0; i < json_array_size(list->routes); i++) {
        struct str name = json_str(json_object_get(json_array_get(list->routes, i), "group"));
        size_t place = (size_t)(uintptr_t)map_get(&list->group_names, name);
        if (name.len == 0)
            continue;
        if (!place) {
            struct group group = {0};
            group.is_shared = walk->facts.runs_twice ||
                              map_get(&walk->facts.groups, name) != (void *)list->routes;
            vec_push(walk->arena, &list->groups, group);
            place = list->groups.n;
            map_put(&list->group_names, name, (void *)(uintptr_t)place);
        }
        list->groups.at[place - 1].n_left++;
    }
}

/* The group of a route that is come to. */
static int find_group(struct walk *walk, struct list *list, const json_t *route)
{
    struct str name = json_str(json_object_get(route, "group"));
    if (name.len == 0)
        return NO_GROUP;
    if (!list->group_names.arena)
        count_groups(walk, list);
    int place = (int)(uintptr_t)map_get(&list->group_names, name) - 1;
    struct group *group = &list->groups.at[place];
    group->n_left--;
    if (group->is_active)
        return place;
    group->flow = list->flow;
    /* what is true of all requests in the list is true of those that may run a member */
    if (list->active.n < MAX_GROUPS) {
        group->is_active = true;
        vec_push(walk->arena, &list->active, place);
    }
    return place;
}

/* Groups without members to come need not be followed any more. */
static void drop_groups(struct list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->active.n; i++) {
        struct group *group = &list->groups.at[list->active.at[i]];
        group->is_active = group->n_left > 0;
        if (group->is_active)
            list->active.at[n++] = list->active.at[i];
    }
    list->active.n = n;
}

/* The rewrites that requests have behind them if they ran the route. */
static void add_rewrites(struct walk *walk, struct flow *flow, const json_t *route,
                         const struct flow *before, const struct flow *after)
{
    const struct condition *condition = NULL;
    const struct rewritten *new[8];
    size_t n = 0;
    if (after->rewritten != before->rewritten)
        condition = condition_of_match_but_files(walk->arena, json_object_get(route, "match"));
    for (const struct rewritten *at = after->rewritten; at != before->rewritten && at && n < 8;
         at = at->next)
        new[n++] = at;
    while (n-- > 0) {
        struct rewritten *node = arena_new(walk->arena, struct rewritten);
        *node = *new[n];
        node->condition = new[n]->condition
                              ? condition_and(walk->arena, condition, new[n]->condition)
                              : condition;
        node->since = walk->now;
        node->next = flow->rewritten;
        flow->rewritten = node;
    }
}

/* Puts what became of requests that ran a route into the description of all that get behind it:
 * they are not the only ones, if others passed the route by. */
static void merge(struct walk *walk, struct flow *flow, const json_t *route,
                  const struct flow *before, const struct flow *after)
{
    change(walk, flow, changes_between(before, after));
    add_rewrites(walk, flow, route, before, after);
}

/* A route as requests pass it. */
struct passage {
    const json_t *route;
    int group; /* its own, or NO_GROUP */
    const struct condition *condition;
    uint32_t since;            /* when that was looked at */
    struct flow inside, after; /* before its first handler, behind its last one */
};

/* What was found out inside the route is true of all who match the route and get behind it. */
static void pass_on(struct walk *walk, struct list *list, const struct passage *passage)
{
    size_t n = 0;
    for (const struct known *at = passage->after.known; at && at != passage->inside.known;
         at = at->next) {
        if (at->kind != KNOWN_TAKEN || n++ >= MAX_PASSED_ON)
            continue;
        struct fact fact = {condition_and(walk->arena, passage->condition, at->fact.condition),
                            true,
                            passage->since < at->fact.since ? passage->since : at->fact.since};
        takers_add(walk->arena, &list->scope.takers,
                   (struct taker){.fact = fact, .route = passage->route, .group = NO_GROUP});
    }
}

/* Brings the flow of the list, and of its groups, up to date with requests that go on. */
static void go_on(struct walk *walk, struct list *list, const struct passage *passage, bool are_all)
{
    for (size_t i = 0; i <= list->active.n; i++) {
        int place = i ? list->active.at[i - 1] : NO_GROUP;
        struct flow *flow = i ? &list->groups.at[place].flow : &list->flow;
        if (i && place == passage->group)
            continue;
        if (are_all)
            *flow = passage->after;
        else
            merge(walk, flow, passage->route, &passage->inside, &passage->after);
    }
}

static void leave_route(struct walk *walk, struct list *list, const struct passage *passage)
{
    int own = passage->group;
    struct group *group = own == NO_GROUP ? NULL : &list->groups.at[own];
    /* whether all that match the route have run it */
    bool is_sure = !group || (!group->is_shared && !group->leaks);
    struct taker taker = {.fact = {passage->condition, true, passage->since},
                          .route = passage->route,
                          .group = is_sure ? NO_GROUP : own};
    if (passage->after.is_open) {
        bool are_all = is_sure && passage->condition->kind == CONDITION_TRUE;
        if (group) {
            taker.group = own;
            group->leaks = true;
        }
        if (is_sure && !are_all)
            pass_on(walk, list, passage);
        go_on(walk, list, passage, are_all);
    }
    if (group || !passage->after.is_open)
        takers_add(walk->arena, &list->scope.takers, taker);
}

/* Whether requests get to the route. Odd ones alone may, or only such whose path was rewritten
 * before: then it is reported and walked all the same, for what becomes of them counts. */
static bool enter_route(struct walk *walk, struct list *list, size_t index, struct passage *passage)
{
    const struct flow *flow = &passage->inside;
    struct missed missed = {0};
    if (search_misses(&walk->search, flow, &list->scope, passage->group, passage->condition,
                      walk->now, &missed)) {
        report(walk, list, index, NULL, &missed);
        walk->is_quiet = true;
        return missed.is_left_open;
    }
    if (search_rewritten(&walk->search, flow, passage->condition, walk->now, &missed)) {
        report(walk, list, index, NULL, &missed);
        walk->is_quiet = true;
    }
    mark_reached(walk, passage->route);
    return true;
}

static void walk_route(struct walk *walk, struct list *list, size_t index)
{
    const json_t *route = json_array_get(list->routes, index);
    struct passage passage = {
        .route = route,
        .group = find_group(walk, list, route),
        .condition = condition_of_match(walk->arena, json_object_get(route, "match")),
    };
    bool was_quiet = walk->is_quiet;
    size_t n_ends = walk->n_ends;
    passage.inside = passage.group == NO_GROUP ? list->flow : list->groups.at[passage.group].flow;
    if (enter_route(walk, list, index, &passage)) {
        passage.since = walk->now;
        if (passage.condition->kind != CONDITION_TRUE)
            learn(walk, &passage.inside,
                  (struct known){.fact = {passage.condition, false, walk->now}, .blamed = route});
        list->scope.group = passage.group;
        passage.after = walk_handlers(walk, list, index, passage.inside);
        leave_route(walk, list, &passage);
        if (walk->in_errors && walk->depth <= ERROR_DEPTH)
            vec_push(walk->arena, &walk->analysis->error_routes,
                     (struct error_route){route, walk->server, passage.after.is_open,
                                          walk->n_ends > n_ends});
    }
    drop_groups(list);
    walk->is_quiet = was_quiet;
}

/* The facts that stay true behind a list: what its routes took. */
static void keep_takers(struct walk *walk, struct list *list)
{
    size_t n = list->scope.takers.all.n;
    for (size_t i = 0; i < n && i < MAX_PASSED_ON; i++) {
        const struct taker *taker = &list->scope.takers.all.at[i];
        if (taker->group == NO_GROUP)
            learn(walk, &list->flow,
                  (struct known){.fact = taker->fact,
                                 .kind = KNOWN_TAKEN,
                                 .blamed = taker->route,
                                 .blamed_handler = taker->handler});
    }
}

/* Which error routes answer all that get to them: none behind this list is needed then. */
static void close_error_routes(struct walk *walk, size_t first, bool is_open)
{
    for (size_t i = first; i < walk->analysis->error_routes.n; i++)
        walk->analysis->error_routes.at[i].leaves_some &= is_open;
}

static struct flow walk_routes(struct walk *walk, const json_t *routes, struct flow flow,
                               struct scope *outer)
{
    static const struct condition all = {.kind = CONDITION_TRUE};
    struct list list = {
        .scope = {.outer = outer, .group = NO_GROUP}, .flow = flow, .routes = routes};
    struct missed nobody = {0};
    size_t n_error_routes = walk->analysis->error_routes.n;
    walk->depth++;
    for (size_t i = 0; i < json_array_size(routes); i++)
        walk_route(walk, &list, i);
    walk->depth--;
    if (list.scope.takers.all.n &&
        search_misses(&walk->search, &list.flow, &list.scope, NO_GROUP, &all, walk->now, &nobody) &&
        !nobody.is_left_open)
        list.flow.is_open = false;
    else
        keep_takers(walk, &list);
    close_error_routes(walk, n_error_routes, list.flow.is_open);
    return list.flow;
}

/* --- what is to be known of a server beforehand --- */

static void note_group(struct server_facts *facts, struct str name, const json_t *list)
{
    struct map_entry *entry = map_find(&facts->groups, name);
    if (!entry)
        map_put(&facts->groups, name, (void *)list);
    else if (entry->value != list)
        entry->value = (void *)many;
}

static void note_handler(struct server_facts *facts, const json_t *object, struct str name)
{
    facts->n_invokes += str_is(name, "invoke");
    /* templates can ask for any path, and who knows what plugins ask for */
    facts->any_path |= str_is(name, "templates") || !handler_is_known(name);
    facts->runs_twice |= str_is(name, "subroute") && json_object_get(object, "errors");
}

static void look_ahead(struct server_facts *facts, const json_t *value, const json_t *list,
                       bool notes_groups);

static void look_at_routes(struct server_facts *facts, const json_t *routes, bool notes_groups);

/* Handlers that are known have routes in known places. */
static void look_at_handler(struct server_facts *facts, const json_t *handler, bool notes_groups)
{
    struct str name = json_str(json_object_get(handler, "handler"));
    note_handler(facts, handler, name);
    if (str_is(name, "subroute")) {
        const json_t *errors = json_object_get(handler, "errors");
        look_at_routes(facts, json_object_get(handler, "routes"), notes_groups);
        look_at_routes(facts, json_object_get(errors, "routes"), notes_groups);
        return;
    }
    if (!str_is(name, "reverse_proxy") && !str_is(name, "intercept")) {
        if (!handler_is_known(name))
            look_ahead(facts, handler, NULL, notes_groups);
        return;
    }
    const json_t *responses = json_object_get(handler, "handle_response");
    for (size_t i = 0; i < json_array_size(responses); i++)
        look_at_routes(facts, json_object_get(json_array_get(responses, i), "routes"),
                       notes_groups);
}

static void look_at_route(struct server_facts *facts, const json_t *route, const json_t *list,
                          bool notes_groups)
{
    const json_t *handlers = json_object_get(route, "handle");
    const json_t *group = notes_groups ? json_object_get(route, "group") : NULL;
    facts->n_routes += handlers != NULL;
    if (group)
        note_group(facts, json_str(group), list);
    for (size_t i = 0; i < json_array_size(handlers); i++)
        look_at_handler(facts, json_array_get(handlers, i), notes_groups);
}

static void look_at_routes(struct server_facts *facts, const json_t *routes, bool notes_groups)
{
    for (size_t i = 0; i < json_array_size(routes); i++)
        look_at_route(facts, json_array_get(routes, i), routes, notes_groups);
}

static void look_at_named_routes(struct server_facts *facts, const json_t *routes,
                                 bool notes_groups)
{
    for (size_t i = 0; i < json_object_size(routes); i++)
        look_at_route(facts, routes->as.members[i].value, NULL, notes_groups);
}

/* Anything that a plugin's handler holds. <list> is the array around. */
static void look_ahead(struct server_facts *facts, const json_t *value, const json_t *list,
                       bool notes_groups)
{
    for (size_t i = 0; i < json_object_size(value); i++) {
        const struct json_member *member = &value->as.members[i];
        struct str key = str_make(member->key, member->key_len);
        if (json_is_object(member->value) || json_is_array(member->value)) {
            facts->n_routes += str_eq(key, STR("handle"));
            look_ahead(facts, member->value, NULL, notes_groups);
        } else if (str_eq(key, STR("handler"))) {
            note_handler(facts, value, json_str(member->value));
        } else if (notes_groups && str_eq(key, STR("group"))) {
            note_group(facts, json_str(member->value), list);
        }
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_is_object(json_array_get(value, i)))
            look_ahead(facts, json_array_get(value, i), value, notes_groups);
}

static void look_at_server(struct walk *walk, const json_t *server)
{
    const json_t *errors = json_object_get(json_object_get(server, "errors"), "routes");
    struct server_facts facts = {.groups = map_in(walk->arena)};
    look_at_routes(&facts, json_object_get(server, "routes"), true);
    look_at_routes(&facts, errors, true);
    look_at_named_routes(&facts, walk->named_routes, false);
    if (facts.n_invokes <= 1)
        look_at_named_routes(&facts, walk->named_routes, true);
    walk->facts = facts;
    walk->search.any_path = facts.any_path;
    walk->search.effort += EFFORT_PER_ROUTE * (long)facts.n_routes;
}

static void walk_server(struct walk *walk, const json_t *server)
{
    struct flow start = {.is_open = true};
    walk->server = server;
    walk->named_routes = json_object_get(server, "named_routes");
    walk->named = map_in(walk->arena);
    look_at_server(walk, server);
    walk->in_errors = false;
    walk_list(walk, json_object_get(server, "routes"), &start, NULL);
    walk->in_errors = true;
    walk_list(walk, json_object_get(json_object_get(server, "errors"), "routes"), &start, NULL);
}

static struct str span_key(const struct token *token)
{
    return str_make((const char *)&token->span, sizeof(token->span));
}

/* A directive that becomes several routes, or that was imported several times, is missed only if
 * all of it is. */
static void drop_reached(struct walk *walk)
{
    struct analysis *analysis = walk->analysis;
    struct map reached = map_in(walk->arena);
    size_t n = 0;
    if (analysis->missed.n == 0)
        return;
    for (size_t i = 0; i < walk->reached.n; i++)
        map_put(&reached, span_key(walk->reached.at[i]), walk);
    for (size_t i = 0; i < analysis->missed.n; i++) {
        const struct missed *missed = &analysis->missed.at[i];
        const json_t *value = missed->handler ? missed->handler : missed->route;
        bool is_reached = value->origin && map_find(&reached, span_key(value->origin));
        if (!is_reached)
            analysis->missed.at[n++] = *missed;
    }
    analysis->missed.n = n;
}

struct analysis *analysis_of(struct arena *arena, const json_t *servers)
{
    struct walk walk = {.analysis = arena_new(arena, struct analysis), .arena = arena};
    walk.search.effort = EFFORT;
    walk.now = 1;
    for (size_t i = 0; i < json_object_size(servers); i++)
        walk_server(&walk, servers->as.members[i].value);
    drop_reached(&walk);
    arena_free(&walk.search.scratch);
    return walk.analysis;
}
