#ifndef DIALTONE_NATIVE_FEATURES_H
#define DIALTONE_NATIVE_FEATURES_H

#include "json/value.h"

struct lowering;

/* What the tables can say but not every proxy core can do: id, whether it can, in words. A row
 * turns to 1 in the commit that teaches the core. */
#define FEATURES(X)                                                                                \
    X(ACTIVE_HEALTH, 1, "active health checks")                                                    \
    X(HEALTH_REDIRECTS, 1, "health checks that follow redirects")                                  \
    X(PASSIVE_HEALTH, 1, "passive health checks")                                                  \
    X(RETRIES, 1, "retries")                                                                       \
    X(RETRY_MATCH, 1, "matchers for retries")                                                      \
    X(BUFFERS, 1, "buffering of whole bodies")                                                     \
    X(STREAM_TIMEOUT, 1, "a timeout for upgraded connections")                                     \
    X(STREAM_CLOSE_DELAY, 1, "a delay before upgraded connections are closed")                     \
    X(MAX_REQUESTS, 1, "limits for requests per upstream")                                         \
    X(PROXY_REWRITE, 1, "rewrites by a proxy")                                                     \
    X(VERBOSE_LOGS, 1, "verbose logs of a proxy")                                                  \
    X(TRANSPORT_TIMEOUTS, 1, "read and write timeouts of a transport")                             \
    X(FALLBACK_DELAY, 1, "a delay between address families of its own")                            \
    X(KEEPALIVE_PROBES, 1, "TCP keep-alive settings of its own")                                   \
    X(CLIENT_CERTIFICATE, 1, "client certificates for upstreams")                                  \
    X(RENEGOTIATION, 0, "TLS renegotiation")                                                       \
    X(PROXY_PROTOCOL, 1, "the PROXY protocol")                                                     \
    X(LOCAL_ADDRESS, 1, "a local address for upstream connections")                                \
    X(MAX_PER_HOST, 1, "a limit for connections per upstream")                                     \
    X(UPSTREAM_H2, 1, "HTTP/2 to upstreams")                                                       \
    X(UPSTREAM_H3, 0, "HTTP/3 to upstreams")                                                       \
    X(H2_ONLY, 1, "servers without HTTP/1.1")                                                      \
    X(H2C, 1, "HTTP/2 without TLS")                                                                \
    X(CLIENT_AUTH, 1, "client certificates")                                                       \
    X(FD_LISTENER, 1, "inherited sockets")                                                         \
    X(CERTIFICATE_PEM, 1, "certificates inside of the configuration")

#define X(id, is_there, words) FEATURE_##id,
enum feature { FEATURES(X) N_FEATURES };
#undef X

/* Reports, where <key> of the object stands, that the core cannot do what it asks for; silent where
 * it can. */
void need(struct lowering *lo, enum feature feature, const json_t *object, const char *key);

#endif
