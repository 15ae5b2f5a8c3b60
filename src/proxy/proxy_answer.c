/* reverse_proxy's answers: what the upstream sends goes to the client as it comes, to routes that
 * look at it, or into a tunnel. */

#include "proxy/proxy_answer.h"

#include <errno.h>

#include "net/loop.h"
#include "proxy/cgi.h"
#include "proxy/handlers.h"
#include "proxy/match.h"
#include "proxy/metrics.h"
#include "proxy/proxy_head.h"
#include "proxy/proxy_log.h"
#include "proxy/response.h"
#include "proxy/router.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

void proxy_on_interim(struct http_exchange *exchange, const struct http_head *head)
{
    struct proxying *proxying = exchange->owner;
    if (head->status != 100) /* the server says that one itself */
        proxy_send_interim(proxying, head);
}

static void check_passively(struct proxying *proxying)
{
    const struct dt_pool *pool = proxying->pool;
    struct worker *worker = proxying->tx->worker;
    const struct dt_tables *tables = proxying->tx->tables;
    for (uint32_t i = 0; i < pool->unhealthy_statuses.n; i++) {
        struct dt_range one = {pool->unhealthy_statuses.first + i, 1};
        if (match_status(tables, one, proxying->exchange.head.status))
            upstream_count_failure(worker, pool, proxying->backend);
    }
    if (pool->unhealthy_latency_ns > 0 && proxying->latency_ns >= pool->unhealthy_latency_ns)
        upstream_count_failure(worker, pool, proxying->backend);
}

/* The upstream has switched protocols, as the client asked it to. */
static void start_tunnel(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct http_head head;
    if (!proxy_make_upgrade_head(proxying, &head)) {
        http_exchange_cancel(&proxying->exchange);
        proxying_release_upstream(proxying);
        proxying_go_on(
            proxying,
            transaction_fail(tx, 502, STR("upstream switched to another protocol than asked")));
        return;
    }
    proxying->is_attempting = false; /* the tunnel has the exchange now */
    proxying->head_sent = true;
    struct http_tunnel_options options = {
        .timeout_ns = proxying->pool->stream_timeout_ns,
        .close_delay_ns = proxying->pool->stream_close_delay_ns,
        .is_websocket = str_eq_nocase(proxying->upgrade, STR("websocket")),
    };
    metrics_head(tx, head.status);
    http_tunnel(tx->request, &head, &proxying->exchange, &options);
}

/* --- answers that routes look at --- */

enum handling {
    HANDLING_NONE,
    HANDLING_NOW,   /* its routes run now */
    HANDLING_LATER, /* they run at its end, which comes at once */
    HANDLING_FAILED,
};

/* Looks for what the configuration does with the answer; a status is changed here. */
static enum handling choose_handling(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct http_head *head = &proxying->exchange.head;
    struct dt_range rows = proxying->pool->responses;
    for (uint32_t i = 0; i < rows.n; i++) {
        const struct dt_response_handler *row = &tx->tables->response_handlers[rows.first + i];
        if (row->matcher != DT_NONE &&
            !match_response(tx->core, &tx->tables->response_matchers[row->matcher], head->status,
                            &head->headers))
            continue;
        unsigned status = 0;
        if (!response_handler_status(tx, row, &status))
            return HANDLING_FAILED;
        if (status != 0) {
            head->status = status;
            head->reason = (struct str){0};
            return HANDLING_NONE;
        }
        proxying->handler = row;
        proxying->is_held = true;
        proxying->held = strbuf_in(tx->arena);
        bool is_empty = head->content_length == 0 || http_status_has_no_body(head->status) ||
                        str_eq(proxying->method, STR("HEAD"));
        return is_empty ? HANDLING_LATER : HANDLING_NOW;
    }
    return HANDLING_NONE;
}

static void run_routes(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    tx->handled = proxying;
    router_enter_routes(tx, proxying->handler->routes);
    transaction_resume(tx, STEP_NEXT);
}

static void send_head(struct proxying *proxying)
{
    proxy_make_response(proxying);
    if (proxy_logs_details(proxying))
        proxy_log_head(proxying);
    if (!proxying->awaits_body)
        proxy_send_response(proxying, (struct str){0});
}

static void finish_reply(struct proxying *proxying)
{
    struct http_headers *trailers = &proxying->exchange.trailers;
    if (!proxying->head_sent)
        proxy_send_response(proxying, (struct str){0});
    if (proxy_logs_details(proxying))
        proxy_log_end(proxying);
    response_end(proxying->tx, trailers->n ? trailers : NULL);
}

void proxying_copy(struct proxying *proxying, unsigned status)
{
    struct transaction *tx = proxying->tx;
    struct str held = strbuf_str(&proxying->held);
    proxying->is_held = false;
    if (status != 0) {
        proxying->exchange.head.status = status;
        proxying->exchange.head.reason = (struct str){0};
    }
    send_head(proxying);
    if (held.len > 0 && !proxying->head_sent)
        proxy_send_response(proxying, held);
    if (held.len > 0)
        response_data(tx, held);
    if (proxying->has_failed)
        http_reply_abort(tx->request);
    else if (proxying->has_ended)
        finish_reply(proxying);
    else
        http_exchange_resume(&proxying->exchange);
}

void proxy_on_head(struct http_exchange *exchange)
{
    struct proxying *proxying = exchange->owner;
    proxying->has_head = true;
    proxying->latency_ns = proxying_now_ns(proxying) - proxying->attempt_ns;
    if (proxy_logs_details(proxying))
        proxy_log_roundtrip(proxying, STR(""));
    if (proxying->pool->unhealthy_statuses.n > 0 || proxying->pool->unhealthy_latency_ns > 0)
        check_passively(proxying);
    if (proxying->pool->retry_match.n > 0 && proxying_retries_answer(proxying))
        return;
    if (exchange->head.status == 101) {
        start_tunnel(proxying);
        return;
    }
    switch (choose_handling(proxying)) {
    case HANDLING_NONE:
        send_head(proxying);
        return;
    case HANDLING_LATER:
        return;
    case HANDLING_NOW:
        http_exchange_pause(exchange);
        run_routes(proxying);
        return;
    case HANDLING_FAILED:
        proxying_cancel(proxying);
        proxying_go_on(proxying, STEP_FAILED);
        return;
    }
}

static void flush_due(struct timer *timer)
{
    struct proxying *proxying =
        (struct proxying *)((char *)timer - offsetof(struct proxying, pause));
    response_flush(proxying->tx);
}

/* What a script says is gathered, but not for longer than flush_interval. */
static void flush_later(struct proxying *proxying)
{
    int64_t interval = proxying->pool->flush_interval_ns;
    if (!proxying->tx->tells_length || interval <= 0 || timer_running(&proxying->pause))
        return;
    proxying->pause.fire = flush_due;
    timer_start(proxying->tx->worker->loop, &proxying->pause, interval);
}

/* The client does not keep up: what the upstream sends meanwhile is limited. */
static void note_backlog(struct proxying *proxying, bool was_blocked, size_t len)
{
    int64_t limit = proxying->pool->response_buffers;
    proxying->backlog += was_blocked ? (int64_t)len : 0;
    if (proxying->is_reply_blocked && limit >= 0 && proxying->backlog >= limit)
        http_exchange_pause(&proxying->exchange);
}

ssize_t proxy_on_pass(struct http_exchange *exchange, struct stream *from, size_t len)
{
    struct proxying *proxying = exchange->owner;
    struct transaction *tx = proxying->tx;
    bool may_go_on = true;
    if (proxying->is_held || !proxying->head_sent || proxying->is_reply_blocked ||
        !response_is_direct(tx) || proxy_logs_details(proxying))
        return -ENOTSUP;
    ssize_t passed = http_reply_pass(tx->request, from, len, &may_go_on);
    proxying->is_reply_blocked = !may_go_on;
    note_backlog(proxying, false, 0);
    return passed;
}

void proxy_on_data(struct http_exchange *exchange, struct str data)
{
    struct proxying *proxying = exchange->owner;
    if (proxying->is_held) {
        strbuf_add(&proxying->held, data);
        return;
    }
    if (!proxying->head_sent)
        proxy_send_response(proxying, data);
    bool was_blocked = proxying->is_reply_blocked;
    proxying->is_reply_blocked = !response_data(proxying->tx, data);
    if (proxy_logs_details(proxying))
        proxy_log_data(proxying, data.len);
    if (!proxying->tx->tells_length &&
        (exchange->head.content_length < 0 || proxying->pool->flush_interval_ns < 0))
        response_flush(proxying->tx);
    flush_later(proxying);
    note_backlog(proxying, was_blocked, data.len);
}

void proxying_client_drained(struct proxying *proxying)
{
    proxying->is_reply_blocked = false;
    proxying->backlog = 0;
    if (proxying->is_attempting)
        http_exchange_resume(&proxying->exchange);
}

void proxy_on_complaint(struct http_exchange *exchange, struct str data)
{
    cgi_complaint(exchange->owner, data);
}

void proxy_on_end(struct http_exchange *exchange)
{
    struct proxying *proxying = exchange->owner;
    proxying->duration_ns = proxying_now_ns(proxying) - proxying->started_ns;
    proxying_release_upstream(proxying);
    cgi_log_complaints(proxying);
    if (timer_running(&proxying->pause))
        timer_remove(&proxying->pause);
    proxying->has_ended = true;
    if (!proxying->is_held)
        finish_reply(proxying);
    else if (proxying->tx->handled != proxying)
        run_routes(proxying);
}
