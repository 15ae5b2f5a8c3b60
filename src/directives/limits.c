/* request_body, timeouts: limits of one request. */
#include "base/parse.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

static const struct option request_body_options[] = {
    {.name = "max_size",
     .doc = "how large a body may be",
     .arguments = "<size>",
     .key = "max_size",
     .type = VALUE_SIZE,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one},
    {.name = "set",
     .doc = "text that takes the place of the body",
     .arguments = "<text>",
     .key = "set",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .since = "2.10"},
    {0},
};

static json_t *adapt_request_body(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, "request_body");
    return options_parse(scope, scope->in, request_body_options, handler, NULL) ? handler : NULL;
}

/* "<go_duration> [<bytes_per_second>]". Days are no unit here: Caddy reads these with Go's own
 * function. */
static bool parse_timeout(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)state;
    struct token_list words = cursor_remaining(in);
    int64_t timeout, rate;
    if (words.n < 1 || words.n > 2)
        return cursor_arg_error(in,
                                str_printf(scope->arena, "%s %s", row->name, row->arguments).ptr);
    enum parse_result result = parse_go_duration(words.at[0]->text, &timeout);
    if (result != PARSE_OK && parse_duration(words.at[0]->text, &timeout) == PARSE_OK)
        return cursor_error_at(in, DIAG_BAD_VALUE, words.at[0],
                               "'" STR_FMT
                               "' is not a duration: days are no unit here, write hours",
                               STR_ARG(words.at[0]->text));
    if (result != PARSE_OK)
        return cursor_error_at(in, DIAG_BAD_VALUE, words.at[0],
                               "'" STR_FMT "' is not a duration: %s", STR_ARG(words.at[0]->text),
                               parse_result_text(result));
    value_set(scope, object, row->key, document_integer(scope->document, timeout, words.at[0]),
              words.at[0]);
    if (words.n == 1)
        return true;
    if (parse_go_int(words.at[1]->text, &rate) != PARSE_OK)
        return value_refuse(in, words.at[1], "a rate: bytes per second, as an integer");
    value_set(scope, object,
              strcmp(row->key, "read_timeout") == 0 ? "read_min_rate" : "write_min_rate",
              document_integer(scope->document, rate, words.at[1]), words.at[1]);
    return true;
}

static const struct option timeouts_options[] = {
    {.name = "read_timeout",
     .doc = "how long reading the request may take, and how slow it may be",
     .arguments = "<go_duration> [<bytes_per_second>]",
     .key = "read_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 2,
     .parse = parse_timeout},
    {.name = "write_timeout",
     .doc = "how long writing the answer may take, and how slow it may be",
     .arguments = "<go_duration> [<bytes_per_second>]",
     .key = "write_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 2,
     .parse = parse_timeout},
    {.name = "max_write_chunk",
     .doc = "how much is written at once",
     .arguments = "<size>",
     .key = "max_write_chunk",
     .type = VALUE_SIZE,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one},
    {0},
};

static json_t *adapt_timeouts(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, "timeouts");
    return options_parse(scope, scope->in, timeouts_options, handler, NULL) ? handler : NULL;
}

const struct directive limit_directives[] = {
    {.name = "request_body",
     .doc = "limits or replaces the body of the request",
     .makes = "http.handlers.request_body",
     .handler = adapt_request_body,
     .flags = OPTION_LOOSE,
     .options = request_body_options,
     .since = "2.3"},
    {.name = "timeouts",
     .doc = "limits how long one request may take",
     .makes = "http.handlers.timeouts",
     .handler = adapt_timeouts,
     .flags = OPTION_LOOSE,
     .options = timeouts_options,
     .since = "2.11.5"},
    {0},
};
