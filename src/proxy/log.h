#ifndef DIALTONE_PROXY_LOG_H
#define DIALTONE_PROXY_LOG_H

#include "proxy/transaction.h"

struct worker;

/* Opens what the rows of logs name; false after saying why. */
bool log_open(struct core *core);
/* Files again, by name (after a rotation from outside). */
void log_reopen(struct core *core);

/* One line to every log that takes <logger> at this level. <fields> is the inside of a JSON object,
 * maybe empty. From a thread that is no worker, <worker> is NULL. */
void log_line(struct core *core, struct worker *worker, enum dt_log_level level, struct str logger,
              struct str message, struct str fields);
bool log_wants(const struct core *core, enum dt_log_level level);
/* A request as it is told of: the client's, or what became of it on its way to an upstream. */
struct log_request {
    struct str method, host, uri;
    const struct http_headers *headers;
};
/* Appends the field "request" of a line. */
void log_add_request(struct strbuf *out, struct transaction *tx, const struct log_request *as);
/* The request's line in the access log. */
void log_access(struct transaction *tx);

enum log_failure_kind {
    LOG_FAILURE_PLAIN,   /* nothing handles it */
    LOG_FAILURE_HANDLED, /* error routes do */
    LOG_FAILURE_TWICE,   /* the error routes failed themselves */
};
void log_failure(struct transaction *tx, enum log_failure_kind kind);

/* Writes out what a worker has collected. */
void log_flush(struct worker *worker);

#endif
