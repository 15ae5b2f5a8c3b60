#ifndef DIALTONE_PROXY_WORKER_H
#define DIALTONE_PROXY_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "net/timer.h"

struct core;
struct http_client;
struct http_pool;
struct http_server;
struct loop;

/* Collected log lines of one worker for one sink. */
struct log_buffer {
    char *ptr; /* owned */
    size_t len;
};

/* One thread: its loop, its side of every server, its connections to every upstream. Nothing in it
 * is touched by others, but for the loop's messages. */
struct worker {
    struct core *core;
    struct loop *loop;
    pthread_t thread;
    unsigned index;
    struct worker_server {
        struct worker *worker;
        uint32_t row;
        struct http_server *http;
    } * servers; /* by row */
    struct http_client *client;
    struct http_pool **pools;       /* of upstreams; made when first needed */
    struct log_buffer *log_buffers; /* of logs */
    struct timer log_timer;
    struct health *health; /* worker 0 only */
    unsigned n_draining;
    uint64_t random;
};

/* A number below <limit>, not for secrets. */
uint32_t worker_random(struct worker *worker, uint32_t limit);

#endif
