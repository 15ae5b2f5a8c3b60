#ifndef DIALTONE_NET_RESOLVE_H
#define DIALTONE_NET_RESOLVE_H

#include "base/str.h"
#include "net/address.h"
#include "net/loop.h"

enum { RESOLVE_ADDRESSES = 64, RESOLVE_SERVICES = 64, RESOLVE_NAME_BYTES = 256 };

/* The addresses of a name; valid during the callback. */
struct resolved {
    struct address addresses[RESOLVE_ADDRESSES]; /* best first, with the port */
    unsigned n;
    int error; /* an EAI_ code, 0 where there are addresses */
};
typedef void resolved_addresses(void *ctx, const struct resolved *result);

/* A row of SRV (RFC 2782). */
struct service {
    uint16_t priority, weight, port;
    char target[RESOLVE_NAME_BYTES]; /* without the last dot */
};

/* The services of a name; valid during the callback. */
struct services {
    struct service *at; /* as the server had them; the callback may sort them */
    unsigned n;
    int error; /* an EAI_ code, 0 where the name has services */
};
typedef void resolved_services(void *ctx, struct services *result);

/* A question that is being asked. It is gone once it was answered or cancelled. */
struct resolution {
    void (*cancel)(struct resolution *resolution);
};

/* Asks DNS servers of its own, in one thread; a library's work, in cares.c. No `done` comes from
 * within a call. NULL: the name is too long, or there is no memory. */
struct resolver {
    struct resolution *(*addresses)(struct resolver *resolver, struct str host, uint16_t port,
                                    int family, resolved_addresses *done, void *ctx);
    struct resolution *(*services)(struct resolver *resolver, struct str name,
                                   resolved_services *done, void *ctx);
    /* Questions that still run are never answered. */
    void (*close)(struct resolver *resolver);
};

/* Asks for the addresses of <host> (AF_UNSPEC, AF_INET or AF_INET6); without a resolver the helper
 * thread asks the system. <done> runs in the loop's thread, never from within. NULL: the name is
 * too long. */
struct resolution *resolve_start(struct loop *loop, struct resolver *resolver, struct str host,
                                 uint16_t port, int family, resolved_addresses *done, void *ctx);
/* The answer is not wanted any more. */
void resolve_cancel(struct resolution *resolution);

#endif
