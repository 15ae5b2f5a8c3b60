/* Conversions between the types of expressions, and numbers as Go writes them. */
#include "base/cel_value.h"

#include "base/arena.h"
#include "base/parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The shortest digits that read back: "d.ddde±xx" with <digits> of them. */
static void shortest(double d, char out[40])
{
    for (int precision = 0; precision < 18; precision++) {
        snprintf(out, 40, "%.*e", precision, d);
        if (strtod(out, NULL) == d)
            return;
    }
}

static bool add_special(struct strbuf *out, double d)
{
    if (isfinite(d))
        return false;
    strbuf_puts(out, isnan(d) ? "NaN" : d < 0 ? "-Inf" : "+Inf");
    return true;
}

/* The digits of <d> and the place of the point behind the first. */
struct digits {
    char text[24];
    int n, exponent;
    bool is_negative;
};

static struct digits digits_of(double d)
{
    char text[40];
    struct digits digits = {.is_negative = signbit(d)};
    shortest(fabs(d), text);
    char *e = strchr(text, 'e');
    digits.exponent = atoi(e + 1);
    for (const char *c = text; c < e; c++)
        if (*c != '.')
            digits.text[digits.n++] = *c;
    while (digits.n > 1 && digits.text[digits.n - 1] == '0')
        digits.n--;
    return digits;
}

static void add_plain(struct strbuf *out, const struct digits *digits)
{
    if (digits->exponent < 0) {
        strbuf_puts(out, "0.");
        for (int i = -1; i > digits->exponent; i--)
            strbuf_add_char(out, '0');
    }
    for (int i = 0; i < digits->n || i <= digits->exponent; i++) {
        if (i > 0 && i == digits->exponent + 1)
            strbuf_add_char(out, '.');
        strbuf_add_char(out, i < digits->n ? digits->text[i] : '0');
    }
}

void cel_add_fixed(struct strbuf *out, double d)
{
    if (add_special(out, d))
        return;
    struct digits digits = digits_of(d);
    if (digits.is_negative)
        strbuf_add_char(out, '-');
    add_plain(out, &digits);
}

/* As Go's %g. */
static void cel_add_double(struct strbuf *out, double d)
{
    if (add_special(out, d))
        return;
    struct digits digits = digits_of(d);
    if (digits.is_negative)
        strbuf_add_char(out, '-');
    /* Go: an exponent below -4, or from seven digits on */
    if (digits.exponent >= -4 && digits.exponent < 6) {
        add_plain(out, &digits);
        return;
    }
    strbuf_add_char(out, digits.text[0]);
    if (digits.n > 1) {
        strbuf_add_char(out, '.');
        strbuf_add(out, str_make(digits.text + 1, (size_t)digits.n - 1));
    }
    strbuf_printf(out, "e%c%02d", digits.exponent < 0 ? '-' : '+', abs(digits.exponent));
}

/* ---- to each type ---- */

static struct cel_value cannot(struct arena *arena, struct cel_value value, struct str to)
{
    struct str from = cel_type_name(value);
    return cel_error(arena, "type conversion error from '" STR_FMT "' to '" STR_FMT "'",
                     STR_ARG(from), STR_ARG(to));
}

static struct cel_value out_of_range(const char *text)
{
    return (struct cel_value){.kind = CEL_ERROR, .text = str_from(text)};
}

static struct cel_value to_bool(struct arena *arena, struct cel_value value)
{
    bool b;
    if (value.kind == CEL_STRING && parse_go_bool(value.text, &b) == PARSE_OK)
        return cel_bool(b);
    return cannot(arena, value, STR("bool"));
}

static struct cel_value to_int(struct arena *arena, struct cel_value value)
{
    int64_t i;
    if (value.kind == CEL_UINT)
        return value.u > INT64_MAX ? out_of_range("integer overflow") : cel_int((int64_t)value.u);
    if (value.kind == CEL_DOUBLE)
        return !(value.d > -0x1p63 && value.d < 0x1p63) ? out_of_range("integer overflow")
                                                        : cel_int((int64_t)value.d);
    if (value.kind == CEL_STRING && parse_go_int_bits(value.text, 64, &i) == PARSE_OK)
        return cel_int(i);
    if (value.kind == CEL_DURATION || value.kind == CEL_TIMESTAMP)
        return cel_int(value.i);
    return cannot(arena, value, STR("int"));
}

static struct cel_value to_uint(struct arena *arena, struct cel_value value)
{
    uint64_t u;
    if (value.kind == CEL_INT)
        return value.i < 0 ? out_of_range("unsigned integer overflow")
                           : cel_uint((uint64_t)value.i);
    if (value.kind == CEL_DOUBLE)
        return !(value.d >= 0 && value.d < 0x1p64) ? out_of_range("unsigned integer overflow")
                                                   : cel_uint((uint64_t)value.d);
    if (value.kind == CEL_STRING && parse_go_uint(value.text, 64, &u) == PARSE_OK)
        return cel_uint(u);
    return cannot(arena, value, STR("uint"));
}

static struct cel_value to_double(struct arena *arena, struct cel_value value)
{
    double d;
    if (value.kind == CEL_INT)
        return cel_double((double)value.i);
    if (value.kind == CEL_UINT)
        return cel_double((double)value.u);
    if (value.kind == CEL_STRING && parse_go_float(value.text, &d) == PARSE_OK)
        return cel_double(d);
    return cannot(arena, value, STR("double"));
}

static bool is_utf8(struct str text)
{
    size_t size;
    for (size_t at = 0; at < text.len; at += size)
        if (utf8_decode(text, at, &size) == 0xFFFD && size == 1)
            return false;
    return true;
}

static struct cel_value to_string(struct arena *arena, struct cel_value value)
{
    struct strbuf out = strbuf_in(arena);
    switch (value.kind) {
    case CEL_BOOL:
        return cel_string(value.b ? STR("true") : STR("false"));
    case CEL_INT:
        strbuf_printf(&out, "%lld", (long long)value.i);
        break;
    case CEL_UINT:
        strbuf_printf(&out, "%llu", (unsigned long long)value.u);
        break;
    case CEL_DOUBLE:
        cel_add_double(&out, value.d);
        break;
    case CEL_BYTES:
        if (!is_utf8(value.text))
            return out_of_range("invalid UTF-8 in bytes, cannot convert to string");
        return cel_string(value.text);
    case CEL_DURATION:
        /* Go's Duration.Seconds */
        cel_add_fixed(&out, (double)(value.i / 1000000000) + (double)(value.i % 1000000000) / 1e9);
        strbuf_add_char(&out, 's');
        break;
    case CEL_TIMESTAMP:
        cel_add_timestamp(&out, value);
        break;
    case CEL_NULL: /* cel-go has texts for these, but no overload that makes them */
    case CEL_TYPE:
    case CEL_ERROR:
    case CEL_STRING:
    case CEL_LIST:
    case CEL_MAP:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        return cannot(arena, value, STR("string"));
    }
    return cel_string(strbuf_str(&out));
}

static struct cel_value to_duration(struct arena *arena, struct cel_value value)
{
    int64_t ns;
    if (value.kind == CEL_STRING && parse_go_duration(value.text, &ns) == PARSE_OK)
        return cel_duration(ns);
    return cannot(arena, value, STR("google.protobuf.Duration"));
}

static struct cel_value to_timestamp(struct arena *arena, struct cel_value value)
{
    struct cel_value time;
    if (value.kind == CEL_INT)
        return cel_timestamp_in_range(value.i)
                   ? (struct cel_value){.kind = CEL_TIMESTAMP, .i = value.i}
                   : out_of_range("timestamp overflow");
    if (value.kind == CEL_STRING)
        return cel_parse_timestamp(value.text, &time)
                   ? time
                   : cel_error(arena, "invalid RFC 3339 timestamp \"" STR_FMT "\"",
                               STR_ARG(value.text));
    return cannot(arena, value, STR("google.protobuf.Timestamp"));
}

struct cel_value cel_convert(struct arena *arena, struct cel_value value, enum cel_value_kind to)
{
    if (value.kind == CEL_ERROR || (value.kind == to && to != CEL_TYPE))
        return value;
    switch (to) {
    case CEL_BOOL:
        return to_bool(arena, value);
    case CEL_INT:
        return to_int(arena, value);
    case CEL_UINT:
        return to_uint(arena, value);
    case CEL_DOUBLE:
        return to_double(arena, value);
    case CEL_STRING:
        return to_string(arena, value);
    case CEL_BYTES:
        if (value.kind != CEL_STRING)
            return cannot(arena, value, STR("bytes"));
        value.kind = CEL_BYTES;
        return value;
    case CEL_DURATION:
        return to_duration(arena, value);
    case CEL_TIMESTAMP:
        return to_timestamp(arena, value);
    case CEL_TYPE:
        return (struct cel_value){.kind = CEL_TYPE, .text = cel_type_name(value)};
    case CEL_ERROR:
    case CEL_NULL:
    case CEL_LIST:
    case CEL_MAP:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        break;
    }
    return cel_no_overload();
}
