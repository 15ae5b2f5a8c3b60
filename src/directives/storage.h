#ifndef DIALTONE_DIRECTIVES_STORAGE_H
#define DIALTONE_DIRECTIVES_STORAGE_H

#include "adapt/directive.h"

/* Reads a storage module, on whose name the cursor stands: {"module": …, …} with sorted keys. NULL
 * after a diagnostic. */
json_t *storage_take(struct scope *scope, struct cursor *in);
#endif
