/* header, request_header: change fields of responses and of requests. */
#include "directives/header_ops.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* `header` makes one handler of plain operations and, for `?` lines in its block, another one. */
struct header_parts {
    json_t *ops;      /* {"response": this} */
    json_t *defaults; /* the same of the second handler */
    bool has_arguments;
};

/* The value and replacement that may follow the field on its line. */
static struct header_op read_operation(struct cursor *in)
{
    struct header_op op = {.field = cursor_token(in), .name = cursor_val(in)};
    if (cursor_next_arg(in))
        op.value = cursor_token(in);
    if (cursor_next_arg(in))
        op.replacement = cursor_token(in);
    return op;
}

static bool parse_match(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *matchers = document_object(scope->document, NULL);
    struct cursor segment = cursor_segment(in);
    if (!scope_response_matcher(scope, &segment, matchers))
        return false;
    document_set_at(scope->document, object, row->key, json_object_get(matchers, row->name), name);
    return true;
}

static bool parse_field(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)row;
    struct header_parts *parts = state;
    if (parts->has_arguments)
        return cursor_error(in, DIAG_NOT_ALLOWED_HERE,
                            "fields stand on the first line or in the block, not in both");
    struct header_op op = read_operation(in);
    /* People write the colon out of habit. */
    op.name = str_trim_suffix(op.name, STR(":"));
    json_t *ops = str_has_prefix(op.name, STR("?")) ? parts->defaults : object;
    return header_op_add(scope, in, ops, HEADER_SIDE_RESPONSE, &op);
}

/* Their object is that of the operations. */
static const struct option header_options[] = {
    {.name = "defer",
     .doc = "changes the fields when the response is written, not before",
     .key = "deferred",
     .type = VALUE_TRUE,
     .parse = option_flag,
     .flags = OPTION_LOOSE},
    {.name = "match",
     .doc = "only responses of this status or with these fields",
     .arguments = "[<response_condition> ...]",
     .key = "require",
     .max_args = -1,
     .block = response_matchers,
     .parse = parse_match,
     .flags = OPTION_INLINE,
     .since = "2.9.1"},
    {.name = "[+|-|?|>]<field>",
     .doc =
         "sets a field, adds to it (+), deletes it (-), or sets it where there is none (?); > does "
         "so when the response is written",
     .arguments = "[<value|pattern> [<replacement>]]",
     .max_args = 2,
     .parse = parse_field,
     .flags = OPTION_LOOSE | OPTION_ADDS},
    {0},
};

static void push_header_route(struct scope *scope, json_t *matcher_set, json_t *ops)
{
    if (json_object_size(ops) == 0)
        return;
    json_t *handler = handler_new(scope, "headers");
    document_set(scope->document, handler, "response", ops);
    scope_push_route(scope, matcher_set, handler);
}

/* The directive's matcher, taken off; the cursor is on the name again. */
static bool take_matcher(struct scope *scope, json_t **matcher_set)
{
    cursor_next(scope->in);
    *matcher_set = NULL;
    if (!scope_take_matcher(scope, matcher_set))
        return false;
    cursor_next(scope->in);
    return true;
}

static bool adapt_header(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *matcher_set;
    if (!take_matcher(scope, &matcher_set))
        return false;
    struct header_parts parts = {
        .ops = document_object(scope->document, cursor_token(in)),
        .defaults = document_object(scope->document, cursor_token(in)),
    };
    if (cursor_next_arg(in)) {
        struct header_op op = read_operation(in);
        parts.has_arguments = true;
        if (!header_op_add(scope, in, parts.ops, HEADER_SIDE_RESPONSE, &op))
            return false;
    }
    if (!options_parse(scope, in, header_options, parts.ops, &parts))
        return false;
    push_header_route(scope, matcher_set, parts.ops);
    push_header_route(scope, matcher_set, parts.defaults);
    return true;
}

static bool adapt_request_header(struct scope *scope)
{
    static const char usage[] =
        "request_header [<matcher>] [+|-]<field> [<value|pattern> [<replacement>]]";
    struct cursor *in = scope->in;
    json_t *matcher_set;
    if (!take_matcher(scope, &matcher_set))
        return false;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, usage);
    struct header_op op = read_operation(in);
    op.name = str_trim_suffix(op.name, STR(":"));
    if (cursor_next_arg(in))
        return cursor_arg_error(in, usage);
    json_t *ops = document_object(scope->document, op.field);
    if (!header_op_add(scope, in, ops, HEADER_SIDE_PLAIN, &op))
        return false;
    json_t *handler = handler_new(scope, "headers");
    document_set(scope->document, handler, "request", ops);
    scope_push_route(scope, matcher_set, handler);
    return true;
}

const struct directive header_directives[] = {
    {.name = "header",
     .doc = "sets, adds, deletes or replaces fields of the response",
     .arguments = "[[+|-|?|>]<field> [<value|pattern> [<replacement>]]]",
     .makes = "http.handlers.headers",
     .json = "response",
     .adapt = adapt_header,
     .flags = OPTION_LOOSE,
     .takes_matcher = true,
     .options = header_options},
    {.name = "request_header",
     .doc = "sets, adds, deletes or replaces fields of the request",
     .arguments = "[+|-]<field> [<value|pattern> [<replacement>]]",
     .makes = "http.handlers.headers",
     .adapt = adapt_request_header,
     .takes_matcher = true},
    {0},
};
