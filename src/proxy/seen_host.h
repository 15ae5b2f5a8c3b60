#ifndef DIALTONE_PROXY_SEEN_HOST_H
#define DIALTONE_PROXY_SEEN_HOST_H

#include "base/str.h"
#include "dialtone/tables.h"

struct worker;

/* What follows from the text of a host alone, on one server. A worker remembers it of hosts that it
 * was asked for, since most requests ask for one of few. */
struct seen_host {
    const struct dt_server *server; /* NULL: nothing is remembered here */
    uint32_t len;                   /* of <text> */
    uint32_t name_at, name_len;     /* what is left of it without port and brackets */
    struct dt_range routes;         /* numbers: those of the server's host index, if it has one */
    const struct dt_matcher *fits;  /* a matcher of hosts that says yes to it; or NULL */
    char text[88];
};

/* Room for what is remembered; NULL where there is no memory. */
struct seen_host *seen_hosts_new(void);
/* What follows from <host>, remembered or found out now; until the next call. A <host> that is too
 * long to be remembered is an answer, too. */
struct seen_host *seen_host_find(struct worker *worker, const struct dt_server *server,
                                 struct str host);

#endif
