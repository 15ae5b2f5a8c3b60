#ifndef DIALTONE_DIRECTIVES_TLS_ISSUERS_H
#define DIALTONE_DIRECTIVES_TLS_ISSUERS_H

#include "adapt/directive.h"

/* Reads a certificate issuer (tls.issuance), on whose name the cursor stands. The object holds its
 * name under "module" and stays changeable: later passes fill defaults in and encode it. NULL after
 * a diagnostic. */
json_t *tls_issuer_take(struct scope *scope, struct cursor *in);
/* Reads preferred_chains, on whose name the cursor stands. NULL after a diagnostic. */
json_t *tls_preferred_chains_take(struct scope *scope, struct cursor *in);
/* Reads a DNS provider (dns.providers), on whose name the cursor stands. The standard build has
 * none: NULL after a diagnostic. */
json_t *tls_dns_provider_take(struct scope *scope, struct cursor *in);
/* The argument of propagation_timeout at the cursor: a duration, or -1 for no end. */
bool tls_propagation_timeout(struct cursor *in, int64_t *nanoseconds);

extern const struct option tls_preferred_chains_options[];

#endif
