/* "…%s…".format([…]), with the clauses s, d, f, e, b, x, X and o. */
#include "proxy/expression.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>

enum { DEFAULT_PRECISION = 6, MAX_PRECISION = 100 };

struct clause {
    char letter;
    int precision;
};

static bool format_failed(struct expression_call *call, struct cel_value *error, char letter,
                          struct cel_value value)
{
    *error = cel_error(call->arena, "%%%c cannot show a value of type " STR_FMT, letter,
                       STR_ARG(cel_type_name(value)));
    return false;
}

/* ---- any value as text ---- */

static void add_plain_double(struct strbuf *out, double d)
{
    if (isnan(d))
        strbuf_puts(out, "NaN");
    else if (isinf(d))
        strbuf_puts(out, d < 0 ? "-Infinity" : "Infinity");
    else
        cel_add_fixed(out, d);
}

static bool add_shown(struct expression_call *call, struct strbuf *out, struct cel_value value);

static int compare_pairs(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    return str_compare(*left, *right);
}

/* Maps in the order of their keys as text. */
static bool add_map(struct expression_call *call, struct strbuf *out, struct cel_value map)
{
    struct str *pairs = arena_array(call->arena, struct str, 2 * map.items.n + 1);
    for (size_t i = 0; i < 2 * map.items.n; i++) {
        struct strbuf text = strbuf_in(call->arena);
        if (!add_shown(call, &text, map.items.at[i]))
            return false;
        pairs[i] = strbuf_str(&text);
    }
    qsort(pairs, map.items.n, 2 * sizeof(*pairs), compare_pairs);
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < map.items.n; i++) {
        strbuf_puts(out, i ? ", " : "");
        strbuf_add(out, pairs[2 * i]);
        strbuf_puts(out, ": ");
        strbuf_add(out, pairs[2 * i + 1]);
    }
    strbuf_add_char(out, '}');
    return true;
}

static bool add_list(struct expression_call *call, struct strbuf *out, struct cel_value list)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list.items.n; i++) {
        strbuf_puts(out, i ? ", " : "");
        if (!add_shown(call, out, list.items.at[i]))
            return false;
    }
    strbuf_add_char(out, ']');
    return true;
}

static bool add_shown(struct expression_call *call, struct strbuf *out, struct cel_value value)
{
    struct cel_value text;
    ++*call->cost;
    switch (value.kind) {
    case CEL_NULL:
        strbuf_puts(out, "null");
        return true;
    case CEL_DOUBLE:
        add_plain_double(out, value.d);
        return true;
    case CEL_STRING:
    case CEL_BYTES:
    case CEL_TYPE:
        strbuf_add(out, value.text);
        return true;
    case CEL_LIST:
        return add_list(call, out, value);
    case CEL_MAP:
        return add_map(call, out, value);
    case CEL_BOOL:
    case CEL_INT:
    case CEL_UINT:
    case CEL_DURATION:
    case CEL_TIMESTAMP:
        text = cel_convert(call->arena, value, CEL_STRING);
        strbuf_add(out, text.text);
        return true;
    case CEL_ERROR:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        break;
    }
    return false;
}

/* ---- numbers ---- */

static bool add_number(struct strbuf *out, struct cel_value value, struct clause clause)
{
    double d = value.kind == CEL_INT    ? (double)value.i
               : value.kind == CEL_UINT ? (double)value.u
                                        : value.d;
    if (value.kind != CEL_INT && value.kind != CEL_UINT && value.kind != CEL_DOUBLE)
        return false;
    if (!isfinite(d))
        add_plain_double(out, d);
    else if (clause.letter == 'e')
        strbuf_printf(out, "%.*e", clause.precision, d);
    else
        strbuf_printf(out, "%.*f", clause.precision, d);
    return true;
}

static void add_based(struct strbuf *out, struct cel_value value, unsigned base, char letter)
{
    bool is_negative = value.kind == CEL_INT && value.i < 0;
    uint64_t left = is_negative ? 0 - (uint64_t)value.i : value.u;
    const char *digits = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[64];
    size_t n = 0;
    do {
        text[n++] = digits[left % base];
        left /= base;
    } while (left);
    if (is_negative)
        strbuf_add_char(out, '-');
    while (n > 0)
        strbuf_add_char(out, text[--n]);
}

static bool add_bits(struct strbuf *out, struct cel_value value, struct clause clause)
{
    bool is_hex = clause.letter == 'x' || clause.letter == 'X';
    if (clause.letter == 'b' && value.kind == CEL_BOOL) {
        strbuf_add_char(out, value.b ? '1' : '0');
        return true;
    }
    if (value.kind == CEL_INT || value.kind == CEL_UINT) {
        add_based(out, value, is_hex ? 16 : clause.letter == 'o' ? 8 : 2, clause.letter);
        return true;
    }
    if (!is_hex || (value.kind != CEL_STRING && value.kind != CEL_BYTES))
        return false;
    for (size_t i = 0; i < value.text.len; i++)
        strbuf_printf(out, clause.letter == 'X' ? "%02X" : "%02x",
                      (unsigned char)value.text.ptr[i]);
    return true;
}

static bool add_decimal(struct expression_call *call, struct strbuf *out, struct cel_value value)
{
    if (value.kind != CEL_INT && value.kind != CEL_UINT && value.kind != CEL_DOUBLE)
        return false;
    return add_shown(call, out, value);
}

static bool add_clause(struct expression_call *call, struct strbuf *out, struct clause clause,
                       struct cel_value value)
{
    switch (clause.letter) {
    case 's':
        return add_shown(call, out, value);
    case 'd':
        return add_decimal(call, out, value);
    case 'f':
    case 'e':
        return add_number(out, value, clause);
    case 'b':
    case 'o':
    case 'x':
    case 'X':
        return add_bits(out, value, clause);
    }
    return false;
}

/* ---- the text ---- */

/* Reads "[.N]letter" off <rest>; false: it is none. */
static bool take_clause(struct str *rest, struct clause *clause)
{
    size_t at = 0;
    *clause = (struct clause){.precision = DEFAULT_PRECISION};
    if (rest->len && rest->ptr[0] == '.') {
        clause->precision = 0;
        for (at = 1; at < rest->len && rest->ptr[at] >= '0' && rest->ptr[at] <= '9'; at++)
            clause->precision = clause->precision * 10 + (rest->ptr[at] - '0');
        if (at == 1 || at > 5 || clause->precision > MAX_PRECISION)
            return false;
    }
    if (at >= rest->len)
        return false;
    clause->letter = rest->ptr[at];
    *rest = str_slice(*rest, at + 1, rest->len);
    return true;
}

struct cel_value expression_format(struct expression_call *call)
{
    if (!expression_args_are(call, "sl"))
        return cel_no_overload();
    struct str rest = call->args[0].text, before;
    struct cel_value list = call->args[1], error;
    struct strbuf out = strbuf_in(call->arena);
    size_t used = 0;
    while (str_cut(rest, STR("%"), &before, &rest)) {
        struct clause clause;
        strbuf_add(&out, before);
        if (str_has_prefix(rest, STR("%"))) {
            strbuf_add_char(&out, '%');
            rest = str_slice(rest, 1, rest.len);
            continue;
        }
        if (used >= list.items.n)
            return cel_error(call->arena, "index %zu out of range", used);
        if (!take_clause(&rest, &clause))
            return cel_error(call->arena, "could not parse formatting clause");
        if (!add_clause(call, &out, clause, list.items.at[used])) {
            format_failed(call, &error, clause.letter, list.items.at[used]);
            return error;
        }
        used++;
    }
    strbuf_add(&out, before);
    return cel_string(strbuf_str(&out));
}
