/* The life of a client's connection: heads, bodies, pipelining, time-outs, and its end. */
#include <string.h>
#include <sys/socket.h>

#include "http/http_private.h"
#include "net/tls.h"

enum { HEAD_SLOP_BYTES = 4096 /* Go's */ };
static const int64_t LINGER_NS = 500000000, DRAIN_NS = 60000000000;
static const char HTTP_ON_TLS[] = "HTTP/1.0 400 Bad Request\r\n\r\n"
                                  "Client sent an HTTP request to an HTTPS server.\n";

void connection_close(struct http_connection *connection, enum http_end end)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    if (connection->state == CONNECTION_TUNNEL) {
        tunnel_close(connection->tunnel);
        return;
    }
    if (connection->state == CONNECTION_H2) {
        h2_server_close(connection, end);
        return;
    }
    connection->state = CONNECTION_CLOSED;
    request_done(connection, end);
    timer_remove(&connection->timer);
    loop_undefer(connection->server->loop, &connection->resume);
    stream_close(&connection->stream);
    saved_clear(&connection->saved);
    server_forget(connection);
}

void connection_continue(struct http_connection *connection)
{
    if (!connection->processing)
        loop_defer(connection->server->loop, &connection->resume);
}

/* False, and no timer, where the time is over already; INT64_MAX is for ever. */
static bool start_timer(struct http_connection *connection, int64_t left)
{
    if (left == INT64_MAX)
        timer_stop(&connection->timer);
    else if (left > 0)
        timer_start(connection->server->loop, &connection->timer, left);
    return left > 0;
}

static int64_t read_left(const struct http_connection *connection)
{
    int64_t now = loop_now_ns(connection->server->loop);
    const struct http_server_config *config = &connection->server->config;
    int64_t left = request_read_left(config, &connection->request->public, now, now);
    int64_t reply_left = request_reply_left(config, &connection->request->public, now);
    left = reply_left < left ? reply_left : left;
    return left > 0 ? left : 1;
}

static int64_t write_left(const struct http_connection *connection)
{
    const struct http_server *server = connection->server;
    int64_t now = loop_now_ns(server->loop);
    if (connection->request)
        return request_write_left(&server->config, &connection->request->public,
                                  stream_unsent(&connection->stream), now, now);
    return server->config.write.idle_ns > 0 ? server->config.write.idle_ns : INT64_MAX;
}

void connection_await_writes(struct http_connection *connection)
{
    int64_t left = write_left(connection);
    start_timer(connection, left > 0 ? left : 1);
}

/* Answers may have to be there in a certain time. */
static void await_reply(struct http_connection *connection)
{
    const struct http_server *server = connection->server;
    if (server->config.write.limit_ns <= 0 || !connection->request || connection->stopped_writing)
        return; /* what waits for the client has a timer already */
    int64_t left = request_reply_left(&server->config, &connection->request->public,
                                      loop_now_ns(server->loop));
    start_timer(connection, left > 0 ? left : 1);
}

void connection_finish(struct http_connection *connection)
{
    struct stream *stream = &connection->stream;
    bool clean = connection->body.complete && connection->saved.len == 0 && !stream->readable;
    if (clean) {
        stream_flush(stream);
        if (stream_unsent(stream) == 0) {
            connection_close(connection, HTTP_END_DONE);
            return;
        }
    }
    connection->state = CONNECTION_LINGER;
    connection->drained_bytes = 0;
    saved_clear(&connection->saved);
    stream_end(stream);
    connection->unsent_before = stream_unsent(stream);
    if (connection->unsent_before)
        connection_await_writes(connection);
    else
        timer_start(connection->server->loop, &connection->timer, LINGER_NS);
    stream_resume(stream);
}

/* Refuses a malformed request as Go does: a bare answer, and the end of the connection. */
static void refuse(struct http_connection *connection, enum h1_problem problem)
{
    unsigned status = h1_problem_status(problem);
    struct str name = http_status_text(status), detail = h1_problem_text(problem);
    struct head_writer writer;
    head_begin(&writer, &connection->stream);
    for (int in_body = 0; in_body < 2; in_body++) {
        head_text(&writer, in_body ? STR("") : STR("HTTP/1.1 "));
        head_number(&writer, status);
        head_text(&writer, STR(" "));
        head_text(&writer, name);
        if (detail.len && in_body) {
            head_text(&writer, STR(": "));
            head_text(&writer, detail);
        }
        if (!in_body)
            head_text(&writer, STR("\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                   "Connection: close\r\n\r\n"));
    }
    head_end(&writer);
    connection->body.complete = false;
    connection_finish(connection);
}

/* What is remembered is valid: a Host header is looked at before, and the rules for targets take an
 * authority by the same rule. */
static void remember_host(struct last_host *last, struct str host)
{
    last->len = 0;
    if (host.len == 0 || host.len > sizeof(last->bytes))
        return;
    memcpy(last->bytes, host.ptr, host.len);
    last->len = (unsigned char)host.len;
}

/* Fills the request from its head. */
static enum h1_problem request_fill(struct http_connection *connection, const struct h1_head *head,
                                    struct http_request *request)
{
    struct h1_framing framing;
    struct str last_host = str_make(connection->last_host.bytes, connection->last_host.len);
    enum h1_problem problem = h1_request_framing(head, last_host, &framing);
    if (problem)
        return problem;
    request->headers = head_headers(request->arena, head);
    request->method = head->method;
    if (head->path_len)
        request_set_usual_target(request, head->target, head->path_len);
    else
        problem = request_set_target(request, head->target);
    if (problem)
        return problem;
    if (request->host.len == 0) {
        request->host = headers_get(&request->headers, HEADER_HOST);
        request->same_host = framing.has_valid_host;
    } else {
        request->same_host = str_eq(request->host, last_host);
    }
    if (!request->same_host)
        remember_host(&connection->last_host, request->host);
    request->version = head->version;
    request->content_length = framing.content_length;
    request->expects_continue = framing.expects_continue;
    connection->keep_alive = framing.keep_alive;
    body_begin(&connection->body, &framing);
    return H1_NO_PROBLEM;
}

static void start_request(struct http_connection *connection, const struct h1_head *head,
                          struct server_request *request)
{
    struct http_server *server = connection->server;
    connection->request = request;
    request->public.connection = connection;
    enum h1_problem problem = request_fill(connection, head, &request->public);
    if (problem) {
        request_done(connection, HTTP_END_ABORTED);
        refuse(connection, problem);
        return;
    }
    timer_stop(&connection->timer);
    connection->waits_head = false;
    connection->served = true;
    connection->reading_body = connection->body_paused = false;
    connection->drained_bytes = 0;
    request->trailer_bytes = strbuf_in(&request->arena);
    connection->state = connection->body.complete ? CONNECTION_REPLY : CONNECTION_BODY;
    request_begin(server, &request->public, head->has_unusual_names);
}

/* There is no head, or none that is taken: that is said, or the rest of it awaited. */
static __attribute__((cold)) void no_head(struct http_connection *connection,
                                          const struct h1_head *head, enum h1_result result,
                                          size_t len)
{
    size_t limit = connection->server->config.max_head_bytes + HEAD_SLOP_BYTES;
    if (result == H1_BAD)
        refuse(connection, head->problem);
    else if (len > limit)
        refuse(connection, H1_PROBLEM_TOO_LARGE);
    else
        connection->head_scanned = (unsigned)len;
}

/* True where there is no end yet of a head that comes in pieces; what there is may be refused. */
static __attribute__((noinline)) bool does_not_end(struct http_connection *connection,
                                                   struct str whole)
{
    struct http_server *server = connection->server;
    size_t limit = server->config.max_head_bytes + HEAD_SLOP_BYTES;
    if (whole.len <= limit && !head_is_worth_a_look(whole, connection->head_scanned))
        return true;
    if (head_may_end(whole, connection->head_scanned))
        return false;
    struct h1_head head;
    enum h1_result result = head_look(&head, h1_parse_request, &server->scratch, whole);
    no_head(connection, &head, result, whole.len);
    return true;
}

/* Looks for a head at the start of <input>; false where there is none yet (or it was refused). */
static bool take_head(struct http_connection *connection, struct str *input)
{
    struct http_server *server = connection->server;
    struct h1_head head;
    struct str whole = *input;
    if (connection->head_scanned && does_not_end(connection, whole))
        return false;
    struct server_request *request = request_take(server, &h1_requests);
    enum h1_result result =
        head_read(&head, h1_parse_request, &request->arena, &server->scratch, whole);
    if (result != H1_DONE || head.len > server->config.max_head_bytes + HEAD_SLOP_BYTES) {
        request_put_back(server, request);
        no_head(connection, &head, result, result == H1_DONE ? head.len : whole.len);
        return false;
    }
    connection->head_scanned = 0;
    *input = str_slice(whole, head.len, whole.len);
    start_request(connection, &head, request);
    return true;
}

static void body_over(struct http_connection *connection)
{
    if (connection->state == CONNECTION_DRAIN) {
        h1_server_next(connection);
        return;
    }
    struct server_request *request = connection->request;
    connection->state = CONNECTION_REPLY;
    timer_stop(&connection->timer);
    if (!trailers_parse(strbuf_str(&request->trailer_bytes), &request->public.trailers)) {
        connection->body.complete = false;
        connection->keep_alive = false;
        if (request->public.events->body_failed)
            request->public.events->body_failed(&request->public, HTTP_BODY_BAD);
        return;
    }
    if (request->public.events->body_end)
        request->public.events->body_end(&request->public);
}

static void body_broken(struct http_connection *connection, enum http_body_failure reason)
{
    struct server_request *request = connection->request;
    connection->keep_alive = false;
    if (connection->state == CONNECTION_DRAIN) {
        connection_finish(connection);
        return;
    }
    connection->reading_body = false;
    connection->saved.len = 0;
    if (request->public.events && request->public.events->body_failed)
        request->public.events->body_failed(&request->public, reason);
    else
        connection_close(connection, HTTP_END_ABORTED);
}

/* One piece of the request body; false where it must wait. */
static bool take_body(struct http_connection *connection, struct str *input)
{
    bool draining = connection->state == CONNECTION_DRAIN;
    if (!draining && (!connection->reading_body || connection->body_paused))
        return false;
    struct http_request *request = draining ? NULL : &connection->request->public;
    struct str piece;
    switch (body_next(&connection->body, input, &piece)) {
    case H1_CHUNK_MORE:
        return false;
    case H1_CHUNK_DATA:
        if (draining) {
            connection->drained_bytes += (int64_t)piece.len;
            if (connection->drained_bytes > DRAIN_BYTES) {
                connection->keep_alive = false;
                connection_finish(connection);
                return false;
            }
        } else {
            request->body_read += piece.len;
            if (request->events->body)
                request->events->body(request, piece);
        }
        return true;
    case H1_CHUNK_TRAILER:
        if (!draining)
            strbuf_add(&connection->request->trailer_bytes, piece);
        return true;
    case H1_CHUNK_END:
        body_over(connection);
        return true;
    case H1_CHUNK_BAD:
        body_broken(connection, HTTP_BODY_BAD);
        return false;
    }
    return false;
}

/* Works through <input> as far as that goes now; the rest stays in it. */
static void process(struct http_connection *connection, struct str *input)
{
    bool goes_on = true;
    connection->processing = true;
    while (goes_on && connection->state != CONNECTION_REPLY) {
        switch ((enum connection_state)connection->state) {
        case CONNECTION_HEAD:
            if (stream_unsent(&connection->stream) > HIGH_WATER_BYTES) {
                connection->stopped_writing = true; /* pipelines wait for their answers */
                goes_on = false;
            } else {
                goes_on = input->len && take_head(connection, input);
            }
            break;
        case CONNECTION_BODY:
        case CONNECTION_DRAIN:
            goes_on = take_body(connection, input);
            break;
        case CONNECTION_LINGER:
        case CONNECTION_CLOSED:
        case CONNECTION_H2:
            input->len = 0;
            goes_on = false;
            break;
        case CONNECTION_REPLY:
        case CONNECTION_TUNNEL:
            goes_on = false;
            break;
        }
    }
    connection->processing = false;
}

/* Chooses the timer and whether to read, by what the connection waits for. */
static void settle(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct stream *stream = &connection->stream;
    bool wants_input = false;
    switch ((enum connection_state)connection->state) {
    case CONNECTION_HEAD:
        wants_input = !connection->stopped_writing;
        if (connection->saved.len && !connection->waits_head && wants_input) {
            connection->waits_head = true;
            timer_start(server->loop, &connection->timer, server->config.read_header_timeout_ns);
        }
        break;
    case CONNECTION_BODY:
        wants_input = connection->reading_body && !connection->body_paused;
        if (wants_input)
            start_timer(connection, read_left(connection));
        else
            await_reply(connection);
        break;
    case CONNECTION_DRAIN:
        wants_input = true;
        timer_start(server->loop, &connection->timer,
                    server->config.read.idle_ns > 0 ? server->config.read.idle_ns : DRAIN_NS);
        break;
    case CONNECTION_LINGER:
        wants_input = true;
        break;
    case CONNECTION_REPLY:
        await_reply(connection);
        break;
    case CONNECTION_TUNNEL:
    case CONNECTION_H2:
    case CONNECTION_CLOSED:
        return;
    }
    if (wants_input)
        stream_resume(stream);
    else
        stream_pause(stream);
}

static void input_ended(struct http_connection *connection)
{
    if (connection->state == CONNECTION_LINGER || connection->state == CONNECTION_HEAD) {
        connection->keep_alive = false;
        if (stream_unsent(&connection->stream) && connection->state == CONNECTION_HEAD) {
            connection->body.complete = true;
            connection->stream.readable = false;
            connection_finish(connection);
            return;
        }
    }
    connection_close(connection, HTTP_END_CLIENT_GONE);
}

/* What the read brought goes behind what was saved, or is used where it is. */
static void feed(struct http_connection *connection, struct str input)
{
    if (connection->state == CONNECTION_LINGER) {
        connection->drained_bytes += (int64_t)input.len;
        if (connection->drained_bytes > DRAIN_BYTES)
            connection_close(connection, HTTP_END_DONE);
        return;
    }
    if (connection->saved.len == 0) {
        process(connection, &input);
        if (connection->state != CONNECTION_CLOSED && input.len)
            saved_add(&connection->saved, input);
        return;
    }
    if (input.len)
        saved_add(&connection->saved, input);
    struct saved_input saved = connection->saved;
    connection->saved = (struct saved_input){0};
    struct str rest = str_make(saved.bytes, saved.len);
    process(connection, &rest);
    if (connection->state == CONNECTION_CLOSED || rest.len == 0) {
        saved_clear(&saved);
        return;
    }
    saved_keep(&saved, rest);
    connection->saved = saved;
}

/* Without ALPN, or by what it says; a protocol that only the configuration knows nobody speaks. */
static bool may_be_http1(const struct http_connection *connection)
{
    struct tls_info info;
    return !tls_info(&connection->stream, &info) || info.alpn.len == 0 ||
           str_has_prefix(info.alpn, STR("http/1."));
}

/* HTTP/2 or 1, by what the TLS handshake agreed on, else by how it begins. False: there is not
 * enough yet to tell (it is saved), or the connection is over. <*input> gets what was saved. */
static bool choose_version(struct http_connection *connection, struct str *input)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const struct http_server *server = connection->server;
    bool is_refused, is_h2 = connection->stream.tls && tls_speaks(&connection->stream, "h2");
    if (!connection->stream.tls && server->h2) {
        size_t len = sizeof(preface) - 1;
        if (connection->saved.len + input->len < len)
            len = connection->saved.len + input->len;
        if (connection->saved.len || len < sizeof(preface) - 1) {
            saved_add(&connection->saved, *input);
            *input = str_make(connection->saved.bytes, connection->saved.len);
        }
        is_h2 = memcmp(input->ptr, preface, len) == 0;
        if (is_h2 && len < sizeof(preface) - 1)
            return false;
    }
    connection->knows_version = true;
    is_refused = is_h2 ? !server->h2 : server->config.refuses_h1 || !may_be_http1(connection);
    if (!is_refused && (!is_h2 || h2_server_begin(connection)))
        return true;
    connection_close(connection, HTTP_END_CLIENT_GONE);
    return false;
}

/* The connection's first bytes. */
static void feed_first(struct http_connection *connection, struct str input)
{
    if (!choose_version(connection, &input))
        return;
    struct saved_input saved = connection->saved;
    connection->saved = (struct saved_input){0};
    if (connection->h2)
        h2_server_feed(connection, input);
    else
        feed(connection, input);
    saved_clear(&saved);
}

/* Plain HTTP on a TLS port is told so; other handshakes that fail just end. */
static void read_failed(struct http_connection *connection)
{
    struct stream *stream = &connection->stream;
    if (connection->state == CONNECTION_HEAD && stream->tls && tls_peer_spoke_http(stream)) {
        stream_use_tls(stream, NULL);
        stream_write(stream, str_make(HTTP_ON_TLS, sizeof(HTTP_ON_TLS) - 1));
        connection_finish(connection);
        return;
    }
    connection_close(connection, HTTP_END_CLIENT_GONE);
}

/* Uses what the connection's stream brought. False: somebody else reads on. */
static bool use_input(struct http_connection *connection, struct str input)
{
    struct stream *stream = &connection->stream;
    if (connection->knows_version)
        feed(connection, input);
    else
        feed_first(connection, input);
    if (connection->state == CONNECTION_H2) {
        stream->events->readable(stream);
        return false;
    }
    settle(connection);
    if (stream->paused && stream->hangup && connection->state != CONNECTION_CLOSED)
        h1_server_events.hangup(stream);
    return true;
}

static void readable(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    char *buffer = loop_read_buffer(stream->loop);
    while (connection->state != CONNECTION_CLOSED && connection->state != CONNECTION_TUNNEL &&
           !stream->paused) {
        ssize_t got = stream_read(stream, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got == 0) {
            input_ended(connection);
            return;
        }
        if (got < 0) {
            read_failed(connection);
            return;
        }
        buffer[got] = '\0';
        if (!use_input(connection, str_make(buffer, (size_t)got)))
            return;
    }
}

void h1_server_feed(struct http_connection *connection, struct str input)
{
    if (input.len == 0 || use_input(connection, input))
        readable(&connection->stream);
}

/* The peer closed its direction while we are busy: as in Go that means it has gone, unless it sent
 * more requests before. */
static void hangup(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    char byte;
    ssize_t got;
    if (connection->state == CONNECTION_CLOSED || connection->saved.len)
        return;
    if (stream->tls) {
        got = stream_read(stream, &byte, 1);
        if (got > 0)
            saved_add(&connection->saved, str_make(&byte, 1));
        if (got == STREAM_AGAIN)
            return;
    } else {
        got = recv(stream->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    }
    if (got <= 0)
        connection_close(connection, HTTP_END_CLIENT_GONE);
}

static void broken(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    connection_close(connection, HTTP_END_CLIENT_GONE);
}

/* How long the client may take to ask again. */
static int64_t idle_ns(const struct http_server *server)
{
    return server->draining ? server->drain.idle_ns : server->config.idle_timeout_ns;
}

static void drained(struct stream *stream)
{
    struct http_connection *connection = CONTAINER_OF(stream, struct http_connection, stream);
    if (connection->state == CONNECTION_LINGER) {
        bool clean = connection->body.complete && !stream->readable;
        if (clean)
            connection_close(connection, HTTP_END_DONE);
        else
            timer_start(stream->loop, &connection->timer, LINGER_NS);
        return;
    }
    if (connection->state == CONNECTION_HEAD && !connection->waits_head)
        timer_start(stream->loop, &connection->timer, idle_ns(connection->server));
    if (!connection->stopped_writing)
        return;
    connection->stopped_writing = false;
    if (connection->state != CONNECTION_BODY || !connection->reading_body) {
        timer_stop(&connection->timer);
        await_reply(connection);
    }
    struct server_request *request = connection->request;
    if (!request) {
        h1_server_next(connection);
        return;
    }
    if (request->public.events && request->public.events->drained)
        request->public.events->drained(&request->public);
}

void h1_server_resume(struct task *task)
{
    struct http_connection *connection = CONTAINER_OF(task, struct http_connection, resume);
    if (connection->saved.len || connection->state == CONNECTION_BODY ||
        connection->state == CONNECTION_DRAIN)
        feed(connection, str_make(NULL, 0));
    settle(connection);
}

void h1_server_next(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    /* An answer that began before a drain has not said that it is the last. */
    bool stays = connection->keep_alive && (!server->draining || server->drain.idle_ns > 0);
    if (connection->body.complete && stays) {
        connection->state = CONNECTION_HEAD;
        connection->waits_head = false;
        connection->unsent_before = stream_unsent(&connection->stream);
        if (connection->unsent_before)
            connection_await_writes(connection);
        else
            timer_start(server->loop, &connection->timer, idle_ns(server));
        if (connection->saved.len || connection->stopped_writing)
            connection_continue(connection);
        else if (!connection->processing)
            stream_resume(&connection->stream);
        return;
    }
    if (stays) {
        connection->state = CONNECTION_DRAIN;
        connection_continue(connection);
        return;
    }
    connection_finish(connection);
}

/* Restarts a write time-out while the peer takes something. */
static bool write_goes_on(struct http_connection *connection)
{
    size_t unsent = stream_unsent(&connection->stream);
    bool moved = unsent != 0 && unsent != connection->unsent_before;
    connection->unsent_before = unsent;
    return moved && start_timer(connection, write_left(connection));
}

static bool reply_is_late(const struct http_connection *connection)
{
    const struct http_server *server = connection->server;
    return connection->request && server->config.write.limit_ns > 0 &&
           request_reply_left(&server->config, &connection->request->public,
                              loop_now_ns(server->loop)) <= 0;
}

void h1_server_timer(struct timer *timer)
{
    struct http_connection *connection = CONTAINER_OF(timer, struct http_connection, timer);
    if (reply_is_late(connection)) {
        connection_close(connection, HTTP_END_CLIENT_GONE);
        return;
    }
    if (write_goes_on(connection))
        return;
    if (connection->state == CONNECTION_BODY && !connection->stopped_writing &&
        connection->reading_body) {
        body_broken(connection, HTTP_BODY_TIMEOUT);
        return;
    }
    if (connection->state == CONNECTION_HEAD && connection->waits_head &&
        head_is_malformed_so_far(&connection->saved)) {
        refuse(connection, H1_PROBLEM_HEADER);
        return;
    }
    connection_close(connection, HTTP_END_CLIENT_GONE);
}

const struct stream_events h1_server_events = {
    .readable = readable,
    .drained = drained,
    .hangup = hangup,
    .broken = broken,
};
