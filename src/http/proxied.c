/* Connections that come through a load balancer: the PROXY header in front of them tells whose they
 * are. In front of TLS it is peeked at, so that what follows stays where TLS reads it. */
#include "net/proxy_header.h"

#include "http/http_private.h"

static const int64_t DEFAULT_TIMEOUT_NS = 10000000000; /* that of Caddy's library */

_Static_assert((int)PROXY_HEADER_BYTES < (int)LOOP_SHARED_BYTES, "a header fits into one read");

/* Whether somebody else reads from the socket what is behind the header. */
static bool peeks(const struct http_connection *connection)
{
    const struct http_server_config *config = &connection->server->config;
    return !connection->stream.tls && (config->tls || config->redirected_head_bytes);
}

/* Whether the connection goes on, and with which addresses. */
static bool is_welcome(struct http_connection *connection, enum proxy_header_result result,
                       const struct proxy_header *header)
{
    enum http_proxy_header policy = connection->proxy_header;
    switch (result) {
    case PROXY_HEADER_BAD:
    case PROXY_HEADER_PARTIAL:
        return false;
    case PROXY_HEADER_NONE:
    case PROXY_HEADER_MAYBE:
        return policy != HTTP_PROXY_HEADER_REQUIRE;
    case PROXY_HEADER_DONE:
        break;
    }
    if (policy == HTTP_PROXY_HEADER_REJECT)
        return false;
    if (policy != HTTP_PROXY_HEADER_IGNORE && !header->is_local) {
        connection->peer = header->source;
        connection->local = header->destination;
        connection->knows_local = true;
    }
    return true;
}

/* No more of a header comes: HTTP begins behind it in <input>, which begins with it. */
static void go_on(struct http_connection *connection, struct str input,
                  enum proxy_header_result result, const struct proxy_header *header)
{
    bool is_peeked = peeks(connection);
    size_t len = result == PROXY_HEADER_DONE ? header->len : 0;
    if (!is_welcome(connection, result, header)) {
        connection_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    connection->proxy_header = HTTP_PROXY_HEADER_SKIP;
    connection->timer.fire = h1_server_timer;
    connection->stream.events = &h1_server_events;
    if (is_peeked)
        stream_skip_socket(&connection->stream, len);
    if (is_peeked && connection->server->config.redirected_head_bytes) {
        misdirected_begin(connection);
        connection->stream.events->readable(&connection->stream);
        return;
    }
    if (!connection_begin(connection))
        return;
    struct saved_input saved = connection->saved;
    connection->saved = (struct saved_input){0};
    h1_server_feed(connection, is_peeked ? str_make("", 0) : str_slice(input, len, input.len));
    saved_clear(&saved);
}

/* Looks at the <got> bytes that came behind those that are saved. False: more are needed. */
static bool look(struct http_connection *connection, char *bytes, size_t got)
{
    struct proxy_header header;
    bytes[got] = '\0';
    struct str input = str_make(bytes, got);
    if (connection->saved.len) {
        saved_add(&connection->saved, input);
        input = str_make(connection->saved.bytes, connection->saved.len);
    }
    enum proxy_header_result result = proxy_header_parse(input, &header);
    bool is_open = result == PROXY_HEADER_MAYBE || result == PROXY_HEADER_PARTIAL;
    if (is_open && !connection->stream.hangup) {
        if (!peeks(connection) && !connection->saved.len)
            saved_add(&connection->saved, input);
        return false;
    }
    go_on(connection, input, result, &header);
    return true;
}

static void readable(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    char *buffer = loop_read_buffer(stream->loop);
    for (;;) {
        ssize_t got = peeks(connection) ? stream_peek_socket(stream, buffer, PROXY_HEADER_BYTES)
                                        : stream_read(stream, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0) {
            connection_close(connection, HTTP_END_CLIENT_GONE);
            return;
        }
        if (look(connection, buffer, (size_t)got))
            return;
        if (peeks(connection)) {
            stream->readable = false; /* until more comes */
            return;
        }
    }
}

/* What came by now is all that there is of a header. */
static void timed_out(struct timer *timer)
{
    struct http_connection *connection = CONTAINER_OF(timer, struct http_connection, timer);
    struct proxy_header header;
    struct str input = str_make(connection->saved.bytes, connection->saved.len);
    char *buffer = loop_read_buffer(connection->server->loop);
    if (connection->server->draining) {
        connection_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    if (peeks(connection)) {
        ssize_t got = stream_peek_socket(&connection->stream, buffer, PROXY_HEADER_BYTES);
        input = str_make(buffer, got > 0 ? (size_t)got : 0);
    }
    go_on(connection, input, proxy_header_parse(input, &header), &header);
}

static void drained(struct stream *stream)
{
    (void)stream; /* of TLS's handshake */
}

static void broken(struct stream *stream)
{
    connection_close(CONTAINER_OF(stream, struct http_connection, stream), HTTP_END_CLIENT_GONE);
}

static const struct stream_events proxied_events = {
    .readable = readable,
    .drained = drained,
    .broken = broken,
};

void proxied_begin(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    int64_t timeout_ns = server->config.proxy_header_timeout_ns;
    if (server->config.tls && server->config.proxy_header_in_tls) {
        if (!connection_begin(connection))
            return;
        connection->hides_tls = true;
    }
    connection->stream.events = &proxied_events;
    connection->timer.fire = timed_out;
    timer_stop(&connection->timer);
    if (timeout_ns >= 0)
        timer_start(server->loop, &connection->timer,
                    timeout_ns ? timeout_ns : DEFAULT_TIMEOUT_NS);
}
