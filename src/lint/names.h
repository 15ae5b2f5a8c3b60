#ifndef DIALTONE_LINT_NAMES_H
#define DIALTONE_LINT_NAMES_H

#include "adapt/directive.h"
#include "base/suggest.h"

/* A row of any kind, and what its block and its line may name. */
struct thing {
    const char *name; /* "a|b" lists aliases */
    const struct option *options, *actions, *modules;
    const char *inherits;
    bool holds_directives;
    const char *since; /* NULL: 2.0 */
};

struct things {
    struct arena *arena;
    const struct vocabulary *vocabulary;
    VEC(struct thing) all;
    struct map seen; /* tables, by address */
    bool has_directives;
};

struct things things_in(struct arena *arena, const struct vocabulary *vocabulary);
/* Add all that may stand in a site, in the global options, or within a thing; each with what may
 * stand in it, and so on. */
void things_add_directives(struct things *things);
void things_add_globals(struct things *things);
void things_add_inside(struct things *things, const struct thing *thing);
/* Whether <name> is one of its names; all are tried as suggestions. */
bool thing_is_called(const struct thing *thing, struct str name, struct suggestion *suggestion);
/* The version of Caddy that brought the first thing of that name, as its row says it; NULL for 2.0,
 * and where there is none. */
const char *name_since(struct arena *arena, const struct vocabulary *vocabulary, struct str name);

#endif
