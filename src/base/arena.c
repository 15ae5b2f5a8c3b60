/* Bump allocator: chunks double in size, so the cost of an allocation is an addition. Text is
 * packed without gaps. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    FIRST_CHUNK_BYTES = 4096,
    LARGEST_CHUNK_BYTES = 1 << 20,
    HUGE_PAGE_BYTES = 1 << 21,
    HUGE_FROM_BYTES = 1 << 24, /* of an arena: what is left over in a huge page is little then */
};

struct arena_chunk {
    struct arena_chunk *older, *newer;
    size_t size; /* of bytes[] */
    _Alignas(16) unsigned char bytes[];
};

static void (*on_exhaustion)(void);

void arena_on_exhaustion(void (*handler)(void))
{
    on_exhaustion = handler;
}

void arena_exhausted(void)
{
    if (on_exhaustion)
        on_exhaustion();
    fputs("dialtone: out of memory\n", stderr);
    abort();
}

static struct arena_chunk *chunk_resize(struct arena *arena, struct arena_chunk *chunk, size_t size)
{
    size_t before = chunk ? chunk->size : 0;
    size = (size + (ARENA_ALIGNMENT - 1)) & ~(size_t)(ARENA_ALIGNMENT - 1);
    chunk = size < SIZE_MAX / 2 ? realloc(chunk, sizeof(*chunk) + size) : NULL;
    if (!chunk)
        arena_exhausted();
    chunk->size = size;
    arena->total_bytes += size - before;
    return chunk;
}

/* Makes <chunk> the newest, which small blocks are taken from. */
static void open_chunk(struct arena *arena, struct arena_chunk *chunk)
{
    chunk->older = arena->chunk;
    chunk->newer = NULL;
    if (arena->chunk)
        arena->chunk->newer = chunk;
    arena->chunk = chunk;
    arena->at = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
}

static void *large_block(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = chunk_resize(arena, NULL, size), *newest = arena->chunk;
    if (!newest) {
        open_chunk(arena, chunk);
        arena->at = arena->end = chunk->bytes; /* all of it is taken */
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

/* Has the pages of a chunk made at once, which costs less than a fault for each of them. */
static void make_pages(struct arena_chunk *chunk)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = 4096, begin = ((uintptr_t)chunk + page - 1) & -page;
    uintptr_t end = (uintptr_t)(chunk->bytes + chunk->size) & -page;
    (void)madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
#else
    (void)chunk;
#endif
}

/* A chunk that is one huge page, if the system gives such: that is made much faster than as many
 * small ones. NULL where that is not to be had. */
static struct arena_chunk *huge_chunk(struct arena *arena)
{
#ifdef MADV_HUGEPAGE
    struct arena_chunk *chunk = aligned_alloc(HUGE_PAGE_BYTES, HUGE_PAGE_BYTES);
    if (!chunk)
        return NULL;
    (void)madvise(chunk, HUGE_PAGE_BYTES, MADV_HUGEPAGE);
    chunk->size = HUGE_PAGE_BYTES - sizeof(*chunk);
    arena->total_bytes += chunk->size;
    make_pages(chunk);
    return chunk;
#else
    return NULL;
#endif
}

void bytes_clear(void *block, size_t size)
{
    memset(block, 0, size);
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
    if (size >= ARENA_LARGE)
        return large_block(arena, size);
    struct arena_chunk *huge = arena->total_bytes >= HUGE_FROM_BYTES ? huge_chunk(arena) : NULL;
    if (huge) {
        open_chunk(arena, huge);
        arena->at += size;
        return huge->bytes;
    }
    size_t wanted = arena->chunk ? arena->chunk->size * 2 : FIRST_CHUNK_BYTES;
    if (wanted > LARGEST_CHUNK_BYTES)
        wanted = LARGEST_CHUNK_BYTES;
    open_chunk(arena, chunk_resize(arena, NULL, wanted < size ? size : wanted));
    if (wanted == LARGEST_CHUNK_BYTES)
        make_pages(arena->chunk);
    arena->at += size; /* <size> is not rounded: text has no gaps */
    return arena->chunk->bytes;
}

/* Lets the system move a large block, so that nothing is copied and nothing left behind. */
static void *large_grow(struct arena *arena, void *block, size_t bigger)
{
    struct arena_chunk *chunk =
        (void *)((unsigned char *)block - offsetof(struct arena_chunk, bytes));
    chunk = chunk_resize(arena, chunk, bigger);
    if (chunk->newer) {
        chunk->newer->older = chunk;
    } else {
        arena->chunk = chunk;
        arena->at = arena->end = chunk->bytes;
    }
    if (chunk->older)
        chunk->older->newer = chunk;
    return chunk->bytes;
}

static bool is_last(const struct arena *arena, const void *block, size_t size)
{
    return size && (const unsigned char *)block + size == arena->at;
}

void *arena_grow(struct arena *arena, void *block, size_t size, size_t bigger)
{
    if (size >= ARENA_LARGE)
        return large_grow(arena, block, bigger);
    if (is_last(arena, block, size) && bigger < ARENA_LARGE &&
        (size_t)(arena->end - arena->at) >= bigger - size) {
        arena->at += bigger - size;
        return block;
    }
    void *copy = arena_alloc(arena, bigger);
    if (size)
        memcpy(copy, block, size);
    return copy;
}

void arena_trim(struct arena *arena, void *block, size_t size, size_t smaller)
{
    if (size < ARENA_LARGE && is_last(arena, block, size))
        arena->at -= size - smaller;
}

void arena_release(struct arena *arena, void *block, size_t size)
{
    if (size < ARENA_LARGE)
        return;
    struct arena_chunk *chunk =
        (void *)((unsigned char *)block - offsetof(struct arena_chunk, bytes));
    if (!chunk->newer) /* it is the newest, from which the others hang */
        return;
    chunk->newer->older = chunk->older;
    if (chunk->older)
        chunk->older->newer = chunk->newer;
    arena->total_bytes -= chunk->size;
    free(chunk);
}

/* Memory for bytes, without a gap before them. */
static char *take_text(struct arena *arena, size_t size)
{
    if (size > (size_t)(arena->end - arena->at) || size >= ARENA_LARGE)
        return arena_alloc_slow(arena, size);
    char *text = (char *)arena->at;
    arena->at += size;
    return text;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = take_text(arena, len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    size_t room = (size_t)(arena->end - arena->at);
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf((char *)arena->at, room, format, args);
    va_end(args);
    if (len < 0)
        arena_exhausted();
    char *text = take_text(arena, (size_t)len + 1);
    if ((size_t)len >= room)
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
    if (!arena->chunk)
        return;
    chunks_free(arena->chunk->older);
    arena->chunk->older = NULL;
    arena->at = arena->chunk->bytes;
    arena->end = arena->chunk->bytes + arena->chunk->size;
    arena->total_bytes = arena->chunk->size;
}

void arena_free(struct arena *arena)
{
    chunks_free(arena->chunk);
    *arena = (struct arena)ARENA_INIT;
}
