/* Regular expressions: matches, replacements with groups in them as Go writes them, and the groups
 * that requests remember. */

#include "proxy/regexp.h"

#include <stdio.h>

#include "base/parse.h"
#include "dialtone/proxy.h"

/* What the groups of one expression matched last. */
struct capture {
    struct capture *earlier;
    const struct dt_regexp *regexp;
    struct str *groups; /* the whole match first */
};

static const struct dt_regexp_engine *engine;

void dt_proxy_use_regexps(const struct dt_regexp_engine *chosen)
{
    engine = chosen;
}

bool regexps_open(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    if (tables->n_regexps == 0)
        return true;
    if (!engine) {
        fprintf(stderr, "%s: linked without regular expressions\n", core->name);
        return false;
    }
    core->regexps = arena_array(core->arena, void *, tables->n_regexps);
    for (uint32_t i = 0; i < tables->n_regexps; i++) {
        struct dt_text pattern = tables->regexps[i].pattern;
        core->regexps[i] = engine->compile(dt_chars(tables, pattern), pattern.len);
        if (core->regexps[i])
            continue;
        fprintf(stderr, "%s: the expression '%s' cannot be compiled\n", core->name,
                dt_chars(tables, pattern));
        return false;
    }
    return true;
}

void regexps_close(struct core *core)
{
    for (uint32_t i = 0; core->regexps && i < core->tables->n_regexps; i++)
        if (core->regexps[i])
            engine->release(core->regexps[i]);
}

/* --- matches --- */

static int n_groups(const struct transaction *tx, uint32_t row)
{
    return (int)tx->tables->regexps[row].groups.n + 1;
}

/* Offsets of the groups of the first match from <from> on; NULL: none. */
static ptrdiff_t *find(struct transaction *tx, uint32_t row, struct str text, size_t from,
                       ptrdiff_t *offsets)
{
    bool found = engine->match(tx->core->regexps[row], text.ptr ? text.ptr : "", text.len, from,
                               offsets, n_groups(tx, row));
    return found ? offsets : NULL;
}

static ptrdiff_t *offsets_for(struct transaction *tx, uint32_t row)
{
    return arena_array(tx->arena, ptrdiff_t, n_groups(tx, row) * 2);
}

static struct str group_text(struct str text, const ptrdiff_t *offsets, int group)
{
    if (offsets[2 * group] < 0)
        return STR("");
    return str_slice(text, (size_t)offsets[2 * group], (size_t)offsets[2 * group + 1]);
}

bool regexp_match(struct transaction *tx, uint32_t row, struct str text)
{
    ptrdiff_t *offsets = find(tx, row, text, 0, offsets_for(tx, row));
    int n = n_groups(tx, row);
    if (!offsets)
        return false;
    struct capture *capture = arena_new(tx->arena, struct capture);
    capture->regexp = &tx->tables->regexps[row];
    capture->groups = arena_array(tx->arena, struct str, n);
    for (int i = 0; i < n; i++)
        capture->groups[i] = group_text(text, offsets, i);
    capture->earlier = tx->captures;
    tx->captures = capture;
    return true;
}

/* --- groups by name --- */

/* The group of this number or name; -1: none. */
static int group_of(const struct dt_tables *tables, const struct dt_regexp *regexp, struct str name)
{
    int64_t number;
    if (name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9')
        return parse_go_int(name, &number) == PARSE_OK && number <= regexp->groups.n ? (int)number
                                                                                     : -1;
    for (uint32_t i = 0; i < regexp->groups.n && name.len > 0; i++)
        if (str_eq(table_text(tables, tables->texts[regexp->groups.first + i]), name))
            return (int)i + 1;
    return -1;
}

bool regexp_value(const struct transaction *tx, struct str key, struct str *out)
{
    for (const struct capture *capture = tx->captures; capture; capture = capture->earlier) {
        struct str name = table_text(tx->tables, capture->regexp->name), group = key;
        if (name.len > 0 && str_has_prefix(key, name) && key.len > name.len &&
            key.ptr[name.len] == '.')
            group = str_slice(key, name.len + 1, key.len);
        int number = group_of(tx->tables, capture->regexp, group);
        if (number < 0)
            continue;
        *out = capture->groups[number];
        return true;
    }
    return false;
}

/* --- replacements --- */

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Reads "name" or "{name}" off what follows a '$'; false where none is there. */
static bool take_name(struct str *rest, struct str *name)
{
    bool braced = rest->len > 0 && rest->ptr[0] == '{';
    size_t start = braced, end = start;
    while (end < rest->len && is_word(rest->ptr[end]))
        end++;
    if (end == start || (braced && (end >= rest->len || rest->ptr[end] != '}')))
        return false;
    *name = str_slice(*rest, start, end);
    *rest = str_slice(*rest, end + braced, rest->len);
    return true;
}

static void add_expanded(struct transaction *tx, uint32_t row, struct str text,
                         const ptrdiff_t *offsets, struct str replacement, struct strbuf *out)
{
    while (replacement.len > 0) {
        struct str before, name;
        if (!str_cut(replacement, STR("$"), &before, &replacement)) {
            strbuf_add(out, before);
            return;
        }
        strbuf_add(out, before);
        if (str_has_prefix(replacement, STR("$"))) {
            strbuf_add_char(out, '$');
            replacement = str_slice(replacement, 1, replacement.len);
        } else if (take_name(&replacement, &name)) {
            int group = group_of(tx->tables, &tx->tables->regexps[row], name);
            if (group >= 0)
                strbuf_add(out, group_text(text, offsets, group));
        } else {
            strbuf_add_char(out, '$');
        }
    }
}

struct str regexp_replace(struct transaction *tx, uint32_t row, struct str text,
                          struct str replacement)
{
    ptrdiff_t *offsets = offsets_for(tx, row);
    struct strbuf out = strbuf_in(tx->arena);
    size_t at = 0, copied = 0;
    while (at <= text.len && find(tx, row, text, at, offsets)) {
        size_t begin = (size_t)offsets[0], end = (size_t)offsets[1], size = 1;
        strbuf_add(&out, str_slice(text, copied, begin));
        /* as Go: nothing right behind a match is not one more */
        if (end > copied || begin == 0)
            add_expanded(tx, row, text, offsets, replacement, &out);
        copied = end;
        if (at < text.len)
            utf8_decode(text, at, &size);
        at = at + size > end ? at + size : end;
    }
    strbuf_add(&out, str_slice(text, copied, text.len));
    return strbuf_str(&out);
}

bool regexp_expand(struct transaction *tx, uint32_t row, struct str text, struct str replacement,
                   struct str *out)
{
    ptrdiff_t *offsets = find(tx, row, text, 0, offsets_for(tx, row));
    struct strbuf expanded = strbuf_in(tx->arena);
    if (!offsets)
        return false;
    add_expanded(tx, row, text, offsets, replacement, &expanded);
    *out = strbuf_str(&expanded);
    return true;
}
