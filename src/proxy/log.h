#ifndef DIALTONE_PROXY_LOG_H
#define DIALTONE_PROXY_LOG_H

#include "proxy/log_encode.h"
#include "proxy/transaction.h"

struct worker;

/* Collected lines of one worker for one output. */
struct log_buffer {
    char *ptr; /* owned */
    size_t len;
    struct str line_ending;
    bool is_taken; /* a line is being made at its end */
    struct log_head head;
};

/* Opens what the rows of logs name; false after saying why. */
bool log_open(struct core *core);
/* Files again, by name (after a rotation from outside). */
void log_reopen(struct core *core);
/* When nobody writes any more; also after log_open failed, or was not called. */
void log_close(struct core *core);

/* One field of a line. */
struct log_pair {
    struct str key;
    struct log_value value;
};

/* One line to every log that takes <logger> at this level. From a thread that is no worker,
 * <worker> is NULL. */
void log_line(struct core *core, struct worker *worker, enum dt_log_level level, struct str logger,
              struct str message, const struct log_pair *pairs, size_t n);
/* Whether any log takes lines of this level. */
bool log_wants(const struct core *core, enum dt_log_level level);
/* Writes out what a worker has collected. */
void log_flush(struct worker *worker);

/* The line to one log, if that takes the level and its sampling lets it through; <arena> is for
 * what is needed meanwhile. */
void log_write(struct core *core, struct worker *worker, struct arena *arena, uint32_t log,
               const struct log_entry *entry);
/* Whether the log takes lines of this logger, at whatever level. */
bool log_takes(const struct core *core, uint32_t log, struct str logger);
/* A placeholder that has a value without a request. */
struct log_value log_process_value(const struct core *core, struct arena *arena,
                                   const struct dt_part *part, int64_t now_ns);

/* --- log_request.c --- */

/* A request as it is told of: the client's, or what became of it on its way to an upstream. */
struct log_request {
    struct transaction *tx;
    struct str method, host, uri;
    const struct http_headers *headers;
};
/* The value of the field "request"; <as> lives as long as the line is written. */
struct log_value log_request_value(const struct log_request *as);
/* The same of headers alone. */
struct log_headers {
    struct transaction *tx;
    const struct http_headers *headers;
};
struct log_value log_headers_value(const struct log_headers *headers);

/* The request's line in the access log. */
void log_access(struct transaction *tx);

enum log_failure_kind {
    LOG_FAILURE_PLAIN,   /* nothing handles it */
    LOG_FAILURE_HANDLED, /* the server's error routes did */
    LOG_FAILURE_TWICE,   /* the error routes failed themselves */
};
/* The line about the request's first failure. */
void log_failure(struct transaction *tx, enum log_failure_kind kind);

/* The line about a method that is longer than MAX_METHOD. */
void log_long_method(struct transaction *tx);
/* Adds a field to the request's access line; in place of one of that name where <replaces>. */
void log_extra(struct transaction *tx, struct str key, struct log_value value, bool replaces);
/* The fields that handlers since <mark> have left for the way back, the last one first. */
void log_add_late(struct transaction *tx, const struct late_field *mark);

#endif
