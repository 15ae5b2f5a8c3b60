#ifndef DIALTONE_NET_TLS_PRIVATE_H
#define DIALTONE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "net/address.h"
#include "net/tls.h"

/* What the TLS files share. */

struct tls_session {
    SSL *ssl; /* owned */
    struct stream *stream;
    struct tls_server *server;       /* of accepted ones */
    const struct tls_policy *policy; /* chosen at the hello */
    const struct address *peer;
    struct tls_ticket *ticket; /* of dialed ones */
    bool kernel_empty;         /* the socket has no more ciphertext for now */
    bool first_seen, spoke_http, failed;
    char error[TLS_ERROR_BYTES];
};

struct tls_trust {
    X509_STORE *store;            /* owned */
    STACK_OF(X509_NAME) * names; /* owned; for requests of client certificates */
};

struct tls_server {
    SSL_CTX *context; /* owned; until an identity's takes over */
    struct tls_server_config config;
};

struct tls_client {
    SSL_CTX *context; /* owned */
    struct tls_client_config config;
};

/* A certificate, its chain and its key. */
struct credentials {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};
void credentials_free(struct credentials *credentials);

/* A reference to the identity's context, issued anew where it is due; NULL where that fails. */
SSL_CTX *tls_identity_context(struct tls_identity *identity);
bool tls_identity_use(struct tls_identity *identity, SSL_CTX *context);
/* Issues a leaf; false with a reason. */
bool local_ca_issue(struct local_ca *ca, const struct str *names, size_t n, int64_t lifetime_ns,
                    struct credentials *out, char error[TLS_ERROR_BYTES]);
/* The context settings that all of our handshakes share. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);
void tls_context_server_setup(SSL_CTX *context);
/* The newest reason in OpenSSL's queue, as text behind <what>. */
void tls_error_describe(const char *what, char error[TLS_ERROR_BYTES]);
/* An IP literal (IPv6 without brackets; a zone is not looked at). */
bool tls_name_is_ip(struct str name, char out[ADDRESS_TEXT_BYTES]);

#endif
