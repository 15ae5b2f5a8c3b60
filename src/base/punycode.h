#ifndef DIALTONE_BASE_PUNYCODE_H
#define DIALTONE_BASE_PUNYCODE_H

#include "base/str.h"

struct arena;

/* A host name in ASCII: labels with other characters become "xn--" and their punycode (RFC 3492),
 * without any mapping before it. False where a label is no UTF-8. */
bool punycode_host(struct arena *arena, struct str host, struct str *ascii);

#endif
