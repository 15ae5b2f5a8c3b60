#ifndef DIALTONE_LINT_ANALYSIS_PRIVATE_H
#define DIALTONE_LINT_ANALYSIS_PRIVATE_H

#include "base/map.h"
#include "lint/analysis.h"
#include "lint/conditions.h"

/* --- what is known of requests at one point of the walk --- */

enum known_kind {
    KNOWN_AROUND, /* they match a route around */
    KNOWN_SET,    /* their path was set */
    KNOWN_TAKEN,  /* they do not match what a route takes */
};

struct known {
    struct fact fact;
    enum known_kind kind;
    const json_t *blamed, *blamed_handler;
    const struct known *next;
};

/* A rewrite that requests have behind them, if they matched <condition> then. */
struct rewritten {
    const struct condition *condition; /* NULL: all that came there */
    uint32_t before[N_ATTRIBUTES];     /* <changed> as it was */
    uint32_t since;
    const json_t *route;
    struct str prefix;   /* what was taken off paths; empty where paths were set */
    struct str *targets; /* what they were set to */
    size_t n_targets;
    const struct rewritten *next;
};

/* The requests that get to one point. */
struct flow {
    bool is_open;                   /* there may be such requests */
    uint32_t changed[N_ATTRIBUTES]; /* when each attribute was changed last */
    const struct known *known;
    const struct rewritten *rewritten;
};

/* --- what routes take --- */

/* Requests that do not get past a route, so that later ones know that they do not match it. */
struct taker {
    struct fact fact;
    const json_t *route, *handler;
    int group;       /* the others of this group alone know it; NO_GROUP: all */
    uint32_t lookup; /* when it was looked up last */
};
enum { NO_GROUP = -1 };

/* The takers of a list, and where those are that many lists look for. */
struct takers {
    VEC(struct taker) all;
    struct map hosts, paths, prefixes; /* → struct taker_list */
    struct taker_list {
        VEC(uint32_t) indices;
    } others; /* in none of the maps */
    size_t n_indexed;
    uint32_t lookups;
};

void takers_add(struct arena *arena, struct takers *takers, struct taker taker);
/* Calls back with each that may take a part of what <condition> lets through. The lists of a whole
 * configuration take no more time than its length. */
typedef bool taker_visit(void *user, const struct taker *taker);
void takers_find(struct arena *arena, struct takers *takers, const struct condition *condition,
                 taker_visit *visit, void *user);

/* What finds that no request gets to a place. */
struct search {
    struct arena scratch; /* of one question */
    long effort;          /* that is left for the whole configuration */
    bool any_path;        /* paths may be relative from the start */
};

/* The takers that are known somewhere: those of the list, and those around it. */
struct scope {
    struct scope *outer;
    struct takers takers;
    int group; /* of the route that is being walked */
};

/* Fills in cause and blame where no request of the flow matches <condition>; false where there may
 * be one. <group> is that of the route, in the scope's list. */
bool search_misses(struct search *search, const struct flow *flow, struct scope *scope, int group,
                   const struct condition *condition, uint32_t now, struct missed *missed);
/* Whether earlier rewrites of the flow take away what the condition is for; fills in as well. */
bool search_rewritten(struct search *search, const struct flow *flow,
                      const struct condition *condition, uint32_t now, struct missed *missed);

/* --- what handlers do --- */

struct effect {
    bool ends;        /* no handler runs after it */
    unsigned changes; /* of attributes, in requests that go on */
};
/* Of a handler without routes of its own. */
struct effect effect_of(const json_t *handler);
/* The one path that a rewrite sets; empty for none. */
struct str effect_sets_path(struct arena *arena, const json_t *handler);
/* What the rewrite <handler> of <route> makes of paths: sets <prefix>, or the <targets> that are
 * not made of the path itself. False where that is not known. */
bool effect_targets(struct arena *arena, const json_t *route, const json_t *handler,
                    struct rewritten *rewritten);

#endif
