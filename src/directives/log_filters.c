/* What becomes of single fields of a log: delete, rename, replace, mask, hash, patterns. */
#include "adapt/directive.h"
#include "directives/log_encoders.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/values.h"

enum { MOST_PATTERNS = 50, LONGEST_PATTERN = 1000 };

/* Patterns for the same field add up, so they are kept aside until all lines were read. */
struct log_filters_of {
    json_t *patterns; /* field → array of {"regexp"?, "value"?} */
};

struct log_filters_of *log_filters_new(struct scope *scope)
{
    struct log_filters_of *filters = arena_new(scope->arena, struct log_filters_of);
    filters->patterns = document_object(scope->document, NULL);
    return filters;
}

/* The next argument, if there is one, under the row's key. */
static void optional_text(struct scope *scope, struct cursor *in, const char *key, json_t *object)
{
    if (cursor_next_arg(in))
        value_set(scope, object, key, value_string(scope, cursor_token(in)), cursor_token(in));
}

static bool parse_anything(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)scope, (void)in, (void)row, (void)object, (void)state;
    return true;
}

static bool parse_optional(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)state;
    optional_text(scope, in, row->key, object);
    return true;
}

static bool parse_pattern(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)row, (void)state;
    optional_text(scope, in, "regexp", object);
    optional_text(scope, in, "value", object);
    return true;
}

static const struct option ip_mask_options[] = {
    {.name = "ipv4",
     .doc = "how many bits of IPv4 addresses are kept",
     .arguments = "<bits>",
     .key = "ipv4_cidr",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .since = "2.2"},
    {.name = "ipv6",
     .doc = "how many bits of IPv6 addresses are kept",
     .arguments = "<bits>",
     .key = "ipv6_cidr",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .since = "2.2"},
    {0},
};

static bool parse_ip_mask(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    if (cursor_count_remaining(in) > 2) {
        cursor_remaining(in);
        return cursor_arg_error(in, "ip_mask [<IPv4 bits> [<IPv6 bits>]]");
    }
    for (int i = 0; i < 2 && cursor_count_remaining(in); i++)
        if (!option_one(scope, in, &ip_mask_options[i], object, state))
            return false;
    return options_parse(scope, in, row->block, object, state);
}

/* One action on a part of a query or cookie: `state` holds the key of the part's name. */
static bool parse_action(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    const char *name_key = state;
    json_t *action = document_object(scope->document, cursor_token(in));
    document_set(scope->document, action, "type", value_string(scope, cursor_token(in)));
    document_add(scope->document, json_object_get(object, "actions"), action);
    if (!cursor_next_arg(in))
        return cursor_arg_error(in,
                                str_printf(scope->arena, "%s %s", row->name, row->arguments).ptr);
    document_set(scope->document, action, name_key, value_string(scope, cursor_token(in)));
    if (row->min_args < 2)
        return true;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in,
                                str_printf(scope->arena, "%s %s", row->name, row->arguments).ptr);
    value_set(scope, action, "value", value_string(scope, cursor_token(in)), cursor_token(in));
    return true;
}

static const struct option action_options[] = {
    {.name = "replace",
     .doc = "gives the part another value",
     .arguments = "<name> <value>",
     .key = "actions",
     .min_args = 2,
     .max_args = 2,
     .parse = parse_action,
     .flags = OPTION_ADDS},
    {.name = "hash",
     .doc = "writes a hash of the part",
     .arguments = "<name>",
     .key = "actions",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_action,
     .flags = OPTION_ADDS},
    {.name = "delete",
     .doc = "leaves the part out",
     .arguments = "<name>",
     .key = "actions",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_action,
     .flags = OPTION_ADDS},
    {0},
};

static bool parse_actions(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)state;
    static char query_name[] = "parameter", cookie_name[] = "name";
    document_array_at(scope->document, object, "actions", cursor_token(in));
    bool ok = options_parse(scope, in, row->block, object,
                            strcmp(row->name, "query") == 0 ? query_name : cookie_name);
    if (json_array_size(json_object_get(object, "actions")) == 0)
        document_set_at(scope->document, object, "actions", document_null(), cursor_token(in));
    return ok;
}

static bool check_pattern(struct cursor *in, struct str pattern, size_t n_before)
{
    if (pattern.len == 0)
        return cursor_error(in, DIAG_BAD_VALUE, "the pattern is empty");
    if (pattern.len > LONGEST_PATTERN)
        return cursor_error(in, DIAG_BAD_VALUE, "the pattern is longer than %d bytes",
                            LONGEST_PATTERN);
    if (n_before >= MOST_PATTERNS)
        return cursor_error(in, DIAG_BAD_VALUE, "more than %d patterns for one field",
                            MOST_PATTERNS);
    return true;
}

static bool parse_operation(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)row, (void)state;
    json_t *operations = json_object_get(object, "operations");
    json_t *operation = document_object(scope->document, cursor_token(in));
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "regexp <pattern> <replacement>");
    if (!check_pattern(in, cursor_val(in), json_array_size(operations)))
        return false;
    document_set(scope->document, operation, "regexp", value_string(scope, cursor_token(in)));
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "regexp <pattern> <replacement>");
    value_set(scope, operation, "value", value_string(scope, cursor_token(in)), cursor_token(in));
    document_add(scope->document, operations, operation);
    return true;
}

static const struct option multi_regexp_options[] = {
    {.name = "regexp",
     .doc = "replaces what matches the pattern",
     .arguments = "<pattern> <replacement>",
     .key = "operations",
     .min_args = 2,
     .max_args = 2,
     .parse = parse_operation,
     .flags = OPTION_ADDS},
    {0},
};

static bool parse_multi_regexp(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    document_array_at(scope->document, object, "operations", cursor_token(in));
    if (!options_parse(scope, in, row->block, object, state))
        return false;
    return json_array_size(json_object_get(object, "operations")) > 0 ||
           cursor_error(in, DIAG_WRONG_ARGUMENTS, "'multi_regexp' needs a block with a pattern");
}

static const struct option log_filters[] = {
    {.name = "delete",
     .doc = "leaves the field out",
     .parse = parse_anything,
     .flags = OPTION_LOOSE},
    {.name = "rename",
     .doc = "gives the field another name",
     .arguments = "[<name>]",
     .key = "name",
     .type = VALUE_STRING,
     .max_args = 1,
     .parse = parse_optional,
     .flags = OPTION_LOOSE,
     .since = "2.5.1"},
    {.name = "replace",
     .doc = "gives the field another value",
     .arguments = "[<value>]",
     .key = "value",
     .type = VALUE_STRING,
     .max_args = 1,
     .parse = parse_optional,
     .flags = OPTION_LOOSE,
     .since = "2.4"},
    {.name = "hash",
     .doc = "writes a hash of the value",
     .parse = parse_anything,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "ip_mask",
     .doc = "keeps only the first bits of addresses",
     .arguments = "[<ipv4_bits> [<ipv6_bits>]]",
     .max_args = 2,
     .block = ip_mask_options,
     .parse = parse_ip_mask},
    {.name = "query",
     .doc = "changes parts of the query",
     .block = action_options,
     .parse = parse_actions,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "cookie",
     .doc = "changes cookies of requests",
     .block = action_options,
     .parse = parse_actions,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "set_cookie",
     .doc = "changes cookies of answers",
     .block = action_options,
     .parse = parse_actions,
     .flags = OPTION_LOOSE,
     .since = "2.11.5"},
    {.name = "regexp",
     .doc = "replaces what matches the pattern; several add up",
     .arguments = "[<pattern> [<replacement>]]",
     .max_args = 2,
     .parse = parse_pattern,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "multi_regexp",
     .doc = "replaces what matches each of several patterns",
     .block = multi_regexp_options,
     .needs = "regexp",
     .parse = parse_multi_regexp,
     .since = "2.11"},
    {0},
};

const struct module_space log_filter_space = {
    .name = "caddy.logging.encoders.filter",
    .key = "filter",
    .doc = "what becomes of a field of a log",
    .modules = log_filters,
};

bool log_filter_read(struct scope *scope, struct cursor *in, struct log_filters_of *filters,
                     json_t *fields)
{
    const struct token *field = cursor_token(in);
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "<field> <filter> ...");
    bool is_pattern = cursor_is(in, "regexp");
    json_t *filter = module_take(scope, in, &log_filter_space);
    if (!filter)
        return false;
    json_t *patterns = json_object_find(filters->patterns, field->text.ptr, field->text.len);
    if (is_pattern) {
        document_remove(filter, log_filter_space.key); /* one of several, perhaps */
        if (!patterns) {
            patterns = document_array(scope->document, field);
            document_set_str(scope->document, filters->patterns, field->text, patterns, field);
        }
        document_add(scope->document, patterns, filter);
        return true;
    }
    if (patterns)
        return cursor_error_at(in, DIAG_DUPLICATE, field,
                               "field '" STR_FMT "' has patterns already: no other filter fits",
                               STR_ARG(field->text));
    if (json_object_find(fields, field->text.ptr, field->text.len))
        return cursor_error_at(in, DIAG_DUPLICATE, field,
                               "field '" STR_FMT "' has a filter already", STR_ARG(field->text));
    document_set_str(scope->document, fields, field->text, document_sorted(scope->document, filter),
                     field);
    return true;
}

bool log_filters_finish(struct scope *scope, struct cursor *in, struct log_filters_of *filters,
                        json_t *fields)
{
    struct document *document = scope->document;
    const char *field;
    json_t *patterns;
    json_object_foreach(filters->patterns, field, patterns)
    {
        const struct token *origin = document_origin(document, NULL, NULL, patterns);
        size_t n = json_array_size(patterns);
        json_t *filter = n == 1 ? json_array_get(patterns, 0) : document_object(document, origin);
        for (size_t i = 0; n > 1 && i < n; i++) {
            json_t *regexp = json_object_get(json_array_get(patterns, i), "regexp");
            struct str text = str_make(json_string_value(regexp), json_string_length(regexp));
            if (!check_pattern(in, text, i))
                return false;
        }
        if (n > 1)
            document_set(document, filter, "operations", patterns);
        document_set(document, filter, "filter",
                     document_text(document, n > 1 ? "multi_regexp" : "regexp", origin));
        document_set_at(document, fields, field, document_sorted(document, filter), origin);
    }
    return true;
}
