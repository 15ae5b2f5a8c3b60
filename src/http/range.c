/* Byte ranges and entity tags: reading and comparing. */
#include "http/range.h"

#include "base/arena.h"
#include "base/parse.h"

/* ---- ranges ---- */

static struct str trimmed(struct str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = str_slice(text, 1, text.len);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool read_position(struct str text, int64_t *value)
{
    return parse_go_int(text, value) == PARSE_OK && *value >= 0;
}

/* One "start-end" that is not empty; false where it is malformed. A len of -1 is outside. */
static bool read_range(struct str text, int64_t size, struct byte_range *out)
{
    struct str first, last;
    int64_t start, end;
    if (!str_cut(text, STR("-"), &first, &last))
        return false;
    first = trimmed(first);
    last = trimmed(last);
    if (first.len == 0) {
        /* the last bytes */
        if (last.len == 0 || last.ptr[0] == '-' || !read_position(last, &end))
            return false;
        end = end > size ? size : end;
        *out = (struct byte_range){size - end, end};
        return true;
    }
    if (!read_position(first, &start))
        return false;
    if (start >= size) {
        out->len = -1;
        return true;
    }
    end = size - 1;
    if (last.len > 0 && (!read_position(last, &end) || end < start))
        return false;
    end = end >= size ? size - 1 : end;
    *out = (struct byte_range){start, end - start + 1};
    return true;
}

enum range_result ranges_parse(struct str text, int64_t size, struct arena *arena,
                               struct byte_range **ranges, uint32_t *n)
{
    bool any_outside = false;
    *n = 0;
    if (text.len == 0)
        return RANGES_FINE;
    if (!str_has_prefix(text, STR("bytes=")))
        return RANGES_MALFORMED;
    text = str_slice(text, 6, text.len);
    size_t cap = 1;
    for (size_t i = 0; i < text.len; i++)
        cap += text.ptr[i] == ',';
    *ranges = arena_array(arena, struct byte_range, cap);
    for (bool more = true; more;) {
        struct str one;
        struct byte_range range;
        more = str_cut(text, STR(","), &one, &text);
        one = trimmed(one);
        if (one.len == 0)
            continue;
        if (!read_range(one, size, &range))
            return RANGES_MALFORMED;
        if (range.len < 0)
            any_outside = true;
        else
            (*ranges)[(*n)++] = range;
    }
    return any_outside && *n == 0 ? RANGES_OUTSIDE : RANGES_FINE;
}

/* ---- entity tags ---- */

struct str etag_next(struct str *text)
{
    struct str rest = trimmed(*text);
    size_t start = str_has_prefix(rest, STR("W/")) ? 2 : 0;
    if (rest.len < start + 2 || rest.ptr[start] != '"')
        return (struct str){0};
    for (size_t i = start + 1; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.ptr[i];
        if (c == '"') {
            *text = str_slice(rest, i + 1, rest.len);
            return str_slice(rest, 0, i + 1);
        }
        if (c < 0x21 || c == 0x7F)
            break;
    }
    return (struct str){0};
}

bool etag_equals_strongly(struct str a, struct str b)
{
    return str_eq(a, b) && a.len > 0 && a.ptr[0] == '"';
}

static bool etag_equals_weakly(struct str a, struct str b)
{
    return str_eq(str_trim_prefix(a, STR("W/")), str_trim_prefix(b, STR("W/")));
}

bool etag_list_has(struct str list, struct str etag, bool weakly)
{
    for (;;) {
        list = trimmed(list);
        if (list.len == 0)
            return false;
        if (list.ptr[0] == ',') {
            list = str_slice(list, 1, list.len);
            continue;
        }
        if (list.ptr[0] == '*')
            return true;
        struct str one = etag_next(&list);
        if (one.len == 0)
            return false;
        if (weakly ? etag_equals_weakly(one, etag) : etag_equals_strongly(one, etag))
            return true;
    }
}
