/* The lines that a run of reverse_proxy writes. */

#include "proxy/proxy_log.h"

#include "proxy/log.h"
#include "proxy/text.h"
#include "proxy/worker.h"

enum { MOST_PAIRS = 8 };

/* A line that is being made. */
struct proxy_line {
    struct log_pair pairs[MOST_PAIRS];
    size_t n;
    struct log_request request;
    struct http_headers headers;
};

static void add(struct proxy_line *line, struct str key, struct log_value value)
{
    line->pairs[line->n++] = (struct log_pair){key, value};
}

static void write(struct proxying *proxying, enum dt_log_level level, const char *message,
                  const struct proxy_line *line)
{
    struct transaction *tx = proxying->tx;
    log_line(tx->core, tx->worker, level, STR("http.handlers.reverse_proxy"), str_from(message),
             line->pairs, line->n);
}

/* What all lines of an attempt have: whom it asked for what, and how long that took. */
static void begin(struct proxying *proxying, struct proxy_line *line)
{
    struct transaction *tx = proxying->tx;
    line->n = 0;
    line->headers = headers_copy(tx->arena, &proxying->headers, 2);
    if (!headers_find(&line->headers, HEADER_USER_AGENT)) /* Caddy: so that Go adds none */
        headers_add(&line->headers, HEADER_USER_AGENT, STR(""));
    if (tx->request->content_length > 0 && !headers_find(&line->headers, HEADER_CONTENT_LENGTH))
        headers_add(&line->headers, HEADER_CONTENT_LENGTH,
                    text_int(tx->arena, tx->request->content_length));
    line->request = (struct log_request){tx, proxying->method, proxying->attempt_host,
                                         proxying->uri, &line->headers};
    int64_t now = proxying->latency_ns ? proxying->attempt_ns + proxying->latency_ns
                                       : loop_now_ns(tx->worker->loop);
    if (proxying->backend)
        add(line, STR("upstream"), LOG_TEXT_OF(proxying->backend->dial));
    add(line, STR("duration"), LOG_DURATION_OF(now - proxying->attempt_ns));
    add(line, STR("request"), log_request_value(&line->request));
}

void proxy_log_selected(struct proxying *proxying)
{
    struct proxy_line line = {0};
    add(&line, STR("dial"), LOG_TEXT_OF(proxying->destination->hostport));
    add(&line, STR("total_upstreams"), LOG_INT_OF(proxying->n_candidates));
    write(proxying, DT_LOG_DEBUG, "selected upstream", &line);
}

void proxy_log_roundtrip(struct proxying *proxying, struct str error)
{
    const struct http_head *head = &proxying->exchange.head;
    const struct log_headers answered = {proxying->tx, &head->headers};
    struct proxy_line line;
    begin(proxying, &line);
    if (error.len > 0) {
        add(&line, STR("error"), LOG_TEXT_OF(error));
    } else {
        add(&line, STR("headers"), log_headers_value(&answered));
        add(&line, STR("status"), LOG_INT_OF(head->status));
    }
    write(proxying, DT_LOG_DEBUG, "upstream roundtrip", &line);
}

/* A line of verbose logs. <n_read> <0: it tells of no reading. */
static void write_step(struct proxying *proxying, const char *message, int64_t n_read,
                       bool is_at_end)
{
    struct proxy_line line;
    begin(proxying, &line);
    if (n_read >= 0)
        add(&line, STR("read"), LOG_INT_OF(n_read));
    if (is_at_end)
        add(&line, STR("error"), LOG_TEXT_OF(STR("EOF"))); /* as Go says it */
    write(proxying, DT_LOG_DEBUG, message, &line);
}

void proxy_log_head(struct proxying *proxying)
{
    if (proxying->pool->is_verbose)
        write_step(proxying, "wrote header", -1, false);
}

void proxy_log_data(struct proxying *proxying, size_t n)
{
    struct proxy_line line;
    if (!proxying->pool->is_verbose)
        return;
    proxying->passed += (int64_t)n;
    write_step(proxying, "waiting to read from upstream", -1, false);
    write_step(proxying, "read from upstream", (int64_t)n,
               proxying->passed == proxying->exchange.head.content_length);
    write_step(proxying, "writing to downstream", (int64_t)n, false);
    begin(proxying, &line);
    add(&line, STR("read"), LOG_INT_OF(n));
    add(&line, STR("written"), LOG_INT_OF(n));
    add(&line, STR("written_total"), LOG_INT_OF(proxying->passed));
    write(proxying, DT_LOG_DEBUG, "wrote to downstream", &line);
}

void proxy_log_end(struct proxying *proxying)
{
    if (!proxying->pool->is_verbose)
        return;
    if (proxying->passed == 0 || proxying->exchange.head.content_length < 0) {
        write_step(proxying, "waiting to read from upstream", -1, false);
        write_step(proxying, "read from upstream", 0, true);
    }
    write_step(proxying, "closed response body from upstream", -1, false);
}

void proxy_log_retry(struct proxying *proxying, struct str error)
{
    struct proxy_line line = {0};
    if (!proxying->pool->is_verbose)
        return;
    add(&line, STR("error"), LOG_TEXT_OF(error));
    add(&line, STR("after"), LOG_DURATION_OF(proxying->pool->try_interval_ns));
    write(proxying, DT_LOG_DEBUG, "retrying", &line);
}

void proxy_log_broken(struct proxying *proxying, struct str error)
{
    struct proxy_line line = {0};
    add(&line, STR("upstream"), LOG_TEXT_OF(proxying->destination->hostport));
    add(&line, STR("error"), LOG_TEXT_OF(error));
    write(proxying, DT_LOG_WARN, "aborting with incomplete response", &line);
}
