#ifndef DIALTONE_NET_LISTEN_H
#define DIALTONE_NET_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timer.h"

enum listen_network { LISTEN_TCP, LISTEN_TCP4, LISTEN_TCP6, LISTEN_UNIX, LISTEN_FD };

/* Where to listen, as configured. */
struct listen_target {
    enum listen_network network;
    struct str host;  /* IP literal without brackets and zone, host name, empty for any; path */
    struct str zone;  /* interface name or number */
    uint16_t port;
    int fd;           /* LISTEN_FD */
    mode_t unix_mode; /* 0: 0200, as Caddy */
    /* TCP's probes of idle connections; 0 takes Caddy's defaults: 15 s, 15 s, 9. */
    int64_t keepalive_interval_ns; /* <0: no probes at all */
    int64_t keepalive_idle_ns;     /* <0: as the system has it */
    int keepalive_count;
};

struct accepted {
    int fd; /* non-blocking, close-on-exec; now the callback's */
    struct address peer;
};

/* A listening socket in one thread's loop; embed it. */
struct listener {
    struct watch watch;
    struct loop *loop;
    void (*accepted)(struct listener *listener, const struct accepted *connection);
    /* Asked before each accept; false makes it rest. NULL: always. */
    bool (*has_room)(struct listener *listener);
    struct timer rest; /* while there are no descriptors, or no room */
    bool is_unix;
};

/* A bound, listening socket, or -errno. Call it once per thread: TCP sockets share the port by
 * SO_REUSEPORT; of unix and inherited ones the caller hands dup()s to the other threads. */
int listen_open(const struct listen_target *target);
/* The file that listen_open has just made for a unix socket; no file: zeros. */
struct listen_file {
    dev_t device;
    ino_t inode;
};
struct listen_file listen_file_of(const struct listen_target *target);
/* Removes it, unless another socket has taken its place since. The socket must still be open. */
void listen_file_remove(const struct listen_target *target, const struct listen_file *file);
/* Whether <fd> is a listening socket that listen_open of <target> could have made. */
bool listen_matches(const struct listen_target *target, int fd);
/* Gives a listening socket that somebody else made the options of our own, where they can change. */
void listen_adopt(int fd, const struct listen_target *target);
/* Starts accepting in <loop>; 0 or -errno. Takes over <fd>. */
int listener_start(struct listener *listener, struct loop *loop, int fd);
/* Closes it; <leaves_queue>: somebody else accepts from the same socket, else what is queued is
 * accepted first. */
void listener_close(struct listener *listener, bool leaves_queue);
/* Accepts again at once, where it rests. */
void listener_wake(struct listener *listener);

#endif
