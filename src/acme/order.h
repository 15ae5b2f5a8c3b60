#ifndef DIALTONE_ACME_ORDER_H
#define DIALTONE_ACME_ORDER_H

#include <openssl/evp.h>

#include "acme/challenges.h"
#include "acme/https.h"
#include "acme/renewal.h"

/* A conversation with a certificate authority (RFC 8555), in a thread that may wait. */

struct acme_authority {
    struct str directory;               /* its URL */
    struct str email;                   /* empty: none is given */
    struct str eab_key_id, eab_mac_key; /* an account that it knows from elsewhere; empty: none */
    const struct str
        *roots; /* PEM files that its own certificate is verified by; n 0: the system's */
    size_t n_roots;
    struct str profile; /* of certificates that it knows several kinds of; empty: its own choice */
    bool shares_no_challenges; /* what it asks for is not left in the storage for others */
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
    struct str replaces;   /* the certificate that the new one follows (RFC 9773 5); empty: none */
};

/* What is known of a certificate; texts may be empty. */
struct acme_stored {
    int64_t from, until; /* in seconds since 1970 */
    struct str url, authority, account;
    struct acme_renewal renewal;
};

struct acme_result {
    struct str chain, key; /* PEM, in the arena */
    struct acme_stored stored;
    struct str error;      /* why there is none */
    int64_t retry_after_s; /* what the authority asks for; 0: nothing */
};

/* Where challenges are met, and how authorities are reached. */
struct acme_means {
    struct acme_challenges *challenges;
    struct str storage; /* its folder, which other processes may share */
    struct https_means https;
};

/* Asks for one certificate. False: <result->error> says why not. */
bool acme_order(const struct acme_authority *authority, struct acme_account *account,
                const struct acme_wish *wish, const struct acme_means *means, struct arena *arena,
                struct acme_result *result);

/* Asks when the certificate <stored> is to be renewed, and puts it there. False: <error> says why
 * not; it is empty where the authority has no opinion on renewals at all. */
bool acme_ask_renewal(const struct acme_authority *authority, const struct https_means *means,
                      struct arena *arena, struct acme_stored *stored, struct str *error);

#endif
