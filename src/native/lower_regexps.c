/* Regular expressions, and the matchers that are made of them. */
#include "base/regexp.h"
#include "native/lower_private.h"
#include "native/url_pattern.h"

uint32_t regexp_of(struct lowering *lo, const json_t *value, struct str pattern, struct str name)
{
    struct regexp regexp = {0};
    enum regexp_result result = regexp_check(lo->arena, pattern, &regexp);
    if (result != REGEXP_OK) {
        reject_at(lo, value, "the expression '" STR_FMT "' %s", STR_ARG(pattern),
                  regexp_result_text(result));
        return DT_NONE;
    }
    struct dt_regexp row = {
        .template = DT_NONE,
        .pattern = intern(lo, regexp_with_old_names(lo->arena, pattern)),
        .name = intern(lo, name),
        .groups = {reserve_texts(lo, (uint32_t)regexp.n_groups), (uint32_t)regexp.n_groups},
    };
    for (size_t i = 0; i < regexp.n_groups; i++)
        lo->texts.at[row.groups.first + i] = intern(lo, regexp.names[i]);
    return push_regexps(lo, row);
}

/* Whether Caddy compiles the pattern anew each time: it then is text with placeholders. */
static bool is_compiled_late(struct str pattern)
{
    ptrdiff_t open = str_index(pattern, '{');
    if (open < 0)
        return false;
    return str_index(str_slice(pattern, (size_t)open + 1, pattern.len), '}') > 0;
}

uint32_t late_regexp_of(struct lowering *lo, const json_t *value, struct str pattern)
{
    struct str constant;
    if (!is_compiled_late(pattern))
        return regexp_of(lo, value, pattern, (struct str){0});
    uint32_t template = template_of(lo, pattern, UNKNOWN_IS_KEPT);
    if (template_is_constant(lo, template, &constant))
        return regexp_of(lo, value, str_dup(lo->arena, constant), (struct str){0});
    return push_regexps(lo, (struct dt_regexp){.template = template});
}

/* {"name": …, "pattern": …} */
static uint32_t lower_regexp(struct lowering *lo, const json_t *value)
{
    struct regexp_json {
        struct str name, pattern;
    } in = {0};
    static const struct field fields[] = {
        {"name", FIELD_STR, offsetof(struct regexp_json, name)},
        {"pattern", FIELD_STR, offsetof(struct regexp_json, pattern)},
        {0},
    };
    read_object(lo, value, "a regular expression", fields, &in);
    return regexp_of(lo, value, in.pattern, in.name);
}

/* A row whose groups have these names, numbers among them. */
static struct dt_regexp component_regexp(struct lowering *lo,
                                         const struct url_component_pattern *pattern)
{
    struct dt_regexp row = {
        .template = DT_NONE,
        .pattern = intern(lo, regexp_with_old_names(lo->arena, pattern->expression)),
        .groups = {reserve_texts(lo, (uint32_t)pattern->n_groups), (uint32_t)pattern->n_groups},
    };
    for (size_t i = 0; i < pattern->n_groups; i++)
        lo->texts.at[row.groups.first + i] = intern(lo, pattern->groups[i]);
    return row;
}

_Static_assert((int)DT_N_URL_COMPONENTS == (int)N_URL_COMPONENTS, "components of URLs");

void lower_url_pattern(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct pattern_json {
        struct str pattern, base;
        uint8_t ignores_case;
    } in = {0};
    static const struct field fields[] = {
        {"pattern", FIELD_STR, offsetof(struct pattern_json, pattern)},
        {"base_url", FIELD_STR, offsetof(struct pattern_json, base)},
        {"ignore_case", FIELD_FLAG, offsetof(struct pattern_json, ignores_case)},
        {0},
    };
    struct url_component_pattern patterns[N_URL_COMPONENTS];
    struct regexp checked;
    struct str whole, path, scheme, host;
    const char *problem;
    read_object(lo, value, "a URL pattern", fields, &in);
    /* Caddy: a pattern of a path alone is for every host */
    bool is_whole = str_cut(in.pattern, STR("://"), &scheme, &path);
    whole = in.base.len || is_whole ? in.pattern
                                    : STR_JOIN(lo->arena, STR("*://*:*"), in.pattern);
    if (!is_whole)
        path = in.pattern;
    else if (str_cut(path, STR("/"), &host, &path))
        path = STR_JOIN(lo->arena, STR("/"), path);
    else
        path = STR("");
    out->number = str_contains(path, STR("//"));
    if (!url_pattern_parse(lo->arena, whole, in.base, in.ignores_case, patterns, &problem)) {
        reject_at(lo, value, "the pattern '" STR_FMT "' %s", STR_ARG(in.pattern), problem);
        return;
    }
    out->rows = (struct dt_range){reserve_regexps(lo, N_URL_COMPONENTS), N_URL_COMPONENTS};
    for (uint32_t i = 0; i < N_URL_COMPONENTS; i++) {
        enum regexp_result result = regexp_check(lo->arena, patterns[i].expression, &checked);
        if (result != REGEXP_OK)
            reject_at(lo, value, "an expression in the pattern '" STR_FMT "' %s",
                      STR_ARG(in.pattern), regexp_result_text(result));
        else if (checked.n_groups != patterns[i].n_groups)
            reject_at(lo, value, "an expression in the pattern '" STR_FMT "' has groups of its own",
                      STR_ARG(in.pattern));
        lo->regexps.at[out->rows.first + i] = component_regexp(lo, &patterns[i]);
    }
}

void lower_path_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    out->rows = (struct dt_range){lower_regexp(lo, value), 1};
}

static void lower_conditions(struct lowering *lo, const json_t *value, bool is_header,
                             struct dt_matcher *out)
{
    if (!json_is_object(value)) {
        reject_at(lo, value, "the matcher must be an object");
        return;
    }
    uint32_t n = (uint32_t)json_object_size(value), at = 0;
    out->rows = (struct dt_range){reserve_regexp_conditions(lo, n), n};
    const json_t *walked = value;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i), at++) {
        struct str key = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *regexp = json_object_iter_value(i);
        struct dt_regexp_condition row = {.number = DT_NONE, .template = DT_NONE};
        const struct token *before = enter(lo, regexp);
        if (is_header)
            row.number = builder_header(lo, key);
        else if (is_placeholder_key(key))
            row.template = template_of(lo, key, UNKNOWN_IS_EMPTY);
        else
            row.number = variable(lo, key);
        row.regexp = lower_regexp(lo, regexp);
        leave(lo, before);
        lo->regexp_conditions.at[out->rows.first + at] = row;
    }
}

void lower_header_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    lower_conditions(lo, value, true, out);
}

void lower_vars_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    lower_conditions(lo, value, false, out);
}
