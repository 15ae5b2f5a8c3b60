/* JSON text, byte for byte as Go's encoding/json writes it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
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

enum { PIECE_BYTES = 1 << 16 };

struct writer {
    struct strbuf *out;
    bool pretty;
    void (*sink)(void *user, struct str piece); /* NULL: all stays in <out> */
    void *user;
};

static void hand_on(struct writer *writer, size_t at_least)
{
    if (!writer->sink || writer->out->len < at_least)
        return;
    writer->sink(writer->user, strbuf_str(writer->out));
    writer->out->len = 0;
}

static void break_line(struct writer *writer, int depth)
{
    if (!writer->pretty)
        return;
    strbuf_add_char(writer->out, '\n');
    for (int i = 0; i < depth; i++)
        strbuf_add_char(writer->out, '\t');
}

static void write_value(struct writer *writer, const json_t *value, int depth);

static void write_object(struct writer *writer, const json_t *object, int depth)
{
    struct strbuf *out = writer->out;
    strbuf_add_char(out, '{');
    for (uint32_t i = 0; i < object->n && i < 16; i++) /* the tree is larger than any cache */
        __builtin_prefetch(object->as.members[i].value);
    for (uint32_t i = 0; i < object->n; i++) {
        const struct json_member *member = &object->as.members[i];
        if (i)
            strbuf_add_char(out, ',');
        break_line(writer, depth + 1);
        write_string(str_make(member->key, member->key_len), out);
        strbuf_add_char(out, ':');
        if (writer->pretty)
            strbuf_add_char(out, ' ');
        write_value(writer, member->value, depth + 1);
    }
    if (object->n)
        break_line(writer, depth);
    strbuf_add_char(out, '}');
    hand_on(writer, PIECE_BYTES);
}

static void write_array(struct writer *writer, const json_t *array, int depth)
{
    struct strbuf *out = writer->out;
    strbuf_add_char(out, '[');
    for (uint32_t i = 0; i < array->n; i++) {
        if (i + 1 < array->n)
            __builtin_prefetch(array->as.items[i + 1]);
        if (i)
            strbuf_add_char(out, ',');
        break_line(writer, depth + 1);
        write_value(writer, array->as.items[i], depth + 1);
    }
    if (array->n)
        break_line(writer, depth);
    strbuf_add_char(out, ']');
}

static void write_integer(int64_t value, struct strbuf *out)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    strbuf_add(out, str_make(digits + at, sizeof(digits) - at));
}

static void write_value(struct writer *writer, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(writer, value, depth);
        return;
    case JSON_ARRAY:
        write_array(writer, value, depth);
        return;
    case JSON_STRING:
        write_string(json_str(value), writer->out);
        return;
    case JSON_INTEGER:
        write_integer(json_integer_value(value), writer->out);
        return;
    case JSON_REAL:
        write_real(json_real_value(value), writer->out);
        return;
    case JSON_TRUE:
        strbuf_puts(writer->out, "true");
        return;
    case JSON_FALSE:
        strbuf_puts(writer->out, "false");
        return;
    case JSON_NULL:
        strbuf_puts(writer->out, "null");
        return;
    case JSON_NONE:
        return;
    }
}

void document_write(const json_t *value, bool pretty, struct strbuf *out)
{
    struct writer writer = {.out = out, .pretty = pretty};
    write_value(&writer, value, 0);
}

void document_write_to(const json_t *value, bool pretty, void (*sink)(void *user, struct str piece),
                       void *user)
{
    struct arena arena = ARENA_INIT;
    struct strbuf out = strbuf_in(&arena);
    struct writer writer = {.out = &out, .pretty = pretty, .sink = sink, .user = user};
    strbuf_reserve(&out, 2 * PIECE_BYTES);
    write_value(&writer, value, 0);
    hand_on(&writer, 0);
    arena_free(&arena);
}
