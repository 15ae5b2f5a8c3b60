#ifndef DIALTONE_PROXY_TRANSACTION_H
#define DIALTONE_PROXY_TRANSACTION_H

#include "http/message.h"
#include "http/server.h"
#include "proxy/core.h"
#include "proxy/log_encode.h"
#include "proxy/url.h"

struct proxying;
struct sending;
struct active_map;
struct body_reading;
struct capture;
struct encoding;
struct interception;
struct forwarded_lines;
struct login;
struct metric_span;
struct worker;

struct value {
    enum {
        VALUE_UNSET,
        VALUE_STRING,
        VALUE_TRUE,
        VALUE_FALSE,
        VALUE_NUMBER,
        VALUE_NULL,
        VALUE_OTHER, /* a list or an object */
    } kind;
    struct str text;     /* of strings, numbers and others */
    struct str compared; /* a number as the vars matchers see it; .ptr NULL: <text> */
};

/* Why a request cannot be answered as planned; becomes {http.error.*}. */
struct failure {
    bool is_set;
    bool is_bare; /* a matcher's: it has a text and no status, and is a 500 where nothing handles it
                   */
    unsigned status;
    struct str message; /* .ptr NULL: only the status is known */
    struct str id;      /* for finding it in the log; empty with only a status */
};

/* Routes under way: where one list of routes goes on. */
struct frame {
    struct frame *outer;     /* goes on when this one is through */
    const uint32_t *numbers; /* the routes, or NULL: neighbours from <first> */
    uint32_t first, n;       /* of routes */
    uint32_t at;             /* the next one to look at */
    uint32_t next_route;     /* the row behind the last one looked at */
    const struct dt_handler *handler, *handlers_end; /* of the running route: the next, the last */
    bool is_terminal;                                /* the running route is */
    bool follows_host_index;
};

/* The row of one of its routes. */
static inline uint32_t frame_route(const struct frame *frame, uint32_t at)
{
    return frame->numbers ? frame->numbers[at] : frame->first + at;
}

/* Error routes of a subroute that is under way; catches what fails after it began. */
struct catcher {
    struct catcher *outer;
    struct dt_range routes;
    struct frame *next;             /* where the subroute would go on, as it was */
    struct deferred_work *deferred; /* what was deferred before it */
    struct late_field *late_fields; /* what was to be logged before it */
    struct metric_span *spans;      /* what it was in before it */
};

/* What a handler leaves to be done with the answer: a change to its head, its compression, or
 * something else instead of it. One of the pointers is set. */
struct deferred_work {
    struct deferred_work *earlier;
    const struct dt_header_edit *edit; /* or NULL */
    const struct dt_encoder *encoder;
    enum dt_encoding coding;
    const struct dt_interception *interception;
};

/* A path in lower case, and that without what can be left out of it. */
struct matched_path {
    struct str of, lower, clean;
};

/* A field that log_append leaves for when the request is answered. */
struct late_field {
    struct late_field *earlier;
    const struct dt_log_field *row;
};

/* A field that is added to the access line. */
struct log_extra {
    struct log_extra *next;
    struct str key;
    struct log_value value;
};

/* What the file matcher found. */
struct file_match {
    struct str relative, absolute, remainder;
    bool is_set, is_directory;
};

/* A request being answered: what handlers and matchers see and change. It lives in the request's
 * arena. */
struct transaction {
    /* What it begins with, up to <frame>: set by transaction_start. */
    struct http_request *request;
    struct worker *worker;
    struct core *core;
    const struct dt_tables *tables;
    const struct dt_server *server;
    struct arena *arena;

    /* The request, as changed so far, and as it came. */
    struct str method, host;
    struct url url;
    struct http_headers headers; /* shares its rows with the request's until it is changed */
    struct str original_method;
    struct url original_url;

    struct http_headers response; /* set by handlers so far */
    struct frame server_routes;   /* the outermost frame */
    struct failure first_failure; /* that got as far as the server's error routes: set by then */
    int64_t first_elapsed_ns;     /* how long the request had taken then */

    /* Routing. All from here on is zero at first. */
    struct frame *frame;
    struct catcher *catcher;
    uint64_t *groups;   /* satisfied ones; made when first needed */
    struct value *vars; /* of tables.variables; made when first needed */
    struct failure failure;
    struct failure handled_failure; /* that error routes are running for, or have */
    bool in_error_routes;           /* of the server */
    bool failed_twice;              /* they failed themselves */
    bool owns_headers;
    bool host_changed;  /* since the host index was asked */
    bool is_unsendable; /* a field of the request got a name or value that no upstream may see */

    /* Its body, where a handler replaced it, and how long it may be (0: no limit). */
    struct str body;
    bool replaces_body;
    bool body_is_sent;                 /* on, by a proxy */
    struct body_reading *body_reading; /* body.c's */
    bool is_reading_body;
    int64_t max_body_bytes;

    /* The answer. */
    struct deferred_work *deferred;
    bool is_untyped;       /* a body without a type stays so */
    bool tells_length;     /* a body of unknown length is held back until it ends, or is long */
    bool type_is_cleared;  /* a handler has seen to it that there is none */
    bool type_is_sniffed;  /* its type was found out, and is no business of the log's */
    bool is_unhandled;     /* no handler answered */
    uint64_t unsent_bytes; /* of a body that an answer to HEAD has not, though Caddy counts it */
    unsigned log_status;   /* where the client saw none: 499 */

    /* Known once asked for. */
    struct str peer_text, client_ip, uuid, uri;
    bool has_client_ip, is_from_trusted_proxy;
    struct matched_path matched_path; /* what path matchers compare */
    struct str host_name, host_named; /* what host matchers compare, and the host it is of */
    struct dt_range host_routes;      /* what the host index has for it */
    /* A matcher that is known to say yes to <host>; NULL after it has changed. */
    const struct dt_matcher *host_fits;

    /* Logs. */
    struct late_field *late_fields;
    struct log_extra *extras; /* in the order in which they are written */
    struct dt_range loggers;  /* access_loggers that log_name chose; where <has_loggers> */
    bool has_loggers;
    struct strbuf *answer_copy; /* of the body, for the log; NULL: nobody wants it */
    bool copies_encoded;        /* as the client gets it */

    struct metric_span *spans; /* measured routes that it is in, the innermost first */

    struct capture *captures;            /* of regular expressions, the last match first */
    struct active_map *maps;             /* that have run */
    struct file_match file;              /* of the last file matcher that matched */
    struct proxying *proxying;           /* of the last reverse_proxy, for {http.reverse_proxy.*} */
    struct sending *sending;             /* a file that is the body */
    struct proxying *handled;            /* whose answer handle_response routes look at */
    struct forwarded_lines *forwarded;   /* of the worker's, that upstreams are sent */
    struct login *login;                 /* a password that is being looked at */
    struct str user;                     /* who has logged in; .ptr NULL: nobody */
    struct str health_target;            /* whom a health check is about; empty for requests */
    const struct http_head *intercepted; /* the last answer that was held back */
    struct interception *interception;   /* an answer that was held back; response.c's */
    struct interception *unsaid;         /* one whose body goes out if what came instead has none */
    struct encoding *encoding;           /* of the body on its way out; response.c's */
};

enum { MAX_METHOD = 32 }; /* bytes; longer ones are refused */

/* What a handler has done. */
enum step {
    STEP_NEXT,   /* the next handler is to run */
    STEP_TAKEN,  /* the request is answered or will be: nothing more runs */
    STEP_FAILED, /* transaction_fail was called */
};

/* Starts answering a request; called for every one. */
void transaction_start(struct worker *worker, const struct dt_server *server,
                       struct http_request *request);
/* Sets the failure; for handlers: return transaction_fail(…). */
enum step transaction_fail(struct transaction *tx, unsigned status, struct str message);
/* The same of what has no status in Caddy: error routes do not see one. */
enum step transaction_fail_bare(struct transaction *tx, struct str message);
/* Goes on after a handler that said STEP_TAKEN failed or is to be followed by the next. */
void transaction_resume(struct transaction *tx, enum step step);
/* Sends the whole answer, with the headers set so far. */
void transaction_reply(struct transaction *tx, unsigned status, struct str body);

/* How long the request has taken so far, by the clock: the loop's stands still for a round, which
 * most requests do not outlast. */
int64_t transaction_elapsed_ns(const struct transaction *tx);
/* The request's headers, to be changed. */
struct http_headers *transaction_own_headers(struct transaction *tx);
/* The peer's address with zone and without port; "@" for unix sockets. */
struct str transaction_peer(struct transaction *tx);
struct str transaction_client_ip(struct transaction *tx);
/* The host as it is now, without port and brackets, and the routes that the server's host index has
 * for it (numbers; none where there is no index). */
struct str transaction_host_name(struct transaction *tx);
struct dt_range transaction_host_routes(struct transaction *tx);
/* The matcher says yes to it, whatever else is in the request: need not be asked again. */
void transaction_host_fits(struct transaction *tx, const struct dt_matcher *matcher);
/* Path and query as they are now. */
struct str transaction_uri(struct transaction *tx);
/* The variable's slot, for reading and writing. */
struct value *transaction_variable(struct transaction *tx, uint32_t variable);
struct str value_text(const struct value *value);
/* The same for the vars matchers. */
struct str value_compared(const struct value *value);
/* {http.error}: what is known of a failure, in one line. */
struct str failure_text(struct transaction *tx, const struct failure *failure);

#endif
