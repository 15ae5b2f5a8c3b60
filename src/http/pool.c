/* Pools of upstream connections: which there are, which are idle, and for how long. */
#include <stdlib.h>
#include <sys/socket.h>

#include "http/http_private.h"

enum { DEFAULT_MAX_IDLE = 32, DEFAULT_MAX_HEAD = 10 * 1024 * 1024 };
static const int64_t DEFAULT_IDLE_NS = 120000000000;
/* What many requests at once have opened beyond max_idle is not closed between two bursts. */
enum { SURPLUS_TIMES = 8 };
static const int64_t SURPLUS_NS = 1000000000;
static const int64_t UNUSED_POOL_NS = 300000000000, SWEEP_NS = 10000000000;
enum { POOL_BUCKETS = 1024 /* of keyed pools */ };

struct http_client *http_client_new(struct loop *loop)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->loop = loop;
    scratch_grow(&client->scratch);
    return client;
}

static void pool_free(struct http_pool *pool)
{
    loop_undefer(pool->client->loop, &pool->serve);
    tls_ticket_free(&pool->ticket);
    arena_free(&pool->text);
    free(pool);
}

static void pools_free(struct http_pool *pools)
{
    while (pools) {
        struct http_pool *pool = pools;
        pools = pool->next;
        pool_free(pool);
    }
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->upstreams) {
        struct http_upstream *upstream = client->upstreams;
        upstream->pool->waiting = upstream->pool->queued = NULL;
        if (upstream->tunnel) {
            tunnel_close(upstream->tunnel);
            continue;
        }
        if (upstream->exchange)
            upstream->exchange->private_connection = NULL;
        upstream_close(upstream);
    }
    pools_free(client->pools);
    for (size_t i = 0; client->keyed && i < POOL_BUCKETS; i++)
        pools_free(client->keyed[i]);
    free(client->keyed);
    free(client->scratch.at);
    h2_calls_free(client);
    h2_kit_free(client->h2);
    free(client);
}

static bool is_on_interface(const struct address *peer, unsigned index)
{
    return peer->family == AF_INET6 && peer->in6.sin6_scope_id != 0 &&
           (index == 0 || peer->in6.sin6_scope_id == index);
}

void http_client_interface_gone(struct http_client *client, unsigned index)
{
    struct http_upstream *next;
    for (struct http_upstream *upstream = client->upstreams; upstream; upstream = next) {
        next = upstream->next;
        if (!is_on_interface(&upstream->peer, index))
            continue;
        if (upstream->state == UPSTREAM_IDLE)
            upstream_close(upstream);
        else
            shutdown(upstream->stream.watch.fd, SHUT_RDWR); /* the loop then tells of its end */
    }
}

static struct http_pool *pool_make(struct http_client *client,
                                   const struct http_pool_config *config)
{
    struct http_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        abort();
    pool->client = client;
    pool->protocol = config->speaks_fastcgi ? &fastcgi_upstreams : &h1_upstreams;
    pool->config = *config;
    if (!pool->config.idle_timeout_ns)
        pool->config.idle_timeout_ns = DEFAULT_IDLE_NS;
    if (!pool->config.max_idle)
        pool->config.max_idle = DEFAULT_MAX_IDLE;
    if (!pool->config.max_head_bytes)
        pool->config.max_head_bytes = DEFAULT_MAX_HEAD;
    pool->has_h2 = config->speaks_h2 && !config->tls;
    pool->knows_version = !config->tls;
    pool->waiting_last = &pool->waiting;
    pool->queued_last = &pool->queued;
    pool->serve.run = pool_serve;
    if (!pool->config.server_name.len)
        pool->config.server_name = config->target.host;
    return pool;
}

struct http_pool *http_pool_new(struct http_client *client, const struct http_pool_config *config)
{
    struct http_pool *pool = pool_make(client, config);
    pool->next = client->pools;
    client->pools = pool;
    return pool;
}

static struct http_pool **bucket_of(struct http_client *client, struct str key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619u;
    return &client->keyed[hash % POOL_BUCKETS];
}

struct http_pool *http_pool_find(struct http_client *client, struct str key)
{
    struct http_pool *pool = client->keyed ? *bucket_of(client, key) : NULL;
    while (pool && !str_eq(pool->key, key))
        pool = pool->next;
    if (pool)
        pool->used_ns = loop_now_ns(client->loop);
    return pool;
}

/* Pools that nobody uses go, now and then. */
static void sweep_pools(struct http_client *client)
{
    int64_t now = loop_now_ns(client->loop);
    if (now < client->swept_ns + SWEEP_NS)
        return;
    client->swept_ns = now;
    for (size_t i = 0; i < POOL_BUCKETS; i++) {
        for (struct http_pool **link = &client->keyed[i]; *link;) {
            struct http_pool *pool = *link;
            if (pool->n_holders || pool->n_connections || pool->queued ||
                pool->used_ns > now - UNUSED_POOL_NS) {
                link = &pool->next;
                continue;
            }
            *link = pool->next;
            pool_free(pool);
        }
    }
}

struct http_pool *http_pool_add(struct http_client *client, struct str key,
                                const struct http_pool_config *config)
{
    if (!client->keyed)
        client->keyed = calloc(POOL_BUCKETS, sizeof(struct http_pool *));
    if (!client->keyed)
        abort();
    sweep_pools(client);
    struct http_pool *pool = pool_make(client, config), **bucket = bucket_of(client, key);
    struct dial_target *target = &pool->config.target;
    pool->key = str_dup(&pool->text, key);
    target->host = str_dup(&pool->text, target->host);
    target->zone = str_dup(&pool->text, target->zone);
    pool->config.server_name = str_dup(&pool->text, pool->config.server_name);
    pool->config.dial.local_zone = str_dup(&pool->text, pool->config.dial.local_zone);
    struct http_forward *forward = &pool->config.forward;
    forward->host = str_dup(&pool->text, forward->host);
    forward->authority = str_dup(&pool->text, forward->authority);
    forward->authorization = str_dup(&pool->text, forward->authorization);
    forward->user = str_dup(&pool->text, forward->user);
    forward->password = str_dup(&pool->text, forward->password);
    pool->used_ns = loop_now_ns(client->loop);
    pool->next = *bucket;
    *bucket = pool;
    return pool;
}

void http_pool_hold(struct http_pool *pool)
{
    pool->n_holders++;
}

void http_pool_release(struct http_pool *pool)
{
    pool->n_holders--;
    pool->used_ns = loop_now_ns(pool->client->loop);
}

void pool_wake(struct http_pool *pool)
{
    if (pool->queued)
        loop_defer(pool->client->loop, &pool->serve);
}

void upstream_leave_idle(struct http_upstream *upstream)
{
    struct http_pool *pool = upstream->pool;
    if (upstream->idle_before)
        upstream->idle_before->idle_next = upstream->idle_next;
    else
        pool->idle = upstream->idle_next;
    if (upstream->idle_next)
        upstream->idle_next->idle_before = upstream->idle_before;
    else
        pool->oldest = upstream->idle_before;
    upstream->idle_next = upstream->idle_before = NULL;
    pool->n_idle--;
}

static void leave_shared_list(struct http_upstream *upstream)
{
    struct http_upstream **link = &upstream->pool->shared;
    while (*link != upstream)
        link = &(*link)->shared_next;
    *link = upstream->shared_next;
    h2_client_free(upstream);
}

void upstream_arrived(struct http_upstream *upstream)
{
    if (upstream->wants_h2)
        upstream->pool->n_promised--;
    upstream->wants_h2 = false;
}

void upstream_close(struct http_upstream *upstream)
{
    struct loop *loop = upstream->pool->client->loop;
    if (upstream->state == UPSTREAM_CLOSED)
        return;
    if (upstream->state == UPSTREAM_IDLE)
        upstream_leave_idle(upstream);
    if (upstream->state == UPSTREAM_H2)
        leave_shared_list(upstream);
    upstream_arrived(upstream);
    if (upstream->dial) {
        dial_cancel(upstream->dial);
        loop_free_later(loop, upstream->dial);
        upstream->dial = NULL;
    }
    if (upstream->state != UPSTREAM_DIALING)
        stream_close(&upstream->stream);
    upstream->state = UPSTREAM_CLOSED;
    timer_remove(&upstream->timer);
    batch_free(&upstream->batch);
    saved_clear(&upstream->saved);
    *upstream->link = upstream->next;
    if (upstream->next)
        upstream->next->link = upstream->link;
    upstream->pool->n_connections--;
    pool_wake(upstream->pool);
    loop_free_later(loop, upstream);
}

/* Of the pools of one group, that with the connection that has been idle for longest. */
static unsigned count_idle(struct http_pool *list, unsigned group, struct http_pool **longest)
{
    unsigned n = 0;
    for (struct http_pool *pool = list; pool; pool = pool->next) {
        if (pool->config.group != group)
            continue;
        n += pool->n_idle;
        if (pool->oldest &&
            (!*longest || pool->oldest->idle_since_ns < (*longest)->oldest->idle_since_ns))
            *longest = pool;
    }
    return n;
}

/* No more connections are idle than a group of pools may have. */
static void trim_group(struct http_client *client, const struct http_pool_config *config)
{
    struct http_pool *longest = NULL;
    unsigned n = count_idle(client->pools, config->group, &longest);
    for (size_t i = 0; client->keyed && i < POOL_BUCKETS; i++)
        n += count_idle(client->keyed[i], config->group, &longest);
    if (n > config->max_idle_in_group)
        upstream_close(longest->oldest);
}

void upstream_put_back(struct http_upstream *upstream)
{
    struct http_pool *pool = upstream->pool;
    bool fits = upstream->keep_alive && upstream->request_sent && !pool->config.no_keep_alive &&
                !upstream->stream.hangup && !upstream->stream.error &&
                stream_unsent(&upstream->stream) == 0;
    if (!fits) {
        upstream_close(upstream);
        return;
    }
    upstream->state = UPSTREAM_IDLE;
    upstream->idle_before = NULL;
    upstream->idle_next = pool->idle;
    if (pool->idle)
        pool->idle->idle_before = upstream;
    else
        pool->oldest = upstream;
    pool->idle = upstream;
    pool->n_idle++;
    bool is_surplus = pool->n_idle > pool->config.max_idle;
    timer_start(pool->client->loop, &upstream->timer,
                is_surplus && pool->config.idle_timeout_ns > SURPLUS_NS
                    ? SURPLUS_NS
                    : pool->config.idle_timeout_ns);
    if (upstream->stream.paused)
        stream_resume(&upstream->stream);
    pool_wake(pool);
    upstream->idle_since_ns = loop_now_ns(pool->client->loop);
    if (pool->n_idle > pool->config.max_idle * SURPLUS_TIMES)
        upstream_close(pool->oldest);
    if (pool->config.max_idle_in_group)
        trim_group(pool->client, &pool->config);
}
