/* Bump allocator: chunks double in size, so the cost of an allocation is an addition. Text is
 * packed without gaps. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CHUNK_BYTES = 4096,
    LARGEST_CHUNK_BYTES = 1 << 20,
    LARGE_BLOCK_BYTES = 1 << 18, /* from here on a block has a chunk of its own, which can grow */
    ALIGNMENT = 8,
};

struct arena_chunk {
    struct arena_chunk *older, *newer;
    size_t size, used; /* of bytes[] */
    _Alignas(16) unsigned char bytes[];
};

static void *out_of_memory(void)
{
    fputs("dialtone: out of memory\n", stderr);
    abort();
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk =
        size < SIZE_MAX / 2 ? malloc(sizeof(*chunk) + size) : NULL;
    if (!chunk)
        return out_of_memory();
    *chunk = (struct arena_chunk){.size = size};
    return chunk;
}

/* The chunk that small blocks are taken from, with room for <size> bytes. */
static struct arena_chunk *chunk_for_small(struct arena *arena, size_t size)
{
    size_t wanted = arena->chunk ? arena->chunk->size * 2 : FIRST_CHUNK_BYTES;
    if (wanted > LARGEST_CHUNK_BYTES)
        wanted = LARGEST_CHUNK_BYTES;
    struct arena_chunk *chunk = chunk_new(wanted < size ? size : wanted);
    chunk->older = arena->chunk;
    if (arena->chunk)
        arena->chunk->newer = chunk;
    arena->chunk = chunk;
    return chunk;
}

static void *large_block(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = chunk_new(size), *newest = arena->chunk;
    chunk->used = size;
    if (!newest) {
        arena->chunk = chunk;
        return chunk->bytes;
    }
    /* behind the newest, which goes on serving small blocks */
    chunk->newer = newest;
    chunk->older = newest->older;
    newest->older = chunk;
    if (chunk->older)
        chunk->older->newer = chunk;
    return chunk->bytes;
}

static void *take(struct arena *arena, size_t size, size_t alignment)
{
    arena->total_bytes += size;
    if (size >= LARGE_BLOCK_BYTES)
        return large_block(arena, size);
    struct arena_chunk *chunk = arena->chunk;
    size_t begin = chunk ? (chunk->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!chunk || begin > chunk->size || chunk->size - begin < size) {
        chunk = chunk_for_small(arena, size);
        begin = 0;
    }
    chunk->used = begin + size;
    return chunk->bytes + begin;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return take(arena, size ? size : 1, ALIGNMENT);
}

/* Lets the system move a large block, so that nothing is copied and nothing left behind. */
static void *large_grow(struct arena *arena, void *block, size_t size, size_t bigger)
{
    struct arena_chunk *chunk =
        (void *)((unsigned char *)block - offsetof(struct arena_chunk, bytes));
    chunk = bigger < SIZE_MAX / 2 ? realloc(chunk, sizeof(*chunk) + bigger) : NULL;
    if (!chunk)
        return out_of_memory();
    chunk->size = chunk->used = bigger;
    if (chunk->newer)
        chunk->newer->older = chunk;
    else
        arena->chunk = chunk;
    if (chunk->older)
        chunk->older->newer = chunk;
    arena->total_bytes += bigger - size;
    return chunk->bytes;
}

static bool is_last(const struct arena_chunk *chunk, const void *block, size_t size)
{
    return size && (const unsigned char *)block + size == chunk->bytes + chunk->used;
}

void *arena_grow(struct arena *arena, void *block, size_t size, size_t bigger)
{
    if (size >= LARGE_BLOCK_BYTES)
        return large_grow(arena, block, size, bigger);
    struct arena_chunk *chunk = arena->chunk;
    if (is_last(chunk, block, size) && bigger < LARGE_BLOCK_BYTES && chunk->size - chunk->used >= bigger - size) {
        chunk->used += bigger - size;
        arena->total_bytes += bigger - size;
        return block;
    }
    void *copy = arena_alloc(arena, bigger);
    if (size)
        memcpy(copy, block, size);
    return copy;
}

void arena_trim(struct arena *arena, void *block, size_t size, size_t smaller)
{
    if (size >= LARGE_BLOCK_BYTES || !is_last(arena->chunk, block, size))
        return;
    arena->chunk->used -= size - smaller;
    arena->total_bytes -= size - smaller;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *at = arena_alloc(arena, size);
    memset(at, 0, size);
    return at;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = take(arena, len + 1, 1);
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
    char *text = take(arena, (size_t)len + 1, 1);
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
