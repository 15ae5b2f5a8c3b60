#ifndef DIALTONE_ADAPT_SERVERS_H
#define DIALTONE_ADAPT_SERVERS_H

#include "adapt/address.h"
#include "adapt/directive.h"
#include "base/map.h"

/* One site block, or the part of it whose keys are served by the same listeners: the results are
 * shared by all parts of one block, the keys are the part's own. */
struct site {
    const struct node *node;
    struct site_address *keys;
    size_t n_keys;
    struct results *results; /* [N_RESULT_CLASSES], in source order within a class */
    struct token_list invoked; /* names of the routes that the block invokes */
};

/* What a server listens on; no protocols means the default ones. */
struct server_listener {
    struct str address;
    struct str_list protocols;
};

/* A server in the making: Caddy's pairing of listeners with the sites they serve, and the JSON
 * that becomes of it. */
struct server {
    uint32_t number; /* srv<number> */
    struct server_listener *listeners;
    size_t n_listeners;
    struct site *sites; /* in the order they are tried once servers_build has run */
    size_t n_sites;
    json_t *json;

    /* TLS; kept by tls_policies.c but for <skipped> and <policies_expected>. */
    json_t *policies;           /* array of connection policy objects; NULL while there are none */
    void *policy_state;         /* whatever tls_policies.c remembers between its calls */
    bool has_catch_all_policy;  /* the policy added last has no matcher */
    struct map skipped;         /* the hosts in automatic_https.skip so far */
    bool qualifies_for_tls;     /* some address wants TLS */
    bool policies_expected;     /* automatic HTTPS will add policies by itself */
};

struct servers {
    struct server *at;
    size_t n;
};

/* Hosts of a site's keys, without duplicates, in key order. Empty where a key has no host. */
struct str_list site_hosts(struct arena *arena, const struct site *site);
/* For loggers: hostless keys are left out, ports other than 80 and 443 stay. */
struct str_list site_log_hosts(struct arena *arena, const struct site *site);
/* Hosts of the keys that are neither http:// nor on <http_port>. */
struct str_list site_hosts_not_http(struct arena *arena, const struct site *site,
                                    struct str http_port);
bool site_has_catch_all_key(const struct site *site);
bool site_is_all_http(const struct site *site);
/* Whether a listener of the server uses a port other than <port>. */
bool server_uses_other_port(const struct server *server, struct str port);

/* Groups sites by the listeners they are served on. False after a diagnostic. */
bool servers_pair(struct adapter *adapter, const struct site *sites, size_t n_sites,
                  struct servers *servers);
/* The JSON of every server: {"srv0": …}. False after a diagnostic. */
bool servers_build(struct adapter *adapter, struct servers *servers, json_t *json);

/* In tls_policies.c: the connection policies of one site of a server (called for every site in
 * turn, before its keys are looked at for <skipped> and <qualifies_for_tls>); then, after all of them,
 * shields, the catch-all policy and consolidation. False after a diagnostic. */
bool tls_site_policies(struct adapter *adapter, struct server *server, const struct site *site);
bool tls_server_policies(struct adapter *adapter, struct server *server);
/* In automation.c: the TLS app, or NULL in *app where nothing needs to be said. */
bool tls_app_build(struct adapter *adapter, const struct servers *servers, json_t **app);
/* In pki.c: likewise. */
bool pki_app_build(struct adapter *adapter, const struct servers *servers, json_t **app);

#endif
