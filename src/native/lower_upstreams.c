/* reverse_proxy: the pool, its upstreams, how one is chosen, and how health is watched. */
#include "native/features.h"
#include "native/lower_private.h"
#include "native/network.h"
#include "syntax/placeholder.h"

static const int64_t MILLISECOND = 1000000, SECOND = 1000000000;
/* Caddy's: a script must be told how long the body is, so a short one without a length is read first. */
enum { FASTCGI_REQUEST_BUFFERS = 4096 };

/* ---- upstreams ---- */

static uint32_t state_of(struct lowering *lo, struct str dial)
{
    uintptr_t known = (uintptr_t)map_get(&lo->state_numbers, dial);
    if (!known) {
        known = lo->state_numbers.n + 1;
        map_put(&lo->state_numbers, dial, (void *)known);
    }
    return (uint32_t)(known - 1);
}

static void lower_dial(struct lowering *lo, struct str dial, struct dt_upstream *row)
{
    struct network_address address;
    const char *problem;
    if (!network_parse(lo->arena, dial, &address, &problem)) {
        reject(lo, "the upstream '" STR_FMT "' %s", STR_ARG(dial), problem);
        return;
    }
    bool is_unix = address.network == DT_NETWORK_UNIX;
    if (address.network == DT_NETWORK_FD)
        reject(lo, "the upstream '" STR_FMT "' is a file descriptor, which cannot be dialed",
               STR_ARG(dial));
    else if (!is_unix && address.first_port == 0)
        reject(lo, "the upstream '" STR_FMT "' has no port", STR_ARG(dial));
    else if (!is_unix && address.first_port != address.last_port)
        reject(lo, "the upstream '" STR_FMT "' is more than one socket", STR_ARG(dial));
    row->network = (uint8_t)address.network;
    /* dialing no host is dialing this machine */
    row->host_kind = address.host_kind ? (uint8_t)address.host_kind : (uint8_t)DT_HOST_NAME;
    row->port = address.first_port;
    row->host = intern(lo, address.host_kind ? address.host : STR("localhost"));
    row->zone = intern(lo, address.zone);
    memcpy(row->ip, address.ip, sizeof(row->ip));
    row->address = intern(lo, network_text(lo->arena, &address, address.first_port, true));
    row->hostport = intern(lo, network_hostport(lo->arena, &address, address.first_port));
}

static struct dt_upstream upstream_of(struct lowering *lo, struct str dial)
{
    struct dt_upstream row = {.dial_template = DT_NONE, .origin = origin_here(lo)};
    row.dial = intern(lo, dial);
    row.state = state_of(lo, dial);
    if (!has_placeholder(dial)) {
        lower_dial(lo, dial, &row);
        return row;
    }
    row.host_kind = DT_HOST_TEMPLATE;
    row.dial_template = template_of(lo, dial, UNKNOWN_IS_EMPTY);
    return row;
}

static struct dt_range lower_upstreams(struct lowering *lo, const json_t *list,
                                       uint32_t default_max_requests)
{
    struct upstream_json {
        struct str dial;
        uint32_t max_requests;
    };
    static const struct field fields[] = {
        {"@id", FIELD_IGNORED, 0},
        {"dial", FIELD_STR, offsetof(struct upstream_json, dial)},
        {"max_requests", FIELD_COUNT, offsetof(struct upstream_json, max_requests)},
        {0},
    };
    size_t n = elements(lo, list, "the upstreams");
    struct dt_range range = {reserve_upstreams(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct upstream_json in = {0};
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "an upstream", fields, &in);
        struct dt_upstream row = upstream_of(lo, in.dial);
        row.max_requests = in.max_requests ? in.max_requests : default_max_requests;
        if (row.max_requests)
            need(lo, FEATURE_MAX_REQUESTS, value, "max_requests");
        lo->upstreams.at[range.first + i] = row;
        leave(lo, before);
    }
    return range;
}

/* ---- selection ---- */

static const struct policy_row {
    const char *name;
    enum dt_policy_kind kind;
} policies[] = {
#define X(id, name) {name, DT_POLICY_##id},
    DT_POLICIES(X)
#undef X
};

struct policy_json {
    struct str name, key, field, cookie, secret;
    uint32_t choose;
    int64_t max_age_ns;
    const json_t *weights, *fallback;
};

static const struct field policy_fields[] = {
    {"policy", FIELD_STR, offsetof(struct policy_json, name)},
    {"choose", FIELD_COUNT, offsetof(struct policy_json, choose)},
    {"weights", FIELD_JSON, offsetof(struct policy_json, weights)},
    {"key", FIELD_STR, offsetof(struct policy_json, key)},
    {"field", FIELD_STR, offsetof(struct policy_json, field)},
    {"name", FIELD_STR, offsetof(struct policy_json, cookie)},
    {"secret", FIELD_STR, offsetof(struct policy_json, secret)},
    {"max_age", FIELD_DURATION, offsetof(struct policy_json, max_age_ns)},
    {"fallback", FIELD_JSON, offsetof(struct policy_json, fallback)},
    {0},
};

static struct dt_range lower_weights(struct lowering *lo, const json_t *weights)
{
    size_t n = elements(lo, weights, "the weights");
    struct dt_range range = {reserve_numbers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        int64_t weight = json_integer_value(json_array_get(weights, i));
        if (weight < 0 || weight > INT32_MAX)
            reject_at(lo, json_array_get(weights, i), "a weight is out of range");
        else
            lo->numbers.at[range.first + i].value = (uint32_t)weight;
    }
    return range;
}

static uint32_t lower_policy(struct lowering *lo, const json_t *policy)
{
    struct policy_json in = {0};
    struct dt_policy row = {.kind = DT_POLICY_RANDOM, .number = DT_NONE, .fallback = DT_NONE};
    if (!policy)
        return push_policies(lo, row);
    const struct token *before = enter(lo, policy);
    read_object(lo, policy, "a selection policy", policy_fields, &in);
    row.kind = DT_POLICY_NONE;
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (str_is(in.name, policies[i].name))
            row.kind = policies[i].kind;
    }
    if (row.kind == DT_POLICY_NONE)
        refuse(lo, "the proxy core does not know the policy '" STR_FMT "'", STR_ARG(in.name));
    row.choose = row.kind == DT_POLICY_RANDOM_CHOOSE && in.choose == 0 ? 2 : in.choose;
    row.max_age_ns = in.max_age_ns;
    row.weights = lower_weights(lo, in.weights);
    row.secret = intern(lo, in.secret);
    row.key = intern(lo, row.kind != DT_POLICY_COOKIE ? in.key
                         : in.cookie.len              ? in.cookie
                                                      : STR("lb"));
    if (in.field.len)
        row.number = builder_header(lo, in.field);
    if (in.fallback)
        row.fallback = lower_policy(lo, in.fallback);
    leave(lo, before);
    return push_policies(lo, row);
}

static void lower_balancing(struct lowering *lo, const json_t *balancing, struct dt_pool *row)
{
    struct balancing_json {
        const json_t *policy, *retry_match;
        uint32_t retries;
        int64_t try_duration_ns, try_interval_ns;
    } in = {0};
    static const struct field fields[] = {
        {"selection_policy", FIELD_JSON, offsetof(struct balancing_json, policy)},
        {"retries", FIELD_COUNT, offsetof(struct balancing_json, retries)},
        {"try_duration", FIELD_DURATION, offsetof(struct balancing_json, try_duration_ns)},
        {"try_interval", FIELD_DURATION, offsetof(struct balancing_json, try_interval_ns)},
        {"retry_match", FIELD_JSON, offsetof(struct balancing_json, retry_match)},
        {0},
    };
    read_object(lo, balancing, "load balancing", fields, &in);
    row->policy = lower_policy(lo, in.policy);
    row->retries = in.retries;
    row->try_duration_ns = in.try_duration_ns;
    row->try_interval_ns = in.try_interval_ns;
    if (in.try_duration_ns > 0 && in.try_interval_ns == 0)
        row->try_interval_ns = 250 * MILLISECOND;
    row->retry_match = lower_matcher_sets(lo, in.retry_match);
    if (row->retries || row->try_duration_ns)
        need(lo, FEATURE_RETRIES, balancing, row->retries ? "retries" : "try_duration");
    if (row->retry_match.n)
        need(lo, FEATURE_RETRY_MATCH, balancing, "retry_match");
}

/* ---- health ---- */

struct active_json {
    struct str path, uri, upstream, method, body, expect_body;
    int64_t interval_ns, timeout_ns, max_bytes;
    uint32_t passes, fails, expect_status, follows_redirects;
    uint16_t port;
    const json_t *headers;
};

static const struct field active_fields[] = {
    {"path", FIELD_STR, offsetof(struct active_json, path)},
    {"uri", FIELD_STR, offsetof(struct active_json, uri)},
    {"upstream", FIELD_STR, offsetof(struct active_json, upstream)},
    {"port", FIELD_PORT, offsetof(struct active_json, port)},
    {"headers", FIELD_JSON, offsetof(struct active_json, headers)},
    {"method", FIELD_STR, offsetof(struct active_json, method)},
    {"body", FIELD_STR, offsetof(struct active_json, body)},
    {"follow_redirects", FIELD_FLAG32, offsetof(struct active_json, follows_redirects)},
    {"interval", FIELD_DURATION, offsetof(struct active_json, interval_ns)},
    {"timeout", FIELD_DURATION, offsetof(struct active_json, timeout_ns)},
    {"passes", FIELD_COUNT, offsetof(struct active_json, passes)},
    {"fails", FIELD_COUNT, offsetof(struct active_json, fails)},
    {"max_size", FIELD_BYTES, offsetof(struct active_json, max_bytes)},
    {"expect_status", FIELD_COUNT, offsetof(struct active_json, expect_status)},
    {"expect_body", FIELD_STR, offsetof(struct active_json, expect_body)},
    {0},
};

static uint32_t lower_active_health(struct lowering *lo, const json_t *active)
{
    struct active_json in = {0};
    if (!active)
        return DT_NONE;
    const struct token *before = enter(lo, active);
    read_object(lo, active, "an active health check", active_fields, &in);
    leave(lo, before);
    if (!in.path.len && !in.uri.len && !in.port)
        return DT_NONE; /* Caddy: any other option alone switches nothing on */
    need(lo, FEATURE_ACTIVE_HEALTH, active, in.uri.len ? "uri" : "port");
    if (in.follows_redirects)
        need(lo, FEATURE_HEALTH_REDIRECTS, active, "follow_redirects");
    lo->is_without_request = true;
    struct dt_active_health row = {
        .interval_ns = in.interval_ns ? in.interval_ns : 30 * SECOND,
        .timeout_ns = in.timeout_ns ? in.timeout_ns : 5 * SECOND,
        .max_bytes = in.max_bytes,
        .uri = intern(lo, in.uri.len ? in.uri : in.path),
        .method = intern(lo, in.method.len ? in.method : STR("GET")),
        .body = in.body.len ? template_of(lo, in.body, UNKNOWN_IS_KEPT) : DT_NONE,
        .expect_body = DT_NONE,
        .headers = lower_header_fields(lo, in.headers, UNKNOWN_IS_KEPT),
        .port = in.upstream.len ? 0 : in.port,
        .upstream = DT_NONE,
        .passes = in.passes ? in.passes : 1,
        .fails = in.fails ? in.fails : 1,
        .expect_status = in.expect_status,
        .follows_redirects = in.follows_redirects,
    };
    lo->is_without_request = false;
    if (in.upstream.len)
        row.upstream = push_upstreams(lo, upstream_of(lo, in.upstream));
    if (in.expect_body.len)
        row.expect_body = regexp_of(lo, json_object_get(active, "expect_body"), in.expect_body,
                                    STR(""));
    return push_active_healths(lo, row);
}

static struct dt_range lower_status_list(struct lowering *lo, const json_t *list)
{
    size_t n = elements(lo, list, "the status codes");
    struct dt_range range = {reserve_numbers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        int64_t status = json_integer_value(json_array_get(list, i));
        if (status < 1 || status > 999)
            reject_at(lo, json_array_get(list, i), "a status code is out of range");
        else
            lo->numbers.at[range.first + i].value = (uint32_t)status;
    }
    return range;
}

/* Returns the limit of requests for upstreams that set none. */
static uint32_t lower_health(struct lowering *lo, const json_t *health, struct dt_pool *row)
{
    struct health_json {
        const json_t *active, *passive;
    } in = {0};
    static const struct field fields[] = {
        {"active", FIELD_JSON, offsetof(struct health_json, active)},
        {"passive", FIELD_JSON, offsetof(struct health_json, passive)},
        {0},
    };
    struct passive_json {
        int64_t fail_duration_ns, unhealthy_latency_ns;
        uint32_t max_fails, request_count;
        const json_t *statuses;
    } passive = {0};
    static const struct field passive_fields[] = {
        {"fail_duration", FIELD_DURATION, offsetof(struct passive_json, fail_duration_ns)},
        {"max_fails", FIELD_COUNT, offsetof(struct passive_json, max_fails)},
        {"unhealthy_request_count", FIELD_COUNT, offsetof(struct passive_json, request_count)},
        {"unhealthy_status", FIELD_JSON, offsetof(struct passive_json, statuses)},
        {"unhealthy_latency", FIELD_DURATION, offsetof(struct passive_json, unhealthy_latency_ns)},
        {0},
    };
    read_object(lo, health, "health checks", fields, &in);
    read_object(lo, in.passive, "passive health checks", passive_fields, &passive);
    row->fail_duration_ns = passive.fail_duration_ns;
    row->max_fails = passive.max_fails ? passive.max_fails : 1;
    row->unhealthy_statuses = lower_status_list(lo, passive.statuses);
    row->unhealthy_latency_ns = passive.unhealthy_latency_ns;
    if (row->fail_duration_ns)
        need(lo, FEATURE_PASSIVE_HEALTH, in.passive, "fail_duration");
    row->active_health = lower_active_health(lo, in.active);
    return passive.request_count;
}

/* ---- the handler ---- */

struct proxy_json {
    const json_t *transport, *balancing, *health, *upstreams, *dynamic, *trusted_proxies, *headers,
        *rewrite;
    const json_t *responses;
    int64_t flush_interval_ns, stream_timeout_ns, stream_close_delay_ns;
    int64_t request_buffers, response_buffers;
    uint32_t stream_buffer_bytes, is_verbose;
};

static const struct field proxy_fields[] = {
    {"handler", FIELD_IGNORED, 0},
    {"transport", FIELD_JSON, offsetof(struct proxy_json, transport)},
    {"circuit_breaker", FIELD_REFUSED, 0},
    {"load_balancing", FIELD_JSON, offsetof(struct proxy_json, balancing)},
    {"health_checks", FIELD_JSON, offsetof(struct proxy_json, health)},
    {"upstreams", FIELD_JSON, offsetof(struct proxy_json, upstreams)},
    {"dynamic_upstreams", FIELD_JSON, offsetof(struct proxy_json, dynamic)},
    {"flush_interval", FIELD_DURATION, offsetof(struct proxy_json, flush_interval_ns)},
    {"trusted_proxies", FIELD_JSON, offsetof(struct proxy_json, trusted_proxies)},
    {"headers", FIELD_JSON, offsetof(struct proxy_json, headers)},
    {"request_buffers", FIELD_BYTES, offsetof(struct proxy_json, request_buffers)},
    {"response_buffers", FIELD_BYTES, offsetof(struct proxy_json, response_buffers)},
    {"proxy_status_name", FIELD_REFUSED, 0},
    {"stream_timeout", FIELD_DURATION, offsetof(struct proxy_json, stream_timeout_ns)},
    {"stream_buffer_size", FIELD_COUNT, offsetof(struct proxy_json, stream_buffer_bytes)},
    {"stream_close_delay", FIELD_DURATION, offsetof(struct proxy_json, stream_close_delay_ns)},
    {"rewrite", FIELD_JSON, offsetof(struct proxy_json, rewrite)},
    {"handle_response", FIELD_JSON, offsetof(struct proxy_json, responses)},
    {"verbose_logs", FIELD_FLAG32, offsetof(struct proxy_json, is_verbose)},
    {0},
};

/* Over TLS the upstream gets its own name as Host, before what the user sets. */
static struct dt_header_op host_for_tls(struct lowering *lo)
{
    return (struct dt_header_op){
        .kind = DT_HEADER_SET,
        .name = builder_header(lo, STR("Host")),
        .name_template = DT_NONE,
        .value = template_of(lo, STR("{http.reverse_proxy.upstream.hostport}"), UNKNOWN_IS_KEPT),
        .search = DT_NONE,
        .regexp = DT_NONE,
    };
}

uint32_t lower_pool(struct lowering *lo, const json_t *handler)
{
    struct proxy_json in = {0};
    read_object(lo, handler, "a reverse_proxy", proxy_fields, &in);
    struct dt_pool row = {
        .flush_interval_ns = in.flush_interval_ns,
        .stream_timeout_ns = in.stream_timeout_ns,
        .stream_close_delay_ns = in.stream_close_delay_ns,
        .stream_buffer_bytes = in.stream_buffer_bytes,
        .request_buffers = in.request_buffers,
        .response_buffers = in.response_buffers,
        .is_verbose = in.is_verbose,
        .headers = DT_NONE,
        .rewrite = DT_NONE,
        .origin = origin_here(lo),
    };
    if (in.request_buffers)
        need(lo, FEATURE_BUFFERS, handler, "request_buffers");
    if (in.response_buffers)
        need(lo, FEATURE_BUFFERS, handler, "response_buffers");
    if (in.stream_timeout_ns)
        need(lo, FEATURE_STREAM_TIMEOUT, handler, "stream_timeout");
    if (in.stream_close_delay_ns)
        need(lo, FEATURE_STREAM_CLOSE_DELAY, handler, "stream_close_delay");
    row.transport = lower_transport(lo, in.transport);
    if (lo->transports.at[row.transport].fastcgi != DT_NONE && row.request_buffers == 0)
        row.request_buffers = FASTCGI_REQUEST_BUFFERS;
    bool is_tls = lo->transports.at[row.transport].is_tls;
    struct dt_header_op host = {0};
    if (is_tls)
        host = host_for_tls(lo);
    if (in.headers || is_tls)
        row.headers = lower_header_edit(lo, in.headers, is_tls ? &host : NULL);
    lower_balancing(lo, in.balancing, &row);
    uint32_t max_requests = lower_health(lo, in.health, &row);
    row.upstreams = lower_upstreams(lo, in.upstreams, max_requests);
    row.max_requests = max_requests;
    row.trusted_proxies = lower_known_ranges(lo, in.trusted_proxies, "trusted proxies");
    row.responses = lower_response_handlers(lo, in.responses);
    if (json_is_object(in.dynamic))
        lower_sources(lo, in.dynamic, &row);
    if (in.is_verbose)
        need(lo, FEATURE_VERBOSE_LOGS, handler, "verbose_logs");
    if (in.rewrite) {
        need(lo, FEATURE_PROXY_REWRITE, handler, "rewrite");
        row.rewrite = lower_rewrite(lo, in.rewrite);
    }
    return push_pools(lo, row);
}
