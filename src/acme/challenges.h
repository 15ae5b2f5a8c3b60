#ifndef DIALTONE_ACME_CHALLENGES_H
#define DIALTONE_ACME_CHALLENGES_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"

/* What authorities may ask of this machine right now, to see whether names are its own. One thread
 * puts answers in and takes them out, all others look. */
struct acme_challenges {
    pthread_mutex_t lock;
    atomic_uint n;
    struct acme_challenge *list; /* owned; under lock */
};

void acme_challenges_init(struct acme_challenges *challenges);
void acme_challenges_free(struct acme_challenges *challenges);

/* HTTP-01 (RFC 8555 8.3): <token> is answered with <key_authorization>. */
bool acme_challenge_http(struct acme_challenges *challenges, struct str token,
                         struct str key_authorization);
/* TLS-ALPN-01 (RFC 8737): who asks for <subject> by "acme-tls/1" gets this certificate. Both are
 * referenced. */
bool acme_challenge_alpn(struct acme_challenges *challenges, struct str subject, X509 *certificate,
                         EVP_PKEY *key);
/* Takes out what was put in for a token or a subject. */
void acme_challenge_drop(struct acme_challenges *challenges, struct str name);

/* From any thread. Cheap while nothing is asked. */
static inline bool acme_challenges_are_open(struct acme_challenges *challenges)
{
    return atomic_load_explicit(&challenges->n, memory_order_relaxed) > 0;
}
enum { ACME_KEY_AUTHORIZATION_BYTES = 512 };
/* The answer to a token; its length, or 0 where it is not known. */
size_t acme_challenges_find_http(struct acme_challenges *challenges, struct str token,
                                 char out[ACME_KEY_AUTHORIZATION_BYTES]);
/* The certificate for a server name; the caller frees both. */
bool acme_challenges_find_alpn(struct acme_challenges *challenges, struct str server_name,
                               X509 **certificate, EVP_PKEY **key);

#endif
