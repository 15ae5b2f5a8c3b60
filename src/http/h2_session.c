/* Sessions of nghttp2 over our streams: feeding, collected frames, bodies under flow control, and
 * how much nonsense a peer may send. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "http/h2_private.h"

enum {
    FRAME_HEAD_BYTES = 9,
    LENT_BYTES = 4096,            /* pieces from here on are framed without a copy of their own */
    GOES_ON_BYTES = 16 * 1024,    /* where `drained` is told */
    CLOGGED_FRAMES = 512,
    HEADER_TABLE_BYTES = 4096,
    /* Frames that cost us work and bring nothing: so many at once, and so many a second for long.
     * A data frame that we send earns some, and more by its size: it is answered by window
     * updates, of which some peers send one for every few KiB. */
    PATIENCE = 1000,
    PATIENCE_PER_SECOND = 50,
    PATIENCE_PER_DATA = 4,
    BYTES_PER_PATIENCE = 256,
};

/* ---- Floods: pings, settings, resets, empty frames. */

static bool is_of_no_use(const nghttp2_frame_hd *frame)
{
    switch (frame->type) {
    case NGHTTP2_DATA:
        return frame->length == 0 && !(frame->flags & NGHTTP2_FLAG_END_STREAM);
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
        return !(frame->flags & NGHTTP2_FLAG_ACK);
    case NGHTTP2_HEADERS:
    case NGHTTP2_GOAWAY:
        return false;
    default: /* window updates, resets, priorities, continuations, unknown ones */
        return true;
    }
}

bool h2_session_is_flooded(struct h2_session *session)
{
    int64_t now = loop_now_ns(session->stream->loop);
    if (--session->patience > 0)
        return false;
    session->patience += (now - session->patience_ns) * PATIENCE_PER_SECOND / 1000000000;
    session->patience_ns = now;
    if (session->patience > PATIENCE)
        session->patience = PATIENCE;
    return session->patience <= 0;
}

static uint32_t judge_frame(struct h2_session *session, const nghttp2_frame_hd *frame)
{
    if (is_of_no_use(frame) && h2_session_is_flooded(session))
        return NGHTTP2_ENHANCE_YOUR_CALM;
    return session->frame_begins ? session->frame_begins(session, frame) : NGHTTP2_NO_ERROR;
}

/* ---- Bodies on their way out. */

static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *into, size_t cap,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)into;
    (void)user;
    struct h2_body *body = source->ptr;
    size_t have = body->queued.len + body->lent.len;
    if (have == 0 && body->broken)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
    if (have == 0 && !body->ended) {
        body->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (have > cap)
        return (ssize_t)cap;
    if (body->ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (body->ended && body->trailers) {
        struct h2_fields fields;
        h2_fields_begin(&fields, body->trailers->arena, body->trailers->n);
        h2_fields_add_list(&fields, body->trailers);
        if (fields.n > 0 && nghttp2_submit_trailer(ng, id, fields.at, fields.n) == 0)
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return (ssize_t)have;
}

/* Moves what is queued, then what is lent, into the frame. */
static void body_take(struct h2_body *body, char *into, size_t len)
{
    while (len && body->queued.len) {
        struct iovec piece;
        buffer_peek(&body->queued, &piece, 1);
        size_t part = piece.iov_len < len ? piece.iov_len : len;
        memcpy(into, piece.iov_base, part);
        buffer_consume(&body->queued, part);
        into += part;
        len -= part;
    }
    if (len) {
        memcpy(into, body->lent.ptr, len);
        body->lent = str_slice(body->lent, len, body->lent.len);
    }
}

static int send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t len,
                     nghttp2_data_source *source, void *user)
{
    (void)ng;
    (void)frame;
    struct h2_session *session = user;
    struct h2_body *body = source->ptr;
    if (stream_unsent(session->stream) > 0)
        return NGHTTP2_ERR_WOULDBLOCK;
    char *at = stream_reserve(session->stream, FRAME_HEAD_BYTES + len);
    if (!at)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    memcpy(at, head, FRAME_HEAD_BYTES);
    body_take(body, at + FRAME_HEAD_BYTES, len);
    stream_commit(session->stream, FRAME_HEAD_BYTES + len);
    body->moved_ns = loop_now_ns(session->stream->loop);
    if (session->patience < PATIENCE)
        session->patience += PATIENCE_PER_DATA + (int64_t)len / BYTES_PER_PATIENCE;
    if (body->blocked && !body->in_drained && body->queued.len <= GOES_ON_BYTES) {
        body->in_drained = true;
        body->next_drained = session->drained;
        session->drained = body;
    }
    return 0;
}

void h2_body_begin(struct h2_body *body, struct h2_session *session,
                   void (*drained)(struct h2_body *body))
{
    body->session = session;
    body->drained = drained;
    body->moved_ns = loop_now_ns(session->stream->loop);
}

nghttp2_data_provider h2_body_provider(struct h2_body *body)
{
    return (nghttp2_data_provider){.source.ptr = body, .read_callback = read_body};
}

void h2_session_send(struct h2_session *session)
{
    session->busy = true;
    while (stream_unsent(session->stream) == 0) {
        const uint8_t *bytes;
        ssize_t n = nghttp2_session_mem_send(session->ng, &bytes);
        if (n < 0)
            session->failed = true;
        if (n <= 0)
            break;
        stream_write(session->stream, str_make((const char *)bytes, (size_t)n));
    }
    session->busy = false;
}

static void wake(struct h2_body *body, int32_t id)
{
    if (body->deferred)
        nghttp2_session_resume_data(body->session->ng, id);
    body->deferred = false;
    h2_session_touch(body->session);
}

bool h2_body_add(struct h2_body *body, int32_t id, struct str data)
{
    struct h2_session *session = body->session;
    if (body->queued.len == 0)
        body->moved_ns = loop_now_ns(session->stream->loop);
    if (data.len >= LENT_BYTES && !session->busy && !session->failed && body->queued.len == 0 &&
        stream_unsent(session->stream) == 0) {
        body->lent = data;
        wake(body, id);
        h2_session_send(session);
        data = body->lent;
        body->lent = str_make(NULL, 0);
    }
    if (data.len) {
        buffer_add(&body->queued, data.ptr, data.len);
        wake(body, id);
    }
    body->blocked |= body->queued.len >= HIGH_WATER_BYTES;
    return !body->blocked;
}

void h2_body_end(struct h2_body *body, int32_t id, const struct http_headers *trailers)
{
    body->ended = true;
    body->trailers = trailers;
    wake(body, id);
}

void h2_body_break(struct h2_body *body, int32_t id)
{
    body->broken = true;
    wake(body, id);
}

void h2_body_clear(struct h2_body *body)
{
    buffer_clear(&body->queued);
    if (!body->in_drained)
        return;
    struct h2_body **link = &body->session->drained;
    while (*link != body)
        link = &(*link)->next_drained;
    *link = body->next_drained;
    body->in_drained = false;
}

/* ---- Fields on their way out. */

void h2_fields_begin(struct h2_fields *fields, struct arena *arena, size_t n)
{
    *fields = (struct h2_fields){.arena = arena, .cap = n};
    fields->at = arena_alloc(arena, n * sizeof(*fields->at));
}

void h2_fields_add(struct h2_fields *fields, struct str name, struct str value)
{
    if (fields->n == fields->cap)
        return; /* begun with too little room: a mistake, but not one to write behind the end for */
    fields->at[fields->n++] = (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name.ptr, /* nghttp2 copies, in lower case */
        .namelen = name.len,
        .value = (uint8_t *)(uintptr_t)value.ptr,
        .valuelen = value.len,
    };
}

/* A value made of configuration and request must not become what no peer accepts. */
struct str h2_sendable_value(struct arena *arena, struct str value)
{
    value = str_trim(value);
    if (h2_value_is_valid(value))
        return value;
    char *copy = arena_strndup(arena, value.ptr, value.len);
    for (size_t i = 0; i < value.len; i++)
        if (copy[i] == '\r' || copy[i] == '\n' || copy[i] == '\0')
            copy[i] = ' ';
    return str_trim(str_make(copy, value.len));
}

void h2_fields_add_header(struct h2_fields *fields, const struct http_header *header)
{
    if (!h2_is_connection_field(header->id) &&
        (header->id != HEADER_OTHER || h2_name_is_valid(header->name)))
        h2_fields_add(fields, header->name, h2_sendable_value(fields->arena, header->value));
}

void h2_fields_add_list(struct h2_fields *fields, const struct http_headers *headers)
{
    for (uint32_t i = 0; i < headers->n; i++)
        h2_fields_add_header(fields, &headers->at[i]);
}

/* ---- Sessions. */

struct h2_kit *h2_kit_new(void)
{
    struct h2_kit *kit = calloc(1, sizeof(*kit));
    if (!kit || nghttp2_session_callbacks_new(&kit->callbacks) != 0 ||
        nghttp2_option_new(&kit->option) != 0)
        arena_exhausted();
    nghttp2_session_callbacks_set_send_data_callback(kit->callbacks, send_data);
    nghttp2_option_set_no_auto_window_update(kit->option, 1);
    nghttp2_option_set_no_closed_streams(kit->option, 1);
    nghttp2_option_set_max_deflate_dynamic_table_size(kit->option, HEADER_TABLE_BYTES);
    return kit;
}

void h2_kit_free(struct h2_kit *kit)
{
    if (!kit)
        return;
    nghttp2_session_callbacks_del(kit->callbacks);
    nghttp2_option_del(kit->option);
    free(kit);
    h2_memory_free();
}

static void run_flush(struct task *task)
{
    struct h2_session *session = CONTAINER_OF(task, struct h2_session, flush);
    h2_session_send(session);
    while (session->ng && session->drained) {
        struct h2_body *body = session->drained;
        session->drained = body->next_drained;
        body->in_drained = body->blocked = false;
        body->drained(body);
    }
    if (session->ng)
        session->flushed(session);
}

bool h2_session_open(struct h2_session *session, const struct h2_kit *kit, bool is_server,
                     struct stream *stream)
{
    session->stream = stream;
    session->flush.run = run_flush;
    session->patience = PATIENCE;
    session->patience_ns = loop_now_ns(stream->loop);
    session->frame_left = is_server ? NGHTTP2_CLIENT_MAGIC_LEN : 0;
    int status = is_server ? nghttp2_session_server_new3(&session->ng, kit->callbacks, session,
                                                         kit->option, &h2_memory)
                           : nghttp2_session_client_new3(&session->ng, kit->callbacks, session,
                                                         kit->option, &h2_memory);
    return status == 0;
}

void h2_session_close(struct h2_session *session)
{
    loop_undefer(session->stream->loop, &session->flush);
    nghttp2_session_del(session->ng);
    session->ng = NULL;
}

void h2_session_touch(struct h2_session *session)
{
    loop_defer_round(session->stream->loop, &session->flush);
}

/* Says why, as the last thing. */
static bool fail(struct h2_session *session, uint32_t reason)
{
    nghttp2_session_terminate_session(session->ng, reason);
    h2_session_send(session);
    session->failed = true;
    return false;
}

static bool digest(struct h2_session *session, struct str input)
{
    session->busy = true;
    ssize_t used = nghttp2_session_mem_recv(session->ng, (const uint8_t *)input.ptr, input.len);
    session->busy = false;
    if (used >= 0)
        return true;
    return fail(session, used == NGHTTP2_ERR_FLOODED            ? NGHTTP2_ENHANCE_YOUR_CALM
                         : used == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR
                                                                : NGHTTP2_INTERNAL_ERROR);
}

static nghttp2_frame_hd frame_head(const uint8_t *bytes)
{
    return (nghttp2_frame_hd){
        .length = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2],
        .type = bytes[3],
        .flags = bytes[4],
        .stream_id = (int32_t)((uint32_t)(bytes[5] & 0x7f) << 24 | (uint32_t)bytes[6] << 16 |
                               (uint32_t)bytes[7] << 8 | bytes[8]),
    };
}

/* Goes on to the end of the next frame's head; false where <input> ends before. */
static bool next_frame(struct h2_session *session, struct str input, size_t *at)
{
    size_t skip = input.len - *at < session->frame_left ? input.len - *at : session->frame_left;
    *at += skip;
    session->frame_left -= (uint32_t)skip;
    while (session->frame_left == 0 && *at < input.len &&
           session->frame_head_len < FRAME_HEAD_BYTES)
        session->frame_head[session->frame_head_len++] = (uint8_t)input.ptr[(*at)++];
    return session->frame_head_len == FRAME_HEAD_BYTES;
}

/* Can it be judged only when nghttp2 knows what came before it? */
static bool needs_past(struct h2_session *session, const nghttp2_frame_hd *frame)
{
    if (frame->type != NGHTTP2_HEADERS)
        return frame->type == NGHTTP2_DATA;
    if (frame->stream_id <= session->newest_id)
        return true;
    session->newest_id = frame->stream_id;
    return false;
}

bool h2_session_feed(struct h2_session *session, struct str input)
{
    size_t at = 0, fed = 0;
    bool has_news = false; /* something other than data since <fed> */
    while (next_frame(session, input, &at)) {
        nghttp2_frame_hd frame = frame_head(session->frame_head);
        session->frame_head_len = 0;
        session->frame_left = (uint32_t)frame.length;
        if (needs_past(session, &frame) && has_news && at > fed + FRAME_HEAD_BYTES) {
            if (!digest(session, str_slice(input, fed, at - FRAME_HEAD_BYTES)))
                return false;
            fed = at - FRAME_HEAD_BYTES;
            has_news = false;
        }
        has_news |= frame.type != NGHTTP2_DATA;
        uint32_t reason = judge_frame(session, &frame);
        if (reason)
            return fail(session, reason);
    }
    if (!digest(session, str_slice(input, fed, input.len)))
        return false;
    h2_session_touch(session);
    return !h2_session_is_over(session);
}

bool h2_session_is_over(const struct h2_session *session)
{
    return session->failed || (!nghttp2_session_want_read(session->ng) &&
                               !nghttp2_session_want_write(session->ng));
}

bool h2_session_is_clogged(const struct h2_session *session)
{
    return stream_unsent(session->stream) > 0 &&
           nghttp2_session_get_outbound_queue_size(session->ng) > CLOGGED_FRAMES;
}

void h2_session_reset_stream(struct h2_session *session, int32_t id, uint32_t code)
{
    nghttp2_submit_rst_stream(session->ng, NGHTTP2_FLAG_NONE, id, code);
    h2_session_touch(session);
}
