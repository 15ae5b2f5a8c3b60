#ifndef DIALTONE_PROXY_ADMIN_H
#define DIALTONE_PROXY_ADMIN_H

struct core;
struct loop;

/* The endpoint through which a running proxy tells how it is and takes orders: HTTP over a unix
 * socket, whose permissions say who may. It runs in the main thread's loop. */
struct admin;

/* Takes over the listening socket; NULL, after a line in the log, where that cannot be. */
struct admin *admin_open(struct core *core, struct loop *loop, int fd);
/* Answers that are not out are sent as far as that goes at once. */
void admin_close(struct admin *admin);

/* --replace: asks the proxy behind this socket (NULL: the one whose number is in <pid_file>) to be
 * replaced, waits, and says how it went; the exit code. */
int admin_ask_to_replace(const char *name, const char *admin, const char *pid_file);

#endif
