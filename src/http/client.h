#ifndef DIALTONE_HTTP_CLIENT_H
#define DIALTONE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/loop.h"

struct h2_call;
struct http_client;
struct http_pool;
struct loop;
struct stream;
struct tls_client;

/* The client side of HTTP in one thread: idle connections per upstream, and exchanges. */
struct http_client *http_client_new(struct loop *loop);
/* Closes everything; exchanges that still run get no more events. */
void http_client_free(struct http_client *client);
/* The interface with this index (0: any) went away: connections to link-local addresses on it end
 * now, and exchanges on them fail or start anew as if the peer had closed. */
void http_client_interface_gone(struct http_client *client, unsigned index);

enum http_forward_kind { HTTP_FORWARD_NONE, HTTP_FORWARD_HTTP, HTTP_FORWARD_SOCKS5 };

/* A proxy on the way to an upstream; what is dialed is the proxy then. */
struct http_forward {
    enum http_forward_kind kind;
    bool to_tls;              /* TLS is spoken to the upstream, not to the proxy */
    struct str host;          /* of the upstream, without brackets */
    uint16_t port;
    struct str authority;     /* host:port */
    struct str authorization; /* HTTP: value of Proxy-Authorization; empty: none */
    struct str user, password; /* SOCKS */
    bool has_login;
};

/* How to reach one upstream, with which settings. Text and tls are borrowed: they must outlive the
 * pool. Times of 0 take Caddy's default, which is none where not said otherwise. */
struct http_pool_config {
    struct dial_target target;
    struct tls_client *tls;  /* NULL: plain */
    struct str server_name;  /* for TLS; empty: the dial host */
    struct dial_options dial; /* its text is borrowed, too */
    struct http_forward forward;
    int64_t tls_timeout_ns;
    int64_t head_timeout_ns; /* from the end of the request to the response head */
    int64_t read_timeout_ns, write_timeout_ns; /* without any progress */
    int64_t idle_timeout_ns; /* 2 m */
    unsigned max_idle;       /* 32 */
    unsigned group, max_idle_in_group; /* of all pools with this number together; 0: no limit */
    unsigned max_connections; /* 0: no limit; beyond it exchanges wait for one that others leave */
    bool no_keep_alive;
    /* Each connection begins with a PROXY header of this version, 1 or 2 (0: without): it is
     * <proxy_client>'s, or (AF_UNSPEC) our own. */
    unsigned char proxy_version;
    struct address proxy_client;
    /* With TLS: HTTP/2 is offered (which <tls> must do, too); without: it is spoken, unasked.
     * Requests that upgrade go over HTTP/1 all the same, unless that is refused. */
    bool speaks_h2;
    bool refuses_h1;
    /* FastCGI instead of HTTP, without TLS: a connection for each exchange. Read and write timeouts
     * count from the connection on, progress or not. */
    bool speaks_fastcgi;
    size_t max_head_bytes; /* 10 MiB */
};

/* One upstream's connections in this thread. Make it once per upstream and keep it. */
struct http_pool *http_pool_new(struct http_client *client, const struct http_pool_config *config);
/* The pool with this key (an expanded placeholder address), or NULL; pools made with
 * http_pool_new have none. */
struct http_pool *http_pool_find(struct http_client *client, struct str key);
/* A keyed pool; text in <config> and <key> is copied. It goes away by itself when it has been
 * empty for some minutes, so look it up for each exchange. */
struct http_pool *http_pool_add(struct http_client *client, struct str key,
                                const struct http_pool_config *config);

/* Keeps a keyed pool while it is empty, until as many calls of http_pool_release. */
void http_pool_hold(struct http_pool *pool);
void http_pool_release(struct http_pool *pool);

/* What went wrong with an exchange. */
enum http_failure {
    HTTP_FAIL_NONE,
    HTTP_FAIL_DIAL,         /* no connection: see exchange->dial_failure and error */
    HTTP_FAIL_FORWARD,      /* the proxy on the way did not connect */
    HTTP_FAIL_TLS,          /* handshake or verification failed */
    HTTP_FAIL_TLS_TIMEOUT,
    HTTP_FAIL_WRITE,        /* the request could not be sent */
    HTTP_FAIL_CLOSED,       /* closed or reset before the response head was complete */
    HTTP_FAIL_BAD_HEAD,     /* not HTTP, or framing that contradicts itself */
    HTTP_FAIL_HEAD_TOO_LARGE,
    HTTP_FAIL_HEAD_TIMEOUT,
    HTTP_FAIL_READ_TIMEOUT,
    HTTP_FAIL_WRITE_TIMEOUT,
    HTTP_FAIL_TRUNCATED,    /* closed or reset in the middle of the response body */
    HTTP_FAIL_BAD_BODY,     /* broken chunked coding in the response */
    HTTP_FAIL_BAD_RECORD,   /* not FastCGI */
    HTTP_FAIL_NO_LENGTH,    /* FastCGI: scripts must be told how long the request's body is */
    N_HTTP_FAILURES
};

/* The request to send. */
struct http_outgoing {
    struct str method;
    struct str target; /* origin form, escaped */
    struct str host;   /* Host (":authority") */
    /* That field, where it is a line of a head that came; or NULL. And where in that head the request
     * line stands, right before it, if it is to be sent as it is there; or NULL. */
    const struct http_header *host_line;
    const char *request_line;
    /* All other headers. Host, Content-Length and Transfer-Encoding in it are left out. Connection
     * goes out as given (for upgrades) in HTTP/1; hop-by-hop rules are the caller's. */
    const struct http_headers *headers;
    int64_t content_length; /* 0: no body; HTTP_LENGTH_UNKNOWN; else that many bytes */
    bool zero_length;       /* with content_length 0: say "Content-Length: 0" */
    bool as_it_comes; /* the answer's bytes are told of at once, not when there are many */
    const struct http_headers *variables; /* for FastCGI, instead of target, host and headers */
    bool idempotent;        /* GET, HEAD, OPTIONS, TRACE, or an Idempotency-Key: may be resent when
                             * a reused connection turns out to be dead */
};

/* One request and its response; embed it or take it from the request's arena. Everything above
 * <private_> may be read by events. */
struct http_exchange {
    const struct http_exchange_events *events;
    void *owner;
    struct arena *arena;   /* the head is copied here; it must outlive the exchange */
    struct http_outgoing request;
    struct http_head head; /* from `head` on */
    struct http_headers trailers;
    enum http_failure failure;
    enum dial_failure dial_failure;
    int error;           /* errno, where there is one */
    bool reused;         /* an idle connection was used */
    bool body_started;   /* something of the request body was handed over: not replayable */
    bool head_received;
    struct address peer; /* of the connection */
    struct str reason; /* of the answer's status, as the upstream says it */
    int64_t started_ns, connected_ns, head_ns; /* loop times */
    struct str tls_error; /* in the arena; for HTTP_FAIL_TLS and HTTP_FAIL_FORWARD */

    struct http_upstream *private_connection; /* of HTTP/1 */
    struct h2_call *private_call;             /* of HTTP/2 */
    struct http_exchange *private_next;       /* while it waits for a connection, or is queued */
    struct http_pool *private_pool;
    bool private_retried, private_waits, private_is_queued;
};

/* Each may be NULL. No event comes after `end`, `failed` or http_exchange_cancel; the exchange's
 * memory may be released from within `end` and `failed`. */
struct http_exchange_events {
    /* The request's head is out (or queued), or what was written after it has drained: the body may
     * be written. Can come from within http_exchange_start. */
    void (*writable)(struct http_exchange *exchange);
    /* A 1xx response (not 101); valid during the call. */
    void (*interim)(struct http_exchange *exchange, const struct http_head *head);
    /* The head is complete. With status 101 follow http_tunnel or http_exchange_cancel. */
    void (*head)(struct http_exchange *exchange);
    /* A piece of the body, valid during the call. */
    void (*data)(struct http_exchange *exchange, struct str data);
    /* Instead of `data`, where <len> bytes more of a body with a known length are to come: moves at
     * most so many out of the stream, and tells how many, as stream_pass does; -ENOTSUP asks for
     * `data`. <len> is 0 where it is only asked for that. */
    ssize_t (*pass)(struct http_exchange *exchange, struct stream *from, size_t len);
    /* A piece of what a script behind FastCGI writes to its standard error; before `end`. */
    void (*complaint)(struct http_exchange *exchange, struct str data);
    /* The response is complete. Where the request's body has not been sent in full by then, it
     * need not be any more. */
    void (*end)(struct http_exchange *exchange);
    void (*failed)(struct http_exchange *exchange, enum http_failure reason);
};

/* Sends a request over an idle or a new connection. Set events, owner, arena and request before, with
 * zeroes in all else; the request's text and headers must stay until `head` or `failed`. Failures come as events, never from
 * within this call. One dead idle connection is replaced silently where that is safe. */
void http_exchange_start(struct http_exchange *exchange, struct http_pool *pool);
/* A piece of the request body, after the first `writable`. False: wait for `writable` before
 * sending more (what was given is taken in any case). */
bool http_exchange_write(struct http_exchange *exchange, struct str data);
/* The request body is complete; trailers (or NULL) go out if it is chunked. */
void http_exchange_finish(struct http_exchange *exchange, const struct http_headers *trailers);
/* No more `data` after the running read until resumed. */
void http_exchange_pause(struct http_exchange *exchange);
void http_exchange_resume(struct http_exchange *exchange);
/* Breaks the exchange off; harmless on one that has ended. */
void http_exchange_cancel(struct http_exchange *exchange);
/* For logs and {http.error}: "dial tcp [fe80::1%eth0]:443: connection refused". */
struct str http_exchange_error(const struct http_exchange *exchange, struct arena *arena);

#endif
