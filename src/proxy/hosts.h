#ifndef DIALTONE_PROXY_HOSTS_H
#define DIALTONE_PROXY_HOSTS_H

#include <stdint.h>

#include "base/str.h"

struct hosts;
struct upstream_state;

/* The counters of upstreams that were found, one for each dial string, for all threads. They stay
 * for an hour after their last use. */
struct hosts *hosts_new(void);
void hosts_free(struct hosts *hosts);
/* From any thread; to be given back. NULL where there are too many. */
struct upstream_state *hosts_take(struct hosts *hosts, struct str dial, int64_t now_ns);
/* Once more, for another holder. */
void hosts_hold(struct upstream_state *state);
void hosts_release(struct upstream_state *state, int64_t now_ns);

#endif
