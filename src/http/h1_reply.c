/* Answers to HTTP/1 requests: framing, the headers the server adds, and request bodies on demand. */
#include <errno.h>
#include <string.h>

#include "http/http_private.h"

/* So much of a file is read, to go along with the head. For more it costs less to let the kernel
 * send the pages that it has: a copy is written to memory that the receiver's core had last, and a
 * network card takes the pages as they are. Both ways cost the same at 1 to 2 KiB. */
enum { READ_FILE_BYTES = 2048 };

static struct server_request *inner(struct http_request *request)
{
    return CONTAINER_OF(request, struct server_request, public);
}

/* Left out of the head: the server writes its own. */
static uint64_t left_out(unsigned status)
{
    uint64_t names = header_bit(HEADER_CONTENT_LENGTH) | header_bit(HEADER_TRANSFER_ENCODING);
    if (status != 101)
        names |= header_bit(HEADER_CONNECTION);
    if (status == 304)
        names |= header_bit(HEADER_CONTENT_TYPE); /* as Go */
    return names;
}

/* An unread body that is too long to drop, or that waits for our 100, ends the connection. */
static bool body_prevents_reuse(const struct http_connection *connection)
{
    const struct server_request *request = connection->request;
    if (connection->body.complete || connection->reading_body)
        return false;
    return (request->public.expects_continue && !request->continue_sent) ||
           (!connection->body.chunked && connection->body.left > DRAIN_BYTES);
}

static bool may_stay_open(struct http_connection *connection, const struct http_head *head)
{
    return connection->keep_alive && !connection->request->public.close &&
           !connection->server->draining && !body_prevents_reuse(connection) &&
           !headers_have_token(&head->headers, HEADER_CONNECTION, STR("close"));
}

/* To a client of the last century as Go answers: in its own version. */
static void status_line(struct head_writer *writer, enum http_version version,
                        const struct http_head *head)
{
    struct str text = head->reason.len ? head->reason : http_status_text(head->status);
    if (head->status == 200 && version != HTTP_1_0 && str_eq(text, STR("OK"))) {
        head_text(writer, STR("HTTP/1.1 200 OK\r\n"));
        return;
    }
    head_text(writer, version == HTTP_1_0 ? STR("HTTP/1.0 ") : STR("HTTP/1.1 "));
    head_number(writer, head->status);
    head_text(writer, STR(" "));
    head_text(writer, text);
    if (text.len == 0) { /* Go's words for a status without a name */
        head_text(writer, STR("status code "));
        head_number(writer, head->status);
    }
    head_text(writer, STR("\r\n"));
}

/* --- what the server adds to a head --- */

enum {
    DATE_BYTES = 29,
    MOST_TAIL_BYTES = sizeof("Date: \r\n") + DATE_BYTES + sizeof("Transfer-Encoding: chunked\r\n") +
                      LENGTH_LINE_BYTES + sizeof("Connection: keep-alive\r\n") + sizeof("\r\n"),
};

static inline char *put_date(char *at, struct loop *loop)
{
    at = put_text(at, STR("Date: "));
    memcpy(at, loop_http_date(loop), DATE_BYTES);
    return put_text(at + DATE_BYTES, STR("\r\n"));
}

static inline char *put_framing(char *at, const struct server_request *request,
                                const struct http_head *head)
{
    const struct http_connection *connection = request->public.connection;
    if (request->reply_chunked)
        at = put_text(at, STR("Transfer-Encoding: chunked\r\n"));
    else if (head->content_length >= 0 && !http_status_has_no_body(head->status))
        at = put_length(at, (uint64_t)head->content_length);
    if (!connection->keep_alive &&
        (request->public.version != HTTP_1_0 ||
         headers_have_token(&head->headers, HEADER_CONNECTION, STR("close"))))
        return put_text(at, STR("Connection: close\r\n"));
    if (connection->keep_alive && request->public.version == HTTP_1_0)
        return put_text(at, STR("Connection: keep-alive\r\n"));
    return at;
}

static void write_head(struct server_request *request, const struct http_head *head)
{
    struct http_connection *connection = request->public.connection;
    struct head_writer writer;
    head_begin(&writer, &connection->stream);
    status_line(&writer, request->public.version, head);
    head_list(&writer, (struct str){0}, &head->headers, left_out(head->status));
    char *at = head_room(&writer, MOST_TAIL_BYTES);
    if (head->status >= 200) {
        if (!headers_find(&head->headers, HEADER_DATE))
            at = put_date(at, connection->server->loop);
        at = put_framing(at, request, head);
    }
    writer.at = put_text(at, STR("\r\n"));
    head_end(&writer);
}

static void reply_start(struct http_request *public, const struct http_head *head)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    bool to_head = str_is(public->method, "HEAD");
    request->reply_no_body = to_head || http_status_has_no_body(head->status);
    request->reply_left = head->content_length;
    bool unknown = head->content_length < 0 && !request->reply_no_body;
    request->reply_chunked = unknown && public->version == HTTP_1_1;
    request->reply_until_close = unknown && !request->reply_chunked;
    connection->keep_alive = may_stay_open(connection, head) && !request->reply_until_close;
    public->status = head->status;
    write_head(request, head);
}

/* Limits how much an unread reply may pile up. */
static bool keep_writing(struct http_connection *connection)
{
    struct stream *stream = &connection->stream;
    if (stream_unsent(stream) == 0)
        return true;
    if (!connection->stopped_writing) {
        connection->stopped_writing = true;
        connection->unsent_before = stream_unsent(stream);
        connection_await_writes(connection);
    }
    return false;
}

static bool reply_data(struct http_request *public, struct str data)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    if (request->reply_no_body || data.len == 0)
        return true;
    if (request->reply_chunked) {
        chunk_write(&connection->stream, data);
    } else {
        if (!request->reply_until_close) {
            /* More than was announced would be taken for the next answer. */
            if ((int64_t)data.len > request->reply_left)
                data.len = (size_t)request->reply_left;
            request->reply_left -= (int64_t)data.len;
        }
        stream_write(&connection->stream, data);
    }
    public->body_sent += data.len;
    return keep_writing(connection);
}

static int64_t reply_file(struct http_request *public, int file, int64_t offset, int64_t len)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    if (request->reply_no_body || request->reply_chunked || request->reply_until_close ||
        len > request->reply_left)
        return HTTP_FILE_NOT_SO;
    struct stream *stream = &connection->stream;
    ssize_t sent = STREAM_AGAIN;
    if (len > (stream->tls ? STREAM_INPLACE_BYTES : READ_FILE_BYTES))
        sent = stream_send_file(stream, file, offset, (size_t)len);
    else if (stream_unsent(stream) == 0)
        sent = stream_read_file(stream, file, offset, (size_t)len);
    if (sent == STREAM_AGAIN) {
        connection->stopped_writing = true;
        connection->unsent_before = stream_unsent(&connection->stream);
        connection_await_writes(connection);
        return HTTP_FILE_WAITS;
    }
    if (sent < 0)
        return HTTP_FILE_NOT_SO;
    request->reply_left -= sent;
    public->body_sent += (uint64_t)sent;
    return sent;
}

static ssize_t reply_pass(struct http_request *public, struct stream *from, size_t len,
                          bool *may_go_on)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    if (request->reply_no_body || request->reply_chunked || request->reply_until_close ||
        (int64_t)len > request->reply_left)
        return -ENOTSUP;
    ssize_t passed = stream_pass(from, &connection->stream, len);
    if (passed <= 0)
        return passed;
    request->reply_left -= passed;
    public->body_sent += (uint64_t)passed;
    *may_go_on = keep_writing(connection);
    return passed;
}

static void reply_abort(struct http_request *public)
{
    struct http_connection *connection = public->connection;
    stream_flush(&connection->stream);
    connection_close(connection, HTTP_END_ABORTED);
}

static void reply_over(struct http_connection *connection)
{
    connection->stopped_writing = false;
    request_done(connection, HTTP_END_DONE);
    h1_server_next(connection);
}

static void reply_end(struct http_request *public, const struct http_headers *trailers)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    if (request->reply_chunked)
        last_chunk_write(&connection->stream, trailers);
    else if (!request->reply_no_body && !request->reply_until_close && request->reply_left > 0) {
        reply_abort(public);
        return;
    }
    reply_over(connection);
}

static void reply_interim(struct http_request *public, const struct http_head *head)
{
    struct server_request *request = inner(public);
    if (public->version != HTTP_1_1 || public->status)
        return;
    if (head->status == 100) {
        if (request->continue_sent)
            return;
        request->continue_sent = true;
    }
    write_head(request, head);
}

static void body_read(struct http_request *public)
{
    struct server_request *request = inner(public);
    struct http_connection *connection = public->connection;
    connection->reading_body = true;
    if (connection->state != CONNECTION_BODY) {
        if (public->events && public->events->body_end)
            public->events->body_end(public);
        return;
    }
    if (public->expects_continue && !request->continue_sent && !public->status &&
        connection->saved.len == 0) {
        request->continue_sent = true;
        stream_write(&connection->stream, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    connection_continue(connection);
}

static void body_pause(struct http_request *request)
{
    request->connection->body_paused = true;
    timer_stop(&request->connection->timer);
}

static void body_resume(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    if (!connection->body_paused)
        return;
    connection->body_paused = false;
    connection_continue(connection);
}

const struct request_protocol h1_requests = {
    .start = reply_start,
    .data = reply_data,
    .file = reply_file,
    .pass = reply_pass,
    .end = reply_end,
    .abort = reply_abort,
    .interim = reply_interim,
    .body_read = body_read,
    .body_pause = body_pause,
    .body_resume = body_resume,
};
