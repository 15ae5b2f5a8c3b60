/* Literals: numbers, and what is between quotes. */
#include "cel/cel_private.h"

#include "base/parse.h"

#include "cel_parser.h"

static bool reject(struct cel_compiler *compiler, struct cel_token token, const char *what)
{
    cel_wrong(compiler, cel_written_begin(&compiler->source, token.begin),
              cel_written_end(&compiler->source, token.end), NULL, "%s", what);
    return false;
}

/* Decimal, or hexadecimal behind 0x; false: it needs more than 64 bits. */
static bool read_digits(struct str text, uint64_t *out)
{
    unsigned base = str_has_prefix(text, STR("0x")) ? 16 : 10;
    *out = 0;
    for (size_t i = base == 16 ? 2 : 0; i < text.len; i++)
        if (__builtin_mul_overflow(*out, base, out) ||
            __builtin_add_overflow(*out, (uint64_t)hex_digit(text.ptr[i]), out))
            return false;
    return true;
}

static bool read_int(struct cel_compiler *compiler, struct cel_token token, struct str text,
                     struct cel_value *out)
{
    bool is_negative = text.len && text.ptr[0] == '-';
    uint64_t digits;
    if (is_negative)
        text = str_slice(text, 1, text.len);
    text = str_trim(text); /* "- 1" is one, too */
    if (!read_digits(text, &digits) || digits > (uint64_t)INT64_MAX + is_negative)
        return reject(compiler, token, "this number does not fit into 64 bits");
    *out = cel_int((int64_t)(is_negative ? 0 - digits : digits));
    return true;
}

static bool read_double(struct cel_compiler *compiler, struct cel_token token, struct str text,
                        struct cel_value *out)
{
    bool is_negative = text.len && text.ptr[0] == '-';
    double d;
    if (is_negative)
        text = str_slice(text, 1, text.len);
    if (parse_go_float(str_trim(text), &d) != PARSE_OK)
        return reject(compiler, token, "this number is too large");
    *out = cel_double(is_negative ? -d : d);
    return true;
}

/* ---- texts ---- */

/* Without prefix and quotes; <*is_raw>: a backslash is one. */
static struct str between_quotes(struct str text, bool *is_raw)
{
    *is_raw = false;
    for (; text.len && text.ptr[0] != '"' && text.ptr[0] != '\'';
         text = str_slice(text, 1, text.len))
        *is_raw |= (text.ptr[0] | 0x20) == 'r';
    size_t n = 1;
    if (text.len >= 6 && text.ptr[0] == text.ptr[1] && text.ptr[1] == text.ptr[2])
        n = 3;
    return str_slice(text, n, text.len - n);
}

static char simple_escape(char c)
{
    switch (c) {
    case 'a':
        return '\a';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'v':
        return '\v';
    }
    return c;
}

/* The digits of an escape, which the lexer has looked at. */
static uint32_t number_at(struct str text, size_t at, size_t n, unsigned base)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + n && i < text.len; i++)
        value = value * base + (uint32_t)hex_digit(text.ptr[i]);
    return value;
}

/* One escape; its length, or 0: it stands for no character. */
static size_t add_escape(struct strbuf *out, struct str text, size_t at, bool is_bytes)
{
    char c = at + 1 < text.len ? text.ptr[at + 1] : 0;
    bool is_hex = c == 'x' || c == 'X', is_octal = c >= '0' && c <= '3';
    size_t n = is_hex ? 2 : is_octal ? 3 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (n == 0) {
        strbuf_add_char(out, simple_escape(c));
        return 2;
    }
    uint32_t value = number_at(text, at + 1 + !is_octal, n, is_octal ? 8 : 16);
    if (is_bytes && !is_hex && !is_octal)
        return 0;
    if (is_bytes)
        strbuf_add_char(out, (char)value);
    else if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    else
        strbuf_add_rune(out, value);
    return 1 + !is_octal + n;
}

static bool read_text(struct cel_compiler *compiler, struct cel_token token, struct str text,
                      bool is_bytes, struct str *out)
{
    bool is_raw;
    struct strbuf buf = strbuf_in(compiler->arena);
    text = between_quotes(text, &is_raw);
    if (is_raw || str_index(text, '\\') < 0) {
        *out = text;
        return true;
    }
    for (size_t at = 0; at < text.len;) {
        if (text.ptr[at] != '\\') {
            strbuf_add_char(&buf, text.ptr[at++]);
            continue;
        }
        size_t n = add_escape(&buf, text, at, is_bytes);
        if (n == 0)
            return reject(compiler, token,
                          is_bytes ? "\\u and \\U are not for bytes"
                                   : "an escape in this text is no character");
        at += n;
    }
    *out = strbuf_finish(&buf);
    return true;
}

bool cel_read_literal(struct cel_compiler *compiler, struct cel_token token, struct cel_value *out)
{
    struct str text = str_slice(compiler->source.text, token.begin, token.end);
    switch (token.kind) {
    case CEL_TOKEN_INT:
        return read_int(compiler, token, text, out);
    case CEL_TOKEN_UINT:
        out->kind = CEL_UINT;
        return read_digits(str_slice(text, 0, text.len - 1), &out->u) ||
               reject(compiler, token, "this number does not fit into 64 bits");
    case CEL_TOKEN_DOUBLE:
        return read_double(compiler, token, text, out);
    case CEL_TOKEN_STRING:
        out->kind = CEL_STRING;
        return read_text(compiler, token, text, false, &out->text);
    case CEL_TOKEN_BYTES:
        out->kind = CEL_BYTES;
        return read_text(compiler, token, text, true, &out->text);
    case CEL_TOKEN_BOOL:
        *out = cel_bool(text.ptr[0] == 't');
        return true;
    }
    *out = cel_null();
    return true;
}
