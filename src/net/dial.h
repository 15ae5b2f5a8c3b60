#ifndef DIALTONE_NET_DIAL_H
#define DIALTONE_NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timer.h"

struct resolver;

enum dial_network { DIAL_TCP, DIAL_TCP4, DIAL_TCP6, DIAL_UNIX };

/* Where to connect. Zones are looked up when dialing, never before: interfaces come and go. */
struct dial_target {
    enum dial_network network;
    struct str host; /* IP literal without brackets and zone, host name, or path ("@x": abstract) */
    struct str zone; /* interface name, or its number */
    uint16_t port;
};

/* How; zero is Caddy's way. */
struct dial_options {
    int64_t timeout_ns;        /* 0: 3 s */
    int64_t fallback_ns;       /* head start of the first family; 0: 300 ms, <0: no second one */
    int64_t probe_ns;          /* between TCP's keep-alive probes; 0: 30 s, <0: no probes */
    struct address local;      /* where it comes from; AF_UNSPEC: anywhere */
    struct str local_zone;     /* of a link-local one */
    struct resolver *resolver; /* for names; NULL: the system's */
};

enum dial_failure {
    DIAL_OK,
    DIAL_REFUSED,     /* connect failed; see error */
    DIAL_TIMEOUT,
    DIAL_NOT_FOUND,   /* the name has no address (of the family) */
    DIAL_NO_ZONE,     /* no such interface now */
    DIAL_BAD_ADDRESS, /* a literal of the wrong family, a path too long */
};

/* A connection attempt to the addresses of one family, one after the other. */
struct dial_attempt {
    struct watch watch;
    struct timer step; /* for the running address, so that the next one gets its share of time */
    struct dial *dial;
    unsigned next, end; /* in dial->addresses */
};

/* One connection being made; embed it. Host names are resolved in a helper thread; their addresses
 * are tried in order, both families at once after a while. */
struct dial {
    struct loop *loop;
    struct dial_target target; /* text borrowed until done */
    struct dial_options options;
    struct dial_attempt attempts[2];
    struct timer timeout, fallback;
    struct resolution *resolution; /* while a name is being looked up */
    struct address *addresses;     /* owned; those of the name, until done */
    int64_t deadline_ns;
    struct task finish;
    void *ctx; /* for the owner of the dial */
    struct address peer; /* where it connected */
    enum dial_failure failure;
    int error; /* errno of the last attempt; for DIAL_NOT_FOUND the EAI_ code */
    int fd;
    /* Exactly once, never from within dial_start. On DIAL_OK <fd> is connected, non-blocking,
     * TCP_NODELAY, and now the callback's. */
    void (*done)(struct dial *dial);
};

/* <done> and <ctx> are set before; everything else is set here. */
void dial_start(struct dial *dial, struct loop *loop, const struct dial_target *target,
                const struct dial_options *options);
/* Stops it; `done` does not come any more. */
void dial_cancel(struct dial *dial);
/* As Go writes it in errors: "tcp [fe80::1%eth0]:443", "unix /run/x.sock". */
struct str dial_target_text(const struct dial_target *target, char out[static 320]);
/* "connection refused", "no interface eth0", "no such host", "i/o timeout". */
struct str dial_failure_text(enum dial_failure failure, int error, char out[static 160]);

#endif
