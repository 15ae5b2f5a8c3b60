#ifndef DIALTONE_NET_PROXY_HEADER_H
#define DIALTONE_NET_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/address.h"

/* The PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt): what a load balancer puts
 * in front of a connection to tell whose it is. No input or output here, only bytes. */

enum {
    PROXY_HEADER_FIXED_BYTES = 16,     /* of version 2: signature, command, family, length */
    PROXY_HEADER_LINE_BYTES = 107,     /* of version 1 at most, with its line end */
    PROXY_HEADER_PAYLOAD_BYTES = 4096, /* of version 2 at most: addresses and extensions; Caddy's */
    PROXY_HEADER_BYTES = PROXY_HEADER_FIXED_BYTES + PROXY_HEADER_PAYLOAD_BYTES,
    PROXY_HEADER_WRITTEN_BYTES = 128, /* of what proxy_header_write writes at most */
};

struct proxy_header {
    size_t len;    /* bytes that it takes */
    bool is_local; /* of the sender itself (health checks), or it does not tell: the addresses of the
                    * connection hold */
    struct address source, destination; /* AF_UNSPEC for those of unix sockets */
};

enum proxy_header_result {
    PROXY_HEADER_DONE,
    PROXY_HEADER_NONE,    /* it begins with something else */
    PROXY_HEADER_MAYBE,   /* more bytes will tell */
    PROXY_HEADER_PARTIAL, /* it is one, and not complete */
    PROXY_HEADER_BAD,     /* it is one, and malformed */
};

/* Looks for a header at the start of <input>, which has a byte behind it. Extensions (TLVs) are
 * skipped, and their checksum is not looked at: as in Caddy. */
enum proxy_header_result proxy_header_parse(struct str input, struct proxy_header *out);

/* Writes a header of <version> 1 or 2 that says so; its length. Addresses of different families go
 * out as IPv6. A <source> that is no IP address gives a header without addresses: "UNKNOWN", or the
 * command LOCAL. */
size_t proxy_header_write(int version, const struct address *source,
                          const struct address *destination,
                          char out[static PROXY_HEADER_WRITTEN_BYTES]);

/* Reads a line of version 1, complete with its line end (grammar/proxy_header.re). */
bool proxy_header_line(struct str line, struct proxy_header *out);

#endif
