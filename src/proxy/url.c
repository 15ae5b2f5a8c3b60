/* Request targets: decoding, encoding and taking apart, with the letter-for-letter choices of Go's
 * net/url, because what an upstream sees and what a matcher compares depend on them. */

#include "proxy/url.h"

#include "base/arena.h"
#include "base/bytes16.h"
#include "base/parse.h"

/* --- encoding --- */

enum {
    SAFE_PATH = 1 << URL_PATH,
    SAFE_SEGMENT = 1 << URL_PATH_SEGMENT,
    SAFE_QUERY = 1 << URL_QUERY,
    SAFE = SAFE_PATH | SAFE_SEGMENT | SAFE_QUERY,
    VALID = 8, /* may stand in an encoded path though the encoder would not write it */
};

static const uint8_t char_classes[256] = {
    ['a' ... 'z'] = SAFE,
    ['A' ... 'Z'] = SAFE,
    ['0' ... '9'] = SAFE,
    ['-'] = SAFE,
    ['_'] = SAFE,
    ['.'] = SAFE,
    ['~'] = SAFE,
    ['$'] = SAFE_PATH | SAFE_SEGMENT,
    ['&'] = SAFE_PATH | SAFE_SEGMENT,
    ['+'] = SAFE_PATH | SAFE_SEGMENT,
    [':'] = SAFE_PATH | SAFE_SEGMENT,
    ['='] = SAFE_PATH | SAFE_SEGMENT,
    ['@'] = SAFE_PATH | SAFE_SEGMENT,
    ['/'] = SAFE_PATH,
    [','] = SAFE_PATH,
    [';'] = SAFE_PATH,
    ['!'] = VALID,
    ['\''] = VALID,
    ['('] = VALID,
    [')'] = VALID,
    ['*'] = VALID,
    ['['] = VALID,
    [']'] = VALID,
    ['%'] = VALID,
};

static inline bool all_of(struct str text, int classes)
{
    for (size_t i = 0; i < text.len; i++)
        if (!(char_classes[(uint8_t)text.ptr[i]] & classes))
            return false;
    return true;
}

/* Whether a path is written as it is. Nearly all are, which sixteen bytes at once may tell; the
 * last of them may be looked at twice. */
static bool is_plain_path(struct str path)
{
    if (path.len >= 16) {
        size_t at = 0;
        while (at + 16 < path.len && bytes16_plain(path.ptr + at) == BYTES16_ALL)
            at += 16;
        if (at + 16 >= path.len && bytes16_plain(path.ptr + path.len - 16) == BYTES16_ALL)
            return true;
    }
    return all_of(path, SAFE_PATH);
}

struct str url_escape(struct str text, enum url_encoding encoding, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    if (encoding == URL_PATH ? is_plain_path(text) : all_of(text, 1 << encoding))
        return text;
    char *out = arena_alloc(arena, text.len * 3);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if (char_classes[c] & (1 << encoding)) {
            out[n++] = (char)c;
        } else if (c == ' ' && encoding == URL_QUERY) {
            out[n++] = '+';
        } else {
            out[n++] = '%';
            out[n++] = digits[c >> 4];
            out[n++] = digits[c & 15];
        }
    }
    return str_make(out, n);
}

bool url_unescape(struct str text, enum url_encoding encoding, struct arena *arena, struct str *out)
{
    bool plus = encoding == URL_QUERY && memchr(text.len ? text.ptr : "", '+', text.len);
    if (!plus && (text.len == 0 || !memchr(text.ptr, '%', text.len))) {
        *out = text;
        return true;
    }
    char *decoded = arena_alloc(arena, text.len);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            if (i + 2 >= text.len || hex_digit(text.ptr[i + 1]) < 0 ||
                hex_digit(text.ptr[i + 2]) < 0)
                return false;
            c = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        decoded[n++] = c;
    }
    *out = str_make(decoded, n);
    return true;
}

/* --- targets --- */

bool url_read(struct url *url, struct str path, struct str query, bool has_query,
              struct arena *arena)
{
    *url = (struct url){.path = path,
                        .query = query,
                        .force_query = has_query && query.len == 0,
                        .is_plain = is_plain_path(path)};
    if (url->is_plain)
        return true;
    if (!url_unescape(path, URL_PATH, arena, &url->path))
        return false;
    if (!str_eq(path, url_escape(url->path, URL_PATH, arena)))
        url->raw_path = path;
    return true;
}

struct str url_escaped_path(const struct url *url, struct arena *arena)
{
    struct str decoded;
    if (url->is_plain)
        return url->path;
    if (url->raw_path.len > 0 && all_of(url->raw_path, SAFE_PATH | VALID) &&
        url_unescape(url->raw_path, URL_PATH, arena, &decoded) && str_eq(decoded, url->path))
        return url->raw_path;
    if (str_eq(url->path, STR("*")))
        return url->path;
    return url_escape(url->path, URL_PATH, arena);
}

struct str url_request_uri(const struct url *url, struct arena *arena)
{
    struct str path = url_escaped_path(url, arena);
    if (path.len == 0)
        path = STR("/");
    if (url->query.len == 0 && !url->force_query)
        return path;
    if (url->query.ptr == path.ptr + path.len + 1 && path.ptr[path.len] == '?')
        return str_make(path.ptr, path.len + 1 + url->query.len); /* still one text */
    char *out = arena_alloc(arena, path.len + 1 + url->query.len);
    memcpy(out, path.ptr, path.len);
    out[path.len] = '?';
    if (url->query.len > 0)
        memcpy(out + path.len + 1, url->query.ptr, url->query.len);
    return str_make(out, path.len + 1 + url->query.len);
}

void url_set_path(struct url *url, struct str path)
{
    url->path = path;
    url->raw_path = (struct str){0};
    url->is_plain = is_plain_path(path);
}

/* --- queries --- */

bool url_query_next(struct str *rest, struct arena *arena, struct str *key, struct str *value,
                    bool *bad)
{
    while (rest->len > 0) {
        struct str pair;
        if (!str_cut(*rest, STR("&"), &pair, rest))
            *rest = (struct str){0};
        if (pair.len == 0)
            continue;
        struct str name, text = {0};
        str_cut(pair, STR("="), &name, &text);
        if (str_index(pair, ';') < 0 && url_unescape(name, URL_QUERY, arena, key) &&
            url_unescape(text, URL_QUERY, arena, value))
            return true;
        *bad = true;
    }
    return false;
}

/* --- hosts --- */

bool url_split_host_port(struct str hostport, struct str *host, struct str *port)
{
    static const bool is_mark[256] = {[':'] = true, ['['] = true, [']'] = true};
    struct str before = hostport;
    size_t colon = hostport.len;
    *host = hostport;
    *port = (struct str){0};
    while (colon > 0 && !is_mark[(uint8_t)hostport.ptr[colon - 1]])
        colon--;
    if (colon == 0 || hostport.ptr[colon - 1] != ':')
        return false;
    before = str_slice(hostport, 0, colon - 1);
    if (before.len > 0 && before.ptr[0] == '[') {
        if (before.ptr[before.len - 1] != ']')
            return false;
        before = str_slice(before, 1, before.len - 1);
        if (str_index(before, '[') >= 0 || str_index(before, ']') >= 0)
            return false;
    } else {
        for (size_t i = 0; i < before.len; i++)
            if (is_mark[(uint8_t)before.ptr[i]])
                return false;
    }
    *host = before;
    *port = str_slice(hostport, colon, hostport.len);
    return true;
}
