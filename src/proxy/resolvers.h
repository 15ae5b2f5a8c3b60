#ifndef DIALTONE_PROXY_RESOLVERS_H
#define DIALTONE_PROXY_RESOLVERS_H

#include <stdbool.h>

struct worker;

/* The worker's resolvers, of all rows and (where services are looked up) the system's; false after
 * saying why. In the main thread. */
bool resolvers_open(struct worker *worker);
/* In the worker's. */
void resolvers_close(struct worker *worker);

#endif
