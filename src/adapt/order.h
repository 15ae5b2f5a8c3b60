#ifndef DIALTONE_ADAPT_ORDER_H
#define DIALTONE_ADAPT_ORDER_H

#include <stddef.h>

#include "base/str.h"

struct adapter;

/* The order in which directives make routes: the vocabulary's, changed by the `order` option. */

/* Position of the directive; -1 where it has none. */
ptrdiff_t adapter_order_find(const struct adapter *adapter, struct str name);
/* Takes the directive out, where it is in. */
void adapter_order_remove(struct adapter *adapter, struct str name);
/* Puts it in at <position>, from 0 to the number of directives. */
void adapter_order_insert(struct adapter *adapter, size_t position, struct str name);
size_t adapter_order_count(const struct adapter *adapter);

#endif
