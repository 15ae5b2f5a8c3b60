#ifndef DIALTONE_PROXY_PROXYING_H
#define DIALTONE_PROXY_PROXYING_H

#include "http/client.h"
#include "http/server.h"
#include "net/timer.h"
#include "proxy/transaction.h"

struct backend;
struct finding;
struct worker;

/* Where an upstream is. */
struct destination {
    struct str address;  /* "tcp/host:port" */
    struct str hostport; /* "host:port", the path of a unix socket */
    struct str host;
    uint16_t port;
    struct dial_target target;
};

/* How much an upstream had to do when it was chosen, and how much it may have. */
struct upstream_load {
    uint32_t requests, fails;
    uint32_t max_requests;
};

/* Waits for what sources find. */
struct source_wait {
    struct finding *finding; /* NULL: does not wait */
    struct source_wait *next, **link;
    const struct backend **merged; /* of several sources; in the request's arena */
    uint32_t n_merged;
    uint32_t at; /* of the pool's sources */
};

/* What is known of the request's body. */
enum upload {
    UPLOAD_NONE,      /* there is none, or all of it was sent */
    UPLOAD_BUFFERING, /* read ahead of the first attempt (request_buffers) */
    UPLOAD_WAITING,   /* not read yet */
    UPLOAD_STREAMING, /* goes to the upstream as it comes */
};

/* One run of the reverse_proxy handler: all its attempts. */
struct proxying {
    /* What it begins with, up to <exchange>: set by handle_proxy and proxy_make_request. */
    struct transaction *tx;
    const struct dt_pool *pool;
    const struct dt_transport *transport;
    uint32_t pool_row;
    struct proxying *earlier; /* another run for the same request */
    int64_t started_ns;
    struct strbuf buffered; /* of the request's body, read ahead; sent first */

    /* The request to send, before the operations that are made for each attempt. */
    struct str method, uri;
    struct url url; /* <uri>, taken apart */
    struct str host;
    struct http_headers prepared;
    struct str upgrade; /* the protocol asked for; empty: none */
    int64_t content_length;

    /* The running attempt. All from here on is zero at first. */
    struct http_exchange exchange;
    struct http_headers headers;
    struct str attempt_host;
    const struct http_header *host_line; /* the client's, which says <attempt_host>; or NULL */
    const char *request_line; /* the client's, right before it, if it is as it is sent; or NULL */

    /* What the next attempt chooses from; valid until it has. */
    const struct backend *const *candidates;
    uint32_t n_candidates;
    bool are_candidates_found; /* by those who had to be asked, and not used yet */
    struct source_wait wait;   /* for them to be found */

    const struct backend *backend;         /* of the running attempt; held where it was found */
    const struct destination *destination; /* of the last attempt; NULL before the first */
    struct upstream_load load;             /* of its upstream */
    struct timer pause;                    /* before a retry */
    int64_t attempt_ns;
    int64_t latency_ns, duration_ns; /* once the head, the end came; 0 before */
    unsigned retries;
    bool is_attempting;      /* the exchange may give events */
    bool is_counted;         /* among the upstream's requests */
    bool is_over;            /* it has failed, and nothing more is tried */
    bool is_transport_error; /* retry_match is asked about an attempt that failed */
    bool retry_match_failed; /* it could not be decided */

    enum upload upload;
    bool drops_body;      /* the request is sent without it */
    bool upload_complete; /* <buffered> is all of it */
    bool is_reading;      /* http_body_read was called */
    bool client_paused;   /* reading the body waits for the upstream */

    bool has_head;         /* the upstream has answered */
    bool head_sent;        /* to the client */
    bool awaits_body;      /* the head waits for the first bytes of the body */
    bool is_reply_blocked; /* the client reads slowly */
    int64_t passed;        /* bytes of the body; counted for verbose logs only */
    int64_t backlog;       /* bytes taken for it since then */

    /* Of an answer that routes look at: its body waits until one of them copies it. */
    const struct dt_response_handler *handler; /* or NULL */
    struct strbuf held;                        /* what came of it by then */
    bool is_held, has_ended, has_failed;

    /* Of a script behind FastCGI. */
    const struct dt_fastcgi *fastcgi; /* NULL: the upstreams speak HTTP */
    struct http_headers variables;    /* of the running attempt */
    struct strbuf complaints;         /* what it wrote to its standard error, to be logged */
};

/* What the request tells while it runs. */
void proxying_upload(struct proxying *proxying, struct str data);
void proxying_upload_end(struct proxying *proxying);
void proxying_upload_failed(struct proxying *proxying, enum http_body_failure reason);
void proxying_client_drained(struct proxying *proxying);
/* Ends what still works for it; for a request that is over. */
void proxying_cancel(struct proxying *proxying);
/* Its candidates are there. */
void proxying_found(struct proxying *proxying);
/* Sends the answer that was held back for routes, after <status> (0: its own). */
void proxying_copy(struct proxying *proxying, unsigned status);

#endif
