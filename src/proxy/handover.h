#ifndef DIALTONE_PROXY_HANDOVER_H
#define DIALTONE_PROXY_HANDOVER_H

#include <stdbool.h>
#include <sys/types.h>

struct core;
struct tls_tickets;

/* A listening socket that the process was started with. */
struct inherited_socket {
    int fd;
    const char *address; /* a predecessor's name for it; NULL: from a service manager */
    const char *name;    /* a service manager's (LISTEN_FDNAMES), or NULL */
    bool owns_path;      /* the path of a unix socket is to be removed at the end */
    bool is_used;
};

/* What a predecessor (--replace, SIGUSR2) or a service manager (LISTEN_FDS) handed over. */
struct handover {
    struct inherited_socket *sockets; /* in the core's arena */
    unsigned n;
    int channel; /* to the predecessor, which waits for handover_ready; -1 */
    bool has_predecessor;
    int tickets; /* a memory file with its keys of session tickets; -1 */
};

/* Takes it from the environment, where nobody finds it any more afterwards; false after saying
 * what is wrong with it. */
bool handover_take(struct core *core);
/* The predecessor's keys of session tickets, if it gave any; <tickets> NULL: they are thrown away. */
void handover_take_tickets(struct core *core, struct tls_tickets *tickets);
/* Closes what nothing listens on; a service manager's are named in the log. */
void handover_close_unused(struct core *core);
/* The predecessor may stop accepting now. */
void handover_ready(struct core *core);

/* A process that is to take our place. */
struct successor {
    pid_t pid;
    int channel; /* readable: it is ready, or (end of input) it failed; non-blocking */
};

/* Remembers how the process was started; before anything changes that. */
void handover_remember(struct core *core);
/* Runs the program again with all listening sockets and the keys of session tickets; 0 or -errno. Every loop must expect copies (see
 * loop_expect_copies) until the new process is ready or has ended. */
int successor_start(struct core *core, struct successor *successor);
/* What came over the channel: more than 0 where it is ready, 0 where that is not known yet, less
 * where it never will be. */
int successor_ask(struct successor *successor);
/* Ends it, if it still runs; returns its status as waitpid(2) gives it. */
int successor_end(struct successor *successor);

#endif
