/* Interfaces that go away, from the kernel's link messages (rtnetlink(7)). */
#include "net/interfaces.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net_private.h"

static void read_messages(struct interface_watch *watch, struct nlmsghdr *message, size_t len)
{
    for (; NLMSG_OK(message, len); message = NLMSG_NEXT(message, len)) {
        if (message->nlmsg_type != RTM_DELLINK && message->nlmsg_type != RTM_NEWLINK)
            continue;
        if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
            continue;
        const struct ifinfomsg *link = NLMSG_DATA(message);
        if (link->ifi_family == AF_UNSPEC &&
            (message->nlmsg_type == RTM_DELLINK || !(link->ifi_flags & IFF_UP)))
            watch->gone(watch, (unsigned)link->ifi_index);
    }
}

static void ready(struct watch *base, unsigned events)
{
    struct interface_watch *watch = CONTAINER_OF(base, struct interface_watch, watch);
    union {
        struct nlmsghdr header;
        char bytes[16 * 1024];
    } buffer;
    (void)events;
    for (;;) {
        ssize_t got = recv(base->fd, &buffer, sizeof(buffer), 0);
        if (got > 0)
            read_messages(watch, &buffer.header, (size_t)got);
        else if (got < 0 && errno == ENOBUFS)
            watch->gone(watch, 0);
        else if (got == 0 || errno != EINTR)
            return;
    }
}

int interface_watch_open(struct interface_watch *watch, struct loop *loop)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    watch->loop = loop;
    watch->watch.ready = ready;
    watch->watch.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (watch->watch.fd < 0)
        return -errno;
    int error = 0;
    if (bind(watch->watch.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        error = -errno;
    else
        error = loop_watch_level(loop, &watch->watch);
    if (error < 0)
        loop_close(loop, &watch->watch);
    return error;
}

void interface_watch_close(struct interface_watch *watch)
{
    if (watch->watch.fd >= 0)
        loop_close(watch->loop, &watch->watch);
}
