#ifndef DIALTONE_NET_ADDRESS_H
#define DIALTONE_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"

/* The address of one end of a connection, small enough to live in every connection. IPv4 peers of a
 * dual-stack socket are unmapped. Unix peers have no text of their own: they read "@". */
struct address {
    union {
        sa_family_t family; /* AF_UNSPEC: not known; AF_UNIX: nothing more is kept */
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
};

enum { ADDRESS_TEXT_BYTES = 80 };

/* From the kernel's form; unmaps ::ffff:a.b.c.d. */
struct address address_from(const struct sockaddr *sa, socklen_t len);
/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0" (the interface's name, its number where it has none),
 * "@"; returns the length written into <out>. */
size_t address_host(const struct address *address, bool with_zone, char out[ADDRESS_TEXT_BYTES]);
/* "192.0.2.1:80", "[fe80::1%eth0]:80", "@". */
size_t address_text(const struct address *address, char out[ADDRESS_TEXT_BYTES]);
uint16_t address_port(const struct address *address);
/* The index of the interface with this name, else of this number; 0 where there is none now. */
unsigned address_zone_index(struct str zone);
/* Reads an IP literal without brackets and zone: false where it is none. The port is 0. */
bool address_parse(struct str text, struct address *out);

#endif
