/* URLs of upstreams. Caddy hands them to Go's net/url, whose many small rules decide what it
 * accepts; this follows them for the parts that an upstream can have. */
#include "directives/upstream_url.h"

#include "base/arena.h"
#include "base/parse.h"
#include "syntax/address.h"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Bytes that a host may hold as they are. */
static bool is_host_byte(unsigned char c)
{
    return c >= 0x80 || is_alpha((char)c) || is_digit((char)c) ||
           is_one_of((char)c, "!$&'()*+,;=:[]<>\"-_.~");
}

/* The byte that %XX at <at> stands for, or -1. */
static int escaped_byte(struct str text, size_t at)
{
    if (at + 2 >= text.len)
        return -1;
    int high = hex_digit(text.ptr[at + 1]), low = hex_digit(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum unescape_mode { UNESCAPE_HOST, UNESCAPE_ZONE, UNESCAPE_USER };

static bool may_be_escaped(enum unescape_mode mode, int byte)
{
    switch (mode) {
    case UNESCAPE_HOST:
        return byte >= 0x80 || byte == '%';
    case UNESCAPE_ZONE:
        return byte == '%' || byte == ' ' || (byte < 0x80 && is_host_byte((unsigned char)byte));
    case UNESCAPE_USER:
        break;
    }
    return true;
}

static bool unescape(struct strbuf *out, struct str text, enum unescape_mode mode)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%') {
            int byte = escaped_byte(text, i);
            if (byte < 0 || !may_be_escaped(mode, byte))
                return false;
            strbuf_add_char(out, (char)byte);
            i += 2;
        } else if (mode != UNESCAPE_USER && !is_host_byte((unsigned char)text.ptr[i])) {
            return false;
        } else {
            strbuf_add_char(out, text.ptr[i]);
        }
    }
    return true;
}

static bool is_optional_port(struct str text)
{
    if (text.len == 0)
        return true;
    if (text.ptr[0] != ':')
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!is_digit(text.ptr[i]))
            return false;
    return true;
}

static bool is_ipv6_with_zone(struct str text)
{
    uint8_t ip[16];
    struct str address, zone;
    bool has_zone = str_cut(text, STR("%"), &address, &zone);
    return (!has_zone || zone.len > 0) && ipv6_parse(address, ip);
}

static enum url_result read_bracketed(struct strbuf *out, struct str host)
{
    ptrdiff_t close = str_last_index(host, ']');
    if (close < 0)
        return URL_MALFORMED;
    struct str port = str_slice(host, (size_t)close + 1, host.len);
    if (!is_optional_port(port))
        return URL_BAD_PORT;
    struct str name = str_slice(host, 1, (size_t)close);
    ptrdiff_t zone = str_find(name, STR("%25"));
    size_t split = zone < 0 ? name.len : (size_t)zone;
    strbuf_add_char(out, '[');
    if (!unescape(out, str_slice(name, 0, split), UNESCAPE_HOST) ||
        !unescape(out, str_slice(name, split, name.len), UNESCAPE_ZONE))
        return URL_MALFORMED;
    struct str literal = strbuf_str(out);
    if (!is_ipv6_with_zone(str_slice(literal, 1, literal.len)))
        return URL_MALFORMED;
    strbuf_add_char(out, ']');
    strbuf_add(out, port);
    return URL_OK;
}

/* Only http and https insist on a single colon. */
static enum url_result read_host(struct strbuf *out, struct str scheme, struct str host)
{
    ptrdiff_t open = str_last_index(host, '[');
    if (open > 0)
        return URL_MALFORMED;
    if (open == 0)
        return read_bracketed(out, host);
    bool is_strict = str_is(scheme, "http") || str_is(scheme, "https");
    ptrdiff_t colon = is_strict ? str_index(host, ':') : str_last_index(host, ':');
    if (colon >= 0 && !is_optional_port(str_slice(host, (size_t)colon, host.len)))
        return URL_BAD_PORT;
    return unescape(out, host, UNESCAPE_HOST) ? URL_OK : URL_MALFORMED;
}

static bool is_userinfo(struct arena *arena, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alpha(text.ptr[i]) && !is_digit(text.ptr[i]) &&
            !is_one_of(text.ptr[i], "-._:~!$&'()*+,;=%@"))
            return false;
    struct str user, password;
    str_cut(text, STR(":"), &user, &password);
    struct strbuf scratch = strbuf_in(arena);
    return unescape(&scratch, user, UNESCAPE_USER) && unescape(&scratch, password, UNESCAPE_USER);
}

static enum url_result read_authority(struct arena *arena, struct str authority,
                                      struct upstream_url *url)
{
    ptrdiff_t at = str_last_index(authority, '@');
    struct strbuf text = strbuf_in(arena);
    enum url_result result =
        read_host(&text, url->scheme, str_slice(authority, (size_t)(at + 1), authority.len));
    if (result != URL_OK)
        return result;
    if (at >= 0 && !is_userinfo(arena, str_slice(authority, 0, (size_t)at)))
        return URL_MALFORMED;

    struct str host = strbuf_str(&text);
    ptrdiff_t colon = str_last_index(host, ':');
    if (colon >= 0 && is_optional_port(str_slice(host, (size_t)colon, host.len))) {
        url->port = str_slice(host, (size_t)colon + 1, host.len);
        host = str_slice(host, 0, (size_t)colon);
    }
    if (str_has_prefix(host, STR("[")) && str_has_suffix(host, STR("]")))
        host = str_slice(host, 1, host.len - 1);
    url->host = host;
    return URL_OK;
}

/* Length of the scheme before its colon, or 0. */
static size_t scheme_length(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ':')
            return i;
        if (!is_alpha(c) && (i == 0 || (!is_digit(c) && !is_one_of(c, "+-."))))
            return 0;
    }
    return 0;
}

enum url_result upstream_url_read(struct arena *arena, struct str text, struct upstream_url *url)
{
    *url = (struct upstream_url){.scheme = STR(""), .host = STR(""), .port = STR("")};
    struct str fragment, query, rest;
    str_cut(text, STR("#"), &text, &fragment);
    url->has_more = fragment.len > 0;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return URL_MALFORMED;

    /* Without a scheme, "://" can only stand where no upstream may have anything. */
    size_t len = scheme_length(text);
    if (len == 0)
        return URL_MALFORMED;
    url->scheme = str_lower(arena, str_slice(text, 0, len));
    str_cut(str_slice(text, len + 1, text.len), STR("?"), &rest, &query);
    url->has_more = url->has_more || query.len > 0;

    /* scheme:text is "opaque": Go then knows neither host nor path. */
    if (!str_has_prefix(rest, STR("/")))
        return URL_OK;
    if (!str_has_prefix(rest, STR("//"))) {
        url->has_more = true;
        return URL_OK;
    }
    rest = str_slice(rest, 2, rest.len);
    ptrdiff_t slash = str_index(rest, '/');
    url->has_more = url->has_more || slash >= 0;
    return read_authority(arena, slash < 0 ? rest : str_slice(rest, 0, (size_t)slash), url);
}
