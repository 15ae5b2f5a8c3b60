#ifndef DIALTONE_DIRECTIVES_VOCABULARY_PRIVATE_H
#define DIALTONE_DIRECTIVES_VOCABULARY_PRIVATE_H

/* The tables that the files of this folder offer to vocabulary.c. Each ends with a row whose name
 * is NULL. */
#include "adapt/directive.h"

/* reverse_proxy.c, php_fastcgi.c, forward_auth.c */
extern const struct directive reverse_proxy_directives[];
extern const struct directive php_fastcgi_directives[];
extern const struct directive forward_auth_directives[];

/* file_server.c: file_server, try_files */
extern const struct directive file_server_directives[];
/* headers.c: header, request_header, copy_response_headers, copy_response */
extern const struct directive header_directives[];
/* rewrite.c: rewrite, uri, method */
extern const struct directive rewrite_directives[];
/* respond.c: respond, error, abort, redir */
extern const struct directive respond_directives[];
/* vars.c: vars, map, root, fs */
extern const struct directive vars_directives[];
/* response_filters.c: encode, templates, intercept, push */
extern const struct directive filter_directives[];
/* auth.c: basic_auth, basicauth */
extern const struct directive auth_directives[];
/* logging.c: log, log_skip, skip_log, log_append, log_name, tracing, metrics */
extern const struct directive logging_directives[];
/* limits.c: request_body, timeouts */
extern const struct directive limit_directives[];
/* routing.c: handle, handle_path, handle_errors, route, invoke */
extern const struct directive routing_directives[];
/* tls.c, bind.c, acme_server.c: tls, bind, acme_server */
extern const struct directive tls_directives[];

/* request_matchers.c */
extern const struct matcher request_matchers[];
/* global_options.c */
extern const struct option global_options[];
/* global_tls.c */
extern const struct option global_tls_options[];
/* server_options.c: the block of `servers` */
extern const struct option server_options[];

#endif
