#ifndef DIALTONE_PROXY_UPSTREAM_H
#define DIALTONE_PROXY_UPSTREAM_H

#include "proxy/proxying.h"

struct http_pool;

/* The shared counters of a row of upstreams. */
static inline struct upstream_state *upstream_state(const struct core *core, uint32_t row)
{
    return &core->states[core->tables->upstreams[row].state];
}
/* Neither down nor full. */
bool upstream_is_available(const struct core *core, const struct dt_pool *pool, uint32_t row);
/* Remembers a failure for the pool's fail_duration; nothing where passive checks are off. */
void upstream_count_failure(struct worker *worker, const struct dt_pool *pool, uint32_t row);
/* Frees what is still remembered; the loop must not run any more. */
void upstream_free_failures(struct worker *worker);

/* Finds out where an attempt on this row goes. False where its address, a template, does not come
 * out as one; <*problem> says why. */
bool upstream_resolve(struct transaction *tx, uint32_t row, struct destination *out,
                      struct str *problem);
/* False where a PROXY header is to tell whose request it is, and that cannot be told. */
bool upstream_can_announce(struct proxying *proxying, struct str *problem);
/* This worker's connections to the run's destination, which is row <row>. */
struct http_pool *upstream_connections(struct proxying *proxying, uint32_t row);

/* Settings of a transport's connections to an upstream, without what depends on a request. */
struct http_pool_config upstream_pool_config(const struct core *core,
                                             const struct dt_transport *transport,
                                             const struct dt_upstream *upstream);

#endif
