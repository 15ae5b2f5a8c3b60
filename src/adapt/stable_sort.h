#ifndef DIALTONE_ADAPT_STABLE_SORT_H
#define DIALTONE_ADAPT_STABLE_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts as Go's sort.SliceStable does, comparison by comparison: Caddy gives it comparators that
 * are no proper order, and what comes out then depends on the algorithm. */
typedef bool sort_less_fn(const void *a, const void *b, void *user);
void stable_sort(void *base, size_t n, size_t width, sort_less_fn *less, void *user);

#endif
