#ifndef DIALTONE_BASE_CLOCK_H
#define DIALTONE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The system's clocks, asked now, in nanoseconds. An event loop has its own, which stand still for a
 * round and cost nothing (net/loop.h). */
static inline int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Since 1970; it may be set. */
static inline int64_t clock_wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* Since some point in the past; it never goes back. */
static inline int64_t clock_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

#endif
