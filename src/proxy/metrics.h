#ifndef DIALTONE_PROXY_METRICS_H
#define DIALTONE_PROXY_METRICS_H

#include <stdatomic.h>

#include "proxy/transaction.h"

/* Counters of requests. Each worker has its own and is the only one that writes them; who tells of
 * them reads all workers' while they go on, and adds them up. */

struct metrics; /* of one worker */

/* NULL where there is no memory. */
struct metrics *metrics_new(const struct dt_tables *tables);
void metrics_free(struct metrics *metrics);

/* A route that the request is in. */
struct metric_span;

/* For routes that are measured: the request goes through it from here on. */
void metrics_enter(struct transaction *tx, const struct dt_route *route);
/* The head of the answer goes out: called where the request has spans. */
void metrics_head_written(struct transaction *tx, unsigned status);
/* The request has left all routes since <mark>: it was answered, with <status> where no head went
 * out, or it failed. */
void metrics_leave(struct transaction *tx, const struct metric_span *mark, unsigned status,
                   bool is_failure);
/* It was broken off: nothing is counted. */
void metrics_forget(struct transaction *tx);

static inline void metrics_head(struct transaction *tx, unsigned status)
{
    if (tx->spans)
        metrics_head_written(tx, status);
}

/* ---- Telling. ---- */

enum { METRIC_SIZES = 8, METRIC_TIMES = 11, METRIC_MAX_BUCKETS = 12 };

/* Of sizes in bytes and times in nanoseconds; ascending. */
extern const uint64_t metric_size_bounds[METRIC_SIZES], metric_time_bounds[METRIC_TIMES];

struct histogram {
    _Atomic uint64_t buckets[METRIC_MAX_BUCKETS]; /* the last is for what is above all bounds */
    _Atomic uint64_t sum;
};

/* What is told apart. <method>, <code>: empty and 0 in series of the first kind. */
struct metric_labels {
    struct str server, handler, host, method;
    unsigned code;
};

enum metric_kind {
    METRIC_REQUESTS, /* by server, handler, host */
    METRIC_ANSWERS,  /* by code and method, too */
};

struct series {
    struct series *earlier; /* of this worker */
    struct series *next_in_slot;
    enum metric_kind kind;
    struct metric_labels labels;
    _Atomic int64_t in_flight;
    _Atomic uint64_t requests, failures;
    struct histogram duration, first_byte, request_size, response_size;
};

/* The newest; each leads to an earlier one. From any thread. */
const struct series *metrics_series(const struct metrics *metrics);

#endif
