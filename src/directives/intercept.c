/* intercept: answers of later handlers, replaced by what they are. */
#include "directives/intercept.h"

#include "directives/values.h"

/* What one `intercept` directive gathers. */
struct interception {
    json_t *matchers; /* response matchers by name */
    json_t *matched, *unmatched;
    VEC(struct cursor) blocks; /* handle_response, read when all matchers are known */
};

static bool named_response_matcher(struct cursor *in, struct interception *interception,
                                   const struct token *name, json_t **matcher)
{
    if (!str_has_prefix(name->text, STR("@")))
        return cursor_error_at(in, DIAG_BAD_VALUE, name,
                               "'" STR_FMT "' is not a response matcher: its name begins with @",
                               STR_ARG(name->text));
    *matcher = json_object_find(interception->matchers, name->text.ptr, name->text.len);
    if (!*matcher)
        return cursor_error_at(in, DIAG_UNRESOLVED_REFERENCE, name,
                               "response matcher '" STR_FMT "' is not defined here",
                               STR_ARG(name->text));
    return true;
}

/* Entries without a matcher come last. */
static json_t *add_response_handler(struct scope *scope, struct interception *interception,
                                    json_t *matcher, const struct token *origin)
{
    json_t *entry = document_object(scope->document, origin);
    document_set(scope->document, entry, "match", matcher);
    document_add(scope->document, matcher ? interception->matched : interception->unmatched, entry);
    return entry;
}

static bool parse_replace_status(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    (void)object;
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    json_t *matcher = NULL;
    if (words.n < 1 || words.n > 2)
        return cursor_arg_error(in, "replace_status [<@matcher>] <status>");
    if (words.n == 2 && !named_response_matcher(in, state, words.at[0], &matcher))
        return false;
    json_t *entry = add_response_handler(scope, state, matcher, name);
    const struct token *status = words.at[words.n - 1];
    value_set_weak(scope, entry, "status_code", status);
    if (cursor_next_block(in, in->nesting))
        return cursor_error(in, DIAG_MISPLACED_BLOCK, "'%s' takes no block: write handle_response",
                            row->name);
    return true;
}

static bool parse_handle_response(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *object, void *state)
{
    (void)row, (void)object;
    struct interception *interception = state;
    struct cursor block = cursor_segment(in);
    vec_push(scope->arena, &interception->blocks, block);
    return true;
}

static bool read_handle_response(struct scope *scope, struct cursor *in,
                                 struct interception *interception)
{
    cursor_next(in);
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    json_t *matcher = NULL;
    if (words.n > 1)
        return cursor_arg_error(in, "handle_response [<@matcher>]");
    if (words.n == 1 && !named_response_matcher(in, interception, words.at[0], &matcher))
        return false;
    struct cursor body = cursor_segment(in);
    struct scope inner = scope_with_cursor(scope, &body);
    json_t *subroute = scope_subroute(&inner);
    if (!subroute)
        return false;
    json_t *entry = add_response_handler(scope, interception, matcher, name);
    value_set(scope, entry, "routes", json_object_get(subroute, "routes"), name);
    return true;
}

static bool parse_response_matcher(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *object, void *state)
{
    (void)row, (void)object;
    struct interception *interception = state;
    struct cursor segment = cursor_segment(in);
    return scope_response_matcher(scope, &segment, interception->matchers);
}

const struct option intercept_options[] = {
    {.name = "@<name>",
     .doc = "a response matcher for the options below",
     .arguments = "[<response_condition> ...]",
     .json = "handle_response[].match",
     .max_args = -1,
     .block = response_matchers,
     .parse = parse_response_matcher,
     .flags = OPTION_INLINE | OPTION_ADDS},
    {.name = "handle_response",
     .doc = "handles answers that match with these directives",
     .arguments = "[<@response_matcher>]",
     .key = "handle_response",
     .max_args = 1,
     .parse = parse_handle_response,
     .flags = OPTION_DIRECTIVES | OPTION_ADDS},
    {.name = "replace_status",
     .doc = "gives answers that match another status",
     .arguments = "[<@response_matcher>] <status>",
     .key = "handle_response",
     .min_args = 1,
     .max_args = 2,
     .parse = parse_replace_status,
     .flags = OPTION_ADDS},
    {0},
};

json_t *intercept_adapt(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "intercept");
    struct interception interception = {
        .matchers = document_object(scope->document, NULL),
        .matched = document_array(scope->document, cursor_token(in)),
        .unmatched = document_array(scope->document, NULL),
    };
    bool ok = options_parse(scope, in, intercept_options, handler, &interception);
    for (size_t i = 0; i < interception.blocks.n; i++)
        ok = read_handle_response(scope, &interception.blocks.at[i], &interception) && ok;
    for (size_t i = 0; i < json_array_size(interception.unmatched); i++)
        document_add(scope->document, interception.matched,
                     json_array_get(interception.unmatched, i));
    if (json_array_size(interception.matched))
        document_set(scope->document, handler, "handle_response", interception.matched);
    return ok ? handler : NULL;
}
