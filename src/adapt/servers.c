/* Makes the JSON of each server from the sites it serves. */
#include "adapt/servers.h"

#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/named_routes.h"
#include "adapt/routes.h"
#include "adapt/server_logs.h"
#include "adapt/stable_sort.h"

/* Go's struct order. */
static const char server_keys[] =
    "listen listener_wrappers packet_conn_wrappers read_timeout read_header_timeout "
    "read_idle_timeout read_min_rate write_timeout write_idle_timeout write_min_rate "
    "max_write_chunk idle_timeout keepalive_interval keepalive_idle keepalive_count "
    "max_header_bytes enable_full_duplex expected_underscore_headers expected_dot_headers routes "
    "errors named_routes tls_connection_policies automatic_https strict_sni_host trusted_proxies "
    "client_ip_headers trusted_proxies_strict trusted_proxies_unix logs protocols "
    "listen_protocols allow_0rtt metrics";

static const char automatic_https_keys[] =
    "disable disable_redirects disable_certificates skip ignore_loaded_certificates";

/* One address in two sites of a server: only one of them could ever be served. */
static bool check_ambiguous(struct adapter *adapter, const struct server *server)
{
    struct map seen = map_in(adapter->arena); /* text → its first key */
    bool ok = true;
    for (size_t i = 0; i < server->n_sites; i++) {
        const struct site *site = &server->sites[i];
        for (size_t j = 0; j < site->n_keys; j++) {
            struct site_address *key = &site->keys[j];
            const struct site_address *first = map_get(&seen, key->token->text);
            if (!first)
                map_put(&seen, key->token->text, key);
            if (!first || (first >= site->keys && first <= key))
                continue;
            struct diag *diag =
                diag_token(adapter->diags, DIAG_AMBIGUOUS_SITE, key->token,
                           "the site '" STR_FMT "' is defined twice", STR_ARG(key->token->text));
            diag_label(adapter->diags, diag, first->token->span, "first defined here");
            ok = false;
        }
    }
    return ok;
}

static json_t *strings(struct adapter *adapter, struct str_list list)
{
    json_t *array = document_array(adapter->document, NULL);
    for (size_t i = 0; i < list.n; i++)
        document_add(adapter->document, array,
                     document_string(adapter->document, list.at[i], NULL));
    return array;
}

static void add_listeners(struct adapter *adapter, struct server *server)
{
    struct document *document = adapter->document;
    json_t *protocols = document_array(document, NULL);
    bool any = false;
    for (size_t i = 0; i < server->n_listeners; i++) {
        const struct server_listener *listener = &server->listeners[i];
        bool is_explicit = false;
        document_add(document, document_array_at(document, server->json, "listen", NULL),
                     document_string(document, listener->address, NULL));
        for (size_t j = 0; j < listener->protocols.n; j++)
            is_explicit = is_explicit || listener->protocols.at[j].len;
        document_add(document, protocols,
                     is_explicit ? strings(adapter, listener->protocols) : document_null());
        any = any || is_explicit;
    }
    if (any)
        document_set(document, server->json, "listen_protocols", protocols);
}

static void add_automatic_https(struct adapter *adapter, struct server *server)
{
    static const struct {
        const char *word, *key;
    } switches[] = {{"off", "disable"},
                    {"disable_redirects", "disable_redirects"},
                    {"disable_certs", "disable_certificates"},
                    {"ignore_loaded_certs", "ignore_loaded_certificates"}};
    struct document *document = adapter->document;
    const struct token *origin = document_origin(document, adapter->globals, "auto_https",
                                                 adapter_global(adapter, "auto_https"));
    for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
        if (adapter_auto_https(adapter, switches[i].word))
            document_set_at(document,
                            document_object_at(document, server->json, "automatic_https", origin),
                            switches[i].key, document_bool(true), origin);
}

/* Length without wildcards and placeholders. */
static ptrdiff_t specificity(struct str text)
{
    ptrdiff_t len = (ptrdiff_t)text.len;
    for (size_t i = 0; i < text.len; i++)
        len -= text.ptr[i] == '*';
    for (;;) {
        ptrdiff_t open = str_index(text, '{');
        ptrdiff_t close = open < 0 ? -1 : str_index(str_slice(text, (size_t)open, text.len), '}');
        if (close < 0)
            return len;
        /* A '*' within a placeholder counts twice: so Caddy has it. */
        len -= close + 1;
        text = str_slice(text, (size_t)(open + close) + 1, text.len);
    }
}

struct site_rank {
    ptrdiff_t host, path;
    size_t path_len;
    bool wildcard;
};

static struct site_rank rank(const struct site *site)
{
    struct site_rank rank = {0};
    for (size_t i = 0; i < site->n_keys; i++) {
        const struct site_address *key = &site->keys[i];
        if (key->host.len == 0 || str_index(key->host, '*') >= 0)
            rank.wildcard = true;
        if (specificity(key->host) > rank.host)
            rank.host = specificity(key->host);
        if (specificity(key->path) > rank.path) {
            rank.path = specificity(key->path);
            rank.path_len = key->path.len;
        }
    }
    return rank;
}

/* The most specific site is tried first: the first that matches is the only one. */
static bool site_comes_before(const void *left, const void *right, void *user)
{
    (void)user;
    struct site_rank a = rank(left), b = rank(right);
    if (a.host == 0)
        return false;
    if (b.host == 0)
        return true;
    if (a.wildcard != b.wildcard)
        return b.wildcard;
    if (a.host == b.host)
        return a.path_len > b.path_len;
    return a.host > b.host;
}

/* One set of matchers for each path among the keys, with the hosts that share it; a key without a
 * host takes in all hosts, and the keys after it no longer count. */
struct host_group {
    struct str path;
    struct map hosts; /* host → its first key */
};

static json_t *host_group_set(struct adapter *adapter, const struct host_group *group)
{
    struct document *document = adapter->document;
    json_t *set = document_object(document, NULL);
    for (size_t i = 0; i < group->hosts.n; i++) {
        const struct site_address *key = group->hosts.entries[i].value;
        document_add(document, document_array_at(document, set, "host", key->token),
                     document_string(document, key->host, key->token));
    }
    if (group->path.len)
        document_add(document, document_array_at(document, set, "path", NULL),
                     document_string(document, group->path, NULL));
    return set;
}

static struct host_group *group_of(struct map *groups, struct str path)
{
    struct host_group *group = map_get(groups, path);
    if (group)
        return group;
    group = arena_new(groups->arena, struct host_group);
    group->path = path;
    group->hosts = map_in(groups->arena);
    map_put(groups, path, group);
    return group;
}

static json_t *site_matcher_sets(struct adapter *adapter, const struct site *site)
{
    struct arena scratch = ARENA_INIT;
    struct map groups = map_in(&scratch); /* path → struct host_group * */
    bool all_hosts = false;
    for (size_t i = 0; i < site->n_keys; i++) {
        struct site_address *key = &site->keys[i];
        struct host_group *group = group_of(&groups, key->path);
        if (key->host.len == 0 && !all_hosts) {
            group->hosts = map_in(&scratch);
            all_hosts = true;
        }
        if (!all_hosts && !map_find(&group->hosts, key->host))
            map_put(&group->hosts, key->host, key);
    }
    json_t *sets = document_array(adapter->document, site->n_keys ? site->keys[0].token : NULL);
    for (size_t i = 0; i < groups.n; i++) {
        json_t *set = host_group_set(adapter, groups.entries[i].value);
        if (json_object_size(set))
            document_add(adapter->document, sets, set);
    }
    arena_free(&scratch);
    return sets;
}

/* What the keys of a site mean for automatic HTTPS: hosts with http:// are left out of it. */
static void look_at_keys(struct adapter *adapter, struct server *server, const struct site *site)
{
    struct document *document = adapter->document;
    struct str http_port = adapter->http_port, https_port = adapter->https_port;
    bool other_ports = server_uses_other_port(server, http_port);
    bool has_tls = site->results[RESULT_TLS_CONNECTION_POLICY].n > 0;
    for (size_t i = 0; i < site->n_keys; i++) {
        const struct site_address *key = &site->keys[i];
        bool is_http = str_is(key->scheme, "http");
        bool is_skipped = map_find(&server->skipped, key->host) != NULL;
        if (other_ports && is_http && key->host.len && !is_skipped) {
            json_t *object = document_object_at(document, server->json, "automatic_https", NULL);
            document_add(document, document_array_at(document, object, "skip", key->token),
                         document_string(document, key->host, key->token));
            map_put(&server->skipped, key->host, server);
            is_skipped = true;
        }
        bool wants_tls = has_tls || (key->host.len && !is_skipped);
        if (str_is(key->scheme, "https") ||
            (!is_http && !str_eq(key->port, http_port) && wants_tls))
            server->qualifies_for_tls = true;
        server->policies_expected =
            server->policies_expected &&
            (str_eq(key->port, https_port) || (!str_eq(key->port, http_port) && key->host.len));
    }
}

/* An error block without statuses goes after those with; among equals Caddy's comparator says
 * "before" both ways. */
static bool error_comes_before(const void *left, const void *right, void *user)
{
    (void)user;
    const struct result *a = left, *b = right;
    json_t *first = json_array_get(json_object_get(a->value, "routes"), 0);
    json_t *second = json_array_get(json_object_get(b->value, "routes"), 0);
    return !(json_array_size(json_object_get(first, "match")) == 0 &&
             json_array_size(json_object_get(second, "match")) != 0);
}

static void add_error_routes(struct adapter *adapter, struct server *server,
                             const struct site *site, json_t *matcher_sets)
{
    struct document *document = adapter->document;
    struct results *results = &site->results[RESULT_ERROR_ROUTE];
    if (results->n == 0)
        return;
    json_t *errors = document_object_at(document, server->json, "errors", NULL);
    json_t *list = document_array_at(document, errors, "routes", NULL);
    json_t *subroute = document_object(document, NULL);
    json_t *routes = document_array_at(document, subroute, "routes", NULL);
    stable_sort(results->at, results->n, sizeof(*results->at), error_comes_before, NULL);
    for (size_t i = 0; i < results->n; i++) {
        json_t *own = json_object_get(results->at[i].value, "routes");
        for (size_t j = 0; j < json_array_size(own); j++)
            document_add(document, routes, json_array_get(own, j));
    }
    routes_append_site(adapter, list, subroute, matcher_sets, server->n_sites == 1);
}

static bool add_site(struct adapter *adapter, struct server *server, const struct site *site,
                     json_t *routes)
{
    json_t *matcher_sets = site_matcher_sets(adapter, site);
    bool ok = tls_site_policies(adapter, server, site);
    look_at_keys(adapter, server, site);
    json_t *subroute =
        routes_subroute(adapter, &site->results[RESULT_ROUTE], true, &adapter->group_counter);
    if (!subroute)
        return false;
    routes_append_site(adapter, routes, subroute, matcher_sets, server->n_sites == 1);
    add_error_routes(adapter, server, site, matcher_sets);
    server_logs_add_site(adapter, server, site);
    return ok;
}

/* A server speaks HTTP or HTTPS. */
struct scheme_check {
    struct adapter *adapter;
    const struct server *server;
    const struct site_address *http, *https; /* the first key of each kind */
};

static bool conflict(struct scheme_check *check, const struct site_address *key, bool is_http)
{
    const struct site_address *other = is_http ? check->https : check->http;
    struct diags *diags = check->adapter->diags;
    struct diag *diag =
        diag_token(diags, DIAG_SCHEME_CONFLICT, key->token,
                   "'" STR_FMT "' is served with %s, but " STR_FMT " speaks %s",
                   STR_ARG(key->original), is_http ? "HTTP" : "HTTPS",
                   STR_ARG(check->server->listeners[0].address), is_http ? "HTTPS" : "HTTP");
    diag_label(diags, diag, other->token->span, "because of this address");
    if (is_http && key->scheme.len == 0 && key->host.len == 0)
        diag_help(diags, diag, key->token->span,
                  str_printf(check->adapter->arena, "https://" STR_FMT, STR_ARG(key->original)),
                  "say that it is HTTPS");
    return false;
}

static bool note_scheme(struct scheme_check *check, const struct site_address *key, bool is_http)
{
    if (is_http ? check->https != NULL : check->http != NULL)
        return conflict(check, key, is_http);
    if (is_http && json_array_size(check->server->policies)) {
        diag_token(check->adapter->diags, DIAG_SCHEME_CONFLICT, key->token,
                   "'" STR_FMT "' is served with HTTP, but TLS is configured for it",
                   STR_ARG(key->original));
        return false;
    }
    if (is_http)
        check->http = key;
    else
        check->https = key;
    return true;
}

static bool check_schemes(struct adapter *adapter, const struct server *server)
{
    struct scheme_check check = {.adapter = adapter, .server = server};
    struct str http_port = adapter->http_port, https_port = adapter->https_port;
    bool ok = true;
    for (size_t i = 0; ok && i < server->n_sites; i++) {
        for (size_t j = 0; ok && j < server->sites[i].n_keys; j++) {
            const struct site_address *key = &server->sites[i].keys[j];
            if (str_is(key->scheme, "http") || str_eq(key->port, http_port))
                ok = note_scheme(&check, key, true);
            else if (str_is(key->scheme, "https") || str_eq(key->port, https_port) ||
                     json_array_size(server->policies))
                ok = note_scheme(&check, key, false);
            else if (key->host.len == 0)
                ok = note_scheme(&check, key, true);
        }
    }
    return ok;
}

static bool build_server(struct adapter *adapter, struct server *server)
{
    struct document *document = adapter->document;
    bool ok = check_ambiguous(adapter, server);
    server->json =
        document_object(document, server->n_sites ? server->sites[0].keys[0].token : NULL);
    server->skipped = map_in(adapter->arena);
    server->policies_expected = !adapter_auto_https(adapter, "off");
    add_listeners(adapter, server);
    add_automatic_https(adapter, server);
    stable_sort(server->sites, server->n_sites, sizeof(*server->sites), site_comes_before, NULL);
    server_logs_begin(adapter, server);
    ok = named_routes_attach(adapter, server) && ok;
    json_t *routes = document_array(document, NULL);
    for (size_t i = 0; i < server->n_sites; i++)
        ok = add_site(adapter, server, &server->sites[i], routes) && ok;
    server_logs_end(adapter, server);
    ok = ok && check_schemes(adapter, server) && tls_server_policies(adapter, server);
    json_t *automatic = json_object_get(server->json, "automatic_https");
    if (automatic)
        document_order(document, automatic, automatic_https_keys);
    if (json_array_size(routes))
        document_set(document, server->json, "routes", routes_consolidate(adapter, routes));
    if (json_array_size(server->policies))
        document_set(document, server->json, "tls_connection_policies", server->policies);
    return ok;
}

static json_t *options_for(struct adapter *adapter, const struct server *server)
{
    json_t *entries = adapter_global(adapter, "servers");
    for (size_t i = 0; i < json_array_size(entries); i++) {
        json_t *entry = json_array_get(entries, i), *address = json_object_get(entry, "address");
        if (document_is_empty(address))
            return entry;
        for (size_t j = 0; j < server->n_listeners; j++)
            if (str_is(server->listeners[j].address, json_string_value(address)))
                return entry;
    }
    return NULL;
}

static void merge(struct adapter *adapter, json_t *to, json_t *from)
{
    for (void *i = json_object_iter(from); i; i = json_object_iter_next(from, i))
        document_set(adapter->document, to, json_object_iter_key(i), json_object_iter_value(i));
}

static void apply_options(struct adapter *adapter, struct server *server)
{
    json_t *entry = options_for(adapter, server), *logs = json_object_get(entry, "logs");
    merge(adapter, server->json, json_object_get(entry, "server"));
    if (!logs)
        return;
    json_t *own = document_object_at(adapter->document, server->json, "logs", NULL);
    merge(adapter, own, logs);
    server_logs_order(adapter, own);
}

static bool check_names(struct adapter *adapter)
{
    json_t *entries = adapter_global(adapter, "servers");
    struct map names = map_in(adapter->arena);
    bool ok = true;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        json_t *entry = json_array_get(entries, i), *name = json_object_get(entry, "name");
        if (document_is_empty(name))
            continue;
        struct str text = str_make(json_string_value(name), json_string_length(name));
        if (map_find(&names, text)) {
            diag_token(adapter->diags, DIAG_DUPLICATE,
                       document_origin(adapter->document, entry, "name", name),
                       "two servers are named '" STR_FMT "'", STR_ARG(text));
            ok = false;
        }
        map_put(&names, text, NULL);
    }
    return ok;
}

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Puts the servers under their names, which `servers { name … }` may have changed: as in Caddy, one
 * that takes the name of another replaces it, and one that takes its own name goes. */
static void name_servers(struct adapter *adapter, struct servers *servers, json_t *json)
{
    struct map named = map_in(adapter->arena);
    for (size_t i = 0; i < servers->n; i++)
        map_put(&named, str_printf(adapter->arena, "srv%u", servers->at[i].number),
                servers->at[i].json);
    for (size_t i = 0; i < servers->n; i++) {
        json_t *name = json_object_get(options_for(adapter, &servers->at[i]), "name");
        struct str old = named.entries[i].key;
        if (document_is_empty(name))
            continue;
        map_put(&named, str_make(json_string_value(name), json_string_length(name)),
                map_get(&named, old));
        map_put(&named, old, NULL);
    }
    struct str *names = arena_array(adapter->arena, struct str, named.n + 1);
    for (size_t i = 0; i < named.n; i++)
        names[i] = named.entries[i].key;
    qsort(names, named.n, sizeof(*names), compare_texts);
    for (size_t i = 0; i < named.n; i++)
        document_set_str(adapter->document, json, names[i], map_get(&named, names[i]), NULL);
}

bool servers_build(struct adapter *adapter, struct servers *servers, json_t *json)
{
    bool ok = check_names(adapter);
    for (size_t i = 0; i < servers->n; i++) {
        ok = build_server(adapter, &servers->at[i]) && ok;
        apply_options(adapter, &servers->at[i]);
        document_order(adapter->document, servers->at[i].json, server_keys);
    }
    name_servers(adapter, servers, json);
    return ok;
}
