#ifndef DIALTONE_PROXY_SOCKETS_H
#define DIALTONE_PROXY_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/listen.h"

struct core;

/* The sockets of one address: one per worker where the kernel spreads connections over them
 * (SO_REUSEPORT), else one that workers share. The main thread's; workers have duplicates. */
struct socket_set {
    const char *address; /* as it stands in the tables; of the admin endpoint its path */
    int *fds;            /* in the core's arena */
    unsigned n;
    bool owns_path;      /* a unix socket's path goes with it */
    struct listen_file file;
};

/* Opens, or takes from what was handed over, what every listener and the admin endpoint needs;
 * false after saying what cannot be. */
bool sockets_open(struct core *core);
/* Calls <use> with a new duplicate of each socket by which <worker> serves the row of listeners,
 * until it gives less than 0; the last status, or -errno. */
int sockets_of_worker(struct core *core, uint32_t row, unsigned worker,
                      int (*use)(int fd, void *ctx), void *ctx);
/* The same for the admin endpoint: a duplicate, -1 where there is none, or -errno. */
int sockets_of_admin(struct core *core);
/* Closes them (not the duplicates). <leaves_paths>: a successor serves on. */
void sockets_close(struct core *core, bool leaves_paths);

#endif
