/* JSON text in: a strict scanner (RFC 8259) that remembers where each value stood. */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "json/document.h"
#include "syntax/diag.h"

enum { MAX_DEPTH = 500 };

struct reader {
    struct document *document;
    struct diags *diags;
    const struct source *source;
    struct str text;
    size_t at;
    int depth;
};

static json_t *refuse(struct reader *in, const char *what)
{
    uint32_t begin = in->source->base + (uint32_t)in->at;
    uint32_t end = begin + (in->at < in->text.len);
    diag_at(in->diags, DIAG_SYNTAX, (struct span){begin, end}, NULL, "%s", what);
    return NULL;
}

static int peek(const struct reader *in)
{
    return in->at < in->text.len ? (unsigned char)in->text.ptr[in->at] : -1;
}

static void skip_space(struct reader *in)
{
    while (peek(in) == ' ' || peek(in) == '\t' || peek(in) == '\n' || peek(in) == '\r')
        in->at++;
}

static uint32_t line_of(const struct source *source, size_t offset)
{
    uint32_t low = 0, high = source->n_lines;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A token for the value that begins at <begin> and has been read. */
static struct token *place(struct reader *in, size_t begin)
{
    struct token *token = arena_new(in->document->arena, struct token);
    token->text = str_slice(in->text, begin, in->at);
    token->file = in->source->path;
    token->line = line_of(in->source, begin);
    token->span.begin = in->source->base + (uint32_t)begin;
    token->span.end = in->source->base + (uint32_t)in->at;
    return token;
}

static bool read_hex(struct reader *in, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(in);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return refuse(in, "expected four hexadecimal digits after \\u");
        *value = *value * 16 + (uint32_t)digit;
        in->at++;
    }
    return true;
}

/* After the `\u`: a lone half of a surrogate pair becomes U+FFFD, as in Go. */
static bool read_unicode_escape(struct reader *in, struct strbuf *out)
{
    uint32_t rune, low;
    if (!read_hex(in, &rune))
        return false;
    if (rune >= 0xd800 && rune < 0xdc00 && peek(in) == '\\' && in->at + 1 < in->text.len &&
        in->text.ptr[in->at + 1] == 'u') {
        size_t back = in->at;
        in->at += 2;
        if (!read_hex(in, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
        else
            in->at = back;
    }
    strbuf_add_rune(out, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune);
    return true;
}

static bool read_escape(struct reader *in, struct strbuf *out)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    int c = peek(in);
    const char *letter = c > 0 ? strchr(letters, c) : NULL;
    if (letter) {
        in->at++;
        strbuf_add_char(out, bytes[letter - letters]);
        return true;
    }
    if (c != 'u')
        return refuse(in, "unknown escape in a string");
    in->at++;
    return read_unicode_escape(in, out);
}

/* The cursor stands on the opening quote. */
static bool read_text(struct reader *in, struct str *text)
{
    struct strbuf out = strbuf_in(in->document->arena);
    in->at++;
    for (;;) {
        int c = peek(in);
        if (c < 0)
            return refuse(in, "a string is not closed");
        if (c < 0x20)
            return refuse(in, "a control character in a string must be escaped");
        in->at++;
        if (c == '"')
            break;
        if (c != '\\')
            strbuf_add_char(&out, (char)c);
        else if (!read_escape(in, &out))
            return false;
    }
    *text = strbuf_str(&out);
    return true;
}

static bool skip_digits(struct reader *in)
{
    size_t begin = in->at;
    while (peek(in) >= '0' && peek(in) <= '9')
        in->at++;
    return in->at > begin;
}

static json_t *read_number(struct reader *in)
{
    size_t begin = in->at;
    bool is_integer = true;
    if (peek(in) == '-')
        in->at++;
    if (peek(in) == '0')
        in->at++;
    else if (!skip_digits(in))
        return refuse(in, "expected a value");
    if (peek(in) == '.') {
        is_integer = false;
        in->at++;
        if (!skip_digits(in))
            return refuse(in, "expected digits after the decimal point");
    }
    if (peek(in) == 'e' || peek(in) == 'E') {
        is_integer = false;
        in->at++;
        if (peek(in) == '+' || peek(in) == '-')
            in->at++;
        if (!skip_digits(in))
            return refuse(in, "expected digits in the exponent");
    }
    const struct token *token = place(in, begin);
    const char *digits = str_dup(in->document->arena, token->text).ptr;
    if (is_integer) {
        errno = 0;
        long long integer = strtoll(digits, NULL, 10);
        if (errno == 0)
            return document_integer(in->document, integer, token);
    }
    json_t *real = document_real(in->document, strtod(digits, NULL), token);
    if (real)
        return real;
    in->at = begin;
    return refuse(in, "the number is too large");
}

static json_t *read_value(struct reader *in);

/* Whether a list goes on: takes a comma, or its closing bracket. */
static bool read_separator(struct reader *in, char close, bool *more)
{
    skip_space(in);
    int c = peek(in);
    if (c != ',' && c != close)
        return refuse(in, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    in->at++;
    *more = c == ',';
    return true;
}

static bool read_member(struct reader *in, json_t *object)
{
    struct str key;
    skip_space(in);
    if (peek(in) != '"')
        return refuse(in, "expected a key in double quotes");
    if (!read_text(in, &key))
        return false;
    skip_space(in);
    if (peek(in) != ':')
        return refuse(in, "expected ':' after a key");
    in->at++;
    skip_space(in);
    size_t begin = in->at;
    json_t *value = read_value(in);
    if (!value)
        return false;
    document_set_str(in->document, object, key, value, place(in, begin));
    return true;
}

static json_t *read_object(struct reader *in)
{
    json_t *object = document_object(in->document, NULL);
    bool more = true;
    in->at++;
    skip_space(in);
    if (peek(in) == '}') {
        in->at++;
        return object;
    }
    while (more)
        if (!read_member(in, object) || !read_separator(in, '}', &more))
            return NULL;
    return object;
}

static json_t *read_array(struct reader *in)
{
    json_t *array = document_array(in->document, NULL);
    bool more = true;
    in->at++;
    skip_space(in);
    if (peek(in) == ']') {
        in->at++;
        return array;
    }
    while (more) {
        skip_space(in);
        json_t *value = read_value(in);
        if (!value || !read_separator(in, ']', &more))
            return NULL;
        document_add(in->document, array, value);
    }
    return array;
}

static json_t *read_container(struct reader *in)
{
    size_t begin = in->at;
    if (in->depth == MAX_DEPTH)
        return refuse(in, "too many values within values");
    in->depth++;
    json_t *value = peek(in) == '{' ? read_object(in) : read_array(in);
    in->depth--;
    if (value)
        document_set_origin(in->document, value, place(in, begin));
    return value;
}

static json_t *read_word(struct reader *in, struct str word, json_t *value)
{
    if (!str_has_prefix(str_slice(in->text, in->at, in->text.len), word))
        return refuse(in, "expected a value");
    in->at += word.len;
    return value;
}

static json_t *read_value(struct reader *in)
{
    struct str text;
    size_t begin = in->at;
    switch (peek(in)) {
    case '{':
    case '[':
        return read_container(in);
    case '"':
        if (!read_text(in, &text))
            return NULL;
        return document_string(in->document, text, place(in, begin));
    case 't':
        return read_word(in, STR("true"), document_bool(true));
    case 'f':
        return read_word(in, STR("false"), document_bool(false));
    case 'n':
        return read_word(in, STR("null"), document_null());
    default:
        return read_number(in);
    }
}

json_t *document_parse(struct document *document, const struct source *source, struct diags *diags)
{
    struct reader in = {
        .document = document, .diags = diags, .source = source, .text = source->raw};
    skip_space(&in);
    json_t *value = read_value(&in);
    if (!value)
        return NULL;
    skip_space(&in);
    if (in.at < in.text.len)
        return refuse(&in, "expected the end of the file after the value");
    return value;
}

bool document_is_valid(struct str text)
{
    struct arena arena = ARENA_INIT;
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    struct document document;
    document_init(&document, &arena);
    const struct source *source = source_add(&sources, STR(""), text);
    bool is_valid = source && document_parse(&document, source, &diags);
    arena_free(&arena);
    return is_valid;
}
