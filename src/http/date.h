#ifndef DIALTONE_HTTP_DATE_H
#define DIALTONE_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Dates of HTTP (RFC 9110 5.6.7). */

enum { HTTP_DATE_BYTES = 29 };
/* "Sun, 06 Nov 1994 08:49:37 GMT"; years beyond 9999 become 9999. */
void http_date_format(int64_t seconds, char out[HTTP_DATE_BYTES]);
/* Reads the three forms that senders may use: the one above, that of RFC 850, and asctime's. */
bool http_date_parse(struct str text, int64_t *seconds);

#endif
