#ifndef DIALTONE_DIRECTIVES_TLS_CA_POOLS_H
#define DIALTONE_DIRECTIVES_TLS_CA_POOLS_H

#include "adapt/directive.h"

/* Reads a pool of trusted certificate authorities (tls.ca_pool.source), on whose name the cursor
 * stands: {"provider": …, …} with sorted keys. NULL after a diagnostic. */
json_t *tls_ca_pool_take(struct scope *scope, struct cursor *in);
#endif
