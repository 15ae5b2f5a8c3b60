#ifndef DIALTONE_PROXY_MEDIA_TYPE_H
#define DIALTONE_PROXY_MEDIA_TYPE_H

#include "base/map.h"

/* Media types by file name: the ones that Go knows, then the system's own list. */

/* Reads the list; once, before there are requests. */
void media_types_load(struct map *types);
/* Of a file name; empty where its extension is not known. */
struct str media_type_of(const struct map *types, struct str file, struct arena *arena);

#endif
