/* Metrics: whether requests are counted, and what may be told apart. */
#include <stdlib.h>

#include "native/lower_private.h"

struct metrics_json {
    uint32_t is_per_host, observes_all;
};

static void read_metrics(struct lowering *lo, const json_t *metrics, struct metrics_json *in)
{
    static const struct field fields[] = {
        {"per_host", FIELD_FLAG32, offsetof(struct metrics_json, is_per_host)},
        {"observe_catchall_hosts", FIELD_FLAG32, offsetof(struct metrics_json, observes_all)},
        {"otlp", FIELD_REFUSED, 0},
        {0},
    };
    const struct token *before = enter(lo, metrics);
    read_object(lo, metrics, "metrics", fields, in);
    leave(lo, before);
}

void lower_meter(struct lowering *lo, const json_t *metrics, const json_t *servers)
{
    struct metrics_json in = {0};
    bool is_wanted = metrics != NULL;
    const json_t *walked = servers;
    if (metrics)
        read_metrics(lo, metrics, &in);
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        const json_t *of_server = json_object_get(json_object_iter_value(i), "metrics");
        struct metrics_json one = {0};
        if (!of_server || json_is_null(of_server))
            continue;
        /* the old place: it counts for all of them */
        read_metrics(lo, of_server, &one);
        in.is_per_host |= one.is_per_host;
        is_wanted = true;
    }
    if (is_wanted)
        push_meters(
            lo, (struct dt_meter){.is_per_host = in.is_per_host, .observes_all = in.observes_all});
}

void measure_route(struct lowering *lo, struct dt_route *route, struct str handler)
{
    if (lo->meters.n == 0)
        return;
    route->is_measured = 1;
    route->measured_as = intern(lo, handler);
}

struct str first_handler(const json_t *route)
{
    return member_str(json_array_get(json_object_get(route, "handle"), 0), "handler");
}

struct host_list {
    VEC(struct str) rows;
};

static void add_hosts(struct lowering *lo, const struct dt_matcher_set *set, struct host_list *list)
{
    for (uint32_t i = 0; i < set->matchers.n; i++) {
        const struct dt_matcher *matcher = &lo->matchers.at[set->matchers.first + i];
        if (matcher->kind != DT_MATCHER_HOST)
            continue;
        for (uint32_t k = 0; k < matcher->rows.n; k++) {
            const struct dt_host_pattern *pattern = &lo->host_patterns.at[matcher->rows.first + k];
            struct str host = text_of(lo, pattern->text);
            if (pattern->kind == DT_HOST_PATTERN_EXACT)
                vec_push(lo->arena, &list->rows, str_dup(lo->arena, host));
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void finish_meter(struct lowering *lo)
{
    struct host_list list = {0};
    bool has_tls_server = false;
    if (lo->meters.n == 0 || !lo->meters.at[0].is_per_host)
        return;
    for (size_t i = 0; i < lo->servers.n; i++) {
        const struct dt_server *server = &lo->servers.at[i];
        has_tls_server |= server->connection_policies.n > 0;
        for (uint32_t k = 0; k < server->routes.n; k++) {
            struct dt_range sets = lo->routes.at[server->routes.first + k].matcher_sets;
            for (uint32_t n = 0; n < sets.n; n++)
                add_hosts(lo, &lo->matcher_sets.at[sets.first + n], &list);
        }
    }
    uint32_t n = 0;
    if (list.rows.n)
        qsort(list.rows.at, list.rows.n, sizeof(*list.rows.at), by_text);
    for (size_t i = 0; i < list.rows.n; i++) {
        if (n == 0 || !str_eq(list.rows.at[n - 1], list.rows.at[i]))
            list.rows.at[n++] = list.rows.at[i];
    }
    struct dt_range hosts = {reserve_texts(lo, n), n};
    for (uint32_t i = 0; i < n; i++) {
        struct dt_text text = intern(lo, list.rows.at[i]);
        lo->texts.at[hosts.first + i] = text;
    }
    lo->meters.at[0].hosts = hosts;
    lo->meters.at[0].has_tls_server = has_tls_server;
}

void lower_metrics_page(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct dt_metrics_page row = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"disable_openmetrics", FIELD_FLAG32, offsetof(struct dt_metrics_page, is_plain)},
        {0},
    };
    read_object(lo, handler, "a metrics handler", fields, &row);
    out->row = push_metrics_pages(lo, row);
}
