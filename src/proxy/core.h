#ifndef DIALTONE_PROXY_CORE_H
#define DIALTONE_PROXY_CORE_H

#include <stdatomic.h>

#include "base/map.h"
#include "base/str.h"
#include "dialtone/tables.h"
#include "http/message.h"
#include "http/server.h"
#include "proxy/handover.h"

struct certificates;
struct control;
struct destination;
struct environment;
struct found_upstream;
struct hosts;
struct log_sink;
struct passwords;
struct socket_set;
struct tls_client;
struct tls_server;
struct tls_state;
struct worker;

/* A dial string's counters, shared by all pools that have it and all threads. On a cache line of
 * its own; any worker writes it. */
struct upstream_state {
    _Atomic uint32_t requests; /* in flight */
    _Atomic uint32_t fails;    /* remembered failures */
} __attribute__((aligned(64)));

/* What active checks found out about one row of upstreams; written by the worker that checks. */
struct upstream_health {
    _Atomic bool is_down;
    uint32_t passes, fails; /* the checking worker's own */
};

/* An upstream that a request may go to: a row of upstreams, or one that was found. */
struct backend {
    struct str dial; /* key of hashes */
    struct upstream_state *state;
    const struct upstream_health *health; /* NULL: not actively checked */
    const struct destination *where;      /* NULL: each request has to find it out */
    struct found_upstream *found;         /* NULL: <row> */
    uint32_t row;
    uint32_t max_requests; /* 0: no limit */
};

/* One row of pools. */
struct pool_state {
    _Atomic uint32_t robin; /* any worker adds to it */
} __attribute__((aligned(64)));

/* What all workers share: const after the start but for the atomics in it. */
struct core {
    const struct dt_tables *tables;
    const char *name;                  /* of the program, for messages */
    struct arena *arena;               /* for what lives as long as the process */
    enum header_id *header_ids;        /* of header_names */
    struct upstream_state *states;     /* dt_upstream.state */
    struct upstream_health *healths;   /* of upstreams */
    struct pool_state *pools;          /* of pools */
    const struct backend **backends;   /* of upstreams */
    bool is_debugging;                 /* a log takes lines of the level debug */
    struct hosts *hosts;               /* owned; NULL where no upstreams are found */
    struct tls_client **transport_tls; /* of transports; NULL where plain */
    struct tls_server **server_tls;    /* of servers; NULL where plain */
    struct tls_state *tls;
    struct certificates *certificates;        /* that are ordered; NULL: none */
    struct log_sink *sinks;                   /* of logs; log.c's */
    struct str data_directory;
    struct http_pace *paces;                  /* two of each row: for reading, for writing */
    void **regexps;                           /* of regexps, compiled */
    struct passwords *passwords;              /* NULL where nobody logs in */
    struct map media_types;                   /* of file extensions; empty without file servers */
    struct environment *environment;          /* proxies that it names */
    struct str hostname, working_directory, architecture;
    /* of variables: those that Caddy sets and hardly anybody reads; DT_NONE */
    uint32_t start_time_variable, uuid_variable, filesystem_variable;
    int64_t started_ns, started_wall_ns; /* of the monotonic clock, and the other */
    struct worker *workers;
    unsigned n_workers;
    struct http_limit limit;        /* of clients' connections */
    struct socket_set *socket_sets; /* of listeners, and the admin endpoint's at the end */
    unsigned n_socket_sets;
    struct handover handover;
    const char *program; /* what a successor is made of; NULL: not known */
    char **arguments;    /* of this process, as it was started */
    struct str admin;    /* path of the admin endpoint, NUL behind it; empty: none */
    struct control *control;
    _Atomic uint64_t n_scrapes;     /* of metrics */
    _Atomic int64_t shutdown_at_ns; /* wall clock; 0 while nothing is planned */
};

static inline struct str table_text(const struct dt_tables *tables, struct dt_text text)
{
    return (struct str){tables->strings + text.at, text.len};
}

/* Access to a header of the tables' header_names. */
static inline struct str field_name(const struct core *core, uint32_t name)
{
    return table_text(core->tables, core->tables->header_names[name].canonical);
}
/* True where <header> is named so. */
bool field_is(const struct core *core, const struct http_header *header, uint32_t name);
/* All values joined by <separator>; false where there is none. */
bool field_join(const struct core *core, const struct http_headers *headers, uint32_t name,
                struct str separator, struct str *out);
void field_remove(const struct core *core, struct http_headers *headers, uint32_t name);
void field_add(const struct core *core, struct http_headers *headers, uint32_t name,
               struct str value);

#endif
