/* HTTP in the clear where TLS is expected: a redirect to the same place by HTTPS, as of Caddy's
 * wrapper http_redirect. The first bytes are peeked at, so that TLS finds them where they were. */
#include <string.h>

#include "http/http_private.h"

enum { FIRST_BYTES = 5 };

/* The beginnings that Caddy knows. */
static bool looks_like_http(const char *bytes)
{
    static const char *const starts[] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (memcmp(bytes, starts[i], FIRST_BYTES) == 0)
            return true;
    return false;
}

static void redirect(struct http_connection *connection, struct h1_head *head, const char *bytes)
{
    struct arena arena = ARENA_INIT;
    struct http_headers headers = head_keep(&arena, head, bytes);
    struct str host = headers_get(&headers, HEADER_HOST);
    struct head_writer writer;
    head_begin(&writer, &connection->stream);
    head_text(&writer, STR("HTTP/1.0 308 Permanent Redirect\r\nLocation: https://"));
    head_text(&writer, host);
    head_text(&writer, head->target);
    head_text(&writer, STR("\r\nContent-Length: 0\r\n\r\n"));
    head_end(&writer);
    arena_free(&arena);
    connection_finish(connection);
}

/* A head that is complete is answered; other ends of it close the connection without a word. */
static void take_head(struct http_connection *connection, struct str input)
{
    struct http_server *server = connection->server;
    size_t limit = server->config.redirected_head_bytes;
    if (limit > LOOP_SHARED_BYTES)
        limit = LOOP_SHARED_BYTES;
    struct h1_head head;
    enum h1_result result = H1_FULL;
    while (result == H1_FULL) {
        head = (struct h1_head){.headers = server->scratch.at, .cap = server->scratch.cap};
        result = h1_parse_request(&head, input.ptr, input.len);
        if (result == H1_FULL)
            scratch_grow(&server->scratch);
    }
    bool is_over = connection->stream.hangup || input.len >= limit;
    if (result == H1_MORE && !is_over) {
        connection->stream.readable = false; /* until more comes */
        return;
    }
    if (result != H1_DONE) {
        connection_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    connection->stream.events = &h1_server_events;
    connection->timer.fire = h1_server_timer;
    redirect(connection, &head, input.ptr);
}

static void readable(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    char *buffer = loop_read_buffer(stream->loop);
    ssize_t got = stream_peek_socket(stream, buffer, LOOP_SHARED_BYTES);
    if (got == STREAM_AGAIN)
        return;
    if (got <= 0 || (got < FIRST_BYTES && stream->hangup)) {
        connection_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    if (got < FIRST_BYTES) {
        stream->readable = false;
        return;
    }
    buffer[got] = '\0';
    if (looks_like_http(buffer)) {
        take_head(connection, str_make(buffer, (size_t)got));
        return;
    }
    stream->events = &h1_server_events;
    connection->timer.fire = h1_server_timer;
    if (connection_begin(connection))
        stream->events->readable(stream);
}

static void drained(struct stream *stream)
{
    (void)stream; /* nothing is written before the redirect */
}

static void broken(struct stream *stream)
{
    connection_close(CONTAINER_OF(stream, struct http_connection, stream), HTTP_END_CLIENT_GONE);
}

static const struct stream_events misdirected_events = {
    .readable = readable,
    .drained = drained,
    .broken = broken,
};

static void timed_out(struct timer *timer)
{
    connection_close(CONTAINER_OF(timer, struct http_connection, timer), HTTP_END_CLIENT_GONE);
}

void misdirected_begin(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    connection->stream.events = &misdirected_events;
    connection->timer.fire = timed_out;
    timer_start(server->loop, &connection->timer, server->config.read_header_timeout_ns);
}
