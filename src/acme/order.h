#ifndef DIALTONE_ACME_ORDER_H
#define DIALTONE_ACME_ORDER_H

#include <openssl/evp.h>

#include "acme/challenges.h"
#include "acme/https.h"

/* A conversation with a certificate authority (RFC 8555), in a thread that may wait. */

struct acme_authority {
    struct str directory;               /* its URL */
    struct str email;                   /* empty: none is given */
    struct str eab_key_id, eab_mac_key; /* an account that it knows from elsewhere; empty: none */
    const struct str
        *roots; /* PEM files that its own certificate is verified by; n 0: the system's */
    size_t n_roots;
};

/* The account: its key, and its URL once it is known. What is changed must be kept. */
struct acme_account {
    EVP_PKEY *key;
    struct str url; /* in the arena; empty: not registered yet */
    bool is_new;    /* registered by this call */
};

struct acme_wish {
    struct str subject;  /* a DNS name or an IP address */
    struct str key_type; /* for jose_new_key */
    bool must_staple;
    bool by_http, by_alpn; /* which challenges can be met */
};

struct acme_result {
    struct str chain, key; /* PEM, in the arena */
    struct str url;        /* of the certificate */
    struct str error;      /* why there is none */
    int64_t retry_after_s; /* what the authority asks for; 0: nothing */
};

/* Asks for one certificate. False: <result->error> says why not. <stop_fd> ends it early. */
bool acme_order(const struct acme_authority *authority, struct acme_account *account,
                const struct acme_wish *wish, struct acme_challenges *challenges, int stop_fd,
                struct arena *arena, struct acme_result *result);

#endif
