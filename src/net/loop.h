#ifndef DIALTONE_NET_LOOP_H
#define DIALTONE_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread's event loop: descriptors (epoll, edge-triggered), timers, work at the end of the
 * round, and messages from other threads. Everything but loop_post and loop_stop belongs to the
 * thread that runs it. */
struct loop;

enum { LOOP_SHARED_BYTES = 64 * 1024, LOOP_SLACK_BYTES = 16 };

/* Each is one or more of the bits that epoll reports. */
enum watch_event {
    WATCH_READABLE = 0x1,
    WATCH_WRITABLE = 0x4,
    WATCH_ERROR = 0x18,    /* comes together with HANGUP when the connection broke */
    WATCH_HANGUP = 0x2018, /* the peer will send no more */
};

/* A descriptor in the loop; embed it. */
struct watch {
    int fd; /* -1 once removed: no event comes after that */
    void (*ready)(struct watch *watch, unsigned events);
};

/* Work for the end of the running callback's turn; embed it. Starting it twice does nothing. */
struct task {
    struct task *next;
    void (*run)(struct task *task);
    bool queued;
};

struct loop *loop_new(void);
/* Releases the loop; what is still registered is forgotten, not closed. */
void loop_free(struct loop *loop);
/* Releases what the running thread keeps for all its streams. A thread that closes streams behind
 * loop_run, and leaves loop_free to another, calls it last. */
void loop_thread_over(void);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
/* From any thread, also from a signal handler. */
void loop_stop(struct loop *loop);

/* Monotonic, and read once per round. */
int64_t loop_now_ns(const struct loop *loop);
/* Seconds since 1970 of the same moment. */
int64_t loop_wall_ns(const struct loop *loop);
/* "Tue, 24 Nov 2026 04:11:56 GMT", 29 bytes, formatted once per second. */
const char *loop_http_date(struct loop *loop);

/* Adds the descriptor once for everything, edge-triggered; 0 or -errno. One that is in the loop
 * already (with a watch that was detached) changes over to this watch. */
int loop_watch(struct loop *loop, struct watch *watch);
/* A level-triggered reader (listeners, wake-ups); 0 or -errno. */
int loop_watch_level(struct loop *loop, struct watch *watch);
/* Forgets the descriptor; the caller closes it. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* As loop_unwatch without telling the kernel: the descriptor goes on to another watch. */
void loop_detach(struct watch *watch);
/* Forgets the descriptor, where there is one, and closes it. */
void loop_close(struct loop *loop, struct watch *watch);
/* While a process that was forked may hold copies of descriptors, closing one does not take it out
 * of the loop: events of it would find whoever has its watch's memory by then. Between these two
 * calls the loop looks after that, at the price of a system call more for each. */
void loop_expect_copies(struct loop *loop, bool are_expected);

void loop_defer(struct loop *loop, struct task *task);
/* Runs it when all events of the round are through, so that what they all had to write leaves
 * together; what is queued meanwhile waits for the next round. */
void loop_defer_round(struct loop *loop, struct task *task);
/* Takes it back before it runs. */
void loop_undefer(struct loop *loop, struct task *task);
/* free()s <memory> at the end of the round, when no pending event can name it any more. */
void loop_free_later(struct loop *loop, void *memory);
/* Runs <task> in the loop's thread; from any thread. The task is owned by the loop until it runs. */
void loop_post(struct loop *loop, struct task *task);

/* The thread's read buffer, LOOP_SHARED_BYTES plus LOOP_SLACK_BYTES for a sentinel, and for who looks
 * at several bytes at once: what is in it is lost when the callback returns. */
char *loop_read_buffer(struct loop *loop);

#endif
