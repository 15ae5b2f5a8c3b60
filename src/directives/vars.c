/* vars, map, root, fs: variables that later handlers and placeholders read. */
#include "adapt/shorthand.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* One "name value" pair whose name the cursor stands on. <state> tells whether JSON can hold all of
 * them. */
static bool parse_variable(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *handler, void *state)
{
    (void)row;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "vars [<matcher>] <name> <value>");
    json_t *value = value_scalar(scope, cursor_token(in));
    *(bool *)state &= value != NULL;
    document_set_str(scope->document, handler, name->text, value, cursor_token(in));
    return !cursor_next_arg(in) || cursor_arg_error(in, "vars [<matcher>] <name> <value>");
}

static const struct option vars_options[] = {
    {.name = "<variable>",
     .doc = "a variable and its value",
     .arguments = "<scalar>",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_variable,
     .flags = OPTION_ADDS},
    {0},
};

static json_t *adapt_vars(struct scope *scope)
{
    struct cursor *in = scope->in;
    bool printable = true;
    cursor_next(in);
    json_t *handler = handler_new(scope, "vars");
    if (cursor_next_arg(in) && !option_apply(scope, in, &vars_options[0], handler, &printable))
        return NULL;
    if (!options_parse(scope, in, vars_options, handler, &printable))
        return NULL;
    document_set(scope->document, handler, "handler",
                 document_text(scope->document, "vars", in->n ? in->tokens[0] : NULL));
    /* Caddy cannot print a handler that holds inf or nan, and puts null in its place. */
    return printable ? handler : document_null();
}

static json_t *variable_handler(struct scope *scope, const char *name, const struct token *value)
{
    json_t *handler = handler_new(scope, "vars");
    document_set(scope->document, handler, name, value_string(scope, value));
    return handler;
}

static bool adapt_root(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *matcher_set = NULL;
    cursor_next(in);
    size_t n = cursor_count_remaining(in);
    if (n < 1 || n > 2)
        return cursor_arg_error(in, "root [<matcher>] <path>");
    /* A lone argument is the path, even where it looks like a matcher. */
    if (n == 2) {
        if (!scope_take_matcher(scope, &matcher_set))
            return false;
        cursor_next(in);
    }
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "root [<matcher>] <path>");
    scope_push_route(scope, matcher_set, variable_handler(scope, "root", cursor_token(in)));
    return true;
}

static json_t *adapt_fs(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    if (cursor_count_remaining(in) != 1) {
        cursor_remaining(in);
        cursor_arg_error(in, "fs [<matcher>] <filesystem>");
        return NULL;
    }
    cursor_next_arg(in);
    return variable_handler(scope, "fs", cursor_token(in));
}

/* Caddy's own placeholders cannot be given a value. */
static bool check_destination(struct cursor *in, const struct token *destination)
{
    struct str shorthand = shorthand_of(destination->text);
    if (shorthand.len == 0)
        return true;
    return cursor_error_at(in, DIAG_BAD_VALUE, destination,
                           "'" STR_FMT "' is a placeholder of Caddy's own and cannot be mapped to",
                           STR_ARG(shorthand));
}

/* What the lines of a map need to know of it. */
struct mapping {
    size_t n_destinations;
    bool printable; /* JSON can hold all outputs */
};

static bool parse_defaults(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *handler, void *state)
{
    const struct mapping *mapping = state;
    const struct token *name = cursor_token(in);
    json_t *defaults = value_texts(scope, cursor_remaining(in), name);
    while (json_array_size(defaults) < mapping->n_destinations)
        document_add(scope->document, defaults, document_text(scope->document, "", name));
    document_set(scope->document, handler, row->key, defaults);
    return true;
}

/* "<input> <output...>": `-` and outputs left out are null. */
static bool parse_mapping(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *handler, void *state)
{
    struct mapping *map = state;
    const struct token *input = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    json_t *outputs = document_array(scope->document, input);
    if (words.n > map->n_destinations)
        return cursor_error(in, DIAG_WRONG_ARGUMENTS, "more outputs than destinations");
    for (size_t i = 0; i < map->n_destinations; i++) {
        json_t *output = document_null();
        if (i < words.n && !token_is(words.at[i], "-"))
            output = value_scalar(scope, words.at[i]);
        map->printable &= output != NULL;
        document_add(scope->document, outputs, output ? output : document_null());
    }
    bool is_pattern = str_has_prefix(input->text, STR("~"));
    json_t *mapping = document_object(scope->document, input);
    value_set(scope, mapping, is_pattern ? "input_regexp" : "input",
              document_string(scope->document, str_slice(input->text, is_pattern, input->text.len),
                              input),
              input);
    document_set(scope->document, mapping, "outputs", outputs);
    document_add(scope->document, document_array_at(scope->document, handler, row->key, input),
                 mapping);
    return true;
}

static const struct option map_options[] = {
    {.name = "default",
     .doc = "outputs where no line matches",
     .arguments = "[<text...>]",
     .key = "defaults",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = parse_defaults,
     .flags = OPTION_ONCE},
    {.name = "[~]<input>",
     .doc = "outputs for an input, or for those that match a pattern (~)",
     .arguments = "[<output...>]",
     .key = "mappings",
     .max_args = -1,
     .parse = parse_mapping,
     .flags = OPTION_ADDS},
    {0},
};

static json_t *adapt_map(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "map");
    if (!cursor_next_arg(in)) {
        cursor_arg_error(in, "map [<matcher>] <source> <destination...>");
        return NULL;
    }
    value_set(scope, handler, "source", value_string(scope, cursor_token(in)), cursor_token(in));
    struct token_list destinations = cursor_remaining(in);
    if (destinations.n == 0) {
        cursor_error(in, DIAG_WRONG_ARGUMENTS, "a map needs a destination after its source");
        return NULL;
    }
    for (size_t i = 0; i < destinations.n; i++)
        if (!check_destination(in, destinations.at[i]))
            return NULL;
    document_set(scope->document, handler, "destinations",
                 value_texts(scope, destinations, destinations.at[0]));
    struct mapping mapping = {.n_destinations = destinations.n, .printable = true};
    if (!options_parse(scope, in, map_options, handler, &mapping))
        return NULL;
    return mapping.printable ? handler : document_null();
}

const struct directive vars_directives[] = {
    {.name = "vars",
     .doc = "sets variables for placeholders and matchers",
     .arguments = "[<variable> <scalar>]",
     .makes = "http.handlers.vars",
     .handler = adapt_vars,
     .options = vars_options,
     .since = "2.5"},
    {.name = "map",
     .doc = "sets variables by what another value is",
     .arguments = "<source> <destination...>",
     .makes = "http.handlers.map",
     .handler = adapt_map,
     .options = map_options,
     .since = "2.1.1"},
    {.name = "root",
     .doc = "says where the site's files are",
     .arguments = "<path>",
     .makes = "http.handlers.vars",
     .adapt = adapt_root,
     .takes_matcher = true},
    {.name = "fs",
     .doc = "says which file system the site's files are in",
     .arguments = "<filesystem>",
     .makes = "http.handlers.vars",
     .handler = adapt_fs,
     .since = "2.8"},
    {0},
};
