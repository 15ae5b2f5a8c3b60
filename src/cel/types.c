/* Types of expressions, and which can stand for which: cel-go's unification. */
#include "cel/cel_private.h"

static const struct cel_type plain[N_CEL_TYPE_KINDS] = {
    [CEL_TYPE_ERROR] = {.kind = CEL_TYPE_ERROR},
    [CEL_TYPE_DYN] = {.kind = CEL_TYPE_DYN},
    [CEL_TYPE_ANY] = {.kind = CEL_TYPE_ANY},
    [CEL_TYPE_NULL] = {.kind = CEL_TYPE_NULL},
    [CEL_TYPE_BOOL] = {.kind = CEL_TYPE_BOOL},
    [CEL_TYPE_INT] = {.kind = CEL_TYPE_INT},
    [CEL_TYPE_UINT] = {.kind = CEL_TYPE_UINT},
    [CEL_TYPE_DOUBLE] = {.kind = CEL_TYPE_DOUBLE},
    [CEL_TYPE_STRING] = {.kind = CEL_TYPE_STRING},
    [CEL_TYPE_BYTES] = {.kind = CEL_TYPE_BYTES},
    [CEL_TYPE_DURATION] = {.kind = CEL_TYPE_DURATION},
    [CEL_TYPE_TIMESTAMP] = {.kind = CEL_TYPE_TIMESTAMP},
    [CEL_TYPE_REQUEST] = {.kind = CEL_TYPE_REQUEST},
    [CEL_TYPE_TYPE] = {.kind = CEL_TYPE_TYPE},
};

const struct cel_type *cel_type_plain(enum cel_type_kind kind)
{
    return &plain[kind];
}

static const struct cel_type *make(struct cel_types *types, struct cel_type type)
{
    struct cel_type *made = arena_new(types->arena, struct cel_type);
    *made = type;
    return made;
}

const struct cel_type *cel_type_list(struct cel_types *types, const struct cel_type *of)
{
    return make(types, (struct cel_type){.kind = CEL_TYPE_LIST, .of = {of}});
}

const struct cel_type *cel_type_map(struct cel_types *types, const struct cel_type *key,
                                    const struct cel_type *value)
{
    return make(types, (struct cel_type){.kind = CEL_TYPE_MAP, .of = {key, value}});
}

const struct cel_type *cel_type_type(struct cel_types *types, const struct cel_type *of)
{
    return make(types, (struct cel_type){.kind = CEL_TYPE_TYPE, .of = {of}});
}

const struct cel_type *cel_type_variable(struct cel_types *types)
{
    unsigned number = (unsigned)types->known.n;
    vec_push(types->arena, &types->known, NULL);
    return make(types, (struct cel_type){.kind = CEL_TYPE_VARIABLE, .number = number});
}

bool cel_type_same(const struct cel_type *a, const struct cel_type *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->number != b->number)
        return false;
    return cel_type_same(a->of[0], b->of[0]) && cel_type_same(a->of[1], b->of[1]);
}

bool cel_type_is_dyn(const struct cel_type *type)
{
    return type->kind == CEL_TYPE_DYN || type->kind == CEL_TYPE_ANY;
}

static bool is_loose(const struct cel_type *type)
{
    return cel_type_is_dyn(type) || type->kind == CEL_TYPE_ERROR;
}

/* Whether <a> says as much as <b> or less. */
static bool is_as_general(const struct cel_type *a, const struct cel_type *b)
{
    if (cel_type_is_dyn(a) || a->kind == CEL_TYPE_VARIABLE)
        return true;
    if (cel_type_is_dyn(b) || b->kind == CEL_TYPE_VARIABLE || a->kind != b->kind)
        return false;
    if (a->kind == CEL_TYPE_LIST)
        return is_as_general(a->of[0], b->of[0]);
    if (a->kind == CEL_TYPE_MAP)
        return is_as_general(a->of[0], b->of[0]) && is_as_general(a->of[1], b->of[1]);
    return true;
}

const struct cel_type *cel_type_join(const struct cel_type *a, const struct cel_type *b)
{
    return is_as_general(a, b) ? a : b;
}

/* Whether the variable is no part of <within>, so that it may stand for it. */
static bool is_apart(const struct cel_types *types, const struct cel_type *variable,
                     const struct cel_type *within)
{
    if (cel_type_same(variable, within))
        return false;
    switch (within->kind) {
    case CEL_TYPE_VARIABLE:
        return !types->known.at[within->number] ||
               is_apart(types, variable, types->known.at[within->number]);
    case CEL_TYPE_LIST:
        return is_apart(types, variable, within->of[0]);
    case CEL_TYPE_MAP:
        return is_apart(types, variable, within->of[0]) && is_apart(types, variable, within->of[1]);
    case CEL_TYPE_TYPE:
        return !within->of[0] || is_apart(types, variable, within->of[0]);
    case CEL_TYPE_ERROR:
    case CEL_TYPE_DYN:
    case CEL_TYPE_ANY:
    case CEL_TYPE_NULL:
    case CEL_TYPE_BOOL:
    case CEL_TYPE_INT:
    case CEL_TYPE_UINT:
    case CEL_TYPE_DOUBLE:
    case CEL_TYPE_STRING:
    case CEL_TYPE_BYTES:
    case CEL_TYPE_DURATION:
    case CEL_TYPE_TIMESTAMP:
    case CEL_TYPE_REQUEST:
    case N_CEL_TYPE_KINDS:
        break;
    }
    return true;
}

static bool fits(struct cel_types *types, const struct cel_type *a, const struct cel_type *b);

/* Whether the variable can stand for <type>; <*was_known>: something was known of it before. */
static bool can_stand(struct cel_types *types, const struct cel_type *type,
                      const struct cel_type *variable, bool *was_known)
{
    const struct cel_type *known = types->known.at[variable->number];
    *was_known = true;
    if (cel_type_same(type, variable))
        return true;
    if (known) {
        if (cel_type_same(type, known))
            return true;
        if (!fits(types, type, known))
            return false;
        const struct cel_type *joined = cel_type_join(type, known);
        if (is_apart(types, variable, joined))
            types->known.at[variable->number] = joined;
        return true;
    }
    *was_known = false;
    if (!is_apart(types, variable, type))
        return false;
    types->known.at[variable->number] = type;
    return true;
}

static bool can_be_null(const struct cel_type *type)
{
    return type->kind == CEL_TYPE_NULL || type->kind == CEL_TYPE_REQUEST ||
           type->kind == CEL_TYPE_DURATION || type->kind == CEL_TYPE_TIMESTAMP;
}

static bool fits(struct cel_types *types, const struct cel_type *a, const struct cel_type *b)
{
    bool was_known;
    if (b->kind == CEL_TYPE_VARIABLE) {
        if (can_stand(types, a, b, &was_known))
            return true;
        if (was_known)
            return false;
    }
    if (a->kind == CEL_TYPE_VARIABLE)
        return can_stand(types, b, a, &was_known);
    if (is_loose(a) || is_loose(b))
        return true;
    if (a->kind == CEL_TYPE_NULL || b->kind == CEL_TYPE_NULL)
        return can_be_null(a->kind == CEL_TYPE_NULL ? b : a);
    if (a->kind != b->kind)
        return false;
    if (a->kind == CEL_TYPE_LIST)
        return fits(types, a->of[0], b->of[0]);
    if (a->kind == CEL_TYPE_MAP)
        return fits(types, a->of[0], b->of[0]) && fits(types, a->of[1], b->of[1]);
    return true;
}

bool cel_types_fit(struct cel_types *types, const struct cel_type *const *from,
                   const struct cel_type *const *to, size_t n)
{
    size_t n_known = types->known.n, size = n_known * sizeof(*types->known.at);
    const struct cel_type **before = arena_alloc(types->arena, size);
    if (size)
        memcpy(before, types->known.at, size);
    for (size_t i = 0; i < n; i++) {
        if (fits(types, from[i], to[i]))
            continue;
        if (size)
            memcpy(types->known.at, before, size);
        return false;
    }
    return true;
}

const struct cel_type *cel_type_resolve(struct cel_types *types, const struct cel_type *type,
                                        bool to_dyn)
{
    if (!type)
        return NULL;
    if (type->kind == CEL_TYPE_VARIABLE) {
        const struct cel_type *known = types->known.at[type->number];
        return known    ? cel_type_resolve(types, known, to_dyn)
               : to_dyn ? cel_type_plain(CEL_TYPE_DYN)
                        : type;
    }
    if (type->kind != CEL_TYPE_LIST && type->kind != CEL_TYPE_MAP && type->kind != CEL_TYPE_TYPE)
        return type;
    const struct cel_type *first = cel_type_resolve(types, type->of[0], to_dyn);
    const struct cel_type *second = cel_type_resolve(types, type->of[1], to_dyn);
    if (first == type->of[0] && second == type->of[1])
        return type;
    return make(types, (struct cel_type){.kind = type->kind, .of = {first, second}});
}

static void add_text(struct strbuf *out, const struct cel_type *type)
{
    static const char *const names[N_CEL_TYPE_KINDS] = {
        [CEL_TYPE_ERROR] = "something wrong",
        [CEL_TYPE_DYN] = "dyn",
        [CEL_TYPE_ANY] = "a placeholder",
        [CEL_TYPE_NULL] = "null",
        [CEL_TYPE_BOOL] = "bool",
        [CEL_TYPE_INT] = "int",
        [CEL_TYPE_UINT] = "uint",
        [CEL_TYPE_DOUBLE] = "double",
        [CEL_TYPE_STRING] = "string",
        [CEL_TYPE_BYTES] = "bytes",
        [CEL_TYPE_DURATION] = "duration",
        [CEL_TYPE_TIMESTAMP] = "timestamp",
        [CEL_TYPE_REQUEST] = "the request",
        [CEL_TYPE_LIST] = "list",
        [CEL_TYPE_MAP] = "map",
        [CEL_TYPE_TYPE] = "type",
        [CEL_TYPE_VARIABLE] = "dyn",
    };
    strbuf_puts(out, names[type->kind]);
    if (!type->of[0])
        return;
    strbuf_add_char(out, '(');
    add_text(out, type->of[0]);
    if (type->of[1]) {
        strbuf_puts(out, ", ");
        add_text(out, type->of[1]);
    }
    strbuf_add_char(out, ')');
}

struct str cel_type_text(struct arena *arena, const struct cel_type *type)
{
    struct strbuf out = strbuf_in(arena);
    add_text(&out, type);
    return strbuf_finish(&out);
}
