#ifndef DIALTONE_ACME_LOCK_H
#define DIALTONE_ACME_LOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Locks of a storage that several processes share, on one machine or more, as certmagic has them
 * (its FileStorage): ROOT/locks/NAME.lock is there while somebody has the lock, and says when it
 * was taken and when its owner was last seen alive, every five seconds; ten seconds after that it
 * is nobody's. What a crash or a full disk leaves (an empty file, or no JSON) is judged by the
 * file's age, a time that has not come yet by whether it changes. */

/* The wait of a lock that somebody else has; zero it once. */
struct acme_lock_wait {
    char seen[128]; /* how the file began when it last changed */
    size_t seen_len;
    int64_t since_ms; /* on the monotonic clock; 0: not looked at yet */
};

enum acme_lock_state {
    ACME_LOCK_FAILED, /* <error> says why */
    ACME_LOCK_TAKEN,
    ACME_LOCK_BUSY, /* somebody else has it; to be asked again in a second */
};

struct acme_lock;

/* Without waiting. The lock is kept fresh by a thread of its own until acme_lock_release. */
enum acme_lock_state acme_lock_take(struct arena *arena, struct str root, struct str name,
                                    struct acme_lock_wait *wait, struct acme_lock **lock,
                                    struct str *error);
void acme_lock_release(struct acme_lock *lock);

#endif
