#ifndef DIALTONE_BASE_VEC_H
#define DIALTONE_BASE_VEC_H

#include <string.h>

#include "base/arena.h"

/* A growable array in an arena: `VEC(struct token) tokens = {0};`, elements at .at[0 .. .n - 1].
 * Growing moves the elements, so keep indices, not pointers, while it grows. */
#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t n, cap;                                                                             \
    }

#define vec_push(arena, vec, ...)                                                                  \
    do {                                                                                           \
        if ((vec)->n == (vec)->cap) {                                                              \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                                          \
            void *vec_bigger = arena_alloc((arena), (vec)->cap * sizeof(*(vec)->at));              \
            if ((vec)->n)                                                                          \
                memcpy(vec_bigger, (vec)->at, (vec)->n * sizeof(*(vec)->at));                      \
            (vec)->at = vec_bigger;                                                                \
        }                                                                                          \
        (vec)->at[(vec)->n++] = (__VA_ARGS__);                                                     \
    } while (0)

#endif
