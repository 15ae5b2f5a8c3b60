#ifndef DIALTONE_ACME_CHALLENGES_H
#define DIALTONE_ACME_CHALLENGES_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/str.h"

/* What authorities may ask of this machine right now, to see whether names are its own. One thread
 * puts answers in and takes them out, all others look. */
struct acme_challenges {
    pthread_mutex_t lock;
    atomic_uint n;
    struct acme_challenge *list; /* owned; under lock */
};

enum acme_challenge_kind {
    ACME_HTTP, /* HTTP-01 (RFC 8555 8.3): for a token, its key authorization */
    ACME_ALPN, /* TLS-ALPN-01 (RFC 8737): for a name, certificate and key in PEM */
};

void acme_challenges_init(struct acme_challenges *challenges);
void acme_challenges_free(struct acme_challenges *challenges);
/* Copies both texts; false where there is no memory. */
bool acme_challenges_put(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                         struct str name, struct str answer);
void acme_challenges_drop(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                          struct str name);

/* From any thread. Cheap while nothing is asked. */
static inline bool acme_challenges_are_open(struct acme_challenges *challenges)
{
    return atomic_load_explicit(&challenges->n, memory_order_relaxed) > 0;
}
/* The answer, in the arena; names are compared without case. */
bool acme_challenges_find(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                          struct str name, struct arena *arena, struct str *answer);

#endif
