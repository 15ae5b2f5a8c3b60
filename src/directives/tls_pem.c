/* PEM blocks, read as Go's encoding/pem does: whatever is not a well-formed block is skipped. */
#include "directives/tls_pem.h"

#include "base/arena.h"
#include "base/parse.h"

/* Cuts a line off <text>, without its end and the blanks before that. */
static struct str cut_line(struct str *text)
{
    struct str line, rest;
    str_cut(*text, STR("\n"), &line, &rest);
    *text = rest;
    while (line.len && strchr(" \t\r", line.ptr[line.len - 1]))
        line.len--;
    return line;
}

/* <body> without white space, with the unused low bits of its last digit cleared, as decoding and
 * encoding it again would do. */
static bool normalize(struct arena *arena, struct str body, struct str *base64)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_alloc(arena, body.len + 1);
    size_t n = 0, padding = 0;
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        if (c == '=')
            padding++;
        else if (strchr(" \t\r\n", c))
            continue;
        else if (padding || base64_digit(c) < 0)
            return false;
        out[n++] = c;
    }
    if (n % 4 || padding > 2)
        return false;
    if (padding) {
        int value = base64_digit(out[n - padding - 1]);
        out[n - padding - 1] = digits[value & (padding == 2 ? 0x30 : 0x3c)];
    }
    out[n] = '\0';
    *base64 = str_make(out, n);
    return true;
}

static bool is_begin(struct str line, struct str *type)
{
    struct str begin = STR("-----BEGIN "), end = STR("-----");
    if (line.len < begin.len + end.len || !str_has_prefix(line, begin) ||
        !str_has_suffix(line, end))
        return false;
    *type = str_slice(line, begin.len, line.len - end.len);
    return true;
}

bool tls_pem_next(struct arena *arena, struct str *text, struct str *type, struct str *base64)
{
    while (text->len) {
        struct str line = cut_line(text);
        if (!is_begin(line, type))
            continue;
        struct str body_and_rest = *text;
        for (;;) { /* header lines have a colon; the first other line begins the body */
            struct str after = body_and_rest;
            if (str_index(cut_line(&after), ':') < 0)
                break;
            body_and_rest = after;
        }
        struct str end = str_printf(arena, "-----END " STR_FMT "-----", STR_ARG(*type));
        ptrdiff_t at = str_find(body_and_rest, end);
        if (at < 0 || (at > 0 && body_and_rest.ptr[at - 1] != '\n'))
            continue;
        struct str after = str_slice(body_and_rest, (size_t)at + end.len, body_and_rest.len);
        struct str tail = cut_line(&after);
        if (tail.len || !normalize(arena, str_slice(body_and_rest, 0, (size_t)at), base64))
            continue;
        *text = after;
        return true;
    }
    return false;
}
