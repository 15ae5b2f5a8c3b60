#ifndef DIALTONE_PROXY_WORKER_H
#define DIALTONE_PROXY_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"
#include "http/server.h"
#include "net/interfaces.h"
#include "net/loop.h"
#include "net/timer.h"

struct core;
struct encoder;
struct health;
struct http_client;
struct http_pool;
struct http_server;
struct log_buffer;
struct loop;
struct metrics;
struct resolver;
struct seen_host;
struct sources;

/* One side of a server in one worker: its plain or its TLS connections. */
struct worker_server {
    struct worker *worker;
    uint32_t row;             /* of servers */
    struct http_server *http; /* NULL where no listener needs it */
};

/* One thread: its loop, its side of every server, its connections to every upstream. Nothing in it
 * is touched by others, but for the loop's messages. */
struct worker {
    struct core *core;
    struct loop *loop;
    pthread_t thread;
    unsigned index;
    /* by row, twice: plain, TLS; then one for each listener with protocols of its own */
    struct worker_server *servers;
    struct http_client *client;
    struct interface_watch interfaces;
    struct http_pool **pools;       /* of upstreams; made when first needed */
    struct resolver **resolvers;    /* owned; of resolvers, and the system's at the end */
    struct sources *sources;        /* owned; NULL where no upstreams are found */
    struct forwarded_lines **forwarded; /* owned; what it tells upstreams of clients */
    struct seen_host *seen_hosts;   /* owned; what it remembers of hosts */
    struct log_buffer *log_buffers; /* owned; of outputs of logs; there are no more than logs */
    struct timer log_timer;
    struct metrics *metrics; /* owned; NULL where nothing is counted */
    struct encoder *encoders; /* owned; those that no request uses */
    unsigned n_encoders;
    char *file_buffer; /* owned; made when a file is first sent */
    struct health *health; /* of worker 0 */
    struct remembered_failure *failures; /* owned by upstream.c; those not yet forgotten */
    struct task drain;
    struct http_drain drains_how;
    struct task ended; /* control.c's */
    unsigned n_draining;  /* sides of servers that still have connections */
    _Atomic bool is_over; /* the thread has ended, or is about to */
    uint64_t random;
};

/* Everything but the thread; false after saying why. */
bool worker_open(struct worker *worker, struct core *core, unsigned index);
/* Starts the thread; 0 or -errno. */
int worker_run(struct worker *worker);
/* Any thread: stops accepting, ends when the last request is answered. */
void worker_drain(struct worker *worker, const struct http_drain *how);
/* Any thread: adds what the worker has done so far. */
void worker_count(const struct worker *worker, struct http_counters *sum);
/* Any thread: ends now. */
void worker_stop(struct worker *worker);
/* After the thread has been joined. */
void worker_close(struct worker *worker);

/* Who looks names up, by row of resolvers; NULL for DT_NONE: the system. */
static inline struct resolver *worker_resolver(const struct worker *worker, uint32_t row)
{
    return row == DT_NONE ? NULL : worker->resolvers[row];
}

/* A number below <limit>, not for secrets. */
uint32_t worker_random(struct worker *worker, uint32_t limit);

/* Where a row of listeners listens. */
struct listen_target;
struct listen_target listener_target(const struct dt_tables *tables,
                                     const struct dt_listener *listener);

#endif
