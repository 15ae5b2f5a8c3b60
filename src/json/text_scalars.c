/* Strings, numbers and words of JSON, and what people write in their place. */
#include "json/text_private.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"

static bool is_quote(int c)
{
    return c == '"' || c == '\'' || c == '`';
}

bool ends_item(int c)
{
    return c < 0 || c == ',' || c == '}' || c == ']';
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
    struct diag *diag =
        mistake(in, begin, begin + controls.len, "a control character in a string must be escaped");
    if (str_is(controls, "\t"))
        diag_help(in->diags, diag, span_of(in, begin, begin + 1), STR("\\t"), "write a tab as \\t");
}

/* The part of a string that can be taken as it is. */
static void skip_plain(struct reader *in, char quote, size_t limit)
{
    const char *text = in->text.ptr;
    size_t at = in->at;
    while (at < limit && text[at] != quote && text[at] != '\\' && (unsigned char)text[at] >= 0x20)
        at++;
    in->at = at;
}

/* The first fix at the cursor or behind it. */
static const struct quote_fix *next_fix(struct reader *in)
{
    while (in->next_fix < in->fixes.n && in->fixes.at[in->next_fix].at < in->at)
        in->next_fix++;
    return in->next_fix < in->fixes.n ? &in->fixes.at[in->next_fix] : NULL;
}

static bool is_fixed_here(struct reader *in, enum quote_fix_kind kind)
{
    const struct quote_fix *fix = next_fix(in);
    return fix && fix->at == in->at && fix->kind == kind;
}

static void missing_quote(struct reader *in, const char *which, size_t string)
{
    size_t at = in->at;
    struct diag *diag = mistake(in, at, at, "%s quote is missing here", which);
    if (string != at)
        diag_label(in->diags, diag, span_of(in, string, string + 1), "the string begins here");
    diag_help(in->diags, diag, span_of(in, at, at), STR("\""), "write");
}

/* A string from its quote at the cursor to the one in a later line. */
static struct str read_over_lines(struct reader *in)
{
    size_t begin = in->at, end = in->fixes.at[in->next_fix].end;
    struct str text = str_slice(in->text, begin + 1, end);
    size_t first = (size_t)str_index(text, '\n');
    in->at = end + 1;
    struct diag *diag =
        mistake(in, begin, begin + 1 + first, "a string ends on the line it begins on");
    diag_label(in->diags, diag, span_of(in, end, end + 1), "this one ends here");
    diag_help(in->diags, diag, span_of(in, begin, begin + 1), (struct str){0},
              "a line end in a string is written \\n");
    return text;
}

/* What stands in a string without a closing quote. */
static void unclosed_string(struct reader *in, size_t begin)
{
    if (has_given_up(in))
        return;
    in->is_unclosed = peek(in) < 0;
    mistake(in, begin, begin + 1, "this string is not closed%s",
            peek(in) < 0 ? "" : " on its line");
}

/* The cursor stands on the opening quote, or where it is missing. A string ends with its line at
 * the latest: one forgotten quote shall not swallow the file. */
static struct str read_string(struct reader *in, char quote)
{
    size_t begin = in->at, limit = in->text.len;
    if (is_fixed_here(in, QUOTE_OVER_LINES))
        return read_over_lines(in);
    if (is_fixed_here(in, QUOTE_NOT_OPENED))
        missing_quote(in, "an opening", begin);
    else
        in->at++;
    const struct quote_fix *fix = next_fix(in);
    if (fix && fix->kind == QUOTE_NOT_CLOSED)
        limit = fix->at;
    struct strbuf out = strbuf_in(in->arena);
    for (;;) {
        size_t plain = in->at;
        skip_plain(in, quote, limit);
        int c = peek(in);
        if (c == quote && in->at < limit && out.len == 0)
            return str_slice(in->text, plain, in->at++);
        strbuf_add(&out, str_slice(in->text, plain, in->at));
        if (in->at >= limit && limit < in->text.len) {
            missing_quote(in, "a closing", begin);
            break;
        }
        if (c == quote) {
            in->at++;
            break;
        }
        if (c < 0 || c == '\n') {
            unclosed_string(in, begin);
            break;
        }
        if (c == '\\')
            read_escape(in, quote, &out);
        else
            read_controls(in, &out);
    }
    return out.len ? strbuf_str(&out) : STR("");
}

bool is_word_char(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '+' || c == '.' || c == '$' || c == '@' || c >= 0x80;
}

struct str take_word(struct reader *in)
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
    struct str unsigned_ = str_trim_prefix(rest, STR("+"));
    if (str_eq_nocase(unsigned_, STR("infinity")) || str_eq_nocase(unsigned_, STR("inf")))
        return "JSON has no infinite numbers";
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

struct json_text *read_number(struct reader *in)
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

/* Text without quotes: to what ends a value, or its line. */
static struct str take_text(struct reader *in)
{
    size_t begin = in->at, end = begin;
    int n_open = 0; /* braces of placeholders */
    for (; peek(in) >= 0 && peek(in) != '\n' && !is_quote(peek(in)); in->at++) {
        int c = peek(in);
        if (end < in->at && (c == '#' || starts_with(in, "//") || starts_with(in, "/*")))
            break;
        n_open += c == '{';
        if (ends_item(c) && (c != '}' || n_open-- == 0))
            break;
        if (c > ' ')
            end = in->at + 1;
    }
    in->at = end;
    return str_slice(in->text, begin, end);
}

static struct json_text *text_without_quotes(struct reader *in, struct json_text *value,
                                             struct str text)
{
    size_t begin = in->at - text.len;
    struct diag *diag = mistake(in, begin, begin + text.len, "text stands in double quotes");
    if (str_index(text, '\\') < 0)
        diag_help(in->diags, diag, value->span,
                  str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(text)), "put quotes around it");
    value->type = JSON_STRING;
    value->text = text;
    return value;
}

struct json_text *read_word(struct reader *in)
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
    static const char *const no_numbers[] = {"NaN", "nan", "Infinity", "inf", "Inf"};
    size_t begin = in->at;
    struct str word = take_text(in);
    struct json_text *value = new_text(in, JSON_NONE, begin);
    for (size_t i = 0; i < sizeof(no_numbers) / sizeof(*no_numbers); i++)
        if (str_is(word, no_numbers[i])) {
            mistake(in, begin, begin + word.len, "JSON has no %s",
                    i < 2 ? "NaN" : "infinite numbers");
            return value;
        }
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!str_is(word, words[i].word))
            continue;
        value->type = words[i].type;
        if (words[i].meant)
            diag_help(in->diags,
                      mistake(in, begin, begin + word.len, "'" STR_FMT "' is no JSON value",
                              STR_ARG(word)),
                      value->span, str_from(words[i].meant), "write %s", words[i].meant);
        return value;
    }
    return text_without_quotes(in, value, word);
}

bool is_at_string(struct reader *in)
{
    return is_quote(peek(in)) || is_fixed_here(in, QUOTE_NOT_OPENED);
}

struct str read_quoted(struct reader *in)
{
    size_t begin = in->at;
    char quote = (char)peek(in);
    if (!is_quote(quote))
        quote = '"';
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
