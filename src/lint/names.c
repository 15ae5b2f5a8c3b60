/* The names of the vocabulary: everything that some row names, and what may stand within. */
#include "lint/names.h"

#include "base/arena.h"

static bool is_new(struct things *things, const void *table)
{
    struct str key = str_dup(things->arena, str_make((const char *)&table, sizeof(table)));
    if (!table || map_find(&things->seen, key))
        return false;
    map_put(&things->seen, key, NULL);
    return true;
}

static const struct option *modules_of(const struct things *things,
                                       const struct module_space *space)
{
    if (!space)
        return NULL;
    /* a kind of modules that plugins add to is another table than the one that rows name */
    const struct module_space *wide = vocabulary_modules(things->vocabulary, str_from(space->name));
    return wide ? wide->modules : space->modules;
}

static void add_rows(struct things *things, const struct option *rows);

void things_add_inside(struct things *things, const struct thing *thing)
{
    add_rows(things, thing->options);
    add_rows(things, thing->actions);
    add_rows(things, thing->modules);
    const struct directive *inherited =
        thing->inherits ? vocabulary_directive(things->vocabulary, str_from(thing->inherits)) : NULL;
    if (inherited)
        add_rows(things, inherited->options);
    if (thing->holds_directives)
        things_add_directives(things);
}

static void add_thing(struct things *things, struct thing thing)
{
    vec_push(things->arena, &things->all, thing);
    things_add_inside(things, &thing);
}

static void add_rows(struct things *things, const struct option *rows)
{
    if (!is_new(things, rows))
        return;
    for (const struct option *row = rows; row->name; row++)
        add_thing(things, (struct thing){.name = row->name,
                                         .since = row->since,
                                         .options = row->block,
                                         .modules = modules_of(things, row->space),
                                         .holds_directives = row->flags & OPTION_DIRECTIVES});
}

void things_add_globals(struct things *things)
{
    for (const struct option *const *table = things->vocabulary->global_options; *table; table++)
        add_rows(things, *table);
}

static void add_matchers(struct things *things)
{
    for (const struct matcher *const *table = things->vocabulary->matchers; *table; table++) {
        if (!is_new(things, *table))
            continue;
        for (const struct matcher *row = *table; row->name; row++)
            add_thing(things, (struct thing){.name = row->name, .options = row->options});
    }
}

void things_add_directives(struct things *things)
{
    if (things->has_directives)
        return;
    things->has_directives = true;
    add_matchers(things);
    for (const struct directive *const *table = things->vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            add_thing(things, (struct thing){.name = row->name,
                                             .since = row->since,
                                         .options = row->options,
                                             .actions = row->actions,
                                             .modules = modules_of(things, row->space),
                                             .inherits = row->inherits,
                                             .holds_directives = row->has_directives_in_block});
}

bool thing_is_called(const struct thing *thing, struct str name, struct suggestion *suggestion)
{
    struct str left = str_from(thing->name), one;
    bool is_it = false;
    while (left.len) {
        str_cut(left, STR("|"), &one, &left);
        if (str_index(one, '<') >= 0) /* a pattern: users choose the name */
            continue;
        suggest_try(suggestion, one);
        is_it |= str_eq(one, name);
    }
    return is_it;
}

struct things things_in(struct arena *arena, const struct vocabulary *vocabulary)
{
    return (struct things){.arena = arena, .vocabulary = vocabulary, .seen = map_in(arena)};
}

const char *name_since(struct arena *arena, const struct vocabulary *vocabulary, struct str name)
{
    struct things things = things_in(arena, vocabulary);
    struct suggestion suggestion = suggest_for(name);
    things_add_globals(&things);
    things_add_directives(&things);
    for (size_t i = 0; i < things.all.n; i++)
        if (thing_is_called(&things.all.at[i], name, &suggestion))
            return things.all.at[i].since;
    return NULL;
}
