/* Pools of idle upstream connections, and the start and end of exchanges. */
#include "http/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/http_private.h"
#include "net/proxy_header.h"

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

static void serve_queue(struct task *task);

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
    pool->serve.run = serve_queue;
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

static void leave_idle_list(struct http_upstream *upstream)
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
        leave_idle_list(upstream);
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
    stream_resume(&upstream->stream);
    pool_wake(pool);
    upstream->idle_since_ns = loop_now_ns(pool->client->loop);
    if (pool->n_idle > pool->config.max_idle * SURPLUS_TIMES)
        upstream_close(pool->oldest);
    if (pool->config.max_idle_in_group)
        trim_group(pool->client, &pool->config);
}

static void attach(struct http_exchange *exchange, struct http_upstream *upstream)
{
    exchange->private_connection = upstream;
    upstream->exchange = exchange;
    upstream->request_sent = upstream->got_bytes = upstream->write_waits = false;
    upstream->trailer_bytes = strbuf_in(exchange->arena);
    exchange->trailers = (struct http_headers){.arena = exchange->arena};
}

static void detach(struct http_exchange *exchange)
{
    struct http_upstream *upstream = exchange->private_connection;
    exchange->private_connection = NULL;
    if (upstream)
        upstream->exchange = NULL;
}

void exchange_report(struct http_exchange *exchange, enum http_failure failure, int error)
{
    exchange->failure = failure;
    exchange->error = error;
    if (exchange->events->failed)
        exchange->events->failed(exchange, failure);
}

static void wait_to_share(struct http_exchange *exchange)
{
    struct http_pool *pool = exchange->private_pool;
    exchange->private_waits = true;
    exchange->private_next = NULL;
    *pool->waiting_last = exchange;
    pool->waiting_last = &exchange->private_next;
    pool->n_waiting++;
}

static void stop_waiting(struct http_exchange *exchange)
{
    struct http_pool *pool = exchange->private_pool;
    struct http_exchange **link = &pool->waiting;
    while (*link && *link != exchange)
        link = &(*link)->private_next;
    exchange->private_waits = false;
    if (!*link)
        return;
    *link = exchange->private_next;
    if (!*link)
        pool->waiting_last = link;
    pool->n_waiting--;
}

/* No connection is on its way for those that wait. What made this one fail is why they fail. */
static void fail_waiting(struct http_pool *pool, const struct http_exchange *like)
{
    struct str tls_error = like->tls_error;
    enum dial_failure dial_failure = like->dial_failure;
    enum http_failure failure = like->failure;
    int error = like->error;
    unsigned n = pool->n_waiting; /* those that come meanwhile try for themselves */
    while (n-- > 0 && pool->waiting && pool->n_promised == 0) {
        struct http_exchange *exchange = pool->waiting;
        stop_waiting(exchange);
        exchange->dial_failure = dial_failure;
        exchange->tls_error = str_dup(exchange->arena, tls_error);
        exchange_report(exchange, failure, error);
    }
}

void exchange_fail(struct http_upstream *upstream, enum http_failure failure, int error)
{
    struct http_exchange *exchange = upstream->exchange;
    struct http_pool *pool = upstream->pool;
    struct http_exchange reason = {.failure = failure, .error = error};
    struct arena text = ARENA_INIT;
    bool was_promised = upstream->wants_h2;
    if (failure == HTTP_FAIL_TLS && upstream->stream.tls)
        reason.tls_error = str_dup(&text, tls_error_text(&upstream->stream));
    if (failure == HTTP_FAIL_FORWARD)
        reason.tls_error = str_from(upstream->refusal);
    if (exchange) {
        reason.dial_failure = exchange->dial_failure;
        exchange->tls_error = str_dup(exchange->arena, reason.tls_error);
        detach(exchange);
    }
    upstream_close(upstream);
    if (exchange)
        exchange_report(exchange, failure, error);
    if (was_promised && pool->n_promised == 0)
        fail_waiting(pool, &reason);
    arena_free(&text);
}

/* Tells whose connection it is. As Caddy, which does not know where the client meant to go either:
 * the destination is all zeros, and so are the ports. */
static void announce(struct http_upstream *upstream)
{
    const struct http_pool_config *config = &upstream->pool->config;
    char header[PROXY_HEADER_WRITTEN_BYTES];
    struct address nowhere = {.family = config->proxy_client.family};
    size_t len =
        proxy_header_write(config->proxy_version, &config->proxy_client, &nowhere, header);
    stream_write(&upstream->stream, str_make(header, len));
    if (config->tls)
        stream_flush(&upstream->stream); /* before what is written is encrypted */
}

static void dialed(struct dial *dial)
{
    struct http_upstream *upstream = dial->ctx;
    struct http_exchange *exchange = upstream->exchange;
    struct loop *loop = upstream->pool->client->loop;
    upstream->dial = NULL;
    loop_free_later(loop, dial);
    if (dial->failure) {
        exchange->dial_failure = dial->failure;
        exchange_fail(upstream, HTTP_FAIL_DIAL, dial->error);
        return;
    }
    int status = stream_open(&upstream->stream, loop, dial->fd, upstream->pool->protocol->events);
    if (status < 0) {
        exchange->dial_failure = DIAL_REFUSED;
        exchange_fail(upstream, HTTP_FAIL_DIAL, -status);
        return;
    }
    upstream->peer = exchange->peer = dial->peer;
    exchange->connected_ns = loop_now_ns(loop);
    if (upstream->pool->config.proxy_version)
        announce(upstream);
    upstream->pool->protocol->begin(upstream);
}

static void dial_fresh(struct http_exchange *exchange, bool wants_h2)
{
    struct http_pool *pool = exchange->private_pool;
    struct http_client *client = pool->client;
    struct http_upstream *upstream = calloc(1, sizeof(*upstream));
    struct dial *dial = calloc(1, sizeof(*dial));
    if (!upstream || !dial)
        abort();
    upstream->pool = pool;
    upstream->wants_h2 = wants_h2;
    pool->n_promised += wants_h2;
    upstream->state = UPSTREAM_DIALING;
    upstream->timer.fire = pool->protocol->timer;
    upstream->dial = dial;
    upstream->next = client->upstreams;
    upstream->link = &client->upstreams;
    if (upstream->next)
        upstream->next->link = &upstream->next;
    client->upstreams = upstream;
    pool->n_connections++;
    attach(exchange, upstream);
    exchange->reused = false;
    dial->ctx = upstream;
    dial->done = dialed;
    dial_start(dial, client->loop, &pool->config.target, &pool->config.dial);
}

/* An upgrade is HTTP/1's. */
static bool wants_h2(const struct http_exchange *exchange)
{
    const struct http_pool_config *config = &exchange->private_pool->config;
    return config->speaks_h2 &&
           (config->refuses_h1 || !headers_find(exchange->private_request.headers, HEADER_UPGRADE));
}

static bool may_start_anew(const struct http_exchange *exchange)
{
    return exchange->reused && !exchange->private_retried && !exchange->body_started &&
           exchange->private_request.content_length == 0 && exchange->private_request.idempotent;
}

void exchange_lost(struct http_upstream *upstream, enum http_failure failure, int error)
{
    struct http_exchange *exchange = upstream->exchange;
    if (!exchange || upstream->got_bytes || !may_start_anew(exchange)) {
        exchange_fail(upstream, failure, error);
        return;
    }
    detach(exchange);
    upstream_close(upstream);
    exchange->private_retried = true;
    dial_fresh(exchange, wants_h2(exchange));
}

static void place(struct http_exchange *exchange);

void exchange_dropped(struct http_exchange *exchange, enum http_failure failure, int error)
{
    if (!may_start_anew(exchange)) {
        exchange_report(exchange, failure, error);
        return;
    }
    exchange->private_retried = true;
    place(exchange);
}

void exchange_refused(struct http_exchange *exchange, enum http_failure failure)
{
    if (exchange->private_retried || exchange->body_started) {
        exchange_report(exchange, failure, 0);
        return;
    }
    exchange->private_retried = true;
    place(exchange);
}

static struct http_upstream *shared_with_room(struct http_pool *pool)
{
    for (struct http_upstream *upstream = pool->shared; upstream;
         upstream = upstream->shared_next)
        if (h2_client_has_room(upstream))
            return upstream;
    return NULL;
}

static void use_idle(struct http_exchange *exchange, struct http_upstream *upstream)
{
    leave_idle_list(upstream);
    upstream->state = UPSTREAM_HEAD;
    timer_stop(&upstream->timer);
    attach(exchange, upstream);
    exchange->reused = true;
    exchange->peer = upstream->peer;
    exchange->connected_ns = exchange->started_ns;
    h1_client_send(upstream);
}

static void queue_up(struct http_exchange *exchange)
{
    struct http_pool *pool = exchange->private_pool;
    exchange->private_is_queued = true;
    exchange->private_next = NULL;
    *pool->queued_last = exchange;
    pool->queued_last = &exchange->private_next;
}

static void leave_queue(struct http_exchange *exchange)
{
    struct http_pool *pool = exchange->private_pool;
    struct http_exchange **link = &pool->queued;
    while (*link && *link != exchange)
        link = &(*link)->private_next;
    exchange->private_is_queued = false;
    if (!*link)
        return;
    *link = exchange->private_next;
    if (!*link)
        pool->queued_last = link;
}

enum { EXPECTED_STREAMS = 100 /* of a connection that does not stand yet */ };

/* Finds a connection: one to share, an idle one, one that is on its way, or a new one. */
static void place(struct http_exchange *exchange)
{
    struct http_pool *pool = exchange->private_pool;
    const struct http_pool_config *config = &pool->config;
    bool may_share = wants_h2(exchange) && !config->no_keep_alive;
    struct http_upstream *shared = may_share ? shared_with_room(pool) : NULL;
    if (shared) {
        exchange->reused = true;
        exchange->connected_ns = loop_now_ns(pool->client->loop);
        h2_call_start(shared, exchange);
        return;
    }
    if (pool->idle && !(may_share && pool->has_h2)) {
        use_idle(exchange, pool->idle);
        return;
    }
    bool may_come = pool->has_h2 || !pool->knows_version;
    if (may_share && may_come && pool->n_waiting < pool->n_promised * (EXPECTED_STREAMS - 1)) {
        wait_to_share(exchange);
        return;
    }
    if (config->max_connections && pool->n_connections >= config->max_connections) {
        queue_up(exchange);
        return;
    }
    dial_fresh(exchange, wants_h2(exchange));
}

static void serve_queue(struct task *task)
{
    struct http_pool *pool = CONTAINER_OF(task, struct http_pool, serve);
    unsigned n = 0; /* those that are queued again are not asked again */
    for (struct http_exchange *each = pool->queued; each; each = each->private_next)
        n++;
    while (n-- > 0 && pool->queued &&
           (pool->idle || pool->n_connections < pool->config.max_connections ||
            shared_with_room(pool))) {
        struct http_exchange *next = pool->queued;
        leave_queue(next);
        place(next);
    }
}

void pool_wake(struct http_pool *pool)
{
    if (pool->queued)
        loop_defer(pool->client->loop, &pool->serve);
}

/* Those that wait find something else. */
static void place_waiting(struct http_pool *pool)
{
    unsigned n = pool->n_waiting; /* those that come to wait again are not asked again */
    while (n-- > 0 && pool->waiting) {
        struct http_exchange *next = pool->waiting;
        stop_waiting(next);
        place(next);
    }
}

void upstream_keep(struct http_upstream *upstream)
{
    struct http_pool *pool = upstream->pool;
    bool was_promised = upstream->wants_h2;
    upstream_arrived(upstream);
    h1_client_send(upstream);
    if (!was_promised)
        return;
    pool->has_h2 = false;
    pool->knows_version = true;
    place_waiting(pool);
}

void upstream_share(struct http_upstream *upstream)
{
    struct http_pool *pool = upstream->pool;
    struct http_exchange *exchange = upstream->exchange;
    upstream_arrived(upstream);
    pool->has_h2 = pool->knows_version = true;
    detach(exchange);
    h2_client_begin(upstream);
    upstream->shared_next = pool->shared;
    pool->shared = upstream;
    h2_call_start(upstream, exchange);
    while (pool->waiting && upstream->state == UPSTREAM_H2 && h2_client_has_room(upstream)) {
        struct http_exchange *next = pool->waiting;
        stop_waiting(next);
        next->reused = false;
        next->connected_ns = loop_now_ns(pool->client->loop);
        h2_call_start(upstream, next);
    }
    if (!pool->n_promised)
        place_waiting(pool);
}

void http_exchange_start(struct http_exchange *exchange, struct http_pool *pool,
                         const struct http_outgoing *request)
{
    exchange->private_pool = pool;
    exchange->private_request = *request;
    exchange->private_connection = NULL;
    exchange->private_call = NULL;
    exchange->private_retried = exchange->private_waits = exchange->private_is_queued = false;
    exchange->failure = HTTP_FAIL_NONE;
    exchange->dial_failure = DIAL_OK;
    exchange->error = 0;
    exchange->body_started = exchange->head_received = false;
    exchange->started_ns = loop_now_ns(pool->client->loop);
    exchange->connected_ns = exchange->head_ns = 0;
    exchange->tls_error = str_make("", 0);
    place(exchange);
}

void http_exchange_cancel(struct http_exchange *exchange)
{
    struct http_upstream *upstream = exchange->private_connection;
    if (exchange->private_is_queued)
        leave_queue(exchange);
    if (exchange->private_waits)
        stop_waiting(exchange);
    if (exchange->private_call)
        h2_call_cancel(exchange->private_call);
    if (!upstream)
        return;
    detach(exchange);
    struct http_exchange *next = upstream->pool->waiting;
    if (!next || !upstream->wants_h2) {
        upstream_close(upstream);
        return;
    }
    stop_waiting(next); /* the connection comes, for another */
    attach(next, upstream);
    next->reused = false;
}

bool http_exchange_write(struct http_exchange *exchange, struct str data)
{
    if (exchange->private_call)
        return h2_call_write(exchange->private_call, data);
    return !exchange->private_connection ||
           exchange->private_pool->protocol->write(exchange->private_connection, data);
}

void http_exchange_finish(struct http_exchange *exchange, const struct http_headers *trailers)
{
    if (exchange->private_call)
        h2_call_finish(exchange->private_call, trailers);
    else if (exchange->private_connection)
        exchange->private_pool->protocol->finish(exchange->private_connection, trailers);
}

void http_exchange_pause(struct http_exchange *exchange)
{
    if (exchange->private_call)
        h2_call_pause(exchange->private_call);
    else if (exchange->private_connection)
        stream_pause(&exchange->private_connection->stream);
}

void http_exchange_resume(struct http_exchange *exchange)
{
    if (exchange->private_call)
        h2_call_resume(exchange->private_call);
    else if (exchange->private_connection)
        stream_resume(&exchange->private_connection->stream);
}

static const char *const failure_texts[N_HTTP_FAILURES] = {
    [HTTP_FAIL_NONE] = "no failure",
    [HTTP_FAIL_DIAL] = "dial",
    [HTTP_FAIL_FORWARD] = "the proxy on the way",
    [HTTP_FAIL_TLS] = "TLS handshake",
    [HTTP_FAIL_TLS_TIMEOUT] = "TLS handshake timeout",
    [HTTP_FAIL_WRITE] = "writing the request failed",
    [HTTP_FAIL_CLOSED] = "connection closed before the response head",
    [HTTP_FAIL_BAD_HEAD] = "malformed response head",
    [HTTP_FAIL_HEAD_TOO_LARGE] = "response head too large",
    [HTTP_FAIL_HEAD_TIMEOUT] = "timeout awaiting response headers",
    [HTTP_FAIL_READ_TIMEOUT] = "read timeout",
    [HTTP_FAIL_WRITE_TIMEOUT] = "write timeout",
    [HTTP_FAIL_TRUNCATED] = "connection closed in the middle of the response",
    [HTTP_FAIL_BAD_BODY] = "malformed chunked coding in the response",
    [HTTP_FAIL_BAD_RECORD] = "malformed FastCGI record",
    [HTTP_FAIL_NO_LENGTH] = "the length of the request body is not known",
};

struct str http_exchange_error(const struct http_exchange *exchange, struct arena *arena)
{
    char address[320], reason[160];
    struct str target = dial_target_text(&exchange->private_pool->config.target, address);
    struct str what = str_from(failure_texts[exchange->failure]);
    if (exchange->failure == HTTP_FAIL_DIAL) {
        struct str why = dial_failure_text(exchange->dial_failure, exchange->error, reason);
        return str_printf(arena, "dial " STR_FMT ": " STR_FMT, STR_ARG(target), STR_ARG(why));
    }
    if (exchange->failure == HTTP_FAIL_TLS || exchange->failure == HTTP_FAIL_FORWARD)
        return str_printf(arena, STR_FMT ": %s: " STR_FMT, STR_ARG(target),
                          exchange->failure == HTTP_FAIL_TLS ? "TLS" : "proxy",
                          STR_ARG(exchange->tls_error));
    const char *error = exchange->error ? strerrordesc_np(exchange->error) : NULL;
    return str_printf(arena, STR_FMT ": " STR_FMT "%s%s", STR_ARG(target), STR_ARG(what),
                      error ? ": " : "", error ? error : "");
}
