#ifndef DIALTONE_DIRECTIVES_TLS_PEM_H
#define DIALTONE_DIRECTIVES_TLS_PEM_H

#include "base/str.h"

struct arena;

/* Takes the first PEM block off <text>: its type and its base64 body in one line, as Go's
 * encoding/pem reads it. False where there is no further block. */
bool tls_pem_next(struct arena *arena, struct str *text, struct str *type, struct str *base64);

#endif
