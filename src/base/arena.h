#ifndef DIALTONE_BASE_ARENA_H
#define DIALTONE_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A bump allocator: everything taken from it lives until arena_free or arena_reset. Running out of
 * memory ends the program (see arena_on_exhaustion). Zero-initialise, or use ARENA_INIT; the first
 * allocation makes the first chunk. */
struct arena {
    struct arena_chunk *chunk; /* owned; newest first */
    unsigned char *at, *end;   /* what is free in the newest; <end> is aligned */
    size_t total_bytes;        /* of all chunks, for limits */
};

#define ARENA_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

enum {
    ARENA_ALIGNMENT = 8,
    ARENA_INLINE_CLEAR = 128, /* bytes */
    ARENA_LARGE = 1 << 18,    /* bytes: such a block has a chunk of its own, which can grow */
};

/* In arena.c: a large block, or one that the newest chunk has no room for. */
void *arena_alloc_slow(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));

/* Uninitialised memory, aligned for pointers and 64-bit numbers. A size of 0 gives a valid, unique
 * pointer. Here, because nothing is called more often. */
static inline __attribute__((malloc, alloc_size(2))) void *arena_alloc(struct arena *arena,
                                                                       size_t size)
{
    uintptr_t at = (uintptr_t)arena->at + ARENA_ALIGNMENT - 1;
    unsigned char *block = (unsigned char *)(at & -(uintptr_t)ARENA_ALIGNMENT);
    size += size == 0;
    /* a chunk's end is aligned, too, and never before <block> */
    if (size > (size_t)(arena->end - block) || size >= ARENA_LARGE)
        return arena_alloc_slow(arena, size);
    arena->at = block + size;
    return block;
}
/* Zeroes by the C library's memset. For a size that it knows a compiler would store words one by
 * one, which is slow for more than a few cache lines. */
void bytes_clear(void *block, size_t size);
/* As arena_alloc, zeroed. */
static inline __attribute__((malloc, alloc_size(2))) void *arena_zalloc(struct arena *arena,
                                                                        size_t size)
{
    void *block = arena_alloc(arena, size);
    if (size > ARENA_INLINE_CLEAR)
        bytes_clear(block, size);
    else
        memset(block, 0, size);
    return block;
}
/* The block of <size> bytes made larger, where it is if nothing was taken after it, else elsewhere.
 * The first may be NULL and 0. */
void *arena_grow(struct arena *arena, void *block, size_t size, size_t bigger);
/* Gives back what is behind the first <smaller> bytes, if nothing was taken after the block. */
void arena_trim(struct arena *arena, void *block, size_t size, size_t smaller);
/* Gives a large block back to the system; does nothing to others. */
void arena_release(struct arena *arena, void *block, size_t size);
/* A copy of <len> bytes with a NUL after them. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/* Formats into the arena; the result is NUL-terminated. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets every allocation but keeps the newest chunk for reuse. */
void arena_reset(struct arena *arena);
/* Gives everything back to the system; the arena may be used again. */
void arena_free(struct arena *arena);

/* What is called where there is no memory: it must not return. The default prints a line and
 * aborts. */
void arena_on_exhaustion(void (*handler)(void));
/* Ends the program as an allocation here would; for memory that is taken elsewhere. */
void arena_exhausted(void) __attribute__((noreturn, cold));

#define arena_new(arena, type)      ((type *)arena_zalloc((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_zalloc((arena), sizeof(type) * (size_t)(n)))

#endif
