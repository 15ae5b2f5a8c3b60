#ifndef DIALTONE_PROXY_ENVIRONMENT_H
#define DIALTONE_PROXY_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Proxies on the way that the process's environment names, as Go's net/http reads it: HTTP_PROXY,
 * HTTPS_PROXY and NO_PROXY, else the same in lower case. Texts are in the arena. */
struct environment {
    struct str plain, tls;               /* URLs of the proxies by the upstream's scheme; empty */
    struct environment_exception *except; /* where none is used: NO_PROXY */
    uint32_t n_except;
    bool excepts_all;
    bool is_cgi; /* HTTP_PROXY may be a client's header field "Proxy" */
};

/* <get>: getenv, or a test's. */
void environment_read(struct environment *out, struct arena *arena, char *(*get)(const char *name));
/* There is a proxy at all. */
static inline bool environment_has_proxies(const struct environment *environment)
{
    return environment->plain.len > 0 || environment->tls.len > 0;
}
/* A proxy is spoken to by TLS. */
bool environment_uses_tls(const struct environment *environment);
/* The proxy's URL on the way to an upstream; empty where there is none: never to this host itself.
 * <*problem> is left alone, or says why there can be no request at all. */
struct str environment_proxy(const struct environment *environment, bool is_tls, struct str host,
                             uint16_t port, struct str *problem);

#endif
