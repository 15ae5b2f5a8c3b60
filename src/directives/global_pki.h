#ifndef DIALTONE_DIRECTIVES_GLOBAL_PKI_H
#define DIALTONE_DIRECTIVES_GLOBAL_PKI_H

#include "adapt/options.h"

/* The global option `pki`: {id: authority, …} under "pki" of the globals; a repetition replaces. */
bool pki_option(struct scope *scope, struct cursor *in, const struct option *row, json_t *globals,
                void *state);
extern const struct option pki_options[];

#endif
