/* The heads of answers that scripts write (RFC 3875 6.3), as lax as Go's net/textproto. */
#include "base/parse.h"
#include "http/fastcgi.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_value_char(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static struct str trim(struct str text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = str_slice(text, 1, text.len);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Cuts the next line off, without its end where it has one. */
static void next_line(const char *bytes, size_t len, size_t *at, struct str *line)
{
    const char *end = memchr(bytes + *at, '\n', len - *at);
    size_t stop = end ? (size_t)(end - bytes) : len;
    *line = str_make(bytes + *at, stop - *at);
    *at = end ? stop + 1 : len;
    if (end && line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
}

/* Whether the line that ends in the LF at <end> holds nothing. */
static bool is_empty_line(const char *bytes, size_t end)
{
    if (end > 0 && bytes[end - 1] == '\r')
        end--;
    return end == 0 || bytes[end - 1] == '\n';
}

/* The length up to the empty line, or 0 where it has not come; no byte is looked for twice. */
static size_t head_length(const char *bytes, size_t len, size_t *scanned, bool is_all)
{
    const char *newline;
    size_t at = *scanned;
    while (at < len && (newline = memchr(bytes + at, '\n', len - at))) {
        size_t end = (size_t)(newline - bytes);
        if (is_empty_line(bytes, end))
            return end + 1;
        at = end + 1;
    }
    *scanned = len;
    return is_all ? len : 0;
}

/* Moves the continuation of a line to its end. Blanks take its place, so that the same bytes can be
 * read once more: between <text> and <*stop> there is nothing else. */
static void append_line(char *bytes, struct str *text, struct str more, size_t *stop)
{
    size_t end = (size_t)(text->ptr - bytes) + text->len;
    size_t last = *stop;
    *stop = (size_t)(more.ptr - bytes) + more.len;
    more = trim(more);
    bytes[end] = ' '; /* there was a line end at least */
    memmove(bytes + end + 1, more.ptr, more.len);
    text->len += 1 + more.len;
    end += 1 + more.len;
    if (last < end)
        last = end;
    memset(bytes + last, ' ', *stop - last);
}

/* A line, continued ones included, as a header; false where it is none. A name that holds blanks is
 * let through and passed on to nobody: then there is no <*is_field>. */
static bool read_field(struct str text, struct http_header *out, bool *is_field)
{
    struct str name, value;
    *is_field = true;
    if (!str_cut(text, STR(":"), &name, &value) || name.len == 0)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.ptr[i]) && name.ptr[i] != ' ')
            return false;
        *is_field &= name.ptr[i] != ' ';
    }
    for (size_t i = 0; i < value.len; i++)
        if (!is_value_char(value.ptr[i]))
            return false;
    *out = (struct http_header){.name = name, .value = trim(value), .id = header_id_of(name)};
    return true;
}

enum h1_result cgi_parse_head(struct h1_head *head, char *bytes, size_t len, size_t *scanned,
                              bool is_all)
{
    struct str line;
    size_t at = 0, end = head_length(bytes, len, scanned, is_all);
    head->problem = H1_PROBLEM_HEADER;
    head->n = 0;
    head->names = head->repeated = 0;
    if (end == 0 && !is_all)
        return H1_MORE;
    head->len = end;
    if (end > 0 && is_blank(bytes[0]))
        return H1_BAD; /* there is nothing to be continued */
    while (at < end) {
        next_line(bytes, end, &at, &line);
        if (line.len == 0)
            break;
        struct str text = trim(line);
        size_t stop = (size_t)(line.ptr - bytes) + line.len;
        if (str_index(line, ':') < 0)
            return H1_BAD;
        while (at < end && is_blank(bytes[at])) {
            next_line(bytes, end, &at, &line);
            append_line(bytes, &text, line, &stop);
        }
        if (head->n == head->cap)
            return H1_FULL;
        bool is_field;
        if (!read_field(text, &head->headers[head->n], &is_field))
            return H1_BAD;
        if (!is_field)
            continue;
        uint64_t bit = header_bit(head->headers[head->n].id);
        head->repeated |= head->names & bit;
        head->names |= bit;
        head->n++;
    }
    head->problem = H1_NO_PROBLEM;
    return H1_DONE;
}

static const struct http_header *find(const struct h1_head *head, struct str name)
{
    for (uint32_t i = 0; i < head->n; i++)
        if (str_eq_nocase(head->headers[i].name, name))
            return &head->headers[i];
    return NULL;
}

bool cgi_status(const struct h1_head *head, unsigned *status, struct str *reason)
{
    const struct http_header *header = find(head, STR("Status"));
    struct str number;
    int64_t value;
    *status = 0;
    *reason = STR("");
    if (!header || header->value.len == 0)
        return true;
    str_cut(header->value, STR(" "), &number, reason);
    if (parse_go_int(number, &value) != PARSE_OK || value < 100 || value > 999 || value == 101)
        return false;
    *status = value < 200 ? 200 : (unsigned)value;
    return true;
}

bool cgi_framing(const struct h1_head *head, struct h1_framing *out)
{
    const struct http_header *coding = find(head, STR("Transfer-Encoding")), *length = NULL;
    memset(out, 0, sizeof(*out));
    out->content_length = HTTP_LENGTH_UNKNOWN;
    out->chunked = coding && str_is(coding->value, "chunked");
    for (uint32_t i = 0; i < head->n; i++) {
        const struct http_header *header = &head->headers[i];
        if (header->id != HEADER_CONTENT_LENGTH)
            continue;
        if (length && !str_eq(length->value, header->value))
            return false;
        length = header;
    }
    int64_t value;
    if (length && parse_go_int(length->value, &value) == PARSE_OK && value >= 0)
        out->content_length = value;
    return true;
}
