/* The matcher `expression`: what src/cel makes of its text → rows. Matchers that are called in it
 * are lowered as those outside of expressions. */
#include "cel/cel.h"
#include "json/document.h"
#include "native/lower.h"
#include "native/lower_private.h"
#include "syntax/diag.h"
#include "syntax/token_part.h"

/* Variables of loops and bindings around, innermost first. */
struct slot {
    const struct slot *outer;
    struct str name;
    uint32_t number;
};

struct lowered {
    struct lowering *lo;
    const struct cel_expression *expression;
    const json_t *text; /* where it stands */
    struct str name;    /* of its regular expressions that have none */
    const struct slot *slots;
};

static void lower_node(struct lowered *in, const struct cel_node *node, uint32_t row);

/* ---- places ---- */

static struct span place_of(const struct lowered *in, uint32_t begin, uint32_t end)
{
    const struct token *token = origin_of(in->lo, NULL, NULL, in->text);
    if (!token)
        return (struct span){0};
    return token_part(in->lo->arena, in->lo->options->sources, token, in->expression->text, begin,
                      end);
}

static struct diag *report(struct lowered *in, enum diag_code code, uint32_t begin, uint32_t end,
                           const char *message)
{
    const struct token *token = origin_of(in->lo, NULL, NULL, in->text);
    in->lo->n_errors++;
    return diag_at(in->lo->diags, code, place_of(in, begin, end), token ? token->via : NULL, "%s",
                   message);
}

static void refuse_node(struct lowered *in, const struct cel_node *node, const char *message)
{
    report(in, DIAG_NATIVE_MATCHER, node->begin, node->end, message);
}

static void report_problems(struct lowered *in)
{
    for (size_t i = 0; i < in->expression->problems.n; i++) {
        const struct cel_problem *problem = &in->expression->problems.at[i];
        enum diag_code code = problem->kind == CEL_WRONG ? DIAG_BAD_VALUE : DIAG_NATIVE_MATCHER;
        struct diag *diag = report(in, code, problem->begin, problem->end, problem->message);
        if (problem->hint)
            diag_help(in->lo->diags, diag, place_of(in, problem->begin, problem->end),
                      (struct str){0}, "%s", problem->hint);
    }
}

/* ---- rows ---- */

static struct dt_expression *row_at(struct lowered *in, uint32_t row)
{
    return &in->lo->expressions.at[row];
}

static uint32_t reserve_rows(struct lowering *lo, size_t n)
{
    uint32_t first = reserve_expressions(lo, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        lo->expressions.at[first + i].template = lo->expressions.at[first + i].matcher = DT_NONE;
    return first;
}

static uint32_t reserve_operands(struct lowered *in, uint32_t row, size_t n)
{
    uint32_t first = reserve_rows(in->lo, n);
    row_at(in, row)->operands = (struct dt_range){first, (uint32_t)n};
    return first;
}

static void lower_operands(struct lowered *in, uint32_t row, struct cel_node *const *nodes,
                           size_t n)
{
    uint32_t first = reserve_operands(in, row, n);
    for (size_t i = 0; i < n; i++)
        lower_node(in, nodes[i], first + (uint32_t)i);
}

static void lower_constant(struct lowered *in, struct cel_value value, uint32_t row)
{
    static const enum dt_expression_kind kinds[N_CEL_VALUE_KINDS] = {
        [CEL_ERROR] = DT_EXPRESSION_ERROR,       [CEL_NULL] = DT_EXPRESSION_NULL,
        [CEL_BOOL] = DT_EXPRESSION_BOOL,         [CEL_INT] = DT_EXPRESSION_INT,
        [CEL_UINT] = DT_EXPRESSION_UINT,         [CEL_DOUBLE] = DT_EXPRESSION_DOUBLE,
        [CEL_STRING] = DT_EXPRESSION_STRING,     [CEL_BYTES] = DT_EXPRESSION_BYTES,
        [CEL_LIST] = DT_EXPRESSION_LIST,         [CEL_MAP] = DT_EXPRESSION_MAP,
        [CEL_DURATION] = DT_EXPRESSION_DURATION, [CEL_TIMESTAMP] = DT_EXPRESSION_TIMESTAMP,
        [CEL_TYPE] = DT_EXPRESSION_TYPE,         [CEL_REQUEST] = DT_EXPRESSION_REQUEST,
    };
    struct dt_expression made = {
        .kind = kinds[value.kind], .template = DT_NONE, .matcher = DT_NONE};
    switch (value.kind) {
    case CEL_BOOL:
        made.value = value.b;
        break;
    case CEL_TIMESTAMP:
        made.number = value.nanos;
        made.value = value.i;
        break;
    case CEL_INT:
    case CEL_DURATION:
        made.value = value.i;
        break;
    case CEL_UINT:
    case CEL_DOUBLE:
        memcpy(&made.value, &value.u, sizeof(made.value));
        break;
    case CEL_STRING:
    case CEL_BYTES:
    case CEL_TYPE:
    case CEL_ERROR:
        made.text = intern(in->lo, value.text);
        break;
    case CEL_NULL:
    case CEL_LIST:
    case CEL_MAP:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        break;
    }
    *row_at(in, row) = made;
    if (value.kind != CEL_LIST && value.kind != CEL_MAP)
        return;
    size_t n = value.items.n * (value.kind == CEL_MAP ? 2 : 1);
    uint32_t first = reserve_operands(in, row, n);
    for (size_t i = 0; i < n; i++)
        lower_constant(in, value.items.at[i], first + (uint32_t)i);
}

/* ---- placeholders and texts ---- */

static void lower_placeholder(struct lowered *in, struct str name, uint32_t row)
{
    struct str text = STR_JOIN(in->lo->arena, STR("{"), name, STR("}"));
    uint32_t template = template_of(in->lo, text, UNKNOWN_IS_EMPTY);
    row_at(in, row)->kind = DT_EXPRESSION_PLACEHOLDER;
    row_at(in, row)->template = template;
}

static bool is_sum(const struct cel_node *node)
{
    return node->kind == CEL_NODE_CALL && !node->target && str_is(node->name, "_+_");
}

/* The argument of a matcher as text with placeholders; the placeholders are added to <parts>. */
struct text_parts {
    VEC(const struct cel_node *) at;
};

static void add_text(struct lowered *in, const struct cel_node *node, struct strbuf *out,
                     struct text_parts *parts)
{
    struct str name;
    if (node->is_folded) {
        strbuf_add(out, node->literal.text);
    } else if (cel_is_placeholder(node, &name)) {
        strbuf_printf(out, "{" STR_FMT "}", STR_ARG(name));
        vec_push(in->lo->arena, &parts->at, node);
    } else if (is_sum(node)) {
        add_text(in, node->items.at[0], out, parts);
        add_text(in, node->items.at[1], out, parts);
    } else {
        refuse_node(in, node, "the proxy core needs the name of a placeholder here");
    }
}

static json_t *new_json(struct lowered *in, enum json_type type)
{
    return json_new(in->lo->arena, type, NULL);
}

static json_t *text_json(struct lowered *in, const struct cel_node *node, struct text_parts *parts)
{
    struct strbuf out = strbuf_in(in->lo->arena);
    add_text(in, node, &out, parts);
    struct str text = str_dup(in->lo->arena, strbuf_str(&out));
    json_t *value = new_json(in, JSON_STRING);
    value->as.text = text.ptr;
    value->n = (uint32_t)text.len;
    return value;
}

static json_t *plain_json(struct lowered *in, struct str text)
{
    json_t *value = new_json(in, JSON_STRING);
    value->as.text = str_dup(in->lo->arena, text).ptr;
    value->n = (uint32_t)text.len;
    return value;
}

static void set_json(struct lowered *in, json_t *object, struct str key, json_t *value)
{
    json_object_set(in->lo->arena, object, str_dup(in->lo->arena, key), value);
}

/* ---- matchers ---- */

static json_t *list_json(struct lowered *in, struct cel_node *const *nodes, size_t n,
                         struct text_parts *parts)
{
    json_t *list = new_json(in, JSON_ARRAY);
    for (size_t i = 0; i < n; i++)
        json_array_insert(in->lo->arena, list, i, text_json(in, nodes[i], parts));
    return list;
}

static json_t *texts_json(struct lowered *in, const struct cel_node *node, struct text_parts *parts)
{
    return list_json(in, node->items.at, node->items.n, parts);
}

static json_t *ranges_json(struct lowered *in, const struct cel_node *node,
                           struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    set_json(in, object, STR("ranges"), texts_json(in, node, parts));
    return object;
}

static json_t *word_json(struct lowered *in, const struct cel_node *node, struct text_parts *parts)
{
    json_t *value = text_json(in, node->items.at[0], parts);
    value->as.text = str_lower(in->lo->arena, json_str(value)).ptr;
    return value;
}

/* [name,] pattern */
static json_t *pattern_json(struct lowered *in, const struct cel_node *node, size_t n_before,
                            struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    bool has_name = node->items.n > n_before + 1;
    json_t *name = has_name ? text_json(in, node->items.at[0], parts) : plain_json(in, in->name);
    if (json_string_length(name) == 0)
        name = plain_json(in, in->name);
    set_json(in, object, STR("name"), name);
    set_json(in, object, STR("pattern"), text_json(in, node->items.at[node->items.n - 1], parts));
    return object;
}

static json_t *path_regexp_json(struct lowered *in, const struct cel_node *node,
                                struct text_parts *parts)
{
    return pattern_json(in, node, 0, parts);
}

static json_t *field_regexp_json(struct lowered *in, const struct cel_node *node,
                                 struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    json_t *field = text_json(in, node->items.at[node->items.n - 2], parts);
    set_json(in, object, json_str(field), pattern_json(in, node, 1, parts));
    return object;
}

static json_t *url_pattern_json(struct lowered *in, const struct cel_node *node,
                                struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    set_json(in, object, STR("pattern"), text_json(in, node->items.at[0], parts));
    if (node->items.n > 1)
        set_json(in, object, STR("base_url"), text_json(in, node->items.at[1], parts));
    return object;
}

/* A map; values are lists of texts. */
static json_t *fields_json(struct lowered *in, const struct cel_node *node,
                           struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    const struct cel_node *map = node->items.at[0];
    for (size_t i = 0; i + 1 < map->items.n; i += 2) {
        struct cel_node *value = map->items.at[i + 1];
        json_t *key = text_json(in, map->items.at[i], parts);
        json_t *list = value->kind == CEL_NODE_LIST
                           ? list_json(in, value->items.at, value->items.n, parts)
                           : list_json(in, &value, 1, parts);
        set_json(in, object, json_str(key), list);
    }
    return object;
}

static json_t *files_json(struct lowered *in, const struct cel_node *node, struct text_parts *parts)
{
    json_t *object = new_json(in, JSON_OBJECT);
    if (node->items.n == 1 && node->items.at[0]->kind == CEL_NODE_MAP) {
        const struct cel_node *map = node->items.at[0];
        for (size_t i = 0; i + 1 < map->items.n; i += 2) {
            const struct cel_node *value = map->items.at[i + 1];
            set_json(in, object, map->items.at[i]->literal.text,
                     value->kind == CEL_NODE_LIST
                         ? list_json(in, value->items.at, value->items.n, parts)
                         : text_json(in, value, parts));
        }
    } else if (node->items.n > 0) {
        set_json(in, object, STR("try_files"), texts_json(in, node, parts));
    }
    return object;
}

/* What may be worked out at run time only. */
enum dynamic { NOTHING_IS_DYNAMIC, VALUES_ARE_DYNAMIC, ALL_IS_DYNAMIC };

static const struct matcher_function {
    const char *name;
    json_t *(*json)(struct lowered *in, const struct cel_node *node, struct text_parts *parts);
    enum dynamic dynamic;
} matcher_functions[] = {
    {"client_ip", ranges_json, NOTHING_IS_DYNAMIC},
    {"file", files_json, ALL_IS_DYNAMIC},
    {"header", fields_json, VALUES_ARE_DYNAMIC},
    {"header_regexp", field_regexp_json, NOTHING_IS_DYNAMIC},
    {"host", texts_json, ALL_IS_DYNAMIC},
    {"method", texts_json, NOTHING_IS_DYNAMIC},
    {"path", texts_json, ALL_IS_DYNAMIC},
    {"path_regexp", path_regexp_json, NOTHING_IS_DYNAMIC},
    {"protocol", word_json, NOTHING_IS_DYNAMIC},
    {"query", fields_json, ALL_IS_DYNAMIC},
    {"remote_ip", ranges_json, NOTHING_IS_DYNAMIC},
    {"url_pattern", url_pattern_json, NOTHING_IS_DYNAMIC},
    {"vars", fields_json, VALUES_ARE_DYNAMIC},
    {"vars_regexp", field_regexp_json, NOTHING_IS_DYNAMIC},
};

static bool keys_are_constant(struct lowered *in, const struct cel_node *map)
{
    for (size_t i = 0; map->kind == CEL_NODE_MAP && i < map->items.n; i += 2) {
        struct text_parts parts = {0};
        text_json(in, map->items.at[i], &parts);
        if (parts.at.n > 0)
            return false;
    }
    return true;
}

/* Methods are compared as they are written, for Caddy makes no capitals of them here. */
static void lower_methods(struct lowered *in, const json_t *list, struct dt_matcher *out)
{
    uint32_t n = (uint32_t)json_array_size(list);
    out->kind = DT_MATCHER_METHOD;
    out->origin = origin_here(in->lo);
    out->rows = (struct dt_range){reserve_texts(in->lo, n), n};
    for (uint32_t i = 0; i < n; i++)
        in->lo->texts.at[out->rows.first + i] = intern(in->lo, json_str(json_array_get(list, i)));
}

/* Arguments that a request gives are as if they had been written: in Caddy the matcher is made of
 * them when it comes. */
static void mark_dynamic(struct lowered *in, const struct dt_matcher *matcher)
{
    struct lowering *lo = in->lo;
    if (matcher->kind == DT_MATCHER_PATH) {
        for (uint32_t i = 0; i < matcher->rows.n; i++) {
            struct dt_path_pattern *row = &lo->path_patterns.at[matcher->rows.first + i];
            row->kind = row->kind == DT_PATH_TEMPLATE ? DT_PATH_TEMPLATE_LOWER : row->kind;
        }
    } else if (matcher->kind == DT_MATCHER_FILE && matcher->rows.n > 0) {
        struct dt_range tries = lo->file_matchers.at[matcher->rows.first].tries;
        for (uint32_t i = 0; i < tries.n; i++) {
            struct dt_try_file *row = &lo->try_files.at[tries.first + i];
            if (row->template != DT_NONE && lo->templates.at[row->template].parts.n > 0)
                row->is_directory = row->is_directory ? 1 : 2;
        }
    }
}

static void lower_matcher_call(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    const struct matcher_function *function = matcher_functions;
    while (!str_is(node->name, function->name))
        function++;
    struct text_parts parts = {0};
    json_t *value = function->json(in, node, &parts);
    bool is_too_dynamic =
        parts.at.n > 0 &&
        (function->dynamic == NOTHING_IS_DYNAMIC ||
         (function->dynamic == VALUES_ARE_DYNAMIC && !keys_are_constant(in, node->items.at[0])));
    if (is_too_dynamic) {
        refuse_node(in, node, "the proxy core needs constant texts here");
        return;
    }
    uint32_t number = reserve_matchers(in->lo, 1);
    struct dt_matcher matcher = {0};
    if (str_is(node->name, "method"))
        lower_methods(in, value, &matcher);
    else
        lower_matcher(in->lo, function->name, value, &matcher);
    in->lo->matchers.at[number] = matcher;
    if (parts.at.n > 0)
        mark_dynamic(in, &matcher);
    row_at(in, row)->kind = DT_EXPRESSION_MATCHER;
    row_at(in, row)->matcher = number;
    uint32_t first = reserve_operands(in, row, parts.at.n);
    for (size_t i = 0; i < parts.at.n; i++)
        lower_node(in, parts.at.at[i], first + (uint32_t)i);
}

/* ---- calls ---- */

static void lower_matches(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    struct cel_node *const text = node->target ? node->target : node->items.at[0];
    struct cel_node *const pattern = node->items.at[node->items.n - 1];
    struct cel_node *const both[] = {text, pattern};
    bool is_constant = pattern->is_folded && pattern->literal.kind == CEL_STRING;
    /* a pattern of the run time needs regular expressions, too: an empty row asks for them */
    struct str known = is_constant ? pattern->literal.text : STR("");
    uint32_t regexp = regexp_of(in->lo, in->text, known, STR(""));
    row_at(in, row)->kind = DT_EXPRESSION_MATCHES;
    row_at(in, row)->number = regexp == DT_NONE ? 0 : regexp;
    lower_operands(in, row, both, is_constant ? 1 : 2);
}

/* Whether a function of times that is given a zone can know it: there is no list of them. */
static bool has_known_zone(const struct cel_node *node)
{
    int64_t seconds;
    if (!node->target || node->items.n != 1 || !str_has_prefix(node->name, STR("get")))
        return true;
    const struct cel_node *zone = node->items.at[0];
    return zone->is_folded && zone->literal.kind == CEL_STRING &&
           cel_zone_offset(zone->literal.text, &seconds);
}

static void lower_call(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    static const struct {
        const char *name;
        enum dt_expression_kind kind;
    } special[] = {
        {"_&&_", DT_EXPRESSION_AND}, {"_||_", DT_EXPRESSION_OR}, {"_?_:_", DT_EXPRESSION_CHOICE}};
    struct str name;
    unsigned number = node->function ? cel_function_number(node->function) : 0;
    row_at(in, row)->kind = DT_EXPRESSION_CALL;
    row_at(in, row)->function = (uint16_t)number;
    for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
        if (str_is(node->name, special[i].name) && !node->target)
            row_at(in, row)->kind = special[i].kind;
    if (!has_known_zone(node)) {
        refuse_node(in, node->items.at[0],
                    "the proxy core knows only \"UTC\" and \"+01:00\" as zones");
    } else if (str_is(node->name, "ph")) {
        if (cel_is_placeholder(node, &name))
            lower_placeholder(in, name, row);
        else
            refuse_node(in, node, "the proxy core needs the name of a placeholder here");
    } else if (number == DT_FUNCTION_MATCHES) {
        lower_matches(in, node, row);
    } else if (!node->target) {
        lower_operands(in, row, node->items.at, node->items.n);
    } else {
        uint32_t first = reserve_operands(in, row, node->items.n + 1);
        lower_node(in, node->target, first);
        for (size_t i = 0; i < node->items.n; i++)
            lower_node(in, node->items.at[i], first + 1 + (uint32_t)i);
    }
}

/* ---- loops, names ---- */

static void lower_scope(struct lowered *in, const struct cel_node *node,
                        enum dt_expression_kind kind, uint32_t row)
{
    struct slot slot = {in->slots, node->name, in->slots ? in->slots->number + 1 : 0};
    if (slot.number >= DT_MAX_SLOTS) {
        refuse_node(in, node, "the proxy core cannot do so many loops inside of each other");
        return;
    }
    row_at(in, row)->kind = kind;
    row_at(in, row)->number = slot.number;
    uint32_t first = reserve_operands(in, row, node->items.n + 1);
    lower_node(in, node->target, first);
    in->slots = &slot;
    /* what becomes of each comes before the condition for it */
    bool is_swapped = node->items.n == 2;
    for (size_t i = 0; i < node->items.n; i++)
        lower_node(in, node->items.at[is_swapped ? 1 - i : i], first + 1 + (uint32_t)i);
    in->slots = slot.outer;
}

static void lower_ident(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    const struct slot *slot = in->slots;
    while (slot && !str_eq(slot->name, node->name))
        slot = slot->outer;
    row_at(in, row)->kind = slot ? DT_EXPRESSION_LOCAL : DT_EXPRESSION_REQUEST;
    row_at(in, row)->number = slot ? slot->number : 0;
}

static void lower_field(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    struct dt_text name = intern(in->lo, node->name);
    row_at(in, row)->kind = node->kind == CEL_NODE_HAS ? DT_EXPRESSION_HAS : DT_EXPRESSION_FIELD;
    row_at(in, row)->text = name;
    lower_node(in, node->target, reserve_operands(in, row, 1));
}

static void lower_node(struct lowered *in, const struct cel_node *node, uint32_t row)
{
    static const enum dt_expression_kind loops[N_CEL_LOOPS] = {
        [CEL_LOOP_ALL] = DT_EXPRESSION_ALL,
        [CEL_LOOP_EXISTS] = DT_EXPRESSION_EXISTS,
        [CEL_LOOP_EXISTS_ONE] = DT_EXPRESSION_EXISTS_ONE,
        [CEL_LOOP_MAP] = DT_EXPRESSION_MAP_EACH,
        [CEL_LOOP_FILTER] = DT_EXPRESSION_FILTER,
        [CEL_LOOP_SORT_BY] = DT_EXPRESSION_SORT_BY,
    };
    if (node->is_folded) {
        lower_constant(in, node->literal, row);
        return;
    }
    switch (node->kind) {
    case CEL_NODE_IDENT:
        lower_ident(in, node, row);
        break;
    case CEL_NODE_SELECT:
    case CEL_NODE_HAS:
        lower_field(in, node, row);
        break;
    case CEL_NODE_CALL:
        lower_call(in, node, row);
        break;
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
        row_at(in, row)->kind =
            node->kind == CEL_NODE_LIST ? DT_EXPRESSION_LIST : DT_EXPRESSION_MAP;
        lower_operands(in, row, node->items.at, node->items.n);
        break;
    case CEL_NODE_LOOP:
        lower_scope(in, node, loops[node->loop], row);
        break;
    case CEL_NODE_BIND:
        lower_scope(in, node, DT_EXPRESSION_BIND, row);
        break;
    case CEL_NODE_MATCHER:
        lower_matcher_call(in, node, row);
        break;
    case CEL_NODE_LITERAL:
    case CEL_NODE_MESSAGE:
    case CEL_NODE_BROKEN:
    case N_CEL_NODE_KINDS:
        break; /* constants are folded; the others were reported */
    }
}

void lower_cel(struct lowering *lo, const json_t *text, struct str name, struct dt_matcher *out)
{
    struct lowered in = {.lo = lo, .text = text, .name = name};
    in.expression = cel_compile(lo->arena, json_str(text));
    report_problems(&in);
    if (in.expression->problems.n || !in.expression->root)
        return;
    const struct token *before = enter(lo, text);
    out->kind = DT_MATCHER_EXPRESSION;
    out->rows = (struct dt_range){reserve_rows(lo, 1), 1};
    lower_node(&in, in.expression->root, out->rows.first);
    leave(lo, before);
}
