/* Header fields of HTTP/2: pseudo-headers, cookie crumbs, lengths, and what is malformed. */
#include "http/h2_block.h"

#include <string.h>

#include "http/http_private.h"

enum { FIELD_OVERHEAD = 32 };

bool h2_is_connection_field(enum header_id id)
{
    return id == HEADER_CONNECTION || id == HEADER_TRANSFER_ENCODING || id == HEADER_UPGRADE ||
           id == HEADER_KEEP_ALIVE || id == HEADER_PROXY_CONNECTION;
}

static bool is_token_char(unsigned char c)
{
    unsigned char lower = c | 0x20;
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9'))
        return true;
    return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool h2_name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_token_char((unsigned char)name.ptr[i]))
            return false;
    return name.len > 0;
}

bool h2_value_is_valid(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0')
            return false;
    return true;
}

/* As h2_value_is_valid, and what HTTP/1 would not take either. */
static bool is_received_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return value.len == 0 || (str_trim(value).len == value.len);
}

static bool has_upper_case(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            return true;
    return false;
}

/* "x-request-id" as "X-Request-Id", the way HTTP/1 is spoken by those whose behaviour this is. */
static struct str canonical_name(struct arena *arena, struct str name)
{
    char *copy = arena_strndup(arena, name.ptr, name.len);
    bool is_first = true;
    for (size_t i = 0; i < name.len; i++) {
        if (is_first && copy[i] >= 'a' && copy[i] <= 'z')
            copy[i] = (char)(copy[i] - 32);
        is_first = copy[i] == '-';
    }
    return str_make(copy, name.len);
}

void h2_block_begin(struct h2_block *block, enum h2_block_kind kind, struct http_headers *headers,
                    size_t limit)
{
    *block = (struct h2_block){.headers = headers, .limit = limit, .kind = kind};
    block->cookie = strbuf_in(headers->arena);
}

static enum h2_problem set_once(struct h2_block *block, struct str *slot, struct str value)
{
    if (slot->ptr)
        return H2_MALFORMED;
    *slot = str_dup(block->headers->arena, value);
    return H2_FINE;
}

static enum h2_problem add_pseudo(struct h2_block *block, struct str name, struct str value)
{
    if (block->has_fields || block->kind == H2_BLOCK_TRAILERS)
        return H2_MALFORMED;
    if (block->kind == H2_BLOCK_RESPONSE)
        return str_is(name, ":status") ? set_once(block, &block->status, value) : H2_MALFORMED;
    if (str_is(name, ":method"))
        return set_once(block, &block->method, value);
    if (str_is(name, ":path"))
        return set_once(block, &block->path, value);
    if (str_is(name, ":scheme"))
        return set_once(block, &block->scheme, value);
    if (str_is(name, ":authority"))
        return set_once(block, &block->authority, value);
    return H2_MALFORMED;
}

static enum h2_problem set_length(struct h2_block *block, struct str value)
{
    int64_t length = 0;
    if (block->has_length || value.len == 0 || value.len > 18)
        return H2_MALFORMED;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return H2_MALFORMED;
        length = length * 10 + (value.ptr[i] - '0');
    }
    block->has_length = true;
    block->content_length = length;
    return H2_FINE;
}

/* RFC 9113 8.2.3: HTTP/1 has one field of them. */
static void add_crumb(struct h2_block *block, struct str value)
{
    if (block->cookie_at > 0)
        strbuf_puts(&block->cookie, "; ");
    strbuf_add(&block->cookie, value);
    if (block->cookie_at == 0) {
        headers_add(block->headers, HEADER_COOKIE, STR(""));
        block->cookie_at = block->headers->n;
    }
    block->headers->at[block->cookie_at - 1].value = strbuf_str(&block->cookie);
}

static enum h2_problem add_field(struct h2_block *block, struct str name, struct str value)
{
    struct arena *arena = block->headers->arena;
    enum header_id id = header_id_of(name);
    block->has_fields = true;
    if (!h2_name_is_valid(name) || has_upper_case(name) || h2_is_connection_field(id))
        return H2_MALFORMED;
    if (block->kind == H2_BLOCK_TRAILERS) {
        struct http_header header = {.id = id};
        if (!header_fits_in_trailers(&header))
            return H2_FINE;
    } else if (id == HEADER_CONTENT_LENGTH) {
        if (set_length(block, value) != H2_FINE)
            return H2_MALFORMED;
    } else if (block->kind == H2_BLOCK_REQUEST && id == HEADER_COOKIE) {
        add_crumb(block, value);
        return H2_FINE;
    } else if (block->kind == H2_BLOCK_REQUEST && id == HEADER_TE &&
               !str_eq_nocase(value, STR("trailers"))) {
        return H2_MALFORMED;
    }
    if (id != HEADER_OTHER)
        headers_add(block->headers, id, str_dup(arena, value));
    else
        headers_add_named(block->headers, canonical_name(arena, name), str_dup(arena, value));
    return H2_FINE;
}

void h2_block_add(struct h2_block *block, struct str name, struct str value)
{
    if (block->problem != H2_FINE)
        return;
    block->bytes += name.len + value.len + FIELD_OVERHEAD;
    if (block->bytes > block->limit)
        block->problem = H2_TOO_LARGE;
    else if (!is_received_value(value))
        block->problem = H2_MALFORMED;
    else if (name.len > 0 && name.ptr[0] == ':')
        block->problem = add_pseudo(block, name, value);
    else
        block->problem = add_field(block, name, value);
}

/* The authority, which a Host field may only repeat (RFC 9113 8.3.1). */
static enum h2_problem set_host(struct h2_block *block, struct http_request *request)
{
    struct str host = block->authority;
    for (uint32_t i = 0; i < block->headers->n; i++) {
        const struct http_header *header = &block->headers->at[i];
        if (header->id != HEADER_HOST)
            continue;
        if (host.len > 0 && !str_eq_nocase(host, header->value))
            return H2_MALFORMED;
        host = header->value;
    }
    if (host.len > 0 && !h1_host_is_valid(host))
        return H2_MALFORMED;
    if (host.len > 0)
        headers_set(block->headers, HEADER_HOST, host);
    request->host = host;
    return H2_FINE;
}

/* A target with a blank in it would be two words of a request line. */
static bool has_blank(struct str text)
{
    return str_index(text, ' ') >= 0 || str_index(text, '\t') >= 0;
}

enum h2_problem h2_block_request(struct h2_block *block, struct http_request *request, bool is_all)
{
    bool is_connect = str_is(block->method, "CONNECT");
    if (block->problem != H2_FINE)
        return block->problem;
    if (!h2_name_is_valid(block->method) || has_blank(block->path) || has_blank(block->authority))
        return H2_MALFORMED;
    if (is_connect ? block->path.ptr || block->scheme.ptr || block->authority.len == 0
                   : block->path.len == 0 || block->scheme.len == 0)
        return H2_MALFORMED;
    /* as Go: no proxy for other schemes is here */
    if (!is_connect && !str_is(block->scheme, "http") && !str_is(block->scheme, "https"))
        return H2_MALFORMED;
    if (!is_connect && block->path.ptr[0] != '/' &&
        !(str_is(block->path, "*") && str_is(block->method, "OPTIONS")))
        return H2_MALFORMED;
    if (is_all && block->has_length && block->content_length != 0)
        return H2_MALFORMED;
    request->method = block->method;
    request->version = HTTP_2;
    if (request_set_target(request, is_connect ? block->authority : block->path))
        return H2_MALFORMED;
    if (is_all)
        request->content_length = 0;
    else
        request->content_length = block->has_length ? block->content_length : HTTP_LENGTH_UNKNOWN;
    request->expects_continue =
        str_eq_nocase(headers_get(block->headers, HEADER_EXPECT), STR("100-continue"));
    return set_host(block, request);
}

enum h2_problem h2_block_response(struct h2_block *block, struct http_head *head, bool is_all)
{
    struct str status = block->status;
    if (block->problem != H2_FINE)
        return block->problem;
    if (status.len != 3)
        return H2_MALFORMED;
    head->status = 0;
    for (size_t i = 0; i < status.len; i++) {
        if (status.ptr[i] < '0' || status.ptr[i] > '9')
            return H2_MALFORMED;
        head->status = head->status * 10 + (unsigned)(status.ptr[i] - '0');
    }
    if (head->status < 100)
        return H2_MALFORMED;
    head->version = HTTP_2;
    head->reason = http_status_text(head->status);
    if (block->has_length)
        head->content_length = block->content_length;
    else
        head->content_length = is_all ? 0 : HTTP_LENGTH_UNKNOWN;
    return H2_FINE;
}
