/* static_response: a fixed answer, an early hint, or the end of the connection. */

#include "base/parse.h"
#include "proxy/handlers.h"
#include "proxy/template.h"
#include "proxy/text.h"

/* Caddy: what looks like a JSON object or array, and is, is JSON; the rest is text. */
static bool looks_like_json(struct str body)
{
    struct str text = str_trim(body);
    if (text.len <= 2)
        return false;
    char first = text.ptr[0], last = text.ptr[text.len - 1];
    return ((first == '{' && last == '}') || (first == '[' && last == ']')) && text_is_json(text);
}

static void set_content_type(struct transaction *tx, const struct dt_response *response,
                             struct str body)
{
    enum dt_content content = response->content;
    if (body.len == 0 || headers_get(&tx->response, HEADER_CONTENT_TYPE).len > 0)
        return;
    if (content == DT_CONTENT_RUN_TIME)
        content = looks_like_json(body) ? DT_CONTENT_JSON : DT_CONTENT_TEXT;
    if (content != DT_CONTENT_EMPTY)
        headers_set(&tx->response, HEADER_CONTENT_TYPE,
                    content == DT_CONTENT_JSON ? STR("application/json")
                                               : STR("text/plain; charset=utf-8"));
}

static void send_interim(struct transaction *tx, unsigned status)
{
    struct http_head head = {.status = status, .headers = tx->response};
    http_reply_interim(tx->request, &head);
}

enum step handle_respond(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_response *response = &tx->tables->responses[handler->row];
    if (response->aborts) {
        http_reply_abort(tx->request);
        return STEP_TAKEN;
    }
    if (response->closes) {
        tx->request->close = true;
        headers_set(&tx->response, HEADER_CONNECTION, STR("close"));
    }
    headers_edit(tx, response->headers, &tx->response, NULL);
    struct str body = template_expand(tx, response->body);
    set_content_type(tx, response, body);
    if (headers_get(&tx->response, HEADER_CONTENT_TYPE).len == 0)
        headers_remove(&tx->response, HEADER_CONTENT_TYPE);
    tx->type_is_cleared = !headers_find(&tx->response, HEADER_CONTENT_TYPE);

    int64_t status = response->status;
    if (response->status_template != DT_NONE) {
        struct str text = template_expand(tx, response->status_template);
        if (parse_go_int(text, &status) != PARSE_OK)
            return transaction_fail(
                tx, 500, text_not_a_number(tx->arena, text));
    } else if (status == 0) {
        status = tx->failure.is_set && !tx->failure.is_bare ? tx->failure.status : 200;
    }
    if (status >= 100 && status < 200 && status != 101) {
        send_interim(tx, (unsigned)status);
        if (status == 103)
            return STEP_NEXT;
        status = 200;
    }
    transaction_reply(tx, (unsigned)status, body);
    return STEP_TAKEN;
}
