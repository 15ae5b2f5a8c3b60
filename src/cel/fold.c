/* What Caddy works out when it starts: conversions of constants, lists and maps of them, patterns,
 * addresses and hosts. What fails there is a mistake here. */
#include "cel/cel_private.h"

#include "base/ip.h"
#include "base/regexp.h"
#include "dialtone/tables.h"

static void keep(struct cel_node *node, struct cel_value value)
{
    node->literal = value;
    node->is_folded = true;
}

static bool all_are_constant(const struct cel_node *node)
{
    for (size_t i = 0; i < node->items.n; i++)
        if (!node->items.at[i]->is_folded)
            return false;
    return true;
}

static void fold_list(struct cel_compiler *compiler, struct cel_node *node)
{
    size_t n = node->items.n;
    struct cel_value *items = arena_array(compiler->arena, struct cel_value, n + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = node->items.at[i]->literal;
    keep(node, cel_list(items, n));
}

/* Keys that Go cannot have in a map. */
static bool is_unhashable(struct cel_value key)
{
    return key.kind == CEL_BYTES || key.kind == CEL_LIST || key.kind == CEL_MAP ||
           key.kind == CEL_TYPE;
}

static void fold_map(struct cel_compiler *compiler, struct cel_node *node)
{
    struct cel_value *pairs = arena_array(compiler->arena, struct cel_value, node->items.n + 2);
    uint64_t cost = 0;
    size_t n = 0;
    for (size_t i = 0; i + 1 < node->items.n; i += 2)
        n = cel_put(pairs, n, node->items.at[i]->literal, node->items.at[i + 1]->literal, &cost);
    struct cel_value map = cel_list(pairs, n);
    map.kind = CEL_MAP;
    keep(node, map);
}

static const struct {
    unsigned function;
    enum cel_value_kind to;
} conversions[] = {
    {DT_FUNCTION_BOOL, CEL_BOOL},
    {DT_FUNCTION_BYTES, CEL_BYTES},
    {DT_FUNCTION_DOUBLE, CEL_DOUBLE},
    {DT_FUNCTION_DURATION, CEL_DURATION},
    {DT_FUNCTION_INT, CEL_INT},
    {DT_FUNCTION_STRING, CEL_STRING},
    {DT_FUNCTION_TIMESTAMP, CEL_TIMESTAMP},
    {DT_FUNCTION_TYPE, CEL_TYPE},
    {DT_FUNCTION_UINT, CEL_UINT},
};

static void fold_conversion(struct cel_compiler *compiler, struct cel_node *node,
                            enum cel_value_kind to)
{
    struct cel_value value = cel_convert(compiler->arena, node->items.at[0]->literal, to);
    if (value.kind != CEL_ERROR) {
        keep(node, value);
        return;
    }
    if (!compiler->is_outside)
        cel_wrong(compiler, node->begin, node->end, NULL, "this cannot be worked out: " STR_FMT,
                  STR_ARG(value.text));
}

/* ---- patterns, addresses, hosts ---- */

static const struct cel_value *constant_text(const struct cel_node *node)
{
    return node->is_folded && node->literal.kind == CEL_STRING ? &node->literal : NULL;
}

static void check_pattern(struct cel_compiler *compiler, const struct cel_node *pattern)
{
    const struct cel_value *text = constant_text(pattern);
    struct regexp regexp;
    if (!text)
        return;
    enum regexp_result result = regexp_check(compiler->arena, text->text, &regexp);
    if (result == REGEXP_OK)
        return;
    struct str part = str_slice(text->text, regexp.at, regexp.at + regexp.len);
    cel_wrong(compiler, pattern->begin, pattern->end, NULL,
              "this is no regular expression: '" STR_FMT "' %s", STR_ARG(part),
              regexp_result_text(result));
}

static void check_address(struct cel_compiler *compiler, const struct cel_node *node)
{
    struct str text = constant_text(node)->text, address, zone;
    struct ip_prefix prefix;
    if (str_is(text, "forwarded")) {
        cel_wrong(compiler, node->begin, node->end, "write client_ip(…)",
                  "'forwarded' is no longer taken");
        return;
    }
    if (str_index(text, '{') >= 0)
        return;
    str_cut(text, STR("%"), &address, &zone);
    enum ip_result result = str_index(address, '/') >= 0 ? ip_prefix_parse(address, &prefix)
                                                         : ip_parse(address, &prefix.ip);
    if (result == IP_OK)
        return;
    const char *hint = str_is(text, "private_ranges")
                           ? "private_ranges is a word of the matcher remote_ip, not of expressions"
                           : NULL;
    cel_wrong(compiler, node->begin, node->end, hint, "'" STR_FMT "' is no IP address or range: %s",
              STR_ARG(text), ip_result_text(result));
}

static void check_hosts(struct cel_compiler *compiler, const struct cel_node *matcher)
{
    for (size_t i = 0; i < matcher->items.n; i++) {
        struct str host = constant_text(matcher->items.at[i])->text;
        for (size_t k = 0; k < i; k++) {
            if (!str_eq_nocase(host, constant_text(matcher->items.at[k])->text))
                continue;
            cel_wrong(compiler, matcher->items.at[i]->begin, matcher->items.at[i]->end, NULL,
                      "this host is named twice");
            break;
        }
    }
}

static void check_matcher(struct cel_compiler *compiler, const struct cel_node *node)
{
    if (node->items.n == 0 || !all_are_constant(node))
        return; /* it is made at run time */
    if (str_has_suffix(node->name, STR("_regexp")))
        check_pattern(compiler, node->items.at[node->items.n - 1]);
    else if (str_is(node->name, "host"))
        check_hosts(compiler, node);
    for (size_t i = 0; i < node->items.n; i++)
        if (str_is(node->name, "remote_ip") ||
            (str_is(node->name, "client_ip") &&
             !str_is(node->items.at[i]->literal.text, "forwarded")))
            check_address(compiler, node->items.at[i]);
        else if (str_is(node->name, "client_ip"))
            cel_wrong(compiler, node->items.at[i]->begin, node->items.at[i]->end, NULL,
                      "'forwarded' is no IP address or range");
}

/* ---- all ---- */

static void fold_call(struct cel_compiler *compiler, struct cel_node *node)
{
    unsigned number = node->function ? node->function->number : 0;
    if (number == DT_FUNCTION_MATCHES)
        check_pattern(compiler, node->items.at[node->items.n - 1]);
    if (number == DT_FUNCTION_FORMAT)
        cel_check_format(compiler, node);
    if (number == DT_FUNCTION_IN && node->items.n == 2 && node->items.at[1]->is_folded &&
        node->items.at[1]->literal.kind == CEL_LIST && node->items.at[1]->literal.items.n == 0)
        keep(node, cel_bool(false)); /* cel-go does not even look at the value */
    if (node->target || node->items.n != 1 || !node->items.at[0]->is_folded)
        return;
    if (number == DT_FUNCTION_DYN)
        keep(node, node->items.at[0]->literal);
    for (size_t i = 0; i < sizeof(conversions) / sizeof(*conversions); i++)
        if (conversions[i].function == number)
            fold_conversion(compiler, node, conversions[i].to);
}

void cel_fold(struct cel_compiler *compiler, struct cel_node *node)
{
    if (node->target)
        cel_fold(compiler, node->target);
    for (size_t i = 0; i < node->items.n; i++)
        cel_fold(compiler, node->items.at[i]);
    node->is_folded = false;
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        node->is_folded = true;
        break;
    case CEL_NODE_IDENT:
    case CEL_NODE_SELECT:
        node->is_folded = node->is_type;
        break;
    case CEL_NODE_LIST:
        if (all_are_constant(node))
            fold_list(compiler, node);
        break;
    case CEL_NODE_MAP:
        for (size_t i = 0; i < node->items.n; i += 2)
            if (node->items.at[i]->is_folded && is_unhashable(node->items.at[i]->literal))
                cel_outside(compiler, node->items.at[i],
                            "the proxy core knows no keys of this type");
        if (all_are_constant(node))
            fold_map(compiler, node);
        break;
    case CEL_NODE_CALL:
        fold_call(compiler, node);
        break;
    case CEL_NODE_MATCHER:
        check_matcher(compiler, node);
        break;
    case CEL_NODE_HAS:
    case CEL_NODE_MESSAGE:
    case CEL_NODE_LOOP:
    case CEL_NODE_BIND:
    case CEL_NODE_BROKEN:
    case N_CEL_NODE_KINDS:
        break;
    }
}
