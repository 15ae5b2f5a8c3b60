/* What a proxy does with answers instead of sending them on: handle_response, replace_status, and
 * the handlers that only make sense inside of the former. */
#include "base/parse.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"

/* A status as Caddy writes it: a number or a boolean where the text is one. */
static json_t *weak_string(struct scope *scope, const struct token *token)
{
    int64_t number;
    if (token_is(token, "true") || token_is(token, "false"))
        return document_bool(token_is(token, "true"));
    if (parse_go_int(token->text, &number) == PARSE_OK)
        return document_integer(scope->document, number, token);
    return document_string(scope->document, token->text, token);
}

static void set_status(struct scope *scope, json_t *object, const struct token *token)
{
    if (token->text.len)
        document_set_at(scope->document, object, "status_code", weak_string(scope, token), token);
    else
        document_remove(object, "status_code");
}

/* The response matcher that a token names; NULL after a diagnostic. */
static json_t *find_matcher(struct cursor *in, const struct proxy *proxy, const struct token *token)
{
    if (!str_has_prefix(token->text, STR("@"))) {
        cursor_error_at(in, DIAG_INVALID_OPTION, token,
                        "'" STR_FMT "' is not a response matcher: their names begin with '@'",
                        STR_ARG(token->text));
        return NULL;
    }
    json_t *matcher = json_object_find(proxy->response_matchers, token->text.ptr, token->text.len);
    if (!matcher)
        cursor_error_at(in, DIAG_UNRESOLVED_REFERENCE, token,
                        "no response matcher is named '" STR_FMT "'", STR_ARG(token->text));
    return matcher;
}

bool parse_replace_status(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n != 1 && arguments.n != 2)
        return take_arity_error(in, row);
    json_t *response = document_object(scope->document, name);
    if (arguments.n == 2) {
        json_t *matcher = find_matcher(in, state, arguments.at[0]);
        if (!matcher)
            return false;
        document_set(scope->document, response, "match", matcher);
    }
    set_status(scope, response, arguments.at[arguments.n - 1]);
    if (cursor_next_block(in, in->nesting))
        return cursor_error(in, DIAG_MISPLACED_BLOCK,
                            "replace_status has no block: handle_response runs directives");
    document_add(scope->document, document_array_at(scope->document, object, row->key, name),
                 response);
    return true;
}

/* Its matcher may be defined further down, so it is only set aside. */
bool parse_handle_response(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)row, (void)object;
    struct proxy *proxy = state;
    struct cursor segment = cursor_segment(in);
    vec_push(scope->arena, &proxy->responses, segment);
    return true;
}

static bool read_response(struct scope *scope, struct cursor *in, struct proxy *proxy)
{
    cursor_next(in);
    const struct token *name = cursor_token(in);
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n > 1)
        return cursor_error_at(in, DIAG_WRONG_ARGUMENTS, arguments.at[1],
                               "handle_response takes no more than one response matcher");
    json_t *response = document_object(scope->document, name);
    if (arguments.n == 1) {
        json_t *matcher = find_matcher(in, proxy, arguments.at[0]);
        if (!matcher)
            return false;
        document_set(scope->document, response, "match", matcher);
    }
    struct cursor segment = cursor_segment(in);
    struct scope inner = scope_with_cursor(scope, &segment);
    json_t *subroute = scope_subroute(&inner);
    if (!subroute)
        return false;
    const json_t *routes = json_object_get(subroute, "routes");
    if (!document_is_empty(routes))
        document_set(scope->document, response, "routes", json_object_get(subroute, "routes"));
    document_add(scope->document,
                 document_array_at(scope->document, proxy->handler, "handle_response", name),
                 response);
    return true;
}

/* Entries without a matcher would take every answer, so Caddy moves them to the end. */
static void move_unconditional_last(struct scope *scope, json_t *handler)
{
    json_t *entries = json_object_get(handler, "handle_response");
    if (!entries)
        return;
    json_t *sorted = document_array(scope->document, NULL);
    for (int wants_match = 1; wants_match >= 0; wants_match--)
        for (size_t i = 0; i < json_array_size(entries); i++) {
            json_t *entry = json_array_get(entries, i);
            if ((json_object_get(entry, "match") != NULL) == (wants_match == 1))
                document_add(scope->document, sorted, entry);
        }
    document_set(scope->document, handler, "handle_response", sorted);
}

bool proxy_read_responses(struct scope *scope, struct proxy *proxy)
{
    bool ok = true;
    for (size_t i = 0; i < proxy->responses.n; i++)
        ok = read_response(scope, &proxy->responses.at[i], proxy) && ok;
    move_unconditional_last(scope, proxy->handler);
    return ok;
}

static bool parse_status(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    set_status(scope, object, cursor_token(in));
    return true;
}

const struct option copy_response_options[] = {
    {.name = "status",
     .doc = "another status for the answer",
     .arguments = "<status>",
     .key = "status_code",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_status},
    {0},
};

const struct option copy_response_headers_options[] = {
    {.name = "include",
     .doc = "the only fields to copy",
     .arguments = "[<fields...>]",
     .key = "include",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS},
    {.name = "exclude",
     .doc = "fields not to copy",
     .arguments = "[<fields...>]",
     .key = "exclude",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS},
    {0},
};

json_t *handle_copy_response(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *handler = handler_new(scope, "copy_response");
    cursor_next(in);
    struct token_list arguments = cursor_remaining(in);
    int64_t status;
    /* Caddy: anything else on the line, and a block after a status, goes unread. */
    if (arguments.n == 1 && parse_go_int(arguments.at[0]->text, &status) == PARSE_OK &&
        status > 0) {
        set_status(scope, handler, arguments.at[0]);
        return handler;
    }
    return options_parse(scope, in, copy_response_options, handler, NULL) ? handler : NULL;
}

json_t *handle_copy_response_headers(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *handler = handler_new(scope, "copy_response_headers");
    cursor_next(in);
    if (cursor_remaining(in).n > 0) {
        cursor_arg_error(in, NULL);
        return NULL;
    }
    return options_parse(scope, in, copy_response_headers_options, handler, NULL) ? handler : NULL;
}
