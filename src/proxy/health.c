/* Active health checks: a request to every upstream at an interval, from one worker for all. */

#include "proxy/health.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/client.h"
#include "net/loop.h"
#include "proxy/cgi.h"
#include "proxy/core.h"
#include "proxy/forward.h"
#include "proxy/log.h"
#include "proxy/regexp.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

/* The checks of one upstream. */
struct check {
    struct worker *worker;
    const struct dt_active_health *settings;
    const struct dt_fastcgi *fastcgi; /* or NULL */
    uint32_t row;                     /* of upstreams: whom it is about */
    struct str dial;                  /* whose address that is */
    struct str first_host; /* of the first URL that is asked for: host:port */
    struct str host;       /* of the one that is asked for now */
    bool is_tls;
    struct http_pool *connections; /* to who answers for it */
    struct timer interval, timeout;
    struct http_exchange exchange;
    struct http_headers headers, variables;
    struct str method, target, authority, body; /* of the running request */
    struct strbuf received_body;                /* where it is looked at */
    struct arena arena;                         /* of the running request and its redirects */
    int64_t received;
    unsigned n_redirects;
    bool is_running;
    bool is_accepted; /* whatever comes of the rest of the answer */
    struct task redirect;
};

struct health {
    struct check *checks; /* owned */
    size_t n;
    struct arena text; /* of all of them */
};

static void say(struct check *check, const char *what, struct str reason)
{
    const struct dt_tables *tables = check->worker->core->tables;
    const struct log_pair fields[] = {
        {STR("host"), LOG_TEXT_OF(table_text(tables, tables->upstreams[check->row].hostport))},
        {STR("error"), LOG_TEXT_OF(reason)},
    };
    log_line(check->worker->core, check->worker, DT_LOG_INFO,
             STR("http.handlers.reverse_proxy.health_checker.active"), str_from(what), fields,
             reason.len > 0 ? 2 : 1);
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
    conclude(check, check->is_accepted, reason);
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
    if (exchange->request.content_length == 0 || exchange->body_started)
        return;
    http_exchange_write(exchange, check->body);
    http_exchange_finish(exchange, NULL);
}

/* --- redirects --- */

enum { MOST_REDIRECTS = 100 }; /* Caddy's end is the time-out only */

static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 3986 5.2.4: "/a/../b" is "/b". */
static struct str without_dots(struct arena *arena, struct str path)
{
    char *out = arena_alloc(arena, path.len + 1);
    size_t len = 0;
    while (path.len > 0) {
        size_t end = 1; /* of a segment and the '/' before it */
        while (end < path.len && path.ptr[end] != '/')
            end++;
        struct str segment = str_slice(path, 0, end);
        bool is_last = end == path.len;
        path = str_slice(path, end, path.len);
        if (str_eq(segment, STR("/.."))) {
            while (len > 0 && out[--len] != '/')
                ;
        } else if (!str_eq(segment, STR("/."))) {
            memcpy(out + len, segment.ptr, segment.len);
            len += segment.len;
            continue;
        }
        if (is_last)
            out[len++] = '/';
    }
    return str_make(out, len);
}

/* What a reference without a host means at the running target (RFC 3986 5.2.2). */
static struct str target_beside(struct check *check, struct str reference)
{
    struct arena *arena = &check->arena;
    struct str base, old_query, path, query = {0};
    if (!str_cut(check->target, STR("?"), &base, &old_query))
        base = check->target;
    bool has_query = str_cut(reference, STR("?"), &path, &query);
    if (!has_query)
        path = reference;
    if (path.len == 0) {
        path = base;
    } else {
        ptrdiff_t slash = str_last_index(base, '/');
        if (path.ptr[0] != '/')
            path = str_printf(arena, STR_FMT STR_FMT,
                              STR_ARG(str_slice(base, 0, (size_t)(slash + 1))), STR_ARG(path));
        path = without_dots(arena, path);
    }
    if (!has_query)
        return path;
    return str_printf(arena, STR_FMT "?" STR_FMT, STR_ARG(path), STR_ARG(query));
}

/* Takes over where the answer points. It is the same upstream that is asked, as Caddy does it. False
 * where that cannot be. */
static bool follow(struct check *check, struct str location)
{
    struct str scheme, rest, host, before;
    ptrdiff_t fragment = str_index(location, '#');
    if (fragment >= 0)
        location = str_slice(location, 0, (size_t)fragment);
    bool is_absolute = str_cut(location, STR("://"), &scheme, &rest) &&
                       str_index(scheme, '/') < 0 && str_index(scheme, '?') < 0;
    if (is_absolute && !str_eq_nocase(scheme, check->is_tls ? STR("https") : STR("http")))
        return false;
    if (!is_absolute && str_has_prefix(location, STR("//"))) {
        is_absolute = true;
        rest = str_slice(location, 2, location.len);
    }
    struct str referer = str_printf(&check->arena, "%s://" STR_FMT STR_FMT,
                                    check->is_tls ? "https" : "http", STR_ARG(check->host),
                                    STR_ARG(check->target));
    headers_remove_named(&check->headers, STR("Referer"));
    headers_add_named(&check->headers, STR("Referer"), referer);
    if (!is_absolute) {
        check->target = location.len ? target_beside(check, location) : check->target;
        return true;
    }
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    host = str_slice(rest, 0, end);
    rest = str_slice(rest, end, rest.len);
    ptrdiff_t at = str_last_index(host, '@');
    before = str_slice(host, (size_t)(at + 1), host.len);
    check->host = check->authority = str_dup(&check->arena, before);
    check->target = rest.len && rest.ptr[0] == '/'
                        ? str_dup(&check->arena, rest)
                        : str_printf(&check->arena, "/" STR_FMT, STR_ARG(rest));
    return before.len > 0;
}

static void send_request(struct check *check);

static void send_again(struct task *task)
{
    send_request((struct check *)((char *)task - offsetof(struct check, redirect)));
}

/* Whether the answer points elsewhere, and is followed there. */
static bool redirects(struct check *check)
{
    const struct http_head *head = &check->exchange.head;
    const struct http_header *location = headers_find_named(&head->headers, STR("Location"));
    if (!check->settings->follows_redirects || !is_redirect(head->status) || !location ||
        location->value.len == 0)
        return false;
    if (check->n_redirects++ >= MOST_REDIRECTS || !follow(check, location->value)) {
        break_off(check, STR("a redirect that cannot be followed"));
        return true;
    }
    if (head->status < 307) {
        if (!str_is(check->method, "HEAD"))
            check->method = STR("GET");
        check->body = STR("");
    }
    http_exchange_cancel(&check->exchange);
    check->is_running = false;
    check->redirect.run = send_again;
    loop_defer(check->worker->loop, &check->redirect);
    return true;
}

/* --- answers --- */

static void on_head(struct http_exchange *exchange)
{
    struct check *check = exchange->owner;
    if (redirects(check))
        return;
    if (!is_expected(check, exchange->head.status) || exchange->head.status == 101)
        break_off(check, str_printf(&check->arena, "status %u", exchange->head.status));
    else
        check->is_accepted = check->settings->expect_body == DT_NONE;
}

/* All there will be of the body is there. */
static void look_at_body(struct check *check)
{
    struct str body = strbuf_str(&check->received_body);
    bool is_fine = check->is_accepted || regexp_matches(check->worker->core,
                                                        check->settings->expect_body, body);
    conclude(check, is_fine, is_fine ? (struct str){0} : STR("response body failed expectations"));
}

enum { MOST_BODY_BYTES = 16 << 20 };

static void on_data(struct http_exchange *exchange, struct str data)
{
    struct check *check = exchange->owner;
    int64_t limit = check->settings->max_bytes;
    if (limit > 0 && (int64_t)data.len > limit - check->received)
        data.len = (size_t)(limit - check->received);
    check->received += (int64_t)data.len;
    if (!check->is_accepted)
        strbuf_add(&check->received_body, data);
    if (!check->is_accepted && check->received > MOST_BODY_BYTES) {
        break_off(check, STR("the response body is too long to look at"));
    } else if (limit > 0 && check->received >= limit) {
        http_exchange_cancel(exchange);
        look_at_body(check);
    }
}

static void on_end(struct http_exchange *exchange)
{
    look_at_body(exchange->owner);
}

static void on_failed(struct http_exchange *exchange, enum http_failure reason)
{
    struct check *check = exchange->owner;
    (void)reason;
    conclude(check, check->is_accepted, http_exchange_error(exchange, &check->arena));
}

static const struct http_exchange_events check_events = {
    .writable = on_writable,
    .head = on_head,
    .data = on_data,
    .end = on_end,
    .failed = on_failed,
};

/* --- requests --- */

static void ask_script(struct check *check)
{
    struct http_outgoing *request = &check->exchange.request;
    const struct cgi_check asked = {
        .method = request->method,
        .target = request->target,
        .host = request->host,
        .headers = &check->headers,
        .content_length = request->content_length,
        .wall_ns = loop_wall_ns(check->worker->loop),
    };
    check->variables =
        cgi_check_variables(check->worker->core, &check->arena, check->fastcgi, &asked);
    request->variables = &check->variables;
    if (cgi_leaves_body_out(request->method))
        request->content_length = 0;
}

static void send_request(struct check *check)
{
    check->received = 0;
    check->received_body = strbuf_in(&check->arena);
    check->is_running = true;
    check->is_accepted = false;
    check->exchange = (struct http_exchange){
        .events = &check_events,
        .owner = check,
        .arena = &check->arena,
        .request =
            {
                .method = check->method,
                .target = check->target,
                .host = check->authority,
                .headers = &check->headers,
                .content_length = (int64_t)check->body.len,
                .idempotent = true,
            },
    };
    if (check->fastcgi)
        ask_script(check);
    http_exchange_start(&check->exchange, check->connections);
}

/* What templates of checks are expanded with: there is no request, and none is asked for. */
static struct transaction outside_of_requests(struct worker *worker, struct arena *arena)
{
    static struct http_request none; /* nothing of it is read, nothing written */
    return (struct transaction){
        .request = &none,
        .worker = worker,
        .core = worker->core,
        .tables = worker->core->tables,
        .arena = arena,
    };
}

static void run_check(struct timer *timer)
{
    struct check *check = (struct check *)((char *)timer - offsetof(struct check, interval));
    struct core *core = check->worker->core;
    const struct dt_tables *tables = core->tables;
    const struct dt_active_health *settings = check->settings;
    arena_reset(&check->arena);
    struct transaction tx = outside_of_requests(check->worker, &check->arena);
    check->n_redirects = 0;
    check->headers = (struct http_headers){.arena = &check->arena};
    check->method = settings->method.len ? table_text(tables, settings->method) : STR("GET");
    check->target = settings->uri.len ? table_text(tables, settings->uri) : STR("/");
    check->host = check->authority = check->first_host;
    check->body = template_expand(&tx, settings->body);
    tx.health_target = check->dial;
    if (!check->fastcgi)
        headers_add(&check->headers, HEADER_USER_AGENT, STR("dialtone/" DIALTONE_VERSION));
    for (uint32_t i = 0; i < settings->headers.n; i++) {
        const struct dt_header_op *op = &tables->header_ops[settings->headers.first + i];
        struct str value = template_expand(&tx, op->value);
        if (op->name == DT_NONE)
            continue;
        if (core->header_ids[op->name] == HEADER_HOST) {
            check->authority = value;
            continue;
        }
        if (op->kind == DT_HEADER_SET)
            field_remove(core, &check->headers, op->name);
        field_add(core, &check->headers, op->name, value);
    }
    check->timeout.fire = on_timeout;
    timer_start(check->worker->loop, &check->timeout, settings->timeout_ns);
    send_request(check);
}

/* --- who is checked --- */

/* Whether a dial string says the same to all requests. */
static bool is_global(const struct dt_tables *tables, uint32_t template)
{
    struct dt_range parts = tables->templates[template].parts;
    for (uint32_t i = 0; i < parts.n; i++) {
        uint32_t kind = tables->parts[parts.first + i].kind;
        if (kind != DT_PART_LITERAL && kind != DT_PART_ENV && kind != DT_PART_HOSTNAME)
            return false;
    }
    return true;
}

/* Where a row of upstreams is; false where only a request can tell. */
static bool locate(struct worker *worker, uint32_t row, struct destination *out)
{
    const struct dt_tables *tables = worker->core->tables;
    const struct dt_upstream *upstream = &tables->upstreams[row];
    struct arena *arena = &worker->health->text;
    struct transaction tx = outside_of_requests(worker, arena);
    struct str problem;
    if (upstream->host_kind != DT_HOST_TEMPLATE) {
        out->target = upstream_target(tables, upstream);
        out->hostport = table_text(tables, upstream->hostport);
        out->host = table_text(tables, upstream->host);
        return true;
    }
    return is_global(tables, upstream->dial_template) &&
           upstream_parse_dial(arena, template_expand(&tx, upstream->dial_template), out, &problem);
}

/* The connections that its checks go over; NULL where they cannot be. */
static struct http_pool *connections_to(struct check *check, const struct dt_transport *transport,
                                        const struct destination *to)
{
    struct worker *worker = check->worker;
    const struct core *core = worker->core;
    const struct dt_tables *tables = core->tables;
    struct arena *arena = &worker->health->text;
    struct http_pool_config config = upstream_pool_config(worker, transport, &to->target);
    struct str url = {0}, problem = {0};
    check->is_tls = config.tls != NULL;
    bool has_forward = transport->forward_proxy != DT_NONE && to->target.network != DIAL_UNIX;
    if (has_forward) {
        const struct dt_template *template = &tables->templates[transport->forward_proxy];
        if (template->parts.n > 0)
            return NULL;
        url = table_text(tables, template->literal);
    } else {
        url = forward_by_environment(core, transport, &to->target, check->is_tls, &problem);
    }
    if (problem.len > 0 ||
        ((has_forward || url.len > 0) &&
         !forward_set(&config, url, to->host, check->first_host, core,
                      (uint32_t)(transport - tables->transports), arena, &problem)))
        return NULL;
    return http_pool_new(worker->client, &config);
}

static void add_check(struct health *health, struct worker *worker, const struct dt_pool *pool,
                      uint32_t row)
{
    const struct dt_tables *tables = worker->core->tables;
    const struct dt_active_health *settings = &tables->active_healths[pool->active_health];
    const struct dt_transport *transport = &tables->transports[pool->transport];
    struct destination to = {0}, asked;
    if (!locate(worker, row, &to))
        return;
    asked = to;
    if (settings->upstream != DT_NONE && !locate(worker, settings->upstream, &asked))
        return;
    struct check *check = &health->checks[health->n];
    *check = (struct check){
        .worker = worker,
        .settings = settings,
        .row = row,
        .fastcgi =
            transport->fastcgi == DT_NONE ? NULL : &tables->fastcgis[transport->fastcgi],
        .dial = worker->core->backends[row]->dial,
        .first_host = asked.hostport,
        .interval = {.fire = run_check},
    };
    if (tables->upstreams[row].host_kind == DT_HOST_TEMPLATE)
        check->dial = to.hostport;
    if (asked.target.network == DIAL_UNIX)
        check->first_host = STR("localhost"); /* Caddy: a path is no host */
    if (settings->port != 0) {
        bool is_v6 = str_index(asked.host, ':') >= 0;
        asked.target.port = (uint16_t)settings->port;
        check->first_host = str_printf(&health->text, is_v6 ? "[" STR_FMT "]:%u" : STR_FMT ":%u",
                                       STR_ARG(asked.host), settings->port);
    }
    check->connections = connections_to(check, transport, &asked);
    if (!check->connections)
        return;
    health->n++;
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
    worker->health = health;
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
        loop_undefer(check->worker->loop, &check->redirect);
        if (check->is_running)
            http_exchange_cancel(&check->exchange);
        arena_free(&check->arena);
    }
    arena_free(&health->text);
    free(health->checks);
    free(health);
}
