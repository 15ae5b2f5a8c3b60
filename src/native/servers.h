#ifndef DIALTONE_NATIVE_SERVERS_H
#define DIALTONE_NATIVE_SERVERS_H

/* Servers on their way into the tables: what Caddy's automatic HTTPS adds to them is decided on
 * these before any route is lowered. */
#include "json/value.h"

#include "base/str.h"
#include "base/vec.h"
#include "dialtone/tables.h"
#include "native/network.h"

struct lowering;
struct token;

/* An address to listen on, with all its ports. */
struct bound_address {
    struct network_address parsed;
    const struct token *origin;
    uint8_t protocols; /* enum dt_protocols, or'ed; 0: the server's */
};

/* A host name of a server, as its routes match it. */
struct named_host {
    struct str name;
    const struct token *origin;
    bool ignores_loaded; /* gets a certificate whatever is loaded for it */
};

/* A route that answers with a redirect to HTTPS. */
struct redirect {
    VEC(struct named_host) hosts; /* none: every host */
    uint16_t port;                /* 0: not named in the Location */
    const struct token *origin;
};

/* One of a server's routes: from the JSON, or made. */
struct server_route {
    const json_t *json;
    const struct redirect *redirect;
};

struct lowered_server {
    struct str name;
    const json_t *json; /* NULL for the server that only redirects */
    const struct token *origin;
    struct dt_server row;
    const json_t *listen, *policies, *automatic, *errors, *logs, *protocols;
    VEC(struct bound_address) addresses;
    VEC(struct server_route) routes;
    VEC(struct named_host) domains; /* that qualify for automatic HTTPS */
    bool is_automatic_off, has_no_redirects, has_no_certificates, ignores_loaded;
    bool has_own_policy; /* the empty connection policy is added at the end */
};

struct lowered_servers {
    VEC(struct lowered_server) list; /* sorted by name */
    VEC(struct named_host) managed;  /* names that need certificates, each once */
    bool has_active;                 /* some server has automatic HTTPS */
};

/* Caddy's automatic HTTPS: adds policies, names to manage, redirect routes and servers. */
void apply_automatic_https(struct lowering *lo, struct lowered_servers *servers);

/* Whether a certificate that is loaded from files or the configuration serves the name. */
bool has_loaded_certificate(struct lowering *lo, const json_t *policies, struct str name);
/* Certificates of the local CA for the names that can have one; errors for the others. */
void lower_managed_names(struct lowering *lo, const struct named_host *names, size_t n);
/* certmagic's SubjectQualifiesForCert. */
bool name_qualifies(struct str name);

#endif
