/* rewrite: changes method, path and query of a request. Caddy changes paths in their escaped form
 * and keeps the spelling of what is not touched; so does this. */

#include <stdlib.h>

#include "base/glob.h"
#include "base/parse.h"
#include "proxy/handlers.h"
#include "proxy/regexp.h"
#include "proxy/template.h"
#include "proxy/url.h"

/* --- the URI --- */

/* A query that came with the path, written anew as Caddy does: what has neither key nor value goes
 * away, and so does the delimiter at its end. */
static struct str tidy_query(struct transaction *tx, struct str query)
{
    struct strbuf out = strbuf_in(tx->arena);
    bool is_key = true;
    while (query.len > 0) {
        size_t end = 0;
        while (end < query.len && query.ptr[end] != '=' && query.ptr[end] != '&')
            end++;
        if (!is_key)
            strbuf_add_char(&out, '=');
        else if (out.len > 0 && end > 0)
            strbuf_add_char(&out, '&');
        for (size_t i = 0; i < end; i++) {
            if (query.ptr[i] == '{' || query.ptr[i] == '}')
                strbuf_puts(&out, query.ptr[i] == '{' ? "%7B" : "%7D");
            else
                strbuf_add_char(&out, query.ptr[i]);
        }
        is_key = end < query.len && query.ptr[end] == '&';
        query = str_slice(query, end + (end < query.len), query.len);
    }
    return strbuf_str(&out);
}

static struct str build_query(struct transaction *tx, struct dt_range pieces)
{
    struct strbuf out = strbuf_in(tx->arena);
    for (uint32_t i = 0; i < pieces.n; i++) {
        const struct dt_query_piece *piece = &tx->tables->query_pieces[pieces.first + i];
        struct str text = template_expand_escaped(tx, piece->template, piece->is_value);
        if (piece->is_value)
            strbuf_add_char(&out, '=');
        else if (out.len > 0 && text.len > 0)
            strbuf_add_char(&out, '&');
        strbuf_add(&out, text);
    }
    return strbuf_str(&out);
}

static void rewrite_uri(struct transaction *tx, const struct dt_rewrite *rewrite, struct url *url)
{
    struct str path = template_expand(tx, rewrite->path), query = {0}, ignored;
    bool injected = false;
    str_cut(path, STR("#"), &path, &ignored);
    if (str_index(path, '?') >= 0) {
        str_cut(path, STR("?"), &path, &query);
        injected = rewrite->query.n == 0;
    }
    query = injected ? tidy_query(tx, query) : build_query(tx, rewrite->query);
    if (rewrite->sets_path) {
        struct str decoded;
        url_set_path(url, url_unescape(path, URL_PATH, tx->arena, &decoded) ? decoded : path);
    }
    if (rewrite->sets_query || injected)
        url->query = query;
}

/* --- changes to the path --- */

static bool same_letter(char a, char b)
{
    return str_eq_nocase(str_make(&a, 1), str_make(&b, 1));
}

/* The byte that "%xx" stands for, or -1. */
static int escaped_byte(const char *text)
{
    int high = hex_digit(text[1]), low = hex_digit(text[2]);
    return text[0] != '%' || high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* An escape in the path equals the letter it stands for, unless the prefix has an escape there. */
static struct str without_prefix(struct str path, struct str prefix)
{
    size_t at = 0;
    for (size_t i = 0; i < prefix.len; i++) {
        if (at >= path.len)
            return path;
        char c = path.ptr[at];
        if (c == '%' && prefix.ptr[i] != '%' && at + 3 <= path.len) {
            int byte = escaped_byte(path.ptr + at);
            if (byte < 0)
                return path;
            c = (char)byte;
            at += 2;
        }
        if (!same_letter(c, prefix.ptr[i]))
            return path;
        at++;
    }
    return str_slice(path, at, path.len);
}

static struct str without_suffix(struct str path, struct str suffix)
{
    size_t at = path.len;
    for (size_t i = suffix.len; i > 0; i--) {
        if (at == 0)
            return path;
        char c = path.ptr[at - 1];
        size_t step = 1;
        bool suffix_escapes = i >= 3 && suffix.ptr[i - 3] == '%';
        if (at >= 3 && path.ptr[at - 3] == '%' && !suffix_escapes) {
            int byte = escaped_byte(path.ptr + at - 3);
            if (byte < 0)
                return path;
            c = (char)byte;
            step = 3;
        }
        if (!same_letter(c, suffix.ptr[i - 1]))
            return path;
        at -= step;
    }
    return str_slice(path, 0, at);
}

/* Replaces the first <limit> (0: all) <find>; an empty one is found before each rune. */
static struct str substitute(struct transaction *tx, struct str text, struct str find,
                             struct str replacement, uint32_t limit)
{
    struct strbuf out = strbuf_in(tx->arena);
    uint32_t n = 0;
    size_t at = 0;
    while (limit == 0 || n < limit) {
        size_t start = at;
        if (find.len == 0) {
            size_t size = 0;
            if (n > 0) {
                if (at >= text.len)
                    break;
                utf8_decode(text, at, &size);
            }
            start += size;
        } else {
            ptrdiff_t found = str_find(str_slice(text, at, text.len), find);
            if (found < 0)
                break;
            start += (size_t)found;
        }
        strbuf_add(&out, str_slice(text, at, start));
        strbuf_add(&out, replacement);
        at = start + find.len;
        n++;
    }
    if (n == 0)
        return text;
    strbuf_add(&out, str_slice(text, at, text.len));
    return strbuf_str(&out);
}

/* One change to a path, in whichever form it is given. */
struct path_change {
    enum { STRIP_PREFIX, STRIP_SUFFIX, SUBSTITUTE, SUBSTITUTE_REGEXP } kind;
    struct str find, replacement;
    uint32_t limit, regexp;
    bool keep_slashes;
    bool has_changed;
};

static struct str change(struct transaction *tx, struct path_change *how, struct str path)
{
    if (how->kind == SUBSTITUTE_REGEXP)
        return regexp_replace(tx, how->regexp, path, how->replacement);
    struct str cleaned = path_clean(path, how->keep_slashes, tx->arena), changed = cleaned;
    switch (how->kind) {
    case STRIP_PREFIX:
        changed = without_prefix(cleaned, how->find);
        break;
    case STRIP_SUFFIX:
        changed = without_suffix(cleaned, how->find);
        break;
    case SUBSTITUTE:
        changed = substitute(tx, cleaned, how->find, how->replacement, how->limit);
        break;
    case SUBSTITUTE_REGEXP:
        break;
    }
    how->has_changed |= changed.len != cleaned.len;
    return changed;
}

static void change_path(struct transaction *tx, struct url *url, struct path_change *how)
{
    struct str raw = change(tx, how, url_escaped_path(url, tx->arena)), path;
    if (!url_unescape(raw, URL_PATH, tx->arena, &path) || path.len == 0)
        path = change(tx, how, url->path);
    url_set_path(url, path);
    if (!str_eq(raw, url_escape(path, URL_PATH, tx->arena))) {
        url->raw_path = raw;
        url->is_plain = false;
    }
}

static struct str rooted(struct transaction *tx, struct str path)
{
    if (path.len > 0 && path.ptr[0] == '/')
        return path;
    return str_printf(tx->arena, "/" STR_FMT, STR_ARG(path));
}

/* After stripping: a path starts with '/' and has no dot segments. */
static void canonicalize(struct transaction *tx, struct url *url)
{
    struct str raw = url->raw_path, decoded, path;
    struct str escaped = url_escape(rooted(tx, url->path), URL_PATH, tx->arena);
    escaped = path_clean(escaped, true, tx->arena);
    if (!url_unescape(escaped, URL_PATH, tx->arena, &path))
        return;
    url_set_path(url, path);
    if (raw.len == 0)
        return;
    raw = rooted(tx, raw);
    if (url_unescape(raw, URL_PATH, tx->arena, &decoded) && str_eq(decoded, path) &&
        !str_eq(raw, url_escape(path, URL_PATH, tx->arena))) {
        url->raw_path = raw;
        url->is_plain = false;
    }
}

static void strip(struct transaction *tx, struct url *url, struct path_change how)
{
    how.keep_slashes = str_contains(how.find, STR("//"));
    change_path(tx, url, &how);
    if (how.has_changed)
        canonicalize(tx, url);
}

/* --- changes to the query --- */

struct pair {
    struct str key, value;
    uint32_t order;
};

struct pairs {
    struct pair *at;
    uint32_t n, cap;
    struct arena *arena;
};

static void pairs_add(struct pairs *pairs, struct str key, struct str value)
{
    if (pairs->n == pairs->cap) {
        struct pair *more = arena_array(pairs->arena, struct pair, pairs->cap = pairs->cap * 2 + 8);
        if (pairs->n > 0)
            memcpy(more, pairs->at, pairs->n * sizeof(*more));
        pairs->at = more;
    }
    pairs->at[pairs->n] = (struct pair){key, value, pairs->n};
    pairs->n++;
}

static uint32_t pairs_remove(struct pairs *pairs, struct str key)
{
    uint32_t kept = 0, n = pairs->n;
    for (uint32_t i = 0; i < n; i++)
        if (!str_eq(pairs->at[i].key, key))
            pairs->at[kept++] = pairs->at[i];
    pairs->n = kept;
    return n - kept;
}

static void rename_key(struct pairs *pairs, struct str from, struct str to)
{
    bool exists = false;
    for (uint32_t i = 0; i < pairs->n; i++)
        exists |= str_eq(pairs->at[i].key, from);
    if (!exists || from.len == 0 || to.len == 0 || str_eq(from, to))
        return;
    pairs_remove(pairs, to);
    for (uint32_t i = 0; i < pairs->n; i++)
        if (str_eq(pairs->at[i].key, from))
            pairs->at[i].key = to;
}

static void query_op(struct transaction *tx, const struct dt_query_op *op, struct pairs *pairs)
{
    struct str key = template_expand(tx, op->key), value = template_expand(tx, op->value);
    if (key.len == 0 && op->kind != DT_QUERY_REPLACE)
        return;
    switch ((enum dt_query_op_kind)op->kind) {
    case DT_QUERY_NONE:
        return;
    case DT_QUERY_RENAME:
        rename_key(pairs, key, value);
        return;
    case DT_QUERY_SET:
        pairs_remove(pairs, key);
        pairs_add(pairs, key, value);
        return;
    case DT_QUERY_ADD:
        pairs_add(pairs, key, value);
        return;
    case DT_QUERY_REPLACE: {
        struct str search = template_expand(tx, op->search);
        for (uint32_t i = 0; i < pairs->n; i++)
            if (str_eq(key, STR("*")) || str_eq(pairs->at[i].key, key))
                pairs->at[i].value =
                    op->regexp == DT_NONE
                        ? substitute(tx, pairs->at[i].value, search, value, 0)
                        : regexp_replace(tx, op->regexp, pairs->at[i].value, value);
        return;
    }
    case DT_QUERY_DELETE:
        pairs_remove(pairs, key);
        return;
    }
}

static int pair_order(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    int order = str_compare(left->key, right->key);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* The whole query is written anew, sorted by key. */
static void change_query(struct transaction *tx, struct dt_range ops, struct url *url)
{
    struct pairs pairs = {.arena = tx->arena};
    struct str rest = url->query, key, value;
    bool bad = false;
    while (url_query_next(&rest, tx->arena, &key, &value, &bad))
        pairs_add(&pairs, key, value);
    for (uint32_t i = 0; i < ops.n; i++)
        query_op(tx, &tx->tables->query_ops[ops.first + i], &pairs);
    for (uint32_t i = 0; i < pairs.n; i++)
        pairs.at[i].order = i;
    if (pairs.n > 0)
        qsort(pairs.at, pairs.n, sizeof(struct pair), pair_order);
    struct strbuf out = strbuf_in(tx->arena);
    for (uint32_t i = 0; i < pairs.n; i++) {
        if (i > 0)
            strbuf_add_char(&out, '&');
        strbuf_add(&out, url_escape(pairs.at[i].key, URL_QUERY, tx->arena));
        strbuf_add_char(&out, '=');
        strbuf_add(&out, url_escape(pairs.at[i].value, URL_QUERY, tx->arena));
    }
    url->query = strbuf_str(&out);
}

/* --- all of it --- */

/* A text is replaced in path and query, an expression in the path as it was written. */
static void apply_substitution(struct transaction *tx, const struct dt_substitution *row,
                               struct url *url)
{
    struct path_change how = {
        .kind = row->regexp == DT_NONE ? SUBSTITUTE : SUBSTITUTE_REGEXP,
        .find = template_expand(tx, row->find),
        .replacement = template_expand(tx, row->replace),
        .limit = row->limit,
        .regexp = row->regexp,
    };
    how.keep_slashes = str_contains(how.find, STR("//"));
    change_path(tx, url, &how);
    if (row->regexp == DT_NONE)
        url->query = substitute(tx, url->query, how.find, how.replacement, how.limit);
}

void rewrite_apply(struct transaction *tx, uint32_t row, struct str *method, struct url *url)
{
    const struct dt_rewrite *rewrite = &tx->tables->rewrites[row];
    if (rewrite->method != DT_NONE)
        *method = str_upper(tx->arena, template_expand(tx, rewrite->method));
    if (rewrite->sets_path || rewrite->sets_query)
        rewrite_uri(tx, rewrite, url);
    if (rewrite->strip_prefix != DT_NONE) {
        struct str prefix = rooted(tx, template_expand(tx, rewrite->strip_prefix));
        strip(tx, url, (struct path_change){.kind = STRIP_PREFIX, .find = prefix});
    }
    if (rewrite->strip_suffix != DT_NONE) {
        struct str suffix = template_expand(tx, rewrite->strip_suffix);
        strip(tx, url, (struct path_change){.kind = STRIP_SUFFIX, .find = suffix});
    }
    for (uint32_t i = 0; i < rewrite->substitutions.n; i++)
        apply_substitution(tx, &tx->tables->substitutions[rewrite->substitutions.first + i], url);
    if (rewrite->query_ops.n > 0)
        change_query(tx, rewrite->query_ops, url);
}

enum step handle_rewrite(struct transaction *tx, const struct dt_handler *handler)
{
    rewrite_apply(tx, handler->row, &tx->method, &tx->url);
    tx->uri = (struct str){0};
    return STEP_NEXT;
}
