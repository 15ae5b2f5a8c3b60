/* Upstreams at run time: their shared counters, where they are, and each worker's connections. */

#include "proxy/upstream.h"

#include <stdlib.h>

#include "base/parse.h"
#include "net/loop.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* --- availability --- */

bool upstream_is_available(const struct core *core, const struct dt_pool *pool, uint32_t row)
{
    const struct upstream_state *state = upstream_state(core, row);
    uint32_t max_requests = core->tables->upstreams[row].max_requests;
    if (atomic_load_explicit(&core->healths[row].is_down, memory_order_relaxed))
        return false;
    if (pool->fail_duration_ns > 0 &&
        atomic_load_explicit(&state->fails, memory_order_relaxed) >= pool->max_fails)
        return false;
    return max_requests == 0 ||
           atomic_load_explicit(&state->requests, memory_order_relaxed) < max_requests;
}

/* A failure that is forgotten when its time is over. */
struct remembered_failure {
    struct timer timer;
    struct upstream_state *state;
    struct remembered_failure *next, **link; /* in the worker's list; what points here */
};

static void failure_free(struct remembered_failure *failure)
{
    *failure->link = failure->next;
    if (failure->next)
        failure->next->link = failure->link;
    free(failure);
}

static void forget_failure(struct timer *timer)
{
    struct remembered_failure *failure = (struct remembered_failure *)timer;
    atomic_fetch_sub(&failure->state->fails, 1);
    failure_free(failure);
}

void upstream_free_failures(struct worker *worker)
{
    while (worker->failures)
        failure_free(worker->failures);
}

enum { MAX_REMEMBERED = 100000 };

void upstream_count_failure(struct worker *worker, const struct dt_pool *pool, uint32_t row)
{
    struct upstream_state *state = upstream_state(worker->core, row);
    if (pool->fail_duration_ns <= 0 || atomic_load(&state->fails) >= MAX_REMEMBERED)
        return;
    struct remembered_failure *failure = calloc(1, sizeof(*failure));
    if (!failure)
        return;
    failure->state = state;
    failure->timer.fire = forget_failure;
    failure->link = &worker->failures;
    failure->next = worker->failures;
    if (failure->next)
        failure->next->link = &failure->next;
    worker->failures = failure;
    atomic_fetch_add(&state->fails, 1);
    timer_start(worker->loop, &failure->timer, pool->fail_duration_ns);
}

/* --- where --- */

static enum dial_network dial_network(enum dt_network network)
{
    switch (network) {
    case DT_NETWORK_TCP4:
        return DIAL_TCP4;
    case DT_NETWORK_TCP6:
        return DIAL_TCP6;
    case DT_NETWORK_UNIX:
        return DIAL_UNIX;
    case DT_NETWORK_NONE:
    case DT_NETWORK_TCP:
    case DT_NETWORK_FD:
    case DT_N_NETWORKS:
        break;
    }
    return DIAL_TCP;
}

/* Reads "network/host:port" as it came out of a template. */
static bool parse_dial(struct transaction *tx, struct str dial, struct destination *out,
                       struct str *problem)
{
    static const struct {
        struct str name;
        enum dial_network network;
    } networks[] = {
        {STR_INIT("tcp"), DIAL_TCP},
        {STR_INIT("tcp4"), DIAL_TCP4},
        {STR_INIT("tcp6"), DIAL_TCP6},
        {STR_INIT("unix"), DIAL_UNIX},
    };
    struct str network, rest, port, before, zone = {0};
    int64_t number;
    out->target = (struct dial_target){.network = DIAL_TCP};
    if (str_cut(dial, STR("/"), &network, &rest)) {
        size_t i = 0, n = sizeof(networks) / sizeof(networks[0]);
        while (i < n && !str_eq_nocase(networks[i].name, network))
            i++;
        if (i == n) {
            *problem = str_printf(tx->arena, "upstream address \"" STR_FMT "\": unknown network",
                                  STR_ARG(dial));
            return false;
        }
        out->target.network = networks[i].network;
    } else {
        network = STR("tcp");
        rest = dial;
    }
    network = str_lower(tx->arena, network);
    out->hostport = rest;
    out->address = str_printf(tx->arena, STR_FMT "/" STR_FMT, STR_ARG(network), STR_ARG(rest));
    out->host = rest;
    out->target.host = rest;
    if (out->target.network == DIAL_UNIX)
        return rest.len > 0;
    if (split_host_port(rest, &out->host, &port) != PARSE_OK ||
        parse_go_int(port, &number) != PARSE_OK || number < 1 || number > 65535) {
        *problem = str_printf(tx->arena, "upstream address \"" STR_FMT "\" needs a host and a port",
                              STR_ARG(dial));
        return false;
    }
    if (str_cut(out->host, STR("%"), &before, &zone)) {
        out->target.zone = zone;
        out->target.host = before;
    } else {
        out->target.host = out->host;
    }
    out->port = out->target.port = (uint16_t)number;
    return true;
}

bool upstream_resolve(struct transaction *tx, uint32_t row, struct destination *out,
                      struct str *problem)
{
    const struct dt_tables *tables = tx->tables;
    const struct dt_upstream *upstream = &tables->upstreams[row];
    const struct upstream_state *state = upstream_state(tx->core, row);
    *out = (struct destination){
        .upstream = upstream,
        .requests = atomic_load_explicit(&state->requests, memory_order_relaxed),
        .fails = atomic_load_explicit(&state->fails, memory_order_relaxed),
    };
    if (upstream->host_kind == DT_HOST_TEMPLATE)
        return parse_dial(tx, template_expand(tx, upstream->dial_template), out, problem);
    out->address = table_text(tables, upstream->address);
    out->hostport = table_text(tables, upstream->hostport);
    out->host = table_text(tables, upstream->host);
    if (upstream->zone.len > 0)
        out->host = str_printf(tx->arena, STR_FMT "%%" STR_FMT, STR_ARG(out->host),
                               STR_ARG(table_text(tables, upstream->zone)));
    out->port = upstream->port;
    return true;
}

bool upstream_can_announce(struct proxying *proxying, struct str *problem)
{
    struct address client;
    if (!proxying->transport->proxy_protocol ||
        address_parse(transaction_client_ip(proxying->tx), &client))
        return true;
    *problem = STR("the client has no IP address that a PROXY header could tell");
    return false;
}

/* --- connections --- */

static bool uses_tls(const struct core *core, const struct dt_transport *transport, uint16_t port)
{
    for (uint32_t i = 0; i < transport->plain_ports.n; i++)
        if (core->tables->numbers[transport->plain_ports.first + i].value == port)
            return false;
    return transport->is_tls;
}

static void set_versions(struct http_pool_config *config, const struct dt_transport *transport)
{
    uint8_t versions = transport->versions;
    config->speaks_h2 = versions & (config->tls ? DT_PROTOCOL_H2 : DT_PROTOCOL_H2C);
    config->refuses_h1 = config->speaks_h2 && !(versions & DT_PROTOCOL_H1);
}

struct http_pool_config upstream_pool_config(const struct core *core,
                                             const struct dt_transport *transport,
                                             const struct dt_upstream *upstream)
{
    const struct dt_tables *tables = core->tables;
    uint32_t row = (uint32_t)(transport - tables->transports);
    struct http_pool_config config = {
        .target =
            {
                .network = dial_network(upstream->network),
                .host = table_text(tables, upstream->host),
                .zone = table_text(tables, upstream->zone),
                .port = upstream->port,
            },
        .tls = uses_tls(core, transport, upstream->port) ? core->transport_tls[row] : NULL,
        .dial_timeout_ns = transport->dial_timeout_ns,
        .tls_timeout_ns = transport->tls_handshake_timeout_ns,
        .head_timeout_ns = transport->response_header_timeout_ns,
        .read_timeout_ns = transport->read_timeout_ns,
        .write_timeout_ns = transport->write_timeout_ns,
        .idle_timeout_ns = transport->idle_timeout_ns,
        .max_idle = transport->max_idle_per_host,
        .max_connections = transport->max_per_host,
        .no_keep_alive = !transport->keeps_alive,
        .speaks_fastcgi = transport->fastcgi != DT_NONE,
        .max_head_bytes = (size_t)transport->max_response_header_bytes,
        .proxy_version = transport->proxy_protocol,
    };
    set_versions(&config, transport);
    if (transport->server_name != DT_NONE && tables->templates[transport->server_name].parts.n == 0)
        config.server_name = table_text(tables, tables->templates[transport->server_name].literal);
    return config;
}

/* Connections whose address, server name or PROXY header depends on the request. */
static struct http_pool *keyed_connections(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct destination *to = &proxying->destination;
    const struct dt_transport *transport = proxying->transport;
    struct str name = {0}, client = {0};
    if (transport->server_name != DT_NONE)
        name = template_expand(tx, transport->server_name);
    if (transport->proxy_protocol)
        client = transaction_client_ip(tx);
    struct str key =
        str_printf(tx->arena, "%u " STR_FMT " " STR_FMT " " STR_FMT, proxying->pool->transport,
                   STR_ARG(to->address), STR_ARG(client), STR_ARG(name));
    struct http_pool *pool = http_pool_find(tx->worker->client, key);
    if (pool)
        return pool;
    struct http_pool_config config = upstream_pool_config(tx->core, transport, to->upstream);
    if (to->upstream->host_kind == DT_HOST_TEMPLATE) {
        config.target = to->target;
        config.tls = uses_tls(tx->core, transport, to->port)
                         ? tx->core->transport_tls[proxying->pool->transport]
                         : NULL;
        set_versions(&config, transport);
    }
    config.server_name = name;
    if (transport->proxy_protocol)
        address_parse(client, &config.proxy_client); /* upstream_can_announce has seen to it */
    return http_pool_add(tx->worker->client, key, &config);
}

struct http_pool *upstream_connections(struct proxying *proxying, uint32_t row)
{
    struct transaction *tx = proxying->tx;
    const struct dt_transport *transport = proxying->transport;
    struct http_pool **pool = &tx->worker->pools[row];
    if (*pool)
        return *pool;
    const struct dt_upstream *upstream = &tx->tables->upstreams[row];
    if (upstream->host_kind == DT_HOST_TEMPLATE || transport->proxy_protocol ||
        (transport->is_tls && transport->server_name != DT_NONE &&
         tx->tables->templates[transport->server_name].parts.n > 0))
        return keyed_connections(proxying);
    struct http_pool_config config = upstream_pool_config(tx->core, transport, upstream);
    *pool = http_pool_new(tx->worker->client, &config);
    return *pool;
}
