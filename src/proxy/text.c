/* Numbers, durations, identifiers and JSON strings as text, in the spellings of Go and of Caddy's
 * logger: they end up in headers, bodies and log lines that others parse. */

#include "proxy/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/parse.h"

#define EACH_OF_EIGHT(value) (UINT64_C(0x0101010101010101) * (value))

/* The eight digits of a number below 10^8, a byte each from 0 to 9, the first one the lowest:
 * halves, quarters and digits are told apart side by side in one word. */
static uint64_t eight_digits(uint32_t value)
{
    const uint64_t hundreds_only = UINT64_C(0x0000007F0000007F);
    const uint64_t tens_only = UINT64_C(0x000F000F000F000F);
    uint64_t halves = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = halves * 10486 >> 20 & hundreds_only;
    uint64_t pairs = ((halves - hundreds * 100) << 16) + hundreds;
    uint64_t tens = pairs * 103 >> 10 & tens_only;
    return ((pairs - tens * 10) << 8) + tens;
}

/* Eight bytes, the lowest first. */
static void put_eight(char *to, uint64_t digits)
{
    digits += EACH_OF_EIGHT('0');
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    memcpy(to, &digits, sizeof(digits));
}

/* A number below 1000. */
static char *put_three(char *to, uint32_t value)
{
    uint32_t tens = value / 10, hundreds = tens / 10;
    *to = (char)('0' + hundreds);
    to += hundreds > 0;
    *to = (char)('0' + tens - hundreds * 10);
    to += tens > 0;
    *to = (char)('0' + value - tens * 10);
    return to + 1;
}

static char *put_unsigned(char *to, uint64_t value)
{
    if (value < 1000)
        return put_three(to, (uint32_t)value);
    if (value >= 100000000) {
        to = put_unsigned(to, value / 100000000);
        put_eight(to, eight_digits((uint32_t)(value % 100000000)));
        return to + 8;
    }
    uint64_t digits = eight_digits((uint32_t)value);
    int zeros = __builtin_ctzll(digits) / 8;
    put_eight(to, digits >> 8 * zeros);
    return to + 8 - zeros;
}

char *text_put_int(char *to, int64_t value)
{
    if (value < 0)
        *to++ = '-';
    return put_unsigned(to, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

struct str text_int(struct arena *arena, int64_t value)
{
    char digits[TEXT_MOST_DIGITS];
    return str_dup(arena, str_make(digits, (size_t)(text_put_int(digits, value) - digits)));
}

/* <value> / 10^<digits> without trailing zeros. */
static void add_fraction(struct strbuf *out, uint64_t value, int digits)
{
    char text[24];
    size_t n = sizeof(text);
    bool has_fraction = false;
    for (int i = 0; i < digits; i++, value /= 10) {
        has_fraction |= value % 10 != 0;
        if (has_fraction)
            text[--n] = (char)('0' + value % 10);
    }
    if (has_fraction)
        text[--n] = '.';
    do
        text[--n] = (char)('0' + value % 10);
    while (value /= 10);
    strbuf_add(out, str_make(text + n, sizeof(text) - n));
}

struct str text_duration(struct arena *arena, int64_t ns)
{
    struct strbuf out = strbuf_in(arena);
    uint64_t rest = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    if (rest == 0)
        return STR("0s");
    if (ns < 0)
        strbuf_add_char(&out, '-');
    if (rest < 1000) {
        strbuf_printf(&out, "%lluns", (unsigned long long)rest);
    } else if (rest < 1000000) {
        add_fraction(&out, rest, 3);
        strbuf_puts(&out, "\xC2\xB5s");
    } else if (rest < 1000000000) {
        add_fraction(&out, rest, 6);
        strbuf_puts(&out, "ms");
    } else {
        uint64_t seconds = rest / 1000000000;
        if (seconds >= 3600)
            strbuf_printf(&out, "%lluh", (unsigned long long)(seconds / 3600));
        if (seconds >= 60)
            strbuf_printf(&out, "%llum", (unsigned long long)(seconds / 60 % 60));
        add_fraction(&out, rest - seconds / 60 * 60 * 1000000000, 9);
        strbuf_add_char(&out, 's');
    }
    return strbuf_str(&out);
}

struct str text_not_a_number(struct arena *arena, struct str text)
{
    int64_t number;
    struct strbuf out = strbuf_in(arena);
    enum parse_result result = parse_go_int(text, &number);
    strbuf_puts(&out, "strconv.Atoi: parsing ");
    text_add_json(&out, text);
    strbuf_puts(&out, result == PARSE_RANGE ? ": value out of range" : ": invalid syntax");
    return strbuf_str(&out);
}

void text_add_time(struct strbuf *out, int64_t ns, int64_t since_start_ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    unsigned fraction = (unsigned)(ns % 1000000000);
    char text[64], zone[16];
    int digits = 9;
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
    strftime(zone, sizeof(zone), "%z %Z", &local);
    strbuf_puts(out, text);
    for (; fraction > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (fraction > 0)
        strbuf_printf(out, ".%0*u", digits, fraction);
    strbuf_printf(out, " %s m=%c%lld.%09lld", zone, since_start_ns < 0 ? '-' : '+',
                  llabs((long long)since_start_ns) / 1000000000,
                  llabs((long long)since_start_ns) % 1000000000);
}

char *text_put_fraction(char *to, uint32_t ns)
{
    uint32_t most = ns / 10;
    if (ns == 0)
        return to;
    uint64_t digits = eight_digits(most);
    *to = '.';
    put_eight(to + 1, digits);
    to[9] = (char)('0' + ns - most * 10);
    return ns > most * 10 ? to + 10 : to + 9 - __builtin_clzll(digits) / 8;
}

char *text_put_seconds(char *to, int64_t ns)
{
    uint64_t rest = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        *to++ = '-';
    to = put_unsigned(to, rest / 1000000000);
    return text_put_fraction(to, (uint32_t)(rest % 1000000000));
}

void text_add_seconds(struct strbuf *out, int64_t ns)
{
    strbuf_reserve(out, TEXT_MOST_SECONDS);
    out->len = (size_t)(text_put_seconds(out->ptr + out->len, ns) - out->ptr);
}

struct str text_base64(struct arena *arena, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_alloc(arena, (bytes.len + 2) / 3 * 4);
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t three = 0;
        for (size_t k = 0; k < 3; k++)
            three = three << 8 | (i + k < bytes.len ? (uint8_t)bytes.ptr[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            out[n++] = i + k <= bytes.len ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
    return str_make(out, n);
}

static void random_bytes(uint8_t *bytes, size_t n)
{
    if (getrandom(bytes, n, 0) != (ssize_t)n)
        abort();
}

struct str text_uuid(struct arena *arena)
{
    uint8_t b[16];
    random_bytes(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    return str_printf(arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                      b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                      b[12], b[13], b[14], b[15]);
}

struct str text_random_id(struct arena *arena, size_t n)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    char *id = arena_alloc(arena, n);
    random_bytes((uint8_t *)id, n);
    for (size_t i = 0; i < n; i++)
        id[i] = letters[(uint8_t)id[i] % (sizeof(letters) - 1)];
    return str_make(id, n);
}

void text_add_html(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '<':
            strbuf_puts(out, "&lt;");
            break;
        case '>':
            strbuf_puts(out, "&gt;");
            break;
        case '&':
            strbuf_puts(out, "&amp;");
            break;
        case '"':
            strbuf_puts(out, "&#34;");
            break;
        case '\'':
            strbuf_puts(out, "&#39;");
            break;
        default:
            strbuf_add_char(out, text.ptr[i]);
        }
    }
}

/* --- JSON --- */

void text_add_json(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0, size; i < text.len; i += size) {
        unsigned char c = (unsigned char)text.ptr[i];
        size = 1;
        if (c >= 0x80) {
            uint32_t rune = utf8_decode(text, i, &size);
            if (rune == 0xFFFD && size == 1)
                strbuf_puts(out, "\\ufffd");
            else if (rune == 0x2028 || rune == 0x2029)
                strbuf_printf(out, "\\u%04x", rune);
            else
                strbuf_add(out, str_slice(text, i, i + size));
        } else if (c >= 0x20 && c != '"' && c != '\\') {
            size_t end = i + 1;
            while (end < text.len && (unsigned char)text.ptr[end] >= 0x20 &&
                   (unsigned char)text.ptr[end] < 0x80 && text.ptr[end] != '"' &&
                   text.ptr[end] != '\\')
                end++;
            size = end - i;
            strbuf_add(out, str_slice(text, i, end));
        } else if (c == '"' || c == '\\') {
            strbuf_add_char(out, '\\');
            strbuf_add_char(out, (char)c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            strbuf_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else {
            strbuf_printf(out, "\\u%04x", c);
        }
    }
    strbuf_add_char(out, '"');
}

enum { MAX_JSON_DEPTH = 1000 };

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static const char *skip_digits(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p == start ? NULL : p;
}

static const char *skip_number(const char *p, const char *end)
{
    p += p < end && *p == '-';
    if (p < end && *p == '0')
        p++;
    else
        p = skip_digits(p, end);
    if (p && p < end && *p == '.')
        p = skip_digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p = skip_digits(p + (p < end && (*p == '+' || *p == '-')), end);
    }
    return p;
}

static const char *skip_string(const char *p, const char *end)
{
    if (p >= end || *p++ != '"')
        return NULL;
    for (; p < end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p != '\\')
            continue;
        if (++p >= end)
            return NULL;
        if (*p == 'u') {
            for (int i = 0; i < 4; i++)
                if (++p >= end || !strchr("0123456789abcdefABCDEF", *p) || *p == '\0')
                    return NULL;
        } else if (*p == '\0' || !strchr("\"\\/bfnrt", *p)) {
            return NULL;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *skip_value(const char *p, const char *end, int depth);

/* The members of an object or elements of an array, behind the opening bracket. */
static const char *skip_members(const char *p, const char *end, int depth, char close)
{
    p = skip_blanks(p, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (close == '}') {
            p = skip_string(skip_blanks(p, end), end);
            if (!p)
                return NULL;
            p = skip_blanks(p, end);
            if (p >= end || *p++ != ':')
                return NULL;
        }
        p = skip_value(p, end, depth + 1);
        if (!p)
            return NULL;
        p = skip_blanks(p, end);
        if (p >= end || (*p != ',' && *p != close))
            return NULL;
        if (*p++ == close)
            return p;
    }
}

static const char *skip_value(const char *p, const char *end, int depth)
{
    static const struct str words[] = {STR_INIT("true"), STR_INIT("false"), STR_INIT("null")};
    p = skip_blanks(p, end);
    if (p >= end || depth > MAX_JSON_DEPTH)
        return NULL;
    if (*p == '{')
        return skip_members(p + 1, end, depth, '}');
    if (*p == '[')
        return skip_members(p + 1, end, depth, ']');
    if (*p == '"')
        return skip_string(p, end);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_has_prefix(str_make(p, (size_t)(end - p)), words[i]))
            return p + words[i].len;
    return skip_number(p, end);
}

bool text_is_json(struct str text)
{
    const char *end = text.ptr + text.len, *p = skip_value(text.ptr, end, 0);
    return p && skip_blanks(p, end) == end;
}
