/* Changes to header fields: Caddy's four maps → operations in the order it makes them. */
#include "native/lower_private.h"
#include "syntax/placeholder.h"

struct ops_json {
    const json_t *add, *set, *remove, *replace;
};

typedef VEC(struct dt_header_op) op_list;

static struct dt_header_op nameless_op(enum dt_header_op_kind kind)
{
    return (struct dt_header_op){.kind = kind,
                                 .name = DT_NONE,
                                 .name_template = DT_NONE,
                                 .value = DT_NONE,
                                 .search = DT_NONE,
                                 .regexp = DT_NONE};
}

static struct dt_header_op op_on(struct lowering *lo, enum dt_header_op_kind kind, struct str name,
                                 enum template_mode mode)
{
    struct dt_header_op op = nameless_op(kind);
    uint32_t template = template_of(lo, name, mode);
    if (template_is_constant(lo, template, &name))
        op.name = builder_header(lo, str_dup(lo->arena, name));
    else
        op.name_template = template;
    return op;
}

static const json_t *checked_object(struct lowering *lo, const json_t *object)
{
    if (!object || json_is_object(object))
        return object;
    reject_at(lo, object, "header fields must be an object");
    return NULL;
}

/* A constant value with line breaks would end the field, and with it perhaps the head. */
static uint32_t value_template(struct lowering *lo, struct str text, enum template_mode mode)
{
    uint32_t template = template_of(lo, text, mode);
    struct str constant;
    if (template_is_constant(lo, template, &constant) &&
        (str_index(constant, '\n') >= 0 || str_index(constant, '\r') >= 0))
        reject(lo, "a header's value cannot hold line breaks");
    return template;
}

static void add_values(struct lowering *lo, const json_t *fields, enum template_mode mode,
                       op_list *ops)
{
    const json_t *walked = checked_object(lo, fields);
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *values = json_object_iter_value(i);
        const struct token *before = enter(lo, values);
        for (size_t v = 0; v < elements(lo, values, "header values"); v++) {
            struct dt_header_op op = op_on(lo, DT_HEADER_ADD, name, mode);
            op.value = value_template(lo, json_str(json_array_get(values, v)), mode);
            vec_push(lo->arena, ops, op);
        }
        leave(lo, before);
    }
}

/* The first value replaces, more are added; none at all removes the field. */
static void set_each(struct lowering *lo, struct str name, const json_t *values,
                     enum template_mode mode, op_list *ops)
{
    size_t n = elements(lo, values, "header values");
    for (size_t v = 0; v < n; v++) {
        struct dt_header_op op = op_on(lo, v ? DT_HEADER_ADD : DT_HEADER_SET, name, mode);
        op.value = value_template(lo, json_str(json_array_get(values, v)), mode);
        vec_push(lo->arena, ops, op);
    }
    if (n == 0)
        vec_push(lo->arena, ops, op_on(lo, DT_HEADER_DELETE, name, mode));
}

struct dt_range lower_header_fields(struct lowering *lo, const json_t *fields,
                                    enum template_mode mode)
{
    op_list ops = {0};
    const json_t *walked = checked_object(lo, fields);
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *values = json_object_iter_value(i);
        const struct token *before = enter(lo, values);
        set_each(lo, name, values, mode, &ops);
        leave(lo, before);
    }
    struct dt_range range = {reserve_header_ops(lo, (uint32_t)ops.n), (uint32_t)ops.n};
    if (ops.n)
        memcpy(lo->header_ops.at + range.first, ops.at, ops.n * sizeof(*ops.at));
    return range;
}

static void check_set_once(struct lowering *lo, const op_list *ops, size_t first, uint32_t name)
{
    for (size_t i = first; i < ops->n && name != DT_NONE; i++) {
        if (ops->at[i].name == name)
            reject(lo, "a header is set twice under names that differ only in case");
    }
}

/* Several values are joined by commas, but cookies cannot be. */
static void set_values(struct lowering *lo, const json_t *fields, op_list *ops)
{
    const json_t *walked = checked_object(lo, fields);
    size_t first = ops->n;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *values = json_object_iter_value(i);
        const struct token *before = enter(lo, values);
        struct dt_header_op op = op_on(lo, DT_HEADER_SET, name, UNKNOWN_IS_KEPT);
        size_t n = elements(lo, values, "header values");
        check_set_once(lo, ops, first, op.name);
        if (n > 1 && str_is(canonical_header(lo->arena, name), "Set-Cookie")) {
            set_each(lo, name, values, UNKNOWN_IS_KEPT, ops);
        } else {
            struct strbuf joined = strbuf_in(lo->arena);
            for (size_t v = 0; v < n; v++) {
                if (v)
                    strbuf_add_char(&joined, ',');
                strbuf_add(&joined, json_str(json_array_get(values, v)));
            }
            op.value = value_template(lo, strbuf_str(&joined), UNKNOWN_IS_KEPT);
            vec_push(lo->arena, ops, op);
        }
        leave(lo, before);
    }
}

static void delete_all(struct lowering *lo, const json_t *names, op_list *ops)
{
    for (size_t i = 0; i < elements(lo, names, "header names"); i++) {
        struct str name = json_str(json_array_get(names, i));
        if (str_is(name, "*"))
            vec_push(lo->arena, ops, nameless_op(DT_HEADER_DELETE_ALL));
        else if (has_placeholder(name))
            vec_push(lo->arena, ops, op_on(lo, DT_HEADER_DELETE_ALL, name, UNKNOWN_IS_KEPT));
    }
}

static void delete_some(struct lowering *lo, const json_t *names, op_list *ops)
{
    for (size_t i = 0; i < elements(lo, names, "header names"); i++) {
        struct str name = json_str(json_array_get(names, i));
        bool stars_first = name.len && name.ptr[0] == '*';
        bool stars_last = name.len && name.ptr[name.len - 1] == '*';
        if (str_is(name, "*"))
            continue;
        if ((!stars_first && !stars_last) || has_placeholder(name)) {
            vec_push(lo->arena, ops, op_on(lo, DT_HEADER_DELETE, name, UNKNOWN_IS_KEPT));
            continue;
        }
        struct dt_header_op op = nameless_op(stars_first && stars_last ? DT_HEADER_DELETE_CONTAINS
                                             : stars_first             ? DT_HEADER_DELETE_SUFFIX
                                                                       : DT_HEADER_DELETE_PREFIX);
        struct str text = str_slice(name, stars_first, name.len - stars_last);
        op.text = intern(lo, str_lower(lo->arena, text));
        vec_push(lo->arena, ops, op);
    }
}

static void replace_in(struct lowering *lo, struct str name, const json_t *replacement,
                       op_list *ops)
{
    struct replacement_json {
        struct str search, pattern, replace;
    } in = {0};
    static const struct field fields[] = {
        {"search", FIELD_STR, offsetof(struct replacement_json, search)},
        {"search_regexp", FIELD_STR, offsetof(struct replacement_json, pattern)},
        {"replace", FIELD_STR, offsetof(struct replacement_json, replace)},
        {0},
    };
    read_object(lo, replacement, "a header replacement", fields, &in);
    struct dt_header_op op = nameless_op(DT_HEADER_REPLACE_ALL);
    if (!str_is(name, "*"))
        op = op_on(lo, DT_HEADER_REPLACE, name, UNKNOWN_IS_KEPT);
    if (in.pattern.len)
        op.regexp = late_regexp_of(lo, replacement, in.pattern);
    else
        op.search = template_of(lo, in.search, UNKNOWN_IS_KEPT);
    op.value = value_template(lo, in.replace, UNKNOWN_IS_KEPT);
    vec_push(lo->arena, ops, op);
}

static void replace_values(struct lowering *lo, const json_t *fields, op_list *ops)
{
    const json_t *walked = checked_object(lo, fields);
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *list = json_object_iter_value(i);
        const struct token *before = enter(lo, list);
        for (size_t r = 0; r < elements(lo, list, "header replacements"); r++)
            replace_in(lo, name, json_array_get(list, r), ops);
        leave(lo, before);
    }
}

/* <head> comes first; NULL: nothing does. */
static struct dt_range lower_ops(struct lowering *lo, const struct ops_json *in,
                                 const struct dt_header_op *head)
{
    op_list ops = {0};
    if (head)
        vec_push(lo->arena, &ops, *head);
    delete_all(lo, in->remove, &ops);
    add_values(lo, in->add, UNKNOWN_IS_KEPT, &ops);
    set_values(lo, in->set, &ops);
    delete_some(lo, in->remove, &ops);
    replace_values(lo, in->replace, &ops);
    struct dt_range range = {reserve_header_ops(lo, (uint32_t)ops.n), (uint32_t)ops.n};
    if (ops.n)
        memcpy(lo->header_ops.at + range.first, ops.at, ops.n * sizeof(*ops.at));
    return range;
}

uint32_t lower_header_edit(struct lowering *lo, const json_t *edit, const struct dt_header_op *head)
{
    struct edit_json {
        const json_t *request, *response;
    } in = {0};
    static const struct field edit_fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"request", FIELD_JSON, offsetof(struct edit_json, request)},
        {"response", FIELD_JSON, offsetof(struct edit_json, response)},
        {0},
    };
    struct side_json {
        struct ops_json ops;
        const json_t *require;
        uint32_t is_deferred;
    } request = {0}, response = {0};
    static const struct field request_fields[] = {
        {"add", FIELD_JSON, offsetof(struct side_json, ops.add)},
        {"set", FIELD_JSON, offsetof(struct side_json, ops.set)},
        {"delete", FIELD_JSON, offsetof(struct side_json, ops.remove)},
        {"replace", FIELD_JSON, offsetof(struct side_json, ops.replace)},
        {0},
    };
    static const struct field response_fields[] = {
        {"add", FIELD_JSON, offsetof(struct side_json, ops.add)},
        {"set", FIELD_JSON, offsetof(struct side_json, ops.set)},
        {"delete", FIELD_JSON, offsetof(struct side_json, ops.remove)},
        {"replace", FIELD_JSON, offsetof(struct side_json, ops.replace)},
        {"require", FIELD_JSON, offsetof(struct side_json, require)},
        {"deferred", FIELD_FLAG32, offsetof(struct side_json, is_deferred)},
        {0},
    };
    read_object(lo, edit, "a headers handler", edit_fields, &in);
    read_object(lo, in.request, "changes to a request", request_fields, &request);
    read_object(lo, in.response, "changes to a response", response_fields, &response);
    struct dt_header_edit row = {.request = lower_ops(lo, &request.ops, head)};
    row.response = lower_ops(lo, &response.ops, NULL);
    row.require = lower_response_matcher(lo, response.require);
    row.is_deferred = response.is_deferred || row.require != DT_NONE;
    return push_header_edits(lo, row);
}
