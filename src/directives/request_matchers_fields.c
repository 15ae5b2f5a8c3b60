/* Conditions on named things: query keys, header fields, variables; and regular expressions. */
#include "directives/header_ops.h"
#include "directives/request_matchers_private.h"
#include "directives/values.h"

/* A list under <key> of an object whose other keys are texts: key → [value...]. */
static void add_value(struct scope *scope, json_t *object, struct str key, json_t *value,
                      const struct token *origin)
{
    json_t *values = json_object_find(object, key.ptr, key.len);
    if (!json_is_array(values)) {
        values = document_array(scope->document, origin);
        document_set_str(scope->document, object, key, values, origin);
    }
    document_add(scope->document, values, value);
}

json_t *matcher_query(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *query = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        struct token_list words = cursor_remaining(in);
        for (size_t i = 0; i < words.n; i++) {
            const struct token *word = words.at[i];
            struct str key, value;
            if (word->text.len == 0)
                continue;
            if (!str_cut(word->text, STR("="), &key, &value)) {
                value_refuse(in, word, "a condition on the query: write <key>=<value>");
                return NULL;
            }
            add_value(scope, query, key, document_string(scope->document, value, word), word);
        }
        if (!matcher_refuse_block(in, "query"))
            return NULL;
    }
    return document_sorted(scope->document, query);
}

/* "<field> <value>" or "!<field>", the current token being the field. */
static bool read_header(struct scope *scope, struct cursor *in, json_t *headers)
{
    const struct token *field = cursor_token(in);
    struct str name = field->text;
    if (str_has_prefix(name, STR("!"))) {
        name = str_slice(name, 1, name.len);
        if (name.len == 0)
            return cursor_error(in, DIAG_WRONG_ARGUMENTS, "a field name must follow '!'");
        document_set_str(scope->document, headers, name, document_null(), field);
        return !cursor_next_arg(in) ||
               cursor_error(in, DIAG_WRONG_ARGUMENTS,
                            "'!' asks for a field to be absent: no value can follow");
    }
    if (!cursor_next_arg(in))
        return cursor_error(in, DIAG_WRONG_ARGUMENTS, "a value must follow the field");
    add_value(scope, headers, header_canonical_name(scope->arena, name),
              value_string(scope, cursor_token(in)), field);
    return true;
}

json_t *matcher_header(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *headers = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    /* What is left on a line is read as another line, whose first word is passed over: so Caddy. */
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'header' needs a field");
            return NULL;
        }
        if (!read_header(scope, in, headers) || !matcher_refuse_block(in, "header"))
            return NULL;
    }
    return document_sorted(scope->document, headers);
}

static json_t *new_regexp(struct scope *scope, const struct token *name, struct str fallback,
                          const struct token *pattern)
{
    json_t *regexp = document_object(scope->document, pattern);
    json_t *given = name && name->text.len ? value_string(scope, name)
                                           : document_string(scope->document, fallback, pattern);
    value_set(scope, regexp, "name", given, pattern);
    document_set(scope->document, regexp, "pattern", value_string(scope, pattern));
    return regexp;
}

/* "[<name>] <field> <pattern>" lines of header_regexp and vars_regexp. */
static json_t *parse_regexps(struct scope *scope, struct cursor *in, struct str name,
                             const char *kind, bool fields_repeat)
{
    json_t *regexps = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        const struct token *words[3] = {0};
        size_t n = 0;
        while (n < 3 && cursor_next_arg(in))
            words[n++] = cursor_token(in);
        if (n < 2) {
            cursor_arg_error(in,
                             str_printf(scope->arena, "%s [<name>] <field> <pattern>", kind).ptr);
            return NULL;
        }
        const struct token *field = words[n - 2];
        if (!fields_repeat && json_object_find(regexps, field->text.ptr, field->text.len)) {
            cursor_error_at(in, DIAG_DUPLICATE, field, "field '" STR_FMT "' has a pattern already",
                            STR_ARG(field->text));
            return NULL;
        }
        document_set_str(scope->document, regexps, field->text,
                         new_regexp(scope, n == 3 ? words[0] : NULL, name, words[n - 1]), field);
        if (!matcher_refuse_block(in, kind))
            return NULL;
    }
    return document_sorted(scope->document, regexps);
}

json_t *matcher_header_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    return parse_regexps(scope, in, name, "header_regexp", false);
}

json_t *matcher_vars_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    return parse_regexps(scope, in, name, "vars_regexp", true);
}

json_t *matcher_path_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    json_t *regexp = NULL;
    const struct token *before = NULL;
    struct str fallback = name;
    while (cursor_next(in)) {
        if (before && before->text.len) {
            cursor_error(in, DIAG_DUPLICATE, "a set of matchers has one 'path_regexp' only");
            return NULL;
        }
        struct token_list words = cursor_remaining(in);
        if (words.n < 1 || words.n > 2) {
            cursor_arg_error(in, "path_regexp [<name>] <pattern>");
            return NULL;
        }
        before = words.at[words.n - 1];
        /* A name outlives the line of an empty pattern. */
        if (words.n == 2)
            fallback = words.at[0]->text.len ? words.at[0]->text : name;
        regexp = new_regexp(scope, NULL, fallback, before);
        if (!matcher_refuse_block(in, "path_regexp"))
            return NULL;
    }
    return regexp;
}

json_t *matcher_vars(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *vars = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'vars' needs a variable");
            return NULL;
        }
        const struct token *variable = cursor_token(in);
        struct token_list words = cursor_remaining(in);
        if (words.n == 0) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'vars' needs a value after the variable");
            return NULL;
        }
        for (size_t i = 0; i < words.n; i++)
            add_value(scope, vars, variable->text, value_string(scope, words.at[i]), variable);
        if (!matcher_refuse_block(in, "vars"))
            return NULL;
    }
    return document_sorted(scope->document, vars);
}
