/* Nearest name by Damerau-Levenshtein distance (optimal string alignment). */
#include "base/suggest.h"

enum { LONGEST_NAME = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t distance(struct str a, struct str b)
{
    size_t rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = a.ptr[i - 1] != b.ptr[j - 1];
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[a.len % 3][b.len];
}

void suggest_try(struct suggestion *suggestion, struct str name)
{
    struct str wanted = suggestion->wanted;
    if (wanted.len == 0 || wanted.len > LONGEST_NAME || name.len > LONGEST_NAME)
        return;
    size_t longest = wanted.len > name.len ? wanted.len : name.len;
    size_t d = distance(wanted, name);
    if (d < suggestion->best_distance && d * 3 <= longest + 1) {
        suggestion->best_distance = d;
        suggestion->best = name;
    }
}
