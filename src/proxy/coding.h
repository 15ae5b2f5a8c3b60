#ifndef DIALTONE_PROXY_CODING_H
#define DIALTONE_PROXY_CODING_H

#include "proxy/transaction.h"

/* The codings that a client accepts of a list (numbers: enum dt_encoding, the best first), one after
 * the other: by the client's weights, then by the list's order. <*rank> begins as CODING_FIRST;
 * DT_ENCODING_NONE is the end. */
enum dt_encoding coding_next(const struct transaction *tx, struct dt_range list, unsigned *rank);
enum { CODING_FIRST = INT32_MAX };
/* Whether Cache-Control says no-transform; as Caddy, of the first such field only. */
bool coding_is_forbidden(const struct http_headers *headers);
/* "gzip" */
struct str coding_name(enum dt_encoding coding);

#endif
