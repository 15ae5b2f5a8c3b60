/* What scripts behind FastCGI write to their standard error, as a line of the log. */

#include "proxy/cgi.h"
#include "proxy/log.h"
#include "proxy/text.h"

enum { MAX_COMPLAINTS = 64 * 1024 }; /* bytes of one request */

void cgi_complaint(struct proxying *proxying, struct str data)
{
    if (!proxying->fastcgi->captures_stderr)
        return;
    proxying->complaints.arena = proxying->tx->arena;
    strbuf_add(&proxying->complaints,
               str_slice(data, 0, MAX_COMPLAINTS - proxying->complaints.len));
}

static bool is_secret(struct str name)
{
    static const char *const names[] = {"http_cookie", "http_set_cookie", "http_authorization",
                                        "http_proxy_authorization"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return true;
    return false;
}

static void write_variables(const struct log_view *view, const void *ctx)
{
    const struct proxying *proxying = ctx;
    const struct http_headers *variables = &proxying->variables;
    bool shows_secrets = proxying->tx->server->logs_credentials;
    for (uint32_t i = 0; i < variables->n; i++) {
        struct str name = variables->at[i].name, value = variables->at[i].value;
        if (str_is(name, "CONTENT_TYPE")) /* Caddy: without the one that is assumed */
            value = headers_get(&proxying->headers, HEADER_CONTENT_TYPE);
        if (!shows_secrets && is_secret(name))
            value = STR("");
        log_put(view, name, LOG_TEXT_OF(value));
    }
}

/* The headers of the request that was sent, with those that are variables here only. */
static struct http_headers headers_sent(struct proxying *proxying)
{
    struct arena *arena = proxying->tx->arena;
    struct http_headers headers = headers_copy(arena, &proxying->headers, 1);
    struct str length = cgi_content_length(proxying);
    if (length.len > 0 && !headers_find(&headers, HEADER_CONTENT_LENGTH))
        headers_add(&headers, HEADER_CONTENT_LENGTH, length);
    return headers;
}

void cgi_write_complaints(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    enum dt_log_level level = proxying->exchange.head.status >= 400 ? DT_LOG_ERROR : DT_LOG_WARN;
    if (!log_wants(tx->core, level))
        return;
    struct http_headers headers = headers_sent(proxying);
    const struct log_request as = {tx, proxying->method, proxying->attempt_host,
                                   tx->request->target, &headers};
    const struct log_pair fields[] = {
        {STR("request"), log_request_value(&as)},
        {STR("env"), LOG_OBJECT_OF(write_variables, proxying)},
        {STR("body"), LOG_TEXT_OF(strbuf_str(&proxying->complaints))},
    };
    log_line(tx->core, tx->worker, level, STR("http.reverse_proxy.transport.fastcgi"),
             STR("stderr"), fields, sizeof(fields) / sizeof(fields[0]));
    proxying->complaints.len = 0;
}
