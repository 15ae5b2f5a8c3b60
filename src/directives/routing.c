/* Blocks of directives: handle, handle_path, route, handle_errors; and invoke. */
#include "directives/vocabulary_private.h"

#include "base/parse.h"

/* {"routes": …} as a handler. */
static json_t *as_handler(struct scope *scope, json_t *subroute)
{
    if (!subroute)
        return NULL;
    document_set(scope->document, subroute, "handler",
                 document_text(scope->document, "subroute", NULL));
    document_set_origin(scope->document, subroute, scope->in->tokens[0]);
    return subroute;
}

static json_t *handle(struct scope *scope)
{
    return as_handler(scope, scope_subroute(scope));
}

static json_t *route(struct scope *scope)
{
    struct results results = {0};
    bool ok = scope_block_results(scope, &results);
    for (size_t i = 0; i < results.n; i++) {
        if (results.at[i].class == RESULT_ROUTE || results.at[i].class == RESULT_SUBROUTE)
            continue;
        struct diag *diag =
            diag_token(scope->diags, DIAG_NOT_ALLOWED_HERE, results.at[i].origin,
                       "'%s' handles no requests, so it cannot stand in a route block",
                       results.at[i].directive);
        diag_label(scope->diags, diag, scope->in->tokens[scope->in->n - 1]->span,
                   "the route block ends here");
        ok = false;
    }
    json_t *subroute = scope_build_subroute(scope, &results, false);
    return ok ? as_handler(scope, subroute) : NULL;
}

/* {"match": [{"path": [<path>]}]} needs a set of its own. */
static json_t *path_matcher(struct scope *scope, const struct token *path)
{
    json_t *set = document_object(scope->document, path);
    document_add(scope->document, document_array_at(scope->document, set, "path", path),
                 document_string(scope->document, path->text, path));
    return set;
}

static bool handle_path(struct scope *scope)
{
    struct cursor *in = scope->in;
    struct document *document = scope->document;
    cursor_next(in);
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "handle_path <path> { <directives...> }");
    const struct token *path = cursor_token(in);
    if (!str_has_prefix(path->text, STR("/")))
        return cursor_error(in, DIAG_BAD_VALUE,
                            "'" STR_FMT "' is not a path: it must begin with '/'",
                            STR_ARG(path->text));
    struct str prefix = str_trim_suffix(path->text, STR("*"));
    if (prefix.len < path->text.len)
        prefix = str_trim_suffix(prefix, STR("/"));
    cursor_reset(in);
    cursor_next(in);
    json_t *subroute = scope_subroute(scope);
    if (!subroute)
        return false;

    json_t *rewrite = handler_new(scope, "rewrite");
    if (prefix.len)
        document_set(document, rewrite, "strip_path_prefix",
                     document_string(document, prefix, path));
    json_t *routes = document_array(document, path), *rest = json_object_get(subroute, "routes");
    document_add(document, routes, route_new(scope, NULL, rewrite));
    for (size_t i = 0; i < json_array_size(rest); i++)
        document_add(document, routes, json_array_get(rest, i));
    document_set(document, subroute, "routes", routes);
    scope_push_route(scope, path_matcher(scope, path), as_handler(scope, subroute));
    return true;
}

/* The condition under which an error block runs: "4xx" are ranges, the other codes a list. */
static bool read_statuses(struct scope *scope, struct strbuf *expression)
{
    struct cursor *in = scope->in;
    struct strbuf codes = strbuf_in(scope->arena);
    while (cursor_next_arg(in)) {
        struct str text = cursor_val(in), digits = str_trim_suffix(text, STR("xx"));
        int64_t number;
        if (text.len != 3 || parse_go_int(digits, &number) != PARSE_OK)
            return cursor_error(in, DIAG_BAD_VALUE,
                                "'" STR_FMT "' is not a status: write three digits, or 4xx",
                                STR_ARG(text));
        if (digits.len == text.len) {
            strbuf_printf(&codes, "%s" STR_FMT, codes.len ? ", " : "", STR_ARG(text));
            continue;
        }
        strbuf_printf(expression,
                      "%s{http.error.status_code} >= " STR_FMT
                      "00 && {http.error.status_code} <= " STR_FMT "99",
                      expression->len ? " || " : "", STR_ARG(digits), STR_ARG(digits));
    }
    if (codes.len)
        strbuf_printf(expression, "%s{http.error.status_code} in [" STR_FMT "]",
                      expression->len ? " || " : "", STR_ARG(strbuf_str(&codes)));
    return true;
}

static bool handle_errors(struct scope *scope)
{
    struct cursor *in = scope->in;
    struct document *document = scope->document;
    struct strbuf expression = strbuf_in(scope->arena);
    cursor_next(in);
    const struct token *name = cursor_token(in);
    bool ok = read_statuses(scope, &expression);
    /* The block begins after the last word of the line. */
    cursor_reset(in);
    cursor_next(in);
    cursor_remaining(in);
    cursor_prev(in);
    json_t *handler = as_handler(scope, scope_subroute(scope));
    if (!handler || !ok)
        return false;

    json_t *matcher_set = NULL;
    if (expression.len) {
        matcher_set = document_object(document, name);
        document_set(document, matcher_set, "expression",
                     document_string(document, strbuf_str(&expression), name));
    }
    json_t *subroute = document_object(document, name);
    document_add(document, document_array_at(document, subroute, "routes", name),
                 route_new(scope, matcher_set, handler));
    scope_push(scope, RESULT_ERROR_ROUTE, subroute);
    return true;
}

static json_t *invoke(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "invoke");
    if (!cursor_next_arg(in) || cursor_next(in)) {
        cursor_arg_error(in, "invoke [<matcher>] <named route>");
        return NULL;
    }
    const struct token *name = cursor_token(in);
    scope_invoke(scope, name);
    document_set(scope->document, handler, "name",
                 document_string(scope->document, name->text, name));
    return handler;
}

const struct directive routing_directives[] = {
    {.name = "handle",
     .doc = "directives; of sibling handle blocks only the first that matches is run",
     .arguments = "{ <directives...> }",
     .makes = "http.handlers.subroute",
     .handler = handle,
     .has_directives_in_block = true},
    {.name = "handle_path",
     .doc = "like handle, with the matched prefix taken off the path",
     .arguments = "<rooted_path> { <directives...> }",
     .makes = "http.handlers.subroute http.handlers.rewrite",
     .adapt = handle_path,
     .since = "2.1",
     .has_directives_in_block = true},
    {.name = "route",
     .doc = "directives that run in the order they are written in",
     .arguments = "{ <directives...> }",
     .makes = "http.handlers.subroute",
     .handler = route,
     .has_directives_in_block = true},
    {.name = "handle_errors",
     .doc = "directives that run when a handler fails",
     .arguments = "[<status_class...>] { <directives...> }",
     .makes = "http.handlers.subroute",
     .adapt = handle_errors,
     .has_directives_in_block = true},
    {.name = "invoke",
     .doc = "runs a named route",
     .arguments = "<named_route>",
     .makes = "http.handlers.invoke",
     .handler = invoke,
     .since = "2.7"},
    {.name = NULL},
};
