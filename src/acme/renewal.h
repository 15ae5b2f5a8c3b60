#ifndef DIALTONE_ACME_RENEWAL_H
#define DIALTONE_ACME_RENEWAL_H

#include <jansson.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/str.h"

/* When an authority would like a certificate to be renewed (RFC 9773, "ARI"), and how certmagic
 * keeps that. Times are in nanoseconds since 1970, 0: none. */
struct acme_renewal {
    int64_t start_ns, end_ns; /* of the window */
    int64_t selected_ns;      /* the moment in it that was drawn for this certificate */
    int64_t retry_at_ns;      /* not to be asked again before */
    struct str explanation;   /* a URL, or empty */
    struct str id;            /* of the certificate */
};

/* What certificates are called here (RFC 9773 4.1): their authority's key and their serial number;
 * empty where one of them is missing. */
struct str acme_renewal_id(struct arena *arena, const X509 *certificate);
/* The authority's answer; false where it tells no window (RFC 9773 4.2). A moment is drawn, but the
 * one of <before> stays where the window does. <retry_after_s>: as the answer says, 0: it does not.
 */
bool acme_renewal_read(struct arena *arena, const json_t *answer, const struct acme_renewal *before,
                       int64_t retry_after_s, struct acme_renewal *out);
/* As it is kept: "renewal_info" of the certificate's metadata; all of it zero where that is none.
 */
void acme_renewal_load(struct arena *arena, const json_t *kept, struct acme_renewal *out);
/* NULL where there is nothing to keep. */
json_t *acme_renewal_json(struct arena *arena, const struct acme_renewal *renewal);

#endif
