#ifndef DIALTONE_DIRECTIVES_BIND_H
#define DIALTONE_DIRECTIVES_BIND_H

#include "adapt/directive.h"

/* The bind directive. */
bool bind_adapt(struct scope *scope);
/* Reads the words and the block of `bind` or `default_bind`, on whose name the cursor stands:
 * {"addresses": […], "protocols"?: […]}. Without a word there are no addresses. NULL after a
 * diagnostic. */
json_t *bind_take(struct scope *scope, struct cursor *in);
extern const struct option bind_options[];

#endif
