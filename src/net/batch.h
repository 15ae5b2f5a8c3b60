#ifndef DIALTONE_NET_BATCH_H
#define DIALTONE_NET_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/stream.h"
#include "net/timer.h"

/* Waiting for much at once: a long message that comes fast costs less if the kernel tells of it when
 * there are some hundred kilobytes than for every few packets (SO_RCVLOWAT). How much that is follows
 * how fast it has come so far, so that it is there within about a millisecond. What comes slower than
 * that is told of as it comes; where the peer stops in the middle of a batch, what is there is read
 * after 4 to 24 ms, once: after that nothing of this message is waited for. Embed it and zero it. */
struct stream_batch {
    struct stream *stream; /* borrowed, while it waits */
    struct timer timer;
    int64_t since_ns; /* loop time of the last wait, or of the beginning */
    size_t got;       /* bytes since then */
    int low_water;    /* as the socket has it; 0: as it comes */
    bool gave_up;     /* for the rest of this message */
};

/* A message begins. */
void batch_begin(struct stream_batch *batch, const struct loop *loop);
/* So much came. */
static inline void batch_got(struct stream_batch *batch, size_t bytes)
{
    batch->got += bytes;
    timer_stop(&batch->timer);
}
/* The socket is empty and <left> bytes of the message are to come: `readable` comes at the right
 * time. */
void batch_wait(struct stream_batch *batch, struct stream *stream, int64_t left);
/* Bytes are to be told of as they come; before the message ends, and before any other way to read
 * it. */
void batch_end(struct stream_batch *batch);
/* Before its memory goes, or the stream is closed. */
void batch_free(struct stream_batch *batch);

#endif
