/* Values that are no objects of the tables: numbers, texts, durations, words. */
#include "modules/check_private.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/suggest.h"

struct kind_words {
    const char *one, *many;
};

static const struct kind_words *words_of(enum module_shape_kind kind)
{
#define X(kind_, name, words, plural) [SHAPE_##kind_] = {words, plural},
    static const struct kind_words words[N_SHAPE_KINDS] = {MODULE_SHAPE_KINDS(X)};
#undef X
    return &words[kind];
}

/* "a list of strings": what a shape is. */
static struct str shape_text(struct arena *arena, const struct module_shape *shape)
{
    const struct kind_words *words = words_of(shape->kind);
    switch (shape->nest) {
    case NEST_ONE:
        break;
    case NEST_LIST:
        return str_printf(arena, "a list of %s", words->many);
    case NEST_MAP:
        return str_printf(arena, "an object with %s", words->many);
    case NEST_LIST_OF_LISTS:
        return str_printf(arena, "a list of lists of %s", words->many);
    case NEST_MAP_OF_LISTS:
        return str_printf(arena, "an object with lists of %s", words->many);
    }
    return str_from(words->one);
}

static struct str subject_text(struct arena *arena, const struct subject *subject)
{
    if (subject->is_inner)
        return str_printf(arena, "each item of '" STR_FMT "'", STR_ARG(subject->field));
    if (str_index(subject->field, ' ') >= 0)
        return subject->field;
    return str_printf(arena, "'" STR_FMT "'", STR_ARG(subject->field));
}

/* Whether text stands between quotes as it is. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == '"' || text.ptr[i] == '\\')
            return false;
    return true;
}

/* A value that only wants quotes, none, or brackets. */
static void help_with_type(struct check *check, struct diag *diag, const struct json_text *value,
                           const struct module_shape *shape)
{
    bool is_text = value->type == JSON_STRING;
    int64_t integer;
    double real;
    struct str right = {0};
    if (shape->nest == NEST_LIST && is_text && shape->kind == SHAPE_STRING && is_plain(value->text))
        right = str_printf(check->arena, "[\"" STR_FMT "\"]", STR_ARG(value->text));
    else if (shape->nest != NEST_ONE)
        return;
    else if (shape->kind == SHAPE_STRING && value->type == JSON_REAL)
        right = str_printf(check->arena, "\"" STR_FMT "\"", STR_ARG(value->text));
    else if (shape->kind == SHAPE_BOOL &&
             (str_is(value->text, "true") || str_is(value->text, "false")))
        right = value->text;
    else if (shape->kind == SHAPE_INTEGER && is_text &&
             parse_go_int(value->text, &integer) == PARSE_OK)
        right = value->text;
    else if (shape->kind == SHAPE_NUMBER && is_text &&
             parse_go_float(value->text, &real) == PARSE_OK)
        right = value->text;
    else if (shape->kind == SHAPE_NANOSECONDS && is_text &&
             parse_duration(value->text, &integer) == PARSE_OK)
        right = str_printf(check->arena, "%lld", (long long)integer);
    if (right.ptr)
        diag_help(check->diags, diag, value->span, right, "write");
}

void report_type(struct check *check, const struct json_text *value,
                 const struct module_shape *shape, const struct subject *subject)
{
    struct str what = subject_text(check->arena, subject), must = shape_text(check->arena, shape);
    struct diag *diag = diag_at(check->diags, DIAG_WRONG_TYPE, value->span, NULL,
                                STR_FMT " must be " STR_FMT ", not %s", STR_ARG(what),
                                STR_ARG(must), json_type_name(value->type));
    if (value->type == JSON_NULL && shape->refuses_null)
        diag_note(check->diags, diag, "Caddy crashes on a null here");
    help_with_type(check, diag, value, shape);
}

static void report_kind(struct check *check, const struct json_text *value,
                        enum module_shape_kind kind, const struct subject *subject)
{
    const struct module_shape shape = {.kind = kind};
    report_type(check, value, &shape, subject);
}

/* Go reads integers from their digits alone, which an encoder before that may have changed. */
static bool is_go_integer(const struct check *check, const struct json_text *value)
{
    int64_t integer;
    if (!check->is_reencoded)
        return parse_go_int(value->text, &integer) == PARSE_OK;
    double real = strtod(value->text.ptr, NULL);
    return real == floor(real) && real > -0x1p63 && real < 0x1p63; /* -2^63 gets rounded down */
}

static void check_integer(struct check *check, const struct json_text *value,
                          enum module_shape_kind kind, const struct subject *subject)
{
    if (value->type != JSON_REAL) {
        report_kind(check, value, kind, subject);
        return;
    }
    if (is_go_integer(check, value))
        return;
    struct str what = subject_text(check->arena, subject);
    double real = strtod(value->text.ptr, NULL);
    if (real > -0x1p63 && real < 0x1p63)
        diag_at(check->diags, DIAG_WRONG_TYPE, value->span, NULL,
                STR_FMT " must be a whole number in plain digits", STR_ARG(what));
    else
        diag_at(check->diags, DIAG_WRONG_TYPE, value->span, NULL,
                STR_FMT " is too large: it must fit into 64 bits", STR_ARG(what));
}

static void check_duration(struct check *check, const struct json_text *value,
                           const struct subject *subject)
{
    int64_t nanoseconds;
    if (value->type != JSON_STRING) {
        check_integer(check, value, SHAPE_DURATION, subject);
        return;
    }
    struct str what = subject_text(check->arena, subject);
    /* Caddy takes the bytes between the quotes as they are */
    bool has_escapes = value->span.end - value->span.begin != value->text.len + 2;
    if (has_escapes && !check->is_reencoded && check->options->is_whole) {
        diag_at(check->diags, DIAG_BAD_VALUE, value->span, NULL,
                STR_FMT " is a duration, in which Caddy reads no escapes", STR_ARG(what));
        return;
    }
    enum parse_result result = parse_duration(value->text, &nanoseconds);
    if (result != PARSE_OK)
        diag_at(check->diags, DIAG_BAD_VALUE, value->span, NULL,
                "'" STR_FMT "' is not a duration: %s", STR_ARG(value->text),
                parse_result_text(result));
}

/* The words of a field that takes only some. */
static void check_words(struct check *check, const struct json_text *value,
                        const struct module_field *row)
{
    if (!row || !row->values || value->text.len == 0 || str_index(value->text, '{') >= 0)
        return;
    struct suggestion near = suggest_for(str_lower(check->arena, value->text));
    struct str rest = str_from(row->values), word;
    while (rest.len) {
        str_cut(rest, STR("|"), &word, &rest);
        if (row->any_case ? str_eq_nocase(word, value->text) : str_eq(word, value->text))
            return;
        suggest_try(&near, word);
    }
    struct diag *diag =
        diag_at(check->diags, row->is_strict ? DIAG_BAD_VALUE : DIAG_ODD_VALUE, value->span, NULL,
                "'%s' knows no '" STR_FMT "'", row->name, STR_ARG(value->text));
    if (near.best.len)
        diag_help(check->diags, diag, value->span,
                  str_printf(check->arena, "\"" STR_FMT "\"", STR_ARG(near.best)), "did you mean");
    diag_note(check->diags, diag, "it takes %s",
              str_replace(check->arena, str_from(row->values), STR("|"), STR(", ")).ptr);
}

/* Caddy keeps whatever stands here as text, and looks at it when a request comes. */
static void check_status(struct check *check, const struct json_text *value,
                         const struct subject *subject)
{
    int64_t integer;
    bool is_scalar = value->type == JSON_STRING || value->type == JSON_REAL;
    if (is_scalar && (str_index(value->text, '{') >= 0 || value->text.len == 0 ||
                      parse_go_int(value->text, &integer) == PARSE_OK))
        return;
    if (value->type == JSON_REAL && check->is_reencoded && is_go_integer(check, value))
        return;
    struct str what = subject_text(check->arena, subject);
    diag_at(check->diags, DIAG_ODD_VALUE, value->span, NULL,
            STR_FMT " is a number or a placeholder; Caddy takes anything and fails on requests",
            STR_ARG(what));
}

static void check_list_of_texts(struct check *check, const struct json_text *value,
                                const struct subject *subject)
{
    if (value->type == JSON_STRING)
        return;
    if (value->type != JSON_ARRAY) {
        report_kind(check, value, SHAPE_TEXT_OR_LIST, subject);
        return;
    }
    struct subject item = {.field = subject->field, .is_inner = true};
    for (const struct json_text *text = value->first; text; text = text->next)
        if (text->type != JSON_STRING && text->type != JSON_NONE)
            report_kind(check, text, SHAPE_STRING, &item);
}

/* A string, or both halves of one that has a name; Caddy crashes on anything else. */
static void check_expression(struct check *check, const struct json_text *value)
{
    if (value->type == JSON_STRING)
        return;
    const struct json_text *expression = json_text_member(value, STR("expr"));
    const struct json_text *name = json_text_member(value, STR("name"));
    if (value->type == JSON_OBJECT && !check->options->is_whole)
        return;
    if (!expression || !name || expression->type != JSON_STRING || name->type != JSON_STRING) {
        struct diag *diag = diag_at(check->diags, DIAG_WRONG_TYPE, value->span, NULL,
                                    "an expression is a string, or an object with the strings "
                                    "'expr' and 'name'");
        if (value->type == JSON_OBJECT)
            diag_note(check->diags, diag, "Caddy crashes where one of the two is missing");
    }
}

static bool is_all(struct str text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\0' || !strchr(characters, text.ptr[i]))
            return false;
    return true;
}

/* Texts in which only some characters are legal. */
static void check_digits(struct check *check, const struct json_text *value,
                         enum module_shape_kind kind, const struct subject *subject)
{
    if (value->type != JSON_STRING) {
        report_kind(check, value, kind, subject);
        return;
    }
    struct str digits = value->text;
    bool is_mode = kind == SHAPE_FILE_MODE;
    if (!is_mode && digits.len && (digits.ptr[0] == '-' || digits.ptr[0] == '+'))
        digits = str_slice(digits, 1, digits.len);
    bool is_legal = is_mode ? is_all(digits, "01234567") && digits.len <= 10
                            : digits.len && is_all(digits, "0123456789");
    struct str what = subject_text(check->arena, subject);
    if (!is_legal)
        diag_at(check->diags, DIAG_BAD_VALUE, value->span, NULL, STR_FMT " must be %s",
                STR_ARG(what), words_of(kind)->one);
}

/* null is nothing to most types, and a mistake to a few. */
static bool takes_null(enum module_shape_kind kind)
{
    return kind != SHAPE_TEXT_OR_LIST && kind != SHAPE_KEY_ALGORITHM;
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!(c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (i && c >= '0' && c <= '9')))
            return false;
    }
    return text.len > 0;
}

/* {$NAME}, which is of Caddyfiles alone. */
static void check_placeholders(struct check *check, const struct json_text *value)
{
    struct str before, rest, name;
    if (!str_cut(value->text, STR("{$"), &before, &rest) ||
        !str_cut(rest, STR("}"), &name, &rest) || !is_name(name))
        return;
    struct diag *diag = diag_at(check->diags, DIAG_ODD_VALUE, value->span, NULL,
                                "'{$" STR_FMT "}' is replaced in Caddyfiles only", STR_ARG(name));
    diag_note(check->diags, diag, "in JSON it would be {env." STR_FMT "}", STR_ARG(name));
}

static void check_string(struct check *check, const struct json_text *value,
                         enum module_shape_kind kind, const struct subject *subject)
{
    if (value->type != JSON_STRING) {
        report_kind(check, value, kind, subject);
        return;
    }
    check_words(check, value, subject->row);
    check_placeholders(check, value);
}

bool check_scalar(struct check *check, const struct json_text *value, enum module_shape_kind kind,
                  const struct subject *subject)
{
    if (value->type == JSON_NULL && takes_null(kind))
        return true;
    switch (kind) {
    case SHAPE_ANY:
        return true;
    case SHAPE_STRING:
    case SHAPE_KEYWORD:
    case SHAPE_KEY_ALGORITHM:
        check_string(check, value, kind, subject);
        return true;
    case SHAPE_BOOL:
        if (value->type != JSON_TRUE && value->type != JSON_FALSE)
            report_kind(check, value, kind, subject);
        return true;
    case SHAPE_INTEGER:
    case SHAPE_NANOSECONDS:
        check_integer(check, value, kind, subject);
        return true;
    case SHAPE_NUMBER:
        if (value->type != JSON_REAL)
            report_kind(check, value, kind, subject);
        return true;
    case SHAPE_DURATION:
        check_duration(check, value, subject);
        return true;
    case SHAPE_TEXT_OR_NUMBER:
        check_status(check, value, subject);
        return true;
    case SHAPE_TEXT_OR_LIST:
        check_list_of_texts(check, value, subject);
        return true;
    case SHAPE_BIG_INTEGER:
    case SHAPE_FILE_MODE:
        check_digits(check, value, kind, subject);
        return true;
    case SHAPE_EXPRESSION:
        check_expression(check, value);
        return true;
    case SHAPE_OBJECT:
    case SHAPE_MODULE:
    case SHAPE_MODULE_MAP:
    case SHAPE_NONE:
    case N_SHAPE_KINDS:
        break;
    }
    return false;
}
