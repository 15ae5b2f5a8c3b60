#ifndef DIALTONE_HTTP_ENCODINGS_H
#define DIALTONE_HTTP_ENCODINGS_H

#include <stdbool.h>

#include "base/str.h"

/* The weight (RFC 9110 12.4.2), in thousandths, that an Accept-Encoding value gives to a coding by
 * its name; 0 where it is not accepted. As in Caddy "*" names nothing. */
unsigned accepted_weight(struct str accept_encoding, struct str coding);

#endif
