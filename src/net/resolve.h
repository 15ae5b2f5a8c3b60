#ifndef DIALTONE_NET_RESOLVE_H
#define DIALTONE_NET_RESOLVE_H

#include "base/str.h"
#include "net/address.h"
#include "net/loop.h"

enum { RESOLVE_ADDRESSES = 16 };

/* The answer to one question; valid during the callback. */
struct resolved {
    struct address addresses[RESOLVE_ADDRESSES]; /* in getaddrinfo's order, with the port */
    unsigned n;
    int error; /* an EAI_ code, 0 where there are addresses */
};

struct resolution;

/* Asks the helper thread for the addresses of <host> (AF_UNSPEC, AF_INET or AF_INET6). <done> runs
 * in the loop's thread, never from within; the resolution is gone after it. NULL: the name is too
 * long. */
struct resolution *resolve_start(struct loop *loop, struct str host, uint16_t port, int family,
                                 void (*done)(void *ctx, const struct resolved *result),
                                 void *ctx);
/* The answer is not wanted any more. */
void resolve_cancel(struct resolution *resolution);

#endif
