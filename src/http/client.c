/* The start and the end of exchanges, and which of a pool's connections each gets. */
#include "http/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_private.h"
#include "net/proxy_header.h"

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
    size_t len = proxy_header_write(config->proxy_version, &config->proxy_client, &nowhere, header);
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
           (config->refuses_h1 || !headers_find(exchange->request.headers, HEADER_UPGRADE));
}

static bool may_start_anew(const struct http_exchange *exchange)
{
    return exchange->reused && !exchange->private_retried && !exchange->body_started &&
           exchange->request.content_length == 0 && exchange->request.idempotent;
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
    for (struct http_upstream *upstream = pool->shared; upstream; upstream = upstream->shared_next)
        if (h2_client_has_room(upstream))
            return upstream;
    return NULL;
}

static void use_idle(struct http_exchange *exchange, struct http_upstream *upstream)
{
    upstream_leave_idle(upstream);
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
    if (pool->idle && !config->speaks_h2) { /* the usual */
        use_idle(exchange, pool->idle);
        return;
    }
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

void pool_serve(struct task *task)
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

void http_exchange_start(struct http_exchange *exchange, struct http_pool *pool)
{
    exchange->private_pool = pool;
    exchange->started_ns = loop_now_ns(pool->client->loop);
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
