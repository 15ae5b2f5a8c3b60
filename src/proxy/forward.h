#ifndef DIALTONE_PROXY_FORWARD_H
#define DIALTONE_PROXY_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct core;
struct dial_target;
struct dt_transport;
struct http_pool_config;
struct https_way;

/* The URL of the proxy that the environment names on the way to an upstream of this transport; empty:
 * none. <*problem> is left alone, or says why there can be no connection. */
struct str forward_by_environment(const struct core *core, const struct dt_transport *transport,
                                  const struct dial_target *target, bool is_tls,
                                  struct str *problem);
/* Puts the proxy at <url> before the upstream that <config> is for, whose host and host:port are
 * given; <transport> is its row. Texts are in the arena. False, and in <*problem> why, where that is
 * no URL of a proxy that can be used. */
bool forward_set(struct http_pool_config *config, struct str url, struct str host,
                 struct str hostport, const struct core *core, uint32_t transport,
                 struct arena *arena, struct str *problem);
/* The way to an authority of certificates, as https_find_way. */
bool forward_way(const struct core *core, struct str host, uint16_t port, struct arena *arena,
                 struct https_way *out, struct str *problem);

#endif
