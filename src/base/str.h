#ifndef DIALTONE_BASE_STR_H
#define DIALTONE_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

/* Text that somebody else owns: not NUL-terminated, may hold any byte. */
struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) {"" literal, sizeof(literal) - 1} /* in constant initialisers */
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_from(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}
static inline struct str str_make(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}
static inline bool str_eq(struct str a, struct str b)
{
    /* most texts that are not equal differ where they begin */
    return a.len == b.len &&
           (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}
static inline bool str_is(struct str a, const char *text)
{
    return (a.len == 0 || a.ptr[0] == text[0]) && str_eq(a, str_from(text));
}

/* Whether it is one of the words of a NULL-terminated list. */
bool str_is_one_of(struct str a, const char *const *words);

bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_compare(struct str a, struct str b);    /* byte order, as Go compares strings */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
bool str_contains(struct str s, struct str needle);
/* Offset of the first or last <c>, or -1. */
ptrdiff_t str_index(struct str s, char c);
ptrdiff_t str_last_index(struct str s, char c);
/* Offset of the first <needle>, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
/* Bytes from <begin> to <end>, both clamped to the length. */
static inline struct str str_slice(struct str s, size_t begin, size_t end)
{
    if (end > s.len)
        end = s.len;
    if (begin > end)
        begin = end;
    return str_make(s.ptr ? s.ptr + begin : NULL, end - begin); /* no text plus 0 is undefined */
}
/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str s);
struct str str_trim_prefix(struct str s, struct str prefix);
struct str str_trim_suffix(struct str s, struct str suffix);
/* Cuts at the first <separator>: false, and all in <before>, where there is none. */
bool str_cut(struct str s, struct str separator, struct str *before, struct str *after);
/* Copies into the arena (NUL-terminated there, so .ptr is a C string). */
struct str str_dup(struct arena *arena, struct str s);
struct str str_lower(struct arena *arena, struct str s); /* ASCII */
struct str str_upper(struct arena *arena, struct str s); /* ASCII */
/* Every <from> becomes <to>. */
struct str str_replace(struct arena *arena, struct str s, struct str from, struct str to);
/* The parts one behind the other: `STR_JOIN(arena, a, STR(":"), b)`. */
struct str str_join(struct arena *arena, const struct str *parts, size_t n);
#define STR_JOIN(arena, ...)                                                                       \
    str_join((arena), (const struct str[]){__VA_ARGS__},                                           \
             sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
struct str str_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t str_hash(struct str s);

/* Builds text in an arena. Zero-initialise, set <arena>. The bytes are not NUL-terminated until
 * strbuf_cstr is called. */
struct strbuf {
    struct arena *arena;
    char *ptr;
    size_t len, cap;
};

static inline struct strbuf strbuf_in(struct arena *arena)
{
    return (struct strbuf){.arena = arena};
}
void strbuf_make_room(struct strbuf *buf, size_t more); /* where there is too little */
static inline void strbuf_reserve(struct strbuf *buf, size_t more)
{
    if (buf->cap - buf->len < more)
        strbuf_make_room(buf, more);
}
static inline void strbuf_add(struct strbuf *buf, struct str s)
{
    if (s.len == 0)
        return;
    strbuf_reserve(buf, s.len);
    memcpy(buf->ptr + buf->len, s.ptr, s.len);
    buf->len += s.len;
}
static inline void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_reserve(buf, 1);
    buf->ptr[buf->len++] = c;
}
void strbuf_add_rune(struct strbuf *buf, uint32_t code_point); /* as UTF-8 */
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args);
static inline void strbuf_puts(struct strbuf *buf, const char *text)
{
    strbuf_add(buf, str_from(text));
}
static inline struct str strbuf_str(const struct strbuf *buf)
{
    return (struct str){buf->ptr, buf->len};
}
const char *strbuf_cstr(struct strbuf *buf);
/* The text with a NUL behind it, once no more is added: what was reserved beyond is given back. */
struct str strbuf_finish(struct strbuf *buf);

/* UTF-8: decodes the rune at <at> (at < s.len), stores its byte length (at least 1) in <size>.
 * An invalid sequence gives U+FFFD with size 1, as Go does. */
uint32_t utf8_decode(struct str s, size_t at, size_t *size);
/* How many bytes from the begin on are ASCII, in steps of eight: it may stop early. */
static inline size_t str_ascii_prefix(struct str s)
{
    size_t at = 0;
    uint64_t eight;
    for (; at + sizeof(eight) <= s.len; at += sizeof(eight)) {
        memcpy(&eight, s.ptr + at, sizeof(eight));
        if (eight & 0x8080808080808080u)
            break;
    }
    return at;
}
/* Encodes into <out> (4 bytes); returns the length. */
size_t utf8_put(uint32_t code_point, char out[4]);

#endif
