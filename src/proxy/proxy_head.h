#ifndef DIALTONE_PROXY_PROXY_HEAD_H
#define DIALTONE_PROXY_PROXY_HEAD_H

#include "proxy/proxying.h"

/* The heads that reverse_proxy makes. */

/* Once: the request as it is for every attempt. */
void proxy_make_request(struct proxying *proxying);
/* For one attempt: headers and Host after the configured operations. False, and why, where
 * placeholders made something of it that would not be one request. */
bool proxy_make_attempt(struct proxying *proxying, struct str *problem);

/* Merges the upstream's head into the transaction's response; the head waits for the body where
 * its type has to be found out (awaits_body). */
void proxy_make_response(struct proxying *proxying);
/* Sends that head; <start> is the start of the body where there is one already. */
void proxy_send_response(struct proxying *proxying, struct str start);
void proxy_send_interim(struct proxying *proxying, const struct http_head *interim);
/* False where the upstream switched to what nobody asked for. */
bool proxy_make_upgrade_head(struct proxying *proxying, struct http_head *head);

#endif
