/* Listeners, the list of connections, and graceful draining. */
#include "http/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_private.h"
#include "net/tls.h"

static const int64_t MINUTE_NS = 60000000000;
static const int64_t NEW_CONNECTION_GRACE_NS = 5000000000; /* Go's */

struct http_listener {
    struct listener listener;
    struct http_server *server;
    struct http_listener *next;
    uint32_t tag;
};

static void defaults(struct http_server_config *config)
{
    if (!config->read_header_timeout_ns)
        config->read_header_timeout_ns = MINUTE_NS;
    if (!config->idle_timeout_ns)
        config->idle_timeout_ns = 5 * MINUTE_NS;
    if (!config->read.idle_ns)
        config->read.idle_ns = MINUTE_NS;
    if (!config->write.idle_ns)
        config->write.idle_ns = MINUTE_NS;
    if (!config->max_head_bytes)
        config->max_head_bytes = 16 * 1024;
}

static void report_drained(struct task *task)
{
    struct http_server *server = CONTAINER_OF(task, struct http_server, drained_task);
    if (server->drained)
        server->drained(server->drained_ctx);
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_config *config)
{
    struct http_server *server = calloc(1, sizeof(*server));
    if (!server)
        return NULL;
    server->loop = loop;
    server->config = *config;
    defaults(&server->config);
    server->drained_task.run = report_drained;
    scratch_grow(&server->scratch);
    if (config->speaks_h2)
        server->h2 = h2_server_kit_new();
    return server;
}

bool connection_begin(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    if (server->config.tls && !connection->stream.tls) {
        struct tls_session *session =
            tls_accept(server->config.tls, &connection->peer, &connection->stream);
        if (!session) {
            connection_close(connection, HTTP_END_CLIENT_GONE);
            return false;
        }
        stream_use_tls(&connection->stream, session);
    }
    connection->waits_head = true;
    timer_start(server->loop, &connection->timer, server->config.read_header_timeout_ns);
    return true;
}

void http_server_connection(struct http_server *server, int fd, const struct address *peer,
                            uint32_t tag)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (!connection || server->draining) {
        free(connection);
        close(fd);
        return;
    }
    connection->server = server;
    connection->peer = *peer;
    connection->tag = tag;
    connection->resume.run = h1_server_resume;
    connection->timer.fire = h1_server_timer;
    if (stream_open(&connection->stream, server->loop, fd, &h1_server_events) < 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->next = server->connections;
    connection->link = &server->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    server->connections = connection;
    server->n_connections++;
    counter_add(&server->counters.connections, 1);
    counter_add(&server->counters.open_connections, 1);
    if (server->config.limit)
        atomic_fetch_add_explicit(&server->config.limit->open, 1, memory_order_relaxed);
    if (server->config.proxy_header)
        connection->proxy_header = server->config.proxy_header(peer, server->config.ctx);
    if (connection->proxy_header != HTTP_PROXY_HEADER_SKIP)
        proxied_begin(connection);
    else if (server->config.redirected_head_bytes)
        misdirected_begin(connection);
    else
        connection_begin(connection);
}

/* A connection is gone: listeners that wait for that may go on. */
static void make_room(struct http_server *server)
{
    if (server->config.limit)
        atomic_fetch_sub_explicit(&server->config.limit->open, 1, memory_order_relaxed);
    for (struct http_listener *ours = server->listeners; ours; ours = ours->next)
        listener_wake(&ours->listener);
}

static bool has_room(struct listener *listener)
{
    const struct http_limit *limit =
        CONTAINER_OF(listener, struct http_listener, listener)->server->config.limit;
    return !limit || atomic_load_explicit(&limit->open, memory_order_relaxed) < limit->max;
}

void server_forget(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    server->n_connections--;
    counter_add(&server->counters.open_connections, (uint64_t)-1);
    make_room(server);
    loop_free_later(server->loop, connection);
    if (server->draining && server->n_connections == 0 && !server->freed)
        loop_defer(server->loop, &server->drained_task);
}

static void accepted(struct listener *listener, const struct accepted *connection)
{
    struct http_listener *ours = CONTAINER_OF(listener, struct http_listener, listener);
    http_server_connection(ours->server, connection->fd, &connection->peer, ours->tag);
}

int http_server_listen(struct http_server *server, int fd, uint32_t tag)
{
    struct http_listener *ours = calloc(1, sizeof(*ours));
    if (!ours) {
        close(fd);
        return -12; /* ENOMEM */
    }
    ours->server = server;
    ours->tag = tag;
    ours->listener.accepted = accepted;
    ours->listener.has_room = has_room;
    int status = listener_start(&ours->listener, server->loop, fd);
    if (status < 0) {
        free(ours);
        close(fd);
        return status;
    }
    ours->next = server->listeners;
    server->listeners = ours;
    return 0;
}

static void close_listeners(struct http_server *server, bool leaves_queue)
{
    while (server->listeners) {
        struct http_listener *ours = server->listeners;
        server->listeners = ours->next;
        listener_close(&ours->listener, leaves_queue);
        loop_free_later(server->loop, ours);
    }
}

void http_server_drain(struct http_server *server, const struct http_drain *how,
                       void (*drained)(void *ctx), void *ctx)
{
    close_listeners(server, how->leaves_queue);
    server->draining = true;
    server->drain = *how;
    server->drained = drained;
    server->drained_ctx = ctx;
    struct http_connection *next;
    for (struct http_connection *connection = server->connections; connection;
         connection = next) {
        next = connection->next;
        if (connection->state == CONNECTION_H2)
            h2_server_drain(connection);
        if (connection->state == CONNECTION_TUNNEL)
            tunnel_drain(connection->tunnel);
        if (connection->state != CONNECTION_HEAD || connection->saved.len)
            continue;
        /* A connection on which nothing was asked yet may just be about to ask. */
        if (!connection->served)
            timer_start(server->loop, &connection->timer, NEW_CONNECTION_GRACE_NS);
        else if (how->idle_ns > 0)
            timer_start(server->loop, &connection->timer, how->idle_ns);
        else
            connection_close(connection, HTTP_END_DONE);
    }
    if (server->n_connections == 0)
        loop_defer(server->loop, &server->drained_task);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    server->freed = true;
    close_listeners(server, true);
    while (server->connections)
        connection_close(server->connections, HTTP_END_CLIENT_GONE);
    request_pool_free(server);
    loop_undefer(server->loop, &server->drained_task);
    free(server->scratch.at);
    h2_kit_free(server->h2);
    loop_free_later(server->loop, server);
}

const struct http_counters *http_server_counters(const struct http_server *server)
{
    return &server->counters;
}

void request_done(struct http_connection *connection, enum http_end end)
{
    struct http_server *server = connection->server;
    struct server_request *request = connection->request;
    if (!request)
        return;
    if (request->public.events && request->public.events->done)
        request->public.events->done(&request->public, end);
    connection->request = NULL;
    request_give_back(server, request);
}

const struct address *http_connection_peer(const struct http_connection *connection)
{
    return &connection->peer;
}

struct address http_connection_local(struct http_connection *connection)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    if (connection->knows_local)
        return connection->local;
    if (getsockname(connection->stream.watch.fd, (struct sockaddr *)&sa, &len) < 0)
        return (struct address){.family = AF_UNSPEC};
    return address_from((struct sockaddr *)&sa, len);
}

struct stream *http_connection_stream(struct http_connection *connection)
{
    return &connection->stream;
}

bool http_connection_is_tls(const struct http_connection *connection)
{
    return connection->stream.tls != NULL && !connection->hides_tls;
}

struct http_connection *http_connection_of(const struct stream *stream)
{
    return CONTAINER_OF(stream, struct http_connection, stream);
}

uint32_t http_connection_tag(const struct http_connection *connection)
{
    return connection->tag;
}
