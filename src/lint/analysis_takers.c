/* Finds, among the routes that come before one, those that may take its requests. Short lists are
 * looked through; long ones are indexed by host or path. Leaving one out is never wrong: fewer
 * requests are known not to come. */
#include "base/arena.h"
#include "lint/analysis_private.h"

enum {
    INDEXED_FROM = 24, /* takers; fewer are all looked at */
    MAX_PREFIX = 256,  /* bytes of a path that are looked up */
};

static void index_under(struct arena *arena, struct map *map, struct str key, uint32_t index)
{
    if (!map->arena)
        *map = map_in(arena);
    struct taker_list *list = map_get(map, key);
    if (!list) {
        list = arena_new(arena, struct taker_list);
        map_put(map, key, list);
    }
    vec_push(arena, &list->indices, index);
}

/* The part of a set that is about hosts, or paths; NULL for none. */
static const struct condition *part_of(const struct condition *set, enum condition_kind kind)
{
    if (set->kind == kind)
        return set;
    for (size_t i = 0; set->kind == CONDITION_ALL && i < set->n_parts; i++)
        if (set->parts[i]->kind == kind)
            return set->parts[i];
    return NULL;
}

/* Names without wildcards, or with one for the first label. */
static bool hosts_can_be_looked_up(const struct condition *hosts)
{
    for (size_t i = 0; i < hosts->n_names; i++) {
        struct str name = str_trim_prefix(hosts->names[i], STR("*."));
        if (str_index(name, '*') >= 0)
            return false;
    }
    return hosts->n_names > 0;
}

static bool paths_can_be_looked_up(const struct condition *paths)
{
    for (size_t i = 0; i < paths->texts.n; i++) {
        const struct path_pattern *pattern = &paths->texts.patterns[i];
        if (pattern->kind != PATH_EXACT &&
            !(pattern->kind == PATH_PREFIX && pattern->text.len > 1 &&
              pattern->text.len <= MAX_PREFIX))
            return false;
    }
    return paths->texts.n > 0;
}

static bool can_be_looked_up(const struct condition *set)
{
    const struct condition *hosts = part_of(set, CONDITION_HOST);
    const struct condition *paths = part_of(set, CONDITION_PATH);
    return (hosts && hosts_can_be_looked_up(hosts)) || (paths && paths_can_be_looked_up(paths));
}

static void index_set(struct arena *arena, struct takers *takers, const struct condition *set,
                      uint32_t index)
{
    const struct condition *hosts = part_of(set, CONDITION_HOST);
    const struct condition *paths = part_of(set, CONDITION_PATH);
    if (hosts && hosts_can_be_looked_up(hosts)) {
        for (size_t i = 0; i < hosts->n_names; i++)
            index_under(arena, &takers->hosts, hosts->names[i], index);
        return;
    }
    for (size_t i = 0; i < paths->texts.n; i++) {
        const struct path_pattern *pattern = &paths->texts.patterns[i];
        index_under(arena, pattern->kind == PATH_EXACT ? &takers->paths : &takers->prefixes,
                    pattern->text, index);
    }
}

/* The sets of a formula: its parts if one of them is enough, else itself. */
static size_t count_sets(const struct condition *condition)
{
    return condition->kind == CONDITION_ANY ? condition->n_parts : 1;
}

static const struct condition *set_at(const struct condition *condition, size_t i)
{
    return condition->kind == CONDITION_ANY ? condition->parts[i] : condition;
}

static void index_taker(struct arena *arena, struct takers *takers, uint32_t index)
{
    const struct condition *condition = takers->all.at[index].fact.condition;
    bool is_found = true;
    for (size_t i = 0; i < count_sets(condition); i++)
        is_found &= can_be_looked_up(set_at(condition, i));
    if (!is_found) {
        vec_push(arena, &takers->others.indices, index);
        return;
    }
    for (size_t i = 0; i < count_sets(condition); i++)
        index_set(arena, takers, set_at(condition, i), index);
}

void takers_add(struct arena *arena, struct takers *takers, struct taker taker)
{
    vec_push(arena, &takers->all, taker);
    if (takers->all.n < INDEXED_FROM)
        return;
    while (takers->n_indexed < takers->all.n)
        index_taker(arena, takers, (uint32_t)takers->n_indexed++);
}

/* --- looking up --- */

struct lookup {
    struct takers *takers;
    taker_visit *visit;
    void *user;
    bool is_over;
};

static void visit_list(struct lookup *lookup, const struct taker_list *list)
{
    for (size_t i = 0; list && i < list->indices.n && !lookup->is_over; i++) {
        struct taker *taker = &lookup->takers->all.at[list->indices.at[i]];
        if (taker->lookup == lookup->takers->lookups)
            continue;
        taker->lookup = lookup->takers->lookups;
        lookup->is_over = !lookup->visit(lookup->user, taker);
    }
}

/* The name itself, and the wildcard that stands for its first label. */
static void visit_host(struct arena *arena, struct lookup *lookup, struct str name)
{
    struct str first, rest;
    visit_list(lookup, map_get(&lookup->takers->hosts, name));
    if (str_cut(name, STR("."), &first, &rest) && !str_is(first, "*"))
        visit_list(lookup,
                   map_get(&lookup->takers->hosts, str_printf(arena, "*." STR_FMT, STR_ARG(rest))));
}

static void visit_path(struct lookup *lookup, const struct path_pattern *pattern)
{
    if (pattern->kind != PATH_EXACT && pattern->kind != PATH_PREFIX)
        return;
    if (pattern->kind == PATH_EXACT)
        visit_list(lookup, map_get(&lookup->takers->paths, pattern->text));
    for (size_t n = 1; n <= pattern->text.len && n <= MAX_PREFIX && !lookup->is_over; n++)
        visit_list(lookup, map_get(&lookup->takers->prefixes, str_slice(pattern->text, 0, n)));
}

void takers_find(struct arena *arena, struct takers *takers, const struct condition *condition,
                 taker_visit *visit, void *user)
{
    struct lookup lookup = {takers, visit, user, false};
    if (takers->all.n < INDEXED_FROM) {
        for (size_t i = 0; i < takers->all.n && !lookup.is_over; i++)
            lookup.is_over = !visit(user, &takers->all.at[i]);
        return;
    }
    takers->lookups++;
    visit_list(&lookup, &takers->others);
    for (size_t i = 0; i < count_sets(condition) && !lookup.is_over; i++) {
        const struct condition *set = set_at(condition, i);
        const struct condition *hosts = part_of(set, CONDITION_HOST);
        const struct condition *paths = part_of(set, CONDITION_PATH);
        for (size_t k = 0; hosts && k < hosts->n_names; k++)
            visit_host(arena, &lookup, hosts->names[k]);
        for (size_t k = 0; paths && k < paths->texts.n && takers->prefixes.n + takers->paths.n; k++)
            visit_path(&lookup, &paths->texts.patterns[k]);
    }
}
