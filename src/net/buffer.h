#ifndef DIALTONE_NET_BUFFER_H
#define DIALTONE_NET_BUFFER_H

#include <stddef.h>

#include "base/str.h"

struct iovec;

/* Bytes that could not be sent yet: a chain of chunks from a per-thread free list. Empty costs two
 * words and no memory. */
struct buffer {
    struct buffer_chunk *first, *last; /* owned */
    size_t len;
};

void buffer_add(struct buffer *buffer, const char *data, size_t len);
/* The first pieces as an array for writev; returns how many were filled. */
int buffer_peek(const struct buffer *buffer, struct iovec *pieces, int max);
/* Forgets the first <len> bytes. */
void buffer_consume(struct buffer *buffer, size_t len);
void buffer_clear(struct buffer *buffer);
/* Gives the thread's free list back to the system. */
void buffer_pool_free(void);

#endif
