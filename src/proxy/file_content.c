/* Files as answers: preconditions, ranges and multipart bodies, decided as Go's ServeContent does. */

#include "proxy/file_content.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "http/date.h"
#include "http/range.h"
#include "proxy/response.h"
#include "proxy/send_file.h"
#include "proxy/text.h"

enum condition { CONDITION_NONE, CONDITION_TRUE, CONDITION_FALSE };

static struct str request_field(struct transaction *tx, struct str name)
{
    const struct http_header *header = headers_find_named(&tx->headers, name);
    return header ? header->value : STR("");
}

static bool is_get_or_head(const struct transaction *tx)
{
    return str_eq(tx->method, STR("GET")) || str_eq(tx->method, STR("HEAD"));
}

/* --- preconditions --- */

static enum condition if_match(struct transaction *tx, struct str etag)
{
    struct str list = request_field(tx, STR("If-Match"));
    if (list.len == 0)
        return CONDITION_NONE;
    return etag_list_has(list, etag, false) ? CONDITION_TRUE : CONDITION_FALSE;
}

static enum condition if_none_match(struct transaction *tx, struct str etag)
{
    struct str list = request_field(tx, STR("If-None-Match"));
    if (list.len == 0)
        return CONDITION_NONE;
    return etag_list_has(list, etag, true) ? CONDITION_FALSE : CONDITION_TRUE;
}

/* Whether the file is as old as the field's date, or older. */
static enum condition is_not_newer(struct transaction *tx, struct str field, int64_t modified_s)
{
    int64_t date;
    struct str text = request_field(tx, field);
    if (text.len == 0 || modified_s == 0 || !http_date_parse(text, &date))
        return CONDITION_NONE;
    return modified_s <= date ? CONDITION_TRUE : CONDITION_FALSE;
}

static bool if_range_holds(struct transaction *tx, struct str etag, int64_t modified_s)
{
    struct str text = request_field(tx, STR("If-Range")), rest = text;
    int64_t date;
    if (!is_get_or_head(tx) || text.len == 0)
        return true;
    struct str tag = etag_next(&rest);
    if (tag.len > 0)
        return etag_equals_strongly(tag, etag);
    return modified_s != 0 && http_date_parse(text, &date) && date == modified_s;
}

/* 0, or the status that the preconditions lead to. */
static unsigned precondition_status(struct transaction *tx, struct str etag, int64_t modified_s)
{
    enum condition condition = if_match(tx, etag);
    if (condition == CONDITION_NONE)
        condition = is_not_newer(tx, STR("If-Unmodified-Since"), modified_s);
    if (condition == CONDITION_FALSE)
        return 412;
    condition = if_none_match(tx, etag);
    if (condition == CONDITION_FALSE)
        return is_get_or_head(tx) ? 304 : 412;
    if (condition == CONDITION_NONE && is_get_or_head(tx) &&
        is_not_newer(tx, STR("If-Modified-Since"), modified_s) == CONDITION_TRUE)
        return 304;
    return 0;
}

/* --- answers without the file --- */

static void reply_without(struct transaction *tx, const struct file_content *content,
                          unsigned status, struct str body)
{
    close(content->fd);
    transaction_reply(tx, content->status ? content->status : status, body);
}

static void reply_precondition(struct transaction *tx, const struct file_content *content,
                               unsigned status)
{
    if (status == 304) {
        headers_remove(&tx->response, HEADER_CONTENT_TYPE);
        headers_remove(&tx->response, HEADER_CONTENT_ENCODING);
        if (headers_get(&tx->response, HEADER_ETAG).len > 0)
            headers_remove(&tx->response, HEADER_LAST_MODIFIED);
    }
    reply_without(tx, content, status, STR(""));
}

static void reply_bad_range(struct transaction *tx, const struct file_content *content,
                            enum range_result result)
{
    struct http_headers *headers = &tx->response;
    if (result == RANGES_OUTSIDE)
        headers_set_named(headers, STR("Content-Range"),
                          str_printf(tx->arena, "bytes */%lld", (long long)content->size));
    headers_remove_named(headers, STR("Cache-Control"));
    headers_remove(headers, HEADER_CONTENT_ENCODING);
    headers_remove(headers, HEADER_ETAG);
    headers_remove(headers, HEADER_LAST_MODIFIED);
    headers_set(headers, HEADER_CONTENT_TYPE, STR("text/plain; charset=utf-8"));
    headers_set_named(headers, STR("X-Content-Type-Options"), STR("nosniff"));
    reply_without(tx, content, 416,
                  result == RANGES_OUTSIDE ? STR("invalid range: failed to overlap\n")
                                           : STR("invalid range\n"));
}

/* --- the file --- */

static struct str content_range(struct transaction *tx, const struct byte_range *range,
                                int64_t size)
{
    return str_printf(tx->arena, "bytes %lld-%lld/%lld", (long long)range->start,
                      (long long)(range->start + range->len - 1), (long long)size);
}

static struct str random_boundary(struct transaction *tx)
{
    uint8_t bytes[30];
    struct strbuf out = strbuf_in(tx->arena);
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort();
    for (size_t i = 0; i < sizeof(bytes); i++)
        strbuf_printf(&out, "%02x", bytes[i]);
    return strbuf_str(&out);
}

/* Several ranges as multipart/byteranges: a segment for each, and the end. */
static struct file_segment *multipart(struct transaction *tx, const struct byte_range *ranges,
                                      uint32_t n, int64_t size)
{
    struct str boundary = random_boundary(tx);
    struct str type = headers_get(&tx->response, HEADER_CONTENT_TYPE);
    struct file_segment *segments = arena_array(tx->arena, struct file_segment, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct str text = str_printf(
            tx->arena,
            "%s--" STR_FMT "\r\nContent-Range: " STR_FMT "\r\nContent-Type: " STR_FMT "\r\n\r\n",
            i ? "\r\n" : "", STR_ARG(boundary), STR_ARG(content_range(tx, &ranges[i], size)),
            STR_ARG(type));
        segments[i] = (struct file_segment){text, ranges[i].start, ranges[i].len};
    }
    segments[n].text = str_printf(tx->arena, "\r\n--" STR_FMT "--\r\n", STR_ARG(boundary));
    headers_set(&tx->response, HEADER_CONTENT_TYPE,
                str_printf(tx->arena, "multipart/byteranges; boundary=" STR_FMT,
                           STR_ARG(boundary)));
    return segments;
}

static void reply_with(struct transaction *tx, const struct file_content *content,
                       const struct byte_range *ranges, uint32_t n)
{
    struct byte_range whole = {0, content->size};
    struct file_segment *segments = arena_new(tx->arena, struct file_segment);
    struct http_head head = {.status = n > 0 ? 206 : 200};
    uint32_t n_segments = 1;
    const struct byte_range *only = n == 1 ? ranges : &whole;
    *segments = (struct file_segment){.offset = only->start, .len = only->len};
    if (n == 1)
        headers_set_named(&tx->response, STR("Content-Range"),
                          content_range(tx, only, content->size));
    if (n > 1) {
        segments = multipart(tx, ranges, n, content->size);
        n_segments = n + 1;
    }
    for (uint32_t i = 0; i < n_segments; i++)
        head.content_length += (int64_t)segments[i].text.len + segments[i].len;
    headers_set_named(&tx->response, STR("Accept-Ranges"), STR("bytes"));
    headers_set(&tx->response, HEADER_CONTENT_LENGTH, text_int(tx->arena, head.content_length));
    if (content->status)
        head.status = content->status;
    head.headers = tx->response;
    if (str_eq(tx->request->method, STR("HEAD")) || http_status_has_no_body(head.status))
        n_segments = 0;
    send_file(tx, &head, content->fd, segments, n_segments);
}

void file_content_reply(struct transaction *tx, const struct file_content *content)
{
    struct str etag = headers_get(&tx->response, HEADER_ETAG);
    struct byte_range *ranges = NULL;
    uint32_t n = 0;
    int64_t total = 0;
    if (content->modified_s != 0) {
        char *date = arena_alloc(tx->arena, HTTP_DATE_BYTES);
        http_date_format(content->modified_s, date);
        headers_set(&tx->response, HEADER_LAST_MODIFIED, str_make(date, HTTP_DATE_BYTES));
    }
    unsigned status = precondition_status(tx, etag, content->modified_s);
    if (status != 0) {
        reply_precondition(tx, content, status);
        return;
    }
    struct str asked = headers_get(&tx->headers, HEADER_RANGE);
    if (asked.len > 0 && if_range_holds(tx, etag, content->modified_s)) {
        enum range_result result = ranges_parse(asked, content->size, tx->arena, &ranges, &n);
        if (result == RANGES_MALFORMED || (result == RANGES_OUTSIDE && content->size > 0)) {
            reply_bad_range(tx, content, result);
            return;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        total += ranges[i].len;
    /* more than the file in all: no client has a use for that */
    reply_with(tx, content, ranges, total > content->size ? 0 : n);
}
