/* HTTP/1 to upstreams: sending requests, reading responses, and what can go wrong with them. */
#include <errno.h>
#include <string.h>

#include "http/http_private.h"

enum {
    PASS_FROM_BYTES = 8 * 1024, /* less of a body is cheaper to copy than to take through a pipe */
    LONG_BODY_BYTES = 16 * 1024,
    LONG_READ_BYTES = 4 * 1024, /* of what a head is read with, where long bodies are expected */
};

/* The request line and Host. What of them came as it is sent is not written here but returned: it
 * goes out together with the lines behind it. */
static struct str write_first_lines(struct head_writer *writer, const struct http_outgoing *request,
                                    bool is_absolute)
{
    const struct http_header *host = request->host_line;
    const char *begin = request->request_line;
    if (is_absolute) { /* Go: by the name that the client asked for */
        head_text(writer, request->method);
        head_text(writer, STR(" http://"));
        head_text(writer, request->host);
        head_text(writer, request->target);
        head_text(writer, STR(" HTTP/1.1\r\n"));
    } else if (!begin) {
        head_request_line(writer, request->method, request->target);
    }
    if (!host) {
        head_field(writer, STR("Host"), request->host);
        return (struct str){0};
    }
    if (is_absolute || !begin)
        begin = host->name.ptr;
    return str_make(begin, (size_t)(header_line_end(host) - begin));
}

static void write_head(struct http_upstream *upstream)
{
    const uint64_t left_out = header_bit(HEADER_HOST) | header_bit(HEADER_CONTENT_LENGTH) |
                              header_bit(HEADER_TRANSFER_ENCODING);
    const struct http_outgoing *request = &upstream->exchange->request;
    const struct http_forward *forward = &upstream->pool->config.forward;
    bool is_absolute = forward->kind == HTTP_FORWARD_HTTP && !forward->to_tls;
    struct head_writer writer;
    head_begin(&writer, &upstream->stream);
    struct str first = write_first_lines(&writer, request, is_absolute);
    head_list(&writer, first, request->headers, left_out);
    if (is_absolute && forward->authorization.len)
        head_field(&writer, STR("Proxy-Authorization"), forward->authorization);
    if (request->content_length < 0) {
        head_text(&writer, STR("Transfer-Encoding: chunked\r\n"));
    } else if (request->content_length > 0 || request->zero_length) {
        char *at = head_room(&writer, LENGTH_LINE_BYTES);
        writer.at = put_length(at, (uint64_t)request->content_length);
    }
    if (upstream->pool->config.no_keep_alive && !headers_find(request->headers, HEADER_CONNECTION))
        head_text(&writer, STR("Connection: close\r\n"));
    head_text(&writer, STR("\r\n"));
    head_end(&writer);
}

/* What the timer is for depends on what is awaited; there is none by default. */
static void await_input(struct http_upstream *upstream)
{
    struct loop *loop = upstream->pool->client->loop;
    int64_t limit = upstream->pool->config.read_timeout_ns;
    if (upstream->state == UPSTREAM_HEAD && upstream->head_due_ns) {
        int64_t left = upstream->head_due_ns - loop_now_ns(loop);
        if (!limit || left < limit)
            limit = left > 0 ? left : 1;
    }
    if (limit)
        timer_start(loop, &upstream->timer, limit);
}

/* A head that keeps coming must be complete in time all the same, as in Go. */
static void await_head(struct http_upstream *upstream)
{
    const struct http_pool_config *config = &upstream->pool->config;
    upstream->head_due_ns = 0;
    if (config->head_timeout_ns)
        upstream->head_due_ns = loop_now_ns(upstream->pool->client->loop) + config->head_timeout_ns;
    await_input(upstream);
}

void h1_client_send(struct http_upstream *upstream)
{
    struct http_exchange *exchange = upstream->exchange;
    upstream->state = UPSTREAM_HEAD;
    write_head(upstream);
    if (exchange->request.content_length == 0) {
        upstream->request_sent = true;
        await_head(upstream);
    } else if (exchange->events->writable) {
        exchange->events->writable(exchange);
    }
}

static void handshake(struct http_upstream *upstream)
{
    int status = tls_handshake(&upstream->stream);
    if (status < 0) {
        exchange_fail(upstream, HTTP_FAIL_TLS, -status);
        return;
    }
    if (status == 0)
        return;
    struct http_pool *pool = upstream->pool;
    timer_stop(&upstream->timer);
    upstream->exchange->connected_ns = loop_now_ns(pool->client->loop);
    if (upstream->wants_h2 && tls_speaks(&upstream->stream, "h2")) {
        upstream_share(upstream);
        return;
    }
    if (upstream->wants_h2 && pool->config.refuses_h1) {
        exchange_fail(upstream, HTTP_FAIL_TLS, EPROTO);
        return;
    }
    upstream_keep(upstream);
}

/* TLS or not, then the request's head. */
static void begin(struct http_upstream *upstream)
{
    struct http_pool *pool = upstream->pool;
    if (!upstream->is_through && forward_is_needed(pool)) {
        forward_begin(upstream);
        return;
    }
    upstream->state = UPSTREAM_HANDSHAKE;
    if (!pool->config.tls && upstream->wants_h2) {
        upstream_share(upstream);
        return;
    }
    if (!pool->config.tls) {
        h1_client_send(upstream);
        return;
    }
    struct tls_session *session =
        tls_connect(pool->config.tls, pool->config.server_name, &pool->ticket);
    if (!session) {
        exchange_fail(upstream, HTTP_FAIL_TLS, ENOMEM);
        return;
    }
    if (!upstream->wants_h2)
        tls_offer(session, "http/1.1");
    stream_use_tls(&upstream->stream, session);
    if (pool->config.tls_timeout_ns)
        timer_start(pool->client->loop, &upstream->timer, pool->config.tls_timeout_ns);
    handshake(upstream);
}

static bool write_body(struct http_upstream *upstream, struct str data)
{
    struct http_exchange *exchange = upstream->exchange;
    if (upstream->request_sent || data.len == 0)
        return true;
    exchange->body_started = true;
    if (exchange->request.content_length < 0)
        chunk_write(&upstream->stream, data);
    else
        stream_write(&upstream->stream, data);
    if (stream_unsent(&upstream->stream) == 0)
        return true;
    upstream->write_waits = true;
    if (upstream->pool->config.write_timeout_ns)
        timer_start(upstream->pool->client->loop, &upstream->timer,
                    upstream->pool->config.write_timeout_ns);
    return false;
}

static void finish(struct http_upstream *upstream, const struct http_headers *trailers)
{
    if (upstream->request_sent)
        return;
    if (upstream->exchange->request.content_length < 0)
        last_chunk_write(&upstream->stream, trailers);
    upstream->request_sent = true;
    if (upstream->state == UPSTREAM_HEAD)
        await_head(upstream);
}

/* The response is complete: <extra> bytes behind it make the connection unusable. */
static void complete(struct http_upstream *upstream, size_t extra)
{
    struct http_exchange *exchange = upstream->exchange;
    timer_stop(&upstream->timer);
    exchange->private_connection = NULL;
    upstream->exchange = NULL;
    if (extra)
        upstream->keep_alive = false;
    upstream_put_back(upstream);
    if (exchange->events->end)
        exchange->events->end(exchange);
}

/* An interim or final head is there. False: the exchange takes no more input now. */
static bool head_complete(struct http_upstream *upstream, const struct h1_head *head,
                          struct str *rest)
{
    struct http_exchange *exchange = upstream->exchange;
    struct h1_framing framing;
    bool to_head = str_is(exchange->request.method, "HEAD");
    if (h1_response_framing(head, to_head, &framing)) {
        exchange_fail(upstream, HTTP_FAIL_BAD_HEAD, 0);
        return false;
    }
    bool is_interim = head->status < 200 && head->status != 101;
    struct http_head interim, *received = is_interim ? &interim : &exchange->head;
    *received = (struct http_head){
        .status = head->status,
        .version = head->version,
        .reason = http_status_text(head->status),
        .headers = head_headers(exchange->arena, head),
        .content_length = framing.content_length,
    };
    if (is_interim) {
        if (exchange->events->interim)
            exchange->events->interim(exchange, received);
        return upstream->exchange == exchange;
    }
    exchange->reason = head->reason;
    exchange->head_received = true;
    exchange->head_ns = loop_now_ns(upstream->pool->client->loop);
    upstream->keep_alive = framing.keep_alive;
    if (head->status == 101) {
        upstream->state = UPSTREAM_SWITCHED;
        saved_add(&upstream->saved, *rest);
        rest->len = 0;
        stream_pause(&upstream->stream);
        timer_stop(&upstream->timer);
        exchange->events->head(exchange);
        return false;
    }
    if (to_head || http_status_has_no_body(head->status))
        framing = (struct h1_framing){.content_length = 0};
    upstream->state = UPSTREAM_BODY;
    body_begin(&upstream->body, &framing);
    upstream->pass_from = PASS_FROM_BYTES;
    if (upstream->pool->config.read_timeout_ns)
        timer_start(upstream->pool->client->loop, &upstream->timer,
                    upstream->pool->config.read_timeout_ns);
    else if (!upstream->write_waits)
        timer_stop(&upstream->timer);
    exchange->events->head(exchange);
    if (upstream->exchange != exchange)
        return false;
    if (framing.content_length >= PASS_FROM_BYTES)
        batch_begin(&upstream->batch, upstream->pool->client->loop);
    upstream->pool->passes_bodies = framing.content_length >= LONG_BODY_BYTES &&
                                    exchange->events->pass &&
                                    exchange->events->pass(exchange, &upstream->stream, 0) == 0;
    return true;
}

static bool take_head(struct http_upstream *upstream, struct str *input)
{
    struct http_client *client = upstream->pool->client;
    struct h1_head head;
    struct str whole = *input;
    size_t limit = upstream->pool->config.max_head_bytes;
    if (upstream->head_scanned && whole.len <= limit &&
        !head_is_worth_a_look(whole, upstream->head_scanned))
        return false;
    enum h1_result result;
    if (upstream->head_scanned && !head_may_end(whole, upstream->head_scanned))
        result = head_look(&head, h1_parse_response, &client->scratch, whole);
    else
        result =
            head_read(&head, h1_parse_response, upstream->exchange->arena, &client->scratch, whole);
    upstream->head_scanned = result == H1_MORE ? whole.len : 0;
    if ((result == H1_MORE && whole.len > limit) || (result == H1_DONE && head.len > limit)) {
        exchange_fail(upstream, HTTP_FAIL_HEAD_TOO_LARGE, 0);
        return false;
    }
    if (result == H1_BAD) {
        exchange_fail(upstream, HTTP_FAIL_BAD_HEAD, 0);
        return false;
    }
    if (result == H1_MORE)
        return false;
    *input = str_slice(whole, head.len, whole.len);
    return head_complete(upstream, &head, input);
}

static bool take_body(struct http_upstream *upstream, struct str *input)
{
    struct http_exchange *exchange = upstream->exchange;
    struct str piece;
    switch (body_next(&upstream->body, input, &piece)) {
    case H1_CHUNK_MORE:
        return false;
    case H1_CHUNK_DATA:
        if (exchange->events->data)
            exchange->events->data(exchange, piece);
        return upstream->exchange == exchange;
    case H1_CHUNK_TRAILER:
        strbuf_add(&upstream->trailer_bytes, piece);
        return true;
    case H1_CHUNK_END:
        if (!trailers_parse(strbuf_str(&upstream->trailer_bytes), &exchange->trailers))
            exchange_fail(upstream, HTTP_FAIL_BAD_BODY, 0);
        else
            complete(upstream, input->len);
        return false;
    case H1_CHUNK_BAD:
        exchange_fail(upstream, HTTP_FAIL_BAD_BODY, 0);
        return false;
    }
    return false;
}

static void feed(struct http_upstream *upstream, struct str input)
{
    struct http_exchange *exchange = upstream->exchange;
    struct saved_input saved = {0};
    upstream->got_bytes = true;
    if (upstream->saved.len) {
        saved_add(&upstream->saved, input);
        saved = upstream->saved;
        upstream->saved = (struct saved_input){0};
        input = str_make(saved.bytes, saved.len);
    }
    bool goes_on = true;
    while (goes_on)
        goes_on = upstream->state == UPSTREAM_HEAD ? input.len && take_head(upstream, &input)
                                                   : take_body(upstream, &input);
    bool waits = upstream->exchange == exchange && upstream->state == UPSTREAM_HEAD && input.len;
    if (waits && saved.len) {
        saved_keep(&saved, input);
        upstream->saved = saved;
        return;
    }
    if (waits)
        saved_add(&upstream->saved, input);
    if (saved.bytes)
        saved_clear(&saved);
}

static void input_ended(struct http_upstream *upstream, int error)
{
    if (upstream->state == UPSTREAM_HEAD) {
        exchange_lost(upstream, HTTP_FAIL_CLOSED, error);
    } else if (upstream->state == UPSTREAM_BODY) {
        upstream->keep_alive = false;
        if (upstream->body.until_close && !error)
            complete(upstream, 0);
        else
            exchange_fail(upstream, HTTP_FAIL_TRUNCATED, error);
    } else {
        upstream_close(upstream);
    }
}

/* Nobody waits for each byte, and it is a TCP socket. */
static bool may_batch(const struct http_upstream *upstream)
{
    return !upstream->exchange->request.as_it_comes && upstream->peer.family != AF_UNIX;
}

/* A long body of a known length need not be looked at. As stream_pass; the end is told, too. */
static ssize_t pass_body(struct http_upstream *upstream)
{
    struct http_exchange *exchange = upstream->exchange;
    struct stream *stream = &upstream->stream;
    if (upstream->state != UPSTREAM_BODY || upstream->body.left < upstream->pass_from ||
        !exchange->events->pass)
        return -ENOTSUP;
    ssize_t passed = exchange->events->pass(exchange, stream, (size_t)upstream->body.left);
    if (passed == STREAM_AGAIN) {
        if (!stream->readable && may_batch(upstream))
            batch_wait(&upstream->batch, stream, upstream->body.left);
        return passed;
    }
    if (passed <= 0) {
        batch_end(&upstream->batch);
        return passed;
    }
    batch_got(&upstream->batch, (size_t)passed);
    upstream->body.left -= passed;
    upstream->pass_from = 1;
    if (upstream->pool->config.read_timeout_ns && upstream->request_sent)
        await_input(upstream);
    if (upstream->body.left > 0)
        return passed;
    char more;
    batch_end(&upstream->batch);
    upstream->body.complete = true;
    if (stream_peek_socket(stream, &more, 1) != STREAM_AGAIN)
        upstream->keep_alive = false; /* nobody asked for more */
    complete(upstream, 0);
    return passed;
}

/* What is read with a head is copied: where the pool's last answer was one to be passed on, the
 * next one probably is, too. */
static size_t read_size(const struct http_upstream *upstream)
{
    bool is_start = upstream->state == UPSTREAM_HEAD && upstream->saved.len == 0;
    return is_start && upstream->pool->passes_bodies ? LONG_READ_BYTES : LOOP_SHARED_BYTES;
}

static void readable(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    char *buffer = loop_read_buffer(stream->loop);
    if (upstream->state == UPSTREAM_FORWARD)
        forward_readable(upstream);
    if (upstream->state == UPSTREAM_HANDSHAKE)
        handshake(upstream);
    if (upstream->state == UPSTREAM_H2) {
        stream->events->readable(stream);
        return;
    }
    while (!stream->paused && upstream->state != UPSTREAM_CLOSED &&
           upstream->state != UPSTREAM_HANDSHAKE && upstream->state != UPSTREAM_FORWARD &&
           !upstream->tunnel) {
        ssize_t got = pass_body(upstream);
        if (got > 0)
            continue;
        if (got == -ENOTSUP)
            got = stream_read(stream, buffer, read_size(upstream));
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0) {
            input_ended(upstream, (int)-got);
            return;
        }
        if (upstream->state == UPSTREAM_IDLE) {
            upstream_close(upstream); /* nobody asked */
            return;
        }
        if (upstream->pool->config.read_timeout_ns && upstream->request_sent)
            await_input(upstream);
        buffer[got] = '\0';
        feed(upstream, str_make(buffer, (size_t)got));
        if (!stream->readable && upstream->state != UPSTREAM_BODY)
            return; /* a body may have to be waited for in its own way */
    }
}

/* A peer that refuses a body may have answered before it closed: that answer counts. */
static void broken(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    struct http_exchange *exchange = upstream->exchange;
    upstream->request_sent = true; /* nothing more will be */
    upstream->keep_alive = false;
    if (exchange && upstream->state == UPSTREAM_HEAD) {
        stream->readable = true;
        stream->paused = false;
        int error = stream->error;
        readable(stream);
        if (upstream->exchange != exchange || exchange->private_connection != upstream)
            return;
        if (upstream->state == UPSTREAM_HEAD)
            exchange_lost(upstream, HTTP_FAIL_WRITE, error);
        return;
    }
    if (!exchange)
        upstream_close(upstream);
    else if (upstream->state != UPSTREAM_BODY)
        exchange_fail(upstream, HTTP_FAIL_WRITE, stream->error);
}

static void drained(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    struct http_exchange *exchange = upstream->exchange;
    if (!upstream->write_waits || !exchange)
        return;
    upstream->write_waits = false;
    if (upstream->pool->config.write_timeout_ns)
        timer_stop(&upstream->timer);
    if (upstream->request_sent) {
        if (upstream->state == UPSTREAM_HEAD)
            await_head(upstream);
    } else if (exchange->events->writable) {
        exchange->events->writable(exchange);
    }
}

static void timed_out(struct timer *timer)
{
    struct http_upstream *upstream = CONTAINER_OF(timer, struct http_upstream, timer);
    const struct http_pool_config *config = &upstream->pool->config;
    if (upstream->state == UPSTREAM_H2) {
        h2_client_end(upstream);
    } else if (!upstream->exchange) {
        upstream_close(upstream);
    } else if (upstream->state == UPSTREAM_FORWARD) {
        upstream->refusal = "it does not answer";
        exchange_fail(upstream, HTTP_FAIL_FORWARD, ETIMEDOUT);
    } else if (upstream->state == UPSTREAM_HANDSHAKE) {
        exchange_fail(upstream, HTTP_FAIL_TLS_TIMEOUT, ETIMEDOUT);
    } else if (upstream->write_waits) {
        exchange_fail(upstream, HTTP_FAIL_WRITE_TIMEOUT, ETIMEDOUT);
    } else if (upstream->state == UPSTREAM_HEAD && upstream->head_due_ns &&
               upstream->head_due_ns <= loop_now_ns(upstream->pool->client->loop)) {
        exchange_fail(upstream, HTTP_FAIL_HEAD_TIMEOUT, ETIMEDOUT);
    } else if (upstream->stream.paused) {
        timer_start(upstream->pool->client->loop, timer, config->read_timeout_ns); /* our doing */
    } else {
        exchange_fail(upstream, HTTP_FAIL_READ_TIMEOUT, ETIMEDOUT);
    }
}

static const struct stream_events events = {
    .readable = readable,
    .drained = drained,
    .broken = broken,
};

const struct upstream_protocol h1_upstreams = {
    .events = &events,
    .begin = begin,
    .write = write_body,
    .finish = finish,
    .timer = timed_out,
};
