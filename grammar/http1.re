/* HTTP/1 heads, RFC 9112, in the strict reading: what two parsers could take differently is refused.
 * Each line is matched whole; a NUL behind the bytes stops the scanner (no rule matches one). */
#include "http/h1_parse.h"

#include <string.h>

#include "base/bytes16.h"

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = at;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:flags:tags = 1;

    tchar    = [!#$%&'*+.^_`|~0-9A-Za-z-];
    vchar    = [\x21-\x7e\x80-\xff];
    blank    = [ \t];
    crlf     = "\r\n";
    digit    = [0-9];
    hex      = [0-9A-Fa-f];
    value    = (vchar | blank)*;

    escaped   = "%" hex hex;
    plain     = [A-Za-z0-9._~!$&'()*+,;=:@/-] | "[" | "]";
    odd       = [\x21-\x7e\x80-\xff] \ plain \ [%?];
    path      = "/" (plain | escaped | odd)*;
    clean     = "/" (plain | escaped)*;
    name_char = [A-Za-z0-9._~!$&'()*+,;=%-];
    port      = ":" digit*;
    authority = (name_char+ | "[" [0-9A-Za-z:.%_~-]+ "]") port?;
    scheme    = 'http' 's'?;
*/

typedef const unsigned char *cursor;

static struct str text(cursor begin, cursor end)
{
    return str_make((const char *)begin, (size_t)(end - begin));
}

/* How far from <bytes> they are kept: to be added to pointers. */
static inline uintptr_t distance(const struct h1_head *head, const char *bytes)
{
    return (uintptr_t)head->text - (uintptr_t)bytes;
}

/* The text from <begin> to <end> where it is kept. */
static inline struct str kept(cursor begin, cursor end, uintptr_t far)
{
    return str_make((const char *)((uintptr_t)begin + far), (size_t)(end - begin));
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* Nothing matched: either the line is not all there yet, or it is malformed. */
static enum h1_result no_match(struct h1_head *head, const char *bytes, size_t len,
                               enum h1_problem problem)
{
    if (!memchr(bytes + head->line, '\n', len - head->line)) {
        head->scanned = len;
        return H1_MORE;
    }
    head->problem = problem;
    return H1_BAD;
}

/* Where the bytes end that the mask names, the NUL behind all bytes not being one of them. */
static inline cursor skip(unsigned (*ask)(const char *bytes), cursor at)
{
    unsigned more = 16;
    while (more == 16) {
        more = bytes16_before(~ask((const char *)at));
        at += more;
    }
    return at;
}

/* The first byte that the mask names, the NUL behind all bytes being one. */
static inline cursor find(unsigned (*ask)(const char *bytes), cursor at)
{
    unsigned found = ask((const char *)at);
    while (!found) {
        at += 16;
        found = ask((const char *)at);
    }
    return at + bytes16_first(found);
}

/* The lines that nearly all messages begin with are told by a look at words. False: the rules have to
 * read it. */
static bool is_usual_request(struct h1_head *head, const char *bytes)
{
    static const char version[] = " HTTP/1.1\r\n";
    enum { VERSION_BYTES = sizeof(version) - 1 };
    size_t method = memcmp(bytes, "GET /", 5) == 0 ? 3 : memcmp(bytes, "POST /", 6) == 0 ? 4 : 0;
    if (method == 0)
        return false;
    cursor target = (cursor)bytes + method + 1;
    cursor path_end = skip(bytes16_path, target), end = path_end;
    if (*path_end != ' ')
        end = find(bytes16_hidden, path_end);
    if (memcmp(end, version, VERSION_BYTES) != 0)
        return false;
    head->version = HTTP_1_1;
    head->method = str_make(head->text, method);
    head->target = kept(target, end, distance(head, bytes));
    if (path_end == end || *path_end == '?')
        head->path_len = (size_t)(path_end - target);
    head->line = (size_t)(end - (cursor)bytes) + VERSION_BYTES;
    return true;
}

static bool is_usual_response(struct h1_head *head, const char *bytes)
{
    static const char line[] = "HTTP/1.1 200 OK\r\n";
    enum { LINE_BYTES = sizeof(line) - 1, REASON_AT = sizeof("HTTP/1.1 200 ") - 1 };
    if (memcmp(bytes, line, LINE_BYTES) != 0)
        return false;
    head->version = HTTP_1_1;
    head->status = 200;
    head->reason = str_make(head->text + REASON_AT, sizeof("OK") - 1);
    head->line = LINE_BYTES;
    return true;
}

static enum h1_result request_line(struct h1_head *head, const char *bytes, size_t len)
{
    cursor at = (cursor)bytes + head->line, marker, begin = at, a, b;
    /*!stags:re2c format = 'cursor @@;'; */
    /*!re2c
        tchar+ @a " " @b vchar+ " HTTP/1.0" crlf { head->version = HTTP_1_0; goto matched; }
        tchar+ @a " " @b vchar+ " HTTP/1." digit crlf { head->version = HTTP_1_1; goto matched; }
        tchar+ " " vchar+ " HTTP/" digit "." digit crlf {
            head->problem = H1_PROBLEM_VERSION;
            return H1_BAD;
        }
        * { return no_match(head, bytes, len, H1_PROBLEM_REQUEST_LINE); }
    */
matched:
    head->method = kept(begin, a, distance(head, bytes));
    head->target = kept(b, at - (sizeof(" HTTP/1.1\r\n") - 1), distance(head, bytes));
    head->line = (size_t)(at - (cursor)bytes);
    return H1_DONE;
}

static enum h1_result status_line(struct h1_head *head, const char *bytes, size_t len)
{
    cursor at = (cursor)bytes + head->line, marker, a, b;
    /*!stags:re2c format = 'cursor @@;'; */
    /*!re2c
        "HTTP/1.0 " [1-9] digit digit (" " (vchar | blank)*)? @b "\r"? "\n" {
            head->version = HTTP_1_0;
            goto matched;
        }
        "HTTP/1." digit " " [1-9] digit digit (" " (vchar | blank)*)? @b "\r"? "\n" {
            head->version = HTTP_1_1;
            goto matched;
        }
        * { return no_match(head, bytes, len, H1_PROBLEM_STATUS_LINE); }
    */
matched:
    a = (cursor)bytes + head->line + (sizeof("HTTP/1.1 ") - 1);
    head->status = (unsigned)((a[0] - '0') * 100 + (a[1] - '0') * 10 + (a[2] - '0'));
    head->reason = b > a + 3 ? kept(a + 4, b, distance(head, bytes)) : str_make("", 0);
    head->line = (size_t)(at - (cursor)bytes);
    return H1_DONE;
}

/* ---- Header lines: the usual ones by a look at sixteen bytes at once, all others by the rules. */

/* The list; the first row is for all that are not in it. */
static const struct known_name {
    char name[48];
    uint64_t bit;
    uint32_t bytes; /* a bit for each of the name's */
    unsigned char id, len;
} known_names[N_HEADER_IDS] = {
    {.bit = HEADER_BIT(HEADER_OTHER)},
#define X(number, text, first, last)                                                               \
    [HEADER_##number] = {.name = text,                                                             \
                         .bit = HEADER_BIT(HEADER_##number),                                       \
                         .bytes = (UINT32_C(1) << (sizeof(text) - 1)) - 1,                         \
                         .id = HEADER_##number,                                                    \
                         .len = sizeof(text) - 1},
    HTTP_HEADERS(X)
#undef X
};

/* How long the name is that begins there; 0 where no colon is near. The colon may be one of the bytes
 * behind <limit>, which no name goes over: there is a NUL. */
static inline size_t name_length(cursor at, cursor limit)
{
    unsigned colons = bytes16_colons((const char *)at);
    if (colons)
        return bytes16_first(colons);
    if (limit - at <= 16)
        return 0;
    colons = bytes16_colons((const char *)at + 16);
    return colons ? 16 + bytes16_first(colons) : 0;
}

/* The row of a name of at least one byte. */
static inline const struct known_name *find_name(cursor name, size_t len)
{
    unsigned slot = HEADER_SLOT((unsigned)len, name[0] | 0x20u, name[len - 1] | 0x20u);
    const struct known_name *known = &known_names[header_slots[slot]];
    if (known->len != len)
        return known_names;
    unsigned unlike = bytes16_unlike((const char *)name, known->name);
    if (len > 16)
        unlike |= bytes16_unlike((const char *)name + 16, known->name + 16) << 16;
    return unlike & known->bytes ? known_names : known;
}

/* Takes lines as long as they are usual ones: a name of usual bytes, a value without controls, CR LF. */
static void usual_lines(struct h1_head *head, const char *bytes, size_t len)
{
    cursor at = (cursor)bytes + head->line, limit = (cursor)bytes + len;
    struct http_header *header = head->headers + head->n, *last = head->headers + head->cap;
    uint64_t names = head->names, repeated = head->repeated;
    uintptr_t far = distance(head, bytes);
    for (; header < last; header++) {
        size_t name_len = name_length(at, limit);
        if (name_len == 0)
            break;
        cursor colon = at + name_len;
        const struct known_name *known = find_name(at, name_len);
        if (known == known_names && skip(bytes16_words, at) != colon)
            break;
        cursor a = colon + 1, end = find(bytes16_controls, a), b = end;
        if (end[0] != '\r' || end[1] != '\n')
            break;
        while (*a == ' ')
            a++;
        while (b > a && b[-1] == ' ')
            b--;
        header->name = kept(at, colon, far);
        header->value = kept(a, b, far);
        header->id = known->id;
        repeated |= names & known->bit;
        names |= known->bit;
        header->is_line = a == colon + 2 && b == end;
        at = end + 2;
    }
    head->n = (uint32_t)(header - head->headers);
    head->names = names;
    head->repeated = repeated;
    head->line = (size_t)(at - (cursor)bytes);
}

enum line { LINE_FIELD, LINE_END, LINE_FOLDED, LINE_BAD, LINE_TOO_MANY };

/* The next line, whatever it is. <lax>: a bare LF ends it. */
static __attribute__((noinline)) enum line line_by_rules(struct h1_head *head, const char *bytes, bool lax)
{
    cursor at = (cursor)bytes + head->line, marker, begin = at, name_end, a, b;
    enum header_id id;
    /*!stags:re2c format = 'cursor @@;'; */
    /*!re2c
        'host' ":" { id = HEADER_HOST; goto name_done; }
        'connection' ":" { id = HEADER_CONNECTION; goto name_done; }
        'content-length' ":" { id = HEADER_CONTENT_LENGTH; goto name_done; }
        'transfer-encoding' ":" { id = HEADER_TRANSFER_ENCODING; goto name_done; }
        'expect' ":" { id = HEADER_EXPECT; goto name_done; }
        'upgrade' ":" { id = HEADER_UPGRADE; goto name_done; }
        'te' ":" { id = HEADER_TE; goto name_done; }
        'trailer' ":" { id = HEADER_TRAILER; goto name_done; }
        'keep-alive' ":" { id = HEADER_KEEP_ALIVE; goto name_done; }
        'proxy-connection' ":" { id = HEADER_PROXY_CONNECTION; goto name_done; }
        'proxy-authenticate' ":" { id = HEADER_PROXY_AUTHENTICATE; goto name_done; }
        'proxy-authorization' ":" { id = HEADER_PROXY_AUTHORIZATION; goto name_done; }
        'alt-svc' ":" { id = HEADER_ALT_SVC; goto name_done; }
        'date' ":" { id = HEADER_DATE; goto name_done; }
        'server' ":" { id = HEADER_SERVER; goto name_done; }
        'via' ":" { id = HEADER_VIA; goto name_done; }
        'user-agent' ":" { id = HEADER_USER_AGENT; goto name_done; }
        'accept' ":" { id = HEADER_ACCEPT; goto name_done; }
        'accept-encoding' ":" { id = HEADER_ACCEPT_ENCODING; goto name_done; }
        'authorization' ":" { id = HEADER_AUTHORIZATION; goto name_done; }
        'cookie' ":" { id = HEADER_COOKIE; goto name_done; }
        'set-cookie' ":" { id = HEADER_SET_COOKIE; goto name_done; }
        'content-type' ":" { id = HEADER_CONTENT_TYPE; goto name_done; }
        'content-encoding' ":" { id = HEADER_CONTENT_ENCODING; goto name_done; }
        'location' ":" { id = HEADER_LOCATION; goto name_done; }
        'range' ":" { id = HEADER_RANGE; goto name_done; }
        'vary' ":" { id = HEADER_VARY; goto name_done; }
        'etag' ":" { id = HEADER_ETAG; goto name_done; }
        'last-modified' ":" { id = HEADER_LAST_MODIFIED; goto name_done; }
        'early-data' ":" { id = HEADER_EARLY_DATA; goto name_done; }
        'forwarded' ":" { id = HEADER_FORWARDED; goto name_done; }
        'x-forwarded-for' ":" { id = HEADER_X_FORWARDED_FOR; goto name_done; }
        'x-forwarded-proto' ":" { id = HEADER_X_FORWARDED_PROTO; goto name_done; }
        'x-forwarded-host' ":" { id = HEADER_X_FORWARDED_HOST; goto name_done; }
        'x-frame-options' ":" { id = HEADER_X_FRAME_OPTIONS; goto name_done; }
        'sec-websocket-key' ":" { id = HEADER_SEC_WEBSOCKET_KEY; goto name_done; }
        'sec-websocket-accept' ":" { id = HEADER_SEC_WEBSOCKET_ACCEPT; goto name_done; }
        'sec-websocket-version' ":" { id = HEADER_SEC_WEBSOCKET_VERSION; goto name_done; }
        'sec-websocket-protocol' ":" { id = HEADER_SEC_WEBSOCKET_PROTOCOL; goto name_done; }
        'sec-websocket-extensions' ":" { id = HEADER_SEC_WEBSOCKET_EXTENSIONS; goto name_done; }
        'http2-settings' ":" { id = HEADER_HTTP2_SETTINGS; goto name_done; }
        tchar+ ":" { id = HEADER_OTHER; head->has_unusual_names = true; goto name_done; }
        crlf       { goto end; }
        "\n"       { if (lax) goto end; return LINE_BAD; }
        blank      { return LINE_FOLDED; }
        *          { return LINE_BAD; }
    */
name_done:
    name_end = at - 1;
    a = at;
    /*!re2c
        value @b crlf { goto value_done; }
        value @b "\n" { if (lax) goto value_done; return LINE_BAD; }
        * { return LINE_BAD; }
    */
value_done:
    while (a < b && is_blank(*a))
        a++;
    while (b > a && is_blank(b[-1]))
        b--;
    if (head->n == head->cap)
        return LINE_TOO_MANY;
    head->headers[head->n++] = (struct http_header){
        .name = kept(begin, name_end, distance(head, bytes)),
        .value = kept(a, b, distance(head, bytes)),
        .id = id,
        .is_line = a == name_end + 2 && name_end[1] == ' ' && at == b + 2 && *b == '\r',
    };
    head->repeated |= head->names & HEADER_BIT(id);
    head->names |= HEADER_BIT(id);
    head->line = (size_t)(at - (cursor)bytes);
    return LINE_FIELD;
end:
    head->len = head->line = (size_t)(at - (cursor)bytes);
    return LINE_END;
}

/* What it means that the next line, at head->line, is no field. */
static enum h1_result no_field(struct h1_head *head, const char *bytes, size_t len, enum line line)
{
    switch (line) {
    case LINE_END:
        return H1_DONE;
    case LINE_FOLDED:
        return no_match(head, bytes, len, H1_PROBLEM_FOLDED);
    case LINE_FIELD:
    case LINE_BAD:
        return no_match(head, bytes, len, H1_PROBLEM_HEADER);
    case LINE_TOO_MANY:
        return H1_FULL;
    }
    return H1_BAD;
}

/* One header line after another, to the empty line. */
static enum h1_result header_lines(struct h1_head *head, const char *bytes, size_t len, bool lax)
{
    enum line line = LINE_FIELD;
    while (line == LINE_FIELD) {
        usual_lines(head, bytes, len);
        if (bytes[head->line] == '\r' && bytes[head->line + 1] == '\n') {
            head->len = head->line += 2;
            return H1_DONE;
        }
        line = line_by_rules(head, bytes, lax);
    }
    return no_field(head, bytes, len, line);
}

/* Where the text is kept that <head> points to. */
static void choose_text(struct h1_head *head, const char *bytes)
{
    if (!head->text)
        head->text = bytes;
}

/* True when the rest of an unfinished line still has no end. */
static bool line_goes_on(struct h1_head *head, const char *bytes, size_t len)
{
    if (head->scanned <= head->line)
        return head->line >= len;
    if (memchr(bytes + head->scanned, '\n', len - head->scanned))
        return false;
    head->scanned = len;
    return true;
}

enum h1_result h1_parse_request(struct h1_head *head, const char *bytes, size_t len)
{
    choose_text(head, bytes);
    if (line_goes_on(head, bytes, len))
        return H1_MORE;
    if (!head->past_first_line && !is_usual_request(head, bytes)) {
        enum h1_result result = request_line(head, bytes, len);
        if (result != H1_DONE)
            return result;
    }
    head->past_first_line = true;
    return header_lines(head, bytes, len, false);
}

enum h1_result h1_parse_response(struct h1_head *head, const char *bytes, size_t len)
{
    choose_text(head, bytes);
    if (line_goes_on(head, bytes, len))
        return H1_MORE;
    if (!head->past_first_line && !is_usual_response(head, bytes)) {
        enum h1_result result = status_line(head, bytes, len);
        if (result != H1_DONE)
            return result;
    }
    head->past_first_line = true;
    return header_lines(head, bytes, len, true);
}

enum h1_result h1_parse_trailers(struct h1_head *head, const char *bytes, size_t len)
{
    choose_text(head, bytes);
    return header_lines(head, bytes, len, false);
}

enum h1_problem h1_parse_target(struct str method, struct str target, struct h1_target *out)
{
    /* A copy with a NUL is not needed: the target is followed by a blank, which no rule matches. */
    cursor at = (cursor)target.ptr, marker, a = at, b = at, limit = at + target.len;
    struct str rest = target;
    memset(out, 0, sizeof(*out));
    if (str_is(method, "CONNECT")) {
        out->authority = target;
        out->path = out->query = str_make(target.ptr, 0);
        return h1_host_is_valid(target) ? H1_NO_PROBLEM : H1_PROBLEM_TARGET;
    }
    if (str_is(target, "*")) {
        out->path = target;
        out->query = str_make(target.ptr, 0);
        return str_is(method, "OPTIONS") ? H1_NO_PROBLEM : H1_PROBLEM_TARGET;
    }
    /*!stags:re2c format = 'cursor @@;'; */
    /*!re2c
        "/"  { goto origin; }
        scheme "://" @a authority @b [/? ] {
            out->authority = text(a, b);
            rest = text(b, limit);
            goto origin;
        }
        * { return H1_PROBLEM_TARGET; }
    */
origin:
    str_cut(rest, STR("?"), &out->path, &out->query);
    out->has_query = out->path.len != rest.len;
    if (out->path.len == 0) {
        out->path = STR("/");
        return H1_NO_PROBLEM;
    }
    at = (cursor)out->path.ptr;
    limit = at + out->path.len;
    /*!re2c
        clean { goto scanned; }
        path  { out->unusual = true; goto scanned; }
        *     { return H1_PROBLEM_ESCAPE; }
    */
scanned:
    return at == limit ? H1_NO_PROBLEM : H1_PROBLEM_ESCAPE;
}

bool h1_host_is_valid(struct str host)
{
    /* Hosts are followed by a line end, a slash, a question mark or a blank: no rule matches. */
    cursor at = (cursor)host.ptr, marker, limit = at + host.len;
    if (host.len == 0)
        return false;
    /*!re2c
        authority { return at == limit; }
        *         { return false; }
    */
}

