/* Where a message ends, by its headers; what could be read in two ways is refused. */
#include <string.h>

#include "http/http_private.h"

static const struct {
    unsigned status;
    struct str text;
} problems[N_H1_PROBLEMS] = {
#define X(id, status, text) [H1_PROBLEM_##id] = {status, STR_INIT(text)},
    H1_PROBLEMS(X)
#undef X
};

unsigned h1_problem_status(enum h1_problem problem)
{
    return problems[problem].status;
}

struct str h1_problem_text(enum h1_problem problem)
{
    return problems[problem].text;
}

/* The headers that frame a message, and how often each came. */
struct framing_headers {
    struct str length, coding, host, expect;
    unsigned n_lengths, n_codings, n_hosts, n_expects;
    bool close, keep_alive, upgrade;
};

static void note_connection(struct framing_headers *seen, struct str value)
{
    struct str token, rest = value;
    do {
        struct str whole = rest;
        str_cut(whole, STR(","), &token, &rest);
        token = str_trim(token);
        if (str_eq_nocase(token, STR("close")))
            seen->close = true;
        else if (str_eq_nocase(token, STR("keep-alive")))
            seen->keep_alive = true;
        else if (str_eq_nocase(token, STR("upgrade")))
            seen->upgrade = true;
    } while (rest.len);
}

static const uint64_t FRAMING_BITS =
    HEADER_BIT(HEADER_HOST) | HEADER_BIT(HEADER_CONNECTION) | HEADER_BIT(HEADER_CONTENT_LENGTH) |
    HEADER_BIT(HEADER_TRANSFER_ENCODING) | HEADER_BIT(HEADER_EXPECT);

static void collect(const struct h1_head *head, struct framing_headers *seen)
{
    memset(seen, 0, sizeof(*seen));
    for (uint32_t i = 0; i < head->n; i++) {
        const struct http_header *header = &head->headers[i];
        if (!(HEADER_BIT(header->id) & FRAMING_BITS))
            continue;
        if (header->id == HEADER_CONTENT_LENGTH) {
            /* Equal repetitions are told from different ones by the responses' rule. */
            if (seen->n_lengths && !str_eq(seen->length, header->value))
                seen->n_lengths = UINT32_MAX - 1;
            seen->length = header->value;
            seen->n_lengths++;
        } else if (header->id == HEADER_TRANSFER_ENCODING) {
            seen->coding = header->value;
            seen->n_codings++;
        } else if (header->id == HEADER_HOST) {
            seen->host = header->value;
            seen->n_hosts++;
        } else if (header->id == HEADER_EXPECT) {
            seen->expect = header->value;
            seen->n_expects++;
        } else if (header->id == HEADER_CONNECTION) {
            note_connection(seen, header->value);
        }
    }
}

/* Digits only, within int64_t. */
static bool parse_length(struct str text, int64_t *out)
{
    int64_t length = 0;
    if (text.len == 0 || text.len > 19)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, digit, &length))
            return false;
    }
    *out = length;
    return true;
}

static bool keep_alive(const struct h1_head *head, const struct framing_headers *seen)
{
    return !seen->close && (head->version == HTTP_1_1 || seen->keep_alive);
}

/* The value of a header that there is. */
static struct str value_of(const struct h1_head *head, enum header_id id)
{
    const struct http_header *header = head->headers;
    while (header->id != id)
        header++;
    return header->value;
}

/* True where nothing is said of a body, one host is named, and Connection, if it came, says what
 * browsers say. */
static bool is_usual_request(const struct h1_head *head)
{
    uint64_t framing = head->names & FRAMING_BITS;
    if (head->repeated & FRAMING_BITS)
        return false;
    if (framing == HEADER_BIT(HEADER_HOST))
        return true;
    return framing == (HEADER_BIT(HEADER_HOST) | HEADER_BIT(HEADER_CONNECTION)) &&
           head->version == HTTP_1_1 &&
           str_eq(value_of(head, HEADER_CONNECTION), STR("keep-alive"));
}

static bool is_valid_host(struct str host, struct str valid_host, struct h1_framing *out)
{
    out->has_valid_host = host.len && str_eq(host, valid_host);
    return out->has_valid_host || (host.len && h1_host_is_valid(host));
}

enum h1_problem h1_request_framing(const struct h1_head *head, struct str valid_host,
                                   struct h1_framing *out)
{
    struct framing_headers seen;
    memset(out, 0, sizeof(*out));
    if (is_usual_request(head) && is_valid_host(value_of(head, HEADER_HOST), valid_host, out)) {
        out->keep_alive = head->version == HTTP_1_1;
        return H1_NO_PROBLEM;
    }
    collect(head, &seen);
    if (seen.n_hosts > 1)
        return H1_PROBLEM_MANY_HOSTS;
    if (head->version == HTTP_1_1 && seen.host.len == 0)
        return H1_PROBLEM_NO_HOST;
    if (seen.host.len && !is_valid_host(seen.host, valid_host, out))
        return H1_PROBLEM_BAD_HOST;
    if (seen.n_codings) {
        if (head->version == HTTP_1_0)
            return H1_PROBLEM_CODING_IN_1_0;
        if (seen.n_codings > 1 || !str_eq_nocase(seen.coding, STR("chunked")))
            return H1_PROBLEM_CODING;
        if (seen.n_lengths)
            return H1_PROBLEM_LENGTH_AND_CODING;
        out->chunked = true;
        out->content_length = HTTP_LENGTH_UNKNOWN;
    }
    if (seen.n_lengths > 1)
        return H1_PROBLEM_MANY_LENGTHS;
    if (seen.n_lengths && !parse_length(seen.length, &out->content_length))
        return H1_PROBLEM_CONTENT_LENGTH;
    if (seen.n_expects) {
        if (seen.n_expects > 1 || !str_eq_nocase(seen.expect, STR("100-continue")))
            return H1_PROBLEM_EXPECT;
        out->expects_continue = head->version == HTTP_1_1 && out->content_length != 0;
    }
    out->keep_alive = keep_alive(head, &seen);
    out->upgrade = seen.upgrade;
    return H1_NO_PROBLEM;
}

/* True where a length is all that is said of the body. */
static bool is_usual_response(const struct h1_head *head)
{
    return (head->names & FRAMING_BITS) == HEADER_BIT(HEADER_CONTENT_LENGTH) &&
           !(head->repeated & FRAMING_BITS);
}

enum h1_problem h1_response_framing(const struct h1_head *head, bool to_head,
                                    struct h1_framing *out)
{
    struct framing_headers seen;
    memset(out, 0, sizeof(*out));
    if (is_usual_response(head) &&
        parse_length(value_of(head, HEADER_CONTENT_LENGTH), &out->content_length)) {
        out->keep_alive = head->version == HTTP_1_1;
        return H1_NO_PROBLEM;
    }
    collect(head, &seen);
    out->keep_alive = keep_alive(head, &seen);
    out->upgrade = seen.upgrade;
    bool different = seen.n_lengths >= UINT32_MAX - 1;
    if (different || (seen.n_lengths && !parse_length(seen.length, &out->content_length)))
        return H1_PROBLEM_CONTENT_LENGTH;
    if (http_status_has_no_body(head->status) || to_head) {
        if (!seen.n_lengths)
            out->content_length = to_head ? HTTP_LENGTH_UNKNOWN : 0;
        return H1_NO_PROBLEM;
    }
    if (seen.n_codings) {
        if (head->version == HTTP_1_0)
            return H1_PROBLEM_CODING_IN_1_0;
        if (seen.n_codings > 1 || !str_eq_nocase(seen.coding, STR("chunked")))
            return H1_PROBLEM_CODING;
        if (seen.n_lengths)
            return H1_PROBLEM_LENGTH_AND_CODING;
        out->chunked = true;
        out->content_length = HTTP_LENGTH_UNKNOWN;
    } else if (!seen.n_lengths) {
        out->content_length = HTTP_LENGTH_UNKNOWN; /* until the connection closes */
        out->keep_alive = false;
    }
    return H1_NO_PROBLEM;
}

bool head_may_end(struct str input, size_t scanned)
{
    const char *end = input.ptr + input.len, *at = input.ptr + scanned;
    while (at < end) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            return false;
        size_t before = (size_t)(at - input.ptr);
        if ((before >= 1 && at[-1] == '\n') || (before >= 2 && at[-1] == '\r' && at[-2] == '\n'))
            return true;
        at++;
    }
    return false;
}

bool head_is_worth_a_look(struct str input, size_t scanned)
{
    enum { SMALL_BYTES = 4096 };
    return input.len < SMALL_BYTES || input.len - scanned >= scanned / 4 ||
           head_may_end(input, scanned);
}

bool head_is_malformed_so_far(const struct saved_input *saved)
{
    if (saved->len == 0)
        return false;
    const char *newline = memrchr(saved->bytes, '\n', saved->len);
    const char *line = newline ? newline + 1 : saved->bytes;
    size_t len = (size_t)(saved->bytes + saved->len - line);
    return len && (!newline || !memchr(line, ':', len));
}
