/* Reads regular expressions as Go's regexp/syntax does, with the Perl extensions that it allows,
 * and says what it would not compile. */
#include "base/regexp.h"

#include "base/parse.h"
#include "base/vec.h"

enum { MAX_REPEAT = 1000 };

/* A parenthesis that is open, or the whole pattern. */
struct level {
    size_t begin;
    bool has_atom;        /* there is something that can be repeated */
    unsigned atom_weight; /* how often counted repetitions multiply what is in it */
    unsigned weight;      /* the most of all of its atoms */
};

struct scan {
    struct str pattern;
    size_t at;
    struct regexp *regexp;
    struct arena *arena;
    VEC(struct level) levels;
    VEC(struct str) names;
    bool after_repeat; /* the last thing was a repetition */
};

static const char *const texts[N_REGEXP_RESULTS] = {
    [REGEXP_OK] = "is fine",
    [REGEXP_BAD_UTF8] = "is not UTF-8",
    [REGEXP_MISSING_PAREN] = "is never closed",
    [REGEXP_UNEXPECTED_PAREN] = "closes nothing",
    [REGEXP_MISSING_BRACKET] = "is never closed",
    [REGEXP_BAD_CLASS_RANGE] = "is no range or class of characters",
    [REGEXP_NOTHING_TO_REPEAT] = "has nothing before it that it could repeat",
    [REGEXP_REPEATED_TWICE] = "repeats a repetition",
    [REGEXP_REPEAT_COUNT] = "is no count: it goes up, to 1000 at most",
    [REGEXP_BAD_ESCAPE] = "is no escape",
    [REGEXP_BACKREFERENCE] = "refers back to a group, which these expressions cannot",
    [REGEXP_TRAILING_BACKSLASH] = "escapes nothing",
    [REGEXP_BAD_NAME] = "is no name of a group: letters, digits and _",
    [REGEXP_LOOKAROUND] = "looks around, which these expressions cannot",
    [REGEXP_BAD_GROUP] = "begins no group",
};

const char *regexp_result_text(enum regexp_result result)
{
    return texts[result];
}

static enum regexp_result fail(struct scan *scan, enum regexp_result result, size_t begin,
                               size_t end)
{
    scan->regexp->at = begin;
    scan->regexp->len = end > begin ? end - begin : 0;
    return result;
}

static char peek(const struct scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->pattern.len ? scan->pattern.ptr[scan->at + ahead] : '\0';
}

static bool is_at_end(const struct scan *scan)
{
    return scan->at >= scan->pattern.len;
}

static struct level *level(struct scan *scan)
{
    return &scan->levels.at[scan->levels.n - 1];
}

/* Something that can be repeated now stands last. */
static void add_atom(struct scan *scan, unsigned weight)
{
    struct level *top = level(scan);
    top->has_atom = true;
    top->atom_weight = weight;
    if (weight > top->weight)
        top->weight = weight;
}

static bool take_rune(struct scan *scan, uint32_t *rune)
{
    size_t size;
    *rune = utf8_decode(scan->pattern, scan->at, &size);
    if (*rune == 0xFFFD && size == 1)
        return false;
    scan->at += size;
    return true;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* --- escapes --- */

/* \x41 or \x{10FFFF}; behind the x. */
static bool take_hex(struct scan *scan, uint32_t *rune)
{
    *rune = 0;
    if (peek(scan, 0) != '{') {
        int high = hex_digit(peek(scan, 0)), low = hex_digit(peek(scan, 1));
        scan->at += 2;
        *rune = (uint32_t)(high * 16 + low);
        return high >= 0 && low >= 0;
    }
    size_t begin = ++scan->at;
    while (hex_digit(peek(scan, 0)) >= 0) {
        *rune = *rune * 16 + (uint32_t)hex_digit(peek(scan, 0));
        scan->at++;
        if (*rune > 0x10FFFF)
            return false;
    }
    return scan->at > begin && peek(scan, 0) == '}' && scan->at++;
}

/* An escape that stands for one character. */
static enum regexp_result take_escape(struct scan *scan, uint32_t *rune)
{
    size_t begin = scan->at++;
    if (is_at_end(scan))
        return fail(scan, REGEXP_TRAILING_BACKSLASH, begin, scan->at);
    char c = peek(scan, 0);
    if (!take_rune(scan, rune))
        return fail(scan, REGEXP_BAD_UTF8, scan->at, scan->at + 1);
    if (c == '0' || (is_octal(c) && is_octal(peek(scan, 0)))) {
        *rune = (uint32_t)(c - '0');
        for (int i = 0; i < 2 && is_octal(peek(scan, 0)); i++)
            *rune = *rune * 8 + (uint32_t)(scan->pattern.ptr[scan->at++] - '0');
        return REGEXP_OK;
    }
    if (c >= '1' && c <= '9')
        return fail(scan, REGEXP_BACKREFERENCE, begin, scan->at);
    if (c == 'x')
        return take_hex(scan, rune) ? REGEXP_OK : fail(scan, REGEXP_BAD_ESCAPE, begin, begin + 2);
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter)
        *rune = (uint32_t)values[letter - letters];
    else if (*rune >= 0x80 || is_word(c))
        return fail(scan, REGEXP_BAD_ESCAPE, begin, scan->at);
    return REGEXP_OK;
}

/* \pL or \p{Greek}; false where there is none. Names of scripts are taken as they come: there are
 * more with each version of Unicode. */
static bool take_unicode_class(struct scan *scan, enum regexp_result *result)
{
    if (peek(scan, 0) != '\\' || (peek(scan, 1) != 'p' && peek(scan, 1) != 'P') ||
        scan->at + 2 >= scan->pattern.len)
        return false;
    size_t begin = scan->at;
    struct str rest = str_slice(scan->pattern, begin + 3, scan->pattern.len), name, behind;
    *result = REGEXP_OK;
    if (peek(scan, 2) != '{') {
        scan->at += 3;
        if (!strchr("CLMNPSZclmnpsz", scan->pattern.ptr[begin + 2]))
            *result = fail(scan, REGEXP_BAD_CLASS_RANGE, begin, scan->at);
        return true;
    }
    bool is_closed = str_cut(rest, STR("}"), &name, &behind);
    scan->at = scan->pattern.len - (is_closed ? behind.len : 0);
    if (!is_closed || str_trim_prefix(name, STR("^")).len == 0)
        *result = fail(scan, REGEXP_BAD_CLASS_RANGE, begin, scan->at);
    return true;
}

static bool take_perl_class(struct scan *scan)
{
    char c = peek(scan, 1);
    if (peek(scan, 0) != '\\' || !c || !strchr("dDsSwW", c))
        return false;
    scan->at += 2;
    return true;
}

/* --- classes --- */

/* [:alpha:] */
static bool take_posix_class(struct scan *scan, enum regexp_result *result)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
                                        "digit", "graph", "lower", "print", "punct",
                                        "space", "upper", "word",  "xdigit"};
    struct str rest = str_slice(scan->pattern, scan->at + 2, scan->pattern.len), name, behind;
    if (peek(scan, 0) != '[' || peek(scan, 1) != ':' || !str_cut(rest, STR(":]"), &name, &behind))
        return false;
    size_t begin = scan->at;
    scan->at = scan->pattern.len - behind.len;
    name = str_trim_prefix(name, STR("^"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_is(name, names[i])) {
            *result = REGEXP_OK;
            return true;
        }
    *result = fail(scan, REGEXP_BAD_CLASS_RANGE, begin, scan->at);
    return true;
}

static enum regexp_result take_class_rune(struct scan *scan, size_t begin, uint32_t *rune)
{
    if (is_at_end(scan))
        return fail(scan, REGEXP_MISSING_BRACKET, begin, begin + 1);
    if (peek(scan, 0) == '\\')
        return take_escape(scan, rune);
    return take_rune(scan, rune) ? REGEXP_OK : fail(scan, REGEXP_BAD_UTF8, scan->at, scan->at + 1);
}

static enum regexp_result take_class(struct scan *scan)
{
    size_t begin = scan->at++;
    if (peek(scan, 0) == '^')
        scan->at++;
    for (bool is_first = true; is_at_end(scan) || peek(scan, 0) != ']' || is_first;
         is_first = false) {
        enum regexp_result result = REGEXP_OK;
        size_t range = scan->at;
        uint32_t low, high;
        if (take_posix_class(scan, &result) || take_unicode_class(scan, &result) ||
            take_perl_class(scan)) {
            if (result)
                return result;
            continue;
        }
        result = take_class_rune(scan, begin, &low);
        if (result)
            return result;
        if (peek(scan, 0) != '-' || scan->at + 1 >= scan->pattern.len || peek(scan, 1) == ']')
            continue;
        scan->at++;
        result = take_class_rune(scan, begin, &high);
        if (result)
            return result;
        if (high < low)
            return fail(scan, REGEXP_BAD_CLASS_RANGE, range, scan->at);
    }
    scan->at++;
    add_atom(scan, 1);
    return REGEXP_OK;
}

/* --- groups --- */

static void open_group(struct scan *scan, size_t begin, bool captures, struct str name)
{
    if (captures)
        vec_push(scan->arena, &scan->names, name);
    vec_push(scan->arena, &scan->levels, (struct level){.begin = begin, .weight = 1});
}

/* (?P<name> or (?<name>; <begin> is its parenthesis, and the name begins at <from>. */
static enum regexp_result take_named_group(struct scan *scan, size_t from)
{
    struct str rest = str_slice(scan->pattern, from, scan->pattern.len), name, behind;
    size_t begin = scan->at;
    bool is_name = str_cut(rest, STR(">"), &name, &behind) && name.len > 0;
    if (rest.len && (rest.ptr[0] == '=' || rest.ptr[0] == '!') && from == begin + 3)
        return fail(scan, REGEXP_LOOKAROUND, begin, begin + 4);
    for (size_t i = 0; i < name.len && is_name; i++)
        is_name = is_word(name.ptr[i]) || name.ptr[i] == '_';
    if (!is_name)
        return fail(scan, REGEXP_BAD_NAME, begin, from + name.len);
    open_group(scan, begin, true, name);
    scan->at = from + name.len + 1;
    return REGEXP_OK;
}

/* (?i), (?i-s:, (?: */
static enum regexp_result take_flags(struct scan *scan)
{
    size_t begin = scan->at;
    bool is_negated = false, has_flag = false;
    char next = peek(scan, 2);
    if (next == '=' || next == '!')
        return fail(scan, REGEXP_LOOKAROUND, begin, begin + 3);
    for (scan->at += 2; !is_at_end(scan); scan->at++) {
        char c = peek(scan, 0);
        if (c == ':' || c == ')') {
            if (is_negated && !has_flag)
                break;
            if (c == ':')
                open_group(scan, begin, false, STR(""));
            scan->at++;
            return REGEXP_OK;
        }
        if (c == '-' && !is_negated) {
            is_negated = true;
            has_flag = false;
        } else if (c && strchr("imsU", c)) {
            has_flag = true;
        } else {
            break;
        }
    }
    return fail(scan, REGEXP_BAD_GROUP, begin, scan->at + !is_at_end(scan));
}

static enum regexp_result take_open(struct scan *scan)
{
    size_t left = scan->pattern.len - scan->at;
    if (peek(scan, 1) != '?') {
        open_group(scan, scan->at++, true, STR(""));
        return REGEXP_OK;
    }
    if (left > 4 && peek(scan, 2) == 'P' && peek(scan, 3) == '<')
        return take_named_group(scan, scan->at + 4);
    if (left > 3 && peek(scan, 2) == '<')
        return take_named_group(scan, scan->at + 3);
    return take_flags(scan);
}

static enum regexp_result take_close(struct scan *scan)
{
    if (scan->levels.n == 1)
        return fail(scan, REGEXP_UNEXPECTED_PAREN, scan->at, scan->at + 1);
    unsigned weight = level(scan)->weight;
    scan->levels.n--;
    scan->at++;
    add_atom(scan, weight);
    return REGEXP_OK;
}

/* --- repetitions --- */

/* A decimal number without leading zeros; too large ones become -1. */
static bool take_count(struct scan *scan, int *count)
{
    size_t begin = scan->at;
    *count = 0;
    if (peek(scan, 0) == '0' && peek(scan, 1) >= '0' && peek(scan, 1) <= '9')
        return false;
    while (peek(scan, 0) >= '0' && peek(scan, 0) <= '9') {
        if (*count >= 0)
            *count = *count > MAX_REPEAT ? -1 : *count * 10 + (peek(scan, 0) - '0');
        scan->at++;
    }
    return scan->at > begin;
}

/* {2}, {2,} or {2,3}; false, and nothing is taken, where the brace is only a brace. */
static bool take_counts(struct scan *scan, int *min, int *max)
{
    size_t begin = scan->at++;
    bool is_repeat = take_count(scan, min);
    *max = *min;
    if (is_repeat && peek(scan, 0) == ',') {
        scan->at++;
        if (peek(scan, 0) == '}') {
            *max = -1;
        } else {
            is_repeat = take_count(scan, max);
            if (*max < 0)
                *min = -1;
        }
    }
    if (is_repeat && peek(scan, 0) == '}') {
        scan->at++;
        return true;
    }
    scan->at = begin;
    return false;
}

/* What every repetition needs; the scan is behind it. */
static enum regexp_result add_repeat(struct scan *scan, size_t begin)
{
    if (peek(scan, 0) == '?')
        scan->at++;
    if (scan->after_repeat)
        return fail(scan, REGEXP_REPEATED_TWICE, begin, scan->at);
    if (!level(scan)->has_atom)
        return fail(scan, REGEXP_NOTHING_TO_REPEAT, begin, scan->at);
    scan->after_repeat = true;
    return REGEXP_OK;
}

static enum regexp_result take_brace(struct scan *scan)
{
    size_t begin = scan->at;
    int min, max;
    if (!take_counts(scan, &min, &max)) {
        scan->at++;
        scan->after_repeat = false;
        add_atom(scan, 1);
        return REGEXP_OK;
    }
    if (min < 0 || min > MAX_REPEAT || max > MAX_REPEAT || (max >= 0 && min > max))
        return fail(scan, REGEXP_REPEAT_COUNT, begin, scan->at);
    enum regexp_result result = add_repeat(scan, begin);
    if (result)
        return result;
    unsigned times = (unsigned)(max < 0 ? min : max);
    unsigned weight = max == 0 ? 1 : level(scan)->atom_weight * (times ? times : 1);
    if ((min >= 2 || max >= 2) && weight > MAX_REPEAT)
        return fail(scan, REGEXP_REPEAT_COUNT, begin, scan->at);
    add_atom(scan, weight);
    return REGEXP_OK;
}

/* --- the rest --- */

/* \Q … \E: all in between stands for itself. */
static enum regexp_result take_quoted(struct scan *scan)
{
    struct str rest = str_slice(scan->pattern, scan->at + 2, scan->pattern.len), text, behind;
    bool is_closed = str_cut(rest, STR("\\E"), &text, &behind);
    for (size_t i = 0, size; i < text.len; i += size)
        if (utf8_decode(text, i, &size) == 0xFFFD && size == 1)
            return fail(scan, REGEXP_BAD_UTF8, scan->at + 2 + i, scan->at + 3 + i);
    if (text.len)
        add_atom(scan, 1);
    scan->at = is_closed ? scan->pattern.len - behind.len : scan->pattern.len;
    return REGEXP_OK;
}

static enum regexp_result take_backslash(struct scan *scan)
{
    enum regexp_result result = REGEXP_OK;
    uint32_t rune;
    char c = peek(scan, 1);
    if (c == 'Q')
        return take_quoted(scan);
    if (c && strchr("AbBz", c))
        scan->at += 2;
    else if (!take_unicode_class(scan, &result) && !take_perl_class(scan))
        result = take_escape(scan, &rune);
    add_atom(scan, 1);
    return result;
}

static enum regexp_result take_next(struct scan *scan)
{
    size_t begin = scan->at;
    uint32_t rune;
    char c = peek(scan, 0);
    if (c == '*' || c == '+' || c == '?') {
        scan->at++;
        return add_repeat(scan, begin);
    }
    if (c == '{')
        return take_brace(scan);
    scan->after_repeat = false;
    switch (c) {
    case '(':
        return take_open(scan);
    case ')':
        return take_close(scan);
    case '[':
        return take_class(scan);
    case '\\':
        return take_backslash(scan);
    case '|':
        scan->at++;
        level(scan)->has_atom = false;
        return REGEXP_OK;
    default:
        if (!take_rune(scan, &rune))
            return fail(scan, REGEXP_BAD_UTF8, begin, begin + 1);
        add_atom(scan, 1);
        return REGEXP_OK;
    }
}

enum regexp_result regexp_check(struct arena *arena, struct str pattern, struct regexp *regexp)
{
    struct scan scan = {.pattern = pattern, .regexp = regexp, .arena = arena};
    *regexp = (struct regexp){0};
    vec_push(arena, &scan.levels, (struct level){.weight = 1});
    while (!is_at_end(&scan)) {
        enum regexp_result result = take_next(&scan);
        if (result)
            return result;
    }
    if (scan.levels.n > 1)
        return fail(&scan, REGEXP_MISSING_PAREN, level(&scan)->begin, level(&scan)->begin + 1);
    regexp->names = scan.names.at;
    regexp->n_groups = scan.names.n;
    return REGEXP_OK;
}

struct str regexp_with_old_names(struct arena *arena, struct str pattern)
{
    struct strbuf out = strbuf_in(arena);
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        struct str rest = str_slice(pattern, i, pattern.len);
        char c = pattern.ptr[i];
        if (str_has_prefix(rest, STR("\\Q"))) {
            ptrdiff_t end = str_find(rest, STR("\\E"));
            size_t len = end < 0 ? rest.len : (size_t)end + 2;
            strbuf_add(&out, str_slice(rest, 0, len));
            i += len - 1;
            continue;
        }
        if (c == '\\' && i + 1 < pattern.len) {
            strbuf_add(&out, str_slice(pattern, i, i + 2));
            i++;
            continue;
        }
        if (!in_class && str_has_prefix(rest, STR("(?<"))) {
            strbuf_puts(&out, "(?P<");
            i += 2;
            continue;
        }
        if (in_class && c == ']')
            in_class = false;
        else if (!in_class && c == '[') {
            in_class = true;
            strbuf_add_char(&out, c);
            /* a ']' right behind the bracket is one of the class */
            if (str_has_prefix(str_slice(pattern, i + 1, pattern.len), STR("^"))) {
                strbuf_add_char(&out, '^');
                i++;
            }
            if (str_has_prefix(str_slice(pattern, i + 1, pattern.len), STR("]"))) {
                strbuf_add_char(&out, ']');
                i++;
            }
            continue;
        }
        strbuf_add_char(&out, c);
    }
    return strbuf_str(&out);
}
