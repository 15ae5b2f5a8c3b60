#ifndef DIALTONE_HTTP_HTTP_PRIVATE_H
#define DIALTONE_HTTP_HTTP_PRIVATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "http/client.h"
#include "http/fastcgi.h"
#include "http/h1_parse.h"
#include "http/h2_block.h"
#include "http/server.h"
#include "net/batch.h"
#include "net/listen.h"
#include "net/stream.h"
#include "net/timer.h"
#include "net/tls.h"

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* What server, client and the tunnels between them share. */

enum {
    HIGH_WATER_BYTES = 64 * 1024, /* more unsent than this, and the source must wait */
    DRAIN_BYTES = 256 * 1024,     /* of an unread request body; more closes the connection */
};

_Static_assert((int)LOOP_SLACK_BYTES >= (int)H1_SLACK_BYTES, "what is read is parsed where it is");

/* Bytes that were received but cannot be used yet. No memory while empty. */
struct saved_input {
    char *bytes; /* owned; with H1_SLACK_BYTES of zeroes behind len */
    size_t len, cap;
};
void saved_add(struct saved_input *saved, struct str more);
/* Only <rest>, its end, is still to be used. */
void saved_keep(struct saved_input *saved, struct str rest);
void saved_clear(struct saved_input *saved);

/* The host that a connection's last request asked for, as it was written: most connections ask for
 * one again and again. Empty where it was longer. */
struct last_host {
    unsigned char len;
    char bytes[79];
};

/* Where in a message body the input is. */
struct body_reader {
    int64_t left; /* with a known length */
    struct h1_chunked chunks;
    bool chunked, until_close, complete;
};
void body_begin(struct body_reader *body, const struct h1_framing *framing);
/* As h1_chunk_next, for every framing. */
enum h1_chunk body_next(struct body_reader *body, struct str *input, struct str *piece);
/* Parses what was gathered of a trailer section; false where it is malformed. */
bool trailers_parse(struct str section, struct http_headers *out);

/* Whether a head of which <scanned> bytes were not all of it may be complete by now, or has grown so
 * much that its beginning is to be looked at again: what comes byte by byte must not cost a look at
 * everything each time. */
bool head_is_worth_a_look(struct str input, size_t scanned);
/* Whether the end of a head may be among what came behind the first <scanned> bytes. */
bool head_may_end(struct str input, size_t scanned);

/* As Go, which takes what has come of the last line for all of it: a request line that is not there
 * yet or a field without its colon is malformed, any other unfinished head is given up without a
 * word. */
bool head_is_malformed_so_far(const struct saved_input *saved);

/* The thread's array for headers being parsed; it grows on demand. */
struct header_scratch {
    struct http_header *at; /* owned */
    uint32_t cap;
};
void scratch_grow(struct header_scratch *scratch);

/* Moves a parsed head into an arena: bytes, then the headers, then every pointer. */
struct http_headers head_keep(struct arena *arena, struct h1_head *head, const char *bytes);
/* Looks for a head at the start of <input>. One that is there (H1_DONE) is in the arena then, with
 * all that <head> points to; else nothing of the arena is taken. Never H1_FULL. */
typedef enum h1_result h1_parser(struct h1_head *head, const char *bytes, size_t len);
enum h1_result head_read(struct h1_head *head, h1_parser *parse, struct arena *arena,
                         struct header_scratch *scratch, struct str input);
/* The same of one that does not end (see head_may_end): for what is malformed in it. */
enum h1_result head_look(struct h1_head *head, h1_parser *parse, struct header_scratch *scratch,
                         struct str input);
/* The list of such a head. */
static inline struct http_headers head_headers(struct arena *arena, const struct h1_head *head)
{
    return (struct http_headers){arena, head->headers, head->n, head->cap, head->names};
}

/* ---- Writing heads (h1_write.c). */
struct head_writer {
    char *at, *end;
    char *heap; /* owned; used when the head is too large for the stream's scratch */
    struct stream *stream;
    char *begin;
};
enum { HEAD_ROOM_BYTES = 8 * 1024 }; /* that nearly every head has enough of */
static inline void head_begin(struct head_writer *writer, struct stream *stream)
{
    writer->stream = stream;
    writer->heap = NULL;
    writer->begin = writer->at = stream_reserve(stream, HEAD_ROOM_BYTES);
    writer->end = writer->begin + HEAD_ROOM_BYTES;
}
/* Room for <more> bytes, where there is none. */
void head_grow(struct head_writer *writer, size_t more) __attribute__((cold));
/* Where <bytes> more go. */
static inline char *head_room(struct head_writer *writer, size_t bytes)
{
    if (bytes > (size_t)(writer->end - writer->at))
        head_grow(writer, bytes);
    char *at = writer->at;
    writer->at = at + bytes;
    return at;
}
/* Here, because nearly all that is written is a constant: it is stored, not copied by a call. */
static inline void head_text(struct head_writer *writer, struct str text)
{
    char *at = head_room(writer, text.len);
    if (text.len)
        memcpy(at, text.ptr, text.len);
}
void head_field(struct head_writer *writer, struct str name, struct str value);
/* <first>, which is lines that came as they are written, or nothing (.ptr NULL); then the fields of the
 * list that are not in <left_out> (a header_bit each). */
void head_list(struct head_writer *writer, struct str first, const struct http_headers *headers,
               uint64_t left_out);
/* "<method> <target> HTTP/1.1" */
void head_request_line(struct head_writer *writer, struct str method, struct str target);
void head_number(struct head_writer *writer, uint64_t number);
void head_end_large(struct head_writer *writer) __attribute__((cold));
static inline void head_end(struct head_writer *writer)
{
    if (writer->heap)
        head_end_large(writer);
    else
        stream_commit(writer->stream, (size_t)(writer->at - writer->begin));
}
/* "Content-Length: <length>" and its line end at <at>, LENGTH_LINE_BYTES at most; where it ends. */
enum { MOST_DIGITS = 20, LENGTH_LINE_BYTES = sizeof("Content-Length: \r\n") - 1 + MOST_DIGITS };
char *put_length(char *at, uint64_t length);
/* The same of a text, for which there must be room. */
static inline char *put_text(char *at, struct str text)
{
    memcpy(at, text.ptr, text.len);
    return at + text.len;
}
/* One chunk, its framing in the same send. */
void chunk_write(struct stream *stream, struct str data);
void last_chunk_write(struct stream *stream, const struct http_headers *trailers);

/* ---- The server side of a connection (server.c, h1_server.c, h1_reply.c; h2_private.h). */

/* How one protocol does what server.h promises of requests. */
struct request_protocol {
    void (*start)(struct http_request *request, const struct http_head *head);
    bool (*data)(struct http_request *request, struct str data);
    int64_t (*file)(struct http_request *request, int file, int64_t offset, int64_t len);
    ssize_t (*pass)(struct http_request *request, struct stream *from, size_t len,
                    bool *may_go_on);
    void (*end)(struct http_request *request, const struct http_headers *trailers);
    void (*abort)(struct http_request *request);
    void (*interim)(struct http_request *request, const struct http_head *head);
    void (*body_read)(struct http_request *request);
    void (*body_pause)(struct http_request *request);
    void (*body_resume)(struct http_request *request);
    void (*paced)(struct http_request *request); /* its paces have changed */
};
extern const struct request_protocol h1_requests, h2_requests;

enum connection_state {
    CONNECTION_HEAD,   /* between requests, or in the middle of a head */
    CONNECTION_BODY,   /* the request body is not complete; the handler reads it or not */
    CONNECTION_REPLY,  /* the request is complete, the reply is not */
    CONNECTION_DRAIN,  /* the reply is complete, the rest of the request body is dropped */
    CONNECTION_LINGER, /* our end is sent; waits for the peer's, so that it reads our last words */
    CONNECTION_TUNNEL,
    CONNECTION_H2, /* the streams have states of their own */
    CONNECTION_CLOSED,
};

struct http_connection {
    struct stream stream;
    struct http_server *server;
    struct http_connection *next, **link; /* in the server's list */
    struct task resume;
    struct timer timer;
    struct address peer;
    struct address local; /* by a PROXY header, if <knows_local> */
    uint32_t tag;
    unsigned char state; /* enum connection_state */
    unsigned char proxy_header; /* enum http_proxy_header; until it is dealt with */
    bool hides_tls, knows_local;
    bool processing;     /* input is being worked on further up the stack */
    bool reading_body;   /* the handler wants it */
    bool body_paused;
    bool stopped_writing; /* the handler, or a pipeline, waits for `drained` */
    bool waits_head;      /* the timer is for the rest of a head */
    unsigned head_scanned; /* of a head in <saved> that is not complete */
    bool keep_alive;      /* of the running request */
    bool served;          /* one request at least */
    bool knows_version;   /* HTTP/1 or HTTP/2: one of them was chosen */
    struct last_host last_host;
    size_t unsent_before; /* when the write timer last looked */
    struct saved_input saved;
    struct server_request *request; /* owned while one runs */
    struct http_tunnel *tunnel;
    struct h2_server *h2; /* owned, while the state is CONNECTION_H2 */
    struct body_reader body;
    int64_t drained_bytes;
};

/* What is to be sent of a body in HTTP/2, and what became of it. */
struct h2_body {
    struct h2_session *session;
    struct buffer queued; /* waits for the peer's window or for the socket */
    struct str lent;      /* goes behind it; while h2_body_add runs only */
    struct h2_body *next_drained;
    const struct http_headers *trailers; /* or NULL */
    int64_t moved_ns; /* when the peer last let something go out, or something came */
    void (*drained)(struct h2_body *body); /* after h2_body_add said "stop" */
    bool ended, broken; /* nothing comes behind what is queued; it ends as an abort */
    bool deferred;      /* nghttp2 waits for more */
    bool blocked;       /* `drained` is due when enough has left */
    bool in_drained;    /* in the session's list */
};

/* A request's HTTP/2 side. */
struct h2_stream {
    struct h2_server *server;
    struct server_request *next, **link; /* in the connection's list */
    struct task deliver;                 /* hands over what was saved */
    struct h2_body reply;
    struct buffer saved; /* of the request's body, until it is wanted */
    struct h2_block block; /* of fields that are being read */
    int64_t read_ns;       /* when the peer last sent something of the body, or was asked to */
    int32_t id;
    bool reading, paused;  /* the handler wants its body; but not now */
    bool input_complete, end_told;
    bool was_reset; /* by the client */
    bool runs;             /* it was handed over and has not ended */
    bool is_over;          /* `done` was told, or there was nothing to tell */
    bool answered;         /* all of the answer has left, at <read_ns> if the client still sends */
};

/* A request while it runs; pooled, with its arena. */
struct server_request {
    struct http_request public;
    struct arena arena;
    struct server_request *next; /* in the pool */
    struct strbuf trailer_bytes;
    int64_t reply_left; /* with a known length */
    bool reply_chunked, reply_no_body, reply_until_close;
    bool continue_sent;
    struct h2_stream h2; /* the last: not zeroed for HTTP/1 */
};

struct http_server {
    struct loop *loop;
    struct http_server_config config;
    struct http_connection *connections;
    unsigned n_connections;
    struct http_listener *listeners; /* owned list */
    struct h2_kit *h2; /* owned; NULL: HTTP/1 only */
    struct server_request *free_requests;
    unsigned n_free_requests;
    struct header_scratch scratch;
    struct http_counters counters;
    bool draining, freed;
    struct http_drain drain; /* once <draining> */
    void (*drained)(void *ctx);
    void *drained_ctx;
    struct task drained_task;
};

/* Only the server's thread writes its counters, so that this needs no locked instruction. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* h1_server.c */
extern const struct stream_events h1_server_events;
void h1_server_resume(struct task *task);
void h1_server_timer(struct timer *timer);
/* After the reply is finished: the next request, the rest of this one, or the end. */
void h1_server_next(struct http_connection *connection);
/* Asks for the input to be looked at again, soon. */
void connection_continue(struct http_connection *connection);
/* Sends what is written, then closes; lingers where the peer may still be sending. */
void connection_finish(struct http_connection *connection);
/* Closes now; a running request ends with <end>. */
void connection_close(struct http_connection *connection, enum http_end end);
/* The running request is over: tells the handler and recycles its memory. */
void request_done(struct http_connection *connection, enum http_end end);
/* pace.c. When a transfer began, when something of it moved last, and how much. */
struct http_progress {
    int64_t started_ns, moved_ns;
    uint64_t bytes;
};
/* Nanoseconds until the pace of a request's body is broken, 0 and less if it is, INT64_MAX if it
 * never will be; the same of its answer, of which <unsent> bytes still wait here, and of the time
 * in which an answer has to be there. */
int64_t request_read_left(const struct http_server_config *config,
                          const struct http_request *request, int64_t moved_ns, int64_t now);
int64_t request_write_left(const struct http_server_config *config,
                           const struct http_request *request, size_t unsent, int64_t moved_ns,
                           int64_t now);
int64_t request_reply_left(const struct http_server_config *config,
                           const struct http_request *request, int64_t now);

/* Waits for the client to take what is unsent, as long as the pace allows. */
void connection_await_writes(struct http_connection *connection);
/* The first bytes, which somebody else has read; more are read then. */
void h1_server_feed(struct http_connection *connection, struct str input);
/* server.c */
void server_forget(struct http_connection *connection);
/* Nothing but HTTP, or TLS and HTTP, comes from now on. False: it is closed. */
bool connection_begin(struct http_connection *connection);
/* proxied.c: waits for a PROXY header first. */
void proxied_begin(struct http_connection *connection);
/* misdirected.c: looks first whether it is HTTP in the clear, to be sent to HTTPS. */
void misdirected_begin(struct http_connection *connection);

/* h2_server.c: the connection changes over to HTTP/2. False (and nothing has changed) where there is
 * no memory. */
bool h2_server_begin(struct http_connection *connection);
void h2_server_feed(struct http_connection *connection, struct str input);
/* As connection_close. */
void h2_server_close(struct http_connection *connection, enum http_end end);
/* No new streams; it closes when those that run are through. */
void h2_server_drain(struct http_connection *connection);
struct h2_kit *h2_server_kit_new(void);
void h2_kit_free(struct h2_kit *kit);

/* request.c: what all versions do to requests. */
struct server_request *request_take(struct http_server *server,
                                    const struct request_protocol *protocol);
/* Recycles the memory of one that is over, or that was never begun, which is not counted. */
void request_put_back(struct http_server *server, struct server_request *request);
void request_give_back(struct http_server *server, struct server_request *request);
void request_pool_free(struct http_server *server);
/* Takes the request target apart. */
enum h1_problem request_set_target(struct http_request *request, struct str target);
/* Of one that begins with a path of <path_len> bytes as h1_head has it. */
void request_set_usual_target(struct http_request *request, struct str target, size_t path_len);
/* Hands it to on_request, or answers what no handler is asked for. <has_unusual_names>: some of its
 * fields may have to be dropped. */
void request_begin(struct http_server *server, struct http_request *request,
                   bool has_unusual_names);
/* Names that would change how a message is read have no place behind it (RFC 9110 6.5.1). */
bool header_fits_in_trailers(const struct http_header *header);

/* ---- Upstream connections (pool.c, client.c, h1_client.c). */
enum upstream_state {
    UPSTREAM_DIALING,
    UPSTREAM_FORWARD,   /* a proxy on the way is asked to connect */
    UPSTREAM_HANDSHAKE, /* TLS */
    UPSTREAM_HEAD,      /* the request is being sent, the response head is awaited */
    UPSTREAM_BODY,      /* of the response */
    UPSTREAM_SWITCHED,  /* answered 101: the bytes are no longer HTTP */
    UPSTREAM_H2,        /* in the pool's list of connections that are shared */
    UPSTREAM_IDLE,      /* in the pool */
    UPSTREAM_CLOSED,
};

struct http_upstream {
    struct stream stream;
    struct http_pool *pool;
    struct http_exchange *exchange;     /* borrowed, while one runs */
    struct http_upstream *next, **link; /* in the client's list */
    struct http_upstream *idle_next, *idle_before; /* in the pool's idle list, newest first */
    int64_t idle_since_ns;
    struct http_upstream *shared_next; /* in the pool's list of those that speak HTTP/2 */
    struct h2_client *h2;  /* owned, while the state is UPSTREAM_H2 */
    struct dial *dial;     /* owned while dialing */
    struct http_tunnel *tunnel;
    struct timer timer;
    struct address peer;
    struct saved_input saved;
    struct body_reader body;
    struct strbuf trailer_bytes; /* in the exchange's arena */
    struct fastcgi_reader records; /* of FastCGI */
    size_t head_scanned;           /* of the head in <saved> */
    int64_t pass_from; /* while so much of the body is left, it may be passed on unseen */
    struct stream_batch batch; /* of what is passed on */
    int64_t head_due_ns;           /* when it must be complete; 0: no limit */
    unsigned char state;         /* enum upstream_state */
    bool keep_alive, request_sent, got_bytes, write_waits;
    bool wants_h2; /* it is not known yet whether it gets it */
    bool is_through;            /* the proxy on the way, if there is one */
    unsigned char forward_step; /* enum socks5_step */
    const char *refusal;        /* what the proxy on the way did not like, or do */
};

/* How one protocol does what client.h promises of exchanges, on a connection of its own. */
struct upstream_protocol {
    const struct stream_events *events;
    /* The connection stands. */
    void (*begin)(struct http_upstream *upstream);
    bool (*write)(struct http_upstream *upstream, struct str data);
    void (*finish)(struct http_upstream *upstream, const struct http_headers *trailers);
    void (*timer)(struct timer *timer);
};
extern const struct upstream_protocol h1_upstreams, fastcgi_upstreams;

struct http_pool {
    struct http_client *client;
    const struct upstream_protocol *protocol;
    struct http_pool_config config;
    struct str key; /* in <text>; empty for pools without */
    struct http_pool *next;
    struct http_upstream *idle; /* newest first */
    struct http_upstream *oldest;
    struct http_upstream *shared; /* that speak HTTP/2 */
    struct http_exchange *waiting, **waiting_last; /* for one of them to stand */
    struct http_exchange *queued, **queued_last;   /* beyond max_connections */
    struct task serve;                             /* looks for connections for them */
    unsigned n_idle, n_connections;
    unsigned n_waiting;
    unsigned n_promised; /* connections on their way that will be shared */
    bool has_h2;         /* it is known to be spoken */
    bool knows_version;  /* whether it is spoken is known */
    bool passes_bodies;  /* the last answer's body could go on unseen, and was long */
    int64_t used_ns;
    unsigned n_holders; /* of a keyed pool */
    struct tls_ticket ticket;
    struct arena text; /* of keyed pools */
};

struct http_client {
    struct loop *loop;
    struct http_pool *pools;  /* owned; those without key */
    struct http_pool **keyed; /* owned: buckets of those with one; NULL before the first */
    int64_t swept_ns;         /* when <keyed> was last looked through for pools that nobody uses */
    struct http_upstream *upstreams;
    struct header_scratch scratch;
    struct h2_kit *h2; /* owned; NULL before the first connection that needs it */
    struct h2_call *free_calls; /* owned */
    unsigned n_free_calls;
};

/* pool.c */
void upstream_close(struct http_upstream *upstream);
/* Puts it into the pool, or closes it. */
void upstream_put_back(struct http_upstream *upstream);
/* It is no longer one of those that are idle. */
void upstream_leave_idle(struct http_upstream *upstream);
/* It is no longer on its way. */
void upstream_arrived(struct http_upstream *upstream);
/* A connection of the pool may have become free: those that are queued look for one. */
void pool_wake(struct http_pool *pool);
/* client.c */
/* Does so. */
void pool_serve(struct task *task);
/* The exchange is over: no event but `failed` comes any more. */
void exchange_fail(struct http_upstream *upstream, enum http_failure failure, int error);
/* As exchange_fail, but a dead idle connection is replaced where that is safe. */
void exchange_lost(struct http_upstream *upstream, enum http_failure failure, int error);
/* It is over, without a connection. */
void exchange_report(struct http_exchange *exchange, enum http_failure failure, int error);
/* The same where the connection it shared is gone, or (refused) has surely not looked at it: it
 * moves to another one where that is safe. */
void exchange_dropped(struct http_exchange *exchange, enum http_failure failure, int error);
void exchange_refused(struct http_exchange *exchange, enum http_failure failure);
/* The connection turned out to be HTTP/2: its exchange, and those that wait, go over it. */
void upstream_share(struct http_upstream *upstream);
/* It turned out not to be: its exchange has it alone, and those that wait find something else. */
void upstream_keep(struct http_upstream *upstream);
/* h1_client.c */
/* On an idle connection: sends the request's head. */
void h1_client_send(struct http_upstream *upstream);
/* forward.c: the connection to the proxy on the way stands; then the protocol begins again. */
bool forward_is_needed(const struct http_pool *pool);
void forward_begin(struct http_upstream *upstream);
void forward_readable(struct http_upstream *upstream);
/* h2_client.c: the connection changes over to HTTP/2. */
void h2_client_begin(struct http_upstream *upstream);
bool h2_client_has_room(const struct http_upstream *upstream);
/* Says good-bye and closes. */
void h2_client_end(struct http_upstream *upstream);
/* What upstream_close does of it; exchanges hear nothing. */
void h2_client_free(struct http_upstream *upstream);
void h2_calls_free(struct http_client *client);
/* There must be room. */
void h2_call_start(struct http_upstream *upstream, struct http_exchange *exchange);
bool h2_call_write(struct h2_call *call, struct str data);
void h2_call_finish(struct h2_call *call, const struct http_headers *trailers);
void h2_call_pause(struct h2_call *call);
void h2_call_resume(struct h2_call *call);
void h2_call_cancel(struct h2_call *call);

/* tunnel.c: one side fell out of its owner's hands. */
void tunnel_close(struct http_tunnel *tunnel);
/* The server drains: it closes in a while, or now. */
void tunnel_drain(struct http_tunnel *tunnel);

#endif
