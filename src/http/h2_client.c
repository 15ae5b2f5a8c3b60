/* Upstreams that speak HTTP/2: many exchanges over one connection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "http/h2_private.h"

enum {
    UNTOLD_STREAMS = 100, /* at once, before the peer has said how many; Go's */
    MOST_STREAMS = 1000,
    KEPT_CALLS = 128,
    MORE_FIELDS = 6, /* four pseudo-header fields, content-length, one to spare */
};

/* A connection. */
struct h2_client {
    struct h2_session session;
    struct http_upstream *upstream;
    struct h2_call *calls;
    unsigned n_calls;
    bool knows_settings;
    bool is_leaving; /* the peer takes no more streams */
};

/* A stream, and the exchange it is for; pooled. */
struct h2_call {
    struct h2_client *connection;   /* NULL: it is gone */
    struct http_exchange *exchange; /* borrowed; NULL once that is over */
    struct h2_call *next, **link;   /* in the connection's list */
    struct h2_body upload;
    struct buffer saved; /* of the answer's body, while the reader pauses */
    struct timer timer;
    struct task deliver;
    struct h2_block block;
    struct http_headers headers; /* of the block */
    int32_t id;
    bool has_head, paused, input_complete, request_sent, write_waits;
    bool is_closed; /* nghttp2 has forgotten the stream; the reader is not through yet */
};

static struct http_client *client_of(const struct h2_client *connection)
{
    return connection->upstream->pool->client;
}

static struct h2_call *call_of(struct h2_client *connection, int32_t id)
{
    return nghttp2_session_get_stream_user_data(connection->session.ng, id);
}

/* ---- The end of calls. */

/* The exchange is over, the stream may not be. */
static struct http_exchange *detach(struct h2_call *call)
{
    struct http_exchange *exchange = call->exchange;
    if (exchange)
        exchange->private_call = NULL;
    call->exchange = NULL;
    timer_stop(&call->timer);
    buffer_clear(&call->saved);
    return exchange;
}

static void call_free(struct http_client *client, struct h2_call *call)
{
    detach(call);
    timer_remove(&call->timer);
    loop_undefer(client->loop, &call->deliver);
    h2_body_clear(&call->upload);
    if (client->n_free_calls == KEPT_CALLS) {
        free(call);
        return;
    }
    client->n_free_calls++;
    call->next = client->free_calls;
    client->free_calls = call;
}

static void release(struct h2_call *call)
{
    struct h2_client *connection = call->connection;
    struct http_upstream *upstream = connection->upstream;
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    call_free(client_of(connection), call);
    if (--connection->n_calls == 0)
        timer_start(upstream->pool->client->loop, &upstream->timer,
                    upstream->pool->config.idle_timeout_ns);
    h2_session_touch(&connection->session);
    pool_wake(upstream->pool);
}

void h2_calls_free(struct http_client *client)
{
    while (client->free_calls) {
        struct h2_call *call = client->free_calls;
        client->free_calls = call->next;
        free(call);
    }
    client->n_free_calls = 0;
}

/* Nobody waits for anything more of it. */
static void give_up(struct h2_call *call)
{
    detach(call);
    if (call->is_closed)
        release(call);
    else
        h2_session_reset_stream(&call->connection->session, call->id, NGHTTP2_CANCEL);
}

static void fail(struct h2_call *call, enum http_failure failure, int error)
{
    struct http_exchange *exchange = call->exchange;
    give_up(call);
    if (exchange)
        exchange_report(exchange, failure, error);
}

static void complete(struct h2_call *call)
{
    struct http_exchange *exchange = detach(call);
    if (call->is_closed)
        release(call);
    else if (!call->request_sent)
        h2_session_reset_stream(&call->connection->session, call->id, NGHTTP2_CANCEL);
    if (exchange->events->end)
        exchange->events->end(exchange);
}

/* ---- Time. */

static void start_timer(struct h2_call *call, int64_t limit)
{
    if (limit)
        timer_start(client_of(call->connection)->loop, &call->timer, limit);
}

static bool head_is_due_first(const struct http_pool_config *config)
{
    return config->head_timeout_ns &&
           (!config->read_timeout_ns || config->head_timeout_ns < config->read_timeout_ns);
}

/* For the head, or for more of the body. */
static void await(struct h2_call *call)
{
    const struct http_pool_config *config = &call->connection->upstream->pool->config;
    if (call->write_waits)
        start_timer(call, config->write_timeout_ns);
    else if (!call->has_head && call->request_sent && head_is_due_first(config))
        start_timer(call, config->head_timeout_ns);
    else if (call->has_head || call->request_sent)
        start_timer(call, config->read_timeout_ns);
}

static void timed_out(struct timer *timer)
{
    struct h2_call *call = CONTAINER_OF(timer, struct h2_call, timer);
    if (call->write_waits)
        fail(call, HTTP_FAIL_WRITE_TIMEOUT, ETIMEDOUT);
    else if (call->paused)
        await(call); /* our doing */
    else if (!call->has_head && head_is_due_first(&call->connection->upstream->pool->config))
        fail(call, HTTP_FAIL_HEAD_TIMEOUT, ETIMEDOUT);
    else
        fail(call, HTTP_FAIL_READ_TIMEOUT, ETIMEDOUT);
}

/* ---- Answers as they come in. */

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_client *connection = user;
    struct h2_call *call = call_of(connection, frame->hd.stream_id);
    (void)ng;
    if (!call || !call->exchange)
        return 0;
    call->headers = (struct http_headers){.arena = call->exchange->arena};
    h2_block_begin(&call->block, call->has_head ? H2_BLOCK_TRAILERS : H2_BLOCK_RESPONSE,
                   &call->headers, connection->upstream->pool->config.max_head_bytes);
    return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    struct h2_call *call = call_of(user, frame->hd.stream_id);
    (void)ng;
    (void)flags;
    if (call && call->exchange)
        h2_block_add(&call->block, str_make((const char *)name, name_len),
                     str_make((const char *)value, value_len));
    return 0;
}

/* What nghttp2 would pass over in silence. */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                             size_t name_len, const uint8_t *value, size_t value_len,
                             uint8_t flags, void *user)
{
    struct h2_call *call = call_of(user, frame->hd.stream_id);
    (void)ng;
    (void)name;
    (void)name_len;
    (void)value;
    (void)value_len;
    (void)flags;
    if (call && call->block.problem == H2_FINE)
        call->block.problem = H2_MALFORMED;
    return 0;
}

static void take_head(struct h2_call *call, bool is_all)
{
    struct http_exchange *exchange = call->exchange;
    struct http_head head = {0};
    enum h2_problem problem = h2_block_response(&call->block, &head, is_all);
    if (problem != H2_FINE) {
        fail(call, problem == H2_TOO_LARGE ? HTTP_FAIL_HEAD_TOO_LARGE : HTTP_FAIL_BAD_HEAD, 0);
        return;
    }
    head.headers = call->headers;
    if (head.status < 200) {
        if (exchange->events->interim)
            exchange->events->interim(exchange, &head);
        return;
    }
    if (str_is(exchange->request.method, "HEAD") && !call->block.has_length)
        head.content_length = HTTP_LENGTH_UNKNOWN;
    call->has_head = true;
    exchange->head = head;
    exchange->reason = http_status_text(head.status);
    exchange->head_received = true;
    exchange->head_ns = loop_now_ns(client_of(call->connection)->loop);
    if (!call->write_waits)
        timer_stop(&call->timer);
    await(call);
    exchange->events->head(exchange);
}

static void input_complete(struct h2_call *call)
{
    call->input_complete = true;
    if (call->exchange && !call->paused && call->saved.len == 0)
        complete(call);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_client *connection = user;
    bool is_last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    struct h2_call *call;
    (void)ng;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        call = call_of(connection, frame->hd.stream_id);
        if (!call || !call->exchange)
            return 0;
        if (!call->has_head)
            take_head(call, is_last);
        else if (call->block.problem != H2_FINE)
            fail(call, HTTP_FAIL_BAD_BODY, 0);
        else
            call->exchange->trailers = call->headers;
        if (is_last)
            input_complete(call);
        return 0;
    case NGHTTP2_DATA:
        call = call_of(connection, frame->hd.stream_id);
        if (call && is_last)
            input_complete(call);
        return 0;
    case NGHTTP2_SETTINGS:
        connection->knows_settings |= !(frame->hd.flags & NGHTTP2_FLAG_ACK);
        return 0;
    case NGHTTP2_GOAWAY:
        connection->is_leaving = true;
        return 0;
    default:
        return 0;
    }
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *user)
{
    struct h2_call *call = call_of(user, id);
    (void)flags;
    /* A reader that pauses must not stop the others: only its own stream's window stays used. */
    nghttp2_session_consume_connection(ng, len);
    if (!call || !call->exchange) {
        nghttp2_session_consume_stream(ng, id, len);
        return 0;
    }
    if (call->connection->upstream->pool->config.read_timeout_ns && !call->write_waits)
        await(call);
    if (call->paused || call->saved.len) {
        buffer_add(&call->saved, (const char *)bytes, len);
        return 0;
    }
    struct http_exchange *exchange = call->exchange;
    if (exchange->events->data)
        exchange->events->data(exchange, str_make((const char *)bytes, len));
    nghttp2_session_consume_stream(ng, id, len);
    return 0;
}

static void deliver(struct task *task)
{
    struct h2_call *call = CONTAINER_OF(task, struct h2_call, deliver);
    struct h2_session *session = &call->connection->session;
    struct http_exchange *exchange = call->exchange;
    while (exchange && !call->paused && call->saved.len) {
        struct iovec piece;
        buffer_peek(&call->saved, &piece, 1);
        if (exchange->events->data)
            exchange->events->data(exchange, str_make(piece.iov_base, piece.iov_len));
        if (exchange->private_call != call)
            return;
        buffer_consume(&call->saved, piece.iov_len);
        nghttp2_session_consume_stream(session->ng, call->id, piece.iov_len);
        h2_session_touch(session);
    }
    if (exchange && call->input_complete && !call->paused)
        complete(call);
}

/* The peer has reset the stream, or we have, because of what it sent. */
static enum http_failure failure_of(const struct h2_call *call, uint32_t code)
{
    if (code == NGHTTP2_PROTOCOL_ERROR)
        return call->has_head ? HTTP_FAIL_BAD_BODY : HTTP_FAIL_BAD_HEAD;
    return call->has_head ? HTTP_FAIL_TRUNCATED : HTTP_FAIL_CLOSED;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    struct h2_call *call = call_of(user, id);
    if (!call)
        return 0;
    nghttp2_session_set_stream_user_data(ng, id, NULL);
    if (call->exchange && call->input_complete) {
        call->is_closed = true;
        return 0;
    }
    enum http_failure failure = failure_of(call, code);
    struct http_exchange *exchange = detach(call);
    release(call);
    if (exchange && code == NGHTTP2_REFUSED_STREAM)
        exchange_refused(exchange, failure);
    else if (exchange)
        exchange_report(exchange, failure, 0);
    return 0;
}

/* ---- Requests. */

static void upload_drained(struct h2_body *body)
{
    struct h2_call *call = CONTAINER_OF(body, struct h2_call, upload);
    struct http_exchange *exchange = call->exchange;
    if (!call->write_waits || !exchange)
        return;
    call->write_waits = false;
    timer_stop(&call->timer);
    await(call);
    if (!call->request_sent && exchange->events->writable)
        exchange->events->writable(exchange);
}

static struct h2_call *call_new(struct h2_client *connection, struct http_exchange *exchange)
{
    struct http_client *client = client_of(connection);
    struct h2_call *call = client->free_calls;
    if (call) {
        client->free_calls = call->next;
        client->n_free_calls--;
    } else {
        call = malloc(sizeof(*call));
        if (!call)
            arena_exhausted();
    }
    memset(call, 0, sizeof(*call));
    call->connection = connection;
    call->exchange = exchange;
    call->timer.fire = timed_out;
    call->deliver.run = deliver;
    call->next = connection->calls;
    call->link = &connection->calls;
    if (call->next)
        call->next->link = &call->next;
    connection->calls = call;
    connection->n_calls++;
    h2_body_begin(&call->upload, &connection->session, upload_drained);
    return call;
}

static bool is_left_out(const struct http_header *header)
{
    return header->id == HEADER_HOST || header->id == HEADER_CONTENT_LENGTH ||
           (header->id == HEADER_TE && !str_eq_nocase(header->value, STR("trailers")));
}

static struct h2_fields request_fields(struct h2_call *call)
{
    const struct http_exchange *exchange = call->exchange;
    const struct http_outgoing *request = &exchange->request;
    struct h2_fields fields;
    h2_fields_begin(&fields, exchange->arena, request->headers->n + MORE_FIELDS);
    h2_fields_add(&fields, STR(":method"), request->method);
    if (!str_is(request->method, "CONNECT")) {
        h2_fields_add(&fields, STR(":scheme"),
                      call->connection->session.stream->tls ? STR("https") : STR("http"));
        h2_fields_add(&fields, STR(":path"), request->target);
    }
    h2_fields_add(&fields, STR(":authority"), h2_sendable_value(exchange->arena, request->host));
    for (uint32_t i = 0; i < request->headers->n; i++)
        if (!is_left_out(&request->headers->at[i]))
            h2_fields_add_header(&fields, &request->headers->at[i]);
    if (request->content_length > 0 || (request->content_length == 0 && request->zero_length))
        h2_fields_add(&fields, STR("content-length"),
                      str_printf(exchange->arena, "%lld", (long long)request->content_length));
    return fields;
}

void h2_call_start(struct http_upstream *upstream, struct http_exchange *exchange)
{
    struct h2_client *connection = upstream->h2;
    struct h2_call *call = call_new(connection, exchange);
    bool has_body = exchange->request.content_length != 0;
    struct h2_fields fields = request_fields(call);
    nghttp2_data_provider provider = h2_body_provider(&call->upload);
    exchange->private_call = call;
    exchange->private_connection = NULL;
    exchange->peer = upstream->peer;
    exchange->trailers = (struct http_headers){.arena = exchange->arena};
    timer_stop(&upstream->timer);
    call->id = nghttp2_submit_request(connection->session.ng, NULL, fields.at, fields.n,
                                      has_body ? &provider : NULL, call);
    if (call->id < 0)
        arena_exhausted(); /* nothing else is left to go wrong: see h2_client_has_room */
    h2_session_touch(&connection->session);
    call->request_sent = !has_body;
    await(call);
    if (has_body && exchange->events->writable)
        exchange->events->writable(exchange);
}

bool h2_call_write(struct h2_call *call, struct str data)
{
    if (call->request_sent || call->is_closed || data.len == 0)
        return true;
    call->exchange->body_started = true;
    if (h2_body_add(&call->upload, call->id, data))
        return true;
    call->write_waits = true;
    timer_stop(&call->timer);
    await(call);
    return false;
}

void h2_call_finish(struct h2_call *call, const struct http_headers *trailers)
{
    if (call->request_sent || call->is_closed)
        return;
    call->request_sent = true;
    h2_body_end(&call->upload, call->id, trailers);
    if (!call->write_waits)
        await(call);
}

void h2_call_pause(struct h2_call *call)
{
    call->paused = true;
}

void h2_call_resume(struct h2_call *call)
{
    if (call->paused)
        loop_defer(client_of(call->connection)->loop, &call->deliver);
    call->paused = false;
}

void h2_call_cancel(struct h2_call *call)
{
    if (call->connection)
        give_up(call);
    else
        detach(call); /* the connection is being taken apart */
}

/* ---- Connections. */

bool h2_client_has_room(const struct http_upstream *upstream)
{
    const struct h2_client *connection = upstream->h2;
    nghttp2_session *ng = connection->session.ng;
    uint32_t most = UNTOLD_STREAMS;
    if (connection->knows_settings)
        most = nghttp2_session_get_remote_settings(ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    if (most > MOST_STREAMS)
        most = MOST_STREAMS;
    return !connection->is_leaving && !connection->session.failed && connection->n_calls < most &&
           nghttp2_session_check_request_allowed(ng);
}

void h2_client_free(struct http_upstream *upstream)
{
    struct h2_client *connection = upstream->h2;
    while (connection->calls) {
        struct h2_call *call = connection->calls;
        connection->calls = call->next;
        call_free(client_of(connection), call);
    }
    h2_session_close(&connection->session);
    loop_free_later(upstream->pool->client->loop, connection);
    upstream->h2 = NULL;
}

/* The connection is gone, and all that was under way on it. */
static void lose(struct http_upstream *upstream, int error)
{
    struct h2_client *connection = upstream->h2;
    struct http_client *client = upstream->pool->client;
    struct h2_call *calls = connection->calls;
    connection->calls = NULL;
    for (struct h2_call *call = calls; call; call = call->next)
        call->connection = NULL;
    upstream_close(upstream);
    while (calls) {
        struct h2_call *call = calls;
        bool has_head = call->has_head;
        calls = call->next;
        struct http_exchange *exchange = detach(call);
        call_free(client, call);
        if (exchange && has_head)
            exchange_report(exchange, HTTP_FAIL_TRUNCATED, error);
        else if (exchange)
            exchange_dropped(exchange, HTTP_FAIL_CLOSED, error);
    }
}

static void flushed(struct h2_session *session)
{
    struct h2_client *connection = CONTAINER_OF(session, struct h2_client, session);
    struct http_upstream *upstream = connection->upstream;
    bool is_unused = connection->n_calls == 0;
    if (h2_session_is_over(session))
        lose(upstream, 0);
    else if (is_unused && (connection->is_leaving || upstream->pool->config.no_keep_alive))
        h2_client_end(upstream);
}

static void readable(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    char *buffer = loop_read_buffer(stream->loop);
    while (upstream->h2) {
        ssize_t got = stream_read(stream, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0 ||
            !h2_session_feed(&upstream->h2->session, str_make(buffer, (size_t)got))) {
            lose(upstream, got < 0 ? (int)-got : 0);
            return;
        }
    }
}

static void drained(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    h2_session_touch(&upstream->h2->session);
}

/* A peer that wants no more of a body may have answered before it closed: that answer counts. */
static void broken(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    int error = stream->error;
    stream->readable = true;
    readable(stream);
    if (upstream->h2)
        lose(upstream, error);
}

static const struct stream_events events = {
    .readable = readable,
    .drained = drained,
    .broken = broken,
};

void h2_client_end(struct http_upstream *upstream)
{
    struct h2_session *session = &upstream->h2->session;
    nghttp2_session_terminate_session(session->ng, NGHTTP2_NO_ERROR);
    h2_session_send(session);
    upstream_close(upstream);
}

static struct h2_kit *kit_new(void)
{
    struct h2_kit *kit = h2_kit_new();
    nghttp2_session_callbacks *callbacks = kit->callbacks;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return kit;
}

void h2_client_begin(struct http_upstream *upstream)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_CLIENT_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    struct http_client *client = upstream->pool->client;
    struct h2_client *connection = calloc(1, sizeof(*connection));
    if (!client->h2)
        client->h2 = kit_new();
    if (!connection)
        arena_exhausted();
    connection->upstream = upstream;
    connection->session.flushed = flushed;
    upstream->h2 = connection;
    upstream->state = UPSTREAM_H2;
    upstream->stream.events = &events;
    nghttp2_session *ng;
    if (!h2_session_open(&connection->session, client->h2, false, &upstream->stream))
        arena_exhausted();
    ng = connection->session.ng;
    nghttp2_submit_settings(ng, NGHTTP2_FLAG_NONE, settings,
                            sizeof(settings) / sizeof(settings[0]));
    nghttp2_session_set_local_window_size(ng, NGHTTP2_FLAG_NONE, 0, H2_CLIENT_CONNECTION_WINDOW);
    h2_session_touch(&connection->session);
}
