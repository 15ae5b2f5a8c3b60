#ifndef DIALTONE_ACME_MEMBER_H
#define DIALTONE_ACME_MEMBER_H

#include <jansson.h>

#include "base/arena.h"
#include "base/str.h"

/* A copy of the text of an object's member; .ptr NULL where there is none. */
struct str acme_member_text(struct arena *arena, const json_t *object, const char *name);

#endif
