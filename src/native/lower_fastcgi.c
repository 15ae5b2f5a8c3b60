/* The transport `fastcgi`: where scripts are, and what they are told. */
#include "native/lower_private.h"

static const int64_t SECOND = 1000000000;

struct fastcgi_json {
    struct str root;
    const json_t *splits, *variables;
    struct dt_transport transport;
    uint32_t resolves_links, captures_stderr;
};

#define ROW(member) offsetof(struct fastcgi_json, member)
static const struct field fastcgi_fields[] = {
    {"protocol", FIELD_IGNORED, 0}, /* is what led here */
    {"root", FIELD_STR, ROW(root)},
    {"split_path", FIELD_JSON, ROW(splits)},
    {"resolve_root_symlink", FIELD_FLAG32, ROW(resolves_links)},
    {"env", FIELD_JSON, ROW(variables)},
    {"dial_timeout", FIELD_DURATION, ROW(transport.dial_timeout_ns)},
    {"read_timeout", FIELD_DURATION, ROW(transport.read_timeout_ns)},
    {"write_timeout", FIELD_DURATION, ROW(transport.write_timeout_ns)},
    {"capture_stderr", FIELD_FLAG32, ROW(captures_stderr)},
    {0},
};
#undef ROW

static struct dt_range lower_splits(struct lowering *lo, const json_t *splits)
{
    size_t n = elements(lo, splits, "the texts to split paths at");
    struct dt_range range = {reserve_texts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct str split = json_str(json_array_get(splits, i));
        for (size_t k = 0; k < split.len; k++) {
            if ((unsigned char)split.ptr[k] < 0x80)
                continue;
            /* other letters could be taken for those of an extension */
            reject_at(lo, json_array_get(splits, i),
                      "paths cannot be split at '" STR_FMT "', which is not ASCII", STR_ARG(split));
            break;
        }
        lo->texts.at[range.first + i] = intern(lo, str_lower(lo->arena, split));
    }
    return range;
}

static struct dt_range lower_variables(struct lowering *lo, const json_t *variables)
{
    size_t n = json_is_object(variables) ? json_object_size(variables) : 0;
    struct dt_range range = {reserve_cgi_variables(lo, (uint32_t)n), (uint32_t)n};
    const json_t *walked = variables;
    uint32_t at = range.first;
    if (n == 0 && variables && !json_is_object(variables) && !json_is_null(variables))
        reject_at(lo, variables, "the variables of scripts must be an object");
    for (void *i = n ? json_object_iter(walked) : NULL; i; i = json_object_iter_next(walked, i)) {
        const json_t *value = json_object_iter_value(i);
        const struct token *before = enter(lo, value);
        struct dt_cgi_variable row = {.name = intern(lo, str_from(json_object_iter_key(i)))};
        if (!json_is_string(value))
            reject_at(lo, value, "the variable '%s' must be text", json_object_iter_key(i));
        row.value = template_of(lo, json_str(value), UNKNOWN_IS_EMPTY);
        lo->cgi_variables.at[at++] = row;
        leave(lo, before);
    }
    return range;
}

struct dt_transport lower_fastcgi(struct lowering *lo, const json_t *transport)
{
    struct fastcgi_json in = {0};
    read_object(lo, transport, "the transport fastcgi", fastcgi_fields, &in);
    struct dt_fastcgi row = {
        .splits = lower_splits(lo, in.splits),
        .variables = lower_variables(lo, in.variables),
        .resolves_links = in.resolves_links,
        .captures_stderr = in.captures_stderr,
    };
    row.root = template_of(lo, in.root.len ? in.root : STR("{http.vars.root}"), UNKNOWN_IS_EMPTY);
    in.transport.fastcgi = push_fastcgis(lo, row);
    in.transport.server_name = DT_NONE;
    in.transport.trust_pool = DT_NONE;
    in.transport.forward_proxy = DT_NONE;
    in.transport.resolver = DT_NONE;
    in.transport.origin = origin_here(lo);
    if (in.transport.dial_timeout_ns == 0)
        in.transport.dial_timeout_ns = 3 * SECOND;
    return in.transport;
}
