/* Caddy's automatic HTTPS, done at compile time: which names need certificates, and the routes and
 * the server that redirect from HTTP. */
#include <stdlib.h>

#include "base/punycode.h"
#include "native/lower_private.h"
#include "native/servers.h"
#include "syntax/placeholder.h"

enum { STANDARD_HTTP_PORT = 80, STANDARD_HTTPS_PORT = 443 };

/* A place where a name is served over HTTPS. */
struct secure_address {
    struct network_address address;
    const struct token *origin;
};

/* A name that is redirected, and to where; an empty name stands for all. */
struct redirected_name {
    struct named_host host;
    VEC(struct secure_address) to;
};

struct redirect_plan {
    struct lowering *lo;
    struct lowered_servers *servers;
    VEC(struct redirected_name) names;
    struct map numbers; /* name → index + 1 */
    const json_t *logs; /* of the last server that redirects */
};

static bool is_on_other_port(const struct lowered_server *server, uint16_t port)
{
    for (size_t i = 0; i < server->addresses.n; i++) {
        const struct network_address *address = &server->addresses.at[i].parsed;
        if (port > address->last_port || port < address->first_port)
            return true;
    }
    return false;
}

static bool list_has(const json_t *list, struct str name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(json_str(json_array_get(list, i)), name))
            return true;
    }
    return false;
}

/* ---- names ---- */

static void add_domain(struct lowering *lo, struct lowered_server *server, struct map *seen,
                       const json_t *value)
{
    struct named_host host = {json_str(value), origin_of(lo, NULL, NULL, value),
                              server->ignores_loaded};
    punycode_host(lo->arena, host.name, &host.name);
    if (list_has(json_object_get(server->automatic, "skip"), host.name) || map_get(seen, host.name))
        return;
    if (has_placeholder(host.name)) {
        refuse_at(lo, value,
                  "the proxy core cannot have certificates for a name with placeholders");
        return;
    }
    map_put(seen, host.name, server);
    vec_push(lo->arena, &server->domains, host);
}

static void collect_domains(struct lowering *lo, struct lowered_server *server)
{
    struct map seen = map_in(lo->arena);
    for (size_t r = 0; r < server->routes.n; r++) {
        const json_t *route = server->routes.at[r].json;
        const struct token *before = enter(lo, route);
        const json_t *sets = json_object_get(route, "match");
        for (size_t s = 0; s < json_array_size(sets); s++) {
            const json_t *hosts = json_object_get(json_array_get(sets, s), "host");
            for (size_t h = 0; h < json_array_size(hosts); h++)
                add_domain(lo, server, &seen, json_array_get(hosts, h));
        }
        leave(lo, before);
    }
}

static void add_managed(struct lowering *lo, struct lowered_servers *servers,
                        const struct lowered_server *server)
{
    const json_t *skipped = json_object_get(server->automatic, "skip_certificates");
    for (size_t i = 0; i < server->domains.n && !server->has_no_certificates; i++) {
        struct named_host host = server->domains.at[i];
        bool is_known = false;
        for (size_t k = 0; k < servers->managed.n; k++)
            is_known |= str_eq(servers->managed.at[k].name, host.name);
        if (is_known || !name_qualifies(host.name) || list_has(skipped, host.name))
            continue;
        if (!server->ignores_loaded && has_loaded_certificate(lo, server->policies, host.name))
            continue;
        vec_push(lo->arena, &servers->managed, host);
    }
}

/* ---- where to redirect ---- */

static bool is_same_address(const struct network_address *a, const struct network_address *b)
{
    return a->network == b->network && str_eq(a->host, b->host) && str_eq(a->zone, b->zone) &&
           a->first_port == b->first_port && a->last_port == b->last_port;
}

/* A name is redirected to one port, on all addresses that have it; the HTTPS port wins. */
static void record(struct redirect_plan *plan, struct named_host host,
                   const struct bound_address *bound)
{
    struct lowering *lo = plan->lo;
    uintptr_t number = (uintptr_t)map_get(&plan->numbers, host.name);
    if (!number) {
        vec_push(lo->arena, &plan->names, (struct redirected_name){.host = host});
        number = plan->names.n;
        map_put(&plan->numbers, host.name, (void *)number);
    }
    struct redirected_name *name = &plan->names.at[number - 1];
    uint16_t https = lo->application.https_port;
    if (name->to.n && name->to.at[0].address.first_port != bound->parsed.first_port) {
        if (bound->parsed.first_port != https || name->to.at[0].address.first_port == https)
            return;
        name->to.n = 0;
    }
    for (size_t i = 0; i < name->to.n; i++) {
        if (is_same_address(&name->to.at[i].address, &bound->parsed))
            return;
    }
    struct secure_address to = {bound->parsed, bound->origin};
    vec_push(lo->arena, &name->to, to);
}

static void record_all(struct redirect_plan *plan, const struct lowered_server *server)
{
    for (size_t a = 0; a < server->addresses.n; a++) {
        const struct bound_address *bound = &server->addresses.at[a];
        struct named_host everyone = {.origin = bound->origin};
        if (server->domains.n == 0)
            record(plan, everyone, bound);
        for (size_t d = 0; d < server->domains.n; d++)
            record(plan, server->domains.at[d], bound);
    }
}

/* The first half: what each server serves over TLS. */
static void visit(struct redirect_plan *plan, struct lowered_server *server)
{
    struct lowering *lo = plan->lo;
    if (server->is_automatic_off)
        return;
    if (!is_on_other_port(server, lo->application.http_port)) {
        server->is_automatic_off = true;
        return;
    }
    plan->servers->has_active = true;
    if (!server->policies && !is_on_other_port(server, lo->application.https_port))
        server->has_own_policy = true;
    collect_domains(lo, server);
    if (server->domains.n == 0 && !server->has_own_policy && json_array_size(server->policies) == 0)
        return;
    if (server->logs)
        plan->logs = server->logs;
    add_managed(lo, plan->servers, server);
    if (!server->policies)
        server->has_own_policy = true;
    if (!server->has_no_redirects)
        record_all(plan, server);
}

/* ---- redirect routes ---- */

struct redirect_group {
    struct str address; /* to listen on */
    struct network_address parsed;
    const struct token *origin;
    VEC(struct redirect *) routes;
};

struct redirect_groups {
    VEC(struct redirect_group) list;
};

static uint16_t named_port(const struct lowering *lo, uint16_t port)
{
    bool is_usual = port == lo->application.http_port || port == lo->application.https_port ||
                    port == STANDARD_HTTP_PORT || port == STANDARD_HTTPS_PORT;
    return is_usual ? 0 : port;
}

static struct redirect_group *group_for(struct lowering *lo, struct redirect_groups *groups,
                                        const struct secure_address *to)
{
    struct redirect_group made = {.parsed = to->address, .origin = to->origin};
    made.parsed.first_port = made.parsed.last_port = lo->application.http_port;
    made.address = network_text(lo->arena, &made.parsed, made.parsed.first_port, false);
    for (size_t i = 0; i < groups->list.n; i++) {
        if (str_eq(groups->list.at[i].address, made.address))
            return &groups->list.at[i];
    }
    vec_push(lo->arena, &groups->list, made);
    return &groups->list.at[groups->list.n - 1];
}

/* One route per address that serves HTTPS, for all the names it serves. */
static void make_groups(struct redirect_plan *plan, struct redirect_groups *groups)
{
    struct lowering *lo = plan->lo;
    struct map by_address = map_in(lo->arena);
    for (size_t n = 0; n < plan->names.n; n++) {
        const struct redirected_name *name = &plan->names.at[n];
        for (size_t t = 0; t < name->to.n; t++) {
            const struct secure_address *to = &name->to.at[t];
            struct str key = network_text(lo->arena, &to->address, to->address.first_port, true);
            struct redirect *redirect = map_get(&by_address, key);
            if (!redirect) {
                redirect = arena_new(lo->arena, struct redirect);
                redirect->port = named_port(lo, to->address.first_port);
                redirect->origin = name->host.origin;
                map_put(&by_address, key, redirect);
                struct redirect_group *group = group_for(lo, groups, to);
                vec_push(lo->arena, &group->routes, redirect);
            }
            if (name->host.name.len)
                vec_push(lo->arena, &redirect->hosts, name->host);
        }
    }
}

static int by_address(const void *a, const void *b)
{
    const struct redirect_group *x = a, *y = b;
    return str_compare(x->address, y->address);
}

static struct str first_host(const struct redirect *redirect)
{
    return redirect->hosts.n ? redirect->hosts.at[0].name : STR("");
}

/* Exact names before wildcards before all names; longer ones first. */
static int by_specificity(const void *a, const void *b)
{
    struct str x = first_host(*(struct redirect *const *)a);
    struct str y = first_host(*(struct redirect *const *)b);
    if (!x.len != !y.len)
        return x.len ? -1 : 1;
    bool x_is_wild = str_index(x, '*') >= 0, y_is_wild = str_index(y, '*') >= 0;
    if (x_is_wild != y_is_wild)
        return x_is_wild ? 1 : -1;
    if (x.len != y.len)
        return x.len > y.len ? -1 : 1;
    return str_compare(x, y);
}

static bool listens_on(const struct lowered_server *server, const struct network_address *wanted)
{
    for (size_t i = 0; i < server->addresses.n; i++) {
        const struct network_address *address = &server->addresses.at[i].parsed;
        /* Linux: no address can be bound beside all of them */
        bool is_same_host =
            str_eq(address->host, wanted->host) || address->host.len == 0 || wanted->host.len == 0;
        if (address->network == wanted->network && is_same_host &&
            wanted->first_port >= address->first_port && wanted->first_port <= address->last_port)
            return true;
    }
    return false;
}

/* The number of routes up to the last one that matches hosts. */
static size_t end_of_host_routes(const struct lowered_server *server)
{
    size_t end = 0;
    for (size_t r = 0; r < server->routes.n; r++) {
        const json_t *sets = json_object_get(server->routes.at[r].json, "match");
        bool has_hosts = server->routes.at[r].redirect && server->routes.at[r].redirect->hosts.n;
        for (size_t s = 0; s < json_array_size(sets); s++)
            has_hosts |= json_object_get(json_array_get(sets, s), "host") != NULL;
        if (has_hosts)
            end = r + 1;
    }
    return end;
}

static void add_catch_all(struct lowering *lo, struct lowered_server *server,
                          const struct token *origin)
{
    struct redirect *redirect = arena_new(lo->arena, struct redirect);
    redirect->origin = origin;
    struct server_route route = {.redirect = redirect};
    vec_push(lo->arena, &server->routes, route);
}

static void insert_into(struct lowering *lo, struct lowered_server *server,
                        const struct redirect_group *group, bool is_before_catch_all)
{
    struct lowered_server changed = *server;
    size_t at = end_of_host_routes(server);
    memset(&changed.routes, 0, sizeof(changed.routes));
    for (size_t i = 0; i <= server->routes.n; i++) {
        for (size_t r = 0; i == at && is_before_catch_all && r < group->routes.n; r++) {
            struct server_route route = {.redirect = group->routes.at[r]};
            vec_push(lo->arena, &changed.routes, route);
        }
        if (i < server->routes.n)
            vec_push(lo->arena, &changed.routes, server->routes.at[i]);
    }
    add_catch_all(lo, &changed, group->origin);
    *server = changed;
}

static struct lowered_server *server_on(struct lowered_servers *servers, size_t n,
                                        const struct network_address *address)
{
    for (size_t i = 0; i < n; i++) {
        if (listens_on(&servers->list.at[i], address))
            return &servers->list.at[i];
    }
    return NULL;
}

/* The second half: redirects go into the servers that have the HTTP port, else into one more. */
static void place_redirects(struct redirect_plan *plan)
{
    struct lowering *lo = plan->lo;
    struct lowered_servers *servers = plan->servers;
    struct redirect_groups groups = {0};
    struct lowered_server extra = {.name = STR("remaining_auto_https_redirects"),
                                   .logs = plan->logs,
                                   .row.proxy_header = DT_NONE};
    make_groups(plan, &groups);
    if (groups.list.n)
        qsort(groups.list.at, groups.list.n, sizeof(*groups.list.at), by_address);
    for (size_t g = 0; g < groups.list.n; g++) {
        struct redirect_group *group = &groups.list.at[g];
        qsort(group->routes.at, group->routes.n, sizeof(*group->routes.at), by_specificity);
        struct lowered_server *server = server_on(servers, servers->list.n, &group->parsed);
        if (server) {
            insert_into(lo, server, group, servers->managed.n > 0);
            continue;
        }
        struct bound_address bound = {.parsed = group->parsed, .origin = group->origin};
        vec_push(lo->arena, &extra.addresses, bound);
        for (size_t r = 0; r < group->routes.n; r++) {
            struct server_route route = {.redirect = group->routes.at[r]};
            vec_push(lo->arena, &extra.routes, route);
        }
        extra.origin = group->origin;
    }
    if (extra.addresses.n == 0)
        return;
    add_catch_all(lo, &extra, extra.origin);
    extra.row.protocols = DT_PROTOCOL_H1 | DT_PROTOCOL_H2 | DT_PROTOCOL_H3;
    extra.row.is_automatic_redirect = 1;
    uint32_t forwarded_for = builder_header(lo, STR("X-Forwarded-For"));
    extra.row.client_ip_headers = numbers_of(lo, &forwarded_for, 1);
    vec_push(lo->arena, &servers->list, extra);
}

void apply_automatic_https(struct lowering *lo, struct lowered_servers *servers)
{
    struct redirect_plan plan = {.lo = lo, .servers = servers, .numbers = map_in(lo->arena)};
    for (size_t i = 0; i < servers->list.n; i++)
        visit(&plan, &servers->list.at[i]);
    if (servers->has_active)
        place_redirects(&plan);
}
