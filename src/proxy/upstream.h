#ifndef DIALTONE_PROXY_UPSTREAM_H
#define DIALTONE_PROXY_UPSTREAM_H

#include "proxy/proxying.h"
#include "proxy/worker.h"

struct http_pool;

/* Not down. */
static inline bool upstream_is_healthy(const struct dt_pool *pool, const struct backend *backend)
{
    if (backend->health && atomic_load_explicit(&backend->health->is_down, memory_order_relaxed))
        return false;
    return pool->fail_duration_ns == 0 ||
           atomic_load_explicit(&backend->state->fails, memory_order_relaxed) < pool->max_fails;
}
/* Neither down nor full. */
static inline bool upstream_is_available(const struct dt_pool *pool, const struct backend *backend)
{
    return upstream_is_healthy(pool, backend) &&
           (backend->max_requests == 0 ||
            atomic_load_explicit(&backend->state->requests, memory_order_relaxed) <
                backend->max_requests);
}
/* Remembers a failure for the pool's fail_duration; nothing where passive checks are off. */
void upstream_count_failure(struct worker *worker, const struct dt_pool *pool,
                            const struct backend *backend);
/* Frees what is still remembered; the loop must not run any more. */
void upstream_free_failures(struct worker *worker);

/* The backends of all rows of upstreams, in core.backends. */
void upstream_make_backends(struct core *core);

/* Reads "network/host:port"; false, and in <*problem> why, where it is none. The text is kept. */
bool upstream_parse_dial(struct arena *arena, struct str dial, struct destination *out,
                         struct str *problem);
/* Finds out where an attempt on the run's backend goes, which does not say it itself. False where
 * its address does not come out as one; <*problem> says why. */
bool upstream_resolve(struct proxying *proxying, struct str *problem);
/* Of a transport that sends PROXY headers: false where whose request it is cannot be told. */
bool upstream_can_announce(struct proxying *proxying, struct str *problem);
/* This worker's connections to the run's destination; NULL where a proxy on the way has no address,
 * <*problem> says why. */
struct http_pool *upstream_find_connections(struct proxying *proxying, struct str *problem);
static inline struct http_pool *upstream_connections(struct proxying *proxying,
                                                     struct str *problem)
{
    const struct backend *backend = proxying->backend;
    struct http_pool *kept = backend->found ? NULL : proxying->tx->worker->pools[backend->row];
    return kept ? kept : upstream_find_connections(proxying, problem);
}

/* Settings of a transport's connections to an upstream, without what depends on a request. */
struct http_pool_config upstream_pool_config(const struct worker *worker,
                                             const struct dt_transport *transport,
                                             const struct dial_target *target);
/* Where a row of upstreams is that is no template. */
struct dial_target upstream_target(const struct dt_tables *tables,
                                   const struct dt_upstream *upstream);

#endif
