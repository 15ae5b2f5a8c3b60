#ifndef DIALTONE_DIRECTIVES_SERVER_OPTIONS_H
#define DIALTONE_DIRECTIVES_SERVER_OPTIONS_H

#include "adapt/options.h"

/* The global option `servers`: adds {"address"?, "name"?, "server", "logs"?} to the array under
 * "servers" of the globals, longest address first. */
bool servers_option(struct scope *scope, struct cursor *in, const struct option *row,
                    json_t *globals, void *state);

#endif
