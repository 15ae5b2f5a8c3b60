/* Upgraded connections: bytes both ways with back-pressure, until either side ends. */
#include <stdlib.h>
#include <string.h>

#include "http/http_private.h"

struct http_tunnel {
    struct http_connection *client;
    struct http_upstream *upstream;
    struct timer timeout;
    bool closing; /* one side has ended; the other still has bytes to get */
};

static struct http_tunnel *of_client(struct stream *stream)
{
    return CONTAINER_OF(stream, struct http_connection, stream)->tunnel;
}

static struct http_tunnel *of_upstream(struct stream *stream)
{
    return CONTAINER_OF(stream, struct http_upstream, stream)->tunnel;
}

void tunnel_close(struct http_tunnel *tunnel)
{
    struct http_connection *client = tunnel->client;
    timer_remove(&tunnel->timeout);
    tunnel->upstream->tunnel = NULL;
    upstream_close(tunnel->upstream);
    client->tunnel = NULL;
    client->state = CONNECTION_LINGER;
    connection_close(client, HTTP_END_UPGRADED);
    free(tunnel);
}

/* Passes on what <from> has; either end's end is the end of both. */
static void pass(struct http_tunnel *tunnel, struct stream *from, struct stream *to,
                 uint64_t *count)
{
    char *buffer = loop_read_buffer(from->loop);
    while (!from->paused && !tunnel->closing) {
        ssize_t got = stream_read(from, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0) {
            stream_flush(to);
            if (stream_unsent(to) == 0) {
                tunnel_close(tunnel);
                return;
            }
            tunnel->closing = true;
            stream_pause(from);
            stream_pause(to);
            return;
        }
        *count += (uint64_t)got;
        stream_write(to, str_make(buffer, (size_t)got));
        if (stream_unsent(to))
            stream_pause(from);
    }
}

static void client_readable(struct stream *stream)
{
    struct http_tunnel *tunnel = of_client(stream);
    pass(tunnel, stream, &tunnel->upstream->stream, &tunnel->client->request->public.body_read);
}

static void upstream_readable(struct stream *stream)
{
    struct http_tunnel *tunnel = of_upstream(stream);
    pass(tunnel, stream, &tunnel->client->stream, &tunnel->client->request->public.body_sent);
}

static void may_go_on(struct http_tunnel *tunnel, struct stream *source)
{
    if (tunnel->closing)
        tunnel_close(tunnel);
    else
        stream_resume(source);
}

static void client_drained(struct stream *stream)
{
    struct http_tunnel *tunnel = of_client(stream);
    may_go_on(tunnel, &tunnel->upstream->stream);
}

static void upstream_drained(struct stream *stream)
{
    struct http_tunnel *tunnel = of_upstream(stream);
    may_go_on(tunnel, &tunnel->client->stream);
}

static void client_broken(struct stream *stream)
{
    tunnel_close(of_client(stream));
}

static void upstream_broken(struct stream *stream)
{
    tunnel_close(of_upstream(stream));
}

static const struct stream_events client_events = {
    .readable = client_readable,
    .drained = client_drained,
    .broken = client_broken,
};

static const struct stream_events upstream_events = {
    .readable = upstream_readable,
    .drained = upstream_drained,
    .broken = upstream_broken,
};

static void timed_out(struct timer *timer)
{
    tunnel_close(CONTAINER_OF(timer, struct http_tunnel, timeout));
}

/* Hands over what one side sent before the tunnel stood. */
static void pass_saved(struct saved_input *saved, struct stream *to, uint64_t *count)
{
    *count += saved->len;
    stream_write(to, str_make(saved->bytes, saved->len));
    saved_clear(saved);
}

void http_tunnel(struct http_request *request, const struct http_head *head,
                 struct http_exchange *exchange, int64_t timeout_ns)
{
    struct http_connection *client = request->connection;
    struct http_upstream *upstream = exchange->private_connection;
    struct http_tunnel *tunnel = calloc(1, sizeof(*tunnel));
    if (!tunnel)
        abort();
    exchange->private_connection = NULL;
    upstream->exchange = NULL;
    tunnel->client = client;
    tunnel->upstream = upstream;
    tunnel->timeout.fire = timed_out;
    upstream->tunnel = tunnel;
    client->tunnel = tunnel;
    http_reply_start(request, head);
    client->state = CONNECTION_TUNNEL;
    timer_stop(&client->timer);
    client->stream.events = &client_events;
    upstream->stream.events = &upstream_events;
    pass_saved(&upstream->saved, &client->stream, &request->body_sent);
    pass_saved(&client->saved, &upstream->stream, &request->body_read);
    stream_pause(&client->stream);
    stream_pause(&upstream->stream);
    stream_resume(&client->stream);
    stream_resume(&upstream->stream);
    if (timeout_ns)
        timer_start(client->server->loop, &tunnel->timeout, timeout_ns);
}
