/* apps.http: servers, their listeners, and what belongs to neither routes nor TLS. */
#include <stdlib.h>

#include "native/features.h"
#include "native/index.h"
#include "native/lower_private.h"
#include "native/servers.h"

static const int64_t SECOND = 1000000000;
enum { DEFAULT_MAX_HEADER_BYTES = 16 << 10, DEFAULT_KEEPALIVE_PROBES = 9 };
enum { DEFAULT_PROXY_HEADER_SECONDS = 10 /* of the library that Caddy uses */ };

struct server_json {
    struct dt_server row;
    const json_t *listen, *errors, *named_routes, *policies, *automatic, *trusted_proxies;
    const json_t *client_ip_headers, *logs, *protocols, *listen_protocols, *underscores, *dots;
    const json_t *routes, *wrappers;
    int8_t is_strict_sni_host;
    uint32_t strictness;
};

#define ROW(member) offsetof(struct server_json, row.member)
#define IN(member)  offsetof(struct server_json, member)
static const struct field server_fields[] = {
    {"@id", FIELD_IGNORED, 0},
    {"listen", FIELD_JSON, IN(listen)},
    {"listener_wrappers", FIELD_JSON, IN(wrappers)},
    {"packet_conn_wrappers", FIELD_REFUSED, 0},
    {"read_timeout", FIELD_DURATION, ROW(read_timeout_ns)},
    {"read_header_timeout", FIELD_DURATION, ROW(read_header_timeout_ns)},
    {"read_idle_timeout", FIELD_DURATION, ROW(read_idle_timeout_ns)},
    {"read_min_rate", FIELD_BYTES, ROW(read_min_rate)},
    {"write_timeout", FIELD_DURATION, ROW(write_timeout_ns)},
    {"write_idle_timeout", FIELD_DURATION, ROW(write_idle_timeout_ns)},
    {"write_min_rate", FIELD_BYTES, ROW(write_min_rate)},
    {"max_write_chunk", FIELD_IGNORED,
     0}, /* how Caddy measures idleness; the core sees each write */
    {"idle_timeout", FIELD_DURATION, ROW(idle_timeout_ns)},
    {"keepalive_interval", FIELD_DURATION, ROW(keepalive_interval_ns)},
    {"keepalive_idle", FIELD_DURATION, ROW(keepalive_idle_ns)},
    {"keepalive_count", FIELD_COUNT, ROW(keepalive_count)},
    {"max_header_bytes", FIELD_COUNT, ROW(max_header_bytes)},
    {"enable_full_duplex", FIELD_IGNORED, 0}, /* the core always is */
    {"expected_underscore_headers", FIELD_JSON, IN(underscores)},
    {"expected_dot_headers", FIELD_JSON, IN(dots)},
    {"routes", FIELD_JSON, IN(routes)},
    {"errors", FIELD_JSON, IN(errors)},
    {"named_routes", FIELD_JSON, IN(named_routes)},
    {"tls_connection_policies", FIELD_JSON, IN(policies)},
    {"automatic_https", FIELD_JSON, IN(automatic)},
    {"strict_sni_host", FIELD_TRISTATE, IN(is_strict_sni_host)},
    {"trusted_proxies", FIELD_JSON, IN(trusted_proxies)},
    {"client_ip_headers", FIELD_JSON, IN(client_ip_headers)},
    {"trusted_proxies_strict", FIELD_COUNT, IN(strictness)},
    {"trusted_proxies_unix", FIELD_FLAG, ROW(is_trusted_proxies_unix)},
    {"logs", FIELD_JSON, IN(logs)},
    {"protocols", FIELD_JSON, IN(protocols)},
    {"listen_protocols", FIELD_JSON, IN(listen_protocols)},
    {"allow_0rtt", FIELD_IGNORED, 0}, /* of HTTP/3 */
    {"metrics", FIELD_IGNORED, 0}, /* lower_metrics.c reads it before */
    {0},
};
#undef ROW
#undef IN

static void add_addresses(struct lowering *lo, struct lowered_server *server)
{
    for (size_t i = 0; i < elements(lo, server->listen, "'listen'"); i++) {
        const json_t *value = json_array_get(server->listen, i);
        struct bound_address bound = {.origin = origin_of(lo, NULL, NULL, value)};
        struct str text = json_str(value);
        const char *problem;
        if (!network_parse(lo->arena, text, &bound.parsed, &problem))
            reject_at(lo, value, "the listener address '" STR_FMT "' %s", STR_ARG(text), problem);
        else
            vec_push(lo->arena, &server->addresses, bound);
    }
}

static void set_default(int64_t *value, int64_t otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

/* <usual> is what an empty word stands for. */
static uint8_t protocol_bits(struct lowering *lo, const json_t *protocols, uint8_t usual)
{
    static const struct {
        const char *name;
        uint8_t bit;
    } known[] = {{"h1", DT_PROTOCOL_H1},
                 {"h2", DT_PROTOCOL_H2},
                 {"h3", DT_PROTOCOL_H3},
                 {"h2c", DT_PROTOCOL_H2C}};
    uint8_t bits = 0;
    for (size_t i = 0; i < elements(lo, protocols, "'protocols'"); i++) {
        struct str name = json_str(json_array_get(protocols, i));
        if (name.len == 0)
            bits |= usual;
        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            if (str_is(name, known[k].name))
                bits |= known[k].bit;
        }
    }
    if (bits == DT_PROTOCOL_H3)
        refuse_at(lo, protocols, "the proxy core does not serve HTTP/3");
    return bits ? bits : usual;
}

static uint8_t lower_protocols(struct lowering *lo, const json_t *server, const json_t *protocols)
{
    uint8_t bits =
        protocol_bits(lo, protocols, DT_PROTOCOL_H1 | DT_PROTOCOL_H2 | DT_PROTOCOL_H3);
    if (!(bits & DT_PROTOCOL_H1))
        need(lo, FEATURE_H2_ONLY, server, "protocols");
    if (bits & DT_PROTOCOL_H2C)
        need(lo, FEATURE_H2C, server, "protocols");
    return bits;
}

/* Where listeners have protocols of their own, all get theirs, and the server has what any has: it
 * decides what TLS offers. */
static void lower_listen_protocols(struct lowering *lo, struct lowered_server *server,
                                   const json_t *list)
{
    uint8_t usual = server->row.protocols, all = 0;
    size_t n = elements(lo, list, "'listen_protocols'");
    if (n == 0)
        return;
    if (n != server->addresses.n)
        reject_at(lo, list, "there must be protocols, or null, for each address");
    for (size_t i = 0; i < n && i < server->addresses.n; i++) {
        const json_t *protocols = json_array_get(list, i);
        const struct token *before = enter(lo, protocols);
        uint8_t bits = usual;
        if (protocols && !json_is_null(protocols))
            bits = protocol_bits(lo, protocols, usual);
        server->addresses.at[i].protocols = bits;
        all |= bits;
        leave(lo, before);
    }
    server->row.protocols = all;
}

static struct dt_range lower_trusted_proxies(struct lowering *lo, const json_t *source)
{
    struct source_json {
        const json_t *ranges;
    } in = {0};
    static const struct field fields[] = {
        {"source", FIELD_IGNORED, 0},
        {"ranges", FIELD_JSON, offsetof(struct source_json, ranges)},
        {0},
    };
    if (source && !str_is(member_str(source, "source"), "static")) {
        refuse_at(lo, source, "the proxy core knows no trusted proxies but 'static' ones yet");
        return (struct dt_range){0};
    }
    read_object(lo, source, "trusted proxies", fields, &in);
    return lower_known_ranges(lo, in.ranges, "trusted proxies");
}

static struct dt_range lower_header_names(struct lowering *lo, const json_t *names)
{
    size_t n = elements(lo, names, "the header names");
    uint32_t *rows = arena_array(lo->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++)
        rows[i] = builder_header(lo, json_str(json_array_get(names, i)));
    if (n == 0)
        rows[n++] = builder_header(lo, STR("X-Forwarded-For"));
    return numbers_of(lo, rows, n);
}

static struct dt_range lower_lowercase(struct lowering *lo, const json_t *names)
{
    size_t n = elements(lo, names, "the header names");
    struct dt_range range = {reserve_texts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++)
        lo->texts.at[range.first + i] =
            intern(lo, str_lower(lo->arena, json_str(json_array_get(names, i))));
    return range;
}

static bool is_filled(const json_t *value)
{
    return json_array_size(value) || json_str(value).len || json_object_size(value);
}

/* Client certificates turn it on, lest one site's clients get at another's; an empty block asks for
 * none. */
static uint8_t is_strict_sni_host(const json_t *policies, int8_t wanted)
{
    for (size_t i = 0; wanted < 0 && i < json_array_size(policies); i++) {
        json_t *client = json_object_get(json_array_get(policies, i), "client_authentication");
        for (void *k = json_object_iter(client); k; k = json_object_iter_next(client, k)) {
            if (is_filled(json_object_iter_value(k)))
                return 1;
        }
    }
    return wanted > 0;
}

static uint8_t lower_proxy_policy(struct lowering *lo, const json_t *wrapper, struct str name)
{
    static const char *const names[] = {
        [DT_PROXY_IGNORE] = "IGNORE", [DT_PROXY_USE] = "USE",   [DT_PROXY_REJECT] = "REJECT",
        [DT_PROXY_REQUIRE] = "REQUIRE", [DT_PROXY_SKIP] = "SKIP",
    };
    for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return i;
    if (name.len)
        reject_at(lo, wrapper, "'" STR_FMT "' is no policy for PROXY headers", STR_ARG(name));
    return DT_PROXY_IGNORE;
}

static struct dt_proxy_header lower_proxy_header(struct lowering *lo, const json_t *wrapper)
{
    struct wrapper_json {
        struct dt_proxy_header row;
        const json_t *allowed, *denied;
        struct str policy;
    } in = {0};
    static const struct field fields[] = {
        {"wrapper", FIELD_IGNORED, 0},
        {"timeout", FIELD_DURATION, offsetof(struct wrapper_json, row.timeout_ns)},
        {"allow", FIELD_JSON, offsetof(struct wrapper_json, allowed)},
        {"deny", FIELD_JSON, offsetof(struct wrapper_json, denied)},
        {"fallback_policy", FIELD_STR, offsetof(struct wrapper_json, policy)},
        {0},
    };
    read_object(lo, wrapper, "the PROXY protocol", fields, &in);
    in.row.policy = lower_proxy_policy(lo, wrapper, in.policy);
    in.row.allowed = lower_ip_ranges(lo, in.allowed);
    in.row.denied = lower_ip_ranges(lo, in.denied);
    in.row.origin = origin_here(lo);
    set_default(&in.row.timeout_ns, DEFAULT_PROXY_HEADER_SECONDS * SECOND);
    return in.row;
}

static uint32_t lower_http_redirect(struct lowering *lo, const json_t *wrapper)
{
    uint32_t max_header_bytes = 0;
    static const struct field fields[] = {
        {"wrapper", FIELD_IGNORED, 0},
        {"max_header_bytes", FIELD_COUNT, 0},
        {0},
    };
    read_object(lo, wrapper, "the redirect of HTTP", fields, &max_header_bytes);
    return max_header_bytes ? max_header_bytes : 1 << 20;
}

/* What connections go through in front of TLS, and behind it. */
static void lower_listener_wrappers(struct lowering *lo, const json_t *wrappers,
                                    struct dt_server *row)
{
    uint32_t tls = 0;
    size_t n = elements(lo, wrappers, "the listener wrappers");
    row->proxy_header = DT_NONE;
    for (uint32_t i = 0; i < n; i++)
        if (str_is(member_str(json_array_get(wrappers, i), "wrapper"), "tls"))
            tls = i;
    for (uint32_t i = 0; i < n; i++) {
        const json_t *wrapper = json_array_get(wrappers, i);
        struct str name = member_str(wrapper, "wrapper");
        const struct token *before = enter(lo, wrapper);
        bool is_behind_tls = i >= tls; /* Caddy: without 'tls' it comes first */
        if (str_is(name, "proxy_protocol")) {
            struct dt_proxy_header header = lower_proxy_header(lo, wrapper);
            header.is_in_tls = is_behind_tls;
            if (row->proxy_header != DT_NONE)
                refuse(lo, "the proxy core reads one PROXY header only");
            else if (row->redirected_head_bytes)
                refuse(lo, "the proxy core reads PROXY headers before 'http_redirect' only");
            row->proxy_header = push_proxy_headers(lo, header);
        } else if (str_is(name, "http_redirect")) {
            row->redirected_head_bytes = lower_http_redirect(lo, wrapper);
            if (is_behind_tls)
                refuse(lo, "behind TLS 'http_redirect' would send every request to where it came "
                           "from; it goes before 'tls'");
        } else if (!str_is(name, "tls")) {
            refuse(lo, "the proxy core cannot do the listener wrapper '" STR_FMT "' yet",
                   STR_ARG(name));
        }
        leave(lo, before);
    }
}

static void read_automatic(struct lowering *lo, struct lowered_server *server)
{
    struct automatic_json {
        uint8_t is_off, has_no_redirects, has_no_certificates, ignores_loaded;
    } in = {0};
    static const struct field fields[] = {
        {"disable", FIELD_FLAG, offsetof(struct automatic_json, is_off)},
        {"disable_redirects", FIELD_FLAG, offsetof(struct automatic_json, has_no_redirects)},
        {"disable_certificates", FIELD_FLAG, offsetof(struct automatic_json, has_no_certificates)},
        {"skip", FIELD_IGNORED, 0},              /* read where the names are collected */
        {"skip_certificates", FIELD_IGNORED, 0}, /* the same */
        {"ignore_loaded_certificates", FIELD_FLAG, offsetof(struct automatic_json, ignores_loaded)},
        {0},
    };
    read_object(lo, server->automatic, "automatic HTTPS", fields, &in);
    server->is_automatic_off = in.is_off;
    server->has_no_redirects = in.has_no_redirects;
    server->has_no_certificates = in.has_no_certificates;
    server->ignores_loaded = in.ignores_loaded;
}

/* Everything of a server but its routes, policies and listeners. */
static struct lowered_server read_server(struct lowering *lo, const char *name, const json_t *json)
{
    struct server_json in = {.is_strict_sni_host = -1};
    const struct token *before = enter(lo, json);
    read_object(lo, json, "a server", server_fields, &in);
    struct lowered_server server = {
        .name = str_from(name),
        .json = json,
        .origin = lo->place,
        .row = in.row,
        .listen = in.listen,
        .policies = in.policies,
        .automatic = in.automatic,
        .errors = in.errors,
        .logs = in.logs,
    };
    struct dt_server *row = &server.row;
    row->protocols = lower_protocols(lo, json, in.protocols);
    row->trusted_proxies = lower_trusted_proxies(lo, in.trusted_proxies);
    row->is_trusted_proxies_strict = in.strictness > 0;
    row->client_ip_headers = lower_header_names(lo, in.client_ip_headers);
    row->underscore_headers = lower_lowercase(lo, in.underscores);
    row->dot_headers = lower_lowercase(lo, in.dots);
    lower_listener_wrappers(lo, in.wrappers, row);
    row->is_strict_sni_host = is_strict_sni_host(in.policies, in.is_strict_sni_host);
    for (size_t i = 0; i < elements(lo, in.routes, "the routes"); i++) {
        struct server_route route = {.json = json_array_get(in.routes, i)};
        vec_push(lo->arena, &server.routes, route);
    }
    read_automatic(lo, &server);
    add_addresses(lo, &server);
    lower_listen_protocols(lo, &server, in.listen_protocols);
    leave(lo, before);
    return server;
}

static int by_name(const void *a, const void *b)
{
    const struct lowered_server *x = a, *y = b;
    return str_compare(x->name, y->name);
}

/* ---- into the tables ---- */

static void fill_defaults(struct dt_server *row)
{
    set_default(&row->read_header_timeout_ns, 60 * SECOND);
    set_default(&row->read_idle_timeout_ns, 60 * SECOND);
    set_default(&row->write_idle_timeout_ns, 60 * SECOND);
    set_default(&row->idle_timeout_ns, 300 * SECOND);
    set_default(&row->keepalive_interval_ns, 15 * SECOND);
    set_default(&row->keepalive_idle_ns, 15 * SECOND);
    if (row->keepalive_count == 0)
        row->keepalive_count = DEFAULT_KEEPALIVE_PROBES;
    if (row->max_header_bytes == 0)
        row->max_header_bytes = DEFAULT_MAX_HEADER_BYTES;
}

static uint32_t redirect_response(struct lowering *lo, uint16_t port)
{
    struct strbuf location = strbuf_in(lo->arena);
    strbuf_puts(&location, "https://{http.request.host}");
    if (port)
        strbuf_printf(&location, ":%u", port);
    strbuf_puts(&location, "{http.request.uri}");
    struct dt_header_op op = {.kind = DT_HEADER_SET,
                              .name = builder_header(lo, STR("Location")),
                              .name_template = DT_NONE,
                              .search = DT_NONE,
                              .regexp = DT_NONE};
    op.value = template_of(lo, strbuf_str(&location), UNKNOWN_IS_EMPTY);
    struct dt_response row = {.status = 308,
                              .status_template = DT_NONE,
                              .body = DT_NONE,
                              .content = DT_CONTENT_EMPTY,
                              .closes = 1};
    row.headers = (struct dt_range){push_header_ops(lo, op), 1};
    return push_responses(lo, row);
}

static struct dt_route redirect_route(struct lowering *lo, const struct redirect *redirect)
{
    const struct token *before = lo->place;
    lo->place = redirect->origin;
    uint32_t origin = origin_here(lo);
    size_t n = redirect->hosts.n;
    struct dt_range matchers = {reserve_matchers(lo, n ? 2 : 1), n ? 2 : 1};
    lo->matchers.at[matchers.first] = (struct dt_matcher){
        .kind = DT_MATCHER_PROTOCOL, .number = DT_PROTOCOL_MATCH_HTTP, .origin = origin};
    if (n) {
        struct str *hosts = arena_array(lo->arena, struct str, n);
        for (size_t i = 0; i < n; i++)
            hosts[i] = redirect->hosts.at[i].name;
        struct dt_matcher row = {.kind = DT_MATCHER_HOST, .origin = origin};
        row.rows = host_patterns_of(lo, hosts, n, &row.number);
        lo->matchers.at[matchers.first + 1] = row;
    }
    struct dt_handler handler = {.kind = DT_HANDLER_RESPOND, .n = 1, .origin = origin};
    handler.row = redirect_response(lo, redirect->port);
    struct dt_route row = {.group = DT_NONE, .origin = origin};
    row.matcher_sets =
        (struct dt_range){push_matcher_sets(lo, (struct dt_matcher_set){matchers}), 1};
    row.handlers = (struct dt_range){push_handlers(lo, handler), 1};
    leave(lo, before);
    return row;
}

static struct dt_range lower_server_routes(struct lowering *lo, const struct lowered_server *server)
{
    uint32_t n = (uint32_t)server->routes.n;
    struct dt_range range = {reserve_routes(lo, n), n};
    for (uint32_t i = 0; i < n; i++) {
        const struct server_route *route = &server->routes.at[i];
        struct dt_route row =
            route->redirect ? redirect_route(lo, route->redirect) : lower_route(lo, route->json);
        measure_route(lo, &row,
                      route->redirect ? STR("static_response") : first_handler(route->json));
        lo->routes.at[range.first + i] = row;
    }
    return range;
}

static void push_sockets(struct lowering *lo, const struct lowered_server *server, uint32_t row)
{
    bool has_tls = lo->servers.at[row].connection_policies.n > 0;
    for (size_t i = 0; i < server->addresses.n; i++) {
        const struct network_address *address = &server->addresses.at[i].parsed;
        struct str host = address->host;
        lo->place = server->addresses.at[i].origin;
        uint32_t template = start_template_of(lo, &host, UNKNOWN_IS_EMPTY_AT_START);
        if (template == DT_NONE && !str_eq(host, address->host))
            reject(lo, "the placeholder in the listener address has no value when a proxy starts");
        if (address->network == DT_NETWORK_FD)
            need(lo, FEATURE_FD_LISTENER, NULL, NULL);
        for (uint32_t port = address->first_port; port <= address->last_port; port++) {
            struct dt_listener listener = {
                .network = (uint8_t)address->network,
                .host_kind = (uint8_t)address->host_kind,
                .host_template = template,
                .is_tls = has_tls && port != lo->application.http_port,
                .protocols = server->addresses.at[i].protocols,
                .port = (uint16_t)port,
                .unix_mode = address->unix_mode,
                .fd = address->fd,
                .host = intern(lo, address->host),
                .zone = intern(lo, address->zone),
                .address = intern(lo, network_text(lo->arena, address, (uint16_t)port, false)),
                .server = row,
                .origin = origin_here(lo),
            };
            memcpy(listener.ip, address->ip, sizeof(listener.ip));
            if (listener.host_template != DT_NONE)
                listener.host_kind = DT_HOST_TEMPLATE;
            push_listeners(lo, listener);
        }
    }
}

static void push_server(struct lowering *lo, struct lowered_server *server)
{
    const struct token *before = lo->place;
    lo->place = server->origin;
    struct dt_server row = server->row;
    row.name = intern(lo, server->name);
    row.origin = origin_here(lo);
    fill_defaults(&row);
    lower_server_logs(lo, server->logs, &row);
    lo->named_routes = json_object_get(server->json, "named_routes");
    lo->invoked = map_in(lo->arena);
    row.n_groups = number_groups(lo, server->json);
    row.routes = lower_server_routes(lo, server);
    const json_t *error_routes = json_object_get(server->errors, "routes");
    row.error_routes = lower_routes(lo, error_routes);
    check_named_routes(lo);
    row.connection_policies =
        lower_connection_policies(lo, server->policies, server->has_own_policy);
    row.host_index = DT_NONE;
    uint32_t number = push_servers(lo, row);
    build_host_index(lo, number);
    push_sockets(lo, server, number);
    leave(lo, before);
}

/* One socket can belong to one server only. */
static void check_listeners(struct lowering *lo)
{
    struct map seen = map_in(lo->arena);
    for (size_t i = 0; i < lo->listeners.n; i++) {
        struct str address = str_dup(lo->arena, text_of(lo, lo->listeners.at[i].address));
        if (map_put(&seen, address, &lo->listeners.at[i]))
            reject(lo, "two servers listen on '" STR_FMT "'", STR_ARG(address));
    }
}

void lower_servers(struct lowering *lo, const json_t *json)
{
    struct lowered_servers servers = {0};
    const json_t *walked = json;
    if (json && !json_is_object(json))
        reject_at(lo, json, "'servers' must be an object");
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct lowered_server server =
            read_server(lo, json_object_iter_key(i), json_object_iter_value(i));
        vec_push(lo->arena, &servers.list, server);
    }
    if (servers.list.n)
        qsort(servers.list.at, servers.list.n, sizeof(*servers.list.at), by_name);
    apply_automatic_https(lo, &servers);
    lower_managed_names(lo, servers.managed.at, servers.managed.n);
    for (size_t i = 0; i < servers.list.n; i++)
        push_server(lo, &servers.list.at[i]);
    check_listeners(lo);
}
