/* The options of `transport fastcgi`. */
#include "directives/option_takes.h"
#include "directives/transport.h"

static bool parse_env(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n != 2)
        return take_arity_error(in, row);
    json_t *variables = document_object_at(scope->document, object, row->key, name);
    document_set_str(scope->document, variables, arguments.at[0]->text,
                     document_string(scope->document, arguments.at[1]->text, arguments.at[1]),
                     NULL);
    return true;
}

const struct option fastcgi_transport_options[] = {
    {.name = "root",
     .doc = "directory of the scripts; that of the site by default",
     .arguments = "<path>",
     .key = "root",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "split",
     .doc = "where a path is cut into script and PATH_INFO",
     .arguments = "<at...>",
     .key = "split_path",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings},
    {.name = "env",
     .doc = "a variable for the script",
     .arguments = "<key> <value>",
     .key = "env",
     .min_args = 2,
     .max_args = 2,
     .parse = parse_env,
     .flags = OPTION_ADDS},
    {.name = "resolve_root_symlink",
     .doc = "follows the symbolic links of the root",
     .key = "resolve_root_symlink",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.2"},
    {.name = "dial_timeout",
     .doc = "how long connecting may take; 3s by default",
     .arguments = "<duration>",
     .key = "dial_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "read_timeout",
     .doc = "how long reading may take",
     .arguments = "<duration>",
     .key = "read_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "write_timeout",
     .doc = "how long writing may take",
     .arguments = "<duration>",
     .key = "write_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "capture_stderr",
     .doc = "logs what the script writes to stderr",
     .key = "capture_stderr",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.6"},
    {0},
};
