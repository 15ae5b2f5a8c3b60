#ifndef DIALTONE_ADAPT_NAMED_ROUTES_H
#define DIALTONE_ADAPT_NAMED_ROUTES_H

#include "adapt/servers.h"

struct node;

/* Reads a named route's block. False after a diagnostic. */
bool named_route_read(struct adapter *adapter, const struct node *node);
/* Gives a server the routes that its sites invoke, and those that these invoke. */
bool named_routes_attach(struct adapter *adapter, struct server *server);
/* Reports those of the invoked names, and of the names that these invoke, that are not defined. */
bool named_routes_check(struct adapter *adapter, struct token_list invoked);
/* The names that `invoke` has asked for since the last call. */
struct token_list adapter_take_invoked(struct adapter *adapter);

#endif
