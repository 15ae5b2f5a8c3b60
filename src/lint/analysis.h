#ifndef DIALTONE_LINT_ANALYSIS_H
#define DIALTONE_LINT_ANALYSIS_H

#include "base/vec.h"
#include "json/value.h"

/* Which routes and handlers of the JSON no request can get to, and why. Everything is walked in the
 * order in which Caddy runs it: groups, terminal routes, subroutes, handlers that end a request or
 * change it. What is not understood may let every request through, so what is reported is certain,
 * but for MISSED_REWRITTEN. */

enum missed_cause {
    MISSED_NONE,
    MISSED_ITSELF,    /* its own matchers exclude each other */
    MISSED_AROUND,    /* the matchers of a route around it exclude it */
    MISSED_SET,       /* an earlier rewrite set the path to one that it does not match */
    MISSED_TAKEN,     /* earlier routes take every request that it matches */
    MISSED_REWRITTEN, /* earlier routes rewrite every request that it is meant for (but those for
                         files that exist), and it does not match what comes of them */
    MISSED_STRIPPED,  /* it is meant for paths with a prefix that was taken off before */
};

enum { MAX_BLAMED = 4 };

struct missed {
    enum missed_cause cause;
    const json_t *route; /* its list, and where it is there */
    const json_t *list;
    size_t index;
    const json_t *handler; /* the one handler of the route that is missed; NULL: the whole route */
    /* The routes that are to blame, in their order; with the handler where that alone is. */
    const json_t *blamed[MAX_BLAMED], *blamed_handler;
    size_t n_blamed;
    struct str target; /* REWRITTEN: the path that comes of it; STRIPPED: the prefix */
    bool is_left_open; /* requests whose path does not start with '/' do get there */
    bool in_errors;
    const json_t *server;
    const struct missed_place *place;
};

/* The routes around a list, innermost first. */
struct missed_place {
    const json_t *route;
    const struct missed_place *outer;
};

/* What became of an error route that handle_errors made: does it answer all errors that it gets? */
struct error_route {
    const json_t *route, *server;
    bool leaves_some, answers_some;
};

struct analysis {
    VEC(struct missed) missed;
    VEC(struct error_route) error_routes;
};

/* Walks apps.http.servers. All it makes is in the arena. What stands once in the text, but several
 * times in the JSON, is missed only where it is missed each time. */
struct analysis *analysis_of(struct arena *arena, const json_t *servers);
/* Whether it is known what handlers of this name do. */
bool handler_is_known(struct str name);

#endif
