/* Directives of plugins that stand for several routes. */
#include "plugins/shortcuts.h"

/* The value, which is not part of the handler. */
static json_t *taken(json_t *settings, const char *key)
{
    json_t *value = json_object_get(settings, key);
    document_remove(settings, key);
    return value;
}

static json_t *list_of(struct scope *scope, struct str text)
{
    json_t *list = document_array(scope->document, NULL);
    document_add(scope->document, list, document_string(scope->document, text, NULL));
    return list;
}

static json_t *set_of(struct scope *scope, const char *matcher, json_t *value)
{
    json_t *set = document_object(scope->document, NULL);
    document_set(scope->document, set, matcher, value);
    return set;
}

static json_t *handler_of(struct scope *scope, const char *name)
{
    json_t *handler = document_object(scope->document, scope->in->tokens[0]);
    document_set(scope->document, handler, "handler", document_text(scope->document, name, NULL));
    return handler;
}

/* What a php_server is told about the files that it serves. */
struct php_site {
    struct scope *scope;
    json_t *root, *extensions; /* <root> may be NULL */
    json_t *try_files;         /* NULL: the usual ones */
    struct str index;          /* "off": none */
    bool serves_files;
};

static json_t *file_matcher(const struct php_site *site, json_t *try_files)
{
    json_t *file = document_object(site->scope->document, NULL);
    document_set(site->scope->document, file, "root", site->root);
    document_set(site->scope->document, file, "try_files", try_files);
    return file;
}

/* A directory is asked for without its slash: redirect. */
static json_t *php_redirect(const struct php_site *site, struct str directory_index)
{
    struct scope *scope = site->scope;
    struct document *document = scope->document;
    json_t *match = set_of(scope, "file", file_matcher(site, list_of(scope, directory_index)));
    json_t *negated = document_array(document, NULL);
    document_add(document, negated, set_of(scope, "path", list_of(scope, STR("*/"))));
    document_set(document, match, "not", negated);
    json_t *handler = handler_of(scope, "static_response");
    document_set(document, handler, "headers",
                 set_of(scope, "Location", list_of(scope, STR("{http.request.orig_uri.path}/"))));
    document_set(document, handler, "status_code", document_integer(document, 308, NULL));
    return route_new(scope, match, handler);
}

static json_t *php_rewrite(const struct php_site *site, json_t *try_files, bool falls_back)
{
    struct scope *scope = site->scope;
    struct document *document = scope->document;
    json_t *file = file_matcher(site, try_files);
    if (falls_back)
        document_set(document, file, "try_policy",
                     document_text(document, "first_exist_fallback", NULL));
    document_set(document, file, "split_path", site->extensions);
    json_t *handler = handler_of(scope, "rewrite");
    document_set(document, handler, "uri",
                 document_text(document,
                               "{http.matchers.file.relative}{http.matchers.file.remainder}",
                               NULL));
    return route_new(scope, set_of(scope, "file", file), handler);
}

/* The routes that turn a path into that of a script. */
static void add_php_index(const struct php_site *site, json_t *routes)
{
    struct scope *scope = site->scope;
    struct document *document = scope->document;
    struct str directory_index =
        str_printf(scope->arena, "{http.request.uri.path}/" STR_FMT, STR_ARG(site->index));
    json_t *try_files = site->try_files;
    size_t n = json_array_size(try_files);
    bool redirects = n == 0, falls_back = true;
    for (size_t i = 0; i < n; i++)
        redirects = redirects || str_eq(json_str(json_array_get(try_files, i)), directory_index);
    if (n > 0) {
        falls_back = str_has_suffix(json_str(json_array_get(try_files, n - 1)), STR(".php"));
    } else {
        try_files = document_array(document, NULL);
        if (site->serves_files)
            document_add(document, try_files,
                         document_text(document, "{http.request.uri.path}", NULL));
        document_add(document, try_files, document_string(document, directory_index, NULL));
        document_add(document, try_files, document_string(document, site->index, NULL));
    }
    if (redirects)
        document_add(document, routes, php_redirect(site, directory_index));
    document_add(document, routes, php_rewrite(site, try_files, falls_back));
}

static json_t *script_paths(const struct php_site *site)
{
    struct document *document = site->scope->document;
    struct arena *arena = site->scope->arena;
    json_t *paths = document_array(document, NULL);
    for (size_t i = 0; i < json_array_size(site->extensions); i++) {
        struct str extension = json_str(json_array_get(site->extensions, i));
        struct str exact = str_printf(arena, "*" STR_FMT, STR_ARG(extension));
        document_add(document, paths, document_string(document, exact, NULL));
        struct str longer = str_printf(arena, STR_FMT "/*", STR_ARG(exact));
        document_add(document, paths, document_string(document, longer, NULL));
    }
    return paths;
}

/* FrankenPHP's php_server: scripts go to the handler `php`, other files to file_server, and what is
 * neither to the index. */
static json_t *php_server_routes(struct scope *scope, json_t *settings)
{
    struct document *document = scope->document;
    json_t *index = taken(settings, "index");
    struct php_site site = {
        .scope = scope,
        .root = json_object_get(settings, "root"),
        .try_files = taken(settings, "try_files"),
        .index = index ? json_str(index) : STR("index.php"),
        .serves_files = taken(settings, "file_server") == NULL,
    };
    if (!json_object_get(settings, "split_path"))
        document_set(document, settings, "split_path", list_of(scope, STR(".php")));
    site.extensions = json_object_get(settings, "split_path");
    json_t *routes = document_array(document, NULL);
    if (!str_is(site.index, "off"))
        add_php_index(&site, routes);
    document_add(document, routes,
                 route_new(scope, set_of(scope, "path", script_paths(&site)), settings));
    if (site.serves_files) {
        json_t *files = handler_of(scope, "file_server");
        document_set(document, files, "root", site.root);
        document_add(document, routes, route_new(scope, NULL, files));
    }
    return routes;
}

const struct shortcut shortcuts[] = {
    {"php_server", "a PHP site: a redirect, a rewrite to the index, `php` and file_server",
     php_server_routes},
    {0},
};
