/* One thread of the proxy. Every worker listens on every port (SO_REUSEPORT) and keeps its own
 * connections to every upstream, so that a request never leaves its thread. */

#include "proxy/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/client.h"
#include "http/server.h"
#include "net/listen.h"
#include "proxy/control.h"
#include "proxy/core.h"
#include "proxy/encoder.h"
#include "proxy/forwarded.h"
#include "proxy/health.h"
#include "proxy/log.h"
#include "proxy/metrics.h"
#include "proxy/match.h"
#include "proxy/resolvers.h"
#include "proxy/seen_host.h"
#include "proxy/sources.h"
#include "proxy/sockets.h"
#include "proxy/transaction.h"
#include "proxy/upstream.h"

/* xorshift64*: good enough to spread requests. */
uint32_t worker_random(struct worker *worker, uint32_t limit)
{
    uint64_t x = worker->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    worker->random = x;
    return (uint32_t)(((x * UINT64_C(0x2545F4914F6CDD1D) >> 32) * limit) >> 32);
}

/* --- listening --- */

struct listen_target listener_target(const struct dt_tables *tables,
                                     const struct dt_listener *listener)
{
    static const enum listen_network networks[DT_N_NETWORKS] = {
        [DT_NETWORK_TCP] = LISTEN_TCP,   [DT_NETWORK_TCP4] = LISTEN_TCP4,
        [DT_NETWORK_TCP6] = LISTEN_TCP6, [DT_NETWORK_UNIX] = LISTEN_UNIX,
        [DT_NETWORK_FD] = LISTEN_FD,
    };
    const struct dt_server *server = &tables->servers[listener->server];
    return (struct listen_target){
        .network = networks[listener->network],
        .host = table_text(tables, listener->host),
        .zone = table_text(tables, listener->zone),
        .port = listener->port,
        .fd = (int)listener->fd,
        .unix_mode = listener->unix_mode,
        .keepalive_interval_ns = server->keepalive_interval_ns,
        .keepalive_idle_ns = server->keepalive_idle_ns,
        .keepalive_count = (int)server->keepalive_count,
    };
}

static enum http_proxy_header proxy_header_policy(const struct address *peer, void *ctx)
{
    static const enum http_proxy_header policies[] = {
        [DT_PROXY_IGNORE] = HTTP_PROXY_HEADER_IGNORE, [DT_PROXY_USE] = HTTP_PROXY_HEADER_USE,
        [DT_PROXY_REJECT] = HTTP_PROXY_HEADER_REJECT,
        [DT_PROXY_REQUIRE] = HTTP_PROXY_HEADER_REQUIRE, [DT_PROXY_SKIP] = HTTP_PROXY_HEADER_SKIP,
    };
    struct worker_server *side = ctx;
    const struct dt_tables *tables = side->worker->core->tables;
    const struct dt_proxy_header *row =
        &tables->proxy_headers[tables->servers[side->row].proxy_header];
    /* Caddy compares with zones, which no range contains */
    bool has_zone = peer->family == AF_INET6 && peer->in6.sin6_scope_id != 0;
    if (peer->family == AF_UNIX)
        return HTTP_PROXY_HEADER_USE;
    if (!has_zone && match_address(tables, row->denied, peer, (struct str){0}))
        return HTTP_PROXY_HEADER_REJECT;
    if (!has_zone && match_address(tables, row->allowed, peer, (struct str){0}))
        return HTTP_PROXY_HEADER_USE;
    return policies[row->policy];
}

static uint32_t n_sides(const struct dt_tables *tables)
{
    return tables->n_servers * 2 + tables->n_listeners;
}

static void on_request(struct http_request *request, void *ctx)
{
    struct worker_server *side = ctx;
    transaction_start(side->worker, &side->worker->core->tables->servers[side->row], request);
}

/* Caddy: over plain connections h2c is what says so, or h2 beside h1. */
static bool speaks_h2(uint8_t protocols, bool is_tls)
{
    if (is_tls)
        return protocols & DT_PROTOCOL_H2;
    return protocols & DT_PROTOCOL_H2C ||
           (protocols & DT_PROTOCOL_H2 && protocols & DT_PROTOCOL_H1);
}

/* The plain or the TLS side of a server, or one for this listener alone. */
static struct http_server *side_of(struct worker *worker, uint32_t listener_row)
{
    const struct dt_tables *tables = worker->core->tables;
    const struct dt_listener *listener = &tables->listeners[listener_row];
    uint32_t row = listener->server;
    bool is_tls = listener->is_tls;
    const struct dt_server *server = &tables->servers[row];
    uint8_t protocols = listener->protocols ? listener->protocols : server->protocols;
    uint32_t place = listener->protocols ? tables->n_servers * 2 + listener_row : row * 2 + is_tls;
    struct worker_server *side = &worker->servers[place];
    struct http_server_config config = {
        .on_request = on_request,
        .ctx = side,
        .tls = is_tls ? worker->core->server_tls[row] : NULL,
        .speaks_h2 = speaks_h2(protocols, is_tls),
        .refuses_h1 = !(protocols & DT_PROTOCOL_H1),
        .read_header_timeout_ns = server->read_header_timeout_ns,
        .idle_timeout_ns = server->idle_timeout_ns,
        .read = {server->read_idle_timeout_ns, server->read_min_rate, server->read_timeout_ns},
        .write = {server->write_idle_timeout_ns, server->write_min_rate, server->write_timeout_ns},
        .max_head_bytes = server->max_header_bytes,
        .limit = &worker->core->limit,
        .keep_underscores = server->underscore_headers.n > 0 || server->dot_headers.n > 0,
    };
    if (server->proxy_header != DT_NONE) {
        const struct dt_proxy_header *header =
            &worker->core->tables->proxy_headers[server->proxy_header];
        config.proxy_header = proxy_header_policy;
        config.proxy_header_timeout_ns = header->timeout_ns;
        config.proxy_header_in_tls = header->is_in_tls;
    }
    config.redirected_head_bytes = server->redirected_head_bytes;
    *side = (struct worker_server){worker, row, side->http};
    if (!side->http)
        side->http = http_server_new(worker->loop, &config);
    return side->http;
}

struct row_of_worker {
    struct worker *worker;
    uint32_t row; /* of listeners */
};

static int serve_socket(int fd, void *ctx)
{
    const struct row_of_worker *of = ctx;
    return http_server_listen(side_of(of->worker, of->row), fd, of->row);
}

static void interface_gone(struct interface_watch *watch, unsigned index)
{
    struct worker *worker =
        (struct worker *)((char *)watch - offsetof(struct worker, interfaces));
    http_client_interface_gone(worker->client, index);
}

/* Whether requests may go to a link-local address. */
static bool dials_zones(const struct dt_tables *tables)
{
    if (tables->n_sources > 0)
        return true;
    for (uint32_t i = 0; i < tables->n_upstreams; i++)
        if (tables->upstreams[i].zone.len > 0 ||
            tables->upstreams[i].host_kind == DT_HOST_TEMPLATE)
            return true;
    return false;
}

bool worker_open(struct worker *worker, struct core *core, unsigned index)
{
    const struct dt_tables *tables = core->tables;
    *worker = (struct worker){
        .core = core,
        .index = index,
        .loop = loop_new(),
        .servers = calloc(n_sides(tables) + 1, sizeof(struct worker_server)),
        .pools = calloc(tables->n_upstreams + 1, sizeof(struct http_pool *)),
        .seen_hosts = seen_hosts_new(),
        .forwarded = forwarded_kept_new(),
        .log_buffers = calloc(tables->n_logs + 1, sizeof(struct log_buffer)),
        .metrics = metrics_new(tables),
        .random = ((uint64_t)clock_monotonic_ns() << 20 ^ (uint64_t)getpid() << 8 ^ index) * 2 + 1,
    };
    if (!worker->loop || !worker->servers || !worker->pools || !worker->seen_hosts ||
        !worker->forwarded || !worker->log_buffers) {
        fprintf(stderr, "%s: cannot make a worker: %s\n", core->name, strerror(errno));
        return false;
    }
    worker->client = http_client_new(worker->loop);
    worker->sources = sources_open(worker);
    if (!resolvers_open(worker))
        return false;
    worker->interfaces = (struct interface_watch){.watch.fd = -1, .gone = interface_gone};
    if (dials_zones(tables))
        (void)interface_watch_open(&worker->interfaces, worker->loop);
    for (uint32_t i = 0; i < tables->n_listeners; i++) {
        struct row_of_worker of = {worker, i};
        int error = sockets_of_worker(core, i, index, serve_socket, &of);
        if (error < 0) {
            fprintf(stderr, "%s: cannot listen on %s: %s\n", core->name,
                    dt_chars(tables, tables->listeners[i].address), strerror(-error));
            return false;
        }
    }
    return true;
}

static void add_counters(struct http_counters *sum, const struct http_counters *one)
{
    sum->connections += one->connections;
    sum->open_connections += one->open_connections;
    sum->requests += one->requests;
    sum->open_requests += one->open_requests;
    for (int i = 0; i < 6; i++)
        sum->answers[i] += one->answers[i];
    sum->body_bytes_in += one->body_bytes_in;
    sum->body_bytes_out += one->body_bytes_out;
}

void worker_count(const struct worker *worker, struct http_counters *sum)
{
    for (uint32_t i = 0; i < n_sides(worker->core->tables); i++)
        if (worker->servers[i].http)
            add_counters(sum, http_server_counters(worker->servers[i].http));
}

/* --- the end --- */

static void side_drained(void *ctx)
{
    struct worker *worker = ((struct worker_server *)ctx)->worker;
    if (--worker->n_draining == 0)
        loop_stop(worker->loop);
}

static void drain(struct task *task)
{
    struct worker *worker = (struct worker *)((char *)task - offsetof(struct worker, drain));
    uint32_t n = n_sides(worker->core->tables);
    for (uint32_t i = 0; i < n; i++)
        worker->n_draining += worker->servers[i].http != NULL;
    if (worker->n_draining == 0)
        loop_stop(worker->loop);
    for (uint32_t i = 0; i < n; i++)
        if (worker->servers[i].http)
            http_server_drain(worker->servers[i].http, &worker->drains_how, side_drained,
                              &worker->servers[i]);
}

void worker_drain(struct worker *worker, const struct http_drain *how)
{
    worker->drains_how = *how;
    worker->drain.run = drain;
    loop_post(worker->loop, &worker->drain);
}

void worker_stop(struct worker *worker)
{
    loop_stop(worker->loop);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    if (worker->index == 0)
        worker->health = health_start(worker);
    loop_run(worker->loop);
    health_stop(worker->health);
    for (uint32_t i = 0; i < n_sides(worker->core->tables); i++)
        if (worker->servers[i].http)
            http_server_free(worker->servers[i].http);
    interface_watch_close(&worker->interfaces);
    sources_close(worker->sources);
    http_client_free(worker->client);
    resolvers_close(worker);
    log_flush(worker);
    upstream_free_failures(worker);
    encoders_free(worker);
    loop_thread_over();
    worker->is_over = true;
    control_worker_ended(worker);
    return NULL;
}

int worker_run(struct worker *worker)
{
    return -pthread_create(&worker->thread, NULL, run, worker);
}

void worker_close(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->core->tables->n_logs; i++)
        free(worker->log_buffers[i].ptr);
    loop_free(worker->loop);
    free(worker->servers);
    free(worker->pools);
    forwarded_kept_free(worker->forwarded);
    free(worker->seen_hosts);
    free(worker->log_buffers);
    metrics_free(worker->metrics);
    free(worker->file_buffer);
}
