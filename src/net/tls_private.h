#ifndef DIALTONE_NET_TLS_PRIVATE_H
#define DIALTONE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/address.h"
#include "net/tls.h"

/* What the TLS files share. */

struct tls_session {
    SSL *ssl; /* owned */
    struct stream *stream;
    struct tls_server *server;       /* of accepted ones */
    const struct tls_policy *policy; /* chosen at the hello */
    struct tls_identity *identity;   /* the same; a reference */
    struct tls_trust *trust;         /* the same */
    char *server_name;               /* owned; as the client sent it, NULL: it did not */
    const struct address *peer;
    struct tls_ticket *ticket; /* of dialed ones */
    unsigned generation;       /* the same; of the client's settings */
    bool kernel_empty;         /* the socket has no more ciphertext for now */
    bool first_seen, spoke_http, failed;
    char *error;               /* owned, TLS_ERROR_BYTES; NULL: nothing went wrong, or no memory */
};
/* Where the first error of the session is to be told; NULL where one was, or there is no memory. */
char *tls_session_error(struct tls_session *session);

struct leaf_list {
    struct leaf_list *next;
    STACK_OF(X509) * certificates; /* owned */
};

struct tls_trust {
    _Atomic unsigned references;
    X509_STORE *store;           /* owned */
    STACK_OF(X509_NAME) * names; /* owned; for requests of client certificates */
    struct leaf_list *leafs;     /* owned; newest first */
};

struct tls_server {
    SSL_CTX *context; /* owned; until an identity's takes over */
    struct tls_server_config config;
};

struct tls_client {
    pthread_mutex_t lock;
    SSL_CTX *context;    /* owned; under lock */
    unsigned generation; /* of <context>, which may be replaced; under lock */
};

/* A certificate, its chain and its key. */
struct credentials {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

struct tls_identity {
    _Atomic unsigned references;
    SSL_CTX *context;               /* owned */
    struct credentials credentials; /* owned */
    struct arena *arena;            /* owned; of what follows */
    struct tls_identity_facts facts;
    struct str staple; /* an OCSP response; empty: none */
    int64_t staple_until;
};

/* The certificate is for the name: a DNS name or an IP literal. */
bool tls_identity_covers(const struct tls_identity *identity, struct str name);
/* Issues a leaf. */
bool local_ca_issue(struct local_ca *ca, const struct tls_issue *issue, struct credentials *out,
                    char error[TLS_ERROR_BYTES]);
/* The root, or the intermediate and what is behind it in its file; the caller releases them. */
STACK_OF(X509) * local_ca_certificates(const struct local_ca *ca, bool is_root);
/* The certificates of a PEM text, pushed; the number of them, or -1 where one cannot be read, or is
 * something else and <only_certificates>. */
int pem_certificates(struct str pem, bool only_certificates, STACK_OF(X509) * out);
/* A file as a whole; NULL with the reason in errno. */
char *read_whole_file(const char *path, size_t *len);
/* The context settings that all of our handshakes share. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);
void tls_context_server_setup(SSL_CTX *context);
/* The verdict about a client's certificate, for SSL_CTX_set_cert_verify_callback. */
int tls_verify_client(X509_STORE_CTX *store, void *unused);
/* Sessions of the context are sealed by the server's keys. */
void tls_tickets_use(SSL_CTX *context);
/* The newest reason in OpenSSL's queue, as text behind <what>. */
void tls_error_describe(const char *what, char error[TLS_ERROR_BYTES]);
/* An IP literal (IPv6 without brackets; a zone is not looked at). */
bool tls_name_is_ip(struct str name, char out[ADDRESS_TEXT_BYTES]);
int64_t tls_time_of(const ASN1_TIME *time); /* seconds since 1970 */

#endif
