/* Upstreams at run time: their shared counters, where they are, and each worker's connections. */

#include "proxy/upstream.h"

#include <stdlib.h>

#include "base/parse.h"
#include "net/loop.h"
#include "proxy/environment.h"
#include "proxy/forward.h"
#include "proxy/hosts.h"
#include "proxy/sources.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* --- failures --- */

/* A failure that is forgotten when its time is over. */
struct remembered_failure {
    struct timer timer;
    struct worker *worker;
    struct upstream_state *state; /* held where the upstream was found */
    bool was_found;
    struct remembered_failure *next, **link; /* in the worker's list; what points here */
};

static void failure_free(struct remembered_failure *failure)
{
    if (failure->was_found)
        hosts_release(failure->state, loop_now_ns(failure->worker->loop));
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

void upstream_count_failure(struct worker *worker, const struct dt_pool *pool,
                            const struct backend *backend)
{
    struct upstream_state *state = backend->state;
    if (pool->fail_duration_ns <= 0 || atomic_load(&state->fails) >= MAX_REMEMBERED)
        return;
    struct remembered_failure *failure = calloc(1, sizeof(*failure));
    if (!failure)
        return;
    failure->worker = worker;
    failure->state = state;
    failure->was_found = backend->found != NULL;
    if (failure->was_found)
        hosts_hold(state);
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

bool upstream_parse_dial(struct arena *arena, struct str dial, struct destination *out,
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
    out->port = 0;
    if (str_cut(dial, STR("/"), &network, &rest)) {
        size_t i = 0, n = sizeof(networks) / sizeof(networks[0]);
        while (i < n && !str_eq_nocase(networks[i].name, network))
            i++;
        if (i == n) {
            *problem = str_printf(arena, "upstream address \"" STR_FMT "\": unknown network",
                                  STR_ARG(dial));
            return false;
        }
        out->target.network = networks[i].network;
    } else {
        network = STR("tcp");
        rest = dial;
    }
    network = str_lower(arena, network);
    out->hostport = rest;
    out->address = str_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(network), STR_ARG(rest));
    out->host = rest;
    out->target.host = rest;
    if (out->target.network == DIAL_UNIX)
        return rest.len > 0;
    if (split_host_port(rest, &out->host, &port) != PARSE_OK ||
        parse_go_int(port, &number) != PARSE_OK || number < 1 || number > 65535) {
        *problem = str_printf(arena, "upstream address \"" STR_FMT "\" needs a host and a port",
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

struct dial_target upstream_target(const struct dt_tables *tables,
                                   const struct dt_upstream *upstream)
{
    return (struct dial_target){
        .network = dial_network(upstream->network),
        .host = table_text(tables, upstream->host),
        .zone = table_text(tables, upstream->zone),
        .port = upstream->port,
    };
}

/* Where it is, whatever the request; NULL where that depends on it. */
static const struct destination *destination_of(struct core *core,
                                                const struct dt_upstream *upstream)
{
    const struct dt_tables *tables = core->tables;
    if (upstream->host_kind == DT_HOST_TEMPLATE)
        return NULL;
    struct destination *where = arena_new(core->arena, struct destination);
    where->address = table_text(tables, upstream->address);
    where->hostport = table_text(tables, upstream->hostport);
    where->host = table_text(tables, upstream->host);
    if (upstream->zone.len > 0)
        where->host = str_printf(core->arena, STR_FMT "%%" STR_FMT, STR_ARG(where->host),
                                 STR_ARG(table_text(tables, upstream->zone)));
    where->port = upstream->port;
    where->target = upstream_target(tables, upstream);
    return where;
}

void upstream_make_backends(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    uint32_t n = tables->n_upstreams;
    struct backend *rows = arena_array(core->arena, struct backend, n + 1);
    core->backends = arena_array(core->arena, const struct backend *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const struct dt_upstream *upstream = &tables->upstreams[i];
        rows[i] = (struct backend){
            .dial = table_text(tables, upstream->dial),
            .state = &core->states[upstream->state],
            .health = &core->healths[i],
            .where = destination_of(core, upstream),
            .row = i,
            .max_requests = upstream->max_requests,
        };
        core->backends[i] = &rows[i];
    }
}

bool upstream_can_announce(struct proxying *proxying, struct str *problem)
{
    struct address client;
    if (address_parse(transaction_client_ip(proxying->tx), &client))
        return true;
    *problem = STR("the client has no IP address that a PROXY header could tell");
    return false;
}

bool upstream_resolve(struct proxying *proxying, struct str *problem)
{
    const struct backend *backend = proxying->backend;
    struct transaction *tx = proxying->tx;
    struct destination *to = arena_new(tx->arena, struct destination);
    proxying->destination = to;
    if (backend->found)
        return found_resolve(backend->found, tx->arena, to, problem);
    uint32_t template = tx->tables->upstreams[backend->row].dial_template;
    return upstream_parse_dial(tx->arena, template_expand(tx, template), to, problem);
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

/* The text was looked at when the tables were made: "tcp/host:port". */
static void set_local_address(struct dial_options *options, struct str text)
{
    struct str network, rest, host, port, zone = {0}, before;
    int64_t number = 0;
    if (!str_cut(text, STR("/"), &network, &rest) ||
        split_host_port(rest, &host, &port) != PARSE_OK || parse_go_int(port, &number) != PARSE_OK)
        return;
    if (str_cut(host, STR("%"), &before, &zone))
        host = before;
    if (host.len > 0 && !address_parse(host, &options->local))
        return;
    options->local_zone = zone;
    if (options->local.family == AF_INET)
        options->local.in.sin_port = htons((uint16_t)number);
    else if (options->local.family == AF_INET6)
        options->local.in6.sin6_port = htons((uint16_t)number);
}

static bool has_parts(const struct dt_tables *tables, uint32_t template)
{
    return template != DT_NONE && tables->templates[template].parts.n > 0;
}

/* DNS' root is no part of a name in certificates. */
static struct str without_root(struct str name)
{
    while (name.len > 1 && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

struct http_pool_config upstream_pool_config(const struct worker *worker,
                                             const struct dt_transport *transport,
                                             const struct dial_target *target)
{
    const struct core *core = worker->core;
    const struct dt_tables *tables = core->tables;
    uint32_t row = (uint32_t)(transport - tables->transports);
    struct http_pool_config config = {
        .target = *target,
        .tls = uses_tls(core, transport, target->port) ? core->transport_tls[row] : NULL,
        .dial =
            {
                .timeout_ns = transport->dial_timeout_ns,
                .fallback_ns = transport->dial_fallback_delay_ns,
                .probe_ns = transport->keepalive_probe_ns,
                .resolver = worker_resolver(worker, transport->resolver),
            },
        .tls_timeout_ns = transport->tls_handshake_timeout_ns,
        .head_timeout_ns = transport->response_header_timeout_ns,
        .read_timeout_ns = transport->read_timeout_ns,
        .write_timeout_ns = transport->write_timeout_ns,
        .idle_timeout_ns = transport->idle_timeout_ns,
        .max_idle = transport->max_idle_per_host,
        .group = row,
        .max_idle_in_group = transport->max_idle,
        .max_connections = transport->max_per_host,
        .no_keep_alive = !transport->keeps_alive,
        .speaks_fastcgi = transport->fastcgi != DT_NONE,
        .max_head_bytes = (size_t)transport->max_response_header_bytes,
        .proxy_version = transport->proxy_protocol,
    };
    if (transport->local_address.len > 0)
        set_local_address(&config.dial, table_text(tables, transport->local_address));
    set_versions(&config, transport);
    config.server_name = without_root(target->host);
    if (transport->server_name != DT_NONE && !has_parts(tables, transport->server_name))
        config.server_name = table_text(tables, tables->templates[transport->server_name].literal);
    return config;
}

/* Whether connections are the same whatever the request. */
static bool is_constant(const struct proxying *proxying)
{
    const struct dt_tables *tables = proxying->tx->tables;
    const struct dt_transport *transport = proxying->transport;
    const struct backend *backend = proxying->backend;
    return !transport->proxy_protocol &&
           !(transport->is_tls && has_parts(tables, transport->server_name)) &&
           !has_parts(tables, transport->forward_proxy) && (backend->found || backend->where);
}

/* Connections that are known by a key, because what they are to, or their PROXY header, depends on
 * the request or was found while requests came. */
static struct http_pool *keyed_connections(struct proxying *proxying, struct str *problem)
{
    struct transaction *tx = proxying->tx;
    const struct destination *to = proxying->destination;
    const struct dt_transport *transport = proxying->transport;
    const struct core *core = tx->worker->core;
    struct str name = {0}, client = {0}, forward = {0};
    bool has_forward = transport->forward_proxy != DT_NONE && to->target.network != DIAL_UNIX;
    if (transport->server_name != DT_NONE)
        name = template_expand(tx, transport->server_name);
    if (transport->proxy_protocol)
        client = transaction_client_ip(tx);
    if (has_forward)
        forward = template_expand(tx, transport->forward_proxy);
    else
        forward = forward_by_environment(core, transport, &to->target,
                                         uses_tls(core, transport, to->target.port), problem);
    if (problem->len > 0)
        return NULL;
    struct str key = str_printf(tx->arena, "%u " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                                proxying->pool->transport, STR_ARG(to->address), STR_ARG(client),
                                STR_ARG(name), STR_ARG(forward));
    struct http_pool *pool = http_pool_find(tx->worker->client, key);
    if (pool)
        return pool;
    struct http_pool_config config = upstream_pool_config(tx->worker, transport, &to->target);
    if (name.len > 0)
        config.server_name = name;
    if (transport->proxy_protocol)
        address_parse(client, &config.proxy_client); /* upstream_can_announce has seen to it */
    if ((has_forward || forward.len > 0) &&
        !forward_set(&config, forward, to->host, to->hostport, core, proxying->pool->transport,
                     tx->arena, problem))
        return NULL;
    return http_pool_add(tx->worker->client, key, &config);
}

struct http_pool *upstream_find_connections(struct proxying *proxying, struct str *problem)
{
    struct transaction *tx = proxying->tx;
    const struct dt_transport *transport = proxying->transport;
    const struct backend *backend = proxying->backend;
    struct http_pool **kept = backend->found ? found_connections(backend->found)
                                             : &tx->worker->pools[backend->row];
    if (*kept)
        return *kept;
    if (!is_constant(proxying))
        return keyed_connections(proxying, problem);
    if (backend->found || transport->forward_proxy != DT_NONE ||
        environment_has_proxies(tx->worker->core->environment)) {
        *kept = keyed_connections(proxying, problem);
        if (*kept)
            http_pool_hold(*kept);
        return *kept;
    }
    struct http_pool_config config =
        upstream_pool_config(tx->worker, transport, &proxying->destination->target);
    *kept = http_pool_new(tx->worker->client, &config);
    return *kept;
}
