#ifndef DIALTONE_PROXY_UPSTREAM_H
#define DIALTONE_PROXY_UPSTREAM_H

#include "proxy/proxying.h"

struct http_pool;

/* Neither down nor full. */
bool upstream_is_available(const struct dt_pool *pool, const struct backend *backend);
/* The same without regard to how many requests it has. */
bool upstream_is_healthy(const struct dt_pool *pool, const struct backend *backend);
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
/* Finds out where an attempt on the run's backend goes. False where its address does not come out
 * as one; <*problem> says why. */
bool upstream_resolve(struct proxying *proxying, struct str *problem);
/* Of a transport that sends PROXY headers: false where whose request it is cannot be told. */
bool upstream_can_announce(struct proxying *proxying, struct str *problem);
/* This worker's connections to the run's destination; NULL where a proxy on the way has no address,
 * <*problem> says why. */
struct http_pool *upstream_connections(struct proxying *proxying, struct str *problem);

/* Settings of a transport's connections to an upstream, without what depends on a request. */
struct http_pool_config upstream_pool_config(const struct worker *worker,
                                             const struct dt_transport *transport,
                                             const struct dial_target *target);
/* Where a row of upstreams is that is no template. */
struct dial_target upstream_target(const struct dt_tables *tables,
                                   const struct dt_upstream *upstream);

#endif
