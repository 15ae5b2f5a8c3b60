/* Unsent bytes in chunks that threads keep for reuse. */
#include "net/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum { CHUNK_BYTES = 16 * 1024 - 32, KEPT_CHUNKS = 64 };

struct buffer_chunk {
    struct buffer_chunk *next;
    size_t begin, end;
    char bytes[CHUNK_BYTES];
};

static __thread struct buffer_chunk *free_chunks; /* owned */
static __thread unsigned n_free_chunks;

static struct buffer_chunk *chunk_take(void)
{
    struct buffer_chunk *chunk = free_chunks;
    if (chunk) {
        free_chunks = chunk->next;
        n_free_chunks--;
    } else {
        chunk = malloc(sizeof(*chunk));
        if (!chunk) {
            fputs("dialtone: out of memory\n", stderr);
            abort();
        }
    }
    chunk->next = NULL;
    chunk->begin = chunk->end = 0;
    return chunk;
}

static void chunk_give(struct buffer_chunk *chunk)
{
    if (n_free_chunks >= KEPT_CHUNKS) {
        free(chunk);
        return;
    }
    chunk->next = free_chunks;
    free_chunks = chunk;
    n_free_chunks++;
}

void buffer_add(struct buffer *buffer, const char *data, size_t len)
{
    buffer->len += len;
    while (len) {
        struct buffer_chunk *chunk = buffer->last;
        if (!chunk || chunk->end == CHUNK_BYTES) {
            chunk = chunk_take();
            if (buffer->last)
                buffer->last->next = chunk;
            else
                buffer->first = chunk;
            buffer->last = chunk;
        }
        size_t part = CHUNK_BYTES - chunk->end;
        if (part > len)
            part = len;
        memcpy(chunk->bytes + chunk->end, data, part);
        chunk->end += part;
        data += part;
        len -= part;
    }
}

int buffer_peek(const struct buffer *buffer, struct iovec *pieces, int max)
{
    int n = 0;
    for (struct buffer_chunk *chunk = buffer->first; chunk && n < max; chunk = chunk->next)
        pieces[n++] = (struct iovec){chunk->bytes + chunk->begin, chunk->end - chunk->begin};
    return n;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
    buffer->len -= len;
    while (buffer->first) {
        struct buffer_chunk *chunk = buffer->first;
        size_t have = chunk->end - chunk->begin;
        if (have > len) {
            chunk->begin += len;
            return;
        }
        len -= have;
        buffer->first = chunk->next;
        if (!buffer->first)
            buffer->last = NULL;
        chunk_give(chunk);
    }
}

void buffer_clear(struct buffer *buffer)
{
    buffer_consume(buffer, buffer->len);
}

void buffer_pool_free(void)
{
    while (free_chunks) {
        struct buffer_chunk *next = free_chunks->next;
        free(free_chunks);
        free_chunks = next;
    }
    n_free_chunks = 0;
}
