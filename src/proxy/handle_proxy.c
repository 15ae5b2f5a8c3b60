/* reverse_proxy: sends the request to an upstream, and tries others where that fails. The answer
 * goes through proxy_answer.c, and the heads of both are made in proxy_head.c. */

#include "base/parse.h"
#include "net/loop.h"
#include "proxy/balance.h"
#include "proxy/body.h"
#include "proxy/cgi.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/match.h"
#include "proxy/proxy_answer.h"
#include "proxy/proxy_head.h"
#include "proxy/proxy_log.h"
#include "proxy/response.h"
#include "proxy/sources.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

static enum step run_attempts(struct proxying *proxying);

/* For what happens outside of the handler's own call. */
void proxying_go_on(struct proxying *proxying, enum step step)
{
    if (step != STEP_TAKEN)
        transaction_resume(proxying->tx, step);
}

/* The attempt does not count among the upstream's requests any more. */
void proxying_release_upstream(struct proxying *proxying)
{
    if (proxying->is_counted)
        atomic_fetch_sub_explicit(&proxying->backend->state->requests, 1, memory_order_relaxed);
    proxying->is_counted = false;
    proxying->is_attempting = false;
}

/* The backend of the last attempt may go. */
static void leave_backend(struct proxying *proxying)
{
    if (proxying->backend && proxying->backend->found)
        found_release(proxying->tx->worker, proxying->backend->found);
    proxying->backend = NULL;
}

/* --- trying again --- */

/* What can be sent a second time? */
static bool is_replayable(const struct proxying *proxying)
{
    return !proxying->exchange.body_started || proxying->upload_complete;
}

/* Whether one of the sets of retry_match says so; one that cannot be decided says no. */
static bool retry_matches(struct proxying *proxying, struct dt_range sets)
{
    struct transaction *tx = proxying->tx;
    struct failure before = tx->failure;
    bool failed = false, matches = match_any_set(tx, sets, &failed);
    if (failed) {
        struct log_pair pair = {STR("error"), LOG_TEXT_OF(tx->failure.message)};
        log_line(tx->core, tx->worker, DT_LOG_ERROR, STR("http.handlers.reverse_proxy"),
                 STR("error matching request for retry"), &pair, 1);
        proxying->retry_match_failed = true;
        tx->failure = before;
    }
    return matches && !failed;
}

static bool may_retry(struct proxying *proxying, bool is_certain_not_sent)
{
    const struct dt_pool *pool = proxying->pool;
    if (pool->try_duration_ns == 0 && pool->retries == 0)
        return false;
    if (pool->try_duration_ns > 0 &&
        proxying_now_ns(proxying) - proxying->started_ns >= pool->try_duration_ns)
        return false;
    if (pool->retries > 0 && proxying->retries >= pool->retries)
        return false;
    if (is_certain_not_sent)
        return true;
    if (!is_replayable(proxying))
        return false;
    if (pool->retry_match.n == 0)
        return str_eq(proxying->method, STR("GET"));
    proxying->is_transport_error = true;
    bool matches = retry_matches(proxying, pool->retry_match);
    proxying->is_transport_error = false;
    return matches;
}

static void pause_over(struct timer *timer)
{
    struct proxying *proxying =
        (struct proxying *)((char *)timer - offsetof(struct proxying, pause));
    proxying_go_on(proxying, run_attempts(proxying));
}

/* After a failed attempt: the next one now (STEP_NEXT), later (STEP_TAKEN), or the failure. */
static enum step retry_or_fail(struct proxying *proxying, bool is_certain_not_sent, unsigned status,
                               struct str message)
{
    proxying->is_over = !may_retry(proxying, is_certain_not_sent);
    if (proxying->is_over)
        return transaction_fail(proxying->tx, status, message);
    proxying->retries++;
    if (proxy_logs_details(proxying))
        proxy_log_retry(proxying, message);
    if (proxying->pool->try_interval_ns <= 0)
        return STEP_NEXT;
    proxying->pause.fire = pause_over;
    timer_start(proxying->tx->worker->loop, &proxying->pause, proxying->pool->try_interval_ns);
    return STEP_TAKEN;
}

/* --- the request's body --- */

static void send_upload(struct proxying *proxying, struct str data)
{
    if (http_exchange_write(&proxying->exchange, data) || proxying->client_paused ||
        !proxying->is_reading)
        return;
    proxying->client_paused = true;
    http_body_pause(proxying->tx->request);
}

/* The upstream takes (more of) the body. */
static void on_writable(struct http_exchange *exchange)
{
    struct proxying *proxying = exchange->owner;
    struct http_request *request = proxying->tx->request;
    if (proxying->upload == UPLOAD_WAITING) {
        proxying->upload = UPLOAD_STREAMING;
        proxying->tx->body_is_sent = true;
        if (proxying->buffered.len > 0)
            send_upload(proxying, strbuf_str(&proxying->buffered));
        if (proxying->upload_complete) {
            proxying->upload = UPLOAD_NONE;
            http_exchange_finish(exchange, NULL);
        } else if (!proxying->is_reading) {
            proxying->is_reading = true;
            http_body_read(request);
        } else {
            proxying->client_paused = false;
            http_body_resume(request);
        }
    } else if (proxying->upload == UPLOAD_STREAMING && proxying->client_paused) {
        proxying->client_paused = false;
        http_body_resume(request);
    }
}

/* What is too long ends the attempt. */
static void refuse_upload(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    proxying_cancel(proxying);
    proxying->upload = UPLOAD_NONE;
    if (http_reply_started(tx->request)) {
        http_reply_abort(tx->request);
        return;
    }
    /* Caddy: that the length is not known is seen first */
    bool is_without_length = proxying->fastcgi && proxying->content_length < 0;
    proxying_go_on(proxying, transaction_fail(tx, is_without_length ? 411 : 413,
                                              STR("http: request body too large")));
}

void proxying_upload(struct proxying *proxying, struct str data)
{
    int64_t max_bytes = proxying->tx->max_body_bytes;
    if (max_bytes > 0 && (int64_t)proxying->tx->request->body_read > max_bytes) {
        refuse_upload(proxying);
        return;
    }
    if (proxying->upload == UPLOAD_STREAMING && proxying->is_attempting) {
        send_upload(proxying, data);
        return;
    }
    if (proxying->upload != UPLOAD_BUFFERING && proxying->upload != UPLOAD_WAITING)
        return;
    strbuf_add(&proxying->buffered, data);
    int64_t limit = proxying->pool->request_buffers;
    if (proxying->upload != UPLOAD_BUFFERING || limit < 0 ||
        (int64_t)proxying->buffered.len < limit)
        return;
    proxying->client_paused = true;
    http_body_pause(proxying->tx->request);
    proxying_go_on(proxying, run_attempts(proxying));
}

void proxying_upload_end(struct proxying *proxying)
{
    struct http_headers *trailers = &proxying->tx->request->trailers;
    if (proxying->upload == UPLOAD_STREAMING) {
        proxying->upload = UPLOAD_NONE;
        if (proxying->is_attempting)
            http_exchange_finish(&proxying->exchange, trailers->n ? trailers : NULL);
        return;
    }
    proxying->upload_complete = true;
    if (proxying->upload != UPLOAD_BUFFERING)
        return;
    if (proxying->content_length >= 0 || proxying->fastcgi) /* Caddy: what is chunked stays so */
        proxying->content_length = (int64_t)proxying->buffered.len;
    proxying_go_on(proxying, run_attempts(proxying));
}

void proxying_upload_failed(struct proxying *proxying, enum http_body_failure reason)
{
    struct transaction *tx = proxying->tx;
    proxying_cancel(proxying);
    proxying->upload = UPLOAD_NONE;
    if (http_reply_started(tx->request)) {
        http_reply_abort(tx->request);
        return;
    }
    tx->request->close = true;
    bool is_timeout = reason == HTTP_BODY_TIMEOUT;
    proxying_go_on(proxying, transaction_fail(tx, is_timeout ? 408 : 400,
                                              is_timeout ? STR("the request body stopped coming")
                                                         : STR("malformed request body")));
}

/* --- failed attempts --- */

static unsigned status_of(enum http_failure reason)
{
    switch (reason) {
    case HTTP_FAIL_TLS_TIMEOUT:
    case HTTP_FAIL_HEAD_TIMEOUT:
    case HTTP_FAIL_READ_TIMEOUT:
    case HTTP_FAIL_WRITE_TIMEOUT:
        return 504;
    case HTTP_FAIL_NO_LENGTH:
        return 411;
    case HTTP_FAIL_NONE:
    case HTTP_FAIL_DIAL:
    case HTTP_FAIL_FORWARD:
    case HTTP_FAIL_TLS:
    case HTTP_FAIL_WRITE:
    case HTTP_FAIL_CLOSED:
    case HTTP_FAIL_BAD_HEAD:
    case HTTP_FAIL_HEAD_TOO_LARGE:
    case HTTP_FAIL_TRUNCATED:
    case HTTP_FAIL_BAD_BODY:
    case HTTP_FAIL_BAD_RECORD:
    case N_HTTP_FAILURES:
        break;
    }
    return 502;
}

static void on_failed(struct http_exchange *exchange, enum http_failure reason)
{
    struct proxying *proxying = exchange->owner;
    struct transaction *tx = proxying->tx;
    struct str message = http_exchange_error(exchange, tx->arena);
    if (proxy_logs_details(proxying) && !proxying->has_head)
        proxy_log_roundtrip(proxying, message);
    proxying_release_upstream(proxying);
    if (proxying->has_head)
        cgi_log_complaints(proxying);
    if (proxying->is_held) {
        proxying->has_failed = true;
        return;
    }
    if (proxying->has_head) {
        if (!proxying->head_sent)
            proxy_send_response(proxying, (struct str){0});
        proxy_log_broken(proxying, message);
        response_abort(tx);
        return;
    }
    if (reason == HTTP_FAIL_NO_LENGTH) { /* the client's doing */
        proxying_go_on(proxying, transaction_fail(tx, status_of(reason), message));
        return;
    }
    proxying->has_head = false;
    upstream_count_failure(tx->worker, proxying->pool, proxying->backend);
    /* Caddy: that a script could not be asked is not known to be certain */
    bool is_certain_not_sent = reason == HTTP_FAIL_DIAL && !proxying->fastcgi;
    enum step step = retry_or_fail(proxying, is_certain_not_sent, status_of(reason), message);
    if (step == STEP_NEXT)
        step = run_attempts(proxying);
    proxying_go_on(proxying, step);
}

/* --- attempts --- */

static const struct http_exchange_events exchange_events = {
    .writable = on_writable,
    .interim = proxy_on_interim,
    .head = proxy_on_head,
    .data = proxy_on_data,
    .pass = proxy_on_pass,
    .complaint = proxy_on_complaint,
    .end = proxy_on_end,
    .failed = on_failed,
};

static bool is_idempotent(const struct proxying *proxying)
{
    struct str method = proxying->method;
    return str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")) ||
           str_eq(method, STR("OPTIONS")) || str_eq(method, STR("TRACE")) ||
           headers_find_named(&proxying->headers, STR("Idempotency-Key")) ||
           headers_find_named(&proxying->headers, STR("X-Idempotency-Key"));
}

/* Go sends the length of an empty body with these. */
static bool says_zero_length(struct str method)
{
    return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) ||
           str_eq(method, STR("PATCH"));
}

/* The request as this attempt sends it; all that is not set is zero. */
static void fill_request(struct proxying *proxying, struct http_outgoing *request)
{
    request->method = proxying->method;
    request->target = proxying->uri;
    request->host = proxying->attempt_host;
    request->host_line = proxying->host_line;
    request->request_line = proxying->request_line;
    request->headers = &proxying->headers;
    request->content_length = proxying->content_length;
    request->zero_length = proxying->content_length == 0 && says_zero_length(proxying->method);
    request->idempotent = is_idempotent(proxying);
    request->as_it_comes = proxying->pool->flush_interval_ns < 0;
    if (proxying->fastcgi) {
        request->variables = &proxying->variables;
        if (cgi_leaves_body_out(proxying->method))
            request->content_length = 0;
    }
}

static void start_exchange(struct proxying *proxying, struct http_pool *connections)
{
    struct http_exchange *exchange = &proxying->exchange;
    atomic_fetch_add_explicit(&proxying->backend->state->requests, 1, memory_order_relaxed);
    proxying->is_counted = proxying->is_attempting = true;
    proxying->attempt_ns = proxying_now_ns(proxying);
    if (proxying->retries > 0) /* the first finds it empty */
        *exchange = (struct http_exchange){0};
    exchange->events = &exchange_events;
    exchange->owner = proxying;
    exchange->arena = proxying->tx->arena;
    fill_request(proxying, &exchange->request);
    proxying->upload = exchange->request.content_length != 0 ? UPLOAD_WAITING : UPLOAD_NONE;
    http_exchange_start(exchange, connections);
}

/* The attempt is on this one. */
static void take_backend(struct proxying *proxying, const struct backend *backend)
{
    if (backend->found)
        found_hold(backend->found);
    leave_backend(proxying);
    proxying->backend = backend;
    proxying->destination = backend->where;
    proxying->load = (struct upstream_load){
        .requests = atomic_load_explicit(&backend->state->requests, memory_order_relaxed),
        .fails = atomic_load_explicit(&backend->state->fails, memory_order_relaxed),
        .max_requests = backend->max_requests,
    };
}

/* Tries one of the candidates; STEP_NEXT: there is to be another attempt at once. */
static enum step attempt(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct str problem = {0};
    const struct backend *backend = balance_choose(proxying);
    if (!backend)
        return retry_or_fail(proxying, true, 503, STR("no upstreams available"));
    take_backend(proxying, backend);
    if (!backend->where && !upstream_resolve(proxying, &problem))
        return transaction_fail(tx, 502, problem);
    if (proxying->transport->proxy_protocol && !upstream_can_announce(proxying, &problem))
        return transaction_fail(tx, 502, problem);
    struct http_pool *connections = upstream_connections(proxying, &problem);
    if (!connections)
        return transaction_fail(tx, 502, problem);
    if (proxy_logs_details(proxying))
        proxy_log_selected(proxying);
    if (!proxy_make_attempt(proxying, &problem))
        return transaction_fail(tx, 502, problem);
    if (proxying->fastcgi && !cgi_variables(proxying, &proxying->variables, &problem))
        return transaction_fail(tx, 502, problem);
    start_exchange(proxying, connections);
    return STEP_TAKEN;
}

/* False where they have to be waited for; then proxying_found is called. */
static bool find_candidates(struct proxying *proxying)
{
    const struct dt_pool *pool = proxying->pool;
    if (pool->sources.n > 0) {
        bool are_found = proxying->are_candidates_found || sources_find(proxying);
        proxying->are_candidates_found = false;
        return are_found;
    }
    proxying->candidates = proxying->tx->core->backends + pool->upstreams.first;
    proxying->n_candidates = pool->upstreams.n;
    return true;
}

/* Chooses upstreams until an attempt is under way. */
static enum step run_attempts(struct proxying *proxying)
{
    enum step step = STEP_NEXT;
    while (step == STEP_NEXT && find_candidates(proxying))
        step = attempt(proxying);
    return step == STEP_NEXT ? STEP_TAKEN : step;
}

/* --- answers that are not taken --- */

/* Only sets with an expression are asked about answers, for the others say nothing of them. */
static bool has_expression(const struct dt_tables *tables, uint32_t set)
{
    struct dt_range matchers = tables->matcher_sets[set].matchers;
    for (uint32_t i = 0; i < matchers.n; i++) {
        uint32_t kind = tables->matchers[matchers.first + i].kind;
        if (kind == DT_MATCHER_EXPRESSION || kind == DT_MATCHER_ERROR_STATUS)
            return true;
    }
    return false;
}

static bool is_to_be_retried(struct proxying *proxying)
{
    struct dt_range sets = proxying->pool->retry_match;
    proxying->retry_match_failed = false;
    for (uint32_t i = 0; i < sets.n && !proxying->retry_match_failed; i++)
        if (has_expression(proxying->tx->tables, sets.first + i) &&
            retry_matches(proxying, (struct dt_range){sets.first + i, 1}))
            return true;
    return false;
}

/* Another upstream is asked, or the answer's status is that of the failure. */
static void retry_answer(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    unsigned status = proxying->exchange.head.status;
    struct str message =
        str_printf(tx->arena, "upstream response matched retry_match (status %u)", status);
    bool is_replayable_now = is_replayable(proxying);
    http_exchange_cancel(&proxying->exchange);
    proxying_release_upstream(proxying);
    enum step step = is_replayable_now
                         ? retry_or_fail(proxying, true, status, message)
                         : transaction_fail(tx, 502, STR("the request body cannot be sent again"));
    if (step != STEP_FAILED)
        proxying->has_head = false;
    if (step == STEP_NEXT)
        step = run_attempts(proxying);
    proxying_go_on(proxying, step);
}

bool proxying_retries_answer(struct proxying *proxying)
{
    bool retries = is_to_be_retried(proxying);
    if (retries)
        retry_answer(proxying);
    return retries;
}

/* --- the handler --- */

void proxying_found(struct proxying *proxying)
{
    proxying->are_candidates_found = true;
    proxying_go_on(proxying, run_attempts(proxying));
}

void proxying_cancel(struct proxying *proxying)
{
    bool is_found = proxying->backend && proxying->backend->found;
    if (proxying->has_ended && !is_found) /* the usual: nothing is held any more */
        return;
    timer_remove(&proxying->pause);
    if (proxying->pool->sources.n > 0)
        sources_cancel(proxying);
    if (proxying->is_attempting)
        http_exchange_cancel(&proxying->exchange);
    if (proxying->has_head)
        cgi_log_complaints(proxying);
    proxying_release_upstream(proxying);
    leave_backend(proxying);
}

enum step handle_proxy(struct transaction *tx, const struct dt_handler *handler)
{
    struct proxying *proxying = arena_alloc(tx->arena, sizeof(*proxying));
    bytes_clear(&proxying->exchange, sizeof(*proxying) - offsetof(struct proxying, exchange));
    proxying->tx = tx;
    proxying->pool_row = handler->row;
    proxying->pool = &tx->tables->pools[handler->row];
    proxying->transport = &tx->tables->transports[proxying->pool->transport];
    if (proxying->transport->fastcgi != DT_NONE)
        proxying->fastcgi = &tx->tables->fastcgis[proxying->transport->fastcgi];
    proxying->started_ns = proxying_now_ns(proxying);
    proxying->buffered = strbuf_in(tx->arena);
    proxying->earlier = tx->proxying;
    tx->proxying = proxying;
    proxy_make_request(proxying);
    /* Caddy: programs in C would look for another script */
    if (proxying->fastcgi && memchr(proxying->url.path.ptr, '\0', proxying->url.path.len))
        return transaction_fail(tx, 400, STR("invalid request path"));
    if (body_is_too_long(tx))
        return transaction_fail(tx, 413, STR("http: request body too large"));
    if (tx->body_is_sent && proxying->content_length != 0) {
        /* another upstream has got it, and there is nothing left for this one */
        if (proxying->content_length > 0 && !proxying->fastcgi)
            return transaction_fail(tx, 502, STR("the request body was sent to another upstream"));
        proxying->upload_complete = true;
    } else if (tx->replaces_body) {
        strbuf_add(&proxying->buffered, tx->body);
        proxying->upload_complete = true;
    } else if (tx->max_body_bytes > 0 && proxying->content_length > tx->max_body_bytes) {
        return transaction_fail(tx, 413, STR("http: request body too large"));
    }
    if (proxying->content_length == 0 || proxying->pool->request_buffers == 0 ||
        proxying->upload_complete)
        return run_attempts(proxying);
    proxying->upload = UPLOAD_BUFFERING;
    proxying->is_reading = true;
    http_body_read(tx->request);
    return STEP_TAKEN;
}
