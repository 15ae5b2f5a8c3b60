#ifndef DIALTONE_DIRECTIVES_UPSTREAM_URL_H
#define DIALTONE_DIRECTIVES_UPSTREAM_URL_H

#include "base/str.h"

struct arena;

enum url_result { URL_OK, URL_BAD_PORT, URL_MALFORMED };

/* What Go's net/url makes of an upstream; nothing else of it matters to a proxy. */
struct upstream_url {
    struct str scheme; /* in lower case */
    struct str host;   /* without brackets, escapes undone */
    struct str port;
    bool has_more; /* a path, a query or a fragment */
};

/* Reads text that holds "://"; accepts and refuses what Go does. */
enum url_result upstream_url_read(struct arena *arena, struct str text, struct upstream_url *url);

#endif
