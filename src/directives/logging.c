/* log, log_skip, log_append, log_name, tracing, metrics: what is written about requests. */
#include "directives/logging.h"

#include "directives/log_encoders.h"
#include "directives/log_writers.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* What one `log` gathers. */
struct log_block {
    json_t *result;      /* "name", "hostnames", ... */
    json_t *log;         /* the logger itself */
    bool is_unprintable; /* an inf or nan in it: Caddy leaves the encoder out, or refuses */
};

static bool parse_hostnames(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    struct log_block *block = state;
    (void)object;
    return option_more(scope, in, row, block->result, state);
}

static bool parse_no_hostname(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    struct log_block *block = state;
    (void)object;
    return option_lone_flag(scope, in, row, block->result, state);
}

static bool parse_output(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "output <writer> ...");
    const struct token *name = cursor_token(in);
    json_t *writer = log_writer_read(scope, in);
    document_set_at(scope->document, object, row->key, writer, name);
    return writer != NULL;
}

static bool parse_encoder(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    struct log_block *block = state;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "format <encoder> ...");
    const struct token *name = cursor_token(in);
    json_t *encoder = log_encoder_read(scope, in);
    block->is_unprintable = json_is_null(encoder);
    value_set(scope, object, row->key, encoder, name);
    return encoder != NULL;
}

/* Caddy reads nothing of it, so anything may follow its name. */
static bool core_mock(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)scope, (void)in, (void)row, (void)object, (void)state;
    return true;
}

static const struct option log_cores[] = {
    {.name = "mock",
     .doc = "writes nothing; for tests",
     .parse = core_mock,
     .flags = OPTION_LOOSE,
     .since = "2.9"},
    {0},
};

const struct module_space log_core_space = {
    .name = "caddy.logging.cores",
    .key = "module",
    .doc = "what takes the entries of a log",
    .modules = log_cores,
};

static bool parse_core(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "core <module>");
    const struct token *name = cursor_token(in);
    json_t *core = module_take(scope, in, row->space);
    document_set_at(scope->document, object, row->key, core, name);
    return core != NULL;
}

static const struct option sampling_options[] = {
    {.name = "interval",
     .doc = "in how long a time entries are counted",
     .arguments = "<duration>",
     .key = "interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .flags = OPTION_ONCE},
    {.name = "first",
     .doc = "how many equal entries are written first",
     .arguments = "<count>",
     .key = "first",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .flags = OPTION_ONCE},
    {.name = "thereafter",
     .doc = "every how many equal entries one is written after that",
     .arguments = "<count>",
     .key = "thereafter",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .flags = OPTION_ONCE},
    {0},
};

static bool parse_sampling(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    struct cursor segment = cursor_segment(in);
    cursor_remaining(&segment);
    json_t *sampling = document_object_at(scope->document, object, row->key, name);
    bool ok = options_parse(scope, &segment, row->block, sampling, state);
    document_order(scope->document, sampling, "interval first thereafter");
    return ok;
}

const struct option log_options[] = {
    {.name = "hostnames",
     .doc = "the hosts of the site that this log is for",
     .arguments = "<host...>",
     .key = "hostnames",
     .json = "$.apps.http.servers.*.logs.logger_names",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = parse_hostnames,
     .flags = OPTION_SITE_ONLY | OPTION_ADDS,
     .since = "2.7"},
    {.name = "no_hostname",
     .doc = "is for no host by itself, only for log_name",
     .key = "no_hostname",
     .json = "",
     .type = VALUE_TRUE,
     .parse = parse_no_hostname,
     .flags = OPTION_ONCE,
     .since = "2.8"},
    {.name = "output",
     .doc = "where the log is written",
     .arguments = "<writer> ...",
     .key = "writer",
     .min_args = 1,
     .max_args = -1,
     .space = &log_writer_space,
     .parse = parse_output,
     .flags = OPTION_ONCE},
    {.name = "format",
     .doc = "how the log is written",
     .arguments = "<encoder> ...",
     .key = "encoder",
     .min_args = 1,
     .max_args = -1,
     .space = &log_encoder_space,
     .parse = parse_encoder,
     .flags = OPTION_ONCE},
    {.name = "level",
     .doc = "writes only entries of at least this level",
     .arguments = "DEBUG|INFO|WARN|ERROR|PANIC|FATAL",
     .key = "level",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .flags = OPTION_ONCE | OPTION_OPEN_WORDS},
    {.name = "sampling",
     .doc = "writes only some of many equal entries",
     .key = "sampling",
     .type = VALUE_BLOCK,
     .block = sampling_options,
     .parse = parse_sampling,
     .flags = OPTION_ONCE | OPTION_LOOSE,
     .since = "2.9"},
    {.name = "core",
     .doc = "another module to take the entries",
     .arguments = "<module> ...",
     .key = "core",
     .min_args = 1,
     .max_args = -1,
     .space = &log_core_space,
     .parse = parse_core,
     .flags = OPTION_ONCE,
     .since = "2.9"},
    {.name = "include",
     .doc = "only loggers of these names",
     .arguments = "[<name...>]",
     .key = "include",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = option_more,
     .flags = OPTION_GLOBAL_ONLY | OPTION_ADDS,
     .since = "2.4"},
    {.name = "exclude",
     .doc = "no loggers of these names",
     .arguments = "[<name...>]",
     .key = "exclude",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = option_more,
     .flags = OPTION_GLOBAL_ONLY | OPTION_ADDS,
     .since = "2.4"},
    {0},
};

/* The names of global logs, which must differ. */
static bool claim_global_name(struct scope *scope, struct cursor *in, struct str name)
{
    struct map *names = adapter_state(scope->adapter, "global log names", sizeof(*names));
    names->arena = scope->arena;
    if (map_find(names, name))
        return cursor_error(in, DIAG_DUPLICATE, "there is a log '" STR_FMT "' already",
                            STR_ARG(name));
    map_put(names, name, NULL);
    return true;
}

/* A site's log has a name when it is given one, or when anything is configured. */
static struct str site_log_name(struct scope *scope, struct str given, bool is_empty)
{
    int *count = adapter_state(scope->adapter, "log count", sizeof(*count));
    if (given.len || is_empty)
        return given;
    return str_printf(scope->arena, "log%d", (*count)++);
}

json_t *log_parse(struct scope *scope, struct cursor *in, bool global)
{
    struct document *document = scope->document;
    cursor_next(in);
    const struct token *origin = cursor_token(in);
    struct str name = global ? STR("default") : STR("");
    if (cursor_next_arg(in)) {
        origin = cursor_token(in);
        name = origin->text;
        if (cursor_next_arg(in)) {
            cursor_arg_error(in, "log [<name>]");
            return NULL;
        }
    }
    if (global && !claim_global_name(scope, in, name))
        return NULL;
    struct log_block block = {
        .result = document_object(document, origin),
        .log = document_object(document, origin),
    };
    if (!options_parse(scope, in, log_options, block.log, &block))
        return NULL;
    if (global && block.is_unprintable) {
        cursor_error(in, DIAG_BAD_VALUE, "a field of this log is no number that JSON could hold");
        return NULL;
    }
    bool is_empty = json_object_size(block.log) == 0;
    if (!global) {
        name = site_log_name(scope, name, is_empty);
        struct str included = str_printf(scope->arena, "http.log.access." STR_FMT, STR_ARG(name));
        if (name.len)
            document_add(document, document_array_at(document, block.log, "include", origin),
                         document_string(document, included, origin));
    }
    document_order(document, block.log, "writer encoder core level sampling include exclude");
    document_set(document, block.result, "name", document_string(document, name, origin));
    if (!is_empty)
        document_set(document, block.result, "log", block.log);
    return block.result;
}

static bool adapt_log(struct scope *scope)
{
    json_t *result = log_parse(scope, scope->in, false);
    if (!result)
        return false;
    scope_push(scope, RESULT_CUSTOM_LOG, result);
    return true;
}

static json_t *adapt_log_skip(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    const struct token *name = cursor_token(in);
    json_t *handler = handler_new(scope, "vars");
    document_set_at(scope->document, handler, "log_skip", document_bool(true), name);
    if (cursor_next_arg(in)) {
        cursor_arg_error(in, "log_skip [<matcher>]");
        return NULL;
    }
    if (cursor_next_block(in, 0)) {
        cursor_error(in, DIAG_MISPLACED_BLOCK, "'" STR_FMT "' takes no block", STR_ARG(name->text));
        return NULL;
    }
    return handler;
}

static json_t *adapt_log_append(struct scope *scope)
{
    struct cursor *in = scope->in;
    const struct token *key, *value;
    const struct token **targets[] = {&key, &value};
    cursor_next(in);
    json_t *handler = handler_new(scope, "log_append");
    if (!cursor_args(in, 2, targets)) {
        cursor_arg_error(in, "log_append [<matcher>] [<]<key> <value>");
        return NULL;
    }
    bool is_early = key->text.len > 1 && key->text.ptr[0] == '<';
    struct str name = str_slice(key->text, is_early, key->text.len);
    value_set(scope, handler, "key", document_string(scope->document, name, key), key);
    value_set(scope, handler, "value", value_string(scope, value), value);
    if (is_early)
        document_set_at(scope->document, handler, "early", document_bool(true), key);
    return handler;
}

static json_t *adapt_log_name(struct scope *scope)
{
    cursor_next(scope->in);
    const struct token *name = cursor_token(scope->in);
    json_t *handler = handler_new(scope, "vars");
    struct token_list words = cursor_remaining(scope->in);
    document_set_at(scope->document, handler, "access_logger_names",
                    words.n ? value_texts(scope, words, name) : document_null(), name);
    return handler;
}

static bool parse_span_attribute(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *tracing, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in), *value;
    const struct token **targets[] = {&value};
    if (!cursor_all_args(in, 1, targets))
        return cursor_arg_error(in, "<name> <value>");
    json_t *attributes = document_object_at(scope->document, tracing, row->key, name);
    document_set_str(scope->document, attributes, name->text, value_string(scope, value), value);
    return true;
}

static const struct option span_attribute_options[] = {
    {.name = "<attribute>",
     .doc = "an attribute and its value",
     .arguments = "<value>",
     .key = "span_attributes",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_span_attribute,
     .flags = OPTION_ADDS},
    {0},
};

static bool parse_span_attributes(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *tracing, void *state)
{
    return options_parse(scope, in, row->block, tracing, state);
}

static bool parse_span(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    if (cursor_count_remaining(in) > 1) { /* imports can put the word too many on another line */
        cursor_next_arg(in);
        cursor_next_arg(in);
        return cursor_arg_error(in, "span <name>");
    }
    if (!option_only_one(scope, in, row, object, state))
        return false;
    document_set(scope->document, object, row->key, value_string(scope, cursor_token(in)));
    return true;
}

static const struct option tracing_options[] = {
    {.name = "span",
     .doc = "name of the span",
     .arguments = "<name>",
     .key = "span",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_span},
    {.name = "span_attributes",
     .doc = "attributes of the span",
     .type = VALUE_BLOCK,
     .block = span_attribute_options,
     .parse = parse_span_attributes,
     .since = "2.11"},
    {0},
};

static json_t *adapt_tracing(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "tracing");
    document_set(scope->document, handler, "span",
                 document_text(scope->document, "", cursor_token(in)));
    if (cursor_next_arg(in)) {
        cursor_arg_error(in, "tracing [<matcher>]");
        return NULL;
    }
    return options_parse(scope, in, tracing_options, handler, NULL) ? handler : NULL;
}

static const struct option metrics_options[] = {
    {.name = "disable_openmetrics",
     .doc = "does not offer the OpenMetrics format",
     .key = "disable_openmetrics",
     .type = VALUE_TRUE,
     .parse = option_flag,
     .since = "2.3"},
    {0},
};

static json_t *adapt_metrics(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "metrics");
    if (cursor_next_arg(in)) {
        cursor_remaining(in);
        cursor_arg_error(in, "metrics [<matcher>]");
        return NULL;
    }
    return options_parse(scope, in, metrics_options, handler, NULL) ? handler : NULL;
}

const struct directive logging_directives[] = {
    {.name = "log",
     .doc = "writes a log of the site's requests",
     .arguments = "[<name>]",
     .json = "$.logging.logs.*",
     .adapt = adapt_log,
     .options = log_options},
    {.name = "log_skip",
     .doc = "leaves matching requests out of the log",
     .makes = "http.handlers.vars",
     .handler = adapt_log_skip,
     .since = "2.8"},
    {.name = "skip_log",
     .doc = "the old name of log_skip",
     .makes = "http.handlers.vars",
     .handler = adapt_log_skip,
     .deprecated = "log_skip",
     .since = "2.6"},
    {.name = "log_append",
     .doc = "adds a field to the log of the request",
     .arguments = "[<]<key> <value>",
     .makes = "http.handlers.log_append",
     .handler = adapt_log_append,
     .flags = OPTION_LOOSE,
     .since = "2.8"},
    {.name = "log_name",
     .doc = "says which logs the request goes to",
     .arguments = "[<name...>]",
     .makes = "http.handlers.vars",
     .handler = adapt_log_name,
     .since = "2.8"},
    {.name = "tracing",
     .doc = "takes part in OpenTelemetry tracing",
     .makes = "http.handlers.tracing",
     .handler = adapt_tracing,
     .options = tracing_options,
     .since = "2.5"},
    {.name = "metrics",
     .doc = "answers with Prometheus metrics",
     .makes = "http.handlers.metrics",
     .handler = adapt_metrics,
     .options = metrics_options,
     .since = "2.2"},
    {0},
};
