#ifndef DIALTONE_PROXY_ROUTER_H
#define DIALTONE_PROXY_ROUTER_H

#include "proxy/transaction.h"

/* Begins with the server's routes. */
void router_start(struct transaction *tx);
/* Runs routes and handlers, and error routes where one fails, until the request is taken. The
 * transaction may be gone when it returns. */
void router_run(struct transaction *tx, enum step step);
/* Runs routes before what comes next. */
void router_enter_routes(struct transaction *tx, struct dt_range routes);
/* Runs routes and nothing after them: at their end response_resume is called. */
void router_only(struct transaction *tx, struct dt_range routes);
/* Runs the routes of a subroute before what comes next. */
void router_enter(struct transaction *tx, const struct dt_subroute *subroute);

#endif
