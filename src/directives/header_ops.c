/* Operations on header fields: what `header`, `request_header`, header_up and header_down share.
 * The shape of the JSON and every quirk of the prefixes is Caddy's. */
#include "directives/header_ops.h"

#include "adapt/directive.h"

struct str header_canonical_name(struct arena *arena, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_token = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
        if (!is_token)
            return name;
    }
    struct str canonical = str_lower(arena, name);
    char *letters = (char *)canonical.ptr;
    bool starts_word = true;
    for (size_t i = 0; i < canonical.len; i++) {
        if (starts_word && letters[i] >= 'a' && letters[i] <= 'z')
            letters[i] = (char)(letters[i] - 'a' + 'A');
        starts_word = letters[i] == '-';
    }
    return canonical;
}

static json_t *token_string(struct scope *scope, const struct token *token)
{
    return document_string(scope->document, token ? token->text : STR(""), token);
}

/* Overwrites: the last value given for a field wins. */
static void set_field(struct scope *scope, json_t *ops, const struct header_op *op, struct str name)
{
    struct document *document = scope->document;
    json_t *set = document_object_at(document, ops, "set", op->field);
    json_t *values = document_array(document, op->field);
    document_add(document, values, token_string(scope, op->value));
    document_set_str(document, set, header_canonical_name(scope->arena, name), values, NULL);
}

static void defer(struct scope *scope, json_t *ops, enum header_side side,
                  const struct header_op *op)
{
    if (side == HEADER_SIDE_RESPONSE)
        document_set_at(scope->document, ops, "deferred", document_bool(true), op->field);
}

json_t *header_values(struct scope *scope, json_t *fields, struct str name,
                      const struct token *origin)
{
    json_t *values = json_object_find(fields, name.ptr, name.len);
    if (!values) {
        values = document_array(scope->document, origin);
        document_set_str(scope->document, fields, name, values, NULL);
    }
    return values;
}

static void add_field(struct scope *scope, json_t *ops, const struct header_op *op, struct str name)
{
    struct document *document = scope->document;
    json_t *add = document_object_at(document, ops, "add", op->field);
    struct str canonical = header_canonical_name(scope->arena, name);
    json_t *values = header_values(scope, add, canonical, op->field);
    document_add(document, values, token_string(scope, op->value));
}

static void replace_in_field(struct scope *scope, json_t *ops, const struct header_op *op)
{
    struct document *document = scope->document;
    struct str name = op->name;
    while (name.len && name.ptr[0] && strchr("+-?>", name.ptr[0]))
        name = str_slice(name, 1, name.len);
    json_t *replace = document_object_at(document, ops, "replace", op->field);
    json_t *list = header_values(scope, replace, name, op->field);
    json_t *entry = document_object(document, op->field);
    if (op->value && op->value->text.len)
        document_set(document, entry, "search_regexp", token_string(scope, op->value));
    if (op->replacement->text.len)
        document_set(document, entry, "replace", token_string(scope, op->replacement));
    document_add(document, list, entry);
}

/* `?`: set only where the response has no such field yet. */
static void default_field(struct scope *scope, json_t *ops, const struct header_op *op,
                          struct str name)
{
    struct document *document = scope->document;
    json_t *require = document_object_at(document, ops, "require", op->field);
    json_t *headers = document_object_at(document, require, "headers", op->field);
    document_set_str(document, headers, name, document_null(), op->field);
    set_field(scope, ops, op, name);
}

bool header_op_add(struct scope *scope, struct cursor *in, json_t *ops, enum header_side side,
                   const struct header_op *op)
{
    char prefix = op->name.len ? op->name.ptr[0] : '\0';
    struct str rest = str_slice(op->name, 1, op->name.len);

    if (prefix == '+') {
        add_field(scope, ops, op, rest);
        return true;
    }
    if (prefix == '-') {
        json_t *names = document_array_at(scope->document, ops, "delete", op->field);
        document_add(scope->document, names, document_string(scope->document, rest, op->field));
        defer(scope, ops, side, op);
        return true;
    }
    if (prefix == '?') {
        if (side != HEADER_SIDE_RESPONSE) {
            cursor_error(in, DIAG_INVALID_OPTION,
                         "'" STR_FMT "': a default ('?') is only for response fields; use a "
                         "matcher to change requests conditionally",
                         STR_ARG(op->name));
            scope_label_end(scope, scope->diags->last);
            return false;
        }
        default_field(scope, ops, op, rest);
        return true;
    }
    if (op->replacement) {
        if (prefix == '>')
            defer(scope, ops, side, op);
        replace_in_field(scope, ops, op);
        return true;
    }
    set_field(scope, ops, op, prefix == '>' ? rest : op->name);
    if (prefix == '>')
        defer(scope, ops, side, op);
    return true;
}

bool header_op_read(struct scope *scope, struct cursor *in, json_t *ops, enum header_side side,
                    const char *usage)
{
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n < 1 || arguments.n > 3)
        return cursor_arg_error(in, usage);
    struct header_op op = {
        .field = arguments.at[0],
        .name = arguments.at[0]->text,
        .value = arguments.n > 1 ? arguments.at[1] : NULL,
        .replacement = arguments.n > 2 ? arguments.at[2] : NULL,
    };
    return header_op_add(scope, in, ops, side, &op);
}
