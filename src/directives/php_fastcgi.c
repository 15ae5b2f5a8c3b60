/* php_fastcgi: a proxy over FastCGI, and the routes before it that find the script. */
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"
#include "directives/transport.h"
#include "directives/vocabulary_private.h"

struct php {
    struct token_list extensions; /* of scripts; none: .php */
    struct token_list try_files;
    const struct token *index; /* NULL: index.php */
};

/* The arguments are gone once they were read, so that reverse_proxy does not see them. */
static bool take_list(struct cursor *in, const struct option *row, struct token_list *list)
{
    *list = cursor_remaining(in);
    return list->n > 0 || take_arity_error(in, row);
}

static bool parse_split(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)scope, (void)object;
    return take_list(in, row, &((struct php *)state)->extensions);
}

static bool parse_try_files(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)scope, (void)object;
    return take_list(in, row, &((struct php *)state)->try_files);
}

static bool parse_index(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)scope, (void)object;
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n != 1)
        return take_arity_error(in, row);
    ((struct php *)state)->index = arguments.at[0];
    return true;
}

/* Root, variables, flags and timeouts are those of the transport. Caddy ignores what follows a flag
 * here. */
static bool parse_as_transport(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    const struct option *same = option_find(fastcgi_transport_options, str_from(row->name));
    if (row->type != VALUE_TRUE)
        return same->parse(scope, in, same, object, state);
    document_set_at(scope->document, object, same->key, document_bool(true), cursor_token(in));
    cursor_remaining(in);
    return true;
}

static const struct option php_fastcgi_options[] = {
    {.name = "root",
     .doc = "directory of the scripts; that of the site by default",
     .arguments = "<path>",
     .json = "transport.root",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_as_transport,
     .since = "2.1"},
    {.name = "split",
     .doc = "extensions of scripts; .php by default",
     .arguments = "<extensions...>",
     .json = "transport.split_path",
     .min_args = 1,
     .max_args = -1,
     .parse = parse_split,
     .since = "2.1"},
    {.name = "env",
     .doc = "a variable for the script",
     .arguments = "<key> <value>",
     .json = "transport.env",
     .min_args = 2,
     .max_args = 2,
     .parse = parse_as_transport,
     .flags = OPTION_ADDS,
     .since = "2.1"},
    {.name = "index",
     .doc = "script of a directory; index.php by default",
     .arguments = "<filename>|off",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_index,
     .since = "2.1"},
    {.name = "try_files",
     .doc = "files to look for, instead of the path, its index and the index",
     .arguments = "<files...>",
     .min_args = 1,
     .max_args = -1,
     .parse = parse_try_files,
     .since = "2.4.6"},
    {.name = "resolve_root_symlink",
     .doc = "follows the symbolic links of the root",
     .json = "transport.resolve_root_symlink",
     .type = VALUE_TRUE,
     .parse = parse_as_transport,
     .flags = OPTION_LOOSE,
     .since = "2.2"},
    {.name = "dial_timeout",
     .doc = "how long connecting may take; 3s by default",
     .arguments = "<duration>",
     .json = "transport.dial_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_as_transport,
     .since = "2.3"},
    {.name = "read_timeout",
     .doc = "how long reading may take",
     .arguments = "<duration>",
     .json = "transport.read_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_as_transport,
     .since = "2.3"},
    {.name = "write_timeout",
     .doc = "how long writing may take",
     .arguments = "<duration>",
     .json = "transport.write_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_as_transport,
     .since = "2.3"},
    {.name = "capture_stderr",
     .doc = "logs what the script writes to stderr",
     .json = "transport.capture_stderr",
     .type = VALUE_TRUE,
     .parse = parse_as_transport,
     .flags = OPTION_LOOSE,
     .since = "2.6"},
    {0},
};

/* Whether Caddy removes the option before it looks at the arguments. */
static bool is_removed_first(const struct option *row)
{
    return row->parse != parse_as_transport || row->max_args > 1;
}

/* Reads and removes the options above; the rest is for reverse_proxy. */
static bool take_own_options(struct scope *scope, struct cursor *in, json_t *transport,
                             struct php *php)
{
    while (cursor_next(in))
        while (cursor_next_block(in, 0)) {
            const struct option *row =
                in->nesting == 1 ? option_find(php_fastcgi_options, cursor_val(in)) : NULL;
            if (!row)
                continue;
            const struct token *name = cursor_token(in);
            ptrdiff_t begin = in->at;
            bool ok = option_apply(scope, in, row, transport, php);
            if (ok || is_removed_first(row))
                cursor_delete(in, (size_t)(in->at - begin + 1));
            if (!ok) {
                cursor_label_place(in, name);
                return false;
            }
        }
    cursor_reset(in);
    return true;
}

static json_t *text_list(struct scope *scope, struct str text)
{
    json_t *list = document_array(scope->document, NULL);
    document_add(scope->document, list, document_string(scope->document, text, NULL));
    return list;
}

static json_t *extension_list(struct scope *scope, const struct php *php, const char *prefix)
{
    if (php->extensions.n == 0)
        return text_list(scope, str_printf(scope->arena, "%s.php", prefix));
    json_t *list = document_array(scope->document, NULL);
    for (size_t i = 0; i < php->extensions.n; i++) {
        const struct token *token = php->extensions.at[i];
        struct str text = str_printf(scope->arena, "%s" STR_FMT, prefix, STR_ARG(token->text));
        document_add(scope->document, list, document_string(scope->document, text, token));
    }
    return list;
}

/* A directory is asked for without its slash: redirect. */
static json_t *redirect_route(struct scope *scope, struct str directory_index)
{
    struct document *document = scope->document;
    json_t *file = document_object(document, NULL);
    document_set(document, file, "try_files", text_list(scope, directory_index));
    json_t *path = document_object(document, NULL);
    document_set(document, path, "path", text_list(scope, STR("*/")));
    json_t *negated = document_array(document, NULL);
    document_add(document, negated, path);
    json_t *match = document_object(document, NULL);
    document_set(document, match, "file", file);
    document_set(document, match, "not", negated);

    json_t *handler = handler_new(scope, "static_response");
    json_t *headers = document_object(document, NULL);
    document_set(document, headers, "Location",
                 text_list(scope, STR("{http.request.orig_uri.path}/"
                                      "{http.request.orig_uri.prefixed_query}")));
    document_set(document, handler, "headers", headers);
    document_set(document, handler, "status_code", document_integer(document, 308, NULL));
    return route_new(scope, match, handler);
}

static json_t *rewrite_route(struct scope *scope, const struct php *php, json_t *try_files,
                             bool falls_back)
{
    struct document *document = scope->document;
    json_t *file = document_object(document, NULL);
    document_set(document, file, "try_files", try_files);
    if (falls_back)
        document_set(document, file, "try_policy",
                     document_text(document, "first_exist_fallback", NULL));
    document_set(document, file, "split_path", extension_list(scope, php, ""));
    json_t *match = document_object(document, NULL);
    document_set(document, match, "file", file);
    json_t *handler = handler_new(scope, "rewrite");
    document_set(document, handler, "uri",
                 document_text(document, "{http.matchers.file.relative}", NULL));
    return route_new(scope, match, handler);
}

/* The routes that turn a path into that of a script. */
static void add_index_routes(struct scope *scope, const struct php *php, json_t *routes)
{
    struct str index = php->index ? php->index->text : STR("index.php");
    if (str_is(index, "off"))
        return;
    struct document *document = scope->document;
    struct str directory_index =
        str_printf(scope->arena, "{http.request.uri.path}/" STR_FMT, STR_ARG(index));
    bool redirects = php->try_files.n == 0, falls_back = true;
    json_t *try_files;
    if (php->try_files.n == 0) {
        try_files = text_list(scope, STR("{http.request.uri.path}"));
        document_add(document, try_files, document_string(document, directory_index, NULL));
        document_add(document, try_files, document_string(document, index, php->index));
    } else {
        try_files = strings_from(scope, php->try_files);
        falls_back = str_has_suffix(php->try_files.at[php->try_files.n - 1]->text, STR(".php"));
        for (size_t i = 0; i < php->try_files.n; i++)
            redirects = redirects || str_eq(php->try_files.at[i]->text, directory_index);
    }
    if (redirects)
        document_add(document, routes, redirect_route(scope, directory_index));
    document_add(document, routes, rewrite_route(scope, php, try_files, falls_back));
}

static bool read_proxy(struct scope *scope, struct cursor *in, json_t *transport, json_t **handler)
{
    struct proxy proxy = proxy_begin(scope);
    proxy.has_fixed_transport = true;
    document_set(scope->document, proxy.handler, "transport", transport);
    *handler = proxy.handler;
    return proxy_read(scope, in, &proxy) && proxy_read_responses(scope, &proxy);
}

static bool adapt_php_fastcgi(struct scope *scope)
{
    struct document *document = scope->document;
    struct php php = {0};
    json_t *matcher_set, *handler;
    if (!scope_take_matcher(scope, &matcher_set))
        return false;
    cursor_next(scope->in);
    struct cursor segment = cursor_segment(scope->in);

    json_t *transport = document_object(document, scope->in->tokens[0]);
    document_set(document, transport, "protocol", document_text(document, "fastcgi", NULL));
    if (!take_own_options(scope, &segment, transport, &php))
        return false;
    document_set(document, transport, "split_path", extension_list(scope, &php, ""));

    json_t *routes = document_array(document, NULL);
    add_index_routes(scope, &php, routes);
    if (!read_proxy(scope, &segment, transport, &handler))
        return false;
    json_t *path = document_object(document, NULL);
    document_set(document, path, "path", extension_list(scope, &php, "*"));
    document_add(document, routes, route_new(scope, path, handler));

    if (!matcher_set) {
        json_t *subroute = document_object(document, NULL);
        document_set(document, subroute, "routes", routes);
        scope_push(scope, RESULT_SUBROUTE, subroute);
        return true;
    }
    json_t *subroute = handler_new(scope, "subroute");
    document_set(document, subroute, "routes", routes);
    scope_push_route(scope, matcher_set, subroute);
    return true;
}

const struct directive php_fastcgi_directives[] = {
    {.name = "php_fastcgi",
     .doc = "runs PHP scripts by way of php-fpm",
     .arguments = "[<php_fpm_gateways...>]",
     .makes = "http.handlers.reverse_proxy http.handlers.rewrite http.handlers.static_response "
              "http.handlers.subroute",
     .adapt = adapt_php_fastcgi,
     .takes_matcher = true,
     .options = php_fastcgi_options,
     .inherits = "reverse_proxy"},
    {0},
};
