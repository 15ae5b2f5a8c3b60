#ifndef DIALTONE_HTTP_RANGE_H
#define DIALTONE_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Range requests and entity tags (RFC 9110 8.8.3 and 14), as Go's net/http reads them. */

struct byte_range {
    int64_t start, len;
};

enum range_result {
    RANGES_FINE,       /* maybe none */
    RANGES_MALFORMED,
    RANGES_OUTSIDE,    /* all begin behind the end */
};
/* What "bytes=0-9, -5" asks of <size> bytes; the array is in the arena. */
enum range_result ranges_parse(struct str text, int64_t size, struct arena *arena,
                               struct byte_range **ranges, uint32_t *n);

/* Takes the entity tag off the begin of <*text>; empty where none is there. */
struct str etag_next(struct str *text);
bool etag_equals_strongly(struct str a, struct str b);
/* Whether one of the tags of a list, or "*", is <etag>. */
bool etag_list_has(struct str list, struct str etag, bool weakly);

#endif
