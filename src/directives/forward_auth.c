/* forward_auth: a proxy that asks another server whether a request may pass, and copies what it
 * says of the user to the request. */
#include "directives/header_ops.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"
#include "directives/vocabulary_private.h"

#include <stdlib.h>

/* A field to copy, and the name it gets. */
struct copy {
    struct str from, to;
    const struct token *token;
};

struct forward_auth {
    const struct token *uri;
    VEC(struct copy) copies;
    bool is_refused; /* after a mistake that Caddy sees later than a missing uri */
};

static bool parse_uri(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)scope, (void)object;
    struct forward_auth *auth = state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (auth->uri && auth->uri->text.len) {
        struct diag *diag =
            diag_token(in->diags, DIAG_DUPLICATE, cursor_token(in), "'uri' stands here twice");
        diag_label(in->diags, diag, auth->uri->span, "first here");
        return false;
    }
    auth->uri = cursor_token(in);
    cursor_delete(in, 2);
    return true;
}

/* Name>Other renames; the last one for a name counts. Caddy looks no further than a second '>'. */
static void add_copy(struct scope *scope, struct forward_auth *auth, const struct token *token)
{
    struct copy copy = {.from = token->text, .to = token->text, .token = token};
    struct str rest;
    if (str_cut(token->text, STR(">"), &copy.from, &rest))
        str_cut(rest, STR(">"), &copy.to, &rest);
    for (size_t i = 0; i < auth->copies.n; i++)
        if (str_eq(auth->copies.at[i].from, copy.from)) {
            auth->copies.at[i] = copy;
            return;
        }
    vec_push(scope->arena, &auth->copies, copy);
}

static bool parse_copy(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)row, (void)object;
    add_copy(scope, state, cursor_token(in));
    return true;
}

static const struct option copy_options[] = {
    {.name = "<copied_field>",
     .doc = "a field to copy; A>B renames",
     .parse = parse_copy,
     .flags = OPTION_HEADER_NAME | OPTION_LOOSE | OPTION_ADDS},
    {0},
};

static bool parse_copy_headers(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    struct forward_auth *auth = state;
    const struct token *name = cursor_token(in);
    ptrdiff_t begin = in->at;
    struct token_list arguments = cursor_remaining(in);
    ptrdiff_t line_end = in->at;
    for (size_t i = 0; i < arguments.n; i++)
        add_copy(scope, auth, arguments.at[i]);
    if (!options_parse(scope, in, row->block, object, auth))
        return false;
    bool is_block_empty = in->at == line_end + 2 && token_is_open(in->tokens[line_end + 1]);
    if (is_block_empty) { /* Caddy removes it in place of the name */
        struct diag *diag = diag_token(in->diags, DIAG_WRONG_ARGUMENTS, name,
                                       "the block of 'copy_headers' is empty");
        diag_note(in->diags, diag, "leave the braces out, or write the fields between them");
        auth->is_refused = true;
        cursor_delete(in, (size_t)(in->at - begin + 1));
        return true;
    }
    if (auth->copies.n == 0)
        take_arity_error(in, row);
    cursor_delete(in, (size_t)(in->at - begin + 1));
    if (auth->copies.n == 0)
        cursor_label_place(in, name);
    return auth->copies.n > 0;
}

static const struct option forward_auth_options[] = {
    {.name = "uri",
     .doc = "path and query to ask at",
     .arguments = "<to>",
     .json = "rewrite.uri",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_uri,
     .flags = OPTION_ONCE_FILLED},
    {.name = "copy_headers",
     .doc = "fields of a positive answer to copy to the request; A>B renames",
     .arguments = "[<copied_field...>]",
     .json = "handle_response[].routes",
     .max_args = -1,
     .block = copy_options,
     .needs = "*",
     .parse = parse_copy_headers,
     .flags = OPTION_HEADER_NAME | OPTION_WORDS_SUFFICE},
    {0},
};

/* Reads and removes the options above; the rest is for reverse_proxy. */
static bool take_own_options(struct scope *scope, struct cursor *in, struct forward_auth *auth)
{
    while (cursor_next(in))
        while (cursor_next_block(in, 0)) {
            const struct option *row =
                in->nesting == 1 ? option_find(forward_auth_options, cursor_val(in)) : NULL;
            if (row && !option_apply(scope, in, row, NULL, auth))
                return false;
        }
    cursor_reset(in);
    return true;
}

static json_t *text_list(struct scope *scope, struct str text, const struct token *origin)
{
    json_t *list = document_array(scope->document, origin);
    document_add(scope->document, list, document_string(scope->document, text, origin));
    return list;
}

static int compare_copies(const void *a, const void *b)
{
    return str_compare(((const struct copy *)a)->from, ((const struct copy *)b)->from);
}

/* {"handler": "headers", "request": <ops>} as a route. */
static json_t *headers_route(struct scope *scope, json_t *match, json_t *ops)
{
    json_t *handler = handler_new(scope, "headers");
    document_set(scope->document, handler, "request", ops);
    return route_new(scope, match, handler);
}

/* What the client sent under the name goes; what the other server said comes, if there is any. */
static void add_copy_routes(struct scope *scope, const struct copy *copy, json_t *routes)
{
    struct document *document = scope->document;
    struct str to = header_canonical_name(scope->arena, copy->to);
    struct str from = header_canonical_name(scope->arena, copy->from);
    struct str placeholder =
        str_printf(scope->arena, "{http.reverse_proxy.header." STR_FMT "}", STR_ARG(from));

    json_t *removal = document_object(document, copy->token);
    document_set(document, removal, "delete", text_list(scope, to, copy->token));
    document_add(document, routes, headers_route(scope, NULL, removal));

    json_t *empty = document_object(document, copy->token);
    document_set_str(document, empty, placeholder, text_list(scope, STR(""), copy->token), NULL);
    json_t *vars = document_object(document, copy->token);
    document_set(document, vars, "vars", empty);
    json_t *negated = document_array(document, copy->token);
    document_add(document, negated, vars);
    json_t *match = document_object(document, copy->token);
    document_set(document, match, "not", negated);
    json_t *fields = document_object(document, copy->token);
    document_set_str(document, fields, to, text_list(scope, placeholder, copy->token), NULL);
    json_t *setting = document_object(document, copy->token);
    document_set(document, setting, "set", fields);
    document_add(document, routes, headers_route(scope, match, setting));
}

/* An answer of 2xx lets the request go on. The empty `vars` handler is there because Caddy passes
 * over entries without routes. */
static json_t *pass_response(struct scope *scope, struct forward_auth *auth)
{
    struct document *document = scope->document;
    json_t *status = document_array(document, NULL);
    document_add(document, status, document_integer(document, 2, NULL));
    json_t *match = document_object(document, NULL);
    document_set(document, match, "status_code", status);
    json_t *routes = document_array(document, NULL);
    document_add(document, routes, route_new(scope, NULL, handler_new(scope, "vars")));
    if (auth->copies.n)
        qsort(auth->copies.at, auth->copies.n, sizeof(*auth->copies.at), compare_copies);
    for (size_t i = 0; i < auth->copies.n; i++)
        add_copy_routes(scope, &auth->copies.at[i], routes);
    json_t *response = document_object(document, NULL);
    document_set(document, response, "match", match);
    document_set(document, response, "routes", routes);
    return response;
}

/* What the other server is asked: a GET that tells method and URI of the request. */
static void preset(struct scope *scope, struct forward_auth *auth, json_t *handler)
{
    struct document *document = scope->document;
    json_t *headers = document_object_at(document, handler, "headers", NULL);
    json_t *request = document_object_at(document, headers, "request", NULL);
    json_t *set = document_object_at(document, request, "set", NULL);
    document_set(document, set, "X-Forwarded-Method",
                 text_list(scope, STR("{http.request.method}"), NULL));
    document_set(document, set, "X-Forwarded-Uri",
                 text_list(scope, STR("{http.request.uri}"), NULL));
    json_t *rewrite = document_object_at(document, handler, "rewrite", NULL);
    document_set(document, rewrite, "method", document_text(document, "GET", NULL));
    document_set(document, rewrite, "uri", document_string(document, auth->uri->text, auth->uri));
    json_t *responses = document_array_at(document, handler, "handle_response", NULL);
    document_add(document, responses, pass_response(scope, auth));
}

static bool adapt_forward_auth(struct scope *scope)
{
    struct forward_auth auth = {0};
    json_t *matcher_set;
    if (!scope_take_matcher(scope, &matcher_set))
        return false;
    cursor_next(scope->in);
    struct cursor segment = cursor_segment(scope->in);
    if (!take_own_options(scope, &segment, &auth))
        return false;
    if (!auth.uri || auth.uri->text.len == 0) {
        cursor_error(&segment, DIAG_WRONG_ARGUMENTS, "forward_auth needs a 'uri' to ask at");
        scope_label_end(scope, scope->diags->last);
        return false;
    }
    struct proxy proxy = proxy_begin(scope);
    preset(scope, &auth, proxy.handler);
    if (!proxy_read(scope, &segment, &proxy) || !proxy_read_responses(scope, &proxy) ||
        auth.is_refused)
        return false;
    scope_push_route(scope, matcher_set, proxy.handler);
    return true;
}

const struct directive forward_auth_directives[] = {
    {.name = "forward_auth",
     .doc = "asks another server whether a request may pass",
     .arguments = "[<upstreams...>]",
     .makes = "http.handlers.reverse_proxy http.handlers.headers http.handlers.vars",
     .adapt = adapt_forward_auth,
     .takes_matcher = true,
     .options = forward_auth_options,
     .needs = "uri",
     .inherits = "reverse_proxy",
     .since = "2.5.1"},
    {0},
};
