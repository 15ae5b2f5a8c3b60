/* Functions of lists. */
#include "proxy/expression.h"

#include "base/arena.h"

static struct cel_value run_slice(struct expression_call *call)
{
    if (!expression_args_are(call, "lii"))
        return cel_no_overload();
    struct cel_value list = call->args[0];
    int64_t begin = call->args[1].i, end = call->args[2].i;
    if (begin < 0 || end < 0 || begin > end || (uint64_t)end > list.items.n)
        return cel_error(call->arena, "cannot slice(%lld, %lld), list is length %zu",
                         (long long)begin, (long long)end, list.items.n);
    return cel_list(list.items.at + begin, (size_t)(end - begin));
}

static struct cel_value run_distinct(struct expression_call *call)
{
    if (!expression_args_are(call, "l"))
        return cel_no_overload();
    struct cel_value list = call->args[0];
    struct cel_value *items = arena_array(call->arena, struct cel_value, list.items.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < list.items.n; i++) {
        size_t k = 0;
        while (k < n && !cel_equal(items[k], list.items.at[i], call->cost))
            k++;
        if (k == n)
            items[n++] = list.items.at[i];
    }
    return cel_list(items, n);
}

/* ---- flatten ---- */

static size_t count_flat(struct cel_value list, int64_t depth)
{
    size_t n = 0;
    for (size_t i = 0; i < list.items.n; i++)
        n += list.items.at[i].kind == CEL_LIST && depth > 0
                 ? count_flat(list.items.at[i], depth - 1)
                 : 1;
    return n;
}

static size_t add_flat(struct cel_value list, int64_t depth, struct cel_value *out, size_t n)
{
    for (size_t i = 0; i < list.items.n; i++)
        if (list.items.at[i].kind == CEL_LIST && depth > 0)
            n = add_flat(list.items.at[i], depth - 1, out, n);
        else
            out[n++] = list.items.at[i];
    return n;
}

static struct cel_value run_flatten(struct expression_call *call)
{
    if (!expression_args_are(call, "l") && !expression_args_are(call, "li"))
        return cel_no_overload();
    int64_t depth = call->n > 1 ? call->args[1].i : 1;
    if (depth < 0)
        return cel_error(call->arena, "level must be non-negative");
    struct cel_value *items =
        arena_array(call->arena, struct cel_value, count_flat(call->args[0], depth) + 1);
    return cel_list(items, add_flat(call->args[0], depth, items, 0));
}

/* ---- range ---- */

enum { MAX_RANGE = 100000 }; /* Caddy has no limit, and no memory for what is beyond it */

static struct cel_value run_range(struct expression_call *call)
{
    if (!expression_args_are(call, "i"))
        return cel_no_overload();
    int64_t n = call->args[0].i;
    if (n < 0 || n > MAX_RANGE)
        return cel_error(call->arena, "lists.range: %lld is no size of a list", (long long)n);
    struct cel_value *items = arena_array(call->arena, struct cel_value, n + 1);
    for (int64_t i = 0; i < n; i++)
        items[i] = cel_int(i);
    return cel_list(items, (size_t)n);
}

/* ---- sort ---- */

/* Sorts <order>, of which <n>, by merging; <spare> is as large. */
static void merge_sort(const struct cel_value *keys, size_t *order, size_t *spare, size_t n)
{
    if (n < 2)
        return;
    size_t half = n / 2, a = 0, b = half, at = 0;
    merge_sort(keys, order, spare, half);
    merge_sort(keys, order + half, spare, n - half);
    memcpy(spare, order, n * sizeof(*order));
    while (a < half || b < n)
        if (b >= n || (a < half && cel_compare(keys[spare[b]], keys[spare[a]]) != CEL_LESS))
            order[at++] = spare[a++];
        else
            order[at++] = spare[b++];
}

static bool can_be_sorted(enum cel_value_kind kind)
{
    return kind == CEL_INT || kind == CEL_UINT || kind == CEL_DOUBLE || kind == CEL_BOOL ||
           kind == CEL_DURATION || kind == CEL_TIMESTAMP || kind == CEL_STRING || kind == CEL_BYTES;
}

struct cel_value expression_sort(struct expression_call *call, struct cel_value list,
                                 struct cel_value keys)
{
    size_t n = list.items.n;
    if (n == 0)
        return list;
    if (!can_be_sorted(keys.items.at[0].kind))
        return cel_error(call->arena, "list elements must be comparable");
    size_t *order = arena_array(call->arena, size_t, 2 * n);
    struct cel_value *items = arena_array(call->arena, struct cel_value, n);
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
        /* cel-go looks at types only where there is something to compare */
        if (n > 1 && keys.items.at[i].kind != keys.items.at[0].kind)
            return cel_error(call->arena, "list elements must have the same type");
    }
    *call->cost += 8 * n;
    merge_sort(keys.items.at, order, order + n, n);
    for (size_t i = 0; i < n; i++)
        items[i] = list.items.at[order[i]];
    return cel_list(items, n);
}

static struct cel_value run_sort(struct expression_call *call)
{
    return expression_args_are(call, "l") ? expression_sort(call, call->args[0], call->args[0])
                                          : cel_no_overload();
}

/* ---- the table ---- */

const struct expression_function_row expression_lists[] = {
    {DT_FUNCTION_DISTINCT, run_distinct}, {DT_FUNCTION_FLATTEN, run_flatten},
    {DT_FUNCTION_RANGE, run_range},       {DT_FUNCTION_SLICE, run_slice},
    {DT_FUNCTION_SORT, run_sort},         {0},
};
