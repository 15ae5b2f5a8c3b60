#ifndef DIALTONE_NET_CARES_H
#define DIALTONE_NET_CARES_H

#include <stdbool.h>

struct loop;
struct resolver;

/* A resolver by c-ares, on the loop's own sockets. <servers> are "192.0.2.1:53,[2001:db8::1]:53";
 * NULL: those of resolv.conf. NULL where it cannot be made. One thread opens those of all loops. */
struct resolver *cares_open(struct loop *loop, const char *servers, bool uses_tcp);

#endif
