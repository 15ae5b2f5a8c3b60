/* Any bytes behind the preface of an HTTP/2 connection: the server must neither break nor lose
 * count of its requests. The first byte says in pieces of how many bytes the rest arrives. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "net/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONG_BODY_BYTES = 200000, MOST_PIECES = 64 };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static const char long_body[LONG_BODY_BYTES];

/* What has begun and not ended. */
static int n_requests;

/* --- the handler: what it does is in the path --- */

static void must_be_one_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\r' || text.ptr[i] == '\n' || text.ptr[i] == '\0')
            abort();
}

static void answer(struct http_request *request, size_t len)
{
    struct http_head head = {
        .status = 200, .headers = {.arena = request->arena}, .content_length = (int64_t)len};
    http_reply(request, &head, str_make(long_body, len));
}

static void on_body(struct http_request *request, struct str data)
{
    if (request->path.len > 2 && data.len % 3 == 1) {
        http_body_pause(request);
        http_body_resume(request);
    }
}

static void on_body_end(struct http_request *request)
{
    answer(request, 5);
}

static void on_body_failed(struct http_request *request, enum http_body_failure reason)
{
    if (reason == HTTP_BODY_BAD)
        answer(request, 0);
    else
        http_reply_abort(request);
}

static void on_done(struct http_request *request, enum http_end end)
{
    (void)request;
    (void)end;
    if (--n_requests < 0)
        abort();
}

static const struct http_request_events events = {
    .body = on_body,
    .body_end = on_body_end,
    .body_failed = on_body_failed,
    .done = on_done,
};

static void stream_out(struct http_request *request)
{
    struct http_head head = {
        .status = 200, .headers = {.arena = request->arena}, .content_length = HTTP_LENGTH_UNKNOWN};
    struct http_headers trailers = {.arena = request->arena};
    headers_add_named(&trailers, STR("X-End"), STR("yes"));
    http_reply_start(request, &head);
    for (int i = 0; i < 3; i++)
        http_reply_data(request, str_make(long_body, 40000));
    http_reply_end(request, &trailers);
}

static void on_request(struct http_request *request, void *ctx)
{
    (void)ctx;
    n_requests++;
    request->events = &events;
    must_be_one_line(request->method);
    must_be_one_line(request->target);
    must_be_one_line(request->host);
    for (uint32_t i = 0; i < request->headers.n; i++) {
        must_be_one_line(request->headers.at[i].name);
        must_be_one_line(request->headers.at[i].value);
    }
    switch (request->path.len > 1 ? request->path.ptr[1] : '\0') {
    case 'b':
        http_body_read(request);
        break;
    case 'l':
        answer(request, LONG_BODY_BYTES);
        break;
    case 's':
        stream_out(request);
        break;
    case 'a':
        http_reply_abort(request);
        break;
    case 'w': /* for ever: the connection's end ends it */
        break;
    default:
        answer(request, 20);
        break;
    }
}

/* --- the client --- */

struct stopping {
    struct task task;
    struct loop *loop;
};

static void stop(struct task *task)
{
    loop_stop(((struct stopping *)(void *)task)->loop);
}

/* Everything that is due, and then no more. */
static void turn(struct loop *loop)
{
    struct stopping stopping = {.task.run = stop, .loop = loop};
    loop_post(loop, &stopping.task);
    loop_run(loop);
}

static void read_all(int fd)
{
    static char buffer[65536];
    while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
        continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_server_config config = {.on_request = on_request, .speaks_h2 = true};
    struct address peer = {.family = AF_UNSPEC};
    int fds[2];
    if (size == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return 0;
    struct loop *loop = loop_new();
    struct http_server *server = http_server_new(loop, &config);
    http_server_connection(server, fds[0], &peer, 0);
    size_t piece = data[0] ? data[0] * 16u : size, at = 1;
    if (size / piece > MOST_PIECES)
        piece = size / MOST_PIECES;
    bool is_open = send(fds[1], preface, sizeof(preface) - 1, MSG_NOSIGNAL) > 0;
    while (is_open && at < size) {
        size_t len = size - at < piece ? size - at : piece;
        ssize_t sent = send(fds[1], data + at, len, MSG_NOSIGNAL);
        is_open = sent > 0;
        at += sent > 0 ? (size_t)sent : 0;
        turn(loop);
        read_all(fds[1]);
    }
    shutdown(fds[1], SHUT_WR);
    turn(loop);
    read_all(fds[1]);
    turn(loop);
    http_server_free(server);
    loop_free(loop);
    close(fds[1]);
    if (n_requests != 0)
        abort();
    return 0;
}
