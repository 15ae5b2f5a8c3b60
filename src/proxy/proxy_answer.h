#ifndef DIALTONE_PROXY_PROXY_ANSWER_H
#define DIALTONE_PROXY_PROXY_ANSWER_H

#include "net/loop.h"
#include "proxy/proxying.h"
#include "proxy/worker.h"

/* What an exchange tells of the answer, whose owner is a struct proxying: as http_exchange_events
 * has them. */
void proxy_on_interim(struct http_exchange *exchange, const struct http_head *head);
void proxy_on_head(struct http_exchange *exchange);
ssize_t proxy_on_pass(struct http_exchange *exchange, struct stream *from, size_t len);
void proxy_on_data(struct http_exchange *exchange, struct str data);
void proxy_on_complaint(struct http_exchange *exchange, struct str data);
void proxy_on_end(struct http_exchange *exchange);

/* What handle_proxy.c does for it. */

/* The loop's clock. */
static inline int64_t proxying_now_ns(const struct proxying *proxying)
{
    return loop_now_ns(proxying->tx->worker->loop);
}
/* Goes on with the request after an event. */
void proxying_go_on(struct proxying *proxying, enum step step);
/* The attempt does not count among the upstream's requests any more. */
void proxying_release_upstream(struct proxying *proxying);
/* Where retry_match takes the answer for a failed attempt: asks another upstream, or fails; true.
 */
bool proxying_retries_answer(struct proxying *proxying);

#endif
