#ifndef DIALTONE_PROXY_RESPONSE_H
#define DIALTONE_PROXY_RESPONSE_H

#include "proxy/transaction.h"

/* The way of an answer from the handler that makes it to the client, through what other handlers
 * left for it. Any handler that answers uses these, not the http layer. */

/* The head; <start> is the beginning of the body where it is there already (it has to be given to
 * response_data as well). */
void response_start(struct transaction *tx, struct http_head *head, struct str start);
/* Whether response_start should wait for the beginning of the body. */
bool response_needs_start(const struct transaction *tx, const struct http_head *head);
/* Whether pieces of the body go to the client as they are, so that they may be a file's own. */
bool response_is_direct(const struct transaction *tx);
/* False: wait for the request's `drained` event before more (what was given is taken). */
bool response_data(struct transaction *tx, struct str data);
/* What was given so far is to reach the client, however little it is. */
void response_flush(struct transaction *tx);
/* From here on the body is kept for the log, as the handlers that run later make it. */
void response_keep_copy(struct transaction *tx);
/* What was kept of it; empty where it was too long. */
struct str response_copy(const struct transaction *tx);
/* The request may be gone when it returns. */
void response_end(struct transaction *tx, const struct http_headers *trailers);
/* The head of an answer that intercept held back, or NULL. */
const struct http_head *response_intercepted(const struct transaction *tx);
/* The routes that ran instead of it answered nothing: it is sent after all. */
void response_resume(struct transaction *tx);
/* Finds the status that a row changes an answer's to (0: none); false after transaction_fail. */
bool response_handler_status(struct transaction *tx, const struct dt_response_handler *row,
                             unsigned *status);
/* Breaks it off, after what was given so far; as http_reply_abort. */
void response_abort(struct transaction *tx);
bool response_is_event_stream(const struct http_headers *headers);
/* Gives back what the answer holds; for a request that is over. */
void response_cancel(struct transaction *tx);

#endif
