/* Random routes and requests, from few words, so that they meet often. */
#include "property/routes.h"

uint32_t random_next(struct random *random)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random->state >> 33);
}

#define PICK(random, list) (list)[random_below((random), sizeof(list) / sizeof((list)[0]))]

struct maker {
    struct arena *arena;
    struct random *random;
    uint32_t group;    /* the last that was named */
    bool plays_tricks; /* what only plain JSON can say */
};

/* --- JSON --- */

static json_t *text_value(struct maker *maker, struct str text)
{
    json_t *value = json_new(maker->arena, JSON_STRING, NULL);
    value->as.text = str_dup(maker->arena, text).ptr;
    value->n = (uint32_t)text.len;
    return value;
}

static json_t *text_of(struct maker *maker, const char *text)
{
    return text_value(maker, str_from(text));
}

static json_t *object(struct maker *maker)
{
    return json_new(maker->arena, JSON_OBJECT, NULL);
}

static json_t *array(struct maker *maker)
{
    return json_new(maker->arena, JSON_ARRAY, NULL);
}

static void put(struct maker *maker, json_t *target, const char *key, json_t *value)
{
    json_object_set(maker->arena, target, str_from(key), value);
}

static void add(struct maker *maker, json_t *target, json_t *value)
{
    json_array_insert(maker->arena, target, target->n, value);
}

static json_t *texts(struct maker *maker, const char *const *words, size_t n_words)
{
    json_t *list = array(maker);
    size_t n = 1 + random_chance(maker->random, 25) + random_chance(maker->random, 10);
    for (size_t i = 0; i < n; i++)
        add(maker, list, text_of(maker, words[random_below(maker->random, (uint32_t)n_words)]));
    return list;
}
#define TEXTS(maker, words) texts((maker), (words), sizeof(words) / sizeof((words)[0]))

/* --- words --- */

static const char *const segments[] = {"a", "b", "ab", "api", "a.php", "A", "x~", "index.html"};
static const char *const pattern_segments[] = {"a", "b",  "ab", "api", "a.php", "A",    "x~",
                                               "*", "a*", "*b", "?",   "[ab]",  "[^a]", "a?"};
static const char *const hosts[] = {"a.test", "b.test", "x.a.test", "A.test", "test", "x.y.a.test"};
static const char *const host_patterns[] = {"a.test", "b.test",   "*.a.test",
                                            "*.test", "x.a.test", "*",
                                            "A.TEST", "*.*.test", "{http.request.scheme}"};
static const char *const methods[] = {"GET", "POST", "PUT", "get"};
static const char *const names[] = {"X-One", "x-two", "X-Three", "Host"};
static const char *const values[] = {"", "a", "b", "ab", "aba", "*"};
static const char *const value_patterns[] = {
    "a", "*", "a*", "*b", "*a*", "ab", "**", "", "{http.request.host}"};
static const char *const parameters[] = {"p", "q"};
static const char *const addresses[] = {"10.0.0.1", "10.0.1.1", "10.1.0.1",    "192.168.0.7",
                                        "::1",      "fe80::1",  "2001:db8::5", "::ffff:10.0.0.1"};
static const char *const ranges[] = {"10.0.0.0/8", "10.0.0.0/16",    "10.1.0.0/16",  "10.0.0.1",
                                     "10.0.0.0/9", "10.128.0.0/9",   "0.0.0.0/0",    "::/0",
                                     "fe80::/10",  "fe80::/10%eth0", "2001:db8::/32"};
static const char *const versions[] = {"1.0", "1.1", "1.2", "2", "3"};
static const char *const protocols[] = {"https",    "http",      "grpc",   "http/1.0", "http/1.0+",
                                        "http/1.1", "http/1.1+", "http/2", "http/2+",  "http/3"};
static const char *const expressions[] = {
    "{http.request.method} == 'GET'", "{http.request.uri.path}.startsWith('/a')",
    "{http.error.status_code} in [404]", "{http.vars.x} == 'y'", "file({'root': '/'})"};
static const char *const regexps[] = {"^/a", "b$", "php"};

/* --- paths --- */

static struct str path_of(struct maker *maker, const char *const *words, size_t n_words)
{
    struct strbuf path = strbuf_in(maker->arena);
    size_t n = random_below(maker->random, 3);
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(&path, '/');
        strbuf_puts(&path, words[random_below(maker->random, (uint32_t)n_words)]);
    }
    if (n == 0 || random_chance(maker->random, 20))
        strbuf_add_char(&path, '/');
    return strbuf_str(&path);
}

static struct str path_pattern(struct maker *maker)
{
    static const char *const odd[] = {
        "*",    "/*",    "/",  "*.php",   "*a*",  "/a*",    "/a/*",
        "/*/*", "*b",    "a*", "/a/../b", "//a*", "/a%62*", "/a/{http.request.host}",
        "/**",  "/a*b*", "[",  "*/",      ".",    "/.*",    "*.*"};
    if (random_chance(maker->random, 45))
        return str_from(PICK(maker->random, odd));
    struct str path =
        path_of(maker, pattern_segments, sizeof(pattern_segments) / sizeof(pattern_segments[0]));
    return random_chance(maker->random, 40) ? str_printf(maker->arena, STR_FMT "*", STR_ARG(path))
                                            : path;
}

static json_t *paths(struct maker *maker)
{
    json_t *list = array(maker);
    size_t n = 1 + random_chance(maker->random, 25) + random_chance(maker->random, 10);
    for (size_t i = 0; i < n; i++)
        add(maker, list, text_value(maker, path_pattern(maker)));
    return list;
}

static struct str request_path(struct maker *maker)
{
    if (random_chance(maker->random, 4))
        return str_from(random_chance(maker->random, 50) ? "" : "*");
    struct str path = path_of(maker, segments, sizeof(segments) / sizeof(segments[0]));
    if (random_chance(maker->random, 8))
        return str_printf(maker->arena, STR_FMT "/./%s", STR_ARG(path),
                          PICK(maker->random, segments));
    if (random_chance(maker->random, 8))
        return str_printf(maker->arena, STR_FMT "/%s/../", STR_ARG(path),
                          PICK(maker->random, segments));
    if (random_chance(maker->random, 8))
        return str_printf(maker->arena, "/" STR_FMT, STR_ARG(path));
    return path;
}

/* --- matchers --- */

static json_t *random_match(struct maker *maker, int depth);

static json_t *fields_matcher(struct maker *maker)
{
    json_t *fields = object(maker);
    for (size_t n = 1 + random_chance(maker->random, 20); n > 0; n--) {
        const char *name = PICK(maker->random, names);
        if (random_chance(maker->random, 15))
            put(maker, fields, name, json_the_null());
        else if (random_chance(maker->random, 15))
            put(maker, fields, name, array(maker));
        else
            put(maker, fields, name, TEXTS(maker, value_patterns));
    }
    return fields;
}

static json_t *query_matcher(struct maker *maker)
{
    json_t *query = object(maker);
    for (size_t n = random_below(maker->random, 10) > 0; n > 0; n--)
        put(maker, query, PICK(maker->random, parameters),
            random_chance(maker->random, 5) ? array(maker) : TEXTS(maker, values));
    return query;
}

static json_t *with(struct maker *maker, const char *key, json_t *value)
{
    json_t *holder = object(maker);
    put(maker, holder, key, value);
    return holder;
}

static void put_common_matcher(struct maker *maker, json_t *set)
{
    switch (random_below(maker->random, 6)) {
    case 0:
    case 1:
    case 2:
        put(maker, set, "path", paths(maker));
        break;
    case 3:
        put(maker, set, "method", TEXTS(maker, methods));
        break;
    case 4:
        put(maker, set, "host", TEXTS(maker, host_patterns));
        break;
    case 5:
        put(maker, set, "header", fields_matcher(maker));
        break;
    }
}

static void put_rare_matcher(struct maker *maker, json_t *set)
{
    static const char *const regexp_kinds[] = {"path_regexp", "vars_regexp", "header_regexp"};
    const char *kind;
    switch (random_below(maker->random, 9)) {
    case 0:
        put(maker, set, "query", query_matcher(maker));
        break;
    case 1:
        put(maker, set, "protocol", text_of(maker, PICK(maker->random, protocols)));
        break;
    case 2:
        put(maker, set, random_chance(maker->random, 50) ? "remote_ip" : "client_ip",
            with(maker, "ranges", TEXTS(maker, ranges)));
        break;
    case 3:
        put(maker, set, "expression", text_of(maker, PICK(maker->random, expressions)));
        break;
    case 4:
        kind = PICK(maker->random, regexp_kinds);
        put(maker, set, kind,
            strcmp(kind, "path_regexp") == 0
                ? with(maker, "pattern", text_of(maker, PICK(maker->random, regexps)))
                : with(maker, PICK(maker->random, names),
                       with(maker, "pattern", text_of(maker, PICK(maker->random, regexps)))));
        break;
    case 5:
        put(maker, set, "file", with(maker, "try_files", paths(maker)));
        break;
    case 6:
        put(maker, set, "vars",
            with(maker, random_chance(maker->random, 50) ? "x" : "{http.request.method}",
                 TEXTS(maker, values)));
        break;
    case 7:
        put(maker, set, "tls",
            random_chance(maker->random, 50)
                ? object(maker)
                : with(maker, "handshake_complete",
                       json_boolean(random_chance(maker->random, 50))));
        break;
    case 8:
        put(maker, set, "some_plugin", text_of(maker, "x"));
        break;
    }
}

static json_t *random_set(struct maker *maker, int depth)
{
    json_t *set = object(maker);
    size_t n = random_chance(maker->random, 3) ? 0 : 1 + random_chance(maker->random, 30);
    for (; n > 0; n--) {
        if (depth < 3 && random_chance(maker->random, 12))
            put(maker, set, "not", random_match(maker, depth + 1));
        else if (random_chance(maker->random, 80))
            put_common_matcher(maker, set);
        else
            put_rare_matcher(maker, set);
    }
    return set;
}

static json_t *random_match(struct maker *maker, int depth)
{
    json_t *match = array(maker);
    for (size_t n = 1 + random_chance(maker->random, 15); n > 0; n--)
        add(maker, match, random_set(maker, depth));
    return match;
}

/* --- handlers --- */

static json_t *random_routes(struct maker *maker, int depth);

static json_t *handler(struct maker *maker, const char *name)
{
    return with(maker, "handler", text_of(maker, name));
}

static json_t *random_rewrite(struct maker *maker)
{
    static const char *const prefixes[] = {"/a", "/api", "b", "/a/b"};
    json_t *rewrite = handler(maker, "rewrite");
    switch (random_below(maker->random, 4)) {
    case 0:
        put(maker, rewrite, "method", text_of(maker, PICK(maker->random, methods)));
        break;
    case 1:
        put(maker, rewrite, "strip_path_prefix", text_of(maker, PICK(maker->random, prefixes)));
        break;
    case 2:
        put(maker, rewrite, "uri",
            text_value(maker, path_of(maker, segments, sizeof(segments) / sizeof(segments[0]))));
        break;
    case 3:
        put(maker, rewrite, "uri", text_of(maker, "?p=a"));
        break;
    }
    return rewrite;
}

static json_t *random_headers(struct maker *maker)
{
    json_t *headers = handler(maker, "headers");
    if (random_chance(maker->random, 40))
        put(maker, headers, "response", with(maker, "delete", TEXTS(maker, names)));
    else if (random_chance(maker->random, 50))
        put(maker, headers, "request", with(maker, "delete", TEXTS(maker, names)));
    else
        put(maker, headers, "request",
            with(maker, "set", with(maker, PICK(maker->random, names), TEXTS(maker, values))));
    return headers;
}

static json_t *random_proxy(struct maker *maker, int depth)
{
    json_t *proxy = handler(maker, "reverse_proxy"), *responses = array(maker);
    if (!random_chance(maker->random, 30))
        return proxy;
    for (size_t n = 1 + random_chance(maker->random, 30); n > 0; n--) {
        json_t *response = object(maker);
        if (random_chance(maker->random, 20))
            put(maker, response, "status_code", text_of(maker, "404"));
        else
            put(maker, response, "routes", random_routes(maker, depth + 1));
        add(maker, responses, response);
    }
    put(maker, proxy, "handle_response", responses);
    return proxy;
}

static json_t *random_subroute(struct maker *maker, int depth)
{
    json_t *subroute = handler(maker, "subroute");
    put(maker, subroute, "routes", random_routes(maker, depth + 1));
    if (maker->plays_tricks && random_chance(maker->random, 15))
        put(maker, subroute, "errors", with(maker, "routes", random_routes(maker, depth + 1)));
    return subroute;
}

static json_t *random_handler(struct maker *maker, int depth)
{
    static const char *const simple[] = {"encode", "vars", "map", "authentication", "request_body"};
    static const char *const invoked[] = {"one", "two"};
    json_t *made;
    switch (random_below(maker->random, 15)) {
    case 0:
    case 1:
    case 2:
        made = handler(maker, "static_response");
        if (random_chance(maker->random, 8))
            put(maker, made, "status_code", text_of(maker, "103"));
        return made;
    case 3:
        return random_proxy(maker, depth);
    case 4:
        made = handler(maker, "file_server");
        if (random_chance(maker->random, 20))
            put(maker, made, "pass_thru", json_boolean(true));
        return made;
    case 5:
        return random_rewrite(maker);
    case 6:
        return random_headers(maker);
    case 7:
        return handler(maker, random_chance(maker->random, 40) ? "error" : "some_plugin");
    case 8:
        made = handler(maker, "invoke");
        put(maker, made, "name", text_of(maker, PICK(maker->random, invoked)));
        return made;
    case 9:
    case 10:
    case 11:
        return handler(maker, PICK(maker->random, simple));
    default:
        return depth < 3 ? random_subroute(maker, depth) : handler(maker, "static_response");
    }
}

/* --- routes --- */

static json_t *random_route(struct maker *maker, int depth, uint32_t group)
{
    json_t *route = object(maker), *handlers = array(maker);
    if (group && random_chance(maker->random, 50))
        put(maker, route, "group", text_value(maker, str_printf(maker->arena, "group%u", group)));
    if (random_chance(maker->random, 88))
        put(maker, route, "match", random_match(maker, 0));
    for (size_t n = 1 + random_chance(maker->random, 15); n > 0; n--)
        add(maker, handlers, random_handler(maker, depth));
    put(maker, route, "handle", handlers);
    if (random_chance(maker->random, 4))
        put(maker, route, "terminal", json_boolean(true));
    return route;
}

static json_t *random_routes(struct maker *maker, int depth)
{
    json_t *routes = array(maker);
    size_t n = random_below(maker->random, depth == 0 ? 9 : 5);
    uint32_t group = random_chance(maker->random, 60) ? ++maker->group : 0;
    if (depth == 0 && random_chance(maker->random, 4))
        n += 40; /* long lists are looked through in another way */
    if (group && maker->plays_tricks && random_chance(maker->random, 20))
        group = 1 + random_below(maker->random, group);
    for (; n > 0; n--)
        add(maker, routes, random_route(maker, depth, group));
    return routes;
}

json_t *random_server(struct arena *arena, struct random *random)
{
    struct maker maker = {arena, random, 0, random_chance(random, 25)};
    json_t *server = object(&maker), *named = object(&maker);
    put(&maker, server, "routes", random_routes(&maker, 0));
    put(&maker, server, "errors", with(&maker, "routes", random_routes(&maker, 0)));
    json_t *handlers = array(&maker), *other = array(&maker);
    add(&maker, handlers, random_subroute(&maker, 1));
    add(&maker, other, random_handler(&maker, 2));
    put(&maker, named, "one", with(&maker, "handle", handlers));
    put(&maker, named, "two", with(&maker, "handle", other));
    put(&maker, server, "named_routes", named);
    return server;
}

/* --- requests --- */

struct request random_request(struct arena *arena, struct random *random)
{
    struct maker maker = {arena, random, 0, false};
    struct request request = {
        .method = str_from(PICK(random, methods)),
        .path = request_path(&maker),
        .host = str_from(PICK(random, hosts)),
        .version = PICK(random, versions),
        .tls = (int)random_below(random, 3),
        .remote = str_from(random_chance(random, 5) ? "" : PICK(random, addresses)),
        .client = str_from(random_chance(random, 5) ? "" : PICK(random, addresses)),
    };
    for (size_t n = random_below(random, MAX_FIELDS); n > 0; n--)
        request.fields[request.n_fields++] =
            (struct field){str_lower(arena, str_from(names[random_below(random, 3)])),
                           str_from(PICK(random, values))};
    for (size_t n = random_below(random, MAX_FIELDS); n > 0; n--)
        request.query[request.n_query++] =
            (struct field){str_from(PICK(random, parameters)), str_from(PICK(random, values))};
    return request;
}
