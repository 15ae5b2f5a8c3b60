/* Answers to HTTP/2 requests, and their bodies on demand. */
#include <sys/uio.h>

#include "http/h2_server_private.h"

enum { MORE_FIELDS = 4 /* :status, date, content-length, one to spare */ };

/* ---- The request body. */

void h2_request_body(struct server_request *request, struct str data)
{
    request->public.body_read += data.len;
    if (request->public.events->body)
        request->public.events->body(&request->public, data);
}

void h2_request_deliver(struct task *task)
{
    struct h2_stream *stream = CONTAINER_OF(task, struct h2_stream, deliver);
    struct server_request *request = CONTAINER_OF(stream, struct server_request, h2);
    struct h2_session *session = &stream->server->session;
    bool was_busy = session->busy;
    /* The handler's answer must not make nghttp2 close the stream from under us. */
    session->busy = true;
    while (stream->runs && stream->reading && !stream->paused && stream->saved.len) {
        struct iovec piece;
        buffer_peek(&stream->saved, &piece, 1);
        h2_request_body(request, str_make(piece.iov_base, piece.iov_len));
        if (!stream->runs)
            break;
        buffer_consume(&stream->saved, piece.iov_len);
        nghttp2_session_consume(session->ng, stream->id, piece.iov_len);
        h2_session_touch(session);
    }
    session->busy = was_busy;
    if (!stream->runs || !stream->reading || stream->paused || stream->saved.len ||
        !stream->input_complete || stream->end_told)
        return;
    stream->end_told = true;
    if (request->public.events->body_end)
        request->public.events->body_end(&request->public);
}

static void body_read(struct http_request *public)
{
    struct server_request *request = h2_request_of(public);
    struct h2_stream *stream = &request->h2;
    stream->reading = true;
    stream->read_ns = loop_now_ns(stream->server->session.stream->loop);
    if (public->expects_continue && !stream->input_complete && stream->saved.len == 0) {
        struct http_head head = {.status = 100, .headers = {.arena = public->arena}};
        http_reply_interim(public, &head);
    }
    if (stream->input_complete && stream->saved.len == 0)
        h2_request_deliver(&stream->deliver);
    else if (stream->saved.len)
        loop_defer(stream->server->session.stream->loop, &stream->deliver);
}

static void body_pause(struct http_request *request)
{
    h2_request_of(request)->h2.paused = true;
}

static void body_resume(struct http_request *public)
{
    struct h2_stream *stream = &h2_request_of(public)->h2;
    if (!stream->paused)
        return;
    stream->paused = false;
    stream->read_ns = loop_now_ns(stream->server->session.stream->loop);
    loop_defer(stream->server->session.stream->loop, &stream->deliver);
}

/* ---- The answer. */

static struct str decimal(struct arena *arena, uint64_t number)
{
    char digits[20];
    size_t n = sizeof(digits);
    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return str_make(arena_strndup(arena, digits + n, sizeof(digits) - n), sizeof(digits) - n);
}

static bool says_length(const struct http_head *head)
{
    return head->content_length >= 0 && head->status >= 200 && head->status != 204 &&
           (head->status != 304 || head->content_length > 0);
}

static void head_fields(struct h2_fields *fields, struct server_request *request,
                        const struct http_head *head)
{
    struct arena *arena = &request->arena;
    struct http_headers headers = head->headers;
    struct loop *loop = request->h2.server->session.stream->loop;
    h2_fields_begin(fields, arena, headers.n + MORE_FIELDS);
    h2_fields_add(fields, STR(":status"), decimal(arena, head->status));
    if (headers_find(&headers, HEADER_CONTENT_LENGTH)) {
        headers = headers_copy(arena, &headers, 0);
        headers_remove(&headers, HEADER_CONTENT_LENGTH);
    }
    h2_fields_add_list(fields, &headers);
    if (head->status >= 200 && !headers_find(&headers, HEADER_DATE))
        h2_fields_add(fields, STR("date"), str_make(loop_http_date(loop), 29));
    if (says_length(head))
        h2_fields_add(fields, STR("content-length"),
                      decimal(arena, (uint64_t)head->content_length));
}

/* In HTTP/2 a handler that wants the connection closed says that no more streams are welcome. */
static void heed_close(struct h2_server *server, const struct http_head *head)
{
    if (headers_have_token(&head->headers, HEADER_CONNECTION, STR("close")))
        h2_server_drain(server->connection);
}

static void reply_start(struct http_request *public, const struct http_head *head)
{
    struct server_request *request = h2_request_of(public);
    struct h2_stream *stream = &request->h2;
    struct h2_session *session = &stream->server->session;
    struct h2_fields fields;
    request->reply_no_body =
        str_is(public->method, "HEAD") || http_status_has_no_body(head->status);
    request->reply_left = head->content_length;
    public->status = head->status;
    head_fields(&fields, request, head);
    nghttp2_data_provider provider = h2_body_provider(&stream->reply);
    bool has_body = !request->reply_no_body && head->content_length != 0;
    nghttp2_submit_response(session->ng, stream->id, fields.at, fields.n,
                            has_body ? &provider : NULL);
    request->reply_no_body = !has_body;
    heed_close(stream->server, head);
    h2_session_touch(session);
}

static bool reply_data(struct http_request *public, struct str data)
{
    struct server_request *request = h2_request_of(public);
    if (request->reply_no_body || data.len == 0)
        return true;
    if (request->reply_left >= 0) {
        /* More than was announced is malformed. */
        if ((int64_t)data.len > request->reply_left)
            data.len = (size_t)request->reply_left;
        request->reply_left -= (int64_t)data.len;
    }
    public->body_sent += data.len;
    return data.len == 0 || h2_body_add(&request->h2.reply, request->h2.id, data);
}

static void reply_abort(struct http_request *public)
{
    struct server_request *request = h2_request_of(public);
    struct h2_stream *stream = &request->h2;
    if (public->status && !request->reply_no_body)
        h2_body_break(&stream->reply, stream->id);
    else
        h2_session_reset_stream(&stream->server->session, stream->id, NGHTTP2_INTERNAL_ERROR);
    h2_request_end(request, HTTP_END_ABORTED);
}

/* The trailers' text must outlive the handler. */
static const struct http_headers *keep_trailers(struct arena *arena,
                                                const struct http_headers *trailers)
{
    if (!trailers || trailers->n == 0)
        return NULL;
    struct http_headers *kept = arena_new(arena, struct http_headers);
    *kept = headers_copy(arena, trailers, 0);
    for (uint32_t i = 0; i < kept->n; i++) {
        kept->at[i].name = str_dup(arena, kept->at[i].name);
        kept->at[i].value = str_dup(arena, kept->at[i].value);
    }
    return kept;
}

static void reply_end(struct http_request *public, const struct http_headers *trailers)
{
    struct server_request *request = h2_request_of(public);
    if (!request->reply_no_body) {
        if (request->reply_left > 0) {
            reply_abort(public);
            return;
        }
        h2_body_end(&request->h2.reply, request->h2.id, keep_trailers(&request->arena, trailers));
    }
    h2_request_end(request, HTTP_END_DONE);
}

static void reply_interim(struct http_request *public, const struct http_head *head)
{
    struct server_request *request = h2_request_of(public);
    struct h2_stream *stream = &request->h2;
    struct h2_fields fields;
    if (public->status || (head->status == 100 && request->continue_sent))
        return;
    request->continue_sent |= head->status == 100;
    head_fields(&fields, request, head);
    nghttp2_submit_headers(stream->server->session.ng, NGHTTP2_FLAG_NONE, stream->id, NULL,
                           fields.at, fields.n, NULL);
    h2_session_touch(&stream->server->session);
}

void h2_request_drained(struct h2_body *body)
{
    struct h2_stream *stream = CONTAINER_OF(body, struct h2_stream, reply);
    struct server_request *request = CONTAINER_OF(stream, struct server_request, h2);
    if (stream->runs && request->public.events && request->public.events->drained)
        request->public.events->drained(&request->public);
}

const struct request_protocol h2_requests = {
    .start = reply_start,
    .data = reply_data,
    .end = reply_end,
    .abort = reply_abort,
    .interim = reply_interim,
    .body_read = body_read,
    .body_pause = body_pause,
    .body_resume = body_resume,
    .paced = h2_request_paced,
};
