/* What requests have in common, whatever the protocol version: their memory, their target, what is
 * dropped from them, and the calls of server.h, which go to the version that speaks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "http/http_private.h"

enum { KEPT_REQUESTS = 128, KEPT_ARENA_BYTES = 64 * 1024 };

struct server_request *request_take(struct http_server *server,
                                    const struct request_protocol *protocol)
{
    struct server_request *request = server->free_requests;
    struct arena arena = ARENA_INIT;
    if (request) {
        server->free_requests = request->next;
        server->n_free_requests--;
        arena = request->arena;
    } else {
        request = malloc(sizeof(*request));
        if (!request)
            arena_exhausted();
    }
    bytes_clear(request, offsetof(struct server_request, h2)); /* HTTP/2 begins with its own */
    request->arena = arena;
    request->public.arena = &request->arena;
    request->public.private_protocol = protocol;
    return request;
}

static void count_end(struct http_counters *counters, const struct http_request *request)
{
    unsigned digit = request->status / 100;
    if (request->started_ns)
        counter_add(&counters->open_requests, (uint64_t)-1);
    counter_add(&counters->answers[digit < 6 ? digit : 0], 1);
    counter_add(&counters->body_bytes_in, request->body_read);
    counter_add(&counters->body_bytes_out, request->body_sent);
}

void request_put_back(struct http_server *server, struct server_request *request)
{
    if (server->n_free_requests >= KEPT_REQUESTS || server->freed) {
        arena_free(&request->arena);
        free(request);
        return;
    }
    if (request->arena.total_bytes > KEPT_ARENA_BYTES)
        arena_free(&request->arena);
    else
        arena_reset(&request->arena);
    request->next = server->free_requests;
    server->free_requests = request;
    server->n_free_requests++;
}

void request_give_back(struct http_server *server, struct server_request *request)
{
    count_end(&server->counters, &request->public);
    request_put_back(server, request);
}

void request_pool_free(struct http_server *server)
{
    while (server->free_requests) {
        struct server_request *request = server->free_requests;
        server->free_requests = request->next;
        arena_free(&request->arena);
        free(request);
    }
}

/* Escapes what has no place in a path: raw bytes above ASCII, '#', '"' and the like. */
static struct str escape_path(struct arena *arena, struct str path)
{
    static const char plain[] = "-._~!$&'()*+,;=:@/%[]";
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        if (byte_is_alphanumeric(c) || (c && strchr(plain, c)))
            strbuf_add_char(&out, (char)c);
        else
            strbuf_printf(&out, "%%%02X", c);
    }
    return strbuf_str(&out);
}

/* Caddy 2.11: names with '_' or '.' could pass for others once they are CGI variables. */
static bool is_oddly_named(const struct http_header *header)
{
    return header->id == HEADER_OTHER && (memchr(header->name.ptr, '_', header->name.len) ||
                                          memchr(header->name.ptr, '.', header->name.len));
}

static void drop_odd_names(struct http_request *request)
{
    struct http_headers *headers = &request->headers;
    uint32_t kept = 0;
    while (kept < headers->n && !is_oddly_named(&headers->at[kept]))
        kept++;
    for (uint32_t i = kept; i < headers->n; i++) {
        struct http_header *header = &headers->at[i];
        if (!is_oddly_named(header)) {
            headers->at[kept++] = *header;
            continue;
        }
        if (!request->dropped_headers)
            request->dropped_headers = arena_array(request->arena, struct http_header, headers->n);
        request->dropped_headers[request->n_dropped_headers++] = *header;
    }
    headers->n = kept;
}

enum h1_problem request_set_target(struct http_request *request, struct str text)
{
    struct h1_target target;
    enum h1_problem problem = h1_parse_target(request->method, text, &target);
    if (problem)
        return problem;
    request->target = text;
    request->path = target.unusual ? escape_path(request->arena, target.path) : target.path;
    request->query = target.query;
    request->has_query = target.has_query;
    request->host = target.authority;
    return H1_NO_PROBLEM;
}

void request_set_usual_target(struct http_request *request, struct str target, size_t path_len)
{
    request->target = target;
    request->path = str_make(target.ptr, path_len);
    request->has_query = path_len < target.len;
    request->query = str_slice(target, path_len + request->has_query, target.len);
}

/* Answers that no handler is asked for: to `OPTIONS *`, and to CONNECT, which asks a forward proxy
 * for a tunnel (Caddy lets it pass; nginx refuses it, too). */
static bool answered_here(struct http_request *request)
{
    struct http_head head = {0};
    if (str_is(request->method, "CONNECT"))
        head.status = 405;
    else if (str_is(request->path, "*"))
        head.status = 200;
    else
        return false;
    http_reply(request, &head, str_make(NULL, 0));
    return true;
}

void request_begin(struct http_server *server, struct http_request *request,
                   bool has_unusual_names)
{
    request->trailers.arena = request->arena;
    request->started_ns = loop_now_ns(server->loop);
    counter_add(&server->counters.requests, 1);
    counter_add(&server->counters.open_requests, 1);
    if (has_unusual_names && !server->config.keep_underscores)
        drop_odd_names(request);
    if (!answered_here(request))
        server->config.on_request(request, server->config.ctx);
}

bool header_fits_in_trailers(const struct http_header *header)
{
    switch (header->id) {
    case HEADER_HOST:
    case HEADER_CONNECTION:
    case HEADER_CONTENT_LENGTH:
    case HEADER_TRANSFER_ENCODING:
    case HEADER_TRAILER:
    case HEADER_TE:
    case HEADER_EXPECT:
    case HEADER_UPGRADE:
    case HEADER_KEEP_ALIVE:
        return false;
    default:
        return true;
    }
}

/* ---- The calls of server.h. */

void http_reply_start(struct http_request *request, const struct http_head *head)
{
    request->private_protocol->start(request, head);
}

bool http_reply_data(struct http_request *request, struct str data)
{
    return request->private_protocol->data(request, data);
}

int64_t http_reply_file(struct http_request *request, int file, int64_t offset, int64_t len)
{
    if (!request->private_protocol->file)
        return HTTP_FILE_NOT_SO;
    return request->private_protocol->file(request, file, offset, len);
}

ssize_t http_reply_pass(struct http_request *request, struct stream *from, size_t len,
                        bool *may_go_on)
{
    if (!request->private_protocol->pass)
        return -ENOTSUP;
    return request->private_protocol->pass(request, from, len, may_go_on);
}

void http_reply_end(struct http_request *request, const struct http_headers *trailers)
{
    request->private_protocol->end(request, trailers);
}

void http_reply(struct http_request *request, const struct http_head *head, struct str body)
{
    struct http_head sized = *head;
    sized.content_length = (int64_t)body.len;
    http_reply_start(request, &sized);
    http_reply_data(request, body);
    http_reply_end(request, NULL);
}

void http_reply_abort(struct http_request *request)
{
    request->private_protocol->abort(request);
}

void http_reply_interim(struct http_request *request, const struct http_head *head)
{
    request->private_protocol->interim(request, head);
}

void http_request_pace(struct http_request *request, const struct http_pace *read,
                       const struct http_pace *write)
{
    if (read)
        request->read_pace = read;
    if (write)
        request->write_pace = write;
    if (request->private_protocol->paced)
        request->private_protocol->paced(request);
}

void http_body_read(struct http_request *request)
{
    request->private_protocol->body_read(request);
}

void http_body_pause(struct http_request *request)
{
    request->private_protocol->body_pause(request);
}

void http_body_resume(struct http_request *request)
{
    request->private_protocol->body_resume(request);
}
