#ifndef DIALTONE_HTTP_SERVER_H
#define DIALTONE_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"
#include "net/address.h"

struct http_exchange;
struct http_server;
struct request_protocol;
struct listen_target;
struct loop;
struct stream;
struct tls_server;

/* The server side of HTTP in one thread: accepts, parses, times out, and hands requests to
 * on_request. All of it runs in the loop's thread. */

/* How a request ended. */
enum http_end {
    HTTP_END_DONE,        /* answered in full (handed to the kernel or queued) */
    HTTP_END_ABORTED,     /* by http_reply_abort */
    HTTP_END_CLIENT_GONE, /* the client closed, reset, or stopped reading for too long */
    HTTP_END_UPGRADED,    /* a tunnel that is now closed */
};

/* Why the request body broke off. */
enum http_body_failure {
    HTTP_BODY_OK,
    HTTP_BODY_BAD,     /* malformed chunk: answer 400 */
    HTTP_BODY_TIMEOUT, /* the client was too slow */
};

/* How fast the client has to be, in one direction. */
struct http_pace {
    int64_t idle_ns;  /* it may stand still that long; <0: for ever */
    int64_t min_rate; /* bytes a second on average, from <idle_ns> after the head on; 0: any */
    int64_t limit_ns; /* all in all, from the head on; 0: as long as it takes */
};

struct http_request {
    struct arena *arena; /* this request's; reset when it is done */
    struct http_connection *connection;
    const struct request_protocol *private_protocol;
    const struct http_request_events *events; /* set by on_request when it will answer later */
    void *app;                                /* for on_request's own use */

    struct str method;
    struct str target; /* as it came */
    struct str path;   /* still escaped, without query; "*" for OPTIONS *, empty for CONNECT */
    struct str query;  /* without the question mark */
    bool has_query;    /* tells "/x?" from "/x" */
    struct str host;   /* the Host header's value or an absolute target's authority; empty only in
                        * HTTP/1.0 */
    /* The request before this one on the connection, handed to on_request or not, had the same
     * <host> byte by byte. False where that is not known: always in HTTP/2. */
    bool same_host;
    enum http_version version;
    /* As it came, but for names with '_' or '.', which are dropped (they are in
     * <dropped_headers>). */
    struct http_headers headers;
    uint32_t n_dropped_headers;
    struct http_header *dropped_headers;

    int64_t content_length; /* 0: no body; HTTP_LENGTH_UNKNOWN: it ends when it ends */
    bool expects_continue;  /* http_body_read sends 100 */
    struct http_headers trailers; /* complete at body_end */

    int64_t started_ns;     /* loop time when the head was complete */
    uint64_t body_read;     /* bytes of the request body so far */
    uint64_t body_sent;     /* bytes of the response body so far, without framing */
    unsigned status;        /* of the response, 0 before it starts */
    const struct http_pace *read_pace, *write_pace; /* beside the server's; NULL: none */
    bool close; /* set it to close an HTTP/1 connection after the response */
};

/* What on_request may want to hear of. Each may be NULL. */
struct http_request_events {
    /* A piece of the body, valid during the call; after http_body_read only. */
    void (*body)(struct http_request *request, struct str data);
    void (*body_end)(struct http_request *request);
    void (*body_failed)(struct http_request *request, enum http_body_failure reason);
    /* http_reply_data said "stop": now it may go on. */
    void (*drained)(struct http_request *request);
    /* Exactly once, last. Cancel what still works for this request; after it, it is gone. */
    void (*done)(struct http_request *request, enum http_end end);
};

/* What is done with the PROXY header that may stand in front of a connection. */
enum http_proxy_header {
    HTTP_PROXY_HEADER_SKIP,    /* none is looked for */
    HTTP_PROXY_HEADER_IGNORE,  /* it is taken off and counts for nothing */
    HTTP_PROXY_HEADER_USE,     /* its addresses are the connection's from then on */
    HTTP_PROXY_HEADER_REJECT,  /* a connection with one is closed */
    HTTP_PROXY_HEADER_REQUIRE, /* as USE; a connection without one is closed */
};

/* How many clients' connections there may be, over all servers and threads that share it. Those
 * beyond wait in the kernel's queue until others are closed. */
struct http_limit {
    unsigned max;
    _Atomic unsigned open;
};

/* What a server has done so far. Written by its thread, read by any. */
struct http_counters {
    _Atomic uint64_t connections, open_connections;
    _Atomic uint64_t requests, open_requests;
    _Atomic uint64_t answers[6]; /* by the first digit of their status; 0: none was begun */
    _Atomic uint64_t body_bytes_in, body_bytes_out;
};

struct http_server_config {
    void (*on_request)(struct http_request *request, void *ctx);
    void *ctx;
    struct tls_server *tls;         /* NULL: plain */
    /* What is spoken beside HTTP/1: over TLS by ALPN (which the policies of <tls> offer), over
     * plain connections where they begin with HTTP/2's preface. */
    bool speaks_h2;
    bool refuses_h1; /* connections that speak it are closed */
    /* Asked for each connection; NULL: always HTTP_PROXY_HEADER_SKIP. */
    enum http_proxy_header (*proxy_header)(const struct address *peer, void *ctx);
    int64_t proxy_header_timeout_ns; /* then it is taken for a connection without one; <0: none */
    /* HTTP in the clear with a head of at most so many bytes is answered by a redirect to HTTPS, on
     * plain listeners, too; 0: none is. */
    size_t redirected_head_bytes;
    /* The PROXY header is inside of TLS, not in front of it. As in Caddy the connection then counts
     * as one without TLS. */
    bool proxy_header_in_tls;
    int64_t read_header_timeout_ns; /* 0 takes Caddy's defaults in each: 1 m, 5 m, 1 m, 1 m */
    int64_t idle_timeout_ns;
    struct http_pace read, write; /* of bodies, and of answers */
    size_t max_head_bytes; /* 0: 16 KiB; 4 KiB more are let through */
    bool keep_underscores; /* keep headers with '_' or '.' in the name (to filter them oneself) */
    struct http_limit *limit; /* borrowed; NULL: none */
};

/* How a server comes to its end. */
struct http_drain {
    bool leaves_queue; /* another process accepts what waits to be accepted */
    /* Idle connections of HTTP/1 stay so long for one more request, whose answer says that it is
     * the last: their clients may just be sending it. 0: they are closed at once. */
    int64_t idle_ns;
};

/* <config> is copied. */
struct http_server *http_server_new(struct loop *loop, const struct http_server_config *config);
/* Accepts from a listening socket (listen_open) for this server; <tag> comes back as
 * http_connection_tag. 0 or -errno; takes over <fd>. */
int http_server_listen(struct http_server *server, int fd, uint32_t tag);
/* Takes over one connected socket (for tests, and for inherited connections). */
void http_server_connection(struct http_server *server, int fd, const struct address *peer,
                            uint32_t tag);
/* Stops accepting, closes idle connections, lets active ones finish; <drained> is called (never
 * from within) when the last has gone. */
void http_server_drain(struct http_server *server, const struct http_drain *how,
                       void (*drained)(void *ctx), void *ctx);
/* Closes every connection at once and releases the server. */
void http_server_free(struct http_server *server);
const struct http_counters *http_server_counters(const struct http_server *server);

/* Facts about the connection; the addresses are those of its PROXY header where it had one. */
const struct address *http_connection_peer(const struct http_connection *connection);
/* Asks the kernel: call it when needed only. */
struct address http_connection_local(struct http_connection *connection);
struct stream *http_connection_stream(struct http_connection *connection); /* for tls_info */
/* Whose stream it is. */
struct http_connection *http_connection_of(const struct stream *stream);
bool http_connection_is_tls(const struct http_connection *connection);
uint32_t http_connection_tag(const struct http_connection *connection);

/* ---- Answering. on_request answers at once, or sets request->events and answers later.
 *
 * The server adds Date (where absent), Content-Length or Transfer-Encoding, and Connection; such
 * headers in <head> (but Date) are left out, though "Connection: close" there closes. Bodies of
 * answers to HEAD, and of 204 and 304, are left out. Calls that finish the request (reply,
 * reply_end, reply_abort) call events->done before they return: do not touch it afterwards. */

/* A whole answer; it leaves in one send. */
void http_reply(struct http_request *request, const struct http_head *head, struct str body);
/* The head alone; head->content_length tells the framing. Data and end follow. */
void http_reply_start(struct http_request *request, const struct http_head *head);
/* A piece of the body, copied or sent. False: the client reads too slowly, wait for `drained`
 * before sending more (what was given is taken in any case). */
bool http_reply_data(struct http_request *request, struct str data);
/* At most <len> bytes of a file as a piece of the body: how many were sent, 0 where the file ends,
 * HTTP_FILE_WAITS (for `drained`), or HTTP_FILE_NOT_SO where the piece has to be read and given to
 * http_reply_data. */
int64_t http_reply_file(struct http_request *request, int file, int64_t offset, int64_t len);
enum { HTTP_FILE_WAITS = -1, HTTP_FILE_NOT_SO = -2 };
/* At most <len> bytes from a stream as a piece of the body, without a look at them: as stream_pass;
 * <*may_go_on> is what http_reply_data returns. */
ssize_t http_reply_pass(struct http_request *request, struct stream *from, size_t len,
                        bool *may_go_on);
/* The end; trailers (or NULL) go out if the body is chunked, and in HTTP/2. A body shorter than
 * announced breaks off as http_reply_abort does. */
void http_reply_end(struct http_request *request, const struct http_headers *trailers);
/* Breaks the connection (the stream, in HTTP/2), so that the client sees that the answer is not
 * complete. */
void http_reply_abort(struct http_request *request);
/* An interim response (1xx, not 101). */
void http_reply_interim(struct http_request *request, const struct http_head *head);
static inline bool http_reply_started(const struct http_request *request)
{
    return request->status != 0;
}

/* For this request, beside what the server asks for; what they point at must outlive it. NULL: no
 * change. */
void http_request_pace(struct http_request *request, const struct http_pace *read,
                       const struct http_pace *write);

/* ---- The request body. Unless one of these is called, it waits unread; when the answer is
 * finished up to 256 KiB of it are read and dropped, more closes the connection. */

/* From now on (also at once, from within) `body` and `body_end` come. */
void http_body_read(struct http_request *request);
void http_body_pause(struct http_request *request);
void http_body_resume(struct http_request *request);

/* ---- Tunnels, for HTTP/1.1 only. Sends <head> (101) and passes bytes both ways between the client and
 * the upstream of <exchange>, which has answered 101, until either side ends. Takes over the
 * exchange: no events of it come any more; `done` with HTTP_END_UPGRADED comes. body_read and
 * body_sent count the tunnel's bytes. */
struct http_tunnel_options {
    int64_t timeout_ns;     /* 0: none */
    int64_t close_delay_ns; /* how long it may go on when the server drains */
    bool is_websocket;      /* both sides are told when it is closed then */
};
void http_tunnel(struct http_request *request, const struct http_head *head,
                 struct http_exchange *exchange, const struct http_tunnel_options *options);

#endif
