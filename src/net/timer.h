#ifndef DIALTONE_NET_TIMER_H
#define DIALTONE_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A coarse timer (it fires up to 20 ms late, never early); embed it and zero it. Moving a running
 * timer to a later time costs one store: the wheel looks at it again when its old time comes. */
struct timer {
    struct timer *next, **link; /* in its wheel slot; link is NULL when not armed */
    int64_t due_ns;             /* 0: stopped, though perhaps still in the wheel */
    int64_t slot_ns;            /* when the wheel looks at it */
    void (*fire)(struct timer *timer);
};

/* Fires once, <delay_ns> from the loop's now; replaces an earlier setting. */
void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns);
/* No firing any more; cheap. The memory must stay, or use timer_remove. */
void timer_stop(struct timer *timer);
/* Takes it out of the wheel, before its memory goes. */
void timer_remove(struct timer *timer);

static inline bool timer_running(const struct timer *timer)
{
    return timer->due_ns != 0;
}

#endif
