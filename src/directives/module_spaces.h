#ifndef DIALTONE_DIRECTIVES_MODULE_SPACES_H
#define DIALTONE_DIRECTIVES_MODULE_SPACES_H

#include "adapt/options.h"

/* The kinds of modules that options choose from by name; each stands in the file that reads them,
 * and all are listed in vocabulary.c. */

extern const struct module_space selection_policy_space; /* reverse_proxy_policies.c */
extern const struct module_space upstream_source_space;  /* reverse_proxy_upstreams.c */
extern const struct module_space transport_space;        /* transport.c */
extern const struct module_space network_proxy_space;    /* transport_http.c */

extern const struct module_space http_encoder_space;      /* response_filters.c: encode */
extern const struct module_space template_function_space; /* response_filters.c; plugins only */
extern const struct module_space precompressed_space;     /* file_server.c */
extern const struct module_space hash_algorithm_space;    /* auth.c: basic_auth */

extern const struct module_space log_encoder_space; /* log_encoders.c */
extern const struct module_space log_filter_space;  /* log_filters.c */
extern const struct module_space log_writer_space;  /* log_writers.c */
extern const struct module_space log_core_space;    /* logging.c */

extern const struct module_space issuer_space;              /* tls_issuers.c */
extern const struct module_space dns_provider_space;        /* tls_issuers.c; plugins only */
extern const struct module_space certificate_manager_space; /* tls_options.c */
extern const struct module_space ca_pool_space;             /* tls_ca_pools.c */
extern const struct module_space verifier_space;            /* tls_client_auth.c */
extern const struct module_space leaf_loader_space;         /* tls_client_auth.c */
extern const struct module_space permission_space;          /* global_tls.c */

extern const struct module_space storage_space;          /* storage.c */
extern const struct module_space listener_wrapper_space; /* server_options.c */
extern const struct module_space packet_wrapper_space;   /* server_options.c; plugins only */
extern const struct module_space ip_source_space;        /* server_options.c */
extern const struct module_space event_handler_space;    /* global_options.c; plugins only */
extern const struct module_space file_system_space;      /* global_options.c; plugins only */

#endif
