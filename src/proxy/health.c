/* Active health checks: a request to every upstream at an interval, from one worker for all. */

#include "proxy/health.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/client.h"
#include "net/loop.h"
#include "proxy/cgi.h"
#include "proxy/core.h"
#include "proxy/log.h"
#include "proxy/match.h"
#include "proxy/text.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

/* The checks of one upstream. */
struct check {
    struct worker *worker;
    const struct dt_active_health *settings;
    const struct dt_upstream *asked; /* who answers for it */
    const struct dt_fastcgi *fastcgi; /* or NULL */
    uint32_t row;                    /* of upstreams: whom it is about */
    struct http_pool *connections;
    struct timer interval, timeout;
    struct http_exchange exchange;
    struct http_outgoing outgoing;
    struct http_headers headers, variables;
    struct arena arena; /* of the running request */
    int64_t received;
    bool is_running;
};

struct health {
    struct check *checks; /* owned */
    size_t n;
};

static void say(struct check *check, const char *what, struct str reason)
{
    const struct dt_tables *tables = check->worker->core->tables;
    struct strbuf fields = strbuf_in(&check->arena);
    strbuf_puts(&fields, "\"host\":");
    text_add_json(&fields, table_text(tables, tables->upstreams[check->row].hostport));
    if (reason.len > 0) {
        strbuf_puts(&fields, ",\"error\":");
        text_add_json(&fields, reason);
    }
    log_line(check->worker->core, check->worker, DT_LOG_INFO,
             STR("http.handlers.reverse_proxy.health_checker.active"), str_from(what),
             strbuf_str(&fields));
}

static void conclude(struct check *check, bool is_healthy, struct str reason)
{
    struct upstream_health *health = &check->worker->core->healths[check->row];
    const struct dt_active_health *settings = check->settings;
    uint32_t *count = is_healthy ? &health->passes : &health->fails;
    uint32_t needed = is_healthy ? settings->passes : settings->fails;
    timer_stop(&check->timeout);
    check->is_running = false;
    if (++*count >= needed) {
        bool was_down = atomic_exchange(&health->is_down, !is_healthy);
        if (was_down == is_healthy)
            say(check, is_healthy ? "host is up" : "host is down", reason);
        health->passes = health->fails = 0;
    }
    timer_start(check->worker->loop, &check->interval, settings->interval_ns);
}

static void break_off(struct check *check, struct str reason)
{
    http_exchange_cancel(&check->exchange);
    conclude(check, false, reason);
}

static void on_timeout(struct timer *timer)
{
    break_off((struct check *)((char *)timer - offsetof(struct check, timeout)),
              STR("no answer in time"));
}

static bool is_expected(const struct check *check, unsigned status)
{
    unsigned expected = check->settings->expect_status;
    if (expected == 0)
        return status / 100 == 2;
    return status == expected || (expected < 100 && status / 100 == expected);
}

static void on_writable(struct http_exchange *exchange)
{
    struct check *check = exchange->owner;
    if (check->outgoing.content_length == 0 || exchange->body_started)
        return;
    http_exchange_write(exchange, table_text(check->worker->core->tables, check->settings->body));
    http_exchange_finish(exchange, NULL);
}

static void on_head(struct http_exchange *exchange)
{
    struct check *check = exchange->owner;
    if (!is_expected(check, exchange->head.status) || exchange->head.status == 101)
        break_off(check, str_printf(&check->arena, "status %u", exchange->head.status));
}

static void on_data(struct http_exchange *exchange, struct str data)
{
    struct check *check = exchange->owner;
    check->received += (int64_t)data.len;
    if (check->settings->max_bytes > 0 && check->received >= check->settings->max_bytes) {
        http_exchange_cancel(exchange);
        conclude(check, true, (struct str){0});
    }
}

static void on_end(struct http_exchange *exchange)
{
    conclude(exchange->owner, true, (struct str){0});
}

static void on_failed(struct http_exchange *exchange, enum http_failure reason)
{
    struct check *check = exchange->owner;
    (void)reason;
    conclude(check, false, http_exchange_error(exchange, &check->arena));
}

static const struct http_exchange_events check_events = {
    .writable = on_writable,
    .head = on_head,
    .data = on_data,
    .end = on_end,
    .failed = on_failed,
};

static struct str constant(const struct dt_tables *tables, uint32_t template)
{
    return template == DT_NONE ? STR("") : table_text(tables, tables->templates[template].literal);
}

static void ask_script(struct check *check)
{
    const struct cgi_check asked = {
        .method = check->outgoing.method,
        .target = check->outgoing.target,
        .host = check->outgoing.host,
        .headers = &check->headers,
        .content_length = check->outgoing.content_length,
    };
    check->variables =
        cgi_check_variables(check->worker->core, &check->arena, check->fastcgi, &asked);
    check->outgoing.variables = &check->variables;
    if (cgi_leaves_body_out(check->outgoing.method))
        check->outgoing.content_length = 0;
}

static void run_check(struct timer *timer)
{
    struct check *check = (struct check *)((char *)timer - offsetof(struct check, interval));
    struct core *core = check->worker->core;
    const struct dt_tables *tables = core->tables;
    const struct dt_active_health *settings = check->settings;
    arena_reset(&check->arena);
    check->received = 0;
    check->is_running = true;
    check->headers = (struct http_headers){.arena = &check->arena};
    check->outgoing = (struct http_outgoing){
        .method = settings->method.len ? table_text(tables, settings->method) : STR("GET"),
        .target = settings->uri.len ? table_text(tables, settings->uri) : STR("/"),
        .host = table_text(tables, check->asked->hostport),
        .headers = &check->headers,
        .content_length = settings->body.len,
        .idempotent = true,
    };
    headers_add(&check->headers, HEADER_USER_AGENT, STR("dialtone/" DIALTONE_VERSION));
    for (uint32_t i = 0; i < settings->headers.n; i++) {
        const struct dt_header_op *op = &tables->header_ops[settings->headers.first + i];
        struct str value = constant(tables, op->value);
        if (op->name == DT_NONE)
            continue;
        if (core->header_ids[op->name] == HEADER_HOST) {
            check->outgoing.host = value;
            continue;
        }
        if (op->kind == DT_HEADER_SET)
            field_remove(core, &check->headers, op->name);
        field_add(core, &check->headers, op->name, value);
    }
    if (check->fastcgi)
        ask_script(check);
    check->exchange =
        (struct http_exchange){.events = &check_events, .owner = check, .arena = &check->arena};
    check->timeout.fire = on_timeout;
    timer_start(check->worker->loop, &check->timeout, settings->timeout_ns);
    http_exchange_start(&check->exchange, check->connections, &check->outgoing);
}

static void add_check(struct health *health, struct worker *worker, const struct dt_pool *pool,
                      uint32_t row)
{
    const struct core *core = worker->core;
    const struct dt_tables *tables = core->tables;
    const struct dt_active_health *settings = &tables->active_healths[pool->active_health];
    const struct dt_transport *transport = &tables->transports[pool->transport];
    const struct dt_upstream *asked =
        &tables->upstreams[settings->upstream == DT_NONE ? row : settings->upstream];
    if (asked->host_kind == DT_HOST_TEMPLATE)
        return; /* known only with a request */
    struct http_pool_config config = upstream_pool_config(core, transport, asked);
    if (settings->port != 0)
        config.target.port = (uint16_t)settings->port;
    struct check *check = &health->checks[health->n++];
    *check = (struct check){
        .worker = worker,
        .settings = settings,
        .asked = asked,
        .row = row,
        .fastcgi =
            transport->fastcgi == DT_NONE ? NULL : &tables->fastcgis[transport->fastcgi],
        .connections = http_pool_new(worker->client, &config),
        .interval = {.fire = run_check},
    };
    timer_start(worker->loop, &check->interval, 0);
}

struct health *health_start(struct worker *worker)
{
    const struct dt_tables *tables = worker->core->tables;
    size_t n = 0;
    for (uint32_t i = 0; i < tables->n_pools; i++)
        n += tables->pools[i].active_health != DT_NONE ? tables->pools[i].upstreams.n : 0;
    if (n == 0)
        return NULL;
    struct health *health = calloc(1, sizeof(*health));
    if (!health)
        return NULL;
    health->checks = calloc(n, sizeof(struct check));
    for (uint32_t i = 0; health->checks && i < tables->n_pools; i++) {
        const struct dt_pool *pool = &tables->pools[i];
        for (uint32_t k = 0; pool->active_health != DT_NONE && k < pool->upstreams.n; k++)
            add_check(health, worker, pool, pool->upstreams.first + k);
    }
    return health;
}

void health_stop(struct health *health)
{
    if (!health)
        return;
    for (size_t i = 0; i < health->n; i++) {
        struct check *check = &health->checks[i];
        timer_remove(&check->interval);
        timer_remove(&check->timeout);
        if (check->is_running)
            http_exchange_cancel(&check->exchange);
        arena_free(&check->arena);
    }
    free(health->checks);
    free(health);
}
