/* Regular expressions: matches, replacements with groups in them as Go writes them, and the groups
 * that requests remember. */

#include "proxy/regexp.h"

#include <stdio.h>

#include "base/parse.h"
#include "base/regexp.h"
#include "dialtone/proxy.h"
#include "proxy/template.h"

/* What the groups of one expression matched last. */
struct capture {
    struct capture *earlier;
    const struct dt_regexp *regexp;
    struct str *groups; /* the whole match first */
    int component;      /* enum dt_url_component; -1: it is no pattern of URLs */
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
        if (tables->regexps[i].template != DT_NONE)
            continue; /* compiled when it is known */
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

bool regexp_matches(const struct core *core, uint32_t row, struct str text)
{
    ptrdiff_t offsets[2];
    return engine->match(core->regexps[row], text.ptr ? text.ptr : "", text.len, 0, offsets, 1);
}

bool regexp_matches_late(struct transaction *tx, struct str pattern, struct str text,
                         bool *is_pattern)
{
    struct regexp checked;
    ptrdiff_t offsets[2];
    *is_pattern = regexp_check(tx->arena, pattern, &checked) == REGEXP_OK;
    if (!*is_pattern)
        return false;
    pattern = regexp_with_old_names(tx->arena, pattern);
    void *compiled = engine->compile(pattern.ptr ? pattern.ptr : "", pattern.len);
    *is_pattern = compiled != NULL;
    if (!compiled)
        return false;
    bool found = engine->match(compiled, text.ptr ? text.ptr : "", text.len, 0, offsets, 1);
    engine->release(compiled);
    return found;
}

/* An expression in use: a row of the tables, or one that is compiled for this once. */
struct expression {
    void *compiled;
    const struct dt_regexp *row; /* whose groups are known from the tables; NULL: <late> */
    struct regexp late;
    int n; /* groups, the whole match included */
};

static struct expression expression_of(const struct core *core, uint32_t row)
{
    const struct dt_regexp *regexp = &core->tables->regexps[row];
    return (struct expression){
        .compiled = core->regexps[row], .row = regexp, .n = (int)regexp->groups.n + 1};
}

/* False where what the pattern became is none. */
static bool compile_late(struct transaction *tx, const struct dt_regexp *row,
                         struct expression *out)
{
    struct str pattern = template_expand(tx, row->template);
    *out = (struct expression){0};
    if (regexp_check(tx->arena, pattern, &out->late) != REGEXP_OK)
        return false;
    pattern = regexp_with_old_names(tx->arena, pattern);
    out->n = (int)out->late.n_groups + 1;
    out->compiled = engine->compile(pattern.ptr ? pattern.ptr : "", pattern.len);
    return out->compiled != NULL;
}

/* Offsets of the groups of the first match from <from> on; NULL: none. */
static ptrdiff_t *find(const struct expression *expression, struct str text, size_t from,
                       ptrdiff_t *offsets)
{
    bool found = engine->match(expression->compiled, text.ptr ? text.ptr : "", text.len, from,
                               offsets, expression->n);
    return found ? offsets : NULL;
}

static ptrdiff_t *offsets_for(struct arena *arena, const struct expression *expression)
{
    return arena_array(arena, ptrdiff_t, expression->n * 2);
}

static struct str group_text(struct str text, const ptrdiff_t *offsets, int group)
{
    if (offsets[2 * group] < 0)
        return STR("");
    return str_slice(text, (size_t)offsets[2 * group], (size_t)offsets[2 * group + 1]);
}

static bool match_and_keep(struct transaction *tx, uint32_t row, struct str text, int component)
{
    struct expression expression = expression_of(tx->core, row);
    ptrdiff_t *offsets = find(&expression, text, 0, offsets_for(tx->arena, &expression));
    if (!offsets)
        return false;
    struct capture *capture = arena_new(tx->arena, struct capture);
    capture->regexp = expression.row;
    capture->component = component;
    capture->groups = arena_array(tx->arena, struct str, expression.n);
    for (int i = 0; i < expression.n; i++)
        capture->groups[i] = group_text(text, offsets, i);
    capture->earlier = tx->captures;
    tx->captures = capture;
    return true;
}

bool regexp_match(struct transaction *tx, uint32_t row, struct str text)
{
    return match_and_keep(tx, row, text, -1);
}

void regexp_keep_component(struct transaction *tx, uint32_t row, struct str text,
                           enum dt_url_component component)
{
    uint32_t n_groups = tx->tables->regexps[row].groups.n;
    /* Caddy's library: one group that nothing fits is not set */
    if (n_groups > 1 || (n_groups == 1 && text.len > 0))
        match_and_keep(tx, row, text, (int)component);
}

/* --- groups by name --- */

static struct str group_name(const struct dt_tables *tables, const struct expression *expression,
                             int group)
{
    if (!expression->row)
        return expression->late.names[group - 1];
    return table_text(tables, tables->texts[expression->row->groups.first + (uint32_t)group - 1]);
}

/* The group of this number or name; -1: none. */
static int group_of(const struct dt_tables *tables, const struct expression *expression,
                    struct str name)
{
    int64_t number;
    if (name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9')
        return parse_go_int(name, &number) == PARSE_OK && number < expression->n ? (int)number : -1;
    for (int i = 1; i < expression->n && name.len > 0; i++)
        if (str_eq(group_name(tables, expression, i), name))
            return i;
    return -1;
}

bool regexp_value(const struct transaction *tx, struct str key, struct str *out)
{
    for (const struct capture *capture = tx->captures; capture; capture = capture->earlier) {
        struct str name = table_text(tx->tables, capture->regexp->name), group = key;
        if (capture->component >= 0)
            continue;
        if (name.len > 0 && str_has_prefix(key, name) && key.len > name.len &&
            key.ptr[name.len] == '.')
            group = str_slice(key, name.len + 1, key.len);
        const struct expression expression = {.row = capture->regexp,
                                              .n = (int)capture->regexp->groups.n + 1};
        int number = group_of(tx->tables, &expression, group);
        if (number < 0)
            continue;
        *out = capture->groups[number];
        return true;
    }
    return false;
}

bool regexp_component_value(const struct transaction *tx, struct str key, struct str *out)
{
    static const struct str names[] = {
#define X(id, name) STR_INIT(name),
        DT_URL_COMPONENTS(X)
#undef X
    };
    struct str component, group;
    str_cut(key, STR("."), &component, &group);
    for (const struct capture *capture = tx->captures; capture; capture = capture->earlier) {
        if (capture->component < 0 || !str_eq(component, names[capture->component]))
            continue;
        struct dt_range groups = capture->regexp->groups;
        for (uint32_t i = 0; i < groups.n; i++) {
            if (!str_eq(group, table_text(tx->tables, tx->tables->texts[groups.first + i])))
                continue;
            *out = capture->groups[i + 1];
            return true;
        }
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

static void add_expanded(const struct dt_tables *tables, const struct expression *expression,
                         struct str text, const ptrdiff_t *offsets, struct str replacement,
                         struct strbuf *out)
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
            int group = group_of(tables, expression, name);
            if (group >= 0)
                strbuf_add(out, group_text(text, offsets, group));
        } else {
            strbuf_add_char(out, '$');
        }
    }
}

static struct str replace_all(const struct dt_tables *tables, struct arena *arena,
                              const struct expression *expression, struct str text,
                              struct str replacement)
{
    ptrdiff_t *offsets = offsets_for(arena, expression);
    struct strbuf out = strbuf_in(arena);
    size_t at = 0, copied = 0;
    while (at <= text.len && find(expression, text, at, offsets)) {
        size_t begin = (size_t)offsets[0], end = (size_t)offsets[1], size = 1;
        strbuf_add(&out, str_slice(text, copied, begin));
        /* as Go: nothing right behind a match is not one more */
        if (end > copied || begin == 0)
            add_expanded(tables, expression, text, offsets, replacement, &out);
        copied = end;
        if (at < text.len)
            utf8_decode(text, at, &size);
        at = at + size > end ? at + size : end;
    }
    strbuf_add(&out, str_slice(text, copied, text.len));
    return strbuf_str(&out);
}

struct str regexp_replace_in(const struct core *core, struct arena *arena, uint32_t row,
                             struct str text, struct str replacement)
{
    struct expression expression = expression_of(core, row);
    return replace_all(core->tables, arena, &expression, text, replacement);
}

struct str regexp_replace(struct transaction *tx, uint32_t row, struct str text,
                          struct str replacement)
{
    const struct dt_regexp *regexp = &tx->tables->regexps[row];
    struct expression expression;
    if (regexp->template == DT_NONE) {
        expression = expression_of(tx->core, row);
        return replace_all(tx->tables, tx->arena, &expression, text, replacement);
    }
    if (!compile_late(tx, regexp, &expression))
        return text;
    struct str changed = replace_all(tx->tables, tx->arena, &expression, text, replacement);
    engine->release(expression.compiled);
    return changed;
}

bool regexp_expand(struct transaction *tx, uint32_t row, struct str text, struct str replacement,
                   struct str *out)
{
    struct expression expression = expression_of(tx->core, row);
    ptrdiff_t *offsets = find(&expression, text, 0, offsets_for(tx->arena, &expression));
    struct strbuf expanded = strbuf_in(tx->arena);
    if (!offsets)
        return false;
    add_expanded(tx->tables, &expression, text, offsets, replacement, &expanded);
    *out = strbuf_str(&expanded);
    return true;
}
