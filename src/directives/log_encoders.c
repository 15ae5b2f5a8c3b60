/* How logs are written: console, json, filter, append, journald. */
#include "directives/log_encoders.h"

#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/values.h"

/* One argument, kept under the row's key even where it is empty. */
static bool parse_kept(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    if (!option_only_one(scope, in, row, object, state))
        return false;
    document_set(scope->document, object, row->key, value_string(scope, cursor_token(in)));
    return true;
}

static const struct option format_options[] = {
    {.name = "message_key",
     .doc = "name of the message's field",
     .arguments = "<key>",
     .key = "message_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "level_key",
     .doc = "name of the level's field",
     .arguments = "<key>",
     .key = "level_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "time_key",
     .doc = "name of the time's field",
     .arguments = "<key>",
     .key = "time_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "name_key",
     .doc = "name of the logger's field",
     .arguments = "<key>",
     .key = "name_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "caller_key",
     .doc = "name of the caller's field",
     .arguments = "<key>",
     .key = "caller_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "stacktrace_key",
     .doc = "name of the stack trace's field",
     .arguments = "<key>",
     .key = "stacktrace_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "line_ending",
     .doc = "what ends a line",
     .arguments = "<text>",
     .key = "line_ending",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_kept},
    {.name = "time_format",
     .doc = "how times are written",
     .arguments = "<format>",
     .key = "time_format",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one},
    {.name = "time_local",
     .doc = "writes local times",
     .key = "time_local",
     .type = VALUE_TRUE,
     .parse = option_lone_flag,
     .since = "2.6.2"},
    {.name = "duration_format",
     .doc = "how durations are written",
     .arguments = "<format>",
     .key = "duration_format",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .since = "2.5"},
    {.name = "level_format",
     .doc = "how levels are written",
     .arguments = "<format>",
     .key = "level_format",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one},
    {0},
};

static bool parse_format(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    if (cursor_next_arg(in))
        return cursor_arg_error(in, row->name);
    return options_parse(scope, in, row->block, object, state);
}

static bool parse_wrap(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "wrap <encoder>");
    const struct token *name = cursor_token(in);
    json_t *wrapped = log_encoder_read(scope, in);
    if (!wrapped)
        return false;
    value_set(scope, object, row->key, wrapped, name);
    return true;
}

#define WRAP_ROW                                                                                   \
    {.name = "wrap",                                                                               \
     .doc = "the encoder that writes the result",                                                  \
     .arguments = "<encoder> ...",                                                                 \
     .key = "wrap",                                                                                \
     .min_args = 1,                                                                                \
     .max_args = -1,                                                                               \
     .space = &log_encoder_space,                                                                  \
     .parse = parse_wrap}

static const struct option wrap_options[] = {WRAP_ROW, {0}};

/* The object of the lines is that of the encoder; fields are gathered apart from it. */
static bool parse_fields(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    return options_parse(scope, in, row->block, object, state);
}

struct filtering {
    struct log_filters_of *filters;
    json_t *fields;
};

static bool parse_filtered_field(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    struct filtering *filtering = state;
    (void)row, (void)object;
    return log_filter_read(scope, in, filtering->filters, filtering->fields);
}

#define FILTERED_FIELD_ROW                                                                         \
    {.name = "<field>",                                                                            \
     .doc = "a field, and what becomes of it",                                                     \
     .arguments = "<filter> ...",                                                                  \
     .key = "fields",                                                                              \
     .min_args = 1,                                                                                \
     .max_args = -1,                                                                               \
     .space = &log_filter_space,                                                                   \
     .parse = parse_filtered_field}

static const struct option filtered_field_options[] = {FILTERED_FIELD_ROW, {0}};

static const struct option filter_options[] = {
    WRAP_ROW,
    {.name = "fields",
     .doc = "the fields; they may stand outside as well",
     .type = VALUE_BLOCK,
     .block = filtered_field_options,
     .parse = parse_fields},
    FILTERED_FIELD_ROW,
    {0},
};

static bool parse_filter(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct filtering filtering = {
        .filters = log_filters_new(scope),
        .fields = document_object(scope->document, name),
    };
    if (!options_parse(scope, in, row->block, object, &filtering) ||
        !log_filters_finish(scope, in, filtering.filters, filtering.fields))
        return false;
    value_set(scope, object, "fields", filtering.fields, name);
    return true;
}

struct appending {
    json_t *fields;
    bool printable;
};

static bool parse_appended_field(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    struct appending *appending = state;
    const struct token *field = cursor_token(in);
    (void)row, (void)object;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "<field> <value>");
    json_t *value = value_scalar(scope, cursor_token(in));
    appending->printable &= value != NULL;
    document_set_str(scope->document, appending->fields, field->text, value, cursor_token(in));
    return !cursor_next_arg(in) || cursor_arg_error(in, "<field> <value>");
}

#define APPENDED_FIELD_ROW                                                                         \
    {.name = "<field>",                                                                            \
     .doc = "a field to add, and its value",                                                       \
     .arguments = "<scalar>",                                                                      \
     .key = "fields",                                                                              \
     .min_args = 1,                                                                                \
     .max_args = 1,                                                                                \
     .parse = parse_appended_field}

static const struct option appended_field_options[] = {APPENDED_FIELD_ROW, {0}};

static const struct option append_options[] = {
    WRAP_ROW,
    {.name = "fields",
     .doc = "the fields; they may stand outside as well",
     .type = VALUE_BLOCK,
     .block = appended_field_options,
     .parse = parse_fields,
     .flags = OPTION_LOOSE},
    APPENDED_FIELD_ROW,
    {0},
};

static bool parse_append(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    struct appending appending = {.fields = document_object(scope->document, name),
                                  .printable = true};
    if (!options_parse(scope, in, row->block, object, &appending))
        return false;
    value_set(scope, object, "fields", appending.fields, name);
    *(bool *)state = appending.printable;
    return true;
}

static const struct option log_encoders[] = {
    {.name = "console", .doc = "lines for people", .block = format_options, .parse = parse_format},
    {.name = "json",
     .doc = "one JSON object a line",
     .block = format_options,
     .parse = parse_format},
    {.name = "filter",
     .doc = "changes or leaves out fields",
     .block = filter_options,
     .parse = parse_filter,
     .flags = OPTION_LOOSE,
     .since = "2.2"},
    {.name = "append",
     .doc = "adds fields",
     .block = append_options,
     .parse = parse_append,
     .flags = OPTION_LOOSE,
     .since = "2.8"},
    {.name = "journald",
     .doc = "marks lines with their level for the systemd journal",
     .block = wrap_options,
     .parse = parse_format,
     .since = "2.11.3"},
    {0},
};

const struct module_space log_encoder_space = {
    .name = "caddy.logging.encoders",
    .key = "format",
    .doc = "how logs are written",
    .modules = log_encoders,
};

json_t *log_encoder_read(struct scope *scope, struct cursor *in)
{
    bool printable = true;
    json_t *encoder = module_take_with(scope, in, &log_encoder_space, &printable);
    if (encoder && !printable) /* an inf or nan among the fields: Caddy prints nothing */
        return document_null();
    return encoder ? document_sorted(scope->document, encoder) : NULL;
}
