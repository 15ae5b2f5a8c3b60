/* Clients that speak HTTP/2: streams become requests, and what ends them. */
#include <stdlib.h>
#include <string.h>

#include "http/h2_server_private.h"

static const int64_t LONGEST_TICK_NS = 10000000000, SHORTEST_TICK_NS = 20000000;
static const int64_t GOAWAY_AFTER_NS = 1000000000;
/* How long a client that has its answer may go on sending before its stream is reset. */
static const int64_t DROP_FOR_NS = 1000000000;

struct server_request *h2_request_of(struct http_request *request)
{
    return CONTAINER_OF(request, struct server_request, public);
}

static struct server_request *request_of_stream(struct h2_server *server, int32_t id)
{
    return nghttp2_session_get_stream_user_data(server->session.ng, id);
}

/* Bytes of a body that were received are used up, or never will be: the peer may send more. */
static void consume(struct server_request *request, size_t len)
{
    if (len)
        nghttp2_session_consume(request->h2.server->session.ng, request->h2.id, len);
}

/* How often the connection looks for streams that do not move. */
static int64_t tick_ns(const struct http_server_config *config)
{
    const int64_t times[] = {config->read.idle_ns, config->write.idle_ns, config->read.limit_ns,
                             config->write.limit_ns};
    int64_t shortest = config->read_header_timeout_ns;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (times[i] > 0 && times[i] < shortest)
            shortest = times[i];
    shortest /= 4;
    if (shortest > LONGEST_TICK_NS)
        return LONGEST_TICK_NS;
    return shortest < SHORTEST_TICK_NS ? SHORTEST_TICK_NS : shortest;
}

/* The connection's tick comes in <ns>, or before. */
static void tick_within(struct http_connection *connection, int64_t ns)
{
    struct loop *loop = connection->server->loop;
    if (!timer_running(&connection->timer) || connection->timer.due_ns > loop_now_ns(loop) + ns)
        timer_start(loop, &connection->timer, ns);
}

/* ---- The end of requests. */

void h2_request_end(struct server_request *request, enum http_end end)
{
    struct h2_stream *stream = &request->h2;
    size_t unused = stream->saved.len;
    bool ran = stream->runs;
    stream->runs = false;
    stream->is_over = true;
    loop_undefer(stream->server->session.stream->loop, &stream->deliver);
    buffer_clear(&stream->saved);
    consume(request, unused);
    if (ran && request->public.events && request->public.events->done)
        request->public.events->done(&request->public, end);
}

static void release(struct server_request *request)
{
    struct h2_stream *stream = &request->h2;
    *stream->link = stream->next;
    if (stream->next)
        stream->next->h2.link = stream->link;
    h2_body_clear(&stream->reply);
    stream->server->n_requests--;
    request_give_back(stream->server->connection->server, request);
}

/* ---- Requests as they come in. */

static struct server_request *request_open(struct h2_server *server, int32_t id)
{
    struct http_connection *connection = server->connection;
    struct server_request *request = request_take(connection->server, &h2_requests);
    struct h2_stream *stream = &request->h2;
    memset(stream, 0, sizeof(*stream));
    request->public.connection = connection;
    request->public.headers.arena = request->public.trailers.arena = &request->arena;
    stream->server = server;
    stream->id = id;
    stream->deliver.run = h2_request_deliver;
    stream->next = server->requests;
    stream->link = &server->requests;
    if (stream->next)
        stream->next->h2.link = &stream->next;
    server->requests = request;
    server->n_requests++;
    h2_body_begin(&stream->reply, &server->session, h2_request_drained);
    return request;
}

static void remember_end(struct h2_server *server, int32_t id, bool by_us)
{
    const unsigned n = sizeof(server->ended) / sizeof(server->ended[0]);
    server->ended[server->n_ended++ % n] = (struct h2_ended){id, by_us};
}

/* More streams than there may be at once: as Go, which says so in these two ways. The client knows
 * the limit once it has confirmed our settings. */
static void refuse_stream(struct h2_server *server, int32_t id)
{
    remember_end(server, id, true);
    h2_session_reset_stream(&server->session, id,
                            server->settings_confirmed ? NGHTTP2_PROTOCOL_ERROR
                                                       : NGHTTP2_REFUSED_STREAM);
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_server *server = user;
    const struct http_server_config *config = &server->connection->server->config;
    int32_t id = frame->hd.stream_id;
    size_t limit = config->max_head_bytes + H2_HEAD_SLOP_BYTES;
    server->reads_head = true;
    server->head_since_ns = loop_now_ns(server->session.stream->loop);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        struct server_request *request = request_of_stream(server, id);
        if (request)
            h2_block_begin(&request->h2.block, H2_BLOCK_TRAILERS, &request->public.trailers, limit);
        return 0;
    }
    if (server->n_requests >= H2_SERVER_STREAMS) {
        refuse_stream(server, id);
        return 0;
    }
    struct server_request *request = request_open(server, id);
    h2_block_begin(&request->h2.block, H2_BLOCK_REQUEST, &request->public.headers, limit);
    nghttp2_session_set_stream_user_data(ng, id, request);
    return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)ng;
    (void)flags;
    struct server_request *request = request_of_stream(user, frame->hd.stream_id);
    if (request)
        h2_block_add(&request->h2.block, str_make((const char *)name, name_len),
                     str_make((const char *)value, value_len));
    return 0;
}

/* What nghttp2 would pass over in silence. */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                             size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                             void *user)
{
    (void)ng;
    (void)name;
    (void)name_len;
    (void)value;
    (void)value_len;
    (void)flags;
    struct server_request *request = request_of_stream(user, frame->hd.stream_id);
    if (request && request->h2.block.problem == H2_FINE)
        request->h2.block.problem = H2_MALFORMED;
    return 0;
}

/* As Go answers. */
static void refuse_large_head(struct server_request *request)
{
    struct http_head head = {.status = 431, .headers = {.arena = &request->arena}};
    headers_add(&head.headers, HEADER_CONTENT_TYPE, STR("text/html; charset=utf-8"));
    http_reply(&request->public, &head,
               STR("<h1>HTTP Error 431</h1><p>Request Header Field(s) Too Large</p>"));
}

static void malformed(struct server_request *request)
{
    h2_session_reset_stream(&request->h2.server->session, request->h2.id, NGHTTP2_PROTOCOL_ERROR);
    if (!request->h2.is_over)
        h2_request_end(request, HTTP_END_CLIENT_GONE);
}

static void request_start(struct server_request *request, bool is_all)
{
    struct h2_stream *stream = &request->h2;
    struct http_connection *connection = stream->server->connection;
    enum h2_problem problem = h2_block_request(&stream->block, &request->public, is_all);
    stream->input_complete = is_all;
    connection->served = true;
    timer_start(connection->server->loop, &connection->timer, tick_ns(&connection->server->config));
    switch (problem) {
    case H2_TOO_LARGE:
        request->public.version = HTTP_2;
        refuse_large_head(request);
        return;
    case H2_MALFORMED:
        malformed(request);
        return;
    case H2_FINE:
        break;
    }
    stream->runs = true;
    request_begin(connection->server, &request->public, true);
}

/* The body is complete, trailers included. */
static void input_complete(struct server_request *request)
{
    request->h2.input_complete = true;
    if (request->h2.runs)
        h2_request_deliver(&request->h2.deliver);
}

static void trailers_complete(struct server_request *request, bool is_all)
{
    if (request->h2.block.problem != H2_FINE || !is_all)
        malformed(request);
    else
        input_complete(request);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_server *server = user;
    bool is_last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    struct server_request *request;
    (void)ng;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        server->reads_head = false;
        request = request_of_stream(server, frame->hd.stream_id);
        if (!request)
            return 0;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            request_start(request, is_last);
        else
            trailers_complete(request, is_last);
        return 0;
    case NGHTTP2_DATA:
        request = request_of_stream(server, frame->hd.stream_id);
        if (request && is_last)
            input_complete(request);
        return 0;
    case NGHTTP2_RST_STREAM:
        request = request_of_stream(server, frame->hd.stream_id);
        if (request)
            request->h2.was_reset = true;
        return 0;
    case NGHTTP2_SETTINGS:
        server->settings_confirmed |= frame->hd.flags & NGHTTP2_FLAG_ACK;
        return 0;
    case NGHTTP2_PING:
        if (server->is_draining && (frame->hd.flags & NGHTTP2_FLAG_ACK))
            h2_server_goaway(server);
        return 0;
    default:
        return 0;
    }
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len,
                   void *user)
{
    struct h2_server *server = user;
    struct server_request *request = request_of_stream(server, id);
    (void)flags;
    if (!request)
        return nghttp2_session_consume_connection(ng, len);
    /* What the answer did not wait for is dropped. A client that would send all of it before it
     * looks at the answer is not left without room. */
    if (!request->h2.runs)
        return nghttp2_session_consume(ng, id, len);
    struct h2_stream *stream = &request->h2;
    stream->read_ns = loop_now_ns(server->session.stream->loop);
    if (!stream->reading || stream->paused || stream->saved.len) {
        buffer_add(&stream->saved, (const char *)bytes, len);
        return 0;
    }
    h2_request_body(request, str_make((const char *)bytes, len));
    nghttp2_session_consume(ng, id, len);
    return 0;
}

/* The answer is out. A client that still sends stops by itself when it has read it, in most cases:
 * a reset at once (RFC 9113 8.1) would make some of them forget the answer. */
static int on_frame_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_server *server = user;
    struct server_request *request = NULL;
    (void)ng;
    if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        request = request_of_stream(server, frame->hd.stream_id);
    if (!request)
        return 0;
    request->h2.answered = true;
    request->h2.read_ns = loop_now_ns(server->session.stream->loop);
    if (!request->h2.input_complete)
        tick_within(server->connection, DROP_FOR_NS);
    return 0;
}

/* RFC 9113 5.1 and 5.1.1, of streams that nghttp2 has forgotten. */
static uint32_t frame_begins(struct h2_session *session, const nghttp2_frame_hd *frame)
{
    struct h2_server *server = CONTAINER_OF(session, struct h2_server, session);
    bool is_head = frame->type == NGHTTP2_HEADERS;
    if (frame->type == NGHTTP2_PRIORITY && frame->stream_id == 0)
        return NGHTTP2_PROTOCOL_ERROR;
    if (is_head && server->n_requests >= H2_SERVER_STREAMS && h2_session_is_flooded(session))
        return NGHTTP2_ENHANCE_YOUR_CALM;
    if ((!is_head && frame->type != NGHTTP2_DATA) || frame->stream_id % 2 == 0 ||
        frame->stream_id > nghttp2_session_get_last_proc_stream_id(session->ng) ||
        nghttp2_session_find_stream(session->ng, frame->stream_id))
        return NGHTTP2_NO_ERROR;
    for (size_t i = 0; i < sizeof(server->ended) / sizeof(server->ended[0]); i++)
        if (server->ended[i].id == frame->stream_id)
            return server->ended[i].by_us ? NGHTTP2_NO_ERROR : NGHTTP2_STREAM_CLOSED;
    return is_head && server->n_ended < sizeof(server->ended) / sizeof(server->ended[0])
               ? NGHTTP2_PROTOCOL_ERROR
               : NGHTTP2_NO_ERROR;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
    (void)code;
    struct h2_server *server = user;
    struct http_connection *connection = server->connection;
    struct server_request *request = request_of_stream(server, id);
    if (!request)
        return 0;
    nghttp2_session_set_stream_user_data(ng, id, NULL);
    if (!request->h2.is_over)
        h2_request_end(request, HTTP_END_CLIENT_GONE);
    remember_end(server, id, !request->h2.input_complete && !request->h2.was_reset);
    release(request);
    if (!server->requests)
        timer_start(connection->server->loop, &connection->timer,
                    connection->server->config.idle_timeout_ns);
    return 0;
}

/* ---- The connection. */

/* Everything of HTTP/2 goes; the connection is left to end as one of HTTP/1 does. */
static void leave(struct http_connection *connection, enum http_end end)
{
    struct h2_server *server = connection->h2;
    while (server->requests) {
        struct server_request *request = server->requests;
        if (!request->h2.is_over)
            h2_request_end(request, end);
        nghttp2_session_set_stream_user_data(server->session.ng, request->h2.id, NULL);
        release(request);
    }
    h2_session_close(&server->session);
    loop_free_later(connection->server->loop, server);
    connection->h2 = NULL;
    connection->state = CONNECTION_HEAD;
    connection->stream.events = &h1_server_events;
    connection->timer.fire = h1_server_timer;
    connection->keep_alive = false;
    connection->body.complete = false;
}

void h2_server_close(struct http_connection *connection, enum http_end end)
{
    leave(connection, end);
    connection_close(connection, end);
}

/* Says its last words and waits for the peer to have heard them. */
static void finish(struct http_connection *connection)
{
    leave(connection, HTTP_END_CLIENT_GONE);
    connection_finish(connection);
}

static void flushed(struct h2_session *session)
{
    struct h2_server *server = CONTAINER_OF(session, struct h2_server, session);
    struct stream *stream = session->stream;
    if (h2_session_is_over(session)) {
        finish(server->connection);
        return;
    }
    if (stream_unsent(stream) == 0)
        stream_resume(stream);
}

static void readable(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    char *buffer = loop_read_buffer(stream->loop);
    while (connection->h2 && !stream->paused) {
        ssize_t got = stream_read(stream, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0) {
            h2_server_close(connection, HTTP_END_CLIENT_GONE);
            return;
        }
        h2_server_feed(connection, str_make(buffer, (size_t)got));
    }
}

void h2_server_feed(struct http_connection *connection, struct str input)
{
    struct h2_session *session = &connection->h2->session;
    if (!h2_session_feed(session, input))
        finish(connection);
    else if (h2_session_is_clogged(session))
        stream_pause(session->stream);
}

static void drained(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    h2_session_touch(&connection->h2->session);
}

static void broken(struct stream *stream)
{
    h2_server_close(CONTAINER_OF(stream, struct http_connection, stream), HTTP_END_CLIENT_GONE);
}

static const struct stream_events events = {
    .readable = readable,
    .drained = drained,
    .hangup = broken,
    .broken = broken,
};

/* ---- Time. */

/* Streams that wait too long for their client. */
static void check_stream(struct server_request *request, int64_t now)
{
    struct h2_stream *stream = &request->h2;
    const struct http_server_config *config = &stream->server->connection->server->config;
    size_t unsent = stream->reply.queued.len;
    bool is_slow = unsent > 0 && request_write_left(config, &request->public, unsent,
                                                    stream->reply.moved_ns, now) <= 0;
    if (is_slow || (!stream->is_over && request_reply_left(config, &request->public, now) <= 0)) {
        h2_session_reset_stream(&stream->server->session, stream->id, NGHTTP2_CANCEL);
        if (!stream->is_over)
            h2_request_end(request, HTTP_END_CLIENT_GONE);
        return;
    }
    if (stream->input_complete)
        return;
    if (!stream->runs) {
        if (stream->answered && now - stream->read_ns >= DROP_FOR_NS)
            h2_session_reset_stream(&stream->server->session, stream->id, NGHTTP2_NO_ERROR);
        return;
    }
    if (!stream->reading || stream->paused || stream->saved.len > 0 ||
        request_read_left(config, &request->public, stream->read_ns, now) > 0)
        return;
    stream->reading = false;
    if (request->public.events->body_failed)
        request->public.events->body_failed(&request->public, HTTP_BODY_TIMEOUT);
}

/* False where the whole connection does not move. */
static bool connection_moves(struct http_connection *connection, int64_t now)
{
    struct h2_server *server = connection->h2;
    const struct http_server_config *config = &connection->server->config;
    size_t unsent = stream_unsent(&connection->stream);
    if (server->reads_head && now - server->head_since_ns > config->read_header_timeout_ns)
        return false;
    if (unsent != connection->unsent_before || unsent == 0)
        server->unsent_since_ns = now;
    connection->unsent_before = unsent;
    return config->write.idle_ns <= 0 || now - server->unsent_since_ns <= config->write.idle_ns;
}

static void tick(struct timer *timer)
{
    struct http_connection *connection = CONTAINER_OF(timer, struct http_connection, timer);
    struct h2_server *server = connection->h2;
    struct loop *loop = connection->server->loop;
    int64_t now = loop_now_ns(loop);
    if (!connection_moves(connection, now)) {
        h2_server_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    struct server_request *next;
    bool has_paces = false, waits_for_reset = false;
    for (struct server_request *request = server->requests; request; request = next) {
        next = request->h2.next;
        has_paces |= request->public.read_pace || request->public.write_pace;
        waits_for_reset |= request->h2.answered && !request->h2.input_complete;
        check_stream(request, now);
    }
    if (server->is_draining)
        h2_server_goaway(server);
    if (!server->requests && !server->reads_head && !server->is_draining) {
        nghttp2_session_terminate_session(server->session.ng, NGHTTP2_NO_ERROR);
        h2_session_touch(&server->session);
    }
    timer_start(loop, timer, has_paces ? SHORTEST_TICK_NS : tick_ns(&connection->server->config));
    if (waits_for_reset)
        tick_within(connection, DROP_FOR_NS);
}

/* Looks sooner than the server's own times would have it. */
void h2_request_paced(struct http_request *public)
{
    struct server_request *request = CONTAINER_OF(public, struct server_request, public);
    struct http_connection *connection = request->h2.server->connection;
    struct http_server_config config = connection->server->config;
    if (public->read_pace)
        config.read = *public->read_pace;
    if (public->write_pace)
        config.write = *public->write_pace;
    if (tick_ns(&config) < tick_ns(&connection->server->config))
        timer_start(connection->server->loop, &connection->timer, tick_ns(&config));
}

void h2_server_goaway(struct h2_server *server)
{
    nghttp2_session *ng = server->session.ng;
    if (server->goaway_sent)
        return;
    server->goaway_sent = true;
    nghttp2_submit_goaway(ng, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(ng),
                          NGHTTP2_NO_ERROR, NULL, 0);
    h2_session_touch(&server->session);
}

/* RFC 9113 6.8: first that no more streams are welcome, and, when those under way must have come,
 * which of them were. */
void h2_server_drain(struct http_connection *connection)
{
    struct h2_server *server = connection->h2;
    if (server->is_draining)
        return;
    server->is_draining = true;
    nghttp2_submit_shutdown_notice(server->session.ng);
    nghttp2_submit_ping(server->session.ng, NGHTTP2_FLAG_NONE, NULL);
    h2_session_touch(&server->session);
    timer_start(connection->server->loop, &connection->timer, GOAWAY_AFTER_NS);
}

/* ---- The beginning. */

struct h2_kit *h2_server_kit_new(void)
{
    struct h2_kit *kit = h2_kit_new();
    nghttp2_session_callbacks *callbacks = kit->callbacks;
    nghttp2_option_set_server_fallback_rfc7540_priorities(kit->option, 1);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return kit;
}

/* The limit of streams goes out in our settings, but nghttp2 does not hear of it: it would end the
 * connection of a client that exceeds it, where refuse_stream ends the stream. */
static bool greet(struct h2_server *server)
{
    enum { HEAD_BYTES = 9, SETTING_BYTES = 6 };
    const struct http_server_config *config = &server->connection->server->config;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_SERVER_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
         (uint32_t)config->max_head_bytes + H2_HEAD_SLOP_BYTES},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    const size_t n = sizeof(settings) / sizeof(settings[0]);
    static const char streams[SETTING_BYTES] = {0,
                                                NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                0,
                                                0,
                                                H2_SERVER_STREAMS >> 8,
                                                (char)H2_SERVER_STREAMS};
    nghttp2_session *ng = server->session.ng;
    const uint8_t *frame;
    if (nghttp2_submit_settings(ng, NGHTTP2_FLAG_NONE, settings, n) != 0 ||
        nghttp2_session_mem_send(ng, &frame) != (ssize_t)(HEAD_BYTES + n * SETTING_BYTES))
        return false;
    char head[HEAD_BYTES];
    memcpy(head, frame, sizeof(head));
    head[2] = (char)((n + 1) * SETTING_BYTES);
    const struct str pieces[] = {
        str_make(head, sizeof(head)),
        str_make((const char *)frame + HEAD_BYTES, n * SETTING_BYTES),
        str_make(streams, sizeof(streams)),
    };
    stream_write_pieces(server->session.stream, pieces, 3);
    return nghttp2_session_set_local_window_size(ng, NGHTTP2_FLAG_NONE, 0, H2_SERVER_WINDOW) == 0;
}

bool h2_server_begin(struct http_connection *connection)
{
    struct h2_server *server = calloc(1, sizeof(*server));
    if (!server)
        return false;
    server->connection = connection;
    server->session.flushed = flushed;
    server->session.frame_begins = frame_begins;
    if (!h2_session_open(&server->session, connection->server->h2, true, &connection->stream)) {
        free(server);
        return false;
    }
    connection->h2 = server;
    connection->state = CONNECTION_H2;
    connection->stream.events = &events;
    connection->timer.fire = tick;
    if (!greet(server)) {
        leave(connection, HTTP_END_CLIENT_GONE);
        return false;
    }
    timer_start(connection->server->loop, &connection->timer,
                connection->server->config.idle_timeout_ns);
    return true;
}
