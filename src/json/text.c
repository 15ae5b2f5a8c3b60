/* JSON text in: a strict reader (RFC 8259, as Go's encoding/json reads it) that keeps every place,
 * reports each mistake where it stands and goes on behind it. */
#include "json/text.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "syntax/diag.h"

enum {
    MAX_DEPTH = 500,   /* values within values */
    MAX_MISTAKES = 100 /* the rest would be about a file that is no JSON at all */
};

struct reader {
    struct arena *arena;
    struct diags *diags;
    struct str text;
    uint32_t base; /* of spans */
    size_t at;
    int n_objects, n_arrays; /* open around the cursor */
    int n_mistakes;
    bool is_unclosed; /* that was said */
};

const char *json_type_name(enum json_type type)
{
    switch (type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_NONE:
        break;
    }
    return "nothing";
}

static struct span span_of(const struct reader *in, size_t begin, size_t end)
{
    return (struct span){in->base + (uint32_t)begin, in->base + (uint32_t)end};
}

/* After too many the reader goes to the end of the text and keeps still. */
static struct diag *mistake(struct reader *in, size_t begin, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static struct diag *mistake(struct reader *in, size_t begin, size_t end, const char *format, ...)
{
    struct strbuf message = strbuf_in(in->arena);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&message, format, args);
    va_end(args);
    if (++in->n_mistakes >= MAX_MISTAKES)
        in->at = in->text.len;
    return diag_at(in->diags, DIAG_JSON_SYNTAX, span_of(in, begin, end), NULL, STR_FMT,
                   STR_ARG(strbuf_str(&message)));
}

static bool has_given_up(const struct reader *in)
{
    return in->n_mistakes >= MAX_MISTAKES;
}

static int peek(const struct reader *in)
{
    return in->at < in->text.len ? (unsigned char)in->text.ptr[in->at] : -1;
}

static bool starts_with(const struct reader *in, const char *word)
{
    return str_has_prefix(str_slice(in->text, in->at, in->text.len), str_from(word));
}

/* JSON has no comments, but people write them. */
static bool skip_comment(struct reader *in)
{
    size_t begin = in->at;
    if (peek(in) == '#' || starts_with(in, "//")) {
        while (peek(in) >= 0 && peek(in) != '\n')
            in->at++;
    } else if (starts_with(in, "/*")) {
        ptrdiff_t end = str_find(str_slice(in->text, begin + 2, in->text.len), STR("*/"));
        in->at = end < 0 ? in->text.len : begin + 2 + (size_t)end + 2;
    } else {
        return false;
    }
    mistake(in, begin, begin + (in->text.ptr[begin] == '#' ? 1 : 2), "JSON has no comments");
    return true;
}

static void skip_space(struct reader *in)
{
    do {
        while (peek(in) == ' ' || peek(in) == '\t' || peek(in) == '\n' || peek(in) == '\r')
            in->at++;
    } while (skip_comment(in));
}

static struct json_text *new_text(struct reader *in, enum json_type type, size_t begin)
{
    struct json_text *value = arena_new(in->arena, struct json_text);
    value->type = type;
    value->span = span_of(in, begin, in->at);
    return value;
}

/* After the `\u`: the four digits, or -1. */
static int32_t read_hex(struct reader *in)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(in);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
        in->at++;
    }
    return value;
}

/* After the `\u`: a lone half of a surrogate pair becomes U+FFFD, as in Go. */
static bool read_unicode_escape(struct reader *in, struct strbuf *out)
{
    int32_t rune = read_hex(in);
    if (rune < 0)
        return false;
    if (rune >= 0xd800 && rune < 0xdc00 && starts_with(in, "\\u")) {
        size_t back = in->at;
        in->at += 2;
        int32_t low = read_hex(in);
        if (low >= 0xdc00 && low < 0xe000)
            rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
        else
            in->at = back;
    }
    strbuf_add_rune(out, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : (uint32_t)rune);
    return true;
}

/* The cursor stands on the backslash; <quote> is what the string ends with. */
static void read_escape(struct reader *in, char quote, struct strbuf *out)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    size_t begin = in->at++;
    int c = peek(in);
    const char *letter = c > 0 ? strchr(letters, c) : NULL;
    if (letter) {
        in->at++;
        strbuf_add_char(out, bytes[letter - letters]);
    } else if (c == quote) {
        in->at++;
        strbuf_add_char(out, quote);
    } else if (c != 'u') {
        size_t end = in->at + (c >= 0x20);
        struct diag *diag = mistake(in, begin, end, "unknown escape in a string");
        diag_help(in->diags, diag, span_of(in, begin, begin + 1), STR("\\\\"),
                  "a backslash is written twice");
    } else {
        in->at++;
        if (!read_unicode_escape(in, out))
            mistake(in, begin, in->at, "expected four hexadecimal digits after \\u");
    }
}

/* Control characters that stand in a string as they are, all that follow one another. */
static void read_controls(struct reader *in, struct strbuf *out)
{
    size_t begin = in->at;
    while (peek(in) >= 0 && peek(in) < 0x20 && peek(in) != '\n')
        in->at++;
    struct str controls = str_slice(in->text, begin, in->at);
    strbuf_add(out, controls);
    struct diag *diag = mistake(in, begin, begin + controls.len,
                                "a control character in a string must be escaped");
    if (str_is(controls, "\t"))
        diag_help(in->diags, diag, span_of(in, begin, begin + 1), STR("\\t"),
                  "write a tab as \\t");
}

/* The part of a string that can be taken as it is. */
static void skip_plain(struct reader *in, char quote)
{
    const char *text = in->text.ptr;
    size_t at = in->at;
    while (at < in->text.len && text[at] != quote && text[at] != '\\' &&
           (unsigned char)text[at] >= 0x20)
        at++;
    in->at = at;
}

/* The cursor stands on the opening quote. A string ends with its line at the latest: one forgotten
 * quote shall not swallow the file. */
static struct str read_string(struct reader *in, char quote)
{
    size_t begin = in->at++, plain = in->at;
    struct strbuf out = strbuf_in(in->arena);
    skip_plain(in, quote);
    if (peek(in) == quote)
        return str_slice(in->text, plain, in->at++);
    for (;;) {
        strbuf_add(&out, str_slice(in->text, plain, in->at));
        int c = peek(in);
        if (c == quote) {
            in->at++;
            break;
        }
        if (c < 0 || c == '\n') {
            if (!has_given_up(in))
                mistake(in, begin, begin + 1, "this string is not closed%s",
                        c < 0 ? "" : " on its line");
            break;
        }
        if (c == '\\') {
            read_escape(in, quote, &out);
        } else {
            read_controls(in, &out);
        }
        plain = in->at;
        skip_plain(in, quote);
    }
    return out.len ? strbuf_str(&out) : STR("");
}

static bool is_word_char(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '+' || c == '.' || c == '$' || c == '@' || c >= 0x80;
}

static struct str take_word(struct reader *in)
{
    size_t begin = in->at;
    while (is_word_char(peek(in)))
        in->at++;
    return str_slice(in->text, begin, in->at);
}

static struct str skip_digits(struct str word)
{
    while (word.len && word.ptr[0] >= '0' && word.ptr[0] <= '9')
        word = str_slice(word, 1, word.len);
    return word;
}

/* What is wrong with a number; NULL for nothing. */
static const char *number_mistake(struct str word)
{
    struct str rest = str_trim_prefix(word, STR("-")), after;
    if (rest.len == 0 || rest.ptr[0] < '0' || rest.ptr[0] > '9')
        return "a number begins with a digit";
    after = skip_digits(rest);
    if (rest.ptr[0] == '0' && rest.len - after.len > 1)
        return "a number has no zeros before it";
    if (rest.ptr[0] == '0' && after.len && (after.ptr[0] == 'x' || after.ptr[0] == 'X'))
        return "numbers are written in decimal digits";
    if (after.len && after.ptr[0] == '.') {
        rest = str_slice(after, 1, after.len);
        after = skip_digits(rest);
        if (after.len == rest.len)
            return "expected digits after the decimal point";
    }
    if (after.len && (after.ptr[0] == 'e' || after.ptr[0] == 'E')) {
        rest = str_slice(after, 1, after.len);
        if (rest.len && (rest.ptr[0] == '+' || rest.ptr[0] == '-'))
            rest = str_slice(rest, 1, rest.len);
        after = skip_digits(rest);
        if (after.len == rest.len)
            return "expected digits in the exponent";
    }
    return after.len ? "expected the end of the number" : NULL;
}

static struct json_text *read_number(struct reader *in)
{
    size_t begin = in->at;
    struct str word = take_word(in);
    const char *what = number_mistake(word);
    struct json_text *value = new_text(in, what ? JSON_NONE : JSON_REAL, begin);
    value->text = str_dup(in->arena, word);
    if (!what && !isfinite(strtod(value->text.ptr, NULL)))
        what = "the number is too large";
    if (what) {
        struct diag *diag = mistake(in, begin, in->at, "%s", what);
        if (word.ptr[word.len - 1] >= 'a' && word.ptr[word.len - 1] <= 'z' && word.len > 1)
            diag_help(in->diags, diag, value->span,
                      str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(word)),
                      "anything but a plain number is a string");
        value->type = JSON_NONE;
    }
    return value;
}

/* true, false, null, and what people write in their place. */
static struct json_text *read_word(struct reader *in)
{
    static const struct {
        const char *word, *meant; /* NULL: as it is */
        enum json_type type;
    } words[] = {
        {"true", NULL, JSON_TRUE},      {"false", NULL, JSON_FALSE},
        {"null", NULL, JSON_NULL},      {"True", "true", JSON_TRUE},
        {"False", "false", JSON_FALSE}, {"None", "null", JSON_NULL},
        {"TRUE", "true", JSON_TRUE},    {"FALSE", "false", JSON_FALSE},
        {"NULL", "null", JSON_NULL},    {"Null", "null", JSON_NULL},
        {"nil", "null", JSON_NULL},     {"undefined", "null", JSON_NULL},
        {"yes", "true", JSON_TRUE},     {"no", "false", JSON_FALSE},
        {"on", "true", JSON_TRUE},      {"off", "false", JSON_FALSE},
    };
    size_t begin = in->at;
    struct str word = take_word(in);
    struct json_text *value = new_text(in, JSON_NONE, begin);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!str_is(word, words[i].word))
            continue;
        value->type = words[i].type;
        if (words[i].meant)
            diag_help(in->diags,
                      mistake(in, begin, in->at, "'" STR_FMT "' is no JSON value", STR_ARG(word)),
                      value->span, str_from(words[i].meant), "write %s", words[i].meant);
        return value;
    }
    struct diag *diag = mistake(in, begin, in->at, "text stands in double quotes");
    diag_help(in->diags, diag, value->span, str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(word)),
              "put quotes around it");
    value->type = JSON_STRING;
    value->text = word;
    return value;
}

/* A string in the wrong quotes is read as one, after a mistake. */
static struct str read_quoted(struct reader *in)
{
    size_t begin = in->at;
    char quote = (char)peek(in);
    struct str text = read_string(in, quote);
    bool is_closed = in->at > begin + 1 && in->text.ptr[in->at - 1] == quote;
    if (quote == '"' || !is_closed)
        return text;
    struct diag *diag = mistake(in, begin, in->at, "strings stand in double quotes");
    if (str_index(text, '"') < 0 && in->at - begin == text.len + 2)
        diag_help(in->diags, diag, span_of(in, begin, in->at),
                  str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(text)), "write");
    return text;
}

static bool ends_item(int c)
{
    return c < 0 || c == ',' || c == '}' || c == ']';
}

static bool is_quote(int c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* Over what nobody can read, to where a list goes on or ends. At least one byte, unless there is
 * none. */
static void skip_to_separator(struct reader *in)
{
    in->at += in->at < in->text.len;
    while (!ends_item(peek(in)) && peek(in) != '\n')
        in->at++;
}

static struct json_text *read_value(struct reader *in);

/* One list, object or array, while it is read. */
struct list {
    struct json_text *value, *last;
    size_t begin;    /* of its bracket */
    size_t last_end; /* of its last item, or of its bracket */
    char close;
    bool is_after_comma;
};

/* Reads a key and its colon; false where no member comes of it. */
static bool read_key(struct reader *in, struct str *key, struct span *span)
{
    size_t begin = in->at;
    int c = peek(in);
    if (is_quote(c)) {
        *key = read_quoted(in);
    } else if (is_word_char(c)) {
        *key = take_word(in);
        diag_help(in->diags, mistake(in, begin, in->at, "keys stand in double quotes"),
                  span_of(in, begin, in->at),
                  str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(*key)), "put quotes around it");
    } else {
        mistake(in, begin, begin + 1, "expected a key in double quotes");
        if (c == '{' || c == '[')
            read_value(in);
        else
            skip_to_separator(in);
        return false;
    }
    *span = span_of(in, begin, in->at);
    size_t end = in->at;
    skip_space(in);
    if (peek(in) == ':') {
        in->at++;
        skip_space(in);
        return true;
    }
    if (!has_given_up(in))
        mistake(in, end, end, "expected ':' after a key");
    in->at += peek(in) == '=';
    in->at += peek(in) == '>';
    skip_space(in);
    return !ends_item(peek(in));
}

/* False where nothing could be read as one. */
static bool read_item(struct reader *in, struct list *list)
{
    struct str key = {0};
    struct span key_span = {0};
    if (list->close == '}' && !read_key(in, &key, &key_span))
        return false;
    struct json_text *item = read_value(in);
    item->key = key;
    item->key_span = key_span;
    if (list->last)
        list->last->next = item;
    else
        list->value->first = item;
    list->last = item;
    list->value->n++;
    return true;
}

/* At the end of the text; said of the innermost list. */
static void unclosed(struct reader *in, const struct list *list)
{
    int n_around = in->n_objects + in->n_arrays - 1;
    if (has_given_up(in) || in->is_unclosed)
        return;
    in->is_unclosed = true;
    struct diag *diag = mistake(in, list->begin, list->begin + 1, "this '%c' is never closed",
                                list->close == '}' ? '{' : '[');
    if (n_around)
        diag_note(in->diags, diag, "%d more around it %s not, either", n_around,
                  n_around == 1 ? "is" : "are");
}

/* Whether the list is over; takes its bracket. The bracket of another kind of list is taken for a
 * slip, unless a list around this one waits for it. */
static bool read_close(struct reader *in, const struct list *list)
{
    int c = peek(in);
    if (c != '}' && c != ']')
        return false;
    if (list->is_after_comma && list->last && !has_given_up(in)) {
        size_t comma = list->last_end;
        diag_help(in->diags,
                  mistake(in, comma, comma + 1, "no comma stands behind the last %s",
                          list->close == '}' ? "member" : "item"),
                  span_of(in, comma, comma + 1), STR(""), "take it away");
    }
    if (c != list->close) {
        struct diag *diag =
            mistake(in, in->at, in->at + 1, "expected '%c', not '%c'", list->close, c);
        if (!diag->notes)
            diag_label(in->diags, diag, span_of(in, list->begin, list->begin + 1), "opened here");
        if (c == '}' ? in->n_objects : in->n_arrays)
            return true;
    }
    in->at += in->at < in->text.len;
    return true;
}

/* After an item: takes the comma. */
static void read_separator(struct reader *in, struct list *list)
{
    size_t end = in->at;
    skip_space(in);
    int c = peek(in);
    list->is_after_comma = c == ',';
    list->last_end = end;
    if (c == ',') {
        list->last_end = in->at++;
    } else if (!ends_item(c)) {
        if (is_quote(c) || is_word_char(c) || c == '{' || c == '[') {
            diag_help(in->diags, mistake(in, end, end, "a comma is missing here"),
                      span_of(in, end, end), STR(","), "write");
        } else {
            mistake(in, in->at, in->at + 1, "expected ',' or '%c'", list->close);
            skip_to_separator(in);
            in->at += peek(in) == ',';
        }
    }
    skip_space(in);
}

static struct json_text *read_list(struct reader *in)
{
    struct list list = {.begin = in->at, .close = peek(in) == '{' ? '}' : ']'};
    in->at++;
    list.value = new_text(in, list.close == '}' ? JSON_OBJECT : JSON_ARRAY, list.begin);
    skip_space(in);
    while (!read_close(in, &list)) {
        if (peek(in) < 0) {
            unclosed(in, &list);
            break;
        }
        if (peek(in) == ',') {
            mistake(in, in->at, in->at + 1, "nothing stands before this comma");
            in->at += in->at < in->text.len;
            skip_space(in);
            continue;
        }
        if (read_item(in, &list)) {
            read_separator(in, &list);
        } else {
            list.is_after_comma = false;
            in->at += peek(in) == ',';
            skip_space(in);
        }
    }
    list.value->span = span_of(in, list.begin, in->at);
    return list.value;
}

static struct json_text *read_nested(struct reader *in)
{
    size_t begin = in->at;
    if (in->n_objects + in->n_arrays == MAX_DEPTH) {
        mistake(in, begin, begin + 1, "too many values within values");
        in->n_mistakes = MAX_MISTAKES;
        in->at = in->text.len;
        return new_text(in, JSON_NONE, begin);
    }
    int *open = peek(in) == '{' ? &in->n_objects : &in->n_arrays;
    (*open)++;
    struct json_text *value = read_list(in);
    (*open)--;
    return value;
}

static struct json_text *read_value(struct reader *in)
{
    size_t begin = in->at;
    int c = peek(in);
    if (c == '{' || c == '[')
        return read_nested(in);
    if (is_quote(c)) {
        struct str text = read_quoted(in);
        struct json_text *value = new_text(in, JSON_STRING, begin);
        value->text = text;
        return value;
    }
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.')
        return read_number(in);
    if (is_word_char(c))
        return read_word(in);
    if (c < 0) {
        if (!has_given_up(in))
            mistake(in, begin, begin, "expected a value, not the end of the file");
    } else {
        mistake(in, begin, begin + 1, "expected a value");
        if (!ends_item(c))
            skip_to_separator(in);
    }
    return new_text(in, JSON_NONE, begin);
}

struct json_text *json_read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct reader in = {.arena = arena, .diags = diags, .text = source->raw, .base = source->base};
    if (starts_with(&in, "\xef\xbb\xbf")) {
        mistake(&in, 0, 3, "JSON does not begin with a byte order mark");
        in.at = 3;
    }
    skip_space(&in);
    if (peek(&in) < 0) {
        mistake(&in, in.at, in.at, "there is no JSON in this file");
        return NULL;
    }
    struct json_text *value = read_value(&in);
    skip_space(&in);
    if (peek(&in) >= 0)
        mistake(&in, in.at, in.at + 1, "expected the end of the file after the value");
    return value;
}

const struct json_text *json_text_member(const struct json_text *object, struct str key)
{
    const struct json_text *found = NULL;
    if (object && object->type == JSON_OBJECT)
        for (const struct json_text *member = object->first; member; member = member->next)
            if (str_eq(member->key, key))
                found = member;
    return found;
}
