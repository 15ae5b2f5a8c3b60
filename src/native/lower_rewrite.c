/* The rewrite handler: a URI cut into path, query and fragment as Caddy cuts it at run time. */
#include "native/lower_private.h"
#include "syntax/placeholder.h"

/* Pieces of a query, cut at '=' and '&'; a piece behind '=' is a value and ends only at '&'. */
static struct dt_range lower_query(struct lowering *lo, struct str query)
{
    VEC(struct dt_query_piece) pieces = {0};
    bool is_key = true;
    while (query.len) {
        ptrdiff_t equals = is_key ? str_index(query, '=') : -1;
        ptrdiff_t ampersand = str_index(query, '&');
        bool ends_at_ampersand = ampersand >= 0 && (equals < 0 || ampersand < equals);
        size_t end = query.len;
        if (ends_at_ampersand)
            end = (size_t)ampersand;
        else if (equals >= 0)
            end = (size_t)equals;
        struct dt_query_piece piece = {.is_value = !is_key, .separator = is_key ? '&' : '='};
        piece.template = template_of(lo, str_slice(query, 0, end), UNKNOWN_IS_EMPTY);
        vec_push(lo->arena, &pieces, piece);
        query = str_slice(query, end + (end < query.len), query.len);
        is_key = ends_at_ampersand;
    }
    struct dt_range range = {reserve_query_pieces(lo, (uint32_t)pieces.n), (uint32_t)pieces.n};
    if (pieces.n)
        memcpy(lo->query_pieces.at + range.first, pieces.at, pieces.n * sizeof(*pieces.at));
    return range;
}

static void lower_uri(struct lowering *lo, struct str uri, struct dt_rewrite *row)
{
    struct str before_fragment, fragment, path, query;
    row->sets_fragment = str_cut(uri, STR("#"), &before_fragment, &fragment);
    row->sets_query = str_cut(before_fragment, STR("?"), &path, &query);
    row->sets_path = path.len > 0;
    if (row->sets_path)
        row->path = template_of(lo, path, UNKNOWN_IS_EMPTY_IN_PATH);
    if (row->sets_query)
        row->query = lower_query(lo, query);
    if (row->sets_fragment)
        row->fragment = template_of(lo, fragment, UNKNOWN_IS_EMPTY);
}

static struct dt_substitution substitution(struct lowering *lo, const json_t *value)
{
    struct substitution_json {
        struct str find, replace;
        int64_t limit;
    } in = {0};
    static const struct field fields[] = {
        {"find", FIELD_STR, offsetof(struct substitution_json, find)},
        {"replace", FIELD_STR, offsetof(struct substitution_json, replace)},
        {"limit", FIELD_BYTES, offsetof(struct substitution_json, limit)},
        {0},
    };
    read_object(lo, value, "a substitution", fields, &in);
    struct dt_substitution row = {.find = template_of(lo, in.find, UNKNOWN_IS_EMPTY),
                                  .regexp = DT_NONE};
    row.replace = template_of(lo, in.replace, UNKNOWN_IS_EMPTY);
    row.limit = in.limit > 0 && in.limit < INT32_MAX ? (uint32_t)in.limit : 0;
    return row;
}

static struct dt_substitution regexp_substitution(struct lowering *lo, const json_t *value)
{
    struct substitution_json {
        struct str find, replace;
    } in = {0};
    static const struct field fields[] = {
        {"find", FIELD_STR, offsetof(struct substitution_json, find)},
        {"replace", FIELD_STR, offsetof(struct substitution_json, replace)},
        {0},
    };
    read_object(lo, value, "a substitution", fields, &in);
    if (in.find.len == 0)
        reject_at(lo, value, "there is no expression to find");
    return (struct dt_substitution){
        .find = DT_NONE,
        .replace = template_of(lo, in.replace, UNKNOWN_IS_EMPTY),
        .regexp = regexp_of(lo, value, in.find, (struct str){0}),
    };
}

/* Those of texts, then those of expressions. */
static struct dt_range lower_substitutions(struct lowering *lo, const json_t *texts,
                                           const json_t *regexps)
{
    size_t n = elements(lo, texts, "the substitutions");
    size_t n_regexps = elements(lo, regexps, "the substitutions");
    uint32_t total = (uint32_t)(n + n_regexps);
    struct dt_range range = {reserve_substitutions(lo, total), total};
    for (size_t i = 0; i < total; i++) {
        struct dt_substitution row = i < n
                                         ? substitution(lo, json_array_get(texts, i))
                                         : regexp_substitution(lo, json_array_get(regexps, i - n));
        lo->substitutions.at[range.first + i] = row;
    }
    return range;
}

typedef VEC(struct dt_query_op) query_op_list;

static struct dt_query_op query_op(struct lowering *lo, enum dt_query_op_kind kind, struct str key)
{
    return (struct dt_query_op){.kind = kind,
                                .key = template_of(lo, key, UNKNOWN_IS_EMPTY),
                                .value = DT_NONE,
                                .search = DT_NONE,
                                .regexp = DT_NONE};
}

static void add_pairs(struct lowering *lo, const json_t *list, enum dt_query_op_kind kind,
                      query_op_list *ops)
{
    struct pair_json {
        struct str key, value;
    };
    static const struct field fields[] = {
        {"key", FIELD_STR, offsetof(struct pair_json, key)},
        {"val", FIELD_STR, offsetof(struct pair_json, value)},
        {0},
    };
    for (size_t i = 0; i < elements(lo, list, "query operations"); i++) {
        struct pair_json in = {0};
        read_object(lo, json_array_get(list, i), "a query operation", fields, &in);
        struct dt_query_op op = query_op(lo, kind, in.key);
        op.value = template_of(lo, in.value, UNKNOWN_IS_EMPTY);
        vec_push(lo->arena, ops, op);
    }
}

static void add_replacements(struct lowering *lo, const json_t *list, query_op_list *ops)
{
    struct replacement_json {
        struct str key, search, pattern, replace;
    };
    static const struct field fields[] = {
        {"key", FIELD_STR, offsetof(struct replacement_json, key)},
        {"search", FIELD_STR, offsetof(struct replacement_json, search)},
        {"search_regexp", FIELD_STR, offsetof(struct replacement_json, pattern)},
        {"replace", FIELD_STR, offsetof(struct replacement_json, replace)},
        {0},
    };
    for (size_t i = 0; i < elements(lo, list, "query replacements"); i++) {
        struct replacement_json in = {0};
        read_object(lo, json_array_get(list, i), "a query replacement", fields, &in);
        struct dt_query_op op = query_op(lo, DT_QUERY_REPLACE, in.key);
        if (in.pattern.len)
            op.regexp =
                regexp_of(lo, json_array_get(list, i), in.pattern, (struct str){0});
        else
            op.search = template_of(lo, in.search, UNKNOWN_IS_KEPT);
        op.value = template_of(lo, in.replace, UNKNOWN_IS_KEPT);
        vec_push(lo->arena, ops, op);
    }
}

/* In the order in which Caddy runs them. */
static struct dt_range lower_query_ops(struct lowering *lo, const json_t *query)
{
    struct query_json {
        const json_t *rename, *set, *add, *replace, *remove;
    } in = {0};
    static const struct field fields[] = {
        {"rename", FIELD_JSON, offsetof(struct query_json, rename)},
        {"set", FIELD_JSON, offsetof(struct query_json, set)},
        {"add", FIELD_JSON, offsetof(struct query_json, add)},
        {"replace", FIELD_JSON, offsetof(struct query_json, replace)},
        {"delete", FIELD_JSON, offsetof(struct query_json, remove)},
        {0},
    };
    query_op_list ops = {0};
    read_object(lo, query, "query operations", fields, &in);
    add_pairs(lo, in.rename, DT_QUERY_RENAME, &ops);
    add_pairs(lo, in.set, DT_QUERY_SET, &ops);
    add_pairs(lo, in.add, DT_QUERY_ADD, &ops);
    add_replacements(lo, in.replace, &ops);
    for (size_t i = 0; i < elements(lo, in.remove, "query keys"); i++) {
        struct str key = json_str(json_array_get(in.remove, i));
        vec_push(lo->arena, &ops, query_op(lo, DT_QUERY_DELETE, key));
    }
    struct dt_range range = {reserve_query_ops(lo, (uint32_t)ops.n), (uint32_t)ops.n};
    if (ops.n)
        memcpy(lo->query_ops.at + range.first, ops.at, ops.n * sizeof(*ops.at));
    return range;
}

static uint32_t strip_prefix(struct lowering *lo, struct str prefix)
{
    if (prefix.len == 0)
        return DT_NONE;
    if (prefix.ptr[0] != '/' && prefix.ptr[0] != '{')
        prefix = str_printf(lo->arena, "/" STR_FMT, STR_ARG(prefix));
    return template_of(lo, prefix, UNKNOWN_IS_EMPTY);
}

uint32_t lower_rewrite(struct lowering *lo, const json_t *rewrite)
{
    struct rewrite_json {
        struct str method, uri, strip_prefix, strip_suffix;
        const json_t *substring, *regexps, *query;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"method", FIELD_STR, offsetof(struct rewrite_json, method)},
        {"uri", FIELD_STR, offsetof(struct rewrite_json, uri)},
        {"strip_path_prefix", FIELD_STR, offsetof(struct rewrite_json, strip_prefix)},
        {"strip_path_suffix", FIELD_STR, offsetof(struct rewrite_json, strip_suffix)},
        {"uri_substring", FIELD_JSON, offsetof(struct rewrite_json, substring)},
        {"path_regexp", FIELD_JSON, offsetof(struct rewrite_json, regexps)},
        {"query", FIELD_JSON, offsetof(struct rewrite_json, query)},
        {0},
    };
    read_object(lo, rewrite, "a rewrite", fields, &in);
    struct dt_rewrite row = {.method = DT_NONE,
                             .path = DT_NONE,
                             .fragment = DT_NONE,
                             .strip_prefix = strip_prefix(lo, in.strip_prefix),
                             .strip_suffix = DT_NONE};
    if (in.method.len && !has_placeholder(in.method))
        in.method = str_upper(lo->arena, in.method);
    if (in.method.len)
        row.method = template_of(lo, in.method, UNKNOWN_IS_EMPTY);
    lower_uri(lo, in.uri, &row);
    if (in.strip_suffix.len)
        row.strip_suffix = template_of(lo, in.strip_suffix, UNKNOWN_IS_EMPTY);
    row.substitutions = lower_substitutions(lo, in.substring, in.regexps);
    row.query_ops = lower_query_ops(lo, in.query);
    return push_rewrites(lo, row);
}
