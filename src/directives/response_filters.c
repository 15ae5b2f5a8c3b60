/* encode, templates, intercept, push: handlers that change answers on their way out. */
#include "adapt/adapter.h"
#include "adapt/unknown.h"
#include "directives/header_ops.h"
#include "directives/intercept.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* What one `encode` directive gathers. */
struct encoding {
    json_t *handler;
    json_t *prefer;   /* names in the order of their definition */
    json_t *matchers; /* response matchers by name; Caddy allows one */
};

static const char zstd_levels[] = "fastest|default|better|best";

/* Levels are compared without regard to case, and printed as written. */
static bool read_zstd_level(struct scope *scope, struct cursor *in, const struct token *level,
                            json_t *encoder)
{
    struct str names = str_from(zstd_levels), name;
    while (names.len) {
        str_cut(names, STR("|"), &name, &names);
        if (str_eq_nocase(name, level->text)) {
            document_set(scope->document, encoder, "level", value_string(scope, level));
            return true;
        }
    }
    return value_refuse_word(in, level, zstd_levels);
}

static bool parse_zstd_level(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    struct token_list words = cursor_remaining(in);
    if (words.n != 1)
        return cursor_arg_error(in, "level <level>");
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "there is a level already");
    return read_zstd_level(scope, in, words.at[0], object);
}

static bool parse_zstd_checksum(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "'disable_checksum' stands here twice");
    return option_lone_false(scope, in, row, object, state);
}

static const struct option zstd_options[] = {
    {.name = "level",
     .doc = "how hard to compress",
     .arguments = "fastest|default|better|best",
     .key = "level",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = zstd_levels,
     .parse = parse_zstd_level,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.11.3"},
    {.name = "disable_checksum",
     .doc = "leaves out the checksum at the end",
     .key = "checksum",
     .type = VALUE_TRUE,
     .parse = parse_zstd_checksum,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.11.3"},
    {0},
};

static const struct option encode_options[];

static bool encoder_gzip(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *encoder, void *state)
{
    (void)state;
    int64_t level;
    if (!cursor_next_arg(in))
        return true;
    if (!read_integer(in, &level)) {
        scope_label_end(scope, scope->diags->last);
        return false;
    }
    value_set(scope, encoder, row->key, document_integer(scope->document, level, cursor_token(in)),
              cursor_token(in));
    return true;
}

static bool encoder_zstd(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *encoder, void *state)
{
    struct token_list words = cursor_remaining(in);
    if (words.n > 1)
        return cursor_arg_error(in, "zstd [<level>]");
    if (words.n == 1 && !read_zstd_level(scope, in, words.at[0], encoder))
        return false;
    return options_parse(scope, in, row->block, encoder, state);
}

static const struct option http_encoders[] = {
    {.name = "gzip",
     .doc = "compresses with gzip",
     .arguments = "[<level>]",
     .key = "level",
     .type = VALUE_INTEGER,
     .max_args = 1,
     .parse = encoder_gzip,
     .flags = OPTION_LOOSE},
    {.name = "zstd",
     .doc = "compresses with Zstandard",
     .arguments = "[fastest|default|better|best]",
     .key = "level",
     .type = VALUE_STRING,
     .max_args = 1,
     .block = zstd_options,
     .parse = encoder_zstd},
    {0},
};

const struct module_space http_encoder_space = {
    .name = "http.encoders",
    .doc = "how answers are compressed",
    .modules = http_encoders,
};

static void add_encoder(struct scope *scope, struct encoding *encoding, const struct token *name,
                        json_t *encoder)
{
    json_t *encoders = document_object_at(scope->document, encoding->handler, "encodings", name);
    document_set_str(scope->document, encoders, name->text, encoder, name);
    document_add(scope->document, encoding->prefer, value_string(scope, name));
}

static bool parse_encoder(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)object;
    const struct token *name = cursor_token(in);
    bool is_encoder = known_module(scope->adapter, row->space, name->text) ||
                      scope->adapter->options.skip_unknown ||
                      plugin_of_module(scope->adapter, row->space, name->text);
    if (!is_encoder)
        return option_unknown(scope, in, encode_options, "encode");
    json_t *encoder = module_take(scope, in, row->space);
    if (encoder)
        add_encoder(scope, state, name, encoder);
    return encoder != NULL;
}

/* One of the names on the line of `encode`. */
static bool read_named_encoder(struct scope *scope, const struct token *name,
                               struct encoding *encoding)
{
    struct cursor in = cursor_over(scope->arena, scope->diags, &name, 1);
    struct trial trial = trial_begin(scope, NULL);
    cursor_next(&in);
    const struct option *row = module_row(scope, &in, &http_encoder_space);
    if (!row)
        return trial_undo(scope, &trial);
    plugin_note(scope, row->plugin, name);
    add_encoder(scope, encoding, name, document_object(scope->document, name));
    return true;
}

static bool parse_encode_match(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    struct encoding *encoding = state;
    const struct token *name = cursor_token(in);
    struct cursor segment = cursor_segment(in);
    if (!scope_response_matcher(scope, &segment, encoding->matchers))
        return false;
    document_set_at(scope->document, object, row->key, json_object_get(encoding->matchers, "match"),
                    name);
    return true;
}

static bool parse_minimum_length(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    bool ok = option_one(scope, in, row, object, state);
    if (!ok)
        scope_label_end(scope, scope->diags->last);
    return ok;
}

static const struct option encode_options[] = {
    {.name = "minimum_length",
     .doc = "compresses only what is at least so long",
     .arguments = "<bytes>",
     .key = "minimum_length",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_minimum_length,
     .since = "2.4"},
    {.name = "match",
     .doc = "compresses only responses of this status or with these fields",
     .arguments = "[<response_condition> ...]",
     .key = "match",
     .max_args = -1,
     .block = response_matchers,
     .parse = parse_encode_match,
     .flags = OPTION_INLINE | OPTION_ONCE_FILLED,
     .since = "2.4"},
    {.name = "<encoding>",
     .doc = "an encoding to offer, with its settings",
     .arguments = "...",
     .key = "encodings",
     .max_args = -1,
     .space = &http_encoder_space,
     .parse = parse_encoder,
     .flags = OPTION_MODULE_NAME | OPTION_ADDS},
    {0},
};

static json_t *adapt_encode(struct scope *scope)
{
    struct cursor *in = scope->in;
    struct document *document = scope->document;
    cursor_next(in);
    const struct token *origin = cursor_token(in);
    struct encoding encoding = {
        .handler = handler_new(scope, "encode"),
        .prefer = document_array(document, origin),
        .matchers = document_object(document, NULL),
    };
    struct token_list words = cursor_remaining(in);
    if (!options_parse(scope, in, encode_options, encoding.handler, &encoding))
        return NULL;
    for (size_t i = 0; i < words.n; i++)
        if (!read_named_encoder(scope, words.at[i], &encoding)) {
            cursor_label_place(in, words.at[i]);
            return NULL;
        }
    if (json_array_size(encoding.prefer) == 0) {
        json_t *encoders = document_object_at(document, encoding.handler, "encodings", origin);
        document_set(document, encoders, "zstd", document_object(document, origin));
        document_set(document, encoders, "gzip", document_object(document, origin));
        document_add(document, encoding.prefer, document_text(document, "zstd", origin));
        document_add(document, encoding.prefer, document_text(document, "gzip", origin));
    }
    document_set(document, encoding.handler, "prefer", encoding.prefer);
    return encoding.handler;
}

static bool parse_extensions(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)object, (void)state;
    if (cursor_next_arg(in))
        return cursor_arg_error(in, row->name);
    return !cursor_next_block(in, in->nesting) || module_take(scope, in, row->space);
}

const struct module_space template_function_space = {
    .name = "http.handlers.templates.functions",
    .doc = "functions for templates",
};

static const struct option templates_options[] = {
    {.name = "mime",
     .doc = "content types that are templates",
     .arguments = "<type...>",
     .key = "mime_types",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_list},
    {.name = "between",
     .doc = "what begins and ends an action",
     .arguments = "<begin> <end>",
     .key = "delimiters",
     .type = VALUE_STRINGS,
     .min_args = 2,
     .max_args = 2,
     .parse = option_list},
    {.name = "root",
     .doc = "folder that templates may read",
     .arguments = "<path>",
     .key = "file_root",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .flags = OPTION_LOOSE},
    {.name = "extensions",
     .doc = "modules with functions for templates",
     .key = "match",
     .type = VALUE_BLOCK,
     .space = &template_function_space,
     .parse = parse_extensions,
     .flags = OPTION_MODULE_LINES,
     .since = "2.7.6"},
    {0},
};

static json_t *adapt_templates(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, "templates");
    while (cursor_next_block(scope->in, 0)) { /* Caddy passes over what it does not know here */
        const struct option *row = option_find(templates_options, cursor_val(scope->in));
        if (row && !option_apply(scope, scope->in, row, handler, NULL))
            return NULL;
    }
    return handler;
}

static void add_resource(struct scope *scope, json_t *handler, const struct token *method,
                         const struct token *target)
{
    json_t *resource = document_object(scope->document, target);
    if (method)
        document_set(scope->document, resource, "method", value_string(scope, method));
    value_set(scope, resource, "target", value_string(scope, target), target);
    document_add(scope->document, document_array_at(scope->document, handler, "resources", target),
                 resource);
}

static bool parse_push_header(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *ops, void *state)
{
    (void)state;
    const struct token *field = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    if (words.n > 2)
        return take_arity_error(in, row);
    struct header_op op = {
        .field = field,
        .name = field->text,
        .value = words.n > 0 ? words.at[0] : NULL,
        .replacement = words.n > 1 ? words.at[1] : NULL,
    };
    return header_op_add(scope, in, ops, HEADER_SIDE_PLAIN, &op);
}

static const struct option push_header_options[] = {
    {.name = "[+|-]<field>",
     .doc = "sets a field, adds to it (+) or deletes it (-)",
     .arguments = "[<value|pattern> [<replacement>]]",
     .max_args = 2,
     .parse = parse_push_header,
     .flags = OPTION_ADDS},
    {0},
};

static bool parse_push_headers(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (cursor_next_arg(in))
        return cursor_arg_error(in, row->name);
    int before = json_object_get(object, row->key) != NULL;
    json_t *ops = document_object_at(scope->document, object, row->key, name);
    bool ok = options_parse(scope, in, row->block, ops, state);
    if (!before && json_object_size(ops) == 0)
        document_remove(object, row->key);
    return ok;
}

static bool parse_resource(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)row, (void)state;
    add_resource(scope, object, NULL, cursor_token(in));
    return true;
}

static bool parse_push_method(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)state;
    const struct token *method = cursor_token(in);
    if (!cursor_next_arg(in))
        return cursor_arg_error(in,
                                str_printf(scope->arena, "%s %s", row->name, row->arguments).ptr);
    add_resource(scope, object, method, cursor_token(in));
    return true;
}

static const struct option push_options[] = {
    {.name = "headers",
     .doc = "changes fields of the pushed requests",
     .key = "headers",
     .type = VALUE_BLOCK,
     .block = push_header_options,
     .parse = parse_push_headers},
    {.name = "GET",
     .doc = "pushes the answer to a GET request",
     .arguments = "<resource>",
     .key = "resources",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_push_method,
     .flags = OPTION_LOOSE | OPTION_ADDS},
    {.name = "HEAD",
     .doc = "pushes the answer to a HEAD request",
     .arguments = "<resource>",
     .key = "resources",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_push_method,
     .flags = OPTION_LOOSE | OPTION_ADDS},
    {.name = "<resource>",
     .doc = "pushes the answer to a GET request",
     .key = "resources",
     .parse = parse_resource,
     .flags = OPTION_LOOSE | OPTION_ADDS},
    {0},
};

static json_t *adapt_push(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "push");
    if (cursor_next_arg(in))
        add_resource(scope, handler, NULL, cursor_token(in));
    return options_parse(scope, in, push_options, handler, NULL) ? handler : NULL;
}

const struct directive filter_directives[] = {
    {.name = "encode",
     .doc = "compresses answers",
     .arguments = "[<encoding...>]",
     .makes = "http.handlers.encode",
     .handler = adapt_encode,
     .space = &http_encoder_space,
     .options = encode_options},
    {.name = "templates",
     .doc = "runs answers through a template engine",
     .makes = "http.handlers.templates",
     .handler = adapt_templates,
     .flags = OPTION_LOOSE,
     .options = templates_options},
    {.name = "intercept",
     .doc = "replaces answers by what they are",
     .makes = "http.handlers.intercept",
     .handler = intercept_adapt,
     .flags = OPTION_LOOSE,
     .options = intercept_options,
     .since = "2.8"},
    {.name = "push",
     .doc = "pushes resources over HTTP/2 before they are asked for",
     .arguments = "[<resource>]",
     .makes = "http.handlers.push",
     .handler = adapt_push,
     .flags = OPTION_LOOSE,
     .options = push_options,
     .since = "2.2"},
    {0},
};
