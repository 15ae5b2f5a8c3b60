/* JSON text, byte for byte as Go's encoding/json writes it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/document.h"

/* What stands for a byte in a string: nothing, two characters (the second is given), or six. The
 * first byte of U+2028 and U+2029 asks for a look at the next two. */
enum { AS_IS = 0, AS_HEX = 1, LINE_END = 2 };
static const unsigned char escapes[256] = {
    [0 ... 7] = AS_HEX, [0x0b] = AS_HEX, [0x0e ... 0x1f] = AS_HEX, ['"'] = '"',   ['\\'] = '\\',  ['\b'] = 'b',    ['\f'] = 'f',
    ['\n'] = 'n',          ['\r'] = 'r',  ['\t'] = 't',   ['<'] = AS_HEX, ['>'] = AS_HEX,
    ['&'] = AS_HEX,        [0xe2] = LINE_END,
};

/* U+2028 and U+2029 end lines in JavaScript. */
static bool is_line_end(struct str rest)
{
    return rest.len >= 3 && (unsigned char)rest.ptr[1] == 0x80 &&
           ((unsigned char)rest.ptr[2] & ~1) == 0xa8;
}

static void write_string(struct str text, struct strbuf *out)
{
    size_t done = 0;
    strbuf_reserve(out, text.len + 2);
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i], escape = escapes[c];
        if (escape == AS_IS || (escape == LINE_END && !is_line_end(str_slice(text, i, text.len))))
            continue;
        strbuf_add(out, str_slice(text, done, i));
        if (escape == LINE_END) {
            strbuf_puts(out, text.ptr[i + 2] & 1 ? "\\u2029" : "\\u2028");
            i += 2;
        } else if (escape == AS_HEX) {
            strbuf_printf(out, "\\u%04x", c);
        } else {
            strbuf_add_char(out, '\\');
            strbuf_add_char(out, (char)escape);
        }
        done = i + 1;
    }
    strbuf_add(out, str_slice(text, done, text.len));
    strbuf_add_char(out, '"');
}

/* The fewest digits that read back as <value>, as "d.ddde±xx". */
static void shortest_digits(double value, char text[40])
{
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(text, 40, "%.*e", precision, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

static void write_real(double value, struct strbuf *out)
{
    char text[40], digits[32];
    int n = 0;
    shortest_digits(value, text);
    if (text[0] == '-')
        strbuf_add_char(out, '-');
    const char *at = text + (text[0] == '-');
    for (; *at != 'e'; at++)
        if (*at != '.')
            digits[n++] = *at;
    int exponent = atoi(at + 1);
    double size = fabs(value);
    if (size != 0 && (size < 1e-6 || size >= 1e21)) {
        strbuf_add_char(out, digits[0]);
        if (n > 1)
            strbuf_printf(out, ".%.*s", n - 1, digits + 1);
        strbuf_printf(out, "e%+d", exponent); /* no leading zero: 1e-7 */
        return;
    }
    if (exponent < 0)
        strbuf_puts(out, "0.");
    for (int i = exponent + 1; i < 0; i++)
        strbuf_add_char(out, '0');
    for (int i = 0; i < n || i <= exponent; i++) {
        if (exponent >= 0 && i == exponent + 1)
            strbuf_add_char(out, '.');
        strbuf_add_char(out, i < n ? digits[i] : '0');
    }
}

static void break_line(bool pretty, int depth, struct strbuf *out)
{
    if (!pretty)
        return;
    strbuf_add_char(out, '\n');
    for (int i = 0; i < depth; i++)
        strbuf_add_char(out, '\t');
}

static void write_value(const json_t *value, bool pretty, int depth, struct strbuf *out);

static void write_object(const json_t *value, bool pretty, int depth, struct strbuf *out)
{
    json_t *object = (json_t *)value;
    bool first = true;
    strbuf_add_char(out, '{');
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
        if (!first)
            strbuf_add_char(out, ',');
        first = false;
        break_line(pretty, depth + 1, out);
        write_string(str_make(json_object_iter_key(i), json_object_iter_key_len(i)), out);
        strbuf_puts(out, pretty ? ": " : ":");
        write_value(json_object_iter_value(i), pretty, depth + 1, out);
    }
    if (!first)
        break_line(pretty, depth, out);
    strbuf_add_char(out, '}');
}

static void write_array(const json_t *value, bool pretty, int depth, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i)
            strbuf_add_char(out, ',');
        break_line(pretty, depth + 1, out);
        write_value(json_array_get(value, i), pretty, depth + 1, out);
    }
    if (json_array_size(value))
        break_line(pretty, depth, out);
    strbuf_add_char(out, ']');
}

static void write_value(const json_t *value, bool pretty, int depth, struct strbuf *out)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(value, pretty, depth, out);
        return;
    case JSON_ARRAY:
        write_array(value, pretty, depth, out);
        return;
    case JSON_STRING:
        write_string(str_make(json_string_value(value), json_string_length(value)), out);
        return;
    case JSON_INTEGER:
        strbuf_printf(out, "%" PRId64, json_integer_value(value));
        return;
    case JSON_REAL:
        write_real(json_real_value(value), out);
        return;
    case JSON_TRUE:
        strbuf_puts(out, "true");
        return;
    case JSON_FALSE:
        strbuf_puts(out, "false");
        return;
    case JSON_NULL:
        strbuf_puts(out, "null");
        return;
    case JSON_NONE:
        return;
    }
}

void document_write(const json_t *value, bool pretty, struct strbuf *out)
{
    write_value(value, pretty, 0, out);
}
