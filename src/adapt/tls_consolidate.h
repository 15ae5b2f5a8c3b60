#ifndef DIALTONE_ADAPT_TLS_CONSOLIDATE_H
#define DIALTONE_ADAPT_TLS_CONSOLIDATE_H

#include "base/vec.h"
#include "json/value.h"

struct adapter;

typedef VEC(json_t *) tls_policies;

/* The array of the names that a TLS connection policy is for; NULL where it names none. */
json_t *tls_policy_names(const json_t *policy);
/* Puts policies without a matcher last and unites those that say the same or are for the same
 * names, as Caddy does. False after a diagnostic. */
bool tls_policies_consolidate(struct adapter *adapter, tls_policies *policies);

#endif
