/* Bump allocator: chunks double in size, so the cost of an allocation is an addition. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK_BYTES = 4096, LARGEST_CHUNK_BYTES = 1 << 20, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size, used; /* of bytes[] */
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct arena_chunk *chunk_new(struct arena *arena, size_t at_least)
{
    size_t size = arena->chunk ? arena->chunk->size * 2 : FIRST_CHUNK_BYTES;
    if (size > LARGEST_CHUNK_BYTES)
        size = LARGEST_CHUNK_BYTES;
    if (size < at_least)
        size = at_least;
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (!chunk) {
        fputs("dialtone: out of memory\n", stderr);
        abort();
    }
    chunk->older = arena->chunk;
    chunk->size = size;
    chunk->used = 0;
    arena->chunk = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        abort();
    size_t rounded = (size + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    struct arena_chunk *chunk = arena->chunk;
    if (!chunk || chunk->size - chunk->used < rounded)
        chunk = chunk_new(arena, rounded);
    void *at = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->total_bytes += rounded;
    return at;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *at = arena_alloc(arena, size);
    memset(at, 0, size);
    return at;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        abort();
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void arena_reset(struct arena *arena)
{
    if (arena->chunk) {
        chunks_free(arena->chunk->older);
        arena->chunk->older = NULL;
        arena->chunk->used = 0;
    }
    arena->total_bytes = 0;
}

void arena_free(struct arena *arena)
{
    chunks_free(arena->chunk);
    arena->chunk = NULL;
    arena->total_bytes = 0;
}
