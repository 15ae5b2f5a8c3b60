/* Counted strings, a string builder, and just enough UTF-8. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bytes16.h"

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_is_one_of(struct str a, const char *const *words)
{
    for (; *words; words++)
        if (str_is(a, *words))
            return true;
    return false;
}

/* True where eight bytes differ by the case of ASCII letters at most. */
static inline bool words_eq_nocase(uint64_t a, uint64_t b)
{
    return a == b || ((a ^ b) & ~(word8_within(a | BYTES8_ALL(0x20), 'a', 'z') >> 2)) == 0;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    if (a.len >= 8) {
        for (size_t i = 0; i + 8 < a.len; i += 8)
            if (!words_eq_nocase(bytes8_load(a.ptr + i), bytes8_load(b.ptr + i)))
                return false;
        return words_eq_nocase(bytes8_load(a.ptr + a.len - 8), bytes8_load(b.ptr + a.len - 8));
    }
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_has_prefix(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_make(s.ptr, prefix.len), prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_make(s.ptr + s.len - suffix.len, suffix.len), suffix);
}

bool str_contains(struct str s, struct str needle)
{
    return str_find(s, needle) >= 0;
}

ptrdiff_t str_index(struct str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? at - s.ptr : -1;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return -1;
    if (needle.len == 1)
        return str_index(s, needle.ptr[0]);
    const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? at - s.ptr : -1;
}

ptrdiff_t str_last_index(struct str s, char c)
{
    const char *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return at ? at - s.ptr : -1;
}

struct str str_trim(struct str s)
{
    while (s.len && ascii_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && ascii_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str str_trim_prefix(struct str s, struct str prefix)
{
    return str_has_prefix(s, prefix) ? str_slice(s, prefix.len, s.len) : s;
}

struct str str_trim_suffix(struct str s, struct str suffix)
{
    return str_has_suffix(s, suffix) ? str_slice(s, 0, s.len - suffix.len) : s;
}

bool str_cut(struct str s, struct str separator, struct str *before, struct str *after)
{
    ptrdiff_t at = str_find(s, separator);
    if (at < 0) {
        *before = s;
        *after = str_slice(s, s.len, s.len);
        return false;
    }
    struct str whole = s;
    *before = str_slice(whole, 0, (size_t)at);
    *after = str_slice(whole, (size_t)at + separator.len, whole.len);
    return true;
}

struct str str_dup(struct arena *arena, struct str s)
{
    return str_make(arena_strndup(arena, s.ptr, s.len), s.len);
}

struct str str_lower(struct arena *arena, struct str s)
{
    char *copy = arena_strndup(arena, s.ptr, s.len);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = ascii_lower(copy[i]);
    return str_make(copy, s.len);
}

struct str str_upper(struct arena *arena, struct str s)
{
    char *copy = arena_strndup(arena, s.ptr, s.len);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = ascii_upper(copy[i]);
    return str_make(copy, s.len);
}

struct str str_replace(struct arena *arena, struct str s, struct str from, struct str to)
{
    if (from.len == 0 || str_find(s, from) < 0)
        return s;
    struct strbuf out = strbuf_in(arena);
    ptrdiff_t at;
    while ((at = str_find(s, from)) >= 0) {
        strbuf_add(&out, str_slice(s, 0, (size_t)at));
        strbuf_add(&out, to);
        s = str_slice(s, (size_t)at + from.len, s.len);
    }
    strbuf_add(&out, s);
    return strbuf_finish(&out);
}

struct str str_join(struct arena *arena, const struct str *parts, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += parts[i].len;
    struct strbuf out = strbuf_in(arena);
    strbuf_reserve(&out, len + 1);
    for (size_t i = 0; i < n; i++)
        strbuf_add(&out, parts[i]);
    return strbuf_finish(&out);
}

struct str str_printf(struct arena *arena, const char *format, ...)
{
    struct strbuf out = strbuf_in(arena);
    strbuf_reserve(&out, 64);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&out, format, args);
    va_end(args);
    return strbuf_finish(&out);
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

void strbuf_make_room(struct strbuf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap * 2 : 64;
    if (cap - buf->len < more)
        cap = buf->len + more;
    buf->ptr = arena_grow(buf->arena, buf->ptr, buf->cap, cap);
    buf->cap = cap;
}

void strbuf_add_rune(struct strbuf *buf, uint32_t code_point)
{
    char bytes[4];
    strbuf_add(buf, str_make(bytes, utf8_put(code_point, bytes)));
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vprintf(buf, format, args);
    va_end(args);
}

const char *strbuf_cstr(struct strbuf *buf)
{
    strbuf_reserve(buf, 1);
    buf->ptr[buf->len] = '\0';
    return buf->ptr;
}

struct str strbuf_finish(struct strbuf *buf)
{
    strbuf_cstr(buf);
    arena_trim(buf->arena, buf->ptr, buf->cap, buf->len + 1);
    buf->cap = buf->len + 1;
    return strbuf_str(buf);
}

uint32_t utf8_decode(struct str s, size_t at, size_t *size)
{
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    size_t left = s.len - at, want = 0;
    uint32_t rune = p[0], smallest = 0;
    *size = 1;
    if (rune < 0x80)
        return rune;
    if (rune >= 0xc2 && rune <= 0xdf) {
        want = 2, rune &= 0x1f, smallest = 0x80;
    } else if (rune >= 0xe0 && rune <= 0xef) {
        want = 3, rune &= 0x0f, smallest = 0x800;
    } else if (rune >= 0xf0 && rune <= 0xf4) {
        want = 4, rune &= 0x07, smallest = 0x10000;
    }
    if (want == 0 || left < want)
        return 0xfffd;
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0xfffd;
        rune = rune << 6 | (p[i] & 0x3f);
    }
    if (rune < smallest || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
        return 0xfffd;
    *size = want;
    return rune;
}

size_t utf8_put(uint32_t code_point, char out[4])
{
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        code_point = 0xfffd;
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}
