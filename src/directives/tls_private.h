#ifndef DIALTONE_DIRECTIVES_TLS_PRIVATE_H
#define DIALTONE_DIRECTIVES_TLS_PRIVATE_H

/* What tls.c and tls_options.c share. */
#include "adapt/directive.h"

/* What one tls directive has said so far. Its connection policy is the object that the option
 * functions are given. */
struct tls {
    json_t *acme;       /* the issuer that options such as `ca` and `dns` imply; or NULL */
    json_t *internal;   /* `tls internal`; or NULL */
    json_t *issuers;    /* those named with `issuer` */
    json_t *managers;   /* those named with `get_certificate` */
    json_t *files;      /* {"load_files": […]}; or NULL */
    json_t *folders;    /* {"load_folders": […]}; or NULL */
    json_t *key_type;   /* a string, or NULL */
    json_t *renewal_ratio; /* a number, or NULL */
    const struct token *on_demand, *reuse_keys, *force_automate; /* the words, or NULL */
    struct strbuf dns_options; /* DNS challenge options that need a provider, comma separated */
};

/* A new issuer object of that kind. */
json_t *tls_new_issuer(struct scope *scope, const char *module, const struct token *origin);
/* The ACME issuer that options imply, made on first use. */
json_t *tls_implied_acme(struct scope *scope, struct tls *tls, const struct token *origin);
/* The options of the tls block; their object is the connection policy, their state a struct tls. */
extern const struct option tls_options[];

#endif
