#ifndef DIALTONE_PROXY_FORWARD_H
#define DIALTONE_PROXY_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct core;
struct http_pool_config;

/* Puts the proxy at <url> before the upstream that <config> is for, whose host and host:port are
 * given; <transport> is its row. Texts are in the arena. False, and in <*problem> why, where that is
 * no URL of a proxy that can be used. */
bool forward_set(struct http_pool_config *config, struct str url, struct str host,
                 struct str hostport, const struct core *core, uint32_t transport,
                 struct arena *arena, struct str *problem);

#endif
