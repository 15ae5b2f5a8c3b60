/* A small HTTPS client for conversations of a few requests, RFC 9112 by the parsers of http; where
 * there is a proxy on the way, behind CONNECT (RFC 9110 9.3.6) or SOCKS 5. */
#include "acme/https.h"

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "http/date.h"
#include "http/h1_parse.h"
#include "http/socks5.h"

enum { MAX_HEADERS = 100, HEAD_BYTES = 64 << 10, RETRY_AFTER_MAX_S = 24 * 3600 };

struct connection {
    struct https *https;
    struct arena *arena;
    SSL *ssl; /* NULL: bytes go as they are */
    int fd;
    int64_t ends_ms; /* on the monotonic clock */
    struct str *error;
};

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

static bool failed(struct connection *connection, const char *what, const char *why)
{
    *connection->error = str_printf(connection->arena, "%s: %s", what, why);
    return false;
}

static bool tls_failed(struct connection *connection, const char *what)
{
    char reason[256] = "the connection ended";
    long verified = SSL_get_verify_result(connection->ssl);
    unsigned long error = ERR_peek_last_error();
    if (verified != X509_V_OK)
        return failed(connection, what, X509_verify_cert_error_string(verified));
    if (error)
        ERR_error_string_n(error, reason, sizeof(reason));
    return failed(connection, what, reason);
}

/* Waits until the socket is ready; false when the time is over or all is to end. */
static bool wait_for(struct connection *connection, short events)
{
    struct pollfd fds[] = {{connection->fd, events, 0},
                           {connection->https->means->stop_fd, POLLIN, 0}};
    for (;;) {
        int64_t left = connection->ends_ms - monotonic_ms();
        if (left <= 0)
            return failed(connection, "no answer", "timed out");
        int n = poll(fds, 2, (int)left);
        if (n < 0 && errno != EINTR)
            return failed(connection, "poll", strerror(errno));
        if (n > 0 && fds[1].revents)
            return failed(connection, "given up", "shutting down");
        if (n > 0 && fds[0].revents)
            return true;
    }
}

static bool connect_to(struct connection *connection, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int status = getaddrinfo(host, port, &hints, &list);
    if (status)
        return failed(connection, host, gai_strerror(status));
    bool connected = false;
    for (struct addrinfo *one = list; one && !connected; one = one->ai_next) {
        int error = 0;
        socklen_t len = sizeof(error);
        connection->fd =
            socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
        if (connection->fd < 0) {
            failed(connection, "socket", strerror(errno));
            continue;
        }
        if (connect(connection->fd, one->ai_addr, one->ai_addrlen) && errno != EINPROGRESS)
            error = errno;
        else if (!wait_for(connection, POLLOUT))
            error = ETIMEDOUT;
        else
            getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        connected = error == 0;
        if (!connected) {
            failed(connection, host, strerror(error));
            close(connection->fd);
            connection->fd = -1;
        }
    }
    freeaddrinfo(list);
    return connected;
}

static bool again_plain(struct connection *connection, int result, short events, const char *what,
                        bool *bad)
{
    if (result == 0 || errno == EINTR)
        return result != 0;
    *bad = errno == EAGAIN ? !wait_for(connection, events)
                           : !failed(connection, what, strerror(errno));
    return !*bad;
}

/* Whether the call, which without TLS waits for <events>, is to be made again, after a wait. */
static bool again(struct connection *connection, int result, short events, const char *what,
                  bool *bad)
{
    if (!connection->ssl)
        return again_plain(connection, result, events, what, bad);
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *bad = !wait_for(connection, POLLIN);
        return !*bad;
    case SSL_ERROR_WANT_WRITE:
        *bad = !wait_for(connection, POLLOUT);
        return !*bad;
    case SSL_ERROR_ZERO_RETURN:
        return false;
    default:
        *bad = true;
        tls_failed(connection, what);
        return false;
    }
}

static bool start_tls(struct connection *connection, const char *host)
{
    struct https *https = connection->https;
    bool bad = false, is_address = false;
    int result;
    unsigned char ip[16];
    connection->ssl = SSL_new(https->context);
    if (!connection->ssl || !SSL_set_fd(connection->ssl, connection->fd))
        return failed(connection, host, "no memory for TLS");
    is_address = inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
    if (is_address)
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection->ssl), host);
    else if (!SSL_set_tlsext_host_name(connection->ssl, host) ||
             !SSL_set1_host(connection->ssl, host))
        return failed(connection, host, "is no name of a host");
    do {
        ERR_clear_error();
        result = SSL_connect(connection->ssl);
    } while (result != 1 && again(connection, result, POLLOUT, host, &bad));
    return result == 1;
}

static bool send_all(struct connection *connection, struct str bytes)
{
    bool bad = false;
    while (bytes.len > 0) {
        ERR_clear_error();
        int sent = connection->ssl ? SSL_write(connection->ssl, bytes.ptr, (int)bytes.len)
                                   : (int)send(connection->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent > 0)
            bytes = str_slice(bytes, (size_t)sent, bytes.len);
        else if (!again(connection, sent, POLLOUT, "sending", &bad))
            return bad ? false : failed(connection, "sending", "the connection ended");
    }
    return true;
}

/* Adds what comes next; false at the end or after an error, which <bad> tells. */
static bool receive(struct connection *connection, struct strbuf *in, bool *bad)
{
    *bad = false;
    enum { PIECE = 16384 };
    for (;;) {
        strbuf_reserve(in, PIECE + H1_SLACK_BYTES);
        char *to = in->ptr + in->len;
        ERR_clear_error();
        int got = connection->ssl ? SSL_read(connection->ssl, to, PIECE)
                                  : (int)recv(connection->fd, to, PIECE, 0);
        if (got > 0) {
            in->len += (size_t)got;
            memset(in->ptr + in->len, 0, H1_SLACK_BYTES);
            return true;
        }
        if (!again(connection, got, POLLIN, "reading", bad))
            return false;
    }
}

static int64_t retry_after(struct str value)
{
    int64_t seconds = 0;
    if (value.len == 0)
        return 0;
    if (parse_go_int(value, &seconds) != PARSE_OK) {
        if (!http_date_parse(value, &seconds))
            return 0;
        seconds -= (int64_t)time(NULL);
    }
    return seconds < 0 ? 0 : seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds;
}

static void note_fields(struct connection *connection, const struct h1_head *head,
                        struct https_response *out)
{
    out->status = head->status;
    for (uint32_t i = 0; i < head->n; i++) {
        const struct http_header *header = &head->headers[i];
        struct str value = str_dup(connection->arena, header->value);
        if (header->id == HEADER_CONTENT_TYPE)
            out->content_type = value;
        else if (header->id == HEADER_LOCATION)
            out->location = value;
        else if (str_eq_nocase(header->name, STR("Replay-Nonce")))
            out->nonce = value;
        else if (str_eq_nocase(header->name, STR("Retry-After")))
            out->retry_after_s = retry_after(value);
    }
}

static bool read_head(struct connection *connection, struct strbuf *in, struct h1_head *head)
{
    struct http_header *headers = arena_array(connection->arena, struct http_header, MAX_HEADERS);
    bool bad;
    for (;;) {
        enum h1_result result = H1_MORE;
        *head = (struct h1_head){.headers = headers, .cap = MAX_HEADERS};
        if (in->len > 0)
            result = h1_parse_response(head, in->ptr, in->len);
        if (result == H1_DONE && head->status < 200) {
            memmove(in->ptr, in->ptr + head->len, in->len - head->len + 1);
            in->len -= head->len;
            continue;
        }
        if (result == H1_DONE)
            return true;
        if (result != H1_MORE || in->len > HEAD_BYTES)
            return failed(connection, "the answer", "is no HTTP");
        if (!receive(connection, in, &bad))
            return bad ? false : failed(connection, "the answer", "ended in its head");
    }
}

static bool read_body(struct connection *connection, struct str rest,
                      const struct h1_framing *framing, struct strbuf *body)
{
    struct h1_chunked chunks = {0};
    bool bad, ended = false;
    int64_t left = framing->content_length;
    struct strbuf in = strbuf_in(connection->arena);
    strbuf_add(&in, rest);
    for (;;) {
        struct str input = strbuf_str(&in), piece;
        if (!framing->chunked) {
            strbuf_add(body, input);
            ended = left != HTTP_LENGTH_UNKNOWN && (int64_t)body->len >= left;
        }
        while (framing->chunked && !ended) {
            enum h1_chunk what = h1_chunk_next(&chunks, &input, &piece);
            if (what == H1_CHUNK_MORE)
                break;
            if (what == H1_CHUNK_BAD)
                return failed(connection, "the answer", "has a body that is cut into bad chunks");
            ended = what == H1_CHUNK_END;
            if (what == H1_CHUNK_DATA)
                strbuf_add(body, piece);
        }
        if (body->len > HTTPS_BODY_BYTES)
            return failed(connection, "the answer", "is too long");
        if (ended)
            return true;
        in.len = 0;
        if (!receive(connection, &in, &bad)) {
            if (bad)
                return false;
            if (framing->chunked || left != HTTP_LENGTH_UNKNOWN)
                return failed(connection, "the answer", "ended in its body");
            return true;
        }
    }
}

static bool exchange(struct connection *connection, struct str request, bool to_head,
                     struct https_response *out)
{
    struct strbuf in = strbuf_in(connection->arena), body = strbuf_in(connection->arena);
    struct h1_head head;
    struct h1_framing framing;
    if (!send_all(connection, request) || !read_head(connection, &in, &head))
        return false;
    if (h1_response_framing(&head, to_head, &framing))
        return failed(connection, "the answer", "can be read in two ways");
    note_fields(connection, &head, out);
    if (to_head || http_status_has_no_body(head.status))
        return true;
    struct str rest = str_slice(strbuf_str(&in), head.len, in.len);
    if (!read_body(connection, rest, &framing, &body))
        return false;
    out->body = strbuf_finish(&body);
    return true;
}

/* --- the way through a proxy --- */

static bool through_http(struct connection *connection, const struct http_forward *forward)
{
    struct strbuf in = strbuf_in(connection->arena), request = strbuf_in(connection->arena);
    struct h1_head head;
    strbuf_printf(&request, "CONNECT " STR_FMT " HTTP/1.1\r\nHost: " STR_FMT "\r\n",
                  STR_ARG(forward->authority), STR_ARG(forward->authority));
    if (forward->authorization.len > 0)
        strbuf_printf(&request, "Proxy-Authorization: " STR_FMT "\r\n",
                      STR_ARG(forward->authorization));
    strbuf_puts(&request, "\r\n");
    if (!send_all(connection, strbuf_str(&request)) || !read_head(connection, &in, &head))
        return false;
    if (head.status != 200) {
        *connection->error =
            str_printf(connection->arena, "it answered CONNECT with status %u", head.status);
        return false;
    }
    return head.len == in.len || failed(connection, "CONNECT", "more came than an answer");
}

static bool through_socks(struct connection *connection, const struct http_forward *forward)
{
    uint8_t message[SOCKS5_MESSAGE_BYTES];
    enum socks5_step step = SOCKS5_METHOD;
    size_t needed, len = socks5_methods(forward->has_login, message);
    if (forward->host.len > SOCKS5_LONGEST || forward->user.len > SOCKS5_LONGEST ||
        forward->password.len > SOCKS5_LONGEST)
        return failed(connection, "SOCKS 5", "a name is too long");
    for (;;) {
        struct strbuf in = strbuf_in(connection->arena);
        enum socks5_result result = SOCKS5_MORE;
        bool bad;
        if (!send_all(connection, str_make((const char *)message, len)))
            return false;
        while (result == SOCKS5_MORE) {
            if (!receive(connection, &in, &bad))
                return bad ? false : failed(connection, "SOCKS 5", "the connection ended");
            result = socks5_read(step, (const uint8_t *)in.ptr, in.len, &needed);
        }
        if (result == SOCKS5_REFUSED || (result == SOCKS5_ASKS && !forward->has_login))
            return failed(connection, "SOCKS 5",
                          step == SOCKS5_REPLY ? "it did not connect" : "it refused the login");
        if (result == SOCKS5_BAD || in.len != needed)
            return failed(connection, "SOCKS 5", "it does not speak that");
        if (step == SOCKS5_REPLY)
            return true;
        step = result == SOCKS5_ASKS ? SOCKS5_LOGIN : SOCKS5_REPLY;
        len = step == SOCKS5_LOGIN ? socks5_login(forward->user, forward->password, message)
                                   : socks5_connect(forward->host, forward->port, message);
    }
}

static bool connect_through(struct connection *connection, const struct https_way *way)
{
    const struct http_forward *forward = &way->forward;
    struct arena *arena = connection->arena;
    char port[8];
    snprintf(port, sizeof(port), "%u", way->port);
    bool done = connect_to(connection, arena_strndup(arena, way->host.ptr, way->host.len), port) &&
                (forward->kind == HTTP_FORWARD_HTTP ? through_http(connection, forward)
                                                    : through_socks(connection, forward));
    if (!done)
        *connection->error =
            str_printf(arena, "the proxy on the way, " STR_FMT " port %u: " STR_FMT,
                       STR_ARG(way->host), way->port, STR_ARG(*connection->error));
    return done;
}

/* A connection to the host, through a proxy where there is one. */
static bool reach(struct connection *connection, const char *host, const char *port)
{
    const struct https_means *means = connection->https->means;
    struct https_way way = {.forward = {.kind = HTTP_FORWARD_NONE}};
    int64_t number;
    if (parse_go_int(str_from(port), &number) != PARSE_OK || number < 1 || number > 65535)
        return failed(connection, host, "has a bad port");
    if (!means->way(means->ctx, str_from(host), (uint16_t)number, connection->arena, &way,
                    connection->error))
        return false;
    return way.forward.kind == HTTP_FORWARD_NONE ? connect_to(connection, host, port)
                                                 : connect_through(connection, &way);
}

/* https://host[:port]/path?query, taken apart. */
static bool read_url(struct arena *arena, struct str url, struct str *authority, char **host,
                     char **port, struct str *target)
{
    struct str rest = str_trim_prefix(url, STR("https://")), name, number;
    if (rest.len == url.len)
        return false;
    ptrdiff_t slash = str_index(rest, '/');
    *authority = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
    *target = slash < 0 ? STR("/") : str_slice(rest, (size_t)slash, rest.len);
    if (!h1_host_is_valid(str_dup(arena, *authority)))
        return false;
    if (split_host_port(*authority, &name, &number) != PARSE_OK) {
        name = str_trim_suffix(str_trim_prefix(*authority, STR("[")), STR("]"));
        number = STR("443");
    }
    for (size_t i = 0; i < target->len; i++)
        if ((unsigned char)target->ptr[i] <= ' ' || target->ptr[i] == 0x7f)
            return false;
    *host = arena_strndup(arena, name.ptr, name.len);
    *port = arena_strndup(arena, number.ptr, number.len);
    return name.len > 0;
}

bool https_request(struct https *https, struct arena *arena, const char *method, struct str url,
                   struct str content_type, struct str body, struct https_response *out,
                   struct str *error)
{
    struct connection connection = {https, arena, NULL, -1, 0, error};
    struct strbuf request = strbuf_in(arena);
    struct str authority, target;
    char *host, *port;
    *out = (struct https_response){0};
    connection.ends_ms = monotonic_ms() + HTTPS_SECONDS * 1000;
    if (!read_url(arena, url, &authority, &host, &port, &target)) {
        *error = str_printf(arena, "'" STR_FMT "' is no https URL", STR_ARG(url));
        return false;
    }
    strbuf_printf(&request,
                  "%s " STR_FMT " HTTP/1.1\r\nHost: " STR_FMT
                  "\r\nUser-Agent: dialtone/" DIALTONE_VERSION "\r\nConnection: close\r\n",
                  method, STR_ARG(target), STR_ARG(authority));
    if (content_type.len > 0)
        strbuf_printf(&request, "Content-Type: " STR_FMT "\r\nContent-Length: %zu\r\n",
                      STR_ARG(content_type), body.len);
    strbuf_puts(&request, "\r\n");
    strbuf_add(&request, body);
    bool done = reach(&connection, host, port) && start_tls(&connection, host) &&
                exchange(&connection, strbuf_str(&request), strcmp(method, "HEAD") == 0, out);
    SSL_free(connection.ssl);
    if (connection.fd >= 0)
        close(connection.fd);
    return done;
}

bool https_open(struct https *https, const struct str *roots, size_t n_roots,
                const struct https_means *means, struct arena *arena, struct str *error)
{
    *https = (struct https){SSL_CTX_new(TLS_client_method()), means};
    if (!https->context) {
        *error = STR("no memory for TLS");
        return false;
    }
    SSL_CTX_set_min_proto_version(https->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(https->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(https->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (n_roots == 0)
        SSL_CTX_set_default_verify_paths(https->context);
    for (size_t i = 0; i < n_roots; i++) {
        char *path = arena_strndup(arena, roots[i].ptr, roots[i].len);
        if (SSL_CTX_load_verify_locations(https->context, path, NULL))
            continue;
        *error = str_printf(arena, "%s holds no certificate that can be read", path);
        https_close(https);
        return false;
    }
    return true;
}

void https_close(struct https *https)
{
    SSL_CTX_free(https->context);
    https->context = NULL;
}
