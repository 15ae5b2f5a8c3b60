/* The way through a proxy (RFC 9110 9.3.6 CONNECT, or SOCKS 5), before anything is said to the
 * upstream behind it. */
#include <errno.h>

#include "http/http_private.h"
#include "http/socks5.h"

static const int64_t PATIENCE_NS = 60000000000; /* Go's, for an answer to CONNECT */

bool forward_is_needed(const struct http_pool *pool)
{
    const struct http_forward *forward = &pool->config.forward;
    return forward->kind == HTTP_FORWARD_SOCKS5 ||
           (forward->kind == HTTP_FORWARD_HTTP && forward->to_tls);
}

static void refused(struct http_upstream *upstream, const char *why)
{
    upstream->refusal = why;
    exchange_fail(upstream, HTTP_FAIL_FORWARD, 0);
}

/* It is through: all from here on is between us and the upstream. */
static void arrived(struct http_upstream *upstream)
{
    upstream->is_through = true;
    timer_stop(&upstream->timer);
    saved_clear(&upstream->saved);
    upstream->pool->protocol->begin(upstream);
}

static void write_connect(struct http_upstream *upstream)
{
    const struct http_forward *forward = &upstream->pool->config.forward;
    struct head_writer writer;
    head_begin(&writer, &upstream->stream);
    head_text(&writer, STR("CONNECT "));
    head_text(&writer, forward->authority);
    head_text(&writer, STR(" HTTP/1.1\r\n"));
    head_field(&writer, STR("Host"), forward->authority);
    if (forward->authorization.len)
        head_field(&writer, STR("Proxy-Authorization"), forward->authorization);
    head_text(&writer, STR("\r\n"));
    head_end(&writer);
}

void forward_begin(struct http_upstream *upstream)
{
    const struct http_forward *forward = &upstream->pool->config.forward;
    uint8_t message[SOCKS5_MESSAGE_BYTES];
    upstream->state = UPSTREAM_FORWARD;
    timer_start(upstream->pool->client->loop, &upstream->timer, PATIENCE_NS);
    if (forward->kind == HTTP_FORWARD_HTTP) {
        write_connect(upstream);
        return;
    }
    if (forward->host.len > SOCKS5_LONGEST || forward->user.len > SOCKS5_LONGEST ||
        forward->password.len > SOCKS5_LONGEST) {
        refused(upstream, "a name is too long for SOCKS");
        return;
    }
    upstream->forward_step = SOCKS5_METHOD;
    size_t len = socks5_methods(forward->has_login, message);
    stream_write(&upstream->stream, str_make((const char *)message, len));
}

/* False: there is nothing more to read now, or nothing more to do. */
static bool read_connect(struct http_upstream *upstream, char *buffer)
{
    struct http_client *client = upstream->pool->client;
    ssize_t got = stream_read(&upstream->stream, buffer, LOOP_SHARED_BYTES);
    if (got == STREAM_AGAIN)
        return false;
    if (got <= 0) {
        refused(upstream, "it closed the connection");
        return false;
    }
    saved_add(&upstream->saved, str_make(buffer, (size_t)got));
    struct saved_input *saved = &upstream->saved;
    struct h1_head head = {.headers = client->scratch.at, .cap = client->scratch.cap};
    enum h1_result result = h1_parse_response(&head, saved->bytes, saved->len);
    while (result == H1_FULL) {
        scratch_grow(&client->scratch);
        head = (struct h1_head){.headers = client->scratch.at, .cap = client->scratch.cap};
        result = h1_parse_response(&head, saved->bytes, saved->len);
    }
    if (result == H1_MORE && saved->len < LOOP_SHARED_BYTES)
        return true;
    if (result != H1_DONE)
        refused(upstream, "its answer to CONNECT is malformed");
    else if (head.status != 200)
        refused(upstream, "it answered CONNECT with another status than 200");
    else if (head.len < saved->len) /* the upstream waits for us to speak first */
        refused(upstream, "it sent more than its answer to CONNECT");
    else
        arrived(upstream);
    return false;
}

static void next_socks_step(struct http_upstream *upstream, enum socks5_result result)
{
    const struct http_forward *forward = &upstream->pool->config.forward;
    uint8_t message[SOCKS5_MESSAGE_BYTES];
    size_t len;
    saved_clear(&upstream->saved);
    if (upstream->forward_step == SOCKS5_REPLY) {
        arrived(upstream);
        return;
    }
    if (result == SOCKS5_ASKS) {
        upstream->forward_step = SOCKS5_LOGIN;
        len = socks5_login(forward->user, forward->password, message);
    } else {
        upstream->forward_step = SOCKS5_REPLY;
        len = socks5_connect(forward->host, forward->port, message);
    }
    stream_write(&upstream->stream, str_make((const char *)message, len));
}

/* Reads no byte more than belongs to the answer. */
static bool read_socks(struct http_upstream *upstream, char *buffer)
{
    const struct http_forward *forward = &upstream->pool->config.forward;
    enum socks5_step step = upstream->forward_step;
    size_t needed;
    struct saved_input *saved = &upstream->saved;
    (void)socks5_read(step, (const uint8_t *)saved->bytes, saved->len, &needed);
    ssize_t got = stream_read(&upstream->stream, buffer, needed - saved->len);
    if (got == STREAM_AGAIN)
        return false;
    if (got <= 0) {
        refused(upstream, "it closed the connection");
        return false;
    }
    saved_add(saved, str_make(buffer, (size_t)got));
    enum socks5_result result =
        socks5_read(step, (const uint8_t *)saved->bytes, saved->len, &needed);
    switch (result) {
    case SOCKS5_MORE:
        return true;
    case SOCKS5_NEXT:
    case SOCKS5_ASKS:
        if (result == SOCKS5_ASKS && !forward->has_login)
            break;
        next_socks_step(upstream, result);
        return upstream->state == UPSTREAM_FORWARD;
    case SOCKS5_REFUSED:
        break;
    case SOCKS5_BAD:
        refused(upstream, "it does not speak SOCKS 5");
        return false;
    }
    refused(upstream, step == SOCKS5_REPLY ? "it did not connect" : "it refused the login");
    return false;
}

void forward_readable(struct http_upstream *upstream)
{
    char *buffer = loop_read_buffer(upstream->stream.loop);
    bool goes_on = true;
    while (goes_on && upstream->state == UPSTREAM_FORWARD)
        goes_on = upstream->pool->config.forward.kind == HTTP_FORWARD_HTTP
                      ? read_connect(upstream, buffer)
                      : read_socks(upstream, buffer);
}
