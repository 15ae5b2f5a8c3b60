/* Runs requests through the JSON as Caddy does, read straight from what Caddy's handlers and
 * matchers do; nothing here is shared with the analysis but the matching of path patterns, which
 * the proxy core uses as well. Regular expressions, expressions and plugins answer anything, but
 * the same as long as what they look at is the same. */
#include "base/glob.h"
#include "base/ip.h"
#include "property/routes.h"

#include <stdlib.h>

static struct str key_of(const json_t *const *value)
{
    return str_make((const char *)value, sizeof(*value));
}

bool run_has(const struct map *map, const json_t *value)
{
    return map_find(map, key_of(&value)) != NULL;
}

static void mark(struct run *run, struct map *map, const json_t *value)
{
    if (run_has(map, value))
        return;
    const json_t **kept = arena_new(run->arena, const json_t *);
    *kept = value;
    map_put(map, key_of(kept), run);
}

/* --- answers that are not computed --- */

static uint64_t mix(uint64_t hash, struct str text)
{
    return (hash ^ str_hash(text)) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t mix_request(const struct request *request)
{
    uint64_t hash = mix(request->variables * 31 + request->failure, request->method);
    hash = mix(mix(mix(hash, request->path), request->host), request->client);
    for (size_t i = 0; i < request->n_fields; i++)
        hash = mix(mix(hash, request->fields[i].name), request->fields[i].value);
    for (size_t i = 0; i < request->n_query; i++)
        hash = mix(mix(hash, request->query[i].name), request->query[i].value);
    return hash;
}

static bool any_answer(uint64_t hash, const json_t *value)
{
    return (hash ^ json_hash(value) * UINT64_C(0x9E3779B97F4A7C15)) >> 40 & 1;
}

/* --- matchers --- */

static bool match_any(struct run *run, struct request *request, const json_t *sets);

static bool match_host(struct run *run, struct request *request, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct str pattern = json_str(json_array_get(value, i)), host = request->host, want, got;
        (void)run;
        if (str_contains(pattern, STR("{"))) {
            if (any_answer(mix_request(request), json_array_get(value, i)))
                return true;
            continue;
        }
        if (!str_contains(pattern, STR("*"))) {
            if (str_eq_nocase(pattern, host))
                return true;
            continue;
        }
        for (;;) {
            bool more = str_cut(pattern, STR("."), &want, &pattern);
            if (str_cut(host, STR("."), &got, &host) != more)
                break;
            if (!str_is(want, "*") && !str_eq_nocase(want, got))
                break;
            if (!more)
                return true;
        }
    }
    return false;
}

static bool match_path(struct run *run, struct request *request, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (str_is(json_str(json_array_get(value, i)), "*"))
            return true;
        struct str text = str_lower(run->arena, json_str(json_array_get(value, i)));
        if (str_contains(text, STR("{"))) {
            if (any_answer(mix_request(request), json_array_get(value, i)))
                return true;
            continue;
        }
        struct path_pattern pattern = path_pattern_parse(text);
        struct str path =
            path_clean(str_lower(run->arena, request->path), pattern.keep_slashes, run->arena);
        if (path_pattern_match(&pattern, path, run->arena))
            return true;
    }
    return false;
}

static bool match_method(struct run *run, struct request *request, const json_t *value)
{
    (void)run;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (str_eq(json_str(json_array_get(value, i)), request->method))
            return true;
    return false;
}

static bool match_protocol(struct run *run, struct request *request, const json_t *value)
{
    double version = atof(request->version);
    struct str name = json_str(value), number = str_trim_prefix(name, STR("http/"));
    (void)run;
    if (str_is(name, "https") || str_is(name, "http"))
        return (request->tls > 0) == str_is(name, "https");
    if (str_is(name, "grpc"))
        return any_answer(1, value);
    double wanted = atof(str_dup(run->arena, number).ptr);
    return str_has_suffix(name, STR("+")) ? version >= wanted : version == wanted;
}

static bool match_tls(struct run *run, struct request *request, const json_t *value)
{
    const json_t *complete = json_object_get(value, "handshake_complete");
    (void)run;
    return request->tls > 0 && (!complete || json_is_true(complete) == (request->tls == 1));
}

static bool header_fits(const json_t *pattern, struct str value, const struct request *request)
{
    struct str text = json_str(pattern);
    if (str_contains(text, STR("{")))
        return any_answer(mix_request(request), pattern);
    if (str_is(text, "*"))
        return true;
    bool starts = str_has_prefix(text, STR("*")), ends = str_has_suffix(text, STR("*"));
    if (starts && ends)
        return str_contains(value, str_slice(text, 1, text.len - 1));
    if (starts)
        return str_has_suffix(value, str_slice(text, 1, text.len));
    if (ends)
        return str_has_prefix(value, str_slice(text, 0, text.len - 1));
    return str_eq(value, text);
}

static bool field_fits(struct run *run, const struct request *request,
                       const struct json_member *member)
{
    struct str name = str_lower(run->arena, str_from(member->key));
    bool exists = false, fits = false;
    for (size_t i = 0; i <= request->n_fields; i++) {
        /* one more than the fields: the host */
        bool is_host = i == request->n_fields;
        struct str field = is_host ? STR("host") : request->fields[i].name;
        if (!str_eq(field, name))
            continue;
        exists = true;
        struct str value = is_host ? request->host : request->fields[i].value;
        for (size_t k = 0; k < json_array_size(member->value); k++)
            fits |= header_fits(json_array_get(member->value, k), value, request);
    }
    if (json_is_null(member->value))
        return !exists;
    return json_array_size(member->value) == 0 ? exists : fits;
}

static bool match_header(struct run *run, struct request *request, const json_t *value)
{
    for (size_t i = 0; i < json_object_size(value); i++)
        if (!field_fits(run, request, &value->as.members[i]))
            return false;
    return true;
}

static bool match_query(struct run *run, struct request *request, const json_t *value)
{
    (void)run;
    if (json_object_size(value) == 0)
        return request->n_query == 0;
    for (size_t i = 0; i < json_object_size(value); i++) {
        const struct json_member *member = &value->as.members[i];
        bool fits = false;
        for (size_t k = 0; k < request->n_query; k++)
            for (size_t m = 0; m < json_array_size(member->value); m++) {
                struct str wanted = json_str(json_array_get(member->value, m));
                fits |= str_is(request->query[k].name, member->key) &&
                        (str_is(wanted, "*") || str_eq(wanted, request->query[k].value));
            }
        if (!fits)
            return false;
    }
    return true;
}

static bool address_fits(struct str address, const json_t *value)
{
    const json_t *ranges = json_object_get(value, "ranges");
    struct ip ip;
    if (ip_parse(address, &ip) != IP_OK)
        return false;
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        struct ip_prefix prefix;
        struct str range, zone;
        /* no address here has a zone */
        if (str_cut(json_str(json_array_get(ranges, i)), STR("%"), &range, &zone))
            continue;
        if (ip_prefix_parse(range, &prefix) == IP_OK ? ip_prefix_contains(prefix, ip)
            : ip_parse(range, &prefix.ip) == IP_OK   ? ip_equal(prefix.ip, ip)
                                                     : false)
            return true;
    }
    return false;
}

static bool match_remote(struct run *run, struct request *request, const json_t *value)
{
    (void)run;
    return address_fits(request->remote, value);
}

static bool match_client(struct run *run, struct request *request, const json_t *value)
{
    (void)run;
    return address_fits(request->client, value);
}

static bool match_not(struct run *run, struct request *request, const json_t *value)
{
    return json_array_size(value) == 0 || !match_any(run, request, value);
}

static bool match_path_regexp(struct run *run, struct request *request, const json_t *value)
{
    return any_answer(mix(1, path_clean(request->path, false, run->arena)), value);
}

static bool match_header_regexp(struct run *run, struct request *request, const json_t *value)
{
    struct request only = {.host = request->host, .n_fields = request->n_fields};
    (void)run;
    memcpy(only.fields, request->fields, sizeof(only.fields));
    return any_answer(mix_request(&only), value);
}

static bool match_by_request(struct run *run, struct request *request, const json_t *value)
{
    if (json_is_string(value) && (str_contains(json_str(value), STR("file(")) ||
                                  str_contains(json_str(value), STR("http.vars.x"))))
        return random_chance(run->random, 50);
    return any_answer(mix_request(request), value);
}

static bool match_by_chance(struct run *run, struct request *request, const json_t *value)
{
    (void)request;
    (void)value;
    return random_chance(run->random, 50);
}

static const struct {
    const char *name;
    bool (*matches)(struct run *run, struct request *request, const json_t *value);
} matchers[] = {
    {"host", match_host},
    {"path", match_path},
    {"method", match_method},
    {"protocol", match_protocol},
    {"tls", match_tls},
    {"header", match_header},
    {"query", match_query},
    {"remote_ip", match_remote},
    {"client_ip", match_client},
    {"not", match_not},
    {"path_regexp", match_path_regexp},
    {"header_regexp", match_header_regexp},
    {"expression", match_by_request},
    {"vars", match_by_request},
    {"vars_regexp", match_by_request},
    {"file", match_by_chance},
    {"some_plugin", match_by_chance},
};

static bool match_set(struct run *run, struct request *request, const json_t *set)
{
    for (size_t i = 0; i < json_object_size(set); i++)
        for (size_t k = 0; k < sizeof(matchers) / sizeof(matchers[0]); k++)
            if (strcmp(matchers[k].name, set->as.members[i].key) == 0 &&
                !matchers[k].matches(run, request, set->as.members[i].value))
                return false;
    return true;
}

static bool match_any(struct run *run, struct request *request, const json_t *sets)
{
    for (size_t i = 0; i < json_array_size(sets); i++)
        if (match_set(run, request, json_array_get(sets, i)))
            return true;
    return json_array_size(sets) == 0;
}

/* --- handlers --- */

enum outcome { GOES_ON, HAS_ENDED, HAS_FAILED };

/* Where a request is: the handlers of a route that are still due, then the rest of its list, then
 * the same one level up. */
struct frame {
    const json_t *routes, *handlers;
    size_t next_route, next_handler;
    bool is_terminal;
    struct frame *outer;
};

struct catcher {
    const json_t *routes;
    struct frame *next;
    struct catcher *outer;
};

struct machine {
    struct run *run;
    struct request request;
    struct frame *frame;
    struct catcher *catcher;
    struct map groups;
    size_t steps;
};

static void enter(struct machine *machine, const json_t *routes)
{
    struct frame *frame = arena_new(machine->run->arena, struct frame);
    *frame = (struct frame){.routes = routes, .outer = machine->frame};
    machine->frame = frame;
}

static struct frame *copy_frames(struct arena *arena, const struct frame *frame)
{
    if (!frame)
        return NULL;
    struct frame *copy = arena_new(arena, struct frame);
    *copy = *frame;
    copy->outer = copy_frames(arena, frame->outer);
    return copy;
}

static void set_field(struct machine *machine, struct str name, struct str value)
{
    struct request *request = &machine->request;
    struct str lower = str_lower(machine->run->arena, name);
    size_t n = 0;
    if (str_is(lower, "host")) {
        if (value.ptr)
            request->host = value;
        return;
    }
    for (size_t i = 0; i < request->n_fields; i++)
        if (!str_eq(request->fields[i].name, lower))
            request->fields[n++] = request->fields[i];
    request->n_fields = n;
    if (value.ptr && n < MAX_FIELDS)
        request->fields[request->n_fields++] = (struct field){lower, value};
}

static void run_headers(struct machine *machine, const json_t *handler)
{
    const json_t *request = json_object_get(handler, "request");
    const json_t *set = json_object_get(request, "set"), *gone = json_object_get(request, "delete");
    for (size_t i = 0; i < json_object_size(set); i++)
        set_field(machine, str_from(set->as.members[i].key),
                  json_str(json_array_get(set->as.members[i].value, 0)));
    for (size_t i = 0; i < json_array_size(gone); i++)
        set_field(machine, json_str(json_array_get(gone, i)), (struct str){0});
}

static void strip_prefix(struct machine *machine, struct str prefix)
{
    struct arena *arena = machine->run->arena;
    struct request *request = &machine->request;
    if (!str_has_prefix(prefix, STR("/")))
        prefix = str_printf(arena, "/" STR_FMT, STR_ARG(prefix));
    struct str path = path_clean(request->path, true, arena);
    if (path.len < prefix.len || !str_eq_nocase(str_slice(path, 0, prefix.len), prefix))
        return;
    path = str_slice(path, prefix.len, path.len);
    request->path =
        str_has_prefix(path, STR("/")) ? path : str_printf(arena, "/" STR_FMT, STR_ARG(path));
}

static void run_rewrite(struct machine *machine, const json_t *handler)
{
    const json_t *method = json_object_get(handler, "method");
    const json_t *prefix = json_object_get(handler, "strip_path_prefix");
    struct str uri = json_str(json_object_get(handler, "uri"));
    if (method)
        machine->request.method = str_upper(machine->run->arena, json_str(method));
    if (str_has_prefix(uri, STR("?")))
        machine->request.query[0] = (struct field){STR("p"), STR("a")},
        machine->request.n_query = 1;
    else if (uri.len)
        machine->request.path = uri;
    if (prefix)
        strip_prefix(machine, json_str(prefix));
}

/* Whatever a handler that nobody knows may do. */
static enum outcome run_plugin(struct machine *machine)
{
    struct run *run = machine->run;
    struct request other = random_request(run->arena, run->random);
    struct request *request = &machine->request;
    if (random_chance(run->random, 20))
        return random_chance(run->random, 50) ? HAS_ENDED : HAS_FAILED;
    if (random_chance(run->random, 50))
        request->path = random_chance(run->random, 20) ? STR("a/b") : other.path;
    if (random_chance(run->random, 50))
        request->method = other.method;
    if (random_chance(run->random, 50))
        request->host = other.host;
    request->client = other.client;
    request->remote = other.remote;
    request->version = other.version;
    request->tls = other.tls;
    request->variables++;
    return GOES_ON;
}

static enum outcome run_proxy(struct machine *machine, const json_t *handler)
{
    struct run *run = machine->run;
    const json_t *responses = json_object_get(handler, "handle_response");
    size_t n = json_array_size(responses);
    if (random_chance(run->random, 15))
        return HAS_FAILED;
    size_t chosen = random_below(run->random, (uint32_t)n + 1);
    const json_t *response = json_array_get(responses, chosen);
    if (!response || json_object_get(response, "status_code"))
        return HAS_ENDED;
    machine->request.variables++;
    enter(machine, json_object_get(response, "routes"));
    return GOES_ON;
}

static enum outcome run_subroute(struct machine *machine, const json_t *handler)
{
    struct arena *arena = machine->run->arena;
    const json_t *errors = json_object_get(handler, "errors");
    if (errors) {
        struct catcher *catcher = arena_new(arena, struct catcher);
        *catcher = (struct catcher){json_object_get(errors, "routes"),
                                    copy_frames(arena, machine->frame), machine->catcher};
        machine->catcher = catcher;
    }
    enter(machine, json_object_get(handler, "routes"));
    return GOES_ON;
}

static enum outcome run_invoke(struct machine *machine, const json_t *handler)
{
    struct arena *arena = machine->run->arena;
    const json_t *named = json_object_get(machine->run->server, "named_routes");
    const json_t *route =
        json_object_get(named, json_string_value(json_object_get(handler, "name")));
    json_t *list = json_new(arena, JSON_ARRAY, NULL);
    if (!route)
        return HAS_FAILED;
    json_array_insert(arena, list, 0, (json_t *)route);
    enter(machine, list);
    return GOES_ON;
}

static enum outcome run_handler(struct machine *machine, const json_t *handler)
{
    struct str name = json_str(json_object_get(handler, "handler"));
    struct run *run = machine->run;
    if (str_is(name, "static_response"))
        return json_object_get(handler, "status_code") ? GOES_ON : HAS_ENDED;
    if (str_is(name, "error"))
        return HAS_FAILED;
    if (str_is(name, "file_server")) {
        if (json_object_get(handler, "pass_thru") && random_chance(run->random, 50))
            return GOES_ON;
        return random_chance(run->random, 50) ? HAS_ENDED : HAS_FAILED;
    }
    if (str_is(name, "reverse_proxy"))
        return run_proxy(machine, handler);
    if (str_is(name, "subroute"))
        return run_subroute(machine, handler);
    if (str_is(name, "invoke"))
        return run_invoke(machine, handler);
    if (str_is(name, "some_plugin"))
        return run_plugin(machine);
    if (str_is(name, "rewrite"))
        run_rewrite(machine, handler);
    else if (str_is(name, "headers"))
        run_headers(machine, handler);
    else if (!str_is(name, "encode"))
        machine->request.variables++;
    if (str_is(name, "authentication") && random_chance(run->random, 50))
        return HAS_FAILED;
    return GOES_ON;
}

/* --- routes --- */

static bool is_rooted(const struct request *request)
{
    return str_has_prefix(request->path, STR("/"));
}

static void try_route(struct machine *machine, struct frame *frame)
{
    struct run *run = machine->run;
    const json_t *route = json_array_get(frame->routes, frame->next_route++);
    struct str group = json_str(json_object_get(route, "group"));
    frame->handlers = NULL;
    if (!match_any(run, &machine->request, json_object_get(route, "match")))
        return;
    if (group.len) {
        if (map_find(&machine->groups, group))
            return;
        map_put(&machine->groups, group, run);
    }
    mark(run, &run->routes, route);
    if (is_rooted(&machine->request))
        mark(run, &run->rooted_routes, route);
    frame->handlers = json_object_get(route, "handle");
    frame->next_handler = 0;
    frame->is_terminal = json_is_true(json_object_get(route, "terminal"));
}

static enum outcome step(struct machine *machine)
{
    struct frame *frame = machine->frame;
    struct run *run = machine->run;
    if (!frame || ++machine->steps > 5000)
        return HAS_ENDED;
    if (frame->next_handler < json_array_size(frame->handlers)) {
        const json_t *handler = json_array_get(frame->handlers, frame->next_handler++);
        mark(run, &run->handlers, handler);
        if (is_rooted(&machine->request))
            mark(run, &run->rooted_handlers, handler);
        return run_handler(machine, handler);
    }
    if (frame->handlers && frame->is_terminal)
        return HAS_ENDED;
    if (frame->next_route < json_array_size(frame->routes))
        try_route(machine, frame);
    else
        machine->frame = frame->outer;
    return GOES_ON;
}

void run_request(struct run *run, struct request request)
{
    struct machine machine = {.run = run, .request = request, .groups = map_in(run->arena)};
    bool in_errors = false;
    enter(&machine, json_object_get(run->server, "routes"));
    for (;;) {
        enum outcome outcome = step(&machine);
        if (outcome == HAS_ENDED)
            return;
        if (outcome == GOES_ON)
            continue;
        machine.request.failure = random_chance(run->random, 50) ? 404 : 502;
        if (machine.catcher) {
            struct catcher *catcher = machine.catcher;
            machine.catcher = catcher->outer;
            machine.frame = catcher->next;
            enter(&machine, catcher->routes);
            continue;
        }
        if (in_errors)
            return;
        in_errors = true;
        machine.frame = NULL;
        machine.request.method = request.method;
        machine.request.path = request.path;
        memcpy(machine.request.query, request.query, sizeof(request.query));
        machine.request.n_query = request.n_query;
        enter(&machine, json_object_get(json_object_get(run->server, "errors"), "routes"));
    }
}
