#ifndef DIALTONE_ADAPT_ORDER_PRIVATE_H
#define DIALTONE_ADAPT_ORDER_PRIVATE_H

#include "adapt/adapter.h"
#include "adapt/order.h"
#include "base/vec.h"

struct order {
    VEC(struct str) names;
};

struct order *order_new(struct arena *arena, const char *const *names);
/* Puts those of <after> that are not in <before> behind the same neighbours as there. */
void order_widen(struct adapter *adapter, const char *const *before, const char *const *after);

#endif
