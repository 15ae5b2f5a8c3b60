/* Byte streams: gathered writes, the unsent rest, and reading until the kernel has no more. */
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes8.h"
#include "net/net_private.h"

enum {
    COPY_BYTES = 8192, /* larger pieces are sent from where they are */
    MAX_PIECES = 16,
    TURN_BYTES = 4 << 20, /* of reading, per round of the loop */
};

/* As send and recv, which in programs with threads are ready to be cancelled half-way: no thread of
 * ours ever is, and that costs more than all else they do. */
static inline ssize_t socket_send(int fd, const void *bytes, size_t len, int flags)
{
    return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

static inline ssize_t socket_receive(int fd, void *into, size_t cap, int flags)
{
    return syscall(SYS_recvfrom, fd, into, cap, flags, NULL, NULL);
}

void stream_fail(struct stream *stream, int error)
{
    if (stream->error || stream->watch.fd < 0)
        return;
    stream->error = error ? error : EIO;
    buffer_clear(&stream->unsent);
    loop_defer(stream->loop, &stream->report);
}

static void shut_down(struct stream *stream)
{
    if (stream->end_sent)
        return;
    stream->end_sent = true;
    shutdown(stream->watch.fd, SHUT_WR);
}

/* One system call; the count that the kernel took, or -errno. */
static ssize_t send_pieces(struct stream *stream, struct iovec *pieces, int n)
{
    ssize_t sent;
    if (n == 1) {
        sent = socket_send(stream->watch.fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)n};
        sent = sendmsg(stream->watch.fd, &message, MSG_NOSIGNAL);
    }
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return -errno;
}

int stream_send_raw(struct stream *stream, struct iovec *pieces, int n)
{
    size_t total = 0, sent = 0;
    for (int i = 0; i < n; i++)
        total += pieces[i].iov_len;
    if (total == 0)
        return 0;
    if (stream->writable && stream->unsent.len == 0) {
        ssize_t taken = send_pieces(stream, pieces, n);
        if (taken < 0)
            return (int)taken;
        sent = (size_t)taken;
        if (sent < total)
            stream->writable = false;
    }
    for (int i = 0; i < n; i++) {
        size_t skip = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
        sent -= skip;
        buffer_add(&stream->unsent, (char *)pieces[i].iov_base + skip, pieces[i].iov_len - skip);
    }
    return 0;
}

static void send_now(struct stream *stream, struct iovec *pieces, int n)
{
    if (stream->error || stream->watch.fd < 0)
        return;
    int status;
    struct iovec encrypted;
    if (stream->tls) {
        status = tls_encrypt(stream, pieces, n, &encrypted);
        if (status == 0)
            status = stream_send_raw(stream, &encrypted, 1);
    } else {
        status = stream_send_raw(stream, pieces, n);
    }
    if (status < 0)
        stream_fail(stream, -status);
}

void gather_flush(struct loop *loop)
{
    struct gather *gather = &loop->gather;
    struct stream *stream = gather->owner;
    struct iovec piece = {gather->bytes, gather->len};
    gather->owner = NULL;
    gather->len = 0;
    if (stream->tls || !stream->writable || stream->unsent.len || stream->error ||
        stream->watch.fd < 0) {
        send_now(stream, &piece, 1);
        return;
    }
    ssize_t sent = send_pieces(stream, &piece, 1);
    if (sent == (ssize_t)piece.iov_len)
        return;
    if (sent < 0) {
        stream_fail(stream, (int)-sent);
        return;
    }
    stream->writable = false;
    buffer_add(&stream->unsent, gather->bytes + sent, piece.iov_len - (size_t)sent);
}

static void send_unsent(struct stream *stream)
{
    while (stream->unsent.len && stream->writable) {
        struct iovec pieces[MAX_PIECES];
        int n = buffer_peek(&stream->unsent, pieces, MAX_PIECES);
        size_t total = 0;
        for (int i = 0; i < n; i++)
            total += pieces[i].iov_len;
        ssize_t sent = send_pieces(stream, pieces, n);
        if (sent < 0) {
            stream_fail(stream, (int)-sent);
            return;
        }
        buffer_consume(&stream->unsent, (size_t)sent);
        if ((size_t)sent < total)
            stream->writable = false;
    }
    if (stream->unsent.len)
        return;
    if (stream->end_due)
        shut_down(stream);
    stream->events->drained(stream);
}

static void stream_ready(struct watch *watch, unsigned events)
{
    struct stream *stream = CONTAINER_OF(watch, struct stream, watch);
    if (events & WATCH_HANGUP)
        stream->hangup = true;
    if (events & (WATCH_READABLE | WATCH_HANGUP)) {
        stream->readable = true;
        if (stream->tls)
            tls_session_readable(stream->tls);
    }
    if (events & WATCH_WRITABLE) {
        stream->writable = true;
        if (stream->unsent.len) {
            send_unsent(stream);
        } else if (stream->awaits_room) {
            stream->awaits_room = false;
            stream->events->drained(stream);
        }
    }
    if (watch->fd < 0 || stream->error)
        return;
    if (stream->readable && !stream->paused)
        stream->events->readable(stream);
    else if (stream->hangup && stream->paused && stream->events->hangup)
        stream->events->hangup(stream);
}

static void run_report(struct task *task)
{
    struct stream *stream = CONTAINER_OF(task, struct stream, report);
    if (stream->watch.fd < 0)
        return;
    if (stream->error)
        stream->events->broken(stream);
    else if (stream->readable && !stream->paused)
        stream->events->readable(stream);
}

int stream_open(struct stream *stream, struct loop *loop, int fd,
                const struct stream_events *events)
{
    stream->loop = loop;
    stream->events = events;
    stream->watch.fd = fd;
    stream->watch.ready = stream_ready;
    stream->report.run = run_report;
    stream->writable = true;
    return loop_watch(loop, &stream->watch);
}

void stream_use_tls(struct stream *stream, struct tls_session *session)
{
    if (stream->tls)
        tls_session_free(stream->tls);
    stream->tls = session;
    if (session)
        tls_session_attach(session, stream);
}

bool stream_had_its_turn(struct stream *stream)
{
    if (stream->round != stream->loop->round) {
        stream->round = stream->loop->round;
        stream->round_bytes = 0;
    }
    if (stream->round_bytes < TURN_BYTES)
        return false;
    loop_defer_round(stream->loop, &stream->report);
    return true;
}

ssize_t stream_read(struct stream *stream, char *into, size_t cap)
{
    if (!stream->readable || stream_had_its_turn(stream))
        return STREAM_AGAIN;
    if (stream->tls) {
        ssize_t opened = tls_read(stream, into, cap);
        stream->round_bytes += opened > 0 ? (unsigned)opened : 0;
        return opened;
    }
    ssize_t got = socket_receive(stream->watch.fd, into, cap, 0);
    if (got > 0) {
        stream->round_bytes += (unsigned)got;
        /* A short read has emptied the socket, unless the end is to be read behind it. */
        if ((size_t)got < cap && !stream->hangup)
            stream->readable = false;
        return got;
    }
    if (got == 0)
        return 0;
    if (errno == EAGAIN || errno == EINTR) {
        stream->readable = errno == EINTR;
        return STREAM_AGAIN;
    }
    return -errno;
}

ssize_t stream_peek_socket(struct stream *stream, char *into, size_t cap)
{
    ssize_t got = recv(stream->watch.fd, into, cap, MSG_PEEK);
    if (got >= 0)
        return got;
    if (errno != EAGAIN && errno != EINTR)
        return -errno;
    stream->readable = errno == EINTR;
    return STREAM_AGAIN;
}

void stream_skip_socket(struct stream *stream, size_t len)
{
    char *nowhere = loop_read_buffer(stream->loop);
    while (len > 0) {
        size_t some = len < LOOP_SHARED_BYTES ? len : LOOP_SHARED_BYTES;
        ssize_t got = recv(stream->watch.fd, nowhere, some, 0);
        if (got <= 0)
            return;
        len -= (size_t)got;
    }
}

static inline bool takes_writes(const struct stream *stream)
{
    return !stream->error && stream->watch.fd >= 0 && !stream->end_due;
}

void stream_write_pieces(struct stream *stream, const struct str *data, int n)
{
    struct gather *gather = &stream->loop->gather;
    size_t total = 0;
    for (int i = 0; i < n; i++)
        total += data[i].len;
    if (!takes_writes(stream) || total == 0)
        return;
    if (gather->owner != stream)
        gather_flush_any(stream->loop);
    if (total <= COPY_BYTES && total <= GATHER_BYTES - gather->len) {
        for (int i = 0; i < n; i++) {
            memcpy(gather->bytes + gather->len, data[i].ptr, data[i].len);
            gather->len += data[i].len;
        }
        gather->owner = stream;
        return;
    }
    struct iovec pieces[STREAM_PIECES + 1];
    int n_pieces = 0;
    if (gather->owner)
        pieces[n_pieces++] = (struct iovec){gather->bytes, gather->len};
    for (int i = 0; i < n; i++)
        pieces[n_pieces++] = (struct iovec){(char *)(uintptr_t)data[i].ptr, data[i].len};
    gather->owner = NULL;
    gather->len = 0;
    send_now(stream, pieces, n_pieces);
}

void stream_write(struct stream *stream, struct str data)
{
    struct gather *gather = &stream->loop->gather;
    if (gather->owner == stream && data.len <= COPY_BYTES && takes_writes(stream) &&
        data.len <= GATHER_BYTES - gather->len) { /* behind what was just written, as most is */
        bytes_copy(gather->bytes + gather->len, data.ptr, data.len);
        gather->len += data.len;
    } else if (data.len) {
        stream_write_pieces(stream, &data, 1);
    }
}

void stream_flush_before_more(struct stream *stream)
{
    struct gather *gather = &stream->loop->gather;
    if (gather->owner != stream)
        return;
    ssize_t sent = 0;
    if (stream->writable && stream->unsent.len == 0 && !stream->error)
        sent = send(stream->watch.fd, gather->bytes, gather->len, MSG_NOSIGNAL | MSG_MORE);
    if (sent > 0 && (size_t)sent == gather->len) {
        gather->owner = NULL;
        gather->len = 0;
        return;
    }
    if (sent > 0) {
        memmove(gather->bytes, gather->bytes + sent, gather->len - (size_t)sent);
        gather->len -= (size_t)sent;
    }
    gather_flush(stream->loop);
}

ssize_t stream_send_file(struct stream *stream, int file, off_t offset, size_t len)
{
    if (stream->tls)
        return -ENOTSUP;
    stream_flush_before_more(stream);
    if (stream->error || stream->watch.fd < 0 || stream->unsent.len > 0)
        return STREAM_AGAIN; /* `broken` or `drained` comes */
    ssize_t sent;
    do
        sent = sendfile(stream->watch.fd, file, &offset, len);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN) {
        stream->writable = false;
        stream->awaits_room = true;
        return STREAM_AGAIN;
    }
    if (errno == EINVAL || errno == ENOSYS || errno == EOVERFLOW || errno == EIO)
        return -errno;
    stream_fail(stream, errno);
    return STREAM_AGAIN;
}

char *stream_reserve(struct stream *stream, size_t len)
{
    struct gather *gather = &stream->loop->gather;
    if (gather->owner != stream || len > GATHER_BYTES - gather->len)
        gather_flush_any(stream->loop);
    return len <= STREAM_INPLACE_BYTES ? gather->bytes + gather->len : NULL;
}

void stream_commit(struct stream *stream, size_t len)
{
    if (!takes_writes(stream) || len == 0)
        return;
    struct gather *gather = &stream->loop->gather;
    gather->owner = stream;
    gather->len += len;
}

ssize_t stream_read_file(struct stream *stream, int file, off_t offset, size_t len)
{
    char *room = stream_reserve(stream, len);
    if (!room)
        return -EINVAL;
    ssize_t got;
    do
        got = pread(file, room, len, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    stream_commit(stream, (size_t)got);
    return got;
}

void stream_flush(struct stream *stream)
{
    if (stream->loop->gather.owner == stream)
        gather_flush(stream->loop);
}

size_t stream_unsent(const struct stream *stream)
{
    return stream->unsent.len;
}

void stream_end(struct stream *stream)
{
    if (stream->end_due || stream->watch.fd < 0)
        return;
    stream_flush(stream);
    stream->end_due = true;
    if (stream->error)
        return;
    if (stream->tls)
        tls_close_notify(stream);
    if (stream->unsent.len == 0)
        shut_down(stream);
}

static void release(struct stream *stream)
{
    loop_undefer(stream->loop, &stream->report);
    buffer_clear(&stream->unsent);
    if (stream->tls)
        tls_session_free(stream->tls);
    stream->tls = NULL;
    loop_close(stream->loop, &stream->watch);
}

void stream_close(struct stream *stream)
{
    if (stream->watch.fd < 0)
        return;
    stream_flush(stream);
    if (stream->tls && !stream->end_due && !stream->error)
        tls_close_notify(stream);
    release(stream);
}

void stream_pause(struct stream *stream)
{
    stream->paused = true;
}

void stream_resume(struct stream *stream)
{
    if (!stream->paused)
        return;
    stream->paused = false;
    if (stream->readable)
        loop_defer(stream->loop, &stream->report);
}
