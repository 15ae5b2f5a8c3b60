#ifndef DIALTONE_PROXY_H
#define DIALTONE_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_tables;

/* Regular expressions come from outside of the core, so that only what needs them is linked with a
 * library for them. */
struct dt_regexp_engine {
    void *(*compile)(const char *pattern, size_t len); /* NULL: it is malformed */
    void (*release)(void *regexp);
    /* Finds the first match from <from> on; <groups> gets <n> pairs of offsets, the whole match
     * first, -1 for groups without part in it. From any thread. */
    int (*match)(const void *regexp, const char *text, size_t len, size_t from, ptrdiff_t *groups,
                 int n);
};
extern const struct dt_regexp_engine dt_re2; /* in libdialtone-proxy.a; needs libre2 and libstdc++ */
/* Before dt_proxy_main, where the tables hold regular expressions. */
void dt_proxy_use_regexps(const struct dt_regexp_engine *engine);

/* Argon2id (RFC 9106), version 19, of a password; false where the parameters are not allowed. */
typedef int dt_argon2id_function(uint32_t passes, uint32_t kibibytes, uint32_t lanes,
                                 const void *password, size_t password_len, const void *salt,
                                 size_t salt_len, void *hash, size_t hash_len);
extern dt_argon2id_function dt_argon2id; /* in libdialtone-proxy.a; needs libargon2 */
/* Before dt_proxy_main, where the tables hold such hashes. */
void dt_proxy_use_argon2id(dt_argon2id_function *function);

/* DNS servers are asked by what comes from outside of the core, for the same reason. */
struct loop;
struct resolver;
struct dt_dns_engine {
    /* A resolver in one thread's loop. <servers> are "192.0.2.1:53,[2001:db8::1]:53"; NULL: those of
     * the system. NULL where it cannot be made. */
    struct resolver *(*open)(struct loop *loop, const char *servers, bool uses_tcp);
};
extern const struct dt_dns_engine dt_cares; /* in libdialtone-proxy.a; needs libcares */
/* Before dt_proxy_main, where the tables hold resolvers or sources of SRV records. */
void dt_proxy_use_dns(const struct dt_dns_engine *engine);

/* Certificates are ordered from authorities by what comes from outside of the core, for the same
 * reason. */
struct acme_plan;
struct acme_keeper;
struct arena;
struct str;
struct dt_acme_engine {
    struct acme_keeper *(*start)(const struct acme_plan *plan); /* NULL: no thread */
    void (*stop)(struct acme_keeper *keeper);
    /* What others who share the storage would answer an authority that asks for <identifier>, by
     * HTTP for <token>, or by TLS (NULL); false: nothing. */
    int (*elsewhere)(const struct acme_plan *plan, const struct str *identifier,
                     const struct str *token, struct arena *arena, struct str *answer);
};
extern const struct dt_acme_engine dt_acme; /* in libdialtone-proxy.a; needs jansson */
/* Before dt_proxy_main, where the tables hold issuers of that kind. */
void dt_proxy_use_acme(const struct dt_acme_engine *engine);

/* Serves what <tables> say until a signal ends it; returns the exit code of the process (0 fine,
 * 1 a check or the start failed, 2 wrong usage, 3 internal). `--help` among the arguments lists
 * them. The tables must stay valid and unchanged; argv[0] is the name in messages. */
int dt_proxy_main(const struct dt_tables *tables, int argc, char **argv);

#endif
