/* Groups sites by the listeners they are served on: each key of a site has its listeners, and the
 * listeners with exactly the same keys of the same sites make one server. */
#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/servers.h"
#include "base/map.h"

/* One protocol of one listener, and the parts of sites that it serves. */
struct socket {
    struct str address, protocol; /* an empty protocol means the default ones */
    VEC(struct site) sites;
    bool is_taken; /* by a server */
    struct socket *next; /* behind it, one that may serve the same */
};

struct pairing {
    struct adapter *adapter;
    struct arena scratch; /* for one key at a time */
    struct map by_name; /* address NUL protocol → struct socket * */
    VEC(struct socket *) sockets;
    struct str http_port, https_port;
    json_t *everywhere; /* what no `bind` says */
};

/* A key while its listeners are looked for. */
struct place {
    const struct site_address *key;
    struct str port;
    struct map *listeners; /* address → struct map * of protocols */
};

/* Where the protocols of a listener go. Caddy looks for the key's text among the listeners, so of the
 * same listener twice only the last one's protocols count; and where the key's text is a listener's,
 * those after it are lost (NULL). With protocols Caddy would crash over that. */
static struct map *protocols_of(struct arena *arena, const struct place *place, struct str listener,
                                bool has_protocols)
{
    struct map *set = map_get(place->listeners, listener);
    if ((set || !has_protocols) &&
        map_find(place->listeners, site_address_text(arena, place->key)))
        return set;
    set = arena_new(arena, struct map);
    *set = map_in(arena);
    map_put(place->listeners, listener, set);
    return set;
}

/* Adds what one `bind` says: {"addresses": […], "protocols": […]}. */
static bool add_listeners(struct pairing *pairing, const struct place *place, const json_t *bind)
{
    struct adapter *adapter = pairing->adapter;
    struct arena *scratch = &pairing->scratch;
    json_t *addresses = json_object_get(bind, "addresses");
    json_t *protocols = json_object_get(bind, "protocols");
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        json_t *value = json_array_get(addresses, i);
        const struct token *token = document_origin(adapter->document, NULL, NULL, value);
        struct str text = str_make(json_string_value(value), json_string_length(value));
        struct str network, host, ignored;
        struct network_address address;
        const char *problem = network_address_split(scratch, text, &network, &host, &ignored);
        if (!problem)
            problem = network_address_parse(
                scratch, network_address_join(scratch, network, host, place->port), &address);
        if (problem) {
            diag_token(adapter->diags, DIAG_BAD_ADDRESS, token ? token : place->key->token,
                       "'" STR_FMT "' is not a listener address: %s", STR_ARG(text), problem);
            return false;
        }
        struct map *set = protocols_of(scratch, place, network_address_text(scratch, &address),
                                       json_array_size(protocols) > 0);
        for (size_t j = 0; j < json_array_size(protocols); j++) {
            json_t *protocol = json_array_get(protocols, j);
            map_put(set, str_make(json_string_value(protocol), json_string_length(protocol)), NULL);
        }
    }
    return true;
}

static bool bad_key(struct adapter *adapter, const struct site_address *key, const char *problem)
{
    diag_token(adapter->diags, DIAG_BAD_ADDRESS, key->token, "'" STR_FMT "': %s",
               STR_ARG(key->original), problem);
    return false;
}

/* The port of a key; empty after a diagnostic. */
static struct str port_of(struct pairing *pairing, const struct site_address *key)
{
    struct adapter *adapter = pairing->adapter;
    bool is_http = str_is(key->scheme, "http"), is_https = str_is(key->scheme, "https");
    const char *problem = NULL;
    if (str_is(key->scheme, "ws"))
        problem = "ws:// is for browsers: write http://";
    else if (str_is(key->scheme, "wss"))
        problem = "wss:// is for browsers: write https://";
    else if (key->scheme.len && !is_http && !is_https)
        problem = "the scheme of a site can be http:// or https://";
    struct str port = key->port.len ? key->port
                      : is_http     ? pairing->http_port
                                    : pairing->https_port;
    if (!problem && is_http && str_eq(port, pairing->https_port))
        problem = "http:// on the HTTPS port";
    if (!problem && is_https && str_eq(port, pairing->http_port))
        problem = "https:// on the HTTP port";
    if (!problem)
        return port;
    bad_key(adapter, key, problem);
    return STR("");
}

static bool key_listeners(struct pairing *pairing, const struct site *site,
                          const struct site_address *key, struct map *listeners)
{
    const struct results *binds = &site->results[RESULT_BIND];
    json_t *defaults = adapter_global(pairing->adapter, "default_bind");
    struct place place = {.key = key, .port = port_of(pairing, key), .listeners = listeners};
    if (place.port.len == 0)
        return false;
    bool ok = true;
    for (size_t i = 0; i < binds->n; i++)
        ok = add_listeners(pairing, &place, binds->at[i].value) && ok;
    if (binds->n)
        return ok;
    for (size_t i = 0; i < json_array_size(defaults); i++)
        ok = add_listeners(pairing, &place, json_array_get(defaults, i)) && ok;
    if (defaults)
        return ok;
    return add_listeners(pairing, &place, pairing->everywhere);
}

static struct socket *socket_of(struct pairing *pairing, struct str address, struct str protocol)
{
    struct arena *arena = pairing->adapter->arena;
    struct str name = STR_JOIN(&pairing->scratch, address, STR("\0"), protocol);
    struct socket *socket = map_get(&pairing->by_name, name);
    if (socket)
        return socket;
    socket = arena_new(arena, struct socket);
    socket->address = str_dup(arena, address);
    socket->protocol = protocol;
    map_put(&pairing->by_name, str_dup(arena, name), socket);
    vec_push(arena, &pairing->sockets, socket);
    return socket;
}

/* Adds a key to the part of its site that the socket serves. */
static void serve_key(struct pairing *pairing, struct socket *socket, const struct site *site,
                      const struct site_address *key)
{
    struct arena *arena = pairing->adapter->arena;
    struct site *part = socket->sites.n ? &socket->sites.at[socket->sites.n - 1] : NULL;
    if (!part || part->node != site->node) {
        struct site fresh = *site;
        fresh.n_keys = 0;
        vec_push(arena, &socket->sites, fresh);
        part = &socket->sites.at[socket->sites.n - 1];
    }
    /* The keys have room for a power of two of them. */
    if ((part->n_keys & (part->n_keys - 1)) == 0) {
        struct site_address *keys = arena_array(arena, struct site_address, part->n_keys * 2 + 1);
        if (part->n_keys)
            memcpy(keys, part->keys, part->n_keys * sizeof(*keys));
        part->keys = keys;
    }
    part->keys[part->n_keys++] = *key;
}

static bool pair_key(struct pairing *pairing, const struct site *site,
                     const struct site_address *key)
{
    arena_reset(&pairing->scratch);
    struct map listeners = map_in(&pairing->scratch);
    if (!key_listeners(pairing, site, key, &listeners))
        return false;
    for (size_t i = 0; i < listeners.n; i++) {
        const struct map *protocols = listeners.entries[i].value;
        struct str address = listeners.entries[i].key;
        if (protocols->n == 0)
            serve_key(pairing, socket_of(pairing, address, STR("")), site, key);
        for (size_t j = 0; j < protocols->n; j++)
            serve_key(pairing, socket_of(pairing, address, protocols->entries[j].key), site, key);
    }
    return true;
}

static int compare_sockets(const void *a, const void *b)
{
    const struct socket *left = *(struct socket *const *)a, *right = *(struct socket *const *)b;
    int order = str_compare(left->address, right->address);
    return order ? order : str_compare(left->protocol, right->protocol);
}

static bool serve_the_same(const struct socket *a, const struct socket *b)
{
    if (a->sites.n != b->sites.n)
        return false;
    for (size_t i = 0; i < a->sites.n; i++) {
        const struct site *left = &a->sites.at[i], *right = &b->sites.at[i];
        if (left->node != right->node || left->n_keys != right->n_keys)
            return false;
        for (size_t j = 0; j < left->n_keys; j++)
            if (left->keys[j].token != right->keys[j].token)
                return false;
    }
    return true;
}

/* Links each socket to the next that may serve the same. */
static void link_sockets(struct pairing *pairing)
{
    struct map latest = map_in(pairing->adapter->arena); /* hash → struct socket * */
    for (size_t i = 0; i < pairing->sockets.n; i++) {
        struct socket *socket = pairing->sockets.at[i];
        uint64_t hash = socket->sites.n;
        for (size_t j = 0; j < socket->sites.n; j++)
            for (size_t k = 0; k < socket->sites.at[j].n_keys; k++)
                hash = (hash + (uintptr_t)socket->sites.at[j].keys[k].token) * 0x9e3779b97f4a7c15u;
        struct str key = str_make((const char *)&hash, sizeof(hash));
        struct socket *before = map_put(&latest, str_dup(pairing->adapter->arena, key), socket);
        if (before)
            before->next = socket;
    }
}

/* Takes every socket that serves what <socket> does into one server. */
static struct server server_for(struct pairing *pairing, struct socket *socket)
{
    struct arena *arena = pairing->adapter->arena;
    VEC(struct server_listener) listeners = {0};
    struct server server = {.sites = socket->sites.at, .n_sites = socket->sites.n};
    for (struct socket *other = socket; other; other = other->next) {
        if (other->is_taken || !(other == socket || serve_the_same(socket, other)))
            continue;
        other->is_taken = true;
        if (!listeners.n || !str_eq(listeners.at[listeners.n - 1].address, other->address))
            vec_push(arena, &listeners, (struct server_listener){.address = other->address});
        struct str_list *protocols = &listeners.at[listeners.n - 1].protocols;
        struct str *more = arena_array(arena, struct str, protocols->n + 1);
        if (protocols->n)
            memcpy(more, protocols->at, protocols->n * sizeof(*more));
        more[protocols->n] = other->protocol;
        *protocols = (struct str_list){.at = more, .n = protocols->n + 1};
    }
    server.listeners = listeners.at;
    server.n_listeners = listeners.n;
    return server;
}

static void make_servers(struct pairing *pairing, struct servers *servers)
{
    VEC(struct server) list = {0};
    link_sockets(pairing);
    size_t n = pairing->sockets.n;
    for (size_t i = 0; i < n;) {
        /* The protocols of one listener that are free now; Caddy gives each of them a server, even
         * where the server of another of them took it. */
        VEC(struct socket *) free_ones = {0};
        size_t next = i;
        for (; next < n &&
               str_eq(pairing->sockets.at[next]->address, pairing->sockets.at[i]->address);
             next++)
            if (!pairing->sockets.at[next]->is_taken)
                vec_push(pairing->adapter->arena, &free_ones, pairing->sockets.at[next]);
        for (size_t j = 0; j < free_ones.n; j++) {
            struct server server = {0};
            if (!free_ones.at[j]->is_taken)
                server = server_for(pairing, free_ones.at[j]);
            server.number = (uint32_t)list.n;
            vec_push(pairing->adapter->arena, &list, server);
        }
        i = next;
    }
    servers->at = list.at;
    servers->n = list.n;
}

bool servers_pair(struct adapter *adapter, const struct site *sites, size_t n_sites,
                  struct servers *servers)
{
    struct pairing pairing = {.adapter = adapter,
                              .by_name = map_in(adapter->arena),
                              .http_port = adapter->http_port,
                              .https_port = adapter->https_port};
    struct document *document = adapter->document;
    bool ok = true;
    pairing.everywhere = document_object(document, NULL);
    document_add(document, document_array_at(document, pairing.everywhere, "addresses", NULL),
                 document_text(document, "", NULL));
    for (size_t i = 0; i < n_sites; i++)
        for (size_t j = 0; j < sites[i].n_keys; j++)
            ok = pair_key(&pairing, &sites[i], &sites[i].keys[j]) && ok;
    if (pairing.sockets.n)
        qsort(pairing.sockets.at, pairing.sockets.n, sizeof(*pairing.sockets.at), compare_sockets);
    make_servers(&pairing, servers);
    arena_free(&pairing.scratch);
    return ok;
}

/* Texts, each once and none empty. */
struct unique {
    struct arena *arena;
    VEC(struct str) list;
    struct map known; /* once there are many */
};

enum { MANY = 8 };

/* Whether the text came before; remembers it where there are many. */
static bool is_known(struct unique *unique, struct str text)
{
    if (unique->list.n < MANY) {
        for (size_t i = 0; i < unique->list.n; i++)
            if (str_eq(unique->list.at[i], text))
                return true;
        return false;
    }
    if (unique->known.n == 0) {
        unique->known = map_in(unique->arena);
        for (size_t i = 0; i < MANY; i++)
            map_put(&unique->known, unique->list.at[i], unique);
    }
    return map_put(&unique->known, text, unique) != NULL;
}

static void add_once(struct unique *unique, struct str text)
{
    if (text.len && !is_known(unique, text))
        vec_push(unique->arena, &unique->list, text);
}

static struct str_list as_list(const struct unique *unique)
{
    size_t width = sizeof(*unique->list.at);
    arena_trim(unique->arena, unique->list.at, unique->list.cap * width, unique->list.n * width);
    return (struct str_list){.at = unique->list.at, .n = unique->list.n};
}

struct str_list site_hosts(struct arena *arena, const struct site *site)
{
    struct unique hosts = {.arena = arena};
    if (!site_has_catch_all_key(site))
        for (size_t i = 0; i < site->n_keys; i++)
            add_once(&hosts, site->keys[i].host);
    return as_list(&hosts);
}

struct str_list site_log_hosts(struct arena *arena, const struct site *site)
{
    struct unique hosts = {.arena = arena};
    for (size_t i = 0; i < site->n_keys; i++) {
        const struct site_address *key = &site->keys[i];
        bool is_standard =
            key->port.len == 0 || str_is(key->port, "80") || str_is(key->port, "443");
        if (key->host.len)
            add_once(&hosts, is_standard
                                 ? key->host
                                 : network_address_join(arena, STR(""), key->host, key->port));
    }
    return as_list(&hosts);
}

struct str_list site_hosts_not_http(struct arena *arena, const struct site *site,
                                    struct str http_port)
{
    struct unique hosts = {.arena = arena};
    for (size_t i = 0; i < site->n_keys; i++)
        if (!str_is(site->keys[i].scheme, "http") && !str_eq(site->keys[i].port, http_port))
            add_once(&hosts, site->keys[i].host);
    return as_list(&hosts);
}

bool site_has_catch_all_key(const struct site *site)
{
    for (size_t i = 0; i < site->n_keys; i++)
        if (site->keys[i].host.len == 0)
            return true;
    return false;
}

bool site_is_all_http(const struct site *site)
{
    for (size_t i = 0; i < site->n_keys; i++)
        if (!str_is(site->keys[i].scheme, "http"))
            return false;
    return true;
}

bool server_uses_other_port(const struct server *server, struct str port)
{
    struct arena scratch = ARENA_INIT;
    bool other = false;
    struct str digits = str_trim_prefix(port, STR("-"));
    for (size_t i = 0; i < server->n_listeners && !other; i++) {
        struct network_address address;
        if (network_address_parse(&scratch, server->listeners[i].address, &address))
            continue;
        uint64_t wanted = 0;
        for (size_t j = 0; j < digits.len; j++)
            wanted = wanted * 10 + (uint64_t)(digits.ptr[j] - '0');
        other = digits.len < port.len || wanted > address.end_port || wanted < address.start_port;
    }
    arena_free(&scratch);
    return other;
}
