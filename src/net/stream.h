#ifndef DIALTONE_NET_STREAM_H
#define DIALTONE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"
#include "net/buffer.h"
#include "net/loop.h"

struct tls_session;

/* A non-blocking byte stream over a connected socket, plain or TLS; embed it in a connection.
 * Writes are gathered: small ones wait in the thread's scratch until the running event ends, so
 * that a head and its body, or several pipelined replies, leave in one system call. */
struct stream {
    struct watch watch;
    struct task report; /* tells of a failed write, or asks the reader again after a pause */
    struct loop *loop;
    const struct stream_events *events;
    struct tls_session *tls; /* owned; NULL for plain */
    struct buffer unsent;    /* as it goes on the wire */
    int error;               /* errno of the first failure, 0 while all is well */
    bool readable;           /* there may be more to read */
    bool writable;
    bool hangup;   /* the peer has sent its end; what it sent before may still be unread */
    bool paused;   /* the reader does not want `readable` now */
    bool end_sent; /* shut down for writing */
    bool end_due;  /* shut down once all is sent */
    bool awaits_room; /* for more of a file */
    unsigned round, round_bytes; /* what was read in this round of the loop */
};

struct stream_events {
    /* There may be something to read: read until STREAM_AGAIN, or pause. */
    void (*readable)(struct stream *stream);
    /* Everything handed over so far has reached the kernel after some of it had to wait. */
    void (*drained)(struct stream *stream);
    /* The peer ended or reset its direction while the reader is paused; may be NULL. */
    void (*hangup)(struct stream *stream);
    /* Writing failed, or the socket broke; stream->error says why. Comes at most once. */
    void (*broken)(struct stream *stream);
};

enum { STREAM_AGAIN = -11 /* -EAGAIN */ };

/* Takes over a connected, non-blocking socket and registers it; 0 or -errno (then the socket stays
 * the caller's). The stream must be zeroed before. */
int stream_open(struct stream *stream, struct loop *loop, int fd,
                const struct stream_events *events);
/* Makes it TLS before anything is written; see tls.h. Takes over the session. NULL: plain again. */
void stream_use_tls(struct stream *stream, struct tls_session *session);

/* Reads at most <cap> bytes: the count, 0 at the peer's (clean) end, STREAM_AGAIN, or -errno. */
ssize_t stream_read(struct stream *stream, char *into, size_t cap);
/* What the socket itself holds, below TLS; it stays there. As stream_read. */
ssize_t stream_peek_socket(struct stream *stream, char *into, size_t cap);
/* Takes <len> bytes of what was peeked at from the socket, and drops them. */
void stream_skip_socket(struct stream *stream, size_t len);
/* Hands over bytes; they are copied or sent before it returns. Failures come as `broken`. */
void stream_write(struct stream *stream, struct str data);
/* The same for several pieces (at most STREAM_PIECES) that belong together. */
void stream_write_pieces(struct stream *stream, const struct str *pieces, int n);
enum { STREAM_PIECES = 4 };
/* Room for <len> bytes to be written in place, before anything else is written to any stream, then
 * stream_commit; NULL when that is more than STREAM_INPLACE_BYTES. */
char *stream_reserve(struct stream *stream, size_t len);
void stream_commit(struct stream *stream, size_t len);
enum { STREAM_INPLACE_BYTES = 32 * 1024 };
/* Reads <len> bytes of a file, at most STREAM_INPLACE_BYTES, into what is sent next: how many there
 * were, 0 at the file's end, or -errno. */
ssize_t stream_read_file(struct stream *stream, int file, off_t offset, size_t len);
/* Sends <len> bytes of a file from where the kernel has them: how many went, 0 at the file's end,
 * STREAM_AGAIN (then `drained` comes), or -errno where it cannot be done this way. Not over TLS. */
ssize_t stream_send_file(struct stream *stream, int file, off_t offset, size_t len);
/* Moves at most <len> bytes, and STREAM_PASS_BYTES, from one socket to another without a look at
 * them: how many are on their way (as after stream_write), 0 at the peer's end, STREAM_AGAIN,
 * -ENOTSUP where they have to be read and written (TLS, or <to> has unsent bytes already), or
 * -errno. What is in loop_read_buffer is lost. With a <len> of 0 it only tells whether there is
 * TLS. */
ssize_t stream_pass(struct stream *from, struct stream *to, size_t len);
enum { STREAM_PASS_BYTES = 128 * 1024 };
/* Sends what is gathered now instead of at the end of the event. */
void stream_flush(struct stream *stream);
/* Bytes that the kernel would not take yet. */
size_t stream_unsent(const struct stream *stream);
/* Ends our direction once everything is sent (close_notify, then FIN). */
void stream_end(struct stream *stream);
/* Closes at once; what the kernel would not take is lost. No event comes any more; the memory must
 * stay until the end of the round (loop_free_later). */
void stream_close(struct stream *stream);
/* No `readable` until resumed; resuming asks again if there may be something. */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

#endif
