/* What is counted of requests: while they are in a route, and when they leave it. */

#include "proxy/metrics.h"

#include <stdlib.h>

#include "base/clock.h"
#include "proxy/worker.h"

enum {
    N_SLOTS = 1024,
    MAX_SERIES = 65536, /* of one worker; hosts beyond it are not told apart */
};

struct metrics {
    struct arena arena;
    struct series *_Atomic newest;
    struct series *slots[N_SLOTS];
    uint32_t n;
};

struct metric_span {
    struct metric_span *outer;
    struct series *requests;
    struct str method;
    int64_t entered_ns; /* by the clock, not the loop's */
    unsigned code;      /* of the head that went out; 0: none did */
};

const uint64_t metric_size_bounds[METRIC_SIZES] = {256,   1024,   4096,    16384,
                                                   65536, 262144, 1048576, 4194304};
const uint64_t metric_time_bounds[METRIC_TIMES] = {
    5000000,   10000000,   25000000,   50000000,   100000000,   250000000,
    500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};
_Static_assert(METRIC_TIMES < METRIC_MAX_BUCKETS && METRIC_SIZES < METRIC_MAX_BUCKETS, "buckets");

struct metrics *metrics_new(const struct dt_tables *tables)
{
    return tables->n_meters > 0 ? calloc(1, sizeof(struct metrics)) : NULL;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics)
        arena_free(&metrics->arena);
    free(metrics);
}

const struct series *metrics_series(const struct metrics *metrics)
{
    return metrics ? atomic_load_explicit(&metrics->newest, memory_order_acquire) : NULL;
}

/* --- series --- */

static uint32_t hash_text(uint32_t hash, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.ptr[i]) * 16777619u;
    return (hash ^ (uint32_t)text.len) * 16777619u;
}

static bool is_same(const struct metric_labels *a, const struct metric_labels *b)
{
    return a->code == b->code && str_eq(a->server, b->server) && str_eq(a->handler, b->handler) &&
           str_eq(a->method, b->method) && str_eq(a->host, b->host);
}

static struct series *series_of(struct metrics *metrics, enum metric_kind kind,
                                struct metric_labels labels)
{
    uint32_t hash = hash_text(2166136261u + labels.code * 31 + kind, labels.server);
    hash = hash_text(hash_text(hash_text(hash, labels.handler), labels.method), labels.host);
    struct series **slot = &metrics->slots[hash % N_SLOTS];
    for (struct series *series = *slot; series; series = series->next_in_slot)
        if (series->kind == kind && is_same(&series->labels, &labels))
            return series;
    struct series *series = arena_zalloc(&metrics->arena, sizeof(*series));
    series->kind = kind;
    series->labels = labels;
    series->labels.host = str_dup(&metrics->arena, labels.host);
    series->next_in_slot = *slot;
    *slot = series;
    metrics->n++;
    series->earlier = atomic_load_explicit(&metrics->newest, memory_order_relaxed);
    atomic_store_explicit(&metrics->newest, series, memory_order_release);
    return series;
}

/* Nobody else writes, so nothing is to be locked. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void add_in_flight(struct series *series, int64_t n)
{
    int64_t now = atomic_load_explicit(&series->in_flight, memory_order_relaxed);
    atomic_store_explicit(&series->in_flight, now + n, memory_order_relaxed);
}

static void observe(struct histogram *histogram, const uint64_t *bounds, size_t n, uint64_t value)
{
    size_t i = 0;
    while (i < n && value > bounds[i])
        i++;
    add(&histogram->buckets[i], 1);
    add(&histogram->sum, value);
}

/* --- labels --- */

static bool is_listed(const struct dt_tables *tables, struct dt_range hosts, struct str host)
{
    uint32_t from = 0, to = hosts.n;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int order = str_compare(table_text(tables, tables->texts[hosts.first + middle]), host);
        if (order == 0)
            return true;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

/* As Caddy: with its port, which those that are listed do not have. */
static struct str host_label(const struct transaction *tx)
{
    const struct dt_meter *meter = &tx->tables->meters[0];
    if (!meter->is_per_host)
        return STR("");
    struct str host = str_lower(tx->arena, tx->host);
    bool is_told_apart = is_listed(tx->tables, meter->hosts, host) || meter->observes_all ||
                         (meter->has_tls_server && http_connection_is_tls(tx->request->connection));
    return is_told_apart && tx->worker->metrics->n < MAX_SERIES ? host : STR("_other");
}

static struct str method_label(struct str method)
{
    static const char *const known[] = {"GET",     "HEAD",    "PUT",   "POST", "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    static const char *const lower[] = {"get",     "head",    "put",   "post", "delete",
                                        "connect", "options", "trace", "patch"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_is(method, known[i]) || str_is(method, lower[i]))
            return str_from(known[i]);
    return STR("OTHER");
}

/* --- spans --- */

void metrics_enter(struct transaction *tx, const struct dt_route *route)
{
    const struct metric_labels labels = {
        .server = table_text(tx->tables, tx->server->name),
        .handler = table_text(tx->tables, route->measured_as),
        .host = host_label(tx),
    };
    struct metric_span *span = arena_new(tx->arena, struct metric_span);
    if (!tx->worker->metrics)
        return;
    *span = (struct metric_span){
        .outer = tx->spans,
        .requests = series_of(tx->worker->metrics, METRIC_REQUESTS, labels),
        .method = method_label(tx->method),
        .entered_ns = clock_monotonic_ns(),
    };
    add_in_flight(span->requests, 1);
    tx->spans = span;
}

static struct series *answers_of(struct transaction *tx, const struct metric_span *span,
                                 unsigned code)
{
    struct metric_labels labels = span->requests->labels;
    labels.method = span->method;
    labels.code = code ? code : 200;
    return series_of(tx->worker->metrics, METRIC_ANSWERS, labels);
}

void metrics_head_written(struct transaction *tx, unsigned status)
{
    int64_t now = clock_monotonic_ns();
    for (struct metric_span *span = tx->spans; span; span = span->outer) {
        if (span->code != 0)
            continue;
        span->code = status;
        observe(&answers_of(tx, span, status)->first_byte, metric_time_bounds, METRIC_TIMES,
                (uint64_t)(now - span->entered_ns));
    }
}

/* Caddy's estimate: target, method, version, headers, Host and body. */
static uint64_t request_size(struct transaction *tx)
{
    uint64_t size = transaction_uri(tx).len + tx->method.len + sizeof("HTTP/1.1") - 1;
    for (uint32_t i = 0; i < tx->headers.n; i++) {
        const struct http_header *header = &tx->headers.at[i];
        bool is_first = true;
        if (header->id == HEADER_HOST || header->id == HEADER_TRANSFER_ENCODING)
            continue;
        for (uint32_t k = 0; k < i && is_first; k++)
            is_first = !str_eq_nocase(tx->headers.at[k].name, header->name);
        size += header->value.len + (is_first ? header->name.len : 0);
    }
    size += tx->host.len;
    return size + (tx->request->content_length > 0 ? (uint64_t)tx->request->content_length : 0);
}

void metrics_leave(struct transaction *tx, const struct metric_span *mark, unsigned status,
                   bool is_failure)
{
    int64_t now = tx->spans != mark ? clock_monotonic_ns() : 0;
    for (; tx->spans && tx->spans != mark; tx->spans = tx->spans->outer) {
        struct metric_span *span = tx->spans;
        struct series *answers = answers_of(tx, span, span->code ? span->code : status);
        add_in_flight(span->requests, -1);
        add(&span->requests->requests, 1);
        if (is_failure)
            add(&span->requests->failures, 1);
        observe(&answers->duration, metric_time_bounds, METRIC_TIMES,
                (uint64_t)(now - span->entered_ns));
        observe(&answers->request_size, metric_size_bounds, METRIC_SIZES, request_size(tx));
        observe(&answers->response_size, metric_size_bounds, METRIC_SIZES,
                tx->request->body_sent + tx->unsent_bytes);
    }
}

void metrics_forget(struct transaction *tx)
{
    for (; tx->spans; tx->spans = tx->spans->outer)
        add_in_flight(tx->spans->requests, -1);
}
