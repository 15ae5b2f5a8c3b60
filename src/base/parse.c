/* Numbers, durations, sizes and host:port pairs as Go's standard library reads them; durations and
 * sizes as Caddy does. */
#include "base/parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LONGEST_DURATION = 1024, /* Caddy refuses longer ones */
    /* Days become hours in place. Each `d` adds at most 24 bytes, and there are at most half as
     * many of them as bytes. */
    DURATION_BUFFER = LONGEST_DURATION * 16,
    LONGEST_FLOAT = 4096
};

const char *parse_result_text(enum parse_result result)
{
    switch (result) {
    case PARSE_OK:
        return "it is fine";
    case PARSE_EMPTY:
        return "it is empty";
    case PARSE_SYNTAX:
        return "it is malformed";
    case PARSE_RANGE:
        return "it is out of range";
    case PARSE_TOO_LONG:
        return "it is too long";
    case PARSE_MISSING_UNIT:
        return "it has no unit";
    case PARSE_UNKNOWN_UNIT:
        return "its unit is unknown";
    case PARSE_MISSING_PORT:
        return "it has no port";
    case PARSE_TOO_MANY_COLONS:
        return "it has too many colons";
    case PARSE_MISSING_BRACKET:
        return "its '[' has no ']'";
    case PARSE_STRAY_BRACKET:
        return "it has a stray bracket";
    case PARSE_REVERSED:
        return "it ends before it begins";
    case N_PARSE_RESULTS:
        break;
    }
    return "";
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return (char)(c | 0x20);
}

enum parse_result parse_go_uint(struct str text, int bits, uint64_t *value)
{
    uint64_t largest = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    uint64_t sum = 0;
    bool too_large = false;
    if (text.len == 0)
        return PARSE_EMPTY;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return PARSE_SYNTAX;
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (sum > (largest - digit) / 10)
            too_large = true;
        else
            sum = sum * 10 + digit;
    }
    if (too_large)
        return PARSE_RANGE;
    *value = sum;
    return PARSE_OK;
}

enum parse_result parse_go_int_bits(struct str text, int bits, int64_t *value)
{
    bool negative = text.len && text.ptr[0] == '-';
    struct str digits = text;
    if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        digits = str_slice(text, 1, text.len);
    if (text.len && digits.len == 0)
        return PARSE_SYNTAX;
    uint64_t magnitude, limit = (uint64_t)1 << (bits - 1);
    enum parse_result result = parse_go_uint(digits, 64, &magnitude);
    if (result != PARSE_OK)
        return result;
    if (magnitude > limit || (magnitude == limit && !negative))
        return PARSE_RANGE;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return PARSE_OK;
}

enum parse_result parse_go_int(struct str text, int64_t *value)
{
    return parse_go_int_bits(text, 64, value);
}

enum parse_result parse_go_bool(struct str text, bool *value)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    if (text.len == 0)
        return PARSE_EMPTY;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (str_is(text, yes[i]) || str_is(text, no[i])) {
            *value = str_is(text, yes[i]);
            return PARSE_OK;
        }
    }
    return PARSE_SYNTAX;
}

/* "inf", "infinity" and "nan" in any case; a sign goes with the infinities only. */
static bool parse_special_float(struct str text, double *value)
{
    bool has_sign = text.len && (text.ptr[0] == '+' || text.ptr[0] == '-');
    bool negative = has_sign && text.ptr[0] == '-';
    struct str name = has_sign ? str_slice(text, 1, text.len) : text;
    if (str_eq_nocase(name, STR("inf")) || str_eq_nocase(name, STR("infinity"))) {
        *value = negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (!has_sign && str_eq_nocase(name, STR("nan"))) {
        *value = (double)NAN;
        return true;
    }
    return false;
}

/* Underscores must stand between digits; the prefix 0x counts as one, and so do 0b and 0o. */
static bool underscores_fit(struct str number)
{
    bool hexadecimal = false, after_digit = false, after_underscore = false;
    size_t i = 0;
    if (number.len >= 2 && number.ptr[0] == '0' && strchr("box", lower(number.ptr[1]))) {
        hexadecimal = lower(number.ptr[1]) == 'x';
        after_digit = true;
        i = 2;
    }
    for (; i < number.len; i++) {
        char c = number.ptr[i];
        bool digit = is_digit(c) || (hexadecimal && lower(c) >= 'a' && lower(c) <= 'f');
        if ((c == '_' && !after_digit) || (c != '_' && !digit && after_underscore))
            return false;
        after_digit = digit;
        after_underscore = c == '_';
    }
    return !after_underscore;
}

/* Checks Go's syntax of a number without sign; what strtod would take beyond it is refused. */
static bool float_syntax_fits(struct str number)
{
    bool hexadecimal = number.len > 2 && number.ptr[0] == '0' && lower(number.ptr[1]) == 'x';
    char exponent = hexadecimal ? 'p' : 'e';
    bool dot = false, digits = false, underscores = false;
    size_t i = hexadecimal ? 2 : 0;
    for (; i < number.len; i++) {
        char c = number.ptr[i];
        if (c == '_') {
            underscores = true;
        } else if (c == '.' && !dot) {
            dot = true;
        } else if (is_digit(c) || (hexadecimal && lower(c) >= 'a' && lower(c) <= 'f')) {
            digits = true;
        } else {
            break;
        }
    }
    if (!digits)
        return false;
    if (i < number.len && lower(number.ptr[i]) == exponent) {
        i++;
        if (i < number.len && (number.ptr[i] == '+' || number.ptr[i] == '-'))
            i++;
        if (i >= number.len || !is_digit(number.ptr[i]))
            return false;
        for (; i < number.len && (is_digit(number.ptr[i]) || number.ptr[i] == '_'); i++)
            underscores |= number.ptr[i] == '_';
    } else if (hexadecimal) {
        return false;
    }
    return i == number.len && (!underscores || underscores_fit(number));
}

enum parse_result parse_go_float(struct str text, double *value)
{
    if (text.len == 0)
        return PARSE_EMPTY;
    if (parse_special_float(text, value))
        return PARSE_OK;
    bool has_sign = text.ptr[0] == '+' || text.ptr[0] == '-';
    if (!float_syntax_fits(has_sign ? str_slice(text, 1, text.len) : text))
        return PARSE_SYNTAX;
    if (text.len > LONGEST_FLOAT)
        return PARSE_TOO_LONG;
    char digits[LONGEST_FLOAT + 1];
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_')
            digits[n++] = text.ptr[i];
    digits[n] = '\0';
    double number = strtod(digits, NULL);
    if (isinf(number))
        return PARSE_RANGE;
    *value = number;
    return PARSE_OK;
}

/* The shortest decimal that reads back as <value>, without an exponent. */
static int format_fixed(double value, char *out, size_t size)
{
    char scientific[40];
    int precision = 0;
    do {
        snprintf(scientific, sizeof(scientific), "%.*e", precision, value);
    } while (strtod(scientific, NULL) != value && ++precision < 17);
    int exponent = atoi(strchr(scientific, 'e') + 1);
    int decimals = precision - exponent;
    if (decimals >= 0)
        return snprintf(out, size, "%.*f", decimals, value);
    /* More integer digits than are significant: Go pads with zeros where printf shows the exact
     * value, so the digits are copied. */
    int len = snprintf(out, size, "%.*f", 0, value);
    int significant = precision + 1, sign = out[0] == '-';
    int from = sign;
    for (int i = 0; scientific[i] && scientific[i] != 'e' && significant; i++)
        if (is_digit(scientific[i])) {
            out[from++] = scientific[i];
            significant--;
        }
    for (; from < len; from++)
        out[from] = '0';
    return len;
}

/* The digits at the front of <*text>, consumed; false where they exceed 2^63. */
static bool leading_integer(struct str *text, uint64_t *value)
{
    const uint64_t limit = (uint64_t)1 << 63;
    uint64_t sum = 0;
    size_t i = 0;
    for (; i < text->len && is_digit(text->ptr[i]); i++) {
        if (sum > limit / 10)
            return false;
        sum = sum * 10 + (uint64_t)(text->ptr[i] - '0');
        if (sum > limit)
            return false;
    }
    *text = str_slice(*text, i, text->len);
    *value = sum;
    return true;
}

/* The same after a decimal point: digits beyond the precision are passed over. */
static uint64_t leading_fraction(struct str *text, double *scale)
{
    const uint64_t limit = (uint64_t)1 << 63;
    uint64_t sum = 0;
    bool full = false;
    size_t i = 0;
    *scale = 1;
    for (; i < text->len && is_digit(text->ptr[i]); i++) {
        if (full)
            continue;
        uint64_t next = sum * 10 + (uint64_t)(text->ptr[i] - '0');
        if (sum > (limit - 1) / 10 || next > limit) {
            full = true;
            continue;
        }
        sum = next;
        *scale *= 10;
    }
    *text = str_slice(*text, i, text->len);
    return sum;
}

static uint64_t duration_unit(struct str name)
{
    static const struct {
        const char *name;
        uint64_t nanoseconds;
    } units[] = {
        {"ns", 1},           {"us", 1000},      {"\xc2\xb5s", 1000}, /* micro sign */
        {"\xce\xbcs", 1000},                                         /* Greek mu */
        {"ms", 1000000},     {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (str_is(name, units[i].name))
            return units[i].nanoseconds;
    return 0;
}

/* One "number unit" pair, consumed and added to <*sum>. */
static enum parse_result duration_part(struct str *text, uint64_t *sum)
{
    const uint64_t limit = (uint64_t)1 << 63;
    uint64_t whole = 0, fraction = 0;
    double scale = 1;
    if (text->ptr[0] != '.' && !is_digit(text->ptr[0]))
        return PARSE_SYNTAX;
    size_t before = text->len;
    if (!leading_integer(text, &whole))
        return PARSE_RANGE;
    bool has_digits = text->len != before;
    if (text->len && text->ptr[0] == '.') {
        *text = str_slice(*text, 1, text->len);
        before = text->len;
        fraction = leading_fraction(text, &scale);
        has_digits |= text->len != before;
    }
    if (!has_digits)
        return PARSE_SYNTAX;
    size_t i = 0;
    while (i < text->len && text->ptr[i] != '.' && !is_digit(text->ptr[i]))
        i++;
    if (i == 0)
        return PARSE_MISSING_UNIT;
    uint64_t unit = duration_unit(str_slice(*text, 0, i));
    if (unit == 0)
        return PARSE_UNKNOWN_UNIT;
    *text = str_slice(*text, i, text->len);
    if (whole > limit / unit)
        return PARSE_RANGE;
    whole *= unit;
    if (fraction > 0)
        whole += (uint64_t)((double)fraction * ((double)unit / scale));
    if (whole > limit || *sum + whole > limit)
        return PARSE_RANGE;
    *sum += whole;
    return PARSE_OK;
}

enum parse_result parse_go_duration(struct str text, int64_t *nanoseconds)
{
    if (text.len == 0)
        return PARSE_EMPTY;
    bool negative = text.ptr[0] == '-';
    if (negative || text.ptr[0] == '+')
        text = str_slice(text, 1, text.len);
    if (str_is(text, "0")) {
        *nanoseconds = 0;
        return PARSE_OK;
    }
    if (text.len == 0)
        return PARSE_SYNTAX;
    uint64_t sum = 0;
    while (text.len) {
        enum parse_result result = duration_part(&text, &sum);
        if (result != PARSE_OK)
            return result;
    }
    if (sum > INT64_MAX && !negative)
        return PARSE_RANGE;
    *nanoseconds = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return PARSE_OK;
}

enum parse_result parse_duration(struct str text, int64_t *nanoseconds)
{
    if (text.len > LONGEST_DURATION)
        return PARSE_TOO_LONG;
    char buffer[DURATION_BUFFER];
    size_t len = text.len, number = 0;
    bool in_number = false;
    if (len)
        memcpy(buffer, text.ptr, len);
    /* The scan goes on at the same index after a replacement, whatever stands there by then:
     * Caddy's loop does, and so some odd durations are refused. */
    for (size_t i = 0; i < len; i++) {
        char c = buffer[i];
        if (c != 'd') {
            if (!in_number)
                number = i;
            in_number = is_digit(c) || c == '.' || c == '-' || c == '+';
            continue;
        }
        double days;
        enum parse_result result = parse_go_float(str_make(buffer + number, i - number), &days);
        if (result != PARSE_OK)
            return result == PARSE_EMPTY ? PARSE_SYNTAX : result;
        char hours[400 + LONGEST_DURATION];
        size_t n = (size_t)format_fixed(days * 24.0, hours, sizeof(hours) - 1);
        hours[n++] = 'h';
        if (number + n + (len - i - 1) > sizeof(buffer))
            return PARSE_TOO_LONG;
        memmove(buffer + number + n, buffer + i + 1, len - i - 1);
        memcpy(buffer + number, hours, n);
        len = number + n + (len - i - 1);
        i--;
    }
    return parse_go_duration(str_make(buffer, len), nanoseconds);
}

bool byte_is_alphanumeric(unsigned char c)
{
    unsigned char lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool rune_is_space(uint32_t rune)
{
    switch (rune) {
    case ' ':
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
        return true;
    }
    return (rune >= '\t' && rune <= '\r') || (rune >= 0x2000 && rune <= 0x200a);
}

static bool is_visible_ascii(char c)
{
    return c > ' ' && c < 0x7f;
}

struct str str_trim_unicode(struct str text)
{
    size_t begin = 0, end = 0, size;
    if (text.len && is_visible_ascii(text.ptr[0]) && is_visible_ascii(text.ptr[text.len - 1]))
        return text;
    while (begin < text.len && rune_is_space(utf8_decode(text, begin, &size)))
        begin += size;
    for (size_t at = begin; at < text.len; at += size)
        if (!rune_is_space(utf8_decode(text, at, &size)))
            end = at + size;
    return str_slice(text, begin, end > begin ? end : begin);
}

/* Bytes in a unit: letter, optional `i`, optional `b`; 0 where there is no such unit. */
static uint64_t size_unit(struct str name)
{
    static const char letters[] = "kmgtpe";
    char text[4] = "";
    if (name.len > 3)
        return 0;
    for (size_t i = 0; i < name.len; i++)
        text[i] = lower(name.ptr[i]);
    if (text[0] == '\0' || strcmp(text, "b") == 0)
        return 1;
    const char *letter = strchr(letters, text[0]);
    const char *rest = text + 1;
    bool binary = rest[0] == 'i';
    rest += binary;
    if (!letter || (strcmp(rest, "b") != 0 && rest[0]))
        return 0;
    uint64_t unit = 1;
    for (const char *at = letters; at <= letter; at++)
        unit *= binary ? 1024 : 1000;
    return unit;
}

enum parse_result parse_size(struct str text, uint64_t *bytes)
{
    char digits[LONGEST_FLOAT];
    size_t end = 0, n = 0;
    for (; end < text.len &&
           (is_digit(text.ptr[end]) || text.ptr[end] == '.' || text.ptr[end] == ',');
         end++) {
        if (n == sizeof(digits))
            return PARSE_TOO_LONG;
        if (text.ptr[end] != ',')
            digits[n++] = text.ptr[end];
    }
    struct str number = str_make(digits, n);
    double value;
    enum parse_result result = parse_go_float(number, &value);
    if (result != PARSE_OK)
        return result == PARSE_EMPTY && text.len ? PARSE_SYNTAX : result;
    uint64_t unit = size_unit(str_trim_unicode(str_slice(text, end, text.len)));
    if (unit == 0)
        return PARSE_UNKNOWN_UNIT;
    uint64_t whole;
    if (str_index(number, '.') < 0 && parse_go_uint(number, 64, &whole) == PARSE_OK) {
        if (__builtin_mul_overflow(whole, unit, &whole))
            return PARSE_RANGE;
        *bytes = whole;
        return PARSE_OK;
    }
    value *= (double)unit;
    if (value >= 18446744073709551616.0)
        return PARSE_RANGE;
    *bytes = (uint64_t)value;
    return PARSE_OK;
}

enum parse_result split_host_port(struct str text, struct str *host, struct str *port)
{
    ptrdiff_t colon = str_last_index(text, ':');
    if (colon < 0)
        return PARSE_MISSING_PORT;
    size_t after_open = 0, after_close = 0; /* brackets are strays from here on */
    struct str name = str_slice(text, 0, (size_t)colon);
    if (text.ptr[0] == '[') {
        ptrdiff_t close = str_index(text, ']');
        if (close < 0)
            return PARSE_MISSING_BRACKET;
        if (close + 1 != colon)
            return (size_t)close + 1 < text.len && text.ptr[close + 1] == ':'
                       ? PARSE_TOO_MANY_COLONS
                       : PARSE_MISSING_PORT;
        name = str_slice(text, 1, (size_t)close);
        after_open = 1;
        after_close = (size_t)close + 1;
    } else if (str_index(name, ':') >= 0) {
        return PARSE_TOO_MANY_COLONS;
    }
    if (str_index(str_slice(text, after_open, text.len), '[') >= 0 ||
        str_index(str_slice(text, after_close, text.len), ']') >= 0)
        return PARSE_STRAY_BRACKET;
    *host = name;
    *port = str_slice(text, (size_t)colon + 1, text.len);
    return PARSE_OK;
}

enum parse_result parse_port_range(struct str text, uint16_t *first, uint16_t *last)
{
    struct str from, to;
    uint64_t begin, end;
    if (!str_cut(text, STR("-"), &from, &to))
        to = from;
    enum parse_result result = parse_go_uint(from, 16, &begin);
    if (result == PARSE_OK)
        result = parse_go_uint(to, 16, &end);
    if (result != PARSE_OK)
        return result;
    if (end < begin)
        return PARSE_REVERSED;
    *first = (uint16_t)begin;
    *last = (uint16_t)end;
    return PARSE_OK;
}
