#ifndef DIALTONE_ADAPT_AUTOMATION_ISSUERS_H
#define DIALTONE_ADAPT_AUTOMATION_ISSUERS_H

#include "json/value.h"

#include "base/str.h"

struct diags;
struct document;

/* Certificate issuers as JSON objects that hold their kind under "module". Sites share the objects
 * of the global cert_issuer option, so a change to one shows in every policy, as in Caddy. */

bool issuer_is(const json_t *issuer, const char *module);
/* What Caddy tries where no issuer is named: Let's Encrypt, then, with an e-mail address, ZeroSSL by
 * ACME. An array. */
json_t *issuers_default(struct document *document, const char *email);
/* The issuers behind `tls` options that imply ACME: the ACME ones among the global option
 * cert_issuer (NULL: none), else the default ones, each with <overrides> on top. An array. */
json_t *issuers_implied(struct document *document, const json_t *global_issuers,
                        const json_t *overrides);
/* Puts what the global options say where an ACME issuer says nothing. False after a diagnostic. */
bool issuer_fill(struct document *document, struct diags *diags, const json_t *globals,
                 json_t *issuer);

#endif
