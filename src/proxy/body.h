#ifndef DIALTONE_PROXY_BODY_H
#define DIALTONE_PROXY_BODY_H

#include "proxy/transaction.h"

/* Bodies of requests that placeholders show: they are read as a whole before the handler or matcher
 * runs that has one. */

/* True where the body has to be read first; the transaction then is resumed when it is there, and
 * may be gone when this returns. */
bool body_wait(struct transaction *tx);
/* {http.request.body}: empty where a proxy has sent it, and what is wrong where it was too long. */
struct str body_text(const struct transaction *tx);
/* Whether it was too long to be read. */
bool body_is_too_long(const struct transaction *tx);

/* Events of a request whose body is being read here. */
void body_take(struct transaction *tx, struct str data);
void body_end(struct transaction *tx);

#endif
