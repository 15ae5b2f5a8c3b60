#ifndef DIALTONE_NET_INTERFACES_H
#define DIALTONE_NET_INTERFACES_H

#include "net/loop.h"

/* Tells when a network interface is deleted or taken down. The kernel keeps TCP connections to its
 * link-local addresses: they only stay silent until retransmissions give up, a quarter of an hour
 * later. Embed it; <gone> is set before. */
struct interface_watch {
    struct watch watch;
    struct loop *loop;
    /* <index> as in sin6_scope_id; 0: messages were lost, any interface may have gone. */
    void (*gone)(struct interface_watch *watch, unsigned index);
};

/* 0 or -errno (a sandbox without netlink: connections then end by their timeouts). */
int interface_watch_open(struct interface_watch *watch, struct loop *loop);
void interface_watch_close(struct interface_watch *watch);

#endif
