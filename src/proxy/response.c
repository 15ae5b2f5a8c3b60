/* Answers on their way out: deferred changes to the head, compression, then the connection. */

#include "proxy/response.h"

#include "base/parse.h"
#include "proxy/coding.h"
#include "proxy/encoder.h"
#include "proxy/handlers.h"
#include "proxy/match.h"
#include "proxy/metrics.h"
#include "proxy/router.h"
#include "proxy/sniff.h"
#include "proxy/template.h"
#include "proxy/text.h"

/* As in Go: what is not longer than this when it ends gets a Content-Length. */
enum { HELD_BYTES = 2048, HELD_BYTES_H2 = 4096 };

/* A body that is compressed, or whose length is to be told. The head is held back until it is known
 * how long it will be, or that it is long. */
struct encoding {
    struct encoder *encoder; /* NULL: it goes out as it is */
    struct http_head head;
    struct strbuf held;
    bool head_sent;
    bool can_take_more; /* the client keeps up */
    bool flushes;       /* events, which are read as they come */
};

/* An answer that is held back while routes run instead of it. */
struct interception {
    struct http_head head;
    struct strbuf body;
    const struct dt_response_handler *handler;
    struct deferred_work *outer; /* what waits for it outside of the handler */
    bool is_complete;            /* the routes run */
    bool is_too_long;            /* to be kept; it can be replaced, but not sent after all */
};

enum { MAX_HELD_BODY = 64 * 1024 * 1024 };

/* --- the head --- */

static bool has_body(const struct transaction *tx, const struct http_head *head)
{
    return head->content_length != 0 && !http_status_has_no_body(head->status) &&
           !str_eq(tx->request->method, STR("HEAD"));
}

/* Go finds out the type of a body that comes without one, be it one that HEAD does not get. */
static bool needs_type(const struct transaction *tx, const struct http_head *head)
{
    return !tx->is_untyped && head->content_length != 0 && !http_status_has_no_body(head->status) &&
           !headers_find(&head->headers, HEADER_CONTENT_TYPE) &&
           !headers_find(&head->headers, HEADER_CONTENT_ENCODING);
}

static const struct deferred_work *encoding_of(const struct transaction *tx)
{
    const struct deferred_work *deferred = tx->deferred;
    while (deferred && !deferred->encoder)
        deferred = deferred->earlier;
    return deferred;
}

bool response_is_event_stream(const struct http_headers *headers)
{
    struct str type = headers_get(headers, HEADER_CONTENT_TYPE), rest;
    str_cut(type, STR(";"), &type, &rest);
    return str_eq_nocase(str_trim(type), STR("text/event-stream"));
}

bool response_needs_start(const struct transaction *tx, const struct http_head *head)
{
    const struct deferred_work *encode = encoding_of(tx);
    if (encode && (has_body(tx, head) || tx->tells_length) &&
        !response_is_event_stream(&head->headers) &&
        (head->content_length < 0 || !headers_find(&head->headers, HEADER_CONTENT_TYPE)))
        return true;
    return needs_type(tx, head);
}

static bool is_long_enough(const struct dt_encoder *row, const struct http_head *head,
                           struct str start)
{
    return head->content_length > (int64_t)row->min_length || start.len > row->min_length ||
           response_is_event_stream(&head->headers);
}

static void vary_by_coding(struct http_headers *headers)
{
    if (!headers_have_token(headers, HEADER_VARY, STR("Accept-Encoding")))
        headers_add(headers, HEADER_VARY, STR("Accept-Encoding"));
}

/* A representation of its own needs a tag of its own (RFC 9110 8.8.3.3). */
static void change_tag(struct transaction *tx, struct http_headers *headers, struct str coding)
{
    struct str tag = headers_get(headers, HEADER_ETAG);
    if (tag.len == 0 || str_has_prefix(tag, STR("W/")))
        return;
    tag = str_trim_suffix(tag, STR("\""));
    headers_set(headers, HEADER_ETAG, STR_JOIN(tx->arena, tag, STR("-"), coding, STR("\"")));
}

/* Compresses, where the answer is one that should be. */
static void start_encoding(struct transaction *tx, const struct deferred_work *work,
                           struct http_head *head, struct str start)
{
    const struct dt_encoder *row = work->encoder;
    struct str coding = coding_name(work->coding);
    if (head->status == 304)
        vary_by_coding(&head->headers);
    if (head->status < 200 || head->status == 206 || tx->encoding ||
        !is_long_enough(row, head, start))
        return;
    if (start.len > 0 && !headers_find(&head->headers, HEADER_CONTENT_TYPE))
        headers_add(&head->headers, HEADER_CONTENT_TYPE, sniff_content_type(start));
    if (headers_get(&head->headers, HEADER_CONTENT_ENCODING).len > 0 ||
        coding_is_forbidden(&head->headers) ||
        !match_response(tx->core, &tx->tables->response_matchers[row->matcher], head->status,
                        &head->headers))
        return;
    if (has_body(tx, head)) {
        struct encoder *encoder = encoder_take(tx->worker, row, work->coding);
        if (!encoder)
            return;
        tx->encoding = arena_new(tx->arena, struct encoding);
        *tx->encoding = (struct encoding){.encoder = encoder,
                                          .held = strbuf_in(tx->arena),
                                          .can_take_more = true,
                                          .flushes = response_is_event_stream(&head->headers)};
    }
    headers_remove(&head->headers, HEADER_CONTENT_LENGTH);
    headers_set(&head->headers, HEADER_CONTENT_ENCODING, coding);
    vary_by_coding(&head->headers);
    headers_remove_named(&head->headers, STR("Accept-Ranges"));
    change_tag(tx, &head->headers, coding);
    head->content_length = HTTP_LENGTH_UNKNOWN;
}

bool response_handler_status(struct transaction *tx, const struct dt_response_handler *row,
                             unsigned *status)
{
    int64_t number = row->status;
    if (row->status_template != DT_NONE) {
        struct str text = template_expand(tx, row->status_template);
        if (parse_go_int(text, &number) != PARSE_OK || number < 0 || number > 999) {
            transaction_fail(tx, 500, text_not_a_number(tx->arena, text));
            return false;
        }
    }
    *status = (unsigned)number;
    return true;
}

/* Changes the status, or holds the answer back; true where it is held. */
static bool intercept(struct transaction *tx, const struct deferred_work *work,
                      struct http_head *head)
{
    struct dt_range rows = work->interception->handlers;
    for (uint32_t i = 0; i < rows.n; i++) {
        const struct dt_response_handler *row = &tx->tables->response_handlers[rows.first + i];
        unsigned status = 0;
        if (row->matcher != DT_NONE &&
            !match_response(tx->core, &tx->tables->response_matchers[row->matcher], head->status,
                            &head->headers))
            continue;
        if (!response_handler_status(tx, row, &status))
            status = 500;
        if (status != 0) {
            head->status = status;
            head->reason = (struct str){0};
            return false;
        }
        tx->interception = arena_new(tx->arena, struct interception);
        *tx->interception = (struct interception){
            .head = *head, .body = strbuf_in(tx->arena), .handler = row, .outer = work->earlier};
        tx->deferred = work->earlier;
        return true;
    }
    return false;
}

/* The innermost handler's work comes first. True where the answer is held back. */
static bool do_deferred(struct transaction *tx, struct http_head *head, struct str start)
{
    for (const struct deferred_work *work = tx->deferred; work; work = work->earlier) {
        const struct dt_header_edit *edit = work->edit;
        if (work->encoder)
            start_encoding(tx, work, head, start);
        else if (work->interception && intercept(tx, work, head))
            return true;
        else if (!edit)
            continue;
        else if (edit->require == DT_NONE ||
                 match_response(tx->core, &tx->tables->response_matchers[edit->require],
                                head->status, &head->headers))
            headers_edit(tx, edit->response, &head->headers, NULL);
    }
    return false;
}

/* --- copies --- */

void response_keep_copy(struct transaction *tx)
{
    if (tx->answer_copy)
        return;
    tx->answer_copy = arena_new(tx->arena, struct strbuf);
    *tx->answer_copy = strbuf_in(tx->arena);
    /* what compresses and was there before does so with what this copy is of */
    tx->copies_encoded = encoding_of(tx) == NULL;
}

struct str response_copy(const struct transaction *tx)
{
    return tx->answer_copy ? strbuf_str(tx->answer_copy) : STR("");
}

static void copy_data(struct transaction *tx, struct str data, bool is_encoded)
{
    struct strbuf *copy = tx->answer_copy;
    if (copy && (tx->copies_encoded == is_encoded || !tx->encoding) &&
        copy->len + data.len <= MAX_HELD_BODY)
        strbuf_add(copy, data);
}

static bool send_data(struct transaction *tx, struct str data)
{
    if (tx->encoding)
        copy_data(tx, data, true);
    return http_reply_data(tx->request, data);
}

/* Caddy: an answer without a body that comes instead of another one is followed by that one's. */
static void keep_held_body(struct transaction *tx, struct http_head *head)
{
    struct interception *held = tx->interception;
    tx->interception = NULL;
    if (!held || held->body.len == 0 || held->is_too_long || head->content_length > 0)
        return;
    tx->unsaid = held;
    tx->is_untyped = tx->type_is_cleared;
    tx->tells_length = true;
    head->content_length = HTTP_LENGTH_UNKNOWN;
}

static bool is_head_of_encoded(const struct transaction *tx, const struct http_head *head)
{
    return !has_body(tx, head) && headers_find(&head->headers, HEADER_CONTENT_ENCODING) != NULL;
}

void response_start(struct transaction *tx, struct http_head *head, struct str start)
{
    keep_held_body(tx, head);
    if (do_deferred(tx, head, start)) {
        tx->response = head->headers;
        return;
    }
    if (tx->tells_length && !tx->encoding && head->content_length < 0 &&
        !http_status_has_no_body(head->status) && !is_head_of_encoded(tx, head)) {
        tx->encoding = arena_new(tx->arena, struct encoding);
        *tx->encoding = (struct encoding){.held = strbuf_in(tx->arena), .can_take_more = true};
    }
    if (start.len > 0 && needs_type(tx, head)) {
        headers_add(&head->headers, HEADER_CONTENT_TYPE, sniff_content_type(start));
        tx->type_is_sniffed = true;
    }
    tx->response = head->headers;
    if (tx->encoding)
        tx->encoding->head = *head;
    else {
        http_reply_start(tx->request, head);
        metrics_head(tx, head->status);
    }
}

/* --- the body --- */

/* Go looks at what it holds, to HEAD as well. */
static void type_held(struct transaction *tx)
{
    struct encoding *encoding = tx->encoding;
    struct http_headers *headers = &encoding->head.headers;
    if (encoding->held.len == 0 || tx->is_untyped || headers_find(headers, HEADER_CONTENT_TYPE) ||
        headers_find(headers, HEADER_CONTENT_ENCODING))
        return;
    headers_add(headers, HEADER_CONTENT_TYPE, sniff_content_type(strbuf_str(&encoding->held)));
}

static void send_held(struct transaction *tx)
{
    struct encoding *encoding = tx->encoding;
    if (encoding->head_sent)
        return;
    encoding->head_sent = true;
    if (!encoding->encoder)
        type_held(tx);
    http_reply_start(tx->request, &encoding->head);
    metrics_head(tx, encoding->head.status);
    encoding->can_take_more = send_data(tx, strbuf_str(&encoding->held));
}

static void take_encoded(void *ctx, struct str data)
{
    struct transaction *tx = ctx;
    struct encoding *encoding = tx->encoding;
    if (encoding->head_sent) {
        encoding->can_take_more = send_data(tx, data);
        return;
    }
    strbuf_add(&encoding->held, data);
    if (encoding->held.len > (tx->request->version == HTTP_2 ? HELD_BYTES_H2 : HELD_BYTES))
        send_held(tx);
}

bool response_is_direct(const struct transaction *tx)
{
    return !tx->interception && !tx->unsaid && !tx->encoding && !tx->answer_copy;
}

bool response_data(struct transaction *tx, struct str data)
{
    struct encoding *encoding = tx->encoding;
    if (tx->interception) {
        tx->interception->is_too_long |= tx->interception->body.len + data.len > MAX_HELD_BODY;
        if (!tx->interception->is_too_long)
            strbuf_add(&tx->interception->body, data);
        return true;
    }
    if (data.len > 0)
        tx->unsaid = NULL;
    copy_data(tx, data, false);
    if (!encoding)
        return http_reply_data(tx->request, data);
    encoding->can_take_more = true;
    if (!encoding->encoder) {
        take_encoded(tx, data);
        return encoding->can_take_more;
    }
    encoder_run(encoding->encoder, data, encoding->flushes ? ENCODER_FLUSH : ENCODER_MORE,
                take_encoded, tx);
    if (encoding->flushes)
        send_held(tx);
    return encoding->can_take_more;
}

void response_flush(struct transaction *tx)
{
    if (!tx->encoding)
        return;
    if (tx->encoding->encoder)
        encoder_run(tx->encoding->encoder, STR(""), ENCODER_FLUSH, take_encoded, tx);
    send_held(tx);
}

/* --- answers held back --- */

const struct http_head *response_intercepted(const struct transaction *tx)
{
    return tx->intercepted;
}

static void run_instead(struct transaction *tx)
{
    struct interception *held = tx->interception;
    held->is_complete = true;
    tx->intercepted = &held->head;
    tx->sending = NULL;
    router_only(tx, held->handler->routes);
    transaction_resume(tx, STEP_NEXT);
}

void response_resume(struct transaction *tx)
{
    struct interception *held = tx->interception;
    struct http_head head = held->head;
    struct str body = strbuf_str(&held->body);
    if (held->is_too_long) {
        http_reply_abort(tx->request);
        return;
    }
    head.headers = tx->response;
    head.content_length = (int64_t)body.len;
    tx->deferred = held->outer; /* Caddy: what its routes have put off is put off for good */
    if (body.len == 0 && str_eq(tx->request->method, STR("HEAD")))
        head.content_length = HTTP_LENGTH_UNKNOWN;
    tx->is_untyped = tx->type_is_cleared; /* all of it is there to be looked at */
    response_start(tx, &head, body);
    response_data(tx, body);
    response_end(tx, NULL);
}

/* --- the end --- */

void response_end(struct transaction *tx, const struct http_headers *trailers)
{
    struct encoding *encoding = tx->encoding;
    if (tx->interception && !tx->interception->is_complete) {
        run_instead(tx);
        return;
    }
    if (tx->unsaid)
        response_data(tx, strbuf_str(&tx->unsaid->body));
    if (encoding) {
        if (encoding->encoder)
            encoder_run(encoding->encoder, STR(""), ENCODER_END, take_encoded, tx);
        if (!encoding->head_sent && !trailers &&
            (encoding->held.len > 0 || !str_eq(tx->request->method, STR("HEAD"))))
            encoding->head.content_length = (int64_t)encoding->held.len;
        send_held(tx);
    }
    http_reply_end(tx->request, trailers);
}

void response_abort(struct transaction *tx)
{
    if (tx->encoding && !tx->encoding->encoder)
        send_held(tx);
    http_reply_abort(tx->request);
}

void response_cancel(struct transaction *tx)
{
    if (tx->encoding->encoder)
        encoder_give_back(tx->worker, tx->encoding->encoder);
}
