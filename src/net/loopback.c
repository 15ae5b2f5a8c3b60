/* Connections within this host. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/address.h"
#include "net/net_private.h"

static bool is_loopback(const struct address *address)
{
    if (address->family == AF_INET)
        return ntohl(address->in.sin_addr.s_addr) >> 24 == 127;
    return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
}

void loopback_unpace(int fd, const struct sockaddr *end, socklen_t len)
{
    struct address address = address_from(end, len);
    if (is_loopback(&address)) /* in every kernel, and anybody may choose it */
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", sizeof("reno") - 1);
}
