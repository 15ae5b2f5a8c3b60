/* Bytes from socket to socket through a pipe: the kernel hands on the pages that they came in. One
 * pipe per thread is enough, for what the receiver does not take is read out of it at once. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/net_private.h"
#include "net/stream.h"

/* As many pages: each holds one fragment of what was received, which may be as small as a packet.
 */
enum { PIPE_BYTES = 256 * 1024 };

static bool open_pipe(struct loop *loop)
{
    if (loop->pass_pipe[0] >= 0)
        return true;
    if (pipe2(loop->pass_pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
        loop->pass_pipe[0] = loop->pass_pipe[1] = -1;
        return false;
    }
    fcntl(loop->pass_pipe[1], F_SETPIPE_SZ, PIPE_BYTES); /* fewer will do where it is refused */
    return true;
}

void pass_pipe_close(struct loop *loop)
{
    for (int i = 0; i < 2; i++) {
        if (loop->pass_pipe[i] >= 0)
            close(loop->pass_pipe[i]);
        loop->pass_pipe[i] = -1;
    }
}

/* From the socket into the pipe; as stream_pass. */
static ssize_t fill(struct stream *from, size_t len)
{
    ssize_t got;
    do
        got = splice(from->watch.fd, NULL, from->loop->pass_pipe[1], NULL, len,
                     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        return got;
    if (errno == EAGAIN) { /* the socket is empty: the pipe is, too, so it has room */
        from->readable = false;
        return STREAM_AGAIN;
    }
    return errno == EINVAL || errno == ENOSYS ? -ENOTSUP : -errno;
}

/* Out of the pipe; how much the socket did not take. */
static size_t empty(struct stream *to, size_t len)
{
    while (len > 0) {
        ssize_t sent = splice(to->loop->pass_pipe[0], NULL, to->watch.fd, NULL, len,
                              SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (sent > 0) {
            len -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent == 0 || errno == EAGAIN)
            to->writable = false;
        else
            stream_fail(to, errno);
        break;
    }
    return len;
}

/* The rest waits in memory, as that of a write does. */
static void keep_rest(struct stream *to, size_t len)
{
    struct loop *loop = to->loop;
    char *bytes = loop_read_buffer(loop);
    while (len > 0 && !to->error) {
        ssize_t got =
            read(loop->pass_pipe[0], bytes, len < LOOP_SHARED_BYTES ? len : LOOP_SHARED_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            stream_fail(to, EIO); /* bytes are missing: what follows them must not be sent */
            break;
        }
        buffer_add(&to->unsent, bytes, (size_t)got);
        len -= (size_t)got;
    }
    if (len > 0)
        pass_pipe_close(loop);
}

ssize_t stream_pass(struct stream *from, struct stream *to, size_t len)
{
    if (from->tls || to->tls || to->error || to->end_due || to->watch.fd < 0)
        return -ENOTSUP;
    if (len == 0)
        return 0;
    if (!from->readable || stream_had_its_turn(from))
        return STREAM_AGAIN;
    if (!to->writable || to->unsent.len > 0 || !open_pipe(from->loop))
        return -ENOTSUP;
    ssize_t got = fill(from, len < STREAM_PASS_BYTES ? len : STREAM_PASS_BYTES);
    if (got <= 0)
        return got;
    from->round_bytes += (unsigned)got;
    stream_flush_before_more(to);
    size_t rest = (size_t)got;
    if (!to->error && to->writable && to->unsent.len == 0)
        rest = empty(to, rest);
    if (rest > 0)
        keep_rest(to, rest);
    return got;
}
