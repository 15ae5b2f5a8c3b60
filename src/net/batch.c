/* The low-water mark of a socket, by the pace of what comes. */
#include "net/batch.h"

#include <sys/socket.h>

#include "net/net_private.h"

enum {
    LEAST_BYTES = 64 * 1024, /* less is not worth the call */
    MOST_BYTES = 512 * 1024, /* of the kernel's memory */
};
static const int64_t fill_ns = 1000 * 1000, late_ns = 4 * fill_ns;

static void set_low_water(struct stream_batch *batch, int bytes)
{
    int value = bytes ? bytes : 1;
    if (bytes == batch->low_water)
        return;
    if (setsockopt(batch->stream->watch.fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value)) == 0)
        batch->low_water = bytes;
    else
        batch->gave_up = true;
}

/* The peer has stopped, or become slow. */
static void late(struct timer *timer)
{
    struct stream_batch *batch = CONTAINER_OF(timer, struct stream_batch, timer);
    struct stream *stream = batch->stream;
    batch->gave_up = true;
    set_low_water(batch, 0);
    stream->readable = true;
    if (!stream->paused)
        stream->events->readable(stream);
}

void batch_begin(struct stream_batch *batch, const struct loop *loop)
{
    batch->since_ns = loop_now_ns(loop);
    batch->got = 0;
    batch->gave_up = false;
}

/* How much will have come within <fill_ns>, going by the last round. */
static int64_t expected(const struct stream_batch *batch, int64_t now_ns)
{
    enum { CLOCK_NS = 20 * 1000 }; /* the loop's time stands still during a round */
    int64_t elapsed = now_ns - batch->since_ns;
    if (elapsed < CLOCK_NS)
        elapsed = CLOCK_NS;
    return (int64_t)batch->got * fill_ns / elapsed;
}

static bool is_near(int64_t low_water, int64_t bytes)
{
    return low_water && bytes >= low_water / 2 && bytes < low_water * 2;
}

void batch_wait(struct stream_batch *batch, struct stream *stream, int64_t left)
{
    int64_t now_ns = loop_now_ns(stream->loop), bytes = expected(batch, now_ns);
    batch->stream = stream;
    batch->timer.fire = late;
    batch->since_ns = now_ns;
    batch->got = 0;
    if (batch->gave_up || bytes < LEAST_BYTES)
        bytes = 0;
    if (bytes > MOST_BYTES)
        bytes = MOST_BYTES;
    if (bytes > left)
        bytes = left;
    if (is_near(batch->low_water, bytes) && batch->low_water <= left)
        bytes = batch->low_water; /* a call would gain nothing */
    set_low_water(batch, (int)bytes);
    if (batch->low_water)
        timer_start(stream->loop, &batch->timer, late_ns);
}

void batch_end(struct stream_batch *batch)
{
    timer_stop(&batch->timer);
    if (batch->low_water)
        set_low_water(batch, 0);
}

void batch_free(struct stream_batch *batch)
{
    timer_remove(&batch->timer);
}
