#ifndef DIALTONE_TESTS_PROPERTY_ROUTES_H
#define DIALTONE_TESTS_PROPERTY_ROUTES_H

#include "base/arena.h"
#include "base/map.h"
#include "json/value.h"

/* Random numbers that are the same everywhere. */
struct random {
    uint64_t state;
};
uint32_t random_next(struct random *random);
static inline uint32_t random_below(struct random *random, uint32_t n)
{
    return random_next(random) % n;
}
static inline bool random_chance(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

/* A server of the JSON with random routes. */
json_t *random_server(struct arena *arena, struct random *random);

enum { MAX_FIELDS = 4 };

struct request {
    struct str method, path, host;
    struct field {
        struct str name, value;
    } fields[MAX_FIELDS], query[MAX_FIELDS];
    size_t n_fields, n_query;
    const char *version;       /* "1.0" "1.1" "1.2" "2" "3" */
    int tls;                   /* 0 none, 1 done, 2 early data */
    struct str remote, client; /* addresses; empty for none */
    uint32_t variables;        /* changes with each variable that is set */
    uint32_t failure;          /* the status that error routes see; 0 for none */
};
struct request random_request(struct arena *arena, struct random *random);

/* What a request ran: values of the JSON, by address. */
struct run {
    struct arena *arena;
    struct random *random; /* decides what depends on the world */
    const json_t *server;
    struct map routes, handlers;               /* that were run */
    struct map rooted_routes, rooted_handlers; /* by requests whose path began with '/' */
};
bool run_has(const struct map *map, const json_t *value);
/* Runs it as Caddy does. */
void run_request(struct run *run, struct request request);

#endif
