/* Files as bodies: read in pieces, or sent by the kernel where the client gets them as they are; only
 * as fast as it takes them. */

#include "proxy/send_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/timer.h"
#include "proxy/response.h"
#include "proxy/worker.h"

enum {
    PIECE_BYTES = 64 * 1024,
    DIRECT_BYTES = 1024 * 1024,
    TURN_BYTES = 8 * 1024 * 1024, /* then other connections have their turn */
};

struct sending {
    struct timer turn;
    struct transaction *tx;
    int fd; /* owned; -1: closed */
    const struct file_segment *segments;
    uint32_t n, at;
    bool text_sent; /* of the running segment */
    bool is_read;   /* the kernel cannot send from it */
    int64_t done;   /* bytes of the running segment */
};

/* The next piece of the body; false where there is none, or the file failed. */
static bool next_piece(struct transaction *tx, struct str *piece, bool *failed)
{
    struct sending *sending = tx->sending;
    while (sending->at < sending->n) {
        const struct file_segment *segment = &sending->segments[sending->at];
        if (!sending->text_sent) {
            sending->text_sent = true;
            *piece = segment->text;
            if (piece->len > 0)
                return true;
        }
        int64_t left = segment->len - sending->done;
        if (left == 0) {
            sending->at++;
            sending->done = 0;
            sending->text_sent = false;
            continue;
        }
        ssize_t got = pread(sending->fd, tx->worker->file_buffer,
                            (size_t)(left < PIECE_BYTES ? left : PIECE_BYTES),
                            segment->offset + sending->done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *failed = true;
            return false;
        }
        sending->done += got;
        *piece = str_make(tx->worker->file_buffer, (size_t)got);
        return true;
    }
    return false;
}

enum direct {
    DIRECT_NOT, /* it has to be read */
    DIRECT_SENT,
    DIRECT_WAITS,
    DIRECT_FAILED,
};

/* Leaves it to the connection to take what is next of the running segment from the file. */
static enum direct send_directly(struct transaction *tx, size_t *sent)
{
    struct sending *sending = tx->sending;
    const struct file_segment *segment = &sending->segments[sending->at];
    if (sending->at >= sending->n || sending->is_read || !response_is_direct(tx) ||
        (!sending->text_sent && segment->text.len > 0))
        return DIRECT_NOT;
    int64_t left = segment->len - sending->done;
    if (left == 0)
        return DIRECT_NOT;
    sending->text_sent = true;
    int64_t n = http_reply_file(tx->request, sending->fd, segment->offset + sending->done,
                                left < DIRECT_BYTES ? left : DIRECT_BYTES);
    if (n == HTTP_FILE_WAITS)
        return DIRECT_WAITS;
    sending->is_read = n == HTTP_FILE_NOT_SO;
    if (n <= 0)
        return sending->is_read ? DIRECT_NOT : DIRECT_FAILED;
    sending->done += n;
    *sent += (size_t)n;
    return DIRECT_SENT;
}

static void close_file(struct sending *sending)
{
    if (sending->fd >= 0)
        close(sending->fd);
    sending->fd = -1;
}

static void turn_comes(struct timer *timer);

/* Sends one piece; false where nothing more can be done now, or all is done (then <*over>). */
static bool send_piece(struct transaction *tx, size_t *sent, bool *over, bool *failed)
{
    struct str piece;
    switch (send_directly(tx, sent)) {
    case DIRECT_SENT:
        return true;
    case DIRECT_WAITS:
        return false;
    case DIRECT_FAILED: /* the file has become shorter */
        *failed = *over = true;
        return false;
    case DIRECT_NOT:
        break;
    }
    *over = !next_piece(tx, &piece, failed);
    if (*over)
        return false;
    *sent += piece.len;
    return response_data(tx, piece);
}

/* Sends until the client has to catch up, the turn is over, or all is sent. */
static void go_on(struct transaction *tx)
{
    struct sending *sending = tx->sending;
    size_t sent = 0;
    bool failed = false, over = false;
    while (send_piece(tx, &sent, &over, &failed)) {
        if (sent < TURN_BYTES)
            continue;
        sending->turn.fire = turn_comes;
        timer_start(tx->worker->loop, &sending->turn, 0);
        return;
    }
    if (!over)
        return;
    close_file(tx->sending);
    if (failed)
        http_reply_abort(tx->request);
    else
        response_end(tx, NULL);
}

static void turn_comes(struct timer *timer)
{
    go_on(((struct sending *)((char *)timer - offsetof(struct sending, turn)))->tx);
}

void send_file(struct transaction *tx, struct http_head *head, int fd,
               const struct file_segment *segments, uint32_t n)
{
    struct sending *sending = arena_new(tx->arena, struct sending);
    struct worker *worker = tx->worker;
    *sending = (struct sending){.tx = tx, .fd = fd, .segments = segments, .n = n};
    tx->sending = sending;
    if (!worker->file_buffer && n > 0) {
        worker->file_buffer = malloc(PIECE_BYTES);
        if (!worker->file_buffer)
            arena_exhausted();
    }
    struct str start = {0};
    bool failed = false;
    if (response_needs_start(tx, head))
        next_piece(tx, &start, &failed);
    response_start(tx, head, start);
    if (start.len > 0 && !response_data(tx, start))
        return;
    go_on(tx);
}

void send_file_drained(struct transaction *tx)
{
    go_on(tx);
}

void send_file_cancel(struct transaction *tx)
{
    timer_remove(&tx->sending->turn);
    close_file(tx->sending);
}
