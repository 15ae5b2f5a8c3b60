#ifndef DIALTONE_PROXY_TLS_STATE_H
#define DIALTONE_PROXY_TLS_STATE_H

/* What the TLS files of the proxy share. */
#include <pthread.h>

#include "base/arena.h"
#include "base/vec.h"
#include "net/tls.h"
#include "proxy/core.h"

/* One certificate that may be chosen. */
struct tls_entry {
    struct tls_identity *identity; /* a reference */
    VEC(uint32_t) rows;            /* of certificates that it comes from; their tags are its own */
};

/* Rows of entries, in the order in which they were loaded. */
struct tls_entry_list {
    VEC(uint32_t) at;
};

/* All that can be read again while the core serves: const once it is in use, replaced as a whole.
 */
struct tls_set {
    struct arena arena;
    VEC(struct tls_entry) entries;
    struct map names; /* → struct tls_entry_list */
    uint32_t n_policies;
    struct tls_trust **trust; /* of connection_policies; references, NULL: none */
    bool **chosen;            /* the same; of the entries its selection lets in, NULL: all */
};

struct tls_state {
    pthread_rwlock_t lock;         /* of <set>; only the main thread writes */
    struct tls_set *set;           /* owned */
    struct local_ca **authorities; /* owned; of authorities, NULL: not used. The main thread's */
    struct tls_tickets *tickets;   /* owned; NULL: none */
    struct tls_policy *policies;   /* of connection_policies */
    bool is_serving;               /* what is wrong goes to the log, not to standard error */
};

/* Says what is wrong with a row; gives false. */
bool tls_complain(struct core *core, uint32_t origin, const char *what, const char *why);
/* A path of the tables, with {env.*} and the like in it expanded, in the arena; of a stored one
 * below the storage. */
const char *tls_path(const struct core *core, struct arena *arena, struct dt_text path);
const char *tls_stored_path(const struct core *core, struct arena *arena, struct dt_text path);
/* The authority, opened at its first use; NULL with the reason. */
struct local_ca *tls_authority(struct core *core, uint32_t row, char error[TLS_ERROR_BYTES]);
/* A pool that trusts what the row says; NULL after saying what is wrong. */
struct tls_trust *tls_pool(struct core *core, uint32_t pool, struct dt_range leafs,
                           uint32_t origin);

/* Reads and makes all certificates, and whom clients have to be signed by. With <before>, what
 * is made and not due stays; with <only_due>, what is read, too. NULL after saying what is wrong.
 */
struct tls_set *tls_set_load(struct core *core, const struct tls_set *before, bool only_due);
void tls_set_free(struct tls_set *set);
/* Whether the row of certificates is needed: not where another that is loaded has the name. */
bool tls_wants_certificate(struct core *core, uint32_t row);
/* When a certificate of its own has to be made anew, in seconds since 1970; 0: never. */
int64_t tls_set_due(const struct tls_set *set);

/* One server's side of a handshake. */
struct server_tls {
    struct core *core;
    const struct dt_server *server;
};
/* For tls_server_config; <ctx> is a struct server_tls. */
struct tls_choice tls_choose(const struct tls_hello *hello, void *ctx);

#endif
