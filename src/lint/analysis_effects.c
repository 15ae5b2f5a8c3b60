/* What Caddy's handlers do with a request: whether they end it, and what they change of it. What is
 * not in the table may do anything. */
#include "base/arena.h"
#include "lint/analysis_private.h"

enum {
    METHOD = 1 << ATTRIBUTE_METHOD,
    PATH = 1 << ATTRIBUTE_PATH,
    QUERY = 1 << ATTRIBUTE_QUERY,
    HOST = 1 << ATTRIBUTE_HOST,
    HEADERS = 1 << ATTRIBUTE_HEADERS,
    CLIENT = 1 << ATTRIBUTE_CLIENT,
    OTHER = 1 << ATTRIBUTE_OTHER,
};

/* An answer, unless it is 103 Early Hints: then routing goes on. */
static struct effect of_static_response(const json_t *handler)
{
    const json_t *status = json_object_get(handler, "status_code");
    struct str text = json_str(status);
    bool may_be_103 = json_integer_value(status) == 103 || str_is(text, "103") ||
                      str_contains(text, STR("{")) || json_is_real(status);
    return (struct effect){.ends = json_is_true(json_object_get(handler, "abort")) || !may_be_103};
}

static struct effect of_file_server(const json_t *handler)
{
    return (struct effect){.ends = !json_is_true(json_object_get(handler, "pass_thru"))};
}

static bool is_about_host(struct str field)
{
    return str_eq_nocase(field, STR("host")) || str_contains(field, STR("*")) ||
           str_contains(field, STR("{"));
}

static struct effect of_headers(const json_t *handler)
{
    const json_t *request = json_object_get(handler, "request"), *names;
    struct effect effect = {0};
    if (json_object_size(request))
        effect.changes = HEADERS;
    for (size_t i = 0; i < json_object_size(request); i++) {
        const json_t *fields = request->as.members[i].value;
        for (size_t k = 0; k < json_object_size(fields); k++)
            if (is_about_host(str_make(fields->as.members[k].key, fields->as.members[k].key_len)))
                effect.changes |= HOST;
    }
    names = json_object_get(request, "delete");
    for (size_t i = 0; i < json_array_size(names); i++)
        if (is_about_host(json_str(json_array_get(names, i))))
            effect.changes |= HOST;
    return effect;
}

/* The variable of that name is what client_ip matchers look at. */
static struct effect of_vars(const json_t *handler)
{
    struct effect effect = {.changes = OTHER};
    for (size_t i = 0; i < json_object_size(handler); i++) {
        struct str name = str_make(handler->as.members[i].key, handler->as.members[i].key_len);
        if (str_is(name, "client_ip") || str_contains(name, STR("{")))
            effect.changes |= CLIENT;
    }
    return effect;
}

static struct effect of_rewrite(const json_t *handler)
{
    static const struct {
        const char *key;
        unsigned changes;
    } rows[] = {
        {"method", METHOD},
        {"uri", PATH | QUERY},
        {"strip_path_prefix", PATH},
        {"strip_path_suffix", PATH},
        {"uri_substring", PATH | QUERY},
        {"path_regexp", PATH},
        {"query", QUERY},
    };
    struct effect effect = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (json_object_get(handler, rows[i].key))
            effect.changes |= rows[i].changes;
    struct str uri = json_str(json_object_get(handler, "uri"));
    if (effect.changes == (PATH | QUERY) && !str_contains(uri, STR("{"))) {
        bool has_query = str_contains(uri, STR("?"));
        bool has_path = uri.len && uri.ptr[0] != '?' && uri.ptr[0] != '#';
        if (json_object_size(handler) == 2 && json_object_get(handler, "uri"))
            effect.changes = (has_path ? PATH : 0) | (has_query ? QUERY : 0);
    }
    return effect;
}

static const struct handler_effect {
    struct str name;
    struct effect effect;
    struct effect (*look)(const json_t *handler);
} effects[] = {
    {STR_INIT("static_response"), .look = of_static_response},
    {STR_INIT("file_server"), .look = of_file_server},
    {STR_INIT("headers"), .look = of_headers},
    {STR_INIT("vars"), .look = of_vars},
    {STR_INIT("rewrite"), .look = of_rewrite},
    {STR_INIT("error"), .effect = {.ends = true}},
    {STR_INIT("metrics"), .effect = {.ends = true}},
    {STR_INIT("copy_response"), .effect = {.ends = true}},
    {STR_INIT("acme_server"), .effect = {0}},
    {STR_INIT("authentication"), .effect = {.changes = OTHER}},
    {STR_INIT("copy_response_headers"), .effect = {0}},
    {STR_INIT("encode"), .effect = {0}},
    {STR_INIT("log_append"), .effect = {0}},
    {STR_INIT("map"), .effect = {.changes = OTHER}},
    {STR_INIT("push"), .effect = {0}},
    {STR_INIT("request_body"), .effect = {.changes = OTHER}},
    {STR_INIT("templates"), .effect = {0}},
    {STR_INIT("timeouts"), .effect = {0}},
    {STR_INIT("tracing"), .effect = {.changes = HEADERS | OTHER}},
};

static const struct handler_effect *find_effect(struct str name)
{
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
        if (str_eq(name, effects[i].name))
            return &effects[i];
    return NULL;
}

bool handler_is_known(struct str name)
{
    return str_eq(name, STR("subroute")) || str_eq(name, STR("reverse_proxy")) ||
           find_effect(name) || str_eq(name, STR("invoke")) || str_eq(name, STR("intercept"));
}

struct effect effect_of(const json_t *handler)
{
    const struct handler_effect *row = find_effect(json_str(json_object_get(handler, "handler")));
    if (!row)
        return (struct effect){.changes = ALL_ATTRIBUTES};
    return row->look ? row->look(handler) : row->effect;
}

/* --- what paths are set to --- */

/* Text that is the same as a path, decoded or not. */
static bool is_simple(struct str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && !strchr("/._-~", c))
            return false;
    }
    return path.len > 0;
}

/* As the path matcher sees it; empty where that is not plain. */
static struct str matched_form(struct arena *arena, struct str uri)
{
    struct str path, rest;
    str_cut(uri, STR("?"), &path, &rest);
    str_cut(path, STR("#"), &path, &rest);
    if (!is_simple(path) || path.ptr[0] != '/' || !path_is_clean(path))
        return STR("");
    return str_lower(arena, path);
}

static bool only_sets_uri(const json_t *handler)
{
    static const char *const others[] = {"strip_path_prefix", "strip_path_suffix", "uri_substring",
                                         "path_regexp"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (json_object_get(handler, others[i]))
            return false;
    return json_object_get(handler, "uri") != NULL;
}

struct str effect_sets_path(struct arena *arena, const json_t *handler)
{
    if (!only_sets_uri(handler))
        return STR("");
    return matched_form(arena, json_str(json_object_get(handler, "uri")));
}

/* The file matcher of a route with one set of matchers. */
static const json_t *file_matcher(const json_t *route)
{
    const json_t *match = json_object_get(route, "match");
    return json_array_size(match) == 1 ? json_object_get(json_array_get(match, 0), "file") : NULL;
}

static void add_target(struct rewritten *rewritten, struct str target)
{
    rewritten->targets[rewritten->n_targets++] = target;
}

/* try_files: each is tried, and the last that is no part of the request is what is left. */
static bool add_files(struct arena *arena, const json_t *files, struct rewritten *rewritten)
{
    size_t n = json_array_size(files);
    rewritten->targets = arena_array(arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct str file = json_str(json_array_get(files, i));
        if (str_has_prefix(file, STR("{http.request.uri.path}")) || str_has_prefix(file, STR("=")))
            continue;
        if (file.len && file.ptr[0] != '/')
            file = str_printf(arena, "/" STR_FMT, STR_ARG(file));
        file = matched_form(arena, file);
        if (file.len == 0)
            return false;
        add_target(rewritten, file);
    }
    struct str last = json_str(json_array_get(files, n - 1));
    return n > 0 && !str_contains(last, STR("{http.request.uri.path}"));
}

bool effect_targets(struct arena *arena, const json_t *route, const json_t *handler,
                    struct rewritten *rewritten)
{
    struct str strip = json_str(json_object_get(handler, "strip_path_prefix"));
    struct str uri = json_str(json_object_get(handler, "uri"));
    if (strip.len && json_object_size(handler) == 2) {
        rewritten->prefix = matched_form(
            arena, strip.ptr[0] == '/' ? strip : str_printf(arena, "/" STR_FMT, STR_ARG(strip)));
        return rewritten->prefix.len > 1;
    }
    if (!only_sets_uri(handler))
        return false;
    if (str_has_prefix(uri, STR("{http.matchers.file.relative}")))
        return add_files(arena, json_object_get(file_matcher(route), "try_files"), rewritten);
    rewritten->targets = arena_new(arena, struct str);
    add_target(rewritten, effect_sets_path(arena, handler));
    return rewritten->targets[0].len > 0;
}
