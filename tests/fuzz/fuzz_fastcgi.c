/* Any bytes as what a FastCGI responder sends: however they arrive, the same answer comes out of
 * the records, and the same headers out of the answer. */
#include <stdint.h>
#include <stdlib.h>

#include "http/fastcgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_HEADERS = 32 };

struct output {
    char *bytes;
    size_t len, n_errors;
    enum fastcgi_event last;
    bool may_end;
};

/* Takes the records apart, <step> bytes at a time. */
static void decode(const uint8_t *data, size_t size, size_t step, struct output *out)
{
    struct fastcgi_reader reader = {0};
    out->len = out->n_errors = 0;
    out->last = FASTCGI_MORE;
    for (size_t at = 0; at < size && out->last == FASTCGI_MORE; at += step) {
        struct str piece, input = str_slice(str_make((const char *)data, size), at, at + step);
        for (;;) {
            struct str before = input;
            out->last = fastcgi_next(&reader, &input, &piece);
            if (input.len > before.len || input.ptr + input.len != before.ptr + before.len)
                abort();
            if (out->last != FASTCGI_OUTPUT && out->last != FASTCGI_ERRORS)
                break;
            if (piece.len == 0 || piece.ptr < before.ptr || piece.ptr + piece.len > input.ptr)
                abort();
            if (out->last == FASTCGI_ERRORS) {
                out->n_errors += piece.len;
                continue;
            }
            memcpy(out->bytes + out->len, piece.ptr, piece.len);
            out->len += piece.len;
        }
    }
    out->may_end = fastcgi_may_end(&reader);
}

static void check_headers(const struct h1_head *head, const char *bytes, size_t len)
{
    unsigned status;
    struct str reason;
    struct h1_framing framing;
    if (head->len > len)
        abort();
    for (uint32_t i = 0; i < head->n; i++) {
        const struct http_header *header = &head->headers[i];
        if (header->name.len == 0 || header->name.ptr < bytes ||
            header->value.ptr + header->value.len > bytes + head->len)
            abort();
        if (memchr(header->value.ptr, '\n', header->value.len) ||
            memchr(header->value.ptr, '\r', header->value.len) ||
            memchr(header->name.ptr, ' ', header->name.len))
            abort();
    }
    if (cgi_status(head, &status, &reason) && status != 0 && (status < 200 || status > 999))
        abort();
    cgi_framing(head, &framing);
}

/* Parses <copy> as its bytes arrive, <step> at a time, and then all of it at once. */
static void check_head(const struct output *answer, size_t step)
{
    struct http_header headers[2][MOST_HEADERS];
    struct h1_head slow = {.headers = headers[0], .cap = MOST_HEADERS};
    struct h1_head fast = {.headers = headers[1], .cap = MOST_HEADERS};
    char *pieces = malloc(answer->len + 1), *whole = malloc(answer->len + 1);
    enum h1_result result = H1_MORE, at_once;
    size_t scanned = 0, none = 0;
    if (!pieces || !whole)
        abort();
    memcpy(pieces, answer->bytes, answer->len);
    memcpy(whole, answer->bytes, answer->len);
    for (size_t len = 0; result == H1_MORE && len < answer->len;) {
        len = answer->len - len > step ? len + step : answer->len;
        result = cgi_parse_head(&slow, pieces, len, &scanned, false);
    }
    at_once = cgi_parse_head(&fast, whole, answer->len, &none, false);
    if (result != at_once)
        abort();
    if (result == H1_DONE) {
        check_headers(&slow, pieces, answer->len);
        if (slow.n != fast.n || slow.len != fast.len)
            abort();
        scanned = 0; /* with more room, the same bytes are read once more */
        if (cgi_parse_head(&slow, pieces, answer->len, &scanned, false) != H1_DONE ||
            slow.n != fast.n)
            abort();
        for (uint32_t i = 0; i < slow.n; i++)
            if (!str_eq(slow.headers[i].value, fast.headers[i].value))
                abort();
    }
    none = 0;
    if (cgi_parse_head(&fast, whole, answer->len, &none, true) == H1_DONE)
        check_headers(&fast, whole, answer->len);
    free(pieces);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct output at_once = {.bytes = malloc(size + 1)}, slow = {.bytes = malloc(size + 1)};
    size_t step = size > 0 ? 1 + data[size - 1] % 40 : 1;
    if (!at_once.bytes || !slow.bytes)
        abort();
    decode(data, size, size ? size : 1, &at_once);
    decode(data, size, step, &slow);
    if (at_once.len != slow.len || memcmp(at_once.bytes, slow.bytes, slow.len) != 0 ||
        at_once.n_errors != slow.n_errors || at_once.last != slow.last ||
        at_once.may_end != slow.may_end)
        abort();
    check_head(&at_once, step);
    /* the bytes as they are, as an answer without records */
    memcpy(slow.bytes, data, size);
    slow.len = size;
    check_head(&slow, step);
    free(at_once.bytes);
    free(slow.bytes);
    return 0;
}
