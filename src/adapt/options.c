/* Fills a JSON object from the lines of a block, by a table of the options that are legal there. */
#include "adapt/options.h"

#include <math.h>

#include "adapt/adapter.h"
#include "adapt/unknown.h"
#include "base/parse.h"
#include "base/suggest.h"

/* Whether <name> is among the names of "a|b|c". */
static bool is_one_of(const char *names, struct str name)
{
    for (const char *at = names, *end; name.len; at = end + 1) {
        end = strchrnul(at, '|');
        if ((size_t)(end - at) == name.len && memcmp(at, name.ptr, name.len) == 0)
            return true;
        if (!*end)
            break;
    }
    return false;
}

bool option_is_pattern(const struct option *row)
{
    return strchr(row->name, '<') != NULL;
}

/* Whether the literal parts of a pattern are in <name>, in order: a leading one where it begins. */
static bool fits(struct str pattern, struct str name)
{
    if (str_has_prefix(pattern, STR("[")))
        pattern = str_slice(pattern, (size_t)str_find(pattern, STR("]<")) + 1, pattern.len);
    bool is_leading = true;
    while (pattern.len) {
        struct str literal, placeholder;
        if (!str_cut(pattern, STR("<"), &literal, &pattern))
            pattern = STR("");
        else
            str_cut(pattern, STR(">"), &placeholder, &pattern);
        ptrdiff_t at = str_find(name, literal);
        if (at < 0 || (is_leading && at > 0))
            return false;
        name = str_slice(name, (size_t)at + literal.len, name.len);
        is_leading = false;
    }
    return true;
}

const struct option *option_find(const struct option *rows, struct str name)
{
    for (const struct option *row = rows; row && row->name; row++)
        if (is_one_of(row->name, name) && !option_is_pattern(row))
            return row;
    for (const struct option *row = rows; row && row->name; row++)
        if (option_is_pattern(row) && fits(str_from(row->name), name))
            return row;
    return NULL;
}

static void suggest_words(struct suggestion *suggestion, const char *words)
{
    struct str rest = str_from(words), one;
    while (rest.len) {
        str_cut(rest, STR("|"), &one, &rest);
        suggest_try(suggestion, one);
    }
}

static void offer(struct cursor *in, struct diag *diag, const struct suggestion *suggestion)
{
    if (suggestion->best.len)
        diag_help(in->diags, diag, cursor_token(in)->span, suggestion->best,
                  "did you mean '" STR_FMT "'?", STR_ARG(suggestion->best));
}

bool option_unknown(struct scope *scope, struct cursor *in, const struct option *rows,
                    const char *where)
{
    (void)scope;
    const struct token *token = cursor_token(in);
    struct suggestion suggestion = suggest_for(cursor_val(in));
    for (const struct option *row = rows; row && row->name; row++) {
        const struct option *module = row->flags & OPTION_MODULE_NAME ? row->space->modules : NULL;
        for (; module && module->name; module++)
            suggest_words(&suggestion, module->name);
        if (!option_is_pattern(row))
            suggest_words(&suggestion, row->name);
    }
    struct diag *diag =
        diag_token(in->diags, DIAG_INVALID_OPTION, token, "unknown option '" STR_FMT "'%s%s",
                   STR_ARG(cursor_val(in)), where ? " of " : "", where ? where : "");
    offer(in, diag, &suggestion);
    return false;
}

static bool arity_error(struct cursor *in, const struct token *name, const struct option *row,
                        size_t n)
{
    struct diag *diag =
        diag_token(in->diags, DIAG_WRONG_ARGUMENTS, name, "'" STR_FMT "' %s", STR_ARG(name->text),
                   row->max_args == 0          ? "takes no argument"
                   : n < (size_t)row->min_args ? "needs more arguments"
                                               : "has too many arguments");
    if (row->arguments)
        diag_note(in->diags, diag, "usage: " STR_FMT " %s", STR_ARG(name->text), row->arguments);
    return false;
}

static bool bad_word(struct cursor *in, const struct option *row, const struct token *word)
{
    struct suggestion suggestion = suggest_for(word->text);
    suggest_words(&suggestion, row->values);
    struct diag *diag =
        diag_token(in->diags, DIAG_BAD_VALUE, word, "'" STR_FMT "' is not one of %s",
                   STR_ARG(word->text), row->values);
    offer(in, diag, &suggestion);
    return false;
}

/* The object that holds the last step of a dotted key; *key becomes that step. */
static json_t *descend(struct scope *scope, json_t *object, const char **key,
                       const struct token *origin)
{
    struct str rest = str_from(*key), step;
    while (str_index(rest, '.') >= 0) {
        str_cut(rest, STR("."), &step, &rest);
        object =
            document_object_at(scope->document, object, str_dup(scope->arena, step).ptr, origin);
    }
    *key = rest.ptr; /* the tail of a C string */
    return object;
}

/* Reports that the current token is not <what>. */
static bool refuse(struct cursor *in, const char *what, enum parse_result why)
{
    return cursor_error(in, DIAG_BAD_VALUE, "'" STR_FMT "' is not %s: %s", STR_ARG(cursor_val(in)),
                        what, parse_result_text(why));
}

/* The current token as a value of the row's type; NULL after a diagnostic. */
static json_t *read_value(struct scope *scope, struct cursor *in, const struct option *row)
{
    const struct token *token = cursor_token(in);
    int64_t integer;
    double real;
    switch (row->type) {
    case VALUE_STRING:
    case VALUE_STRINGS:
        if (row->values && !is_one_of(row->values, token->text)) {
            bad_word(in, row, token);
            return NULL;
        }
        return document_string(scope->document, token->text, token);
    case VALUE_INTEGER:
        return read_integer(in, &integer) ? document_integer(scope->document, integer, token)
                                          : NULL;
    case VALUE_FLOAT:
        if (!read_float(in, &real))
            return NULL;
        if (!isfinite(real))
            refuse(in, "a number", PARSE_RANGE);
        return document_real(scope->document, real, token);
    case VALUE_DURATION:
        return read_duration(in, &integer) ? document_integer(scope->document, integer, token)
                                           : NULL;
    case VALUE_SIZE:
        return read_size(in, &integer) ? document_integer(scope->document, integer, token) : NULL;
    case VALUE_NONE:
    case VALUE_TRUE:
    case VALUE_BLOCK:
        break;
    }
    return NULL;
}

/* Whether Caddy takes the option where it stands, or at all. */
static bool is_legal(struct scope *scope, struct cursor *in, const struct option *row)
{
    bool is_global = !scope->directive;
    if (row->flags & OPTION_REFUSED)
        return cursor_error(in, DIAG_INVALID_OPTION, "Caddy cannot read '%s'; take it out",
                            row->name);
    if (row->flags & (is_global ? OPTION_SITE_ONLY : OPTION_GLOBAL_ONLY))
        return cursor_error(in, DIAG_NOT_ALLOWED_HERE, "'%s' belongs to %s", row->name,
                            is_global ? "sites, not to the global options"
                                      : "the global options, not to sites");
    return true;
}

static bool apply(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    const struct token *name = cursor_token(in);
    if (row->deprecated)
        diag_token(in->diags, row->deprecated_as ? row->deprecated_as : DIAG_DEPRECATED, name,
                   "'" STR_FMT "' is deprecated: write %s", STR_ARG(name->text), row->deprecated);
    if (!is_legal(scope, in, row))
        return false;
    if (row->parse)
        return row->parse(scope, in, row, object, state);
    size_t n = cursor_count_remaining(in);
    if (n < (size_t)row->min_args || (row->max_args >= 0 && n > (size_t)row->max_args))
        return arity_error(in, name, row, n);
    const char *key = row->key;
    if (key)
        object = descend(scope, object, &key, name);
    if (row->type == VALUE_TRUE)
        document_set_at(scope->document, object, key, document_bool(true), name);
    for (; n; n--) {
        cursor_next_arg(in);
        if (!key || row->type == VALUE_NONE || row->type == VALUE_TRUE || row->type == VALUE_BLOCK)
            continue;
        json_t *value = read_value(scope, in, row);
        if (!value)
            return false;
        if (row->type == VALUE_STRINGS)
            document_add(scope->document, document_array_at(scope->document, object, key, name),
                         value);
        else
            document_set(scope->document, object, key, value);
    }
    if (row->type == VALUE_BLOCK)
        return options_parse(scope, in, row->block,
                             key ? document_object_at(scope->document, object, key, name) : object,
                             state);
    return true;
}

bool option_apply(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    struct row_path path = {.kind = ROW_OPTION, .name = row->name, .since = row->since};
    row_enter(scope->adapter, &path, in);
    bool ok = apply(scope, in, row, object, state);
    row_leave(scope->adapter);
    return ok;
}

/* One block while it is read. */
struct block {
    const struct option *rows;
    json_t *object;
    void *state;
    VEC(const struct option *) once; /* those seen that may stand here only once */
};

static bool is_repeated(struct scope *scope, struct block *block, const struct option *row)
{
    if (!(row->flags & OPTION_ONCE))
        return false;
    for (size_t i = 0; i < block->once.n; i++)
        if (block->once.at[i] == row)
            return true;
    vec_push(scope->arena, &block->once, row);
    return false;
}

static bool read_option(struct scope *scope, struct cursor *in, struct block *block)
{
    const struct option *row = option_find(block->rows, cursor_val(in));
    if (!row)
        return option_unknown(scope, in, block->rows,
                              scope->directive ? scope->directive->name : NULL);
    if (is_repeated(scope, block, row))
        return cursor_error(in, DIAG_DUPLICATE, "'" STR_FMT "' stands here twice",
                            STR_ARG(cursor_val(in)));
    return option_apply(scope, in, row, block->object, block->state);
}

bool options_parse(struct scope *scope, struct cursor *in, const struct option *rows,
                   json_t *object, void *state)
{
    struct block block = {.rows = rows, .object = object, .state = state};
    bool ok = true;
    int nesting = in->nesting;
    if (!adapter_enter(scope->adapter, cursor_token(in)))
        return false;
    while (cursor_next_block(in, nesting)) {
        struct cursor before = *in;
        struct trial trial = trial_begin(scope, object);
        if (read_option(scope, in, &block))
            continue;
        /* Skip the whole of the bad one, so that the others are read as what they are. */
        ok = trial_undo(scope, &trial) && ok;
        *in = before;
        cursor_segment_tokens(in);
    }
    adapter_leave(scope->adapter);
    return ok;
}

bool read_integer(struct cursor *in, int64_t *value)
{
    enum parse_result result = parse_go_int(cursor_val(in), value);
    return result == PARSE_OK || refuse(in, "an integer", result);
}

bool read_float(struct cursor *in, double *value)
{
    enum parse_result result = parse_go_float(cursor_val(in), value);
    return result == PARSE_OK || refuse(in, "a number", result);
}

bool read_duration(struct cursor *in, int64_t *nanoseconds)
{
    enum parse_result result = parse_duration(cursor_val(in), nanoseconds);
    return result == PARSE_OK || refuse(in, "a duration", result);
}

bool read_size(struct cursor *in, int64_t *bytes)
{
    uint64_t size;
    enum parse_result result = parse_size(cursor_val(in), &size);
    if (result != PARSE_OK)
        return refuse(in, "a size", result);
    if (size > INT64_MAX)
        diag_token(in->diags, DIAG_ODD_VALUE, cursor_token(in),
                   "Caddy makes a negative number of so large a size");
    *bytes = (int64_t)size;
    return true;
}
