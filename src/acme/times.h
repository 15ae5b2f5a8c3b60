#ifndef DIALTONE_ACME_TIMES_H
#define DIALTONE_ACME_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Times of JSON (RFC 3339), in nanoseconds since 1970. */

/* In UTC with all nine digits of the fraction, so that all are of one length. */
struct str acme_time_text(struct arena *arena, int64_t ns);
/* False for NULL, what is no time, and what is not after 1970 (Go's zero is of the year 1). */
bool acme_time_read(const char *text, int64_t *ns);

#endif
