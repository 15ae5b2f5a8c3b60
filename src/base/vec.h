#ifndef DIALTONE_BASE_VEC_H
#define DIALTONE_BASE_VEC_H

#include "base/arena.h"

/* A growable array in an arena: `VEC(struct token) tokens = {0};`, elements at .at[0 .. .n - 1].
 * Growing moves the elements, so keep indices, not pointers, while it grows. */
#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t n, cap;                                                                             \
    }

/* Elements that a new array has room for: 64 bytes, but one at least. */
#define VEC_FIRST(at) (sizeof(*(at)) < 64 ? 64 / sizeof(*(at)) : 1)

#define vec_push(arena, vec, ...)                                                                  \
    do {                                                                                           \
        if ((vec)->n == (vec)->cap) {                                                              \
            size_t vec_size = (vec)->cap * sizeof(*(vec)->at);                                     \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : VEC_FIRST((vec)->at);                       \
            (vec)->at = arena_grow((arena), (vec)->at, vec_size, (vec)->cap * sizeof(*(vec)->at)); \
        }                                                                                          \
        (vec)->at[(vec)->n++] = (__VA_ARGS__);                                                     \
    } while (0)

#endif
