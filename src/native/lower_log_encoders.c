/* How the lines of a log are written: the chain of encoders, and the filters in it. */
#include <stdlib.h>

#include "json/document.h"
#include "native/lower_private.h"

/* ---- the end of the chain ---- */

struct format_json {
    const json_t *message, *level, *time, *name, *ending;
    struct str time_format, duration_format, level_format;
    uint8_t is_local;
};

static const struct field format_fields[] = {
    {"format", FIELD_IGNORED, 0}, /* chose this table */
    {"message_key", FIELD_JSON, offsetof(struct format_json, message)},
    {"level_key", FIELD_JSON, offsetof(struct format_json, level)},
    {"time_key", FIELD_JSON, offsetof(struct format_json, time)},
    {"name_key", FIELD_JSON, offsetof(struct format_json, name)},
    {"caller_key", FIELD_IGNORED, 0},     /* no line tells its place in the code */
    {"stacktrace_key", FIELD_IGNORED, 0}, /* nor how it was got there */
    {"line_ending", FIELD_JSON, offsetof(struct format_json, ending)},
    {"time_format", FIELD_STR, offsetof(struct format_json, time_format)},
    {"time_local", FIELD_FLAG, offsetof(struct format_json, is_local)},
    {"duration_format", FIELD_STR, offsetof(struct format_json, duration_format)},
    {"level_format", FIELD_STR, offsetof(struct format_json, level_format)},
    {0},
};

static const struct {
    const char *name;
    enum dt_log_time time;
    const char *layout;
    bool is_local; /* whatever time_local says */
} time_formats[] = {
    {"unix_seconds_float", DT_LOG_TIME_SECONDS, NULL, false},
    {"unix_milli_float", DT_LOG_TIME_MILLIS, NULL, false},
    {"unix_nano", DT_LOG_TIME_NANOS, NULL, false},
    {"iso8601", DT_LOG_TIME_LAYOUT, "2006-01-02T15:04:05.000Z0700", true},
    {"rfc3339", DT_LOG_TIME_LAYOUT, "2006-01-02T15:04:05Z07:00", false},
    {"rfc3339_nano", DT_LOG_TIME_LAYOUT, "2006-01-02T15:04:05.999999999Z07:00", false},
    {"wall", DT_LOG_TIME_LAYOUT, "2006/01/02 15:04:05", false},
    {"wall_milli", DT_LOG_TIME_LAYOUT, "2006/01/02 15:04:05.000", false},
    {"wall_nano", DT_LOG_TIME_LAYOUT, "2006/01/02 15:04:05.000000000", false},
    {"common_log", DT_LOG_TIME_LAYOUT, "02/Jan/2006:15:04:05 -0700", false},
};

static void lower_time(struct lowering *lo, struct str format, bool is_local,
                       struct dt_log_encoder *row)
{
    row->time = DT_LOG_TIME_LAYOUT;
    row->time_layout = intern(lo, format);
    row->is_local_time = is_local;
    for (size_t i = 0; i < sizeof(time_formats) / sizeof(time_formats[0]); i++) {
        if (!str_is(format, time_formats[i].name))
            continue;
        row->time = (uint8_t)time_formats[i].time;
        row->time_layout = intern(lo, str_from(time_formats[i].layout));
        row->is_local_time = is_local || time_formats[i].is_local;
    }
}

static const struct {
    const char *name;
    uint8_t value;
} durations[] =
    {
        {"ns", DT_LOG_DURATION_NANOS},     {"nano", DT_LOG_DURATION_NANOS},
        {"nanos", DT_LOG_DURATION_NANOS},  {"ms", DT_LOG_DURATION_MILLIS},
        {"milli", DT_LOG_DURATION_MILLIS}, {"millis", DT_LOG_DURATION_MILLIS},
        {"string", DT_LOG_DURATION_TEXT},
},
  level_formats[] = {
      {"lower", DT_LOG_LEVEL_LOWER},
      {"upper", DT_LOG_LEVEL_UPPER},
      {"color", DT_LOG_LEVEL_COLOR},
};

/* What is not known is written in seconds; a level then is not written at all: Caddy's own. */
static uint8_t duration_format(struct str name)
{
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        if (str_is(name, durations[i].name))
            return durations[i].value;
    }
    return DT_LOG_DURATION_SECONDS;
}

static uint8_t level_format(struct str name)
{
    for (size_t i = 0; i < sizeof(level_formats) / sizeof(level_formats[0]); i++) {
        if (str_is(name, level_formats[i].name))
            return level_formats[i].value;
    }
    return DT_LOG_LEVEL_NONE;
}

/* An empty key is one that was said, and leaves the field out. */
static struct dt_text key_of(struct lowering *lo, const json_t *value, const char *otherwise)
{
    if (value && !json_is_string(value))
        reject_at(lo, value, "a key of a log's lines must be a string");
    return intern(lo, value ? json_str(value) : str_from(otherwise));
}

/* <encoder> may be NULL: all by default. */
static struct dt_log_encoder lower_format(struct lowering *lo, const json_t *encoder,
                                          enum dt_log_encoder_kind kind)
{
    struct format_json in = {0};
    struct dt_log_encoder row = {.kind = (uint8_t)kind};
    bool is_console = kind != DT_LOG_JSON;
    read_object(lo, encoder, "a log's format", format_fields, &in);
    row.message_key = key_of(lo, in.message, "msg");
    row.level_key = key_of(lo, in.level, "level");
    row.time_key = key_of(lo, in.time, "ts");
    row.name_key = key_of(lo, in.name, "logger");
    row.line_ending = key_of(lo, in.ending, "\n");
    if (row.line_ending.len == 0)
        row.line_ending = intern(lo, STR("\n"));
    if (in.time_format.len == 0)
        in.time_format = is_console ? STR("wall_milli") : STR("unix_seconds_float");
    if (in.level_format.len == 0)
        in.level_format = is_console ? STR("color") : STR("lower");
    lower_time(lo, in.time_format, in.is_local, &row);
    row.duration = duration_format(in.duration_format);
    row.level = level_format(in.level_format);
    return row;
}

/* ---- filters ---- */

struct filter_json {
    const json_t *value, *name, *ip4_bits, *ip6_bits, *actions, *operations, *regexp;
};

/* A negative number of bits is as good as none. */
static uint32_t mask_bits(struct lowering *lo, const json_t *value)
{
    if (value && !json_is_integer(value))
        reject_at(lo, value, "the bits of a mask must be a whole number");
    int64_t bits = json_integer_value(value);
    return bits < 0 || bits > 128 ? 0 : (uint32_t)bits;
}

static uint32_t action_kind(struct lowering *lo, const json_t *action)
{
    struct str type = member_str(action, "type");
    if (str_is(type, "replace"))
        return DT_LOG_FILTER_REPLACE;
    if (str_is(type, "hash"))
        return DT_LOG_FILTER_HASH;
    if (!str_is(type, "delete"))
        reject_at(lo, action, "'" STR_FMT "' is nothing that can be done with a field",
                  STR_ARG(type));
    return DT_LOG_FILTER_DELETE;
}

static struct dt_range lower_actions(struct lowering *lo, const json_t *list)
{
    struct action_json {
        struct dt_text parameter, name, value;
    };
    static const struct field fields[] = {
        {"type", FIELD_IGNORED, 0}, /* read by action_kind */
        {"parameter", FIELD_TEXT, offsetof(struct action_json, parameter)},
        {"name", FIELD_TEXT, offsetof(struct action_json, name)},
        {"value", FIELD_TEXT, offsetof(struct action_json, value)},
        {0},
    };
    uint32_t n = (uint32_t)elements(lo, list, "the actions of a filter");
    struct dt_range range = {reserve_log_actions(lo, n), n};
    for (uint32_t i = 0; i < n; i++) {
        const json_t *action = json_array_get(list, i);
        const struct token *before = enter(lo, action);
        struct action_json in = {0};
        read_object(lo, action, "an action of a filter", fields, &in);
        lo->log_actions.at[range.first + i] =
            (struct dt_log_action){.kind = action_kind(lo, action),
                                   .name = in.name.len ? in.name : in.parameter,
                                   .value = in.value};
        leave(lo, before);
    }
    return range;
}

static struct dt_log_replacement lower_replacement(struct lowering *lo, const json_t *operation)
{
    struct replacement_json {
        struct str regexp;
        struct dt_text value;
    } in = {0};
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"regexp", FIELD_STR, offsetof(struct replacement_json, regexp)},
        {"value", FIELD_TEXT, offsetof(struct replacement_json, value)},
        {0},
    };
    const struct token *before = enter(lo, operation);
    read_object(lo, operation, "a replacement", fields, &in);
    struct dt_log_replacement row = {.value = in.value};
    row.regexp = regexp_of(lo, operation, in.regexp, STR(""));
    leave(lo, before);
    return row;
}

static void lower_delete(struct lowering *lo, const json_t *filter, struct dt_log_filter *row)
{
    static const struct field fields[] = {{"filter", FIELD_IGNORED, 0}, {0}};
    read_object(lo, filter, "the filter", fields, row);
}

static void lower_rename(struct lowering *lo, const json_t *filter, struct dt_log_filter *row)
{
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"name", FIELD_TEXT, offsetof(struct dt_log_filter, value)},
        {0},
    };
    read_object(lo, filter, "the rename filter", fields, row);
}

static void lower_replace(struct lowering *lo, const json_t *filter, struct dt_log_filter *row)
{
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"value", FIELD_TEXT, offsetof(struct dt_log_filter, value)},
        {0},
    };
    read_object(lo, filter, "the replace filter", fields, row);
}

static void lower_ip_mask(struct lowering *lo, const json_t *filter, struct dt_log_filter *row)
{
    struct filter_json in = {0};
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"ipv4_cidr", FIELD_JSON, offsetof(struct filter_json, ip4_bits)},
        {"ipv6_cidr", FIELD_JSON, offsetof(struct filter_json, ip6_bits)},
        {0},
    };
    read_object(lo, filter, "the ip_mask filter", fields, &in);
    row->ip4_bits = mask_bits(lo, in.ip4_bits);
    row->ip6_bits = mask_bits(lo, in.ip6_bits);
}

static void lower_action_filter(struct lowering *lo, const json_t *filter,
                                struct dt_log_filter *row)
{
    struct filter_json in = {0};
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"actions", FIELD_JSON, offsetof(struct filter_json, actions)},
        {0},
    };
    read_object(lo, filter, "the filter", fields, &in);
    row->actions = lower_actions(lo, in.actions);
}

static void lower_regexp_filter(struct lowering *lo, const json_t *filter,
                                struct dt_log_filter *row)
{
    struct dt_log_replacement replacement = lower_replacement(lo, filter);
    row->replacements = (struct dt_range){push_log_replacements(lo, replacement), 1};
}

static void lower_multi_regexp(struct lowering *lo, const json_t *filter, struct dt_log_filter *row)
{
    struct filter_json in = {0};
    static const struct field fields[] = {
        {"filter", FIELD_IGNORED, 0},
        {"operations", FIELD_JSON, offsetof(struct filter_json, operations)},
        {0},
    };
    read_object(lo, filter, "the multi_regexp filter", fields, &in);
    uint32_t n = (uint32_t)elements(lo, in.operations, "the operations of a filter");
    if (n == 0)
        reject(lo, "the multi_regexp filter needs an operation");
    row->replacements = (struct dt_range){reserve_log_replacements(lo, n), n};
    for (uint32_t i = 0; i < n; i++) {
        struct dt_log_replacement one = lower_replacement(lo, json_array_get(in.operations, i));
        lo->log_replacements.at[row->replacements.first + i] = one;
    }
}

static const struct filter_row {
    const char *name;
    enum dt_log_filter_kind kind;
    void (*lower)(struct lowering *lo, const json_t *filter, struct dt_log_filter *row);
} filters[] = {
    {"delete", DT_LOG_FILTER_DELETE, lower_delete},
    {"rename", DT_LOG_FILTER_RENAME, lower_rename},
    {"replace", DT_LOG_FILTER_REPLACE, lower_replace},
    {"hash", DT_LOG_FILTER_HASH, lower_delete},
    {"ip_mask", DT_LOG_FILTER_IP_MASK, lower_ip_mask},
    {"query", DT_LOG_FILTER_QUERY, lower_action_filter},
    {"cookie", DT_LOG_FILTER_COOKIE, lower_action_filter},
    {"set_cookie", DT_LOG_FILTER_SET_COOKIE, lower_action_filter},
    {"regexp", DT_LOG_FILTER_REGEXP, lower_regexp_filter},
    {"multi_regexp", DT_LOG_FILTER_REGEXP, lower_multi_regexp},
};

static struct dt_log_filter lower_filter(struct lowering *lo, struct str field,
                                         const json_t *filter)
{
    struct dt_log_filter row = {.field = intern(lo, field)};
    const struct token *before = enter(lo, filter);
    struct str name = member_str(filter, "filter");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        if (!str_is(name, filters[i].name))
            continue;
        row.kind = filters[i].kind;
        filters[i].lower(lo, filter, &row);
    }
    if (!row.kind)
        refuse(lo, "the proxy core does not know the log filter '" STR_FMT "'", STR_ARG(name));
    leave(lo, before);
    return row;
}

static struct dt_range lower_filters(struct lowering *lo, const json_t *fields)
{
    const json_t *walked = fields;
    uint32_t n = (uint32_t)json_object_size(fields), at = 0;
    struct dt_range range = {reserve_log_filters(lo, n), n};
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str field = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        struct dt_log_filter row = lower_filter(lo, field, json_object_iter_value(i));
        lo->log_filters.at[range.first + at++] = row;
    }
    return range;
}

/* ---- additions ---- */

/* The placeholder in "{…}"; false where the text is more than one, or none. */
static bool lone_placeholder(struct str text, struct str *key)
{
    ptrdiff_t second = text.len > 1 ? str_index(str_slice(text, 1, text.len), '{') : 0;
    if (text.len < 2 || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}' || second >= 0)
        return false;
    while (text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '}'))
        text = str_slice(text, 1, text.len);
    while (text.len > 0 && (text.ptr[text.len - 1] == '{' || text.ptr[text.len - 1] == '}'))
        text.len--;
    *key = text;
    return true;
}

static struct dt_log_addition lower_addition(struct lowering *lo, struct str field,
                                             const json_t *value)
{
    struct dt_log_addition row = {.field = intern(lo, field), .part = DT_NONE};
    struct str key;
    if (json_is_string(value) && lone_placeholder(json_str(value), &key)) {
        row.part = placeholder_part(lo, key);
        if (row.part != DT_NONE &&
            !is_known_at_start((enum dt_part_kind)lo->parts.at[row.part].kind))
            row.part = DT_NONE; /* no request is known here */
        row.json = intern(lo, STR("null"));
        return row;
    }
    struct strbuf json = strbuf_in(lo->arena);
    document_write(value, false, &json);
    row.json = intern(lo, str_trim(strbuf_str(&json)));
    return row;
}

static struct dt_range lower_additions(struct lowering *lo, const json_t *fields)
{
    const json_t *walked = fields;
    uint32_t n = (uint32_t)json_object_size(fields), at = 0;
    struct dt_range range = {reserve_log_additions(lo, n), n};
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str field = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        struct dt_log_addition row = lower_addition(lo, field, json_object_iter_value(i));
        lo->log_additions.at[range.first + at++] = row;
    }
    return range;
}

/* ---- the chain ---- */

struct encoder_chain {
    VEC(struct dt_log_encoder) rows;
};

/* One link that changes what the next writes; returns the next, or NULL for the default one. */
static const json_t *lower_link(struct lowering *lo, const json_t *encoder,
                                enum dt_log_encoder_kind kind, struct encoder_chain *chain)
{
    struct link_json {
        const json_t *wrap, *fields;
    } in = {0};
    static const struct field fields[] = {
        {"format", FIELD_IGNORED, 0},
        {"wrap", FIELD_JSON, offsetof(struct link_json, wrap)},
        {"fields", FIELD_JSON, offsetof(struct link_json, fields)},
        {0},
    };
    read_object(lo, encoder, "a log's format", fields, &in);
    struct dt_log_encoder row = {.kind = (uint8_t)kind};
    if (in.fields && !json_is_object(in.fields))
        reject_at(lo, in.fields, "the fields of a log's format must be an object");
    else if (kind == DT_LOG_FILTER)
        row.filters = lower_filters(lo, in.fields);
    else if (kind == DT_LOG_APPEND)
        row.additions = lower_additions(lo, in.fields);
    vec_push(lo->arena, &chain->rows, row);
    return in.wrap;
}

/* <encoder> NULL: the one that is chosen when the log is opened. */
static void lower_chain(struct lowering *lo, const json_t *encoder, struct encoder_chain *chain)
{
    static const struct {
        const char *name;
        enum dt_log_encoder_kind kind;
    } formats[] = {{"json", DT_LOG_JSON},
                   {"console", DT_LOG_CONSOLE},
                   {"filter", DT_LOG_FILTER},
                   {"append", DT_LOG_APPEND},
                   {"journald", DT_LOG_JOURNALD}};
    struct str name = member_str(encoder, "format");
    enum dt_log_encoder_kind kind = DT_LOG_AUTOMATIC;
    const struct token *before = enter(lo, encoder);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (str_is(name, formats[i].name))
            kind = formats[i].kind;
    }
    if (encoder && kind == DT_LOG_AUTOMATIC)
        refuse(lo, "the proxy core cannot write logs as '" STR_FMT "' yet", STR_ARG(name));
    if (kind == DT_LOG_JSON || kind == DT_LOG_CONSOLE || kind == DT_LOG_AUTOMATIC) {
        struct dt_log_encoder row =
            lower_format(lo, kind == DT_LOG_AUTOMATIC ? NULL : encoder, kind);
        row.obeys_no_color = kind == DT_LOG_AUTOMATIC && chain->rows.n == 0;
        vec_push(lo->arena, &chain->rows, row);
    } else {
        lower_chain(lo, lower_link(lo, encoder, kind, chain), chain);
    }
    leave(lo, before);
}

/* Journald has a time of its own. */
static void suppress_console_times(struct encoder_chain *chain)
{
    struct dt_log_encoder *last = &chain->rows.at[chain->rows.n - 1];
    for (size_t i = 0; i < chain->rows.n; i++) {
        if (chain->rows.at[i].kind == DT_LOG_JOURNALD && last->kind != DT_LOG_JSON)
            last->time_key = (struct dt_text){0};
    }
}

struct dt_range lower_log_encoders(struct lowering *lo, const json_t *encoder)
{
    struct encoder_chain chain = {0};
    lower_chain(lo, encoder, &chain);
    suppress_console_times(&chain);
    uint32_t n = (uint32_t)chain.rows.n;
    struct dt_range range = {reserve_log_encoders(lo, n), n};
    memcpy(lo->log_encoders.at + range.first, chain.rows.at, n * sizeof(*chain.rows.at));
    return range;
}

/* ---- the handler ---- */

void lower_log_append(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct append_json {
        struct dt_text key;
        struct str value;
        uint32_t is_early;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"key", FIELD_TEXT, offsetof(struct append_json, key)},
        {"value", FIELD_STR, offsetof(struct append_json, value)},
        {"early", FIELD_FLAG32, offsetof(struct append_json, is_early)},
        {0},
    };
    struct str key;
    read_object(lo, handler, "a log_append", fields, &in);
    struct dt_log_field row = {.key = in.key,
                               .part = DT_NONE,
                               .variable = DT_NONE,
                               .is_early = in.is_early,
                               .is_late = !in.is_early};
    if (str_is(in.value, "{http.response.body}")) {
        row.kind = DT_LOG_VALUE_ANSWER;
    } else if (str_is(in.value, "{http.response.body_base64}")) {
        row.kind = DT_LOG_VALUE_ANSWER_BASE64;
    } else if (lone_placeholder(in.value, &key)) {
        row.part = placeholder_part(lo, key);
        row.kind = row.part == DT_NONE ? DT_LOG_VALUE_NULL : DT_LOG_VALUE_PART;
        row.is_early |= str_is(in.value, "{http.request.body}") ||
                        str_is(in.value, "{http.request.body_base64}");
    } else {
        row.kind = DT_LOG_VALUE_TEXT;
        row.text = intern(lo, in.value);
        row.variable = variable(lo, in.value);
    }
    out->row = push_log_fields(lo, row);
}
