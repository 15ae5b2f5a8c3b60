/* FastCGI to upstreams: one request on a connection, its answer taken out of records. */
#include <errno.h>
#include <string.h>

#include "http/http_private.h"

/* --- the request --- */

/* Names and values as they go into the PARAMS stream. */
static struct str pairs_of(struct arena *arena, const struct http_headers *variables)
{
    struct strbuf out = strbuf_in(arena);
    size_t bytes = variables->n * FASTCGI_LENGTHS_BYTES;
    for (uint32_t i = 0; i < variables->n; i++)
        bytes += variables->at[i].name.len + variables->at[i].value.len;
    strbuf_reserve(&out, bytes);
    for (uint32_t i = 0; i < variables->n; i++) {
        const struct http_header *variable = &variables->at[i];
        char lengths[FASTCGI_LENGTHS_BYTES];
        size_t n = fastcgi_lengths(lengths, variable->name.len, variable->value.len);
        strbuf_add(&out, str_make(lengths, n));
        strbuf_add(&out, variable->name);
        strbuf_add(&out, variable->value);
    }
    return strbuf_str(&out);
}

static void put_record(struct head_writer *writer, enum fastcgi_type type, struct str content)
{
    static const char padding[FASTCGI_MOST_PADDING];
    char header[FASTCGI_HEADER_BYTES];
    size_t n = fastcgi_header(header, type, content.len);
    head_text(writer, str_make(header, sizeof(header)));
    head_text(writer, content);
    head_text(writer, str_make(padding, n));
}

static void write_begin(struct http_upstream *upstream)
{
    const struct http_outgoing *request = &upstream->exchange->request;
    struct str pairs = pairs_of(upstream->exchange->arena, request->variables);
    char begin[FASTCGI_BEGIN_BYTES];
    struct head_writer writer;
    head_begin(&writer, &upstream->stream);
    fastcgi_begin(begin);
    head_text(&writer, str_make(begin, sizeof(begin)));
    while (pairs.len > 0) {
        struct str piece = str_slice(pairs, 0, FASTCGI_MOST_CONTENT);
        pairs = str_slice(pairs, piece.len, pairs.len);
        put_record(&writer, FASTCGI_PARAMS, piece);
    }
    put_record(&writer, FASTCGI_PARAMS, STR(""));
    if (request->content_length == 0)
        put_record(&writer, FASTCGI_STDIN, STR(""));
    head_end(&writer);
}

/* As in Caddy both times count from the connection on, and reading begins when all is sent. */
static void await(struct http_upstream *upstream)
{
    const struct http_pool_config *config = &upstream->pool->config;
    struct loop *loop = upstream->pool->client->loop;
    bool is_sent = upstream->request_sent && !upstream->write_waits;
    int64_t limit = is_sent ? config->read_timeout_ns : config->write_timeout_ns;
    int64_t passed = loop_now_ns(loop) - upstream->exchange->connected_ns;
    if (limit)
        timer_start(loop, &upstream->timer, limit > passed ? limit - passed : 0);
    else
        timer_stop(&upstream->timer);
}

static void begin(struct http_upstream *upstream)
{
    struct http_exchange *exchange = upstream->exchange;
    upstream->state = UPSTREAM_HEAD;
    if (exchange->request.content_length < 0) {
        exchange_fail(upstream, HTTP_FAIL_NO_LENGTH, 0);
        return;
    }
    upstream->request_sent = exchange->request.content_length == 0;
    write_begin(upstream);
    await(upstream);
    if (!upstream->request_sent && exchange->events->writable)
        exchange->events->writable(exchange);
}

static bool write_body(struct http_upstream *upstream, struct str data)
{
    static const char padding[FASTCGI_MOST_PADDING];
    if (upstream->request_sent || data.len == 0)
        return true;
    upstream->exchange->body_started = true;
    while (data.len > 0) {
        struct str content = str_slice(data, 0, FASTCGI_MOST_CONTENT);
        char header[FASTCGI_HEADER_BYTES];
        size_t n = fastcgi_header(header, FASTCGI_STDIN, content.len);
        struct str pieces[] = {str_make(header, sizeof(header)), content, str_make(padding, n)};
        stream_write_pieces(&upstream->stream, pieces, 3);
        data = str_slice(data, content.len, data.len);
    }
    upstream->write_waits = stream_unsent(&upstream->stream) > 0;
    return !upstream->write_waits;
}

static void finish(struct http_upstream *upstream, const struct http_headers *trailers)
{
    char header[FASTCGI_HEADER_BYTES];
    (void)trailers; /* CGI has none */
    if (upstream->request_sent)
        return;
    fastcgi_header(header, FASTCGI_STDIN, 0);
    stream_write(&upstream->stream, str_make(header, sizeof(header)));
    upstream->request_sent = true;
    upstream->write_waits = stream_unsent(&upstream->stream) > 0;
    await(upstream);
}

/* --- the answer --- */

static void complete(struct http_upstream *upstream)
{
    struct http_exchange *exchange = upstream->exchange;
    exchange->private_connection = NULL;
    upstream->exchange = NULL;
    upstream_close(upstream);
    if (exchange->events->end)
        exchange->events->end(exchange);
}

static bool still_runs(const struct http_upstream *upstream, const struct http_exchange *exchange)
{
    return upstream->exchange == exchange && exchange->private_connection == upstream;
}

/* A piece of the body, chunked where the script says so. False: the exchange takes no more. */
static bool take_body(struct http_upstream *upstream, struct str input)
{
    struct http_exchange *exchange = upstream->exchange;
    while (input.len > 0 && exchange->events->data) {
        struct str piece = input;
        enum h1_chunk what = H1_CHUNK_DATA;
        if (upstream->body.chunked)
            what = body_next(&upstream->body, &input, &piece);
        else
            input.len = 0;
        switch (what) {
        case H1_CHUNK_DATA:
            if (upstream->body.left >= 0 && (int64_t)piece.len > upstream->body.left) {
                /* Caddy: more than was announced is an error, too */
                exchange_fail(upstream, HTTP_FAIL_BAD_BODY, 0);
                return false;
            }
            if (upstream->body.left > 0)
                upstream->body.left -= (int64_t)piece.len;
            exchange->events->data(exchange, piece);
            if (!still_runs(upstream, exchange))
                return false;
            continue;
        case H1_CHUNK_MORE:
            return true;
        case H1_CHUNK_TRAILER:
            continue;
        case H1_CHUNK_END:
            complete(upstream);
            return false;
        case H1_CHUNK_BAD:
            exchange_fail(upstream, HTTP_FAIL_BAD_BODY, 0);
            return false;
        }
    }
    return true;
}

static bool head_complete(struct http_upstream *upstream, struct h1_head *head, bool is_all)
{
    struct http_exchange *exchange = upstream->exchange;
    struct h1_framing framing;
    struct http_head received = {.version = HTTP_VERSION_NONE};
    if (!cgi_status(head, &received.status, &received.reason) || !cgi_framing(head, &framing)) {
        exchange_fail(upstream, HTTP_FAIL_BAD_HEAD, 0);
        return false;
    }
    if (is_all && received.status == 0) {
        /* Caddy: only a head that tells a status needs no end */
        exchange_fail(upstream, HTTP_FAIL_CLOSED, 0);
        return false;
    }
    if (received.status == 0)
        received.status = 200;
    received.reason = str_dup(exchange->arena, received.reason);
    received.headers = head_keep(exchange->arena, head, upstream->saved.bytes);
    received.content_length = framing.content_length;
    exchange->head = received;
    exchange->head_received = true;
    exchange->head_ns = loop_now_ns(upstream->pool->client->loop);
    upstream->state = UPSTREAM_BODY;
    body_begin(&upstream->body, &framing);
    if (str_is(exchange->request.method, "HEAD")) /* whatever comes, it is not passed on */
        framing = (struct h1_framing){.content_length = HTTP_LENGTH_UNKNOWN};
    upstream->body.chunked = framing.chunked;
    upstream->body.left = framing.content_length;
    exchange->events->head(exchange);
    return still_runs(upstream, exchange);
}

/* What came of the head is in <saved>, and <*len> of it, when it is complete. False: it is not, or
 * the exchange takes no more. */
static bool take_head(struct http_upstream *upstream, bool is_all, size_t *len)
{
    struct http_client *client = upstream->pool->client;
    struct saved_input *saved = &upstream->saved;
    struct h1_head head = {0};
    enum h1_result result;
    do {
        if (head.cap)
            scratch_grow(&client->scratch);
        head = (struct h1_head){.headers = client->scratch.at, .cap = client->scratch.cap};
        result = cgi_parse_head(&head, saved->bytes, saved->len, &upstream->head_scanned, is_all);
    } while (result == H1_FULL);
    if (saved->len > upstream->pool->config.max_head_bytes && result == H1_MORE) {
        exchange_fail(upstream, HTTP_FAIL_HEAD_TOO_LARGE, 0);
        return false;
    }
    if (result == H1_BAD) {
        exchange_fail(upstream, HTTP_FAIL_BAD_HEAD, 0);
        return false;
    }
    *len = head.len;
    return result == H1_DONE && head_complete(upstream, &head, is_all);
}

static bool take_output(struct http_upstream *upstream, struct str data)
{
    if (upstream->state == UPSTREAM_BODY)
        return take_body(upstream, data);
    struct http_exchange *exchange = upstream->exchange;
    size_t head_len;
    saved_add(&upstream->saved, data);
    if (!take_head(upstream, false, &head_len))
        return still_runs(upstream, exchange);
    struct saved_input saved = upstream->saved;
    upstream->saved = (struct saved_input){0};
    bool goes_on =
        take_body(upstream, str_slice(str_make(saved.bytes, saved.len), head_len, saved.len));
    saved_clear(&saved);
    return goes_on;
}

/* The script is through: a head may end with it, a body should. */
static void ended(struct http_upstream *upstream)
{
    size_t head_len;
    if (upstream->state == UPSTREAM_HEAD && !take_head(upstream, true, &head_len))
        return;
    if (upstream->body.chunked)
        exchange_fail(upstream, HTTP_FAIL_TRUNCATED, 0);
    else
        complete(upstream);
}

static void input_ended(struct http_upstream *upstream, int error)
{
    bool is_head = upstream->state == UPSTREAM_HEAD;
    /* Caddy: a responder that only closes has said all */
    if (!error && fastcgi_may_end(&upstream->records))
        ended(upstream);
    else
        exchange_fail(upstream, is_head ? HTTP_FAIL_CLOSED : HTTP_FAIL_TRUNCATED, error);
}

static void feed(struct http_upstream *upstream, struct str input)
{
    struct http_exchange *exchange = upstream->exchange;
    for (;;) {
        struct str piece;
        switch (fastcgi_next(&upstream->records, &input, &piece)) {
        case FASTCGI_MORE:
            return;
        case FASTCGI_OUTPUT:
            if (!take_output(upstream, piece))
                return;
            continue;
        case FASTCGI_ERRORS:
            if (exchange->events->complaint)
                exchange->events->complaint(exchange, piece);
            continue;
        case FASTCGI_END:
            ended(upstream);
            return;
        case FASTCGI_BAD:
            exchange_fail(upstream, HTTP_FAIL_BAD_RECORD, 0);
            return;
        }
    }
}

static void readable(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    char *buffer = loop_read_buffer(stream->loop);
    while (!stream->paused && upstream->state != UPSTREAM_CLOSED) {
        ssize_t got = stream_read(stream, buffer, LOOP_SHARED_BYTES);
        if (got == STREAM_AGAIN)
            return;
        if (got <= 0) {
            input_ended(upstream, (int)-got);
            return;
        }
        feed(upstream, str_make(buffer, (size_t)got));
    }
}

/* A responder that refuses the body may have answered before it closed: that answer counts. */
static void broken(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    struct http_exchange *exchange = upstream->exchange;
    int error = stream->error;
    upstream->request_sent = true; /* nothing more will be */
    if (upstream->state != UPSTREAM_HEAD)
        return;
    stream->readable = true;
    stream->paused = false;
    readable(stream);
    if (still_runs(upstream, exchange) && upstream->state == UPSTREAM_HEAD)
        exchange_fail(upstream, HTTP_FAIL_WRITE, error);
}

static void drained(struct stream *stream)
{
    struct http_upstream *upstream = CONTAINER_OF(stream, struct http_upstream, stream);
    struct http_exchange *exchange = upstream->exchange;
    if (!upstream->write_waits || !exchange)
        return;
    upstream->write_waits = false;
    if (upstream->request_sent)
        await(upstream);
    else if (exchange->events->writable)
        exchange->events->writable(exchange);
}

static void timed_out(struct timer *timer)
{
    struct http_upstream *upstream = CONTAINER_OF(timer, struct http_upstream, timer);
    bool is_sent = upstream->request_sent && !upstream->write_waits;
    exchange_fail(upstream, is_sent ? HTTP_FAIL_READ_TIMEOUT : HTTP_FAIL_WRITE_TIMEOUT, ETIMEDOUT);
}

static const struct stream_events events = {
    .readable = readable,
    .drained = drained,
    .broken = broken,
};

const struct upstream_protocol fastcgi_upstreams = {
    .events = &events,
    .begin = begin,
    .write = write_body,
    .finish = finish,
    .timer = timed_out,
};
