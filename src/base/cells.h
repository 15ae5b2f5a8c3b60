#ifndef DIALTONE_BASE_CELLS_H
#define DIALTONE_BASE_CELLS_H

#include <stdint.h>

/* How many cells of a terminal a printable code point takes: 0, 1 or 2. */
int cells_of(uint32_t rune);

#endif
