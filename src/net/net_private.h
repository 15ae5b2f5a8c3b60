#ifndef DIALTONE_NET_NET_PRIVATE_H
#define DIALTONE_NET_NET_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "net/loop.h"
#include "net/timer.h"

struct stream;
struct tls_session;

/* What the files of net/ share: the inside of a loop, and the TLS half of a stream. */

enum {
    WHEEL_SLOTS = 512,   /* a power of two */
    WHEEL_TICK_BITS = 24, /* a slot is 2^24 ns: 16.8 ms */
    GATHER_BYTES = 64 * 1024,
};

struct timer_wheel {
    int64_t tick; /* the last one that was looked at */
    struct timer *slots[WHEEL_SLOTS];
    uint64_t used[WHEEL_SLOTS / 64]; /* a bit per slot that may hold timers */
    struct timer *expired;
};

/* Small writes of the running event, of one stream at a time. */
struct gather {
    struct stream *owner; /* NULL: empty */
    size_t len;
    char bytes[GATHER_BYTES];
};

struct loop {
    int epoll_fd;
    struct watch wake; /* an eventfd */
    atomic_bool stopping;
    bool expects_copies;
    unsigned round; /* of epoll_wait */
    int64_t now_ns, wall_ns;
    struct task *deferred, **deferred_end;
    struct task *at_round_end, **at_round_end_last;
    struct graves {
        void **at;
        size_t n, cap;
    } graves;
    pthread_mutex_t post_lock;
    struct task *posted, **posted_end; /* under post_lock */
    struct timer_wheel wheel;
    int64_t date_second;
    char date[32];
    struct gather gather;
    int pass_pipe[2]; /* of stream_pass: empty between its calls; -1: not open */
    char read_buffer[LOOP_SHARED_BYTES + LOOP_SLACK_BYTES];
};

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* Fires what is due. */
void wheel_advance(struct loop *loop);
/* Milliseconds until the wheel wants to be looked at; -1 for never. */
int wheel_timeout_ms(const struct loop *loop);
/* Sends the gathered bytes, of which there are some. */
void gather_flush(struct loop *loop);
static inline void gather_flush_any(struct loop *loop)
{
    if (loop->gather.owner)
        gather_flush(loop);
}
/* stream_pass.c: closes the pipe, with what is in it. */
void pass_pipe_close(struct loop *loop);
/* After each callback: sends what was gathered, then runs what was deferred. */
void loop_settle(struct loop *loop);

/* The TLS half of a stream (tls_session.c). */
void tls_session_free(struct tls_session *session);
void tls_session_attach(struct tls_session *session, struct stream *stream);
/* The kernel has more ciphertext. */
void tls_session_readable(struct tls_session *session);
ssize_t tls_read(struct stream *stream, char *into, size_t cap);
/* Encrypts into the thread's scratch and returns it: 0, or -errno. */
int tls_encrypt(struct stream *stream, const struct iovec *pieces, int n, struct iovec *out);
/* Appends close_notify to what is unsent. */
void tls_close_notify(struct stream *stream);
/* Gives the thread's TLS scratch back to the system. */
void tls_scratch_free(void);
/* loopback.c: there is no network to spare between two ends of this host. A congestion control that
 * paces, as BBR does, would have the kernel set a timer for most of what could go at once, so a
 * socket with such an <end> gets one that does not. */
void loopback_unpace(int fd, const struct sockaddr *end, socklen_t len);
/* stream.c: the stream is broken; `broken` comes. */
void stream_fail(struct stream *stream, int error);
/* The peer has sent enough for this round: others have their turn, then it is asked again. */
bool stream_had_its_turn(struct stream *stream);
/* What is gathered goes along with what follows it, if the socket takes it now. */
void stream_flush_before_more(struct stream *stream);
/* Sends raw bytes, or keeps them in <unsent>: 0, or -errno. */
int stream_send_raw(struct stream *stream, struct iovec *pieces, int n);

#endif
