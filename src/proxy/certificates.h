#ifndef DIALTONE_PROXY_CERTIFICATES_H
#define DIALTONE_PROXY_CERTIFICATES_H

#include "net/tls.h"
#include "proxy/core.h"

struct http_request;

/* Certificates that are ordered from authorities by ACME, where the tables want some. */

/* Before tls_setup; false after saying what is wrong. */
bool certificates_setup(struct core *core);
/* When the workers serve: from then on missing certificates are ordered. */
void certificates_begin(struct core *core);
/* Ends what certificates_begin has begun, and what is under way with it. */
void certificates_end(struct core *core);

/* Answers an authority that asks for a token (HTTP-01); false where the request is no such. Only
 * where there are such certificates. Where another process that shares the storage has asked the
 * authority, its files tell the answer. */
bool certificates_answer(struct core *core, struct http_request *request);
/* The choice for an authority's handshake (TLS-ALPN-01); false where it is no such. */
bool certificates_choose(struct core *core, const struct tls_hello *hello,
                         struct tls_choice *choice);

#endif
