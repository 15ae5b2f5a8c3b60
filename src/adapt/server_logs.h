#ifndef DIALTONE_ADAPT_SERVER_LOGS_H
#define DIALTONE_ADAPT_SERVER_LOGS_H

#include "json/value.h"

#include "adapt/servers.h"

struct adapter;

/* Which hosts of a server are logged by which logger: its "logs". Begin before the first site, then
 * add each, then end. */
void server_logs_begin(struct adapter *adapter, struct server *server);
void server_logs_add_site(struct adapter *adapter, struct server *server, const struct site *site);
void server_logs_end(struct adapter *adapter, struct server *server);
/* The keys of a "logs" object in Caddy's order. */
void server_logs_order(struct adapter *adapter, json_t *logs);

/* The "logging" of the whole configuration; NULL where nothing needs to be said. */
json_t *logging_build(struct adapter *adapter, const struct servers *servers);

#endif
