#ifndef DIALTONE_PROXY_FORWARDED_H
#define DIALTONE_PROXY_FORWARDED_H

#include "proxy/proxying.h"

/* What a proxy tells the upstream of the client and of itself: X-Forwarded-* and Via. */

/* What earlier proxies said, taken out of the request's headers while they are copied. */
struct forwarded {
    struct strbuf addresses; /* in the request's arena */
    struct str first_address, proto, host;
    unsigned n_addresses;
};
/* Takes in one of the X-Forwarded-* fields. */
void forwarded_take(struct forwarded *forwarded, const struct http_header *header);
/* Adds our own, which go on with what a trusted proxy said, and Via. */
void forwarded_add(struct proxying *proxying, struct http_headers *headers,
                   const struct forwarded *forwarded);
/* What a worker keeps of the lines it adds; NULL where there is no memory. */
struct forwarded_lines **forwarded_kept_new(void);
void forwarded_kept_free(struct forwarded_lines **kept);
/* The client's address that they tell, without a zone. */
struct str forwarded_address(const struct forwarded_lines *lines);
/* The request that has these is over. */
void forwarded_release(struct forwarded_lines *lines);
/* Via alone, of a message in this version. */
void forwarded_add_via(struct http_headers *headers, enum http_version version);

#endif
