/* Insertion sort in runs of twenty, then symmetric merges in place (Kim and Kutzner's SymMerge), as
 * in Go's library. */
#include "adapt/stable_sort.h"

#include <string.h>

enum { RUN = 20 };

struct sort {
    char *base;
    size_t width;
    sort_less_fn *less;
    void *user;
};

static bool less(const struct sort *sort, size_t i, size_t j)
{
    return sort->less(sort->base + i * sort->width, sort->base + j * sort->width, sort->user);
}

static void swap(const struct sort *sort, size_t i, size_t j)
{
    char *a = sort->base + i * sort->width, *b = sort->base + j * sort->width;
    for (size_t k = 0, n; k < sort->width; k += n) {
        char part[64];
        n = sort->width - k < sizeof(part) ? sort->width - k : sizeof(part);
        memcpy(part, a + k, n);
        memcpy(a + k, b + k, n);
        memcpy(b + k, part, n);
    }
}

static void swap_ranges(const struct sort *sort, size_t a, size_t b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        swap(sort, a + i, b + i);
}

static void insertion_sort(const struct sort *sort, size_t begin, size_t end)
{
    for (size_t i = begin + 1; i < end; i++)
        for (size_t j = i; j > begin && less(sort, j, j - 1); j--)
            swap(sort, j, j - 1);
}

/* Exchanges [begin, middle) and [middle, end). */
static void rotate(const struct sort *sort, size_t begin, size_t middle, size_t end)
{
    size_t left = middle - begin, right = end - middle;
    while (left != right) {
        if (left > right) {
            swap_ranges(sort, middle - left, middle, right);
            left -= right;
        } else {
            swap_ranges(sort, middle - left, middle + right - left, left);
            right -= left;
        }
    }
    swap_ranges(sort, middle - left, middle, left);
}

/* The left run is one element: finds its place in the right one. */
static void merge_first(const struct sort *sort, size_t begin, size_t middle, size_t end)
{
    size_t low = middle, high = end;
    while (low < high) {
        size_t half = low + (high - low) / 2;
        if (less(sort, half, begin))
            low = half + 1;
        else
            high = half;
    }
    for (size_t k = begin; k + 1 < low; k++)
        swap(sort, k, k + 1);
}

/* The right run is one element. */
static void merge_last(const struct sort *sort, size_t begin, size_t middle)
{
    size_t low = begin, high = middle;
    while (low < high) {
        size_t half = low + (high - low) / 2;
        if (!less(sort, middle, half))
            low = half + 1;
        else
            high = half;
    }
    for (size_t k = middle; k > low; k--)
        swap(sort, k, k - 1);
}

static void merge(const struct sort *sort, size_t begin, size_t middle, size_t end)
{
    if (middle - begin == 1) {
        merge_first(sort, begin, middle, end);
        return;
    }
    if (end - middle == 1) {
        merge_last(sort, begin, middle);
        return;
    }
    size_t half = begin + (end - begin) / 2, sum = half + middle;
    size_t low = middle > half ? sum - end : begin, high = middle > half ? half : middle;
    while (low < high) {
        size_t at = low + (high - low) / 2;
        if (!less(sort, sum - 1 - at, at))
            low = at + 1;
        else
            high = at;
    }
    size_t cut = sum - low;
    if (low < middle && middle < cut)
        rotate(sort, low, middle, cut);
    if (begin < low && low < half)
        merge(sort, begin, low, half);
    if (half < cut && cut < end)
        merge(sort, half, cut, end);
}

void stable_sort(void *base, size_t n, size_t width, sort_less_fn *less_fn, void *user)
{
    struct sort sort = {.base = base, .width = width, .less = less_fn, .user = user};
    for (size_t begin = 0; begin < n; begin += RUN)
        insertion_sort(&sort, begin, begin + RUN < n ? begin + RUN : n);
    for (size_t run = RUN; run < n; run *= 2)
        for (size_t begin = 0; begin + run < n; begin += 2 * run)
            merge(&sort, begin, begin + run, begin + 2 * run < n ? begin + 2 * run : n);
}
