#ifndef DIALTONE_DIRECTIVES_LOGGING_H
#define DIALTONE_DIRECTIVES_LOGGING_H

#include "adapt/options.h"

/* Reads `log [<name>] { ... }`, of a site or (<global>) of the global options, from a fresh cursor:
 * {"name"?, "log"?, "hostnames"?, "no_hostname"?}. "log" is left out where nothing is configured;
 * its keys stand in Caddy's order. NULL after a diagnostic. */
json_t *log_parse(struct scope *scope, struct cursor *in, bool global);

/* Rows of its block. */
extern const struct option log_options[];

#endif
