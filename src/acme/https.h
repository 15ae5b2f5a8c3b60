#ifndef DIALTONE_ACME_HTTPS_H
#define DIALTONE_ACME_HTTPS_H

#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/str.h"

/* One HTTPS request after another, each on a connection of its own, for a thread that may wait.
 * Every request ends within HTTPS_SECONDS, and at once where <stop_fd> becomes readable. */
struct https {
    SSL_CTX *context; /* owned */
    int stop_fd;
};

enum {
    HTTPS_SECONDS = 30,
    HTTPS_BODY_BYTES = 1 << 20, /* of an answer; what is longer is an error */
};

struct https_response {
    unsigned status;
    struct str body, content_type, location, nonce; /* in the arena; empty: not there */
    int64_t retry_after_s;                          /* 0: not said */
};

/* <roots>: PEM files that are trusted instead of the system's; the context's trust is what is in
 * them. False with a reason in <error>. */
bool https_open(struct https *https, const struct str *roots, size_t n_roots, int stop_fd,
                struct arena *arena, struct str *error);
void https_close(struct https *https);

/* <body> without bytes and <content_type> empty: no body. False where there was no answer; then
 * <error> says why. */
bool https_request(struct https *https, struct arena *arena, const char *method, struct str url,
                   struct str content_type, struct str body, struct https_response *out,
                   struct str *error);

#endif
