/* Macros: loops, has, cel.bind, math.least, and the matchers of Caddy, which are macros, too. They
 * are found by name, number of arguments, and whether they are called on something. */
#include "cel/cel_private.h"

typedef void expander(struct cel_compiler *compiler, struct cel_node *call);

static void wrong_at(struct cel_compiler *compiler, struct cel_node *call,
                     const struct cel_node *place, const char *hint, const char *message)
{
    cel_wrong(compiler, place->begin, place->end, hint, "%s", message);
    call->kind = CEL_NODE_BROKEN;
}

/* ---- has, loops ---- */

static void expand_has(struct cel_compiler *compiler, struct cel_node *call)
{
    struct cel_node *field = call->items.at[0];
    if (field->kind == CEL_NODE_BROKEN) {
        call->kind = CEL_NODE_BROKEN;
        return;
    }
    if (field->kind != CEL_NODE_SELECT) {
        wrong_at(compiler, call, field, "write has(m.field); for a key of a map `'key' in m`",
                 "has() asks for a field of something");
        return;
    }
    call->kind = CEL_NODE_HAS;
    call->target = field->target;
    call->name = field->name;
}

/* The variable that is the first argument; false after a report. */
static bool take_variable(struct cel_compiler *compiler, struct cel_node *call)
{
    struct cel_node *variable = call->items.at[0];
    if (variable->kind != CEL_NODE_IDENT) {
        if (variable->kind != CEL_NODE_BROKEN)
            wrong_at(compiler, call, variable, "write for example list.exists(x, x == 1)",
                     "the first argument must be a name");
        call->kind = CEL_NODE_BROKEN;
        return false;
    }
    if (str_is(variable->name, "__result__")) {
        wrong_at(compiler, call, variable, NULL, "this name is not free");
        return false;
    }
    if (variable->name.ptr[0] == '.')
        cel_outside(compiler, variable, "the proxy core knows no variables with a dot before them");
    call->name = variable->name;
    call->items.at++;
    call->items.n--;
    call->items.cap = call->items.n;
    return true;
}

static void expand_loop(struct cel_compiler *compiler, struct cel_node *call, enum cel_loop loop)
{
    if (!take_variable(compiler, call))
        return;
    call->kind = CEL_NODE_LOOP;
    call->loop = loop;
}

#define LOOP(function, loop)                                                                       \
    static void function(struct cel_compiler *compiler, struct cel_node *call)                     \
    {                                                                                              \
        expand_loop(compiler, call, loop);                                                         \
    }
LOOP(expand_all, CEL_LOOP_ALL)
LOOP(expand_exists, CEL_LOOP_EXISTS)
LOOP(expand_exists_one, CEL_LOOP_EXISTS_ONE)
LOOP(expand_map, CEL_LOOP_MAP)
LOOP(expand_filter, CEL_LOOP_FILTER)
#undef LOOP

static void expand_sort_by(struct cel_compiler *compiler, struct cel_node *call)
{
    enum cel_node_kind kind = call->target->kind;
    if (kind == CEL_NODE_LITERAL || kind == CEL_NODE_MAP || kind == CEL_NODE_MESSAGE) {
        wrong_at(compiler, call, call->target, NULL, "sortBy sorts lists");
        return;
    }
    expand_loop(compiler, call, CEL_LOOP_SORT_BY);
}

/* ---- cel.bind, math.least, math.greatest ---- */

static bool is_namespace(const struct cel_node *target, const char *name)
{
    return target->kind == CEL_NODE_IDENT && str_is(target->name, name);
}

static void expand_bind(struct cel_compiler *compiler, struct cel_node *call)
{
    if (!is_namespace(call->target, "cel"))
        return;
    if (!take_variable(compiler, call))
        return;
    call->kind = CEL_NODE_BIND;
    call->target = call->items.at[0];
    call->items.at++;
    call->items.n--;
    call->items.cap = call->items.n;
}

static bool can_be_number(const struct cel_node *node)
{
    if (node->kind == CEL_NODE_LITERAL)
        return node->literal.kind == CEL_INT || node->literal.kind == CEL_UINT ||
               node->literal.kind == CEL_DOUBLE;
    return node->kind != CEL_NODE_LIST && node->kind != CEL_NODE_MAP &&
           node->kind != CEL_NODE_MESSAGE;
}

static bool holds_numbers(const struct cel_node *list)
{
    for (size_t i = 0; i < list->items.n; i++)
        if (!can_be_number(list->items.at[i]))
            return false;
    return list->items.n > 0;
}

static void expand_extreme(struct cel_compiler *compiler, struct cel_node *call, const char *name)
{
    if (!is_namespace(call->target, "math"))
        return;
    if (call->items.n == 0) {
        wrong_at(compiler, call, call, NULL, "it needs a number at least");
        return;
    }
    const struct cel_node *first = call->items.at[0];
    bool is_list = call->items.n == 1 && first->kind == CEL_NODE_LIST;
    for (size_t i = 0; i < call->items.n; i++) {
        struct cel_node *item = call->items.at[i];
        if (is_list ? !holds_numbers(item) : !can_be_number(item)) {
            wrong_at(compiler, call, item, NULL, "this is no number");
            return;
        }
    }
    call->name = str_from(name);
    call->target = NULL;
    if (call->items.n > 2) {
        struct cel_node *list = arena_new(compiler->arena, struct cel_node);
        *list = *call;
        list->kind = CEL_NODE_LIST;
        call->items.at = arena_array(compiler->arena, struct cel_node *, 1);
        call->items.at[0] = list;
        call->items.n = call->items.cap = 1;
    }
}

static void expand_least(struct cel_compiler *compiler, struct cel_node *call)
{
    expand_extreme(compiler, call, "math.@min");
}

static void expand_greatest(struct cel_compiler *compiler, struct cel_node *call)
{
    expand_extreme(compiler, call, "math.@max");
}

/* ---- Caddy's matchers ---- */

static bool is_text_literal(const struct cel_node *node)
{
    return node->kind == CEL_NODE_LITERAL && node->literal.kind == CEL_STRING;
}

static bool is_placeholder_call(const struct cel_node *node)
{
    return node->kind == CEL_NODE_CALL && !node->target && str_is(node->name, "ph");
}

/* A text, a placeholder, or a sum of them. */
static bool is_text(const struct cel_node *node)
{
    if (is_text_literal(node) || is_placeholder_call(node))
        return true;
    return node->kind == CEL_NODE_CALL && str_is(node->name, "_+_") && !node->target &&
           is_text(node->items.at[0]) && is_text(node->items.at[1]);
}

static bool is_text_list(const struct cel_node *node)
{
    if (node->kind != CEL_NODE_LIST)
        return false;
    for (size_t i = 0; i < node->items.n; i++)
        if (!is_text(node->items.at[i]))
            return false;
    return true;
}

static const char text_hint[] = "write a text in quotes, a placeholder, or a sum of them";

static void expand_texts(struct cel_compiler *compiler, struct cel_node *call)
{
    if (call->items.n == 0)
        wrong_at(compiler, call, call, text_hint, "the matcher needs an argument");
    for (size_t i = 0; i < call->items.n; i++) {
        struct cel_node *item = call->items.at[i];
        if (item->kind != CEL_NODE_BROKEN && !is_text(item))
            wrong_at(compiler, call, item, text_hint,
                     "arguments of a matcher must be constant texts");
    }
    if (call->kind != CEL_NODE_BROKEN)
        call->kind = CEL_NODE_MATCHER;
}

static const char map_hint[] = "write for example {'Name': 'value'} or {'Name': ['one', 'other']}";

static void expand_fields(struct cel_compiler *compiler, struct cel_node *call)
{
    struct cel_node *map = call->items.at[0];
    if (map->kind == CEL_NODE_BROKEN) {
        call->kind = CEL_NODE_BROKEN;
        return;
    }
    if (map->kind != CEL_NODE_MAP) {
        wrong_at(compiler, call, map, map_hint, "the matcher needs a map");
        return;
    }
    for (size_t i = 0; i < map->items.n && call->kind != CEL_NODE_BROKEN; i += 2) {
        struct cel_node *key = map->items.at[i], *value = map->items.at[i + 1];
        if (!is_text(key))
            wrong_at(compiler, call, key, map_hint, "the keys must be constant texts");
        else if (!is_text(value) && !is_text_list(value))
            wrong_at(compiler, call, value, map_hint,
                     "the values must be constant texts or lists of them");
    }
    if (call->kind != CEL_NODE_BROKEN)
        call->kind = CEL_NODE_MATCHER;
}

static bool is_files_map(const struct cel_node *map)
{
    static const char *const lists[] = {"try_files", "split_path", NULL};
    static const char *const texts[] = {"try_policy", "root", NULL};
    if (map->kind != CEL_NODE_MAP)
        return false;
    for (size_t i = 0; i < map->items.n; i += 2) {
        const struct cel_node *key = map->items.at[i], *value = map->items.at[i + 1];
        if (!is_text_literal(key))
            return false;
        bool is_list = str_is_one_of(key->literal.text, lists);
        if (!is_list && !str_is_one_of(key->literal.text, texts))
            return false;
        if (is_list ? !is_text_list(value) : !is_text(value))
            return false;
    }
    return true;
}

static void expand_file(struct cel_compiler *compiler, struct cel_node *call)
{
    static const char hint[] =
        "write file(), file('/a', '/b'), or file({'root': '…', 'try_files': ['…'], "
        "'try_policy': '…', 'split_path': ['…']})";
    if (call->items.n != 1 || !is_files_map(call->items.at[0])) {
        for (size_t i = 0; i < call->items.n; i++) {
            struct cel_node *item = call->items.at[i];
            if (item->kind != CEL_NODE_BROKEN && !is_text_literal(item) &&
                !is_placeholder_call(item)) {
                wrong_at(compiler, call, item, hint, "this is no name of a file");
                return;
            }
        }
    }
    call->kind = CEL_NODE_MATCHER;
}

/* ---- the table ---- */

enum { ANY_NUMBER = -1 };

static const struct macro {
    const char *name;
    bool is_member;
    int n; /* arguments, or ANY_NUMBER */
    expander *expand;
    const char *doc;
} macros[] = {
    {"has", false, 1, expand_has, "whether a map has the field"},
    {"all", true, 2, expand_all, "whether the condition holds for each"},
    {"exists", true, 2, expand_exists, "whether it holds for one"},
    {"exists_one", true, 2, expand_exists_one, "whether it holds for exactly one"},
    {"map", true, 2, expand_map, "what becomes of each"},
    {"map", true, 3, expand_map, "what becomes of those for which it holds"},
    {"filter", true, 2, expand_filter, "those for which it holds"},
    {"sortBy", true, 2, expand_sort_by, "in the order of a key"},
    {"bind", true, 3, expand_bind, "cel.bind(name, value, expression)"},
    {"least", true, ANY_NUMBER, expand_least, "math.least: the least number"},
    {"greatest", true, ANY_NUMBER, expand_greatest, "math.greatest: the greatest number"},
    {"client_ip", false, ANY_NUMBER, expand_texts, "the matcher client_ip"},
    {"file", false, ANY_NUMBER, expand_file, "the matcher file"},
    {"header", false, 1, expand_fields, "the matcher header"},
    {"header_regexp", false, 2, expand_texts, "the matcher header_regexp: field, pattern"},
    {"header_regexp", false, 3, expand_texts, "the same: name, field, pattern"},
    {"host", false, ANY_NUMBER, expand_texts, "the matcher host"},
    {"method", false, ANY_NUMBER, expand_texts, "the matcher method"},
    {"path", false, ANY_NUMBER, expand_texts, "the matcher path"},
    {"path_regexp", false, 1, expand_texts, "the matcher path_regexp: pattern"},
    {"path_regexp", false, 2, expand_texts, "the same: name, pattern"},
    {"protocol", false, 1, expand_texts, "the matcher protocol"},
    {"query", false, 1, expand_fields, "the matcher query"},
    {"remote_ip", false, ANY_NUMBER, expand_texts, "the matcher remote_ip"},
    {"url_pattern", false, 1, expand_texts, "the matcher url_pattern: pattern"},
    {"url_pattern", false, 2, expand_texts, "the same: pattern, base URL"},
    {"vars", false, 1, expand_fields, "the matcher vars"},
    {"vars_regexp", false, 2, expand_texts, "the matcher vars_regexp: variable, pattern"},
    {"vars_regexp", false, 3, expand_texts, "the same: name, variable, pattern"},
};

void cel_expand_macro(struct cel_compiler *compiler, struct cel_node *call)
{
    for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++) {
        const struct macro *macro = &macros[i];
        if (macro->is_member != (call->target != NULL) || !str_is(call->name, macro->name) ||
            (macro->n != ANY_NUMBER && (size_t)macro->n != call->items.n))
            continue;
        macro->expand(compiler, call);
        return;
    }
}

const char *cel_macro_name(size_t i, bool *is_member)
{
    if (i >= sizeof(macros) / sizeof(*macros))
        return NULL;
    *is_member = macros[i].is_member;
    return macros[i].name;
}

const char *cel_macro_usage(struct arena *arena, struct str name)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++) {
        const struct macro *macro = &macros[i];
        if (!str_is(name, macro->name))
            continue;
        strbuf_puts(&out, out.len ? ", " : "it takes ");
        if (macro->n == ANY_NUMBER)
            strbuf_puts(&out, "arguments");
        else
            strbuf_printf(&out, "%d argument%s", macro->n, macro->n == 1 ? "" : "s");
        strbuf_printf(&out, " (%s)", macro->doc);
    }
    return strbuf_cstr(&out);
}

bool cel_is_placeholder(const struct cel_node *node, struct str *name)
{
    if (!is_placeholder_call(node) || node->items.n != 2 || !is_text_literal(node->items.at[1]))
        return false;
    *name = node->items.at[1]->literal.text;
    return true;
}
