#ifndef DIALTONE_HTTP_H2_PRIVATE_H
#define DIALTONE_HTTP_H2_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "http/h2_block.h"
#include "http/http_private.h"

/* What the two ends of HTTP/2 share: a session of nghttp2 over a stream, and bodies on their way
 * out. Frames are collected and leave together when all events of a round are through. */

enum {
    H2_SERVER_STREAMS = 250,               /* as Go */
    H2_SERVER_WINDOW = 1 << 20,            /* of a stream, and of the connection */
    H2_CLIENT_STREAM_WINDOW = 512 * 1024,  /* what a slow reader makes us keep */
    H2_CLIENT_CONNECTION_WINDOW = 1 << 24, /* given back at once: the stream's is what limits */
    H2_HEAD_SLOP_BYTES = 320,              /* Go's, for what each field counts beside its text */
};

/* Callbacks, options and memory of a thread's sessions of one kind. */
struct h2_kit {
    nghttp2_session_callbacks *callbacks; /* owned, as is the next */
    nghttp2_option *option;
};
struct h2_kit *h2_kit_new(void); /* see h2_kit_free in http_private.h */

struct h2_session {
    nghttp2_session *ng; /* owned; NULL once closed */
    struct stream *stream;
    struct task flush;
    void (*flushed)(struct h2_session *session); /* after frames were sent; it may close */
    struct h2_body *drained;                     /* bodies that may go on */
    int64_t patience, patience_ns; /* how many more frames without use are put up with; since */
    /* Sees each frame before nghttp2 does, which is silent about some; not 0: the error that ends
     * the session. */
    uint32_t (*frame_begins)(struct h2_session *session, const nghttp2_frame_hd *frame);
    uint8_t frame_head[9]; /* of the next frame, as far as it is there */
    unsigned frame_head_len;
    uint32_t frame_left; /* bytes until the next one */
    int32_t newest_id;   /* of streams that the peer has opened */
    bool busy;       /* nghttp2 is at work: it must be neither entered nor closed */
    bool failed;     /* nothing can be read from it any more */
};

/* The callbacks get the session as their user data. */
bool h2_session_open(struct h2_session *session, const struct h2_kit *kit, bool is_server,
                     struct stream *stream);
void h2_session_close(struct h2_session *session);
/* Works through bytes of the peer. False: it broke the protocol, or the session is over for another
 * reason; a GOAWAY that says so is on its way. */
bool h2_session_feed(struct h2_session *session, struct str input);
/* What was submitted leaves at the end of the round. */
void h2_session_touch(struct h2_session *session);
/* Sends what was submitted now; not from within callbacks. */
void h2_session_send(struct h2_session *session);
/* All is read and written that ever will be. */
bool h2_session_is_over(const struct h2_session *session);
/* More is waiting to be sent than a peer that reads would let pile up. */
bool h2_session_is_clogged(const struct h2_session *session);
/* One more frame without use; true where there were too many. */
bool h2_session_is_flooded(struct h2_session *session);
void h2_session_reset_stream(struct h2_session *session, int32_t id, uint32_t code);

/* ---- Bodies on their way out. */
void h2_body_begin(struct h2_body *body, struct h2_session *session,
                   void (*drained)(struct h2_body *body));
nghttp2_data_provider h2_body_provider(struct h2_body *body);
/* Sends or copies. False: wait for `drained` before giving more. */
bool h2_body_add(struct h2_body *body, int32_t id, struct str data);
/* Nothing more comes; trailers (or NULL) must live as long as the stream. */
void h2_body_end(struct h2_body *body, int32_t id, const struct http_headers *trailers);
/* What was given goes out, then the stream is reset. */
void h2_body_break(struct h2_body *body, int32_t id);
void h2_body_clear(struct h2_body *body);

/* ---- Fields on their way out. */
struct h2_fields {
    struct arena *arena;
    nghttp2_nv *at;
    size_t n, cap;
};
/* Room for <n>, in the arena. */
void h2_fields_begin(struct h2_fields *fields, struct arena *arena, size_t n);
/* Trusted text: pseudo-header fields and our own. */
void h2_fields_add(struct h2_fields *fields, struct str name, struct str value);
/* A value as it may stand in a field: no CR, LF or NUL, no blanks around it. */
struct str h2_sendable_value(struct arena *arena, struct str value);
/* Left out where it is one that only HTTP/1 has, or could not be sent as it is. */
void h2_fields_add_header(struct h2_fields *fields, const struct http_header *header);
void h2_fields_add_list(struct h2_fields *fields, const struct http_headers *headers);

/* ---- Memory of sessions, kept by threads for reuse (h2_memory.c). */
extern nghttp2_mem h2_memory;
/* Gives the thread's back to the system. */
void h2_memory_free(void);

#endif
