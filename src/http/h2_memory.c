/* Memory for nghttp2: blocks in sizes of powers of two that a thread keeps for the next session or
 * stream, so that a warm one asks the system for nothing. */
#include <stdlib.h>
#include <string.h>

#include "http/h2_private.h"

enum {
    SMALLEST_BITS = 5, /* 32 bytes */
    N_SIZES = 11,      /* up to 32 KiB; larger ones are the system's */
    KEPT_BYTES = 4 * 1024 * 1024,
};

/* Before each block; as large as the strictest alignment. */
struct block {
    struct block *next; /* while it is free */
    size_t size;        /* index of its size; N_SIZES: the system's */
    _Alignas(16) char bytes[];
};

static __thread struct block *free_blocks[N_SIZES]; /* owned */
static __thread size_t kept_bytes;

/* The address sanitizer sees what is used after it was freed, if it is freed. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_NOTHING 1
#elif defined(__has_feature)
#define KEEPS_NOTHING __has_feature(address_sanitizer)
#else
#define KEEPS_NOTHING 0
#endif

static struct block *block_of(void *bytes)
{
    return (struct block *)((char *)bytes - offsetof(struct block, bytes));
}

static size_t bytes_of(const struct block *block)
{
    return (size_t)1 << (block->size + SMALLEST_BITS);
}

static void *take(size_t bytes, void *unused)
{
    (void)unused;
    size_t size = 0;
    while (size < N_SIZES && bytes > (size_t)1 << (size + SMALLEST_BITS))
        size++;
    struct block *block = size < N_SIZES ? free_blocks[size] : NULL;
    if (block) {
        free_blocks[size] = block->next;
        kept_bytes -= bytes_of(block);
        return block->bytes;
    }
    block = malloc(sizeof(*block) + (size < N_SIZES ? (size_t)1 << (size + SMALLEST_BITS) : bytes));
    if (!block)
        return NULL;
    block->size = size;
    return block->bytes;
}

static void give(void *bytes, void *unused)
{
    (void)unused;
    if (!bytes)
        return;
    struct block *block = block_of(bytes);
    if (KEEPS_NOTHING || block->size == N_SIZES || kept_bytes + bytes_of(block) > KEPT_BYTES) {
        free(block);
        return;
    }
    kept_bytes += bytes_of(block);
    block->next = free_blocks[block->size];
    free_blocks[block->size] = block;
}

static void *take_zeroed(size_t n, size_t bytes, void *unused)
{
    if (bytes && n > SIZE_MAX / bytes)
        return NULL;
    void *fresh = take(n * bytes, unused);
    return fresh ? memset(fresh, 0, n * bytes) : NULL;
}

static void *enlarge(void *bytes, size_t more, void *unused)
{
    if (!bytes)
        return take(more, unused);
    struct block *block = block_of(bytes);
    if (block->size == N_SIZES) {
        struct block *moved = realloc(block, sizeof(*block) + more);
        return moved ? moved->bytes : NULL;
    }
    if (more <= bytes_of(block))
        return bytes;
    void *fresh = take(more, unused);
    if (!fresh)
        return NULL;
    memcpy(fresh, bytes, bytes_of(block));
    give(bytes, unused);
    return fresh;
}

nghttp2_mem h2_memory = {
    .malloc = take,
    .free = give,
    .calloc = take_zeroed,
    .realloc = enlarge,
};

void h2_memory_free(void)
{
    for (size_t size = 0; size < N_SIZES; size++) {
        while (free_blocks[size]) {
            struct block *block = free_blocks[size];
            free_blocks[size] = block->next;
            free(block);
        }
    }
    kept_bytes = 0;
}
