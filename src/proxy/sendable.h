#ifndef DIALTONE_PROXY_SENDABLE_H
#define DIALTONE_PROXY_SENDABLE_H

#include <stdbool.h>

#include "base/str.h"

/* What may stand in the head of a request or response, of texts that placeholders had a part in:
 * such a text can hold anything that a client writes escaped. As Go's net/http and httpguts. */

/* A method or the name of a field: a token of RFC 9110 5.6.2. */
bool sendable_token(struct str text);
/* The value of a field: without controls, but for tabs. */
bool sendable_value(struct str text);
/* A request target: without controls. */
bool sendable_target(struct str text);
/* A Host: the bytes that the host of a URI may have. */
bool sendable_host(struct str text);

#endif
