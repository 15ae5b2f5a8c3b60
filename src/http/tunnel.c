/* Upgraded connections: bytes both ways with back-pressure, until either side ends. */
#include <stdlib.h>
#include <string.h>

#include "http/http_private.h"

struct http_tunnel {
    struct http_connection *client;
    struct http_upstream *upstream;
    struct timer timeout, delay; /* the latter once the server drains */
    int64_t close_delay_ns;
    bool is_websocket;
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
    timer_remove(&tunnel->delay);
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

/* A WebSocket's control frame that says "going away" (RFC 6455 5.5.1, 7.4.1); what goes to a server
 * is masked. It may come in the middle of another frame, as Caddy's does. */
static void say_good_bye(struct http_tunnel *tunnel)
{
    static const char to_client[] = {(char)0x88, 2, 1001 >> 8, (char)(1001 & 0xff)};
    int64_t now = loop_now_ns(tunnel->client->server->loop);
    char mask[] = {(char)(now >> 3), (char)(now >> 11), (char)(now >> 19), (char)(now >> 27)};
    char to_upstream[] = {to_client[0], (char)(0x80 | 2), mask[0], mask[1], mask[2], mask[3],
                          (char)(to_client[2] ^ mask[0]), (char)(to_client[3] ^ mask[1])};
    stream_write(&tunnel->client->stream, str_make(to_client, sizeof(to_client)));
    stream_flush(&tunnel->client->stream);
    stream_write(&tunnel->upstream->stream, str_make(to_upstream, sizeof(to_upstream)));
    stream_flush(&tunnel->upstream->stream);
}

static void delay_over(struct timer *timer)
{
    struct http_tunnel *tunnel = CONTAINER_OF(timer, struct http_tunnel, delay);
    if (tunnel->is_websocket && !tunnel->closing)
        say_good_bye(tunnel);
    tunnel_close(tunnel);
}

void tunnel_drain(struct http_tunnel *tunnel)
{
    if (tunnel->close_delay_ns > 0)
        timer_start(tunnel->client->server->loop, &tunnel->delay, tunnel->close_delay_ns);
    else
        delay_over(&tunnel->delay);
}

/* Hands over what one side sent before the tunnel stood. */
static void pass_saved(struct saved_input *saved, struct stream *to, uint64_t *count)
{
    *count += saved->len;
    stream_write(to, str_make(saved->bytes, saved->len));
    saved_clear(saved);
}

void http_tunnel(struct http_request *request, const struct http_head *head,
                 struct http_exchange *exchange, const struct http_tunnel_options *options)
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
    tunnel->delay.fire = delay_over;
    tunnel->close_delay_ns = options->close_delay_ns;
    tunnel->is_websocket = options->is_websocket;
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
    if (options->timeout_ns)
        timer_start(client->server->loop, &tunnel->timeout, options->timeout_ns);
    if (client->server->draining)
        timer_start(client->server->loop, &tunnel->delay, options->close_delay_ns);
}
