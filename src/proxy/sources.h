#ifndef DIALTONE_PROXY_SOURCES_H
#define DIALTONE_PROXY_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct destination;
struct found_upstream;
struct http_pool;
struct proxying;
struct sources;
struct worker;

/* What one worker's look-ups have found, by row of sources. NULL where the tables have none. */
struct sources *sources_open(struct worker *worker);
void sources_close(struct sources *sources);

/* Puts the pool's candidates into the run: at once, or (false) later, when proxying_found tells. */
bool sources_find(struct proxying *proxying);
/* It does not wait any more. */
void sources_cancel(struct proxying *proxying);

/* An upstream that was found lives as long as an answer holds it, or a run. */
void found_hold(struct found_upstream *found);
void found_release(struct worker *worker, struct found_upstream *found);
/* Where it is; the texts are copied into the arena. */
bool found_resolve(const struct found_upstream *found, struct arena *arena,
                   struct destination *out, struct str *problem);
/* Its connections, once they are known; held by it. */
struct http_pool **found_connections(struct found_upstream *found);

#endif
