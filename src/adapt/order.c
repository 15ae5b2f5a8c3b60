/* The order of directives: a list that starts as the vocabulary's and that options change. */
#include "adapt/order.h"

#include "adapt/order_private.h"

struct order *order_new(struct arena *arena, const char *const *names)
{
    struct order *order = arena_new(arena, struct order);
    for (; names && *names; names++)
        vec_push(arena, &order->names, str_from(*names));
    return order;
}

ptrdiff_t adapter_order_find(const struct adapter *adapter, struct str name)
{
    const struct order *order = adapter->order;
    for (size_t i = 0; i < order->names.n; i++)
        if (str_eq(order->names.at[i], name))
            return (ptrdiff_t)i;
    return -1;
}

size_t adapter_order_count(const struct adapter *adapter)
{
    return adapter->order->names.n;
}

void adapter_order_remove(struct adapter *adapter, struct str name)
{
    struct order *order = adapter->order;
    ptrdiff_t at = adapter_order_find(adapter, name);
    if (at < 0)
        return;
    struct str *hole = &order->names.at[at];
    memmove(hole, hole + 1, (order->names.n - (size_t)at - 1) * sizeof(*hole));
    order->names.n--;
}

void adapter_order_insert(struct adapter *adapter, size_t position, struct str name)
{
    struct order *order = adapter->order;
    vec_push(adapter->arena, &order->names, name);
    struct str *place = &order->names.at[position];
    memmove(place + 1, place, (order->names.n - 1 - position) * sizeof(*place));
    *place = name;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

void order_widen(struct adapter *adapter, const char *const *before, const char *const *after)
{
    for (size_t i = 0; after && after[i]; i++) {
        if (is_listed(before, after[i]))
            continue;
        ptrdiff_t neighbour = i ? adapter_order_find(adapter, str_from(after[i - 1])) : -1;
        adapter_order_insert(adapter, (size_t)(neighbour + 1), str_from(after[i]));
    }
}
