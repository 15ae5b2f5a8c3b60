/* Types: which form of a function is meant, and whether there is one. As cel-go's checker does it,
 * with one difference: behind something that is not known here nothing more is called wrong. */
#include "cel/cel_private.h"

/* Variables of the loops and bindings around, innermost first. */
struct scope {
    const struct scope *outer;
    struct str name;
    const struct cel_type *type;
};

struct checker {
    struct cel_compiler *compiler;
    struct cel_types *types;
    const struct scope *scope;
    bool compares_all_numbers; /* 1 < 2.5: cel-go lets it pass behind the first loop */
};

static const struct cel_type *check(struct checker *in, struct cel_node *node);

static const struct cel_type *error_type(void)
{
    return cel_type_plain(CEL_TYPE_ERROR);
}

static const struct cel_type *bool_type(void)
{
    return cel_type_plain(CEL_TYPE_BOOL);
}

static const struct cel_type *dyn_type(void)
{
    return cel_type_plain(CEL_TYPE_DYN);
}

static bool fits(struct checker *in, const struct cel_type *from, const struct cel_type *to)
{
    return cel_types_fit(in->types, &from, &to, 1);
}

static struct str shown(struct checker *in, const struct cel_type *type)
{
    return cel_type_text(in->compiler->arena, cel_type_resolve(in->types, type, true));
}

/* ---- names ---- */

static const struct {
    const char *name, *type_name;
    enum cel_type_kind kind;
} type_names[] = {
    {"bool", "bool", CEL_TYPE_BOOL},
    {"bytes", "bytes", CEL_TYPE_BYTES},
    {"double", "double", CEL_TYPE_DOUBLE},
    {"int", "int", CEL_TYPE_INT},
    {"list", "list", CEL_TYPE_LIST},
    {"map", "map", CEL_TYPE_MAP},
    {"null_type", "null_type", CEL_TYPE_NULL},
    {"string", "string", CEL_TYPE_STRING},
    {"type", "type", CEL_TYPE_TYPE},
    {"uint", "uint", CEL_TYPE_UINT},
    {"google.protobuf.Duration", "google.protobuf.Duration", CEL_TYPE_DURATION},
    {"google.protobuf.Timestamp", "google.protobuf.Timestamp", CEL_TYPE_TIMESTAMP},
};

static const struct scope *local(const struct checker *in, struct str name)
{
    const struct scope *scope = in->scope;
    while (scope && !str_eq(scope->name, name))
        scope = scope->outer;
    return scope;
}

/* A type's name; <node> becomes its value. */
static const struct cel_type *type_of_name(struct checker *in, struct cel_node *node,
                                           struct str name)
{
    for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++) {
        if (!str_is(name, type_names[i].name))
            continue;
        node->is_type = true;
        node->literal =
            (struct cel_value){.kind = CEL_TYPE, .text = str_from(type_names[i].type_name)};
        const struct cel_type *of = cel_type_plain(type_names[i].kind);
        if (type_names[i].kind == CEL_TYPE_LIST)
            of = cel_type_list(in->types, dyn_type());
        if (type_names[i].kind == CEL_TYPE_MAP)
            of = cel_type_map(in->types, dyn_type(), dyn_type());
        return cel_type_type(in->types, of);
    }
    return NULL;
}

static const char *hint_for_name(struct checker *in, struct str name)
{
    struct arena *arena = in->compiler->arena;
    struct str near = cel_function_suggestion(name, false);
    if (str_is(name, "http") || str_is(name, "request"))
        return "write a placeholder in braces: {path}, {method}, {header.Name}";
    if (cel_function_is_known(name) || (near.len && str_eq(near, name)))
        return str_printf(arena, "write " STR_FMT "(…) to call it", STR_ARG(name)).ptr;
    if (near.len)
        return str_printf(arena, "did you mean '" STR_FMT "'?", STR_ARG(near)).ptr;
    return str_printf(arena, "write '" STR_FMT "' for a text, {" STR_FMT "} for a placeholder",
                      STR_ARG(name), STR_ARG(name))
        .ptr;
}

static const struct cel_type *check_ident(struct checker *in, struct cel_node *node)
{
    const struct scope *scope = local(in, node->name);
    if (scope)
        return scope->type;
    struct str name = str_trim_prefix(node->name, STR("."));
    if (str_is(name, "req"))
        return cel_type_plain(CEL_TYPE_REQUEST);
    const struct cel_type *type = type_of_name(in, node, name);
    if (type)
        return type;
    cel_wrong(in->compiler, node->begin, node->end, hint_for_name(in, name),
              "nothing here is called '" STR_FMT "'", STR_ARG(name));
    return error_type();
}

/* a.b.c as one name; empty: it does not begin with one that is free. */
static struct str qualified_name(struct checker *in, const struct cel_node *node)
{
    if (node->kind == CEL_NODE_IDENT)
        return local(in, node->name) ? STR("") : str_trim_prefix(node->name, STR("."));
    if (node->kind != CEL_NODE_SELECT)
        return STR("");
    struct str before = qualified_name(in, node->target);
    return before.len ? STR_JOIN(in->compiler->arena, before, STR("."), node->name) : before;
}

/* ---- fields ---- */

static const struct cel_type *check_field(struct checker *in, struct cel_node *node)
{
    const struct cel_type *of = cel_type_resolve(in->types, check(in, node->target), false);
    switch (of->kind) {
    case CEL_TYPE_MAP:
        return of->of[1];
    case CEL_TYPE_VARIABLE:
        fits(in, dyn_type(), of);
        return dyn_type();
    case CEL_TYPE_DYN:
    case CEL_TYPE_ANY:
    case CEL_TYPE_ERROR:
        return dyn_type();
    case CEL_TYPE_REQUEST:
        cel_wrong(in->compiler, node->begin, node->end,
                  "write a placeholder in braces: {path}, {method}, {header.Name}",
                  "the request has no fields here");
        return error_type();
    case CEL_TYPE_NULL:
    case CEL_TYPE_BOOL:
    case CEL_TYPE_INT:
    case CEL_TYPE_UINT:
    case CEL_TYPE_DOUBLE:
    case CEL_TYPE_STRING:
    case CEL_TYPE_BYTES:
    case CEL_TYPE_DURATION:
    case CEL_TYPE_TIMESTAMP:
    case CEL_TYPE_LIST:
    case CEL_TYPE_TYPE:
    case N_CEL_TYPE_KINDS:
        break;
    }
    struct str text = shown(in, of);
    bool is_function = cel_function_is_known(node->name);
    const char *hint =
        is_function
            ? str_printf(in->compiler->arena, "write ." STR_FMT "()", STR_ARG(node->name)).ptr
            : NULL;
    cel_wrong(in->compiler, node->at, node->at_end, hint,
              "a value of type " STR_FMT " has no fields", STR_ARG(text));
    return dyn_type();
}

static const struct cel_type *check_select(struct checker *in, struct cel_node *node)
{
    struct str name = qualified_name(in, node);
    const struct cel_type *type = name.len ? type_of_name(in, node, name) : NULL;
    if (type)
        return type;
    if (str_has_prefix(name, STR("google."))) {
        cel_outside(in->compiler, node, "the proxy core knows no messages in expressions");
        return dyn_type();
    }
    return check_field(in, node);
}

/* ---- calls ---- */

/* "(int, string)" for messages. */
static struct str shown_arguments(struct checker *in, const struct cel_type *const *types, size_t n)
{
    struct strbuf out = strbuf_in(in->compiler->arena);
    for (size_t i = 0; i < n; i++) {
        if (i)
            strbuf_puts(&out, ", ");
        strbuf_add(&out, shown(in, types[i]));
    }
    return strbuf_str(&out);
}

static const char *sign_of(struct str name)
{
    static const char *const signs[][2] = {
        {"_==_", "=="}, {"_!=_", "!="}, {"_<_", "<"}, {"_<=_", "<="}, {"_>_", ">"},
        {"_>=_", ">="}, {"_+_", "+"},   {"_-_", "-"}, {"_*_", "*"},   {"_/_", "/"},
        {"_%_", "%"},   {"@in", "in"},  {"!_", "!"},  {"-_", "-"},    {"_[_]", "[]"},
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (str_is(name, signs[i][0]))
            return signs[i][1];
    return NULL;
}

/* What would do. */
static const char *hint_for_call(struct checker *in, const struct cel_node *call,
                                 const struct cel_type *const *types, size_t n)
{
    struct arena *arena = in->compiler->arena;
    struct strbuf out = strbuf_in(arena);
    const char *doc = NULL;
    if (sign_of(call->name)) {
        const struct cel_type *a = cel_type_resolve(in->types, types[0], true);
        const struct cel_type *b = cel_type_resolve(in->types, types[n - 1], true);
        if (n == 2 && a->kind != b->kind && a->kind <= CEL_TYPE_BYTES &&
            b->kind <= CEL_TYPE_BYTES && a->kind > CEL_TYPE_NULL && b->kind > CEL_TYPE_NULL)
            return str_printf(arena, "both must have one type: convert one, as in " STR_FMT "(…)",
                              STR_ARG(cel_type_text(arena, a)))
                .ptr;
        return NULL;
    }
    for (size_t i = 0; cel_functions[i].name; i++) {
        const struct cel_function *row = &cel_functions[i];
        if (!str_is(call->name, row->name) || (row->target != NULL) != (call->target != NULL))
            continue;
        strbuf_puts(&out, out.len ? ", " : "it is written ");
        if (row->target)
            strbuf_printf(&out, "%s.", row->target);
        strbuf_printf(&out, "%s(", row->name);
        for (size_t k = 0; k < CEL_MAX_ARGUMENTS && row->arguments[k]; k++)
            strbuf_printf(&out, "%s%s", k ? ", " : "", row->arguments[k]);
        strbuf_puts(&out, ")");
        doc = row->doc ? row->doc : doc;
    }
    if (doc)
        strbuf_printf(&out, ": %s", doc);
    return out.len ? strbuf_cstr(&out) : NULL;
}

static void report_no_form(struct checker *in, struct cel_node *call,
                           const struct cel_type *const *types, size_t n)
{
    if (in->compiler->is_outside)
        return;
    const char *sign = sign_of(call->name), *hint = hint_for_call(in, call, types, n);
    struct str arguments = shown_arguments(in, types, n), name = call->name;
    if (str_is(name, "_?_:_")) {
        cel_wrong(in->compiler, call->begin, call->end, NULL,
                  "?: needs a bool and two values of one type, not (" STR_FMT ")",
                  STR_ARG(arguments));
    } else if (sign && n == 2) {
        cel_wrong(in->compiler, call->begin, call->end, hint,
                  "'%s' does not go with " STR_FMT " and " STR_FMT, sign,
                  STR_ARG(shown(in, types[0])), STR_ARG(shown(in, types[1])));
    } else if (sign) {
        cel_wrong(in->compiler, call->begin, call->end, hint, "'%s' does not go with " STR_FMT,
                  sign, STR_ARG(arguments));
    } else if (call->target) {
        struct str rest = shown_arguments(in, types + 1, n - 1);
        cel_wrong(in->compiler, call->at, call->at_end, hint,
                  "'" STR_FMT "' cannot be called on " STR_FMT " with (" STR_FMT ")", STR_ARG(name),
                  STR_ARG(shown(in, types[0])), STR_ARG(rest));
    } else {
        cel_wrong(in->compiler, call->at, call->at_end, hint,
                  "'" STR_FMT "' cannot be called with (" STR_FMT ")", STR_ARG(name),
                  STR_ARG(arguments));
    }
}

/* && and || take any number of operands. */
static const struct cel_type *check_logic(struct checker *in, struct cel_node *call,
                                          const struct cel_type *const *types)
{
    bool is_wrong = false;
    for (size_t i = 0; i < call->items.n; i++) {
        if (fits(in, types[i], bool_type()))
            continue;
        struct str text = shown(in, types[i]);
        is_wrong = true;
        if (!in->compiler->is_outside)
            cel_wrong(in->compiler, call->items.at[i]->begin, call->items.at[i]->end,
                      "compare it: x == 1, x != ''",
                      "%s needs bools on both sides, this is " STR_FMT,
                      str_is(call->name, "_&&_") ? "&&" : "||", STR_ARG(text));
    }
    return is_wrong ? error_type() : bool_type();
}

static bool is_number(const struct cel_type *type)
{
    return type->kind == CEL_TYPE_INT || type->kind == CEL_TYPE_UINT ||
           type->kind == CEL_TYPE_DOUBLE;
}

/* Numbers of two types that are compared. */
static bool compares_numbers(struct checker *in, struct cel_node *call, struct str name,
                             const struct cel_type *const *types)
{
    static const char *const names[] = {"_<_", "_<=_", "_>_", "_>=_", NULL};
    if (!in->compares_all_numbers || !str_is_one_of(name, names) ||
        !is_number(cel_type_resolve(in->types, types[0], false)) ||
        !is_number(cel_type_resolve(in->types, types[1], false)))
        return false;
    for (call->function = cel_functions; !str_is(name, call->function->name);)
        call->function++;
    return true;
}

/* The result of the forms of <name> that fit. */
static const struct cel_type *resolve(struct checker *in, struct cel_node *call, struct str name,
                                      bool has_target, const struct cel_type *const *types,
                                      size_t n)
{
    const struct cel_type *result = NULL, *signature[CEL_MAX_ARGUMENTS + 2];
    for (size_t i = 0; cel_functions[i].name; i++) {
        const struct cel_function *row = &cel_functions[i];
        if (!str_is(name, row->name) || (row->target != NULL) != has_target)
            continue;
        if (cel_signature(in->types, row, signature) != n + 1 ||
            !cel_types_fit(in->types, types, signature + 1, n))
            continue;
        const struct cel_type *this = cel_type_resolve(in->types, signature[0], false);
        if (!result) {
            result = this;
            call->function = row;
        } else if (!cel_type_is_dyn(result) && !cel_type_same(result, this)) {
            result = dyn_type();
        }
    }
    if (result)
        return result;
    if (compares_numbers(in, call, name, types))
        return bool_type();
    report_no_form(in, call, types, n);
    return error_type();
}

static const struct cel_type *report_unknown(struct checker *in, struct cel_node *call)
{
    struct str name = str_trim_prefix(call->name, STR("."));
    struct str near = cel_function_suggestion(name, call->target != NULL);
    struct str other = cel_function_suggestion(name, call->target == NULL);
    struct arena *arena = in->compiler->arena;
    const char *hint = NULL;
    if (near.len && !str_eq(near, name))
        hint = str_printf(arena, "did you mean '" STR_FMT "'?", STR_ARG(near)).ptr;
    else if (near.len)
        hint = cel_macro_usage(arena, near);
    else if (other.len && call->target)
        hint = str_printf(arena, "write " STR_FMT "(…)", STR_ARG(other)).ptr;
    else if (other.len)
        hint = str_printf(arena, "write value." STR_FMT "(…)", STR_ARG(other)).ptr;
    cel_wrong(in->compiler, call->at, call->at_end, hint, "there is no function '" STR_FMT "'",
              STR_ARG(name));
    return error_type();
}

/* Functions that Caddy's matchers are made of can be called, but nobody does. */
static bool is_internal(struct str name)
{
    static const char *const names[] = {"client_ip_match_request_list",
                                        "file",
                                        "file_request_map",
                                        "header_matcher_request_map",
                                        "header_regexp_request_string_string",
                                        "header_regexp_request_string_string_string",
                                        "host_match_request_list",
                                        "method_request_list",
                                        "path_match_request_list",
                                        "path_regexp_request_string",
                                        "path_regexp_request_string_string",
                                        "protocol_request_string",
                                        "query_matcher_request_map",
                                        "remote_ip_match_request_list",
                                        "url_pattern_request_string",
                                        "url_pattern_request_string_string",
                                        "vars_matcher_request_map",
                                        "vars_regexp_request_string_string",
                                        "vars_regexp_request_string_string_string",
                                        NULL};
    return str_is_one_of(name, names);
}

static const struct cel_type *check_call(struct checker *in, struct cel_node *call)
{
    size_t n = call->items.n;
    const struct cel_type **types =
        arena_array(in->compiler->arena, const struct cel_type *, n + 1);
    struct str name = call->target ? call->name : str_trim_prefix(call->name, STR("."));
    for (size_t i = 0; i < n; i++)
        types[i + 1] = check(in, call->items.at[i]);
    if (str_is(name, "_&&_") || str_is(name, "_||_"))
        return check_logic(in, call, types + 1);
    if (!call->target) {
        if (!cel_function_is_known(name) && is_internal(name)) {
            cel_outside(in->compiler, call, "the proxy core knows no such function");
            return bool_type();
        }
        if (!cel_function_is_known(name))
            return report_unknown(in, call);
        call->name = name;
        return resolve(in, call, name, false, types + 1, n);
    }
    /* math.ceil is one name */
    struct str before = qualified_name(in, call->target);
    if (before.len) {
        struct str whole = STR_JOIN(in->compiler->arena, before, STR("."), name);
        if (cel_function_is_known(whole)) {
            call->name = whole;
            call->target = NULL;
            return resolve(in, call, whole, false, types + 1, n);
        }
    }
    types[0] = check(in, call->target);
    if (!cel_function_is_known(name)) {
        if (call->target->type->kind != CEL_TYPE_ERROR || !before.len)
            return report_unknown(in, call);
        return error_type();
    }
    return resolve(in, call, name, true, types, n + 1);
}

/* ---- lists, maps ---- */

static const struct cel_type *joined(struct checker *in, const struct cel_type *before,
                                     const struct cel_type *type)
{
    if (!before)
        return type;
    return fits(in, before, type) ? cel_type_join(before, type) : dyn_type();
}

static const struct cel_type *check_list(struct checker *in, struct cel_node *node)
{
    const struct cel_type *of = NULL;
    for (size_t i = 0; i < node->items.n; i++)
        of = joined(in, of, check(in, node->items.at[i]));
    return cel_type_list(in->types, of ? of : cel_type_variable(in->types));
}

static const struct cel_type *check_map(struct checker *in, struct cel_node *node)
{
    const struct cel_type *of[2] = {NULL, NULL};
    for (size_t i = 0; i < node->items.n; i++)
        of[i % 2] = joined(in, of[i % 2], check(in, node->items.at[i]));
    for (int i = 0; i < 2; i++)
        of[i] = of[i] ? of[i] : cel_type_variable(in->types);
    return cel_type_map(in->types, of[0], of[1]);
}

/* ---- loops ---- */

/* What a loop's variable is; NULL for <of>: it loops over anything. */
static const struct cel_type *check_range(struct checker *in, struct cel_node *node)
{
    const struct cel_type *range = cel_type_resolve(in->types, check(in, node->target), false);
    if (range->kind == CEL_TYPE_LIST || range->kind == CEL_TYPE_MAP)
        return range->of[0];
    if (range->kind == CEL_TYPE_DYN || range->kind == CEL_TYPE_ERROR ||
        range->kind == CEL_TYPE_VARIABLE) {
        fits(in, dyn_type(), range);
        return dyn_type();
    }
    struct str text = shown(in, range);
    cel_wrong(in->compiler, node->target->begin, node->target->end, NULL,
              "'" STR_FMT "' goes through lists and maps, this is " STR_FMT,
              STR_ARG(str_slice(in->compiler->out->text, node->at, node->at_end)), STR_ARG(text));
    return error_type();
}

static void need_bool(struct checker *in, const struct cel_node *node, const struct cel_type *type)
{
    if (fits(in, type, bool_type()) || in->compiler->is_outside)
        return;
    struct str text = shown(in, type);
    cel_wrong(in->compiler, node->begin, node->end, "compare it: x == 1, x != ''",
              "the condition must be a bool, this is " STR_FMT, STR_ARG(text));
}

static const struct cel_type *sorted_type(struct checker *in, struct cel_node *node,
                                          const struct cel_type *range, const struct cel_type *key)
{
    const struct cel_type *types[] = {range, cel_type_list(in->types, key)};
    const struct cel_type *resolved = cel_type_resolve(in->types, key, true);
    bool is_sortable = resolved->kind <= CEL_TYPE_TIMESTAMP;
    if (!is_sortable && !in->compiler->is_outside) {
        const struct cel_node *by = node->items.at[0];
        cel_wrong(in->compiler, by->begin, by->end, NULL, "'sortBy' cannot sort by " STR_FMT,
                  STR_ARG(cel_type_text(in->compiler->arena, resolved)));
        return error_type();
    }
    return resolve(in, node, STR("@sortByAssociatedKeys"), true, types, 2);
}

static const struct cel_type *check_loop(struct checker *in, struct cel_node *node)
{
    const struct cel_type *of = check_range(in, node), *last = dyn_type();
    struct scope scope = {in->scope, node->name, of};
    in->compares_all_numbers = true;
    in->scope = &scope;
    for (size_t i = 0; i < node->items.n; i++) {
        last = check(in, node->items.at[i]);
        bool is_condition =
            i + 1 < node->items.n || (node->loop != CEL_LOOP_MAP && node->loop != CEL_LOOP_SORT_BY);
        if (is_condition)
            need_bool(in, node->items.at[i], last);
    }
    in->scope = scope.outer;
    switch (node->loop) {
    case CEL_LOOP_MAP:
        return cel_type_list(in->types, cel_type_resolve(in->types, last, false));
    case CEL_LOOP_FILTER:
        return cel_type_list(in->types, cel_type_resolve(in->types, of, false));
    case CEL_LOOP_SORT_BY:
        return sorted_type(in, node, node->target->type, last);
    case CEL_LOOP_NONE:
    case CEL_LOOP_ALL:
    case CEL_LOOP_EXISTS:
    case CEL_LOOP_EXISTS_ONE:
    case N_CEL_LOOPS:
        break;
    }
    return bool_type();
}

static const struct cel_type *check_bind(struct checker *in, struct cel_node *node)
{
    struct scope scope = {in->scope, node->name, check(in, node->target)};
    in->compares_all_numbers = true;
    in->scope = &scope;
    const struct cel_type *type = check(in, node->items.at[0]);
    in->scope = scope.outer;
    return cel_type_resolve(in->types, type, false);
}

/* ---- all ---- */

static const struct cel_type *type_of_literal(struct cel_value value)
{
    switch (value.kind) {
    case CEL_NULL:
        return cel_type_plain(CEL_TYPE_NULL);
    case CEL_BOOL:
        return cel_type_plain(CEL_TYPE_BOOL);
    case CEL_INT:
        return cel_type_plain(CEL_TYPE_INT);
    case CEL_UINT:
        return cel_type_plain(CEL_TYPE_UINT);
    case CEL_DOUBLE:
        return cel_type_plain(CEL_TYPE_DOUBLE);
    case CEL_STRING:
        return cel_type_plain(CEL_TYPE_STRING);
    case CEL_BYTES:
        return cel_type_plain(CEL_TYPE_BYTES);
    case CEL_ERROR:
    case CEL_LIST:
    case CEL_MAP:
    case CEL_DURATION:
    case CEL_TIMESTAMP:
    case CEL_TYPE:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        break;
    }
    return error_type();
}

static const struct cel_type *type_of_node(struct checker *in, struct cel_node *node)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        return type_of_literal(node->literal);
    case CEL_NODE_IDENT:
        return check_ident(in, node);
    case CEL_NODE_SELECT:
        return check_select(in, node);
    case CEL_NODE_HAS:
        check_field(in, node);
        return bool_type();
    case CEL_NODE_CALL:
        return check_call(in, node);
    case CEL_NODE_LIST:
        return check_list(in, node);
    case CEL_NODE_MAP:
        return check_map(in, node);
    case CEL_NODE_MESSAGE:
        cel_outside(in->compiler, node, "the proxy core knows no messages in expressions");
        return dyn_type();
    case CEL_NODE_LOOP:
        return check_loop(in, node);
    case CEL_NODE_BIND:
        return check_bind(in, node);
    case CEL_NODE_MATCHER:
        for (size_t i = 0; i < node->items.n; i++)
            check(in, node->items.at[i]);
        return bool_type();
    case CEL_NODE_BROKEN:
    case N_CEL_NODE_KINDS:
        break;
    }
    return error_type();
}

static const struct cel_type *check(struct checker *in, struct cel_node *node)
{
    node->is_folded = false; /* the parser's use of it ends here */
    node->type = type_of_node(in, node);
    return node->type;
}

void cel_check(struct cel_compiler *compiler, struct cel_node *root)
{
    struct checker in = {.compiler = compiler, .types = &compiler->types};
    const struct cel_type *type = cel_type_resolve(&compiler->types, check(&in, root), true);
    if (compiler->out->n_wrong || compiler->is_outside || type->kind == CEL_TYPE_BOOL)
        return;
    struct str text = cel_type_text(compiler->arena, type);
    bool is_placeholder = cel_type_is_dyn(type);
    cel_wrong(compiler, root->begin, root->end,
              is_placeholder ? "compare it: {…} == true, {…} != ''" : "compare it: x == 1",
              "an expression must be a bool, this is " STR_FMT "%s", STR_ARG(text),
              is_placeholder ? ", which may be anything" : "");
}
