#ifndef DIALTONE_ACME_HTTPS_H
#define DIALTONE_ACME_HTTPS_H

#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/client.h"

/* A proxy on the way to a host. */
struct https_way {
    struct http_forward forward; /* HTTP_FORWARD_NONE: without one */
    struct str host;             /* of the proxy, with a zone where it has one */
    uint16_t port;
};

/* How a host is reached; texts are in the arena or outlive it. False: not at all, and <*problem>
 * says why. */
typedef bool https_find_way(void *ctx, struct str host, uint16_t port, struct arena *arena,
                            struct https_way *out, struct str *problem);

/* What requests need of their surroundings. */
struct https_means {
    int stop_fd; /* they end at once when it becomes readable */
    https_find_way *way;
    void *ctx; /* <way>'s */
};

/* One HTTPS request after another, each on a connection of its own, for a thread that may wait.
 * Every request ends within HTTPS_SECONDS. */
struct https {
    SSL_CTX *context; /* owned */
    const struct https_means *means;
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
bool https_open(struct https *https, const struct str *roots, size_t n_roots,
                const struct https_means *means, struct arena *arena, struct str *error);
void https_close(struct https *https);

/* <body> without bytes and <content_type> empty: no body. False where there was no answer; then
 * <error> says why. */
bool https_request(struct https *https, struct arena *arena, const char *method, struct str url,
                   struct str content_type, struct str body, struct https_response *out,
                   struct str *error);

#endif
