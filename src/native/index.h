#ifndef DIALTONE_NATIVE_INDEX_H
#define DIALTONE_NATIVE_INDEX_H

#include <stdint.h>

struct lowering;

/* Builds the host index over the routes of a server that is in the tables already, where that
 * saves anything. */
void build_host_index(struct lowering *lo, uint32_t server);

#endif
