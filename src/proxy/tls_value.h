#ifndef DIALTONE_PROXY_TLS_VALUE_H
#define DIALTONE_PROXY_TLS_VALUE_H

#include "proxy/transaction.h"

/* {http.request.tls.*}; empty where the request came without TLS. */
void tls_value(struct transaction *tx, const struct dt_part *part, struct str *out);

#endif
