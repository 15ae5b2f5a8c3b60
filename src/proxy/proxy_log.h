#ifndef DIALTONE_PROXY_PROXY_LOG_H
#define DIALTONE_PROXY_PROXY_LOG_H

#include "proxy/proxying.h"

/* What a run of reverse_proxy tells the log. All but the last is for the level debug; ask before
 * whether that is wanted. */
static inline bool proxy_logs_details(const struct proxying *proxying)
{
    return proxying->tx->core->is_debugging;
}

/* An upstream was chosen. */
void proxy_log_selected(struct proxying *proxying);
/* It has answered, or (with an error) has not. */
void proxy_log_roundtrip(struct proxying *proxying, struct str error);
/* Where verbose_logs is on: an answer's way to the client, step by step. */
void proxy_log_head(struct proxying *proxying);
void proxy_log_data(struct proxying *proxying, size_t n);
void proxy_log_end(struct proxying *proxying);
/* There will be another attempt, where verbose_logs is on. */
void proxy_log_retry(struct proxying *proxying, struct str error);

/* An answer that has begun does not come to its end. */
void proxy_log_broken(struct proxying *proxying, struct str error);

#endif
