/* Tokens as JSON values, and the option functions that most rows of this folder share. */
#include "directives/values.h"

#include <math.h>

#include "base/parse.h"
#include "base/suggest.h"

void value_set(struct scope *scope, json_t *object, const char *key, json_t *value,
               const struct token *origin)
{
    if (document_is_empty(value))
        document_remove(object, key);
    else
        document_set_at(scope->document, object, key, value, origin);
}

json_t *value_string(struct scope *scope, const struct token *token)
{
    return document_string(scope->document, token ? token->text : STR(""), token);
}

json_t *value_texts(struct scope *scope, struct token_list list, const struct token *origin)
{
    json_t *array = document_array(scope->document, origin);
    for (size_t i = 0; i < list.n; i++)
        document_add(scope->document, array, value_string(scope, list.at[i]));
    return array;
}

static json_t *weak(struct scope *scope, const struct token *token)
{
    int64_t number;
    if (!token || token->text.len == 0)
        return NULL;
    if (token_is(token, "true") || token_is(token, "false"))
        return document_bool(token_is(token, "true"));
    if (parse_go_int(token->text, &number) == PARSE_OK)
        return document_integer(scope->document, number, token);
    return value_string(scope, token);
}

void value_set_weak(struct scope *scope, json_t *object, const char *key, const struct token *token)
{
    json_t *value = weak(scope, token);
    if (value)
        document_set_at(scope->document, object, key, value, token);
    else
        document_remove(object, key);
}

static json_t *real_or_null(struct scope *scope, const struct token *token, double real)
{
    if (isfinite(real))
        return document_real(scope->document, real, token);
    struct diag *diag = diag_token(scope->diags, DIAG_ODD_VALUE, token,
                                   "JSON has no number '" STR_FMT "': Caddy writes null for "
                                   "all that it belongs to",
                                   STR_ARG(token->text));
    diag_note(scope->diags, diag, "in quotes it is text: \"" STR_FMT "\"", STR_ARG(token->text));
    return NULL;
}

json_t *value_scalar(struct scope *scope, const struct token *token)
{
    int64_t integer;
    double real;
    bool truth;
    if (token->quote != QUOTE_NONE)
        return value_string(scope, token);
    if (parse_go_int(token->text, &integer) == PARSE_OK)
        return document_integer(scope->document, integer, token);
    if (parse_go_float(token->text, &real) == PARSE_OK)
        return real_or_null(scope, token, real);
    if (parse_go_bool(token->text, &truth) == PARSE_OK)
        return document_bool(truth);
    return value_string(scope, token);
}

bool value_refuse(struct cursor *in, const struct token *token, const char *expected)
{
    return cursor_error_at(in, DIAG_BAD_VALUE, token, "'" STR_FMT "' is not %s",
                           STR_ARG(token->text), expected);
}

static bool usage_error(struct cursor *in, const struct option *row)
{
    struct str usage =
        str_printf(in->arena, "%s %s", row->name, row->arguments ? row->arguments : "");
    return cursor_arg_error(in,
                            str_trim(usage).len ? str_dup(in->arena, str_trim(usage)).ptr : NULL);
}

bool value_refuse_word(struct cursor *in, const struct token *token, const char *words)
{
    struct str rest = str_from(words), word;
    struct suggestion near = suggest_for(token->text);
    while (rest.len) {
        str_cut(rest, STR("|"), &word, &rest);
        suggest_try(&near, word);
    }
    struct diag *diag =
        diag_token(in->diags, DIAG_BAD_VALUE, token, "'" STR_FMT "' is not one of: " STR_FMT,
                   STR_ARG(token->text),
                   STR_ARG(str_replace(in->arena, str_from(words), STR("|"), STR(", "))));
    if (near.best.len)
        diag_help(in->diags, diag, token->span, near.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(near.best));
    return false;
}

bool value_refuse_name(struct cursor *in, const struct token *token, const struct option *rows)
{
    struct strbuf words = strbuf_in(in->arena);
    for (; rows->name; rows++) {
        if (words.len)
            strbuf_add_char(&words, '|');
        strbuf_puts(&words, rows->name);
    }
    return value_refuse_word(in, token, strbuf_cstr(&words));
}

/* Whether the current token is among the row's words, if it names any. */
static bool is_legal_word(struct cursor *in, const struct option *row)
{
    struct str words = str_from(row->values), word;
    if (!row->values)
        return true;
    while (words.len) {
        str_cut(words, STR("|"), &word, &words);
        if (str_eq(word, cursor_val(in)))
            return true;
    }
    return value_refuse_word(in, cursor_token(in), row->values);
}

/* The current token as the row's type says; NULL after a diagnostic. */
static json_t *read_by_type(struct scope *scope, struct cursor *in, const struct option *row)
{
    const struct token *token = cursor_token(in);
    int64_t integer;
    double real;
    switch (row->type) {
    case VALUE_INTEGER:
        return read_integer(in, &integer) ? document_integer(scope->document, integer, token)
                                          : NULL;
    case VALUE_DURATION:
        return read_duration(in, &integer) ? document_integer(scope->document, integer, token)
                                           : NULL;
    case VALUE_SIZE:
        return read_size(in, &integer) ? document_integer(scope->document, integer, token)
                                           : NULL;
    case VALUE_FLOAT:
        return read_float(in, &real) ? document_real(scope->document, real, token) : NULL;
    case VALUE_NONE:
    case VALUE_TRUE:
    case VALUE_STRING:
    case VALUE_STRINGS:
    case VALUE_BLOCK:
        break;
    }
    return is_legal_word(in, row) ? value_string(scope, token) : NULL;
}

bool option_one(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return usage_error(in, row);
    json_t *value = read_by_type(scope, in, row);
    if (!value)
        return false;
    value_set(scope, object, row->key, value, cursor_token(in));
    return true;
}

bool option_only_one(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    if (cursor_count_remaining(in) != 1) {
        cursor_next_arg(in);
        return usage_error(in, row);
    }
    return option_one(scope, in, row, object, state);
}

bool option_flag(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state)
{
    (void)state;
    document_set_at(scope->document, object, row->key, document_bool(true), cursor_token(in));
    return true;
}

bool option_lone_flag(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    option_flag(scope, in, row, object, state);
    return !cursor_next_arg(in) || usage_error(in, row);
}

bool option_lone_false(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    document_set_at(scope->document, object, row->key, document_bool(false), cursor_token(in));
    return !cursor_next_arg(in) || usage_error(in, row);
}

bool option_list(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state)
{
    document_remove(object, row->key);
    return option_more(scope, in, row, object, state);
}

bool option_more(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    size_t n = cursor_count_remaining(in);
    if (n < (size_t)row->min_args || (row->max_args >= 0 && n > (size_t)row->max_args)) {
        cursor_remaining(in);
        return usage_error(in, row);
    }
    while (cursor_next_arg(in)) {
        json_t *value = read_by_type(scope, in, row);
        if (!value)
            return false;
        document_add(scope->document, document_array_at(scope->document, object, row->key, name),
                     value);
    }
    return true;
}
