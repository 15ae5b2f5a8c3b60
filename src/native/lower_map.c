/* map: placeholders of the configuration's own. */
#include "native/go_value.h"
#include "native/lower_private.h"

/* "{name}" → name. */
static struct str placeholder_name(struct str text)
{
    return str_trim_suffix(str_trim_prefix(text, STR("{")), STR("}"));
}

static void note_names(struct lowering *lo, const json_t *handler)
{
    const json_t *names = json_object_get(handler, "destinations");
    for (size_t i = 0; i < json_array_size(names); i++) {
        struct str name = placeholder_name(json_str(json_array_get(names, i)));
        if (map_get(&lo->mapped_names, name))
            continue;
        uint32_t row = push_mapped(lo, (struct dt_mapped){intern(lo, name)});
        map_put(&lo->mapped_names, str_dup(lo->arena, name), (void *)(uintptr_t)(row + 1));
    }
}

void find_mapped_names(struct lowering *lo, const json_t *root)
{
    if (json_is_array(root)) {
        for (size_t i = 0; i < json_array_size(root); i++)
            find_mapped_names(lo, json_array_get(root, i));
        return;
    }
    if (!json_is_object(root))
        return;
    if (str_is(member_str(root, "handler"), "map"))
        note_names(lo, root);
    const json_t *walked = root;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i))
        find_mapped_names(lo, json_object_iter_value(i));
}

static struct dt_mapping lower_mapping(struct lowering *lo, const json_t *value)
{
    struct mapping_json {
        struct str input, pattern;
        const json_t *outputs;
    } in = {0};
    static const struct field fields[] = {
        {"input", FIELD_STR, offsetof(struct mapping_json, input)},
        {"input_regexp", FIELD_STR, offsetof(struct mapping_json, pattern)},
        {"outputs", FIELD_JSON, offsetof(struct mapping_json, outputs)},
        {0},
    };
    read_object(lo, value, "a mapping", fields, &in);
    struct dt_mapping row = {.input = intern(lo, in.input), .regexp = DT_NONE};
    if (in.pattern.len)
        row.regexp = regexp_of(lo, value, in.pattern, (struct str){0});
    size_t n = elements(lo, in.outputs, "the outputs");
    uint32_t *outputs = arena_array(lo->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *output = json_array_get(in.outputs, i);
        outputs[i] = DT_NONE;
        if (json_is_null(output))
            continue;
        struct str text = go_value_text(lo->arena, output);
        outputs[i] =
            in.pattern.len ? constant_template(lo, text) : template_of(lo, text, UNKNOWN_IS_EMPTY);
    }
    row.outputs = numbers_of(lo, outputs, n);
    return row;
}

void lower_map(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct map_json {
        struct str source;
        const json_t *names, *mappings, *defaults;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"source", FIELD_STR, offsetof(struct map_json, source)},
        {"destinations", FIELD_JSON, offsetof(struct map_json, names)},
        {"mappings", FIELD_JSON, offsetof(struct map_json, mappings)},
        {"defaults", FIELD_JSON, offsetof(struct map_json, defaults)},
        {0},
    };
    read_object(lo, handler, "a map", fields, &in);
    struct dt_map row = {.source = template_of(lo, in.source, UNKNOWN_IS_EMPTY)};
    size_t n_names = elements(lo, in.names, "the destinations");
    size_t n = elements(lo, in.mappings, "the mappings");
    size_t n_defaults = elements(lo, in.defaults, "the defaults");
    uint32_t *names = arena_array(lo->arena, uint32_t, n_names + 1);
    for (size_t i = 0; i < n_names; i++) {
        struct str name = placeholder_name(json_str(json_array_get(in.names, i)));
        names[i] = (uint32_t)(uintptr_t)map_get(&lo->mapped_names, name) - 1;
    }
    row.names = numbers_of(lo, names, n_names);
    row.mappings = (struct dt_range){reserve_mappings(lo, (uint32_t)n), (uint32_t)n};
    struct map seen = map_in(lo->arena);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(in.mappings, i);
        const struct token *before = enter(lo, value);
        struct dt_mapping mapping = lower_mapping(lo, value);
        struct str input = member_str(value, "input_regexp");
        if (input.len == 0)
            input = member_str(value, "input");
        if (map_get(&seen, input))
            reject_at(lo, value, "this input of the map stands here twice");
        map_put(&seen, input, (void *)value);
        if (mapping.outputs.n != n_names)
            reject_at(lo, value, "a mapping needs an output for each destination");
        lo->mappings.at[row.mappings.first + i] = mapping;
        leave(lo, before);
    }
    if (n_defaults && n_defaults != n_names)
        reject_at(lo, in.defaults, "there must be a default for each destination");
    row.defaults.n = (uint32_t)n_defaults;
    for (size_t i = 0; i < n_defaults; i++) {
        struct str text = go_value_text(lo->arena, json_array_get(in.defaults, i));
        uint32_t template = template_of(lo, text, UNKNOWN_IS_EMPTY);
        if (i == 0)
            row.defaults.first = template;
    }
    out->row = push_maps(lo, row);
}
