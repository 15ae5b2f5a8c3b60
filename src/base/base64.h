#ifndef DIALTONE_BASE_BASE64_H
#define DIALTONE_BASE_BASE64_H

#include "base/str.h"

struct arena;

/* RFC 4648, section 4, as Go reads it. */
enum base64_form {
    BASE64_PADDED, /* whole groups of four */
    BASE64_RAW,    /* no padding, and no bits left over at the end */
};
/* False where <text> is none; <out> then is not touched. */
bool base64_decode(struct arena *arena, struct str text, enum base64_form form, struct str *out);

#endif
