#ifndef DIALTONE_BASE_ARENA_H
#define DIALTONE_BASE_ARENA_H

#include <stddef.h>

/* A bump allocator: everything taken from it lives until arena_free or arena_reset. Running out of
 * memory aborts. Zero-initialise, or use ARENA_INIT; the first allocation makes the first chunk. */
struct arena {
    struct arena_chunk *chunk; /* owned; newest first */
    size_t total_bytes;        /* handed out so far, for limits */
};

#define ARENA_INIT {0}

/* Uninitialised memory, aligned for pointers and 64-bit numbers. A size of 0 gives a valid, unique
 * pointer. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* The same, zeroed. */
void *arena_zalloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* The block of <size> bytes made larger, where it is if nothing was taken after it, else elsewhere.
 * The first may be NULL and 0. */
void *arena_grow(struct arena *arena, void *block, size_t size, size_t bigger);
/* Gives back what is behind the first <smaller> bytes, if nothing was taken after the block. */
void arena_trim(struct arena *arena, void *block, size_t size, size_t smaller);
/* A copy of <len> bytes with a NUL after them. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/* Formats into the arena; the result is NUL-terminated. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets every allocation but keeps the newest chunk for reuse. */
void arena_reset(struct arena *arena);
/* Gives everything back to the system; the arena may be used again. */
void arena_free(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_zalloc((arena), sizeof(type) * (size_t)(n)))

#endif
