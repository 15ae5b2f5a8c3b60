#ifndef DIALTONE_DIRECTIVES_TLS_CLIENT_AUTH_H
#define DIALTONE_DIRECTIVES_TLS_CLIENT_AUTH_H

#include "adapt/directive.h"

/* Reads `client_auth { … }`, on whose name the cursor stands, into the client_authentication
 * object of a connection policy. NULL after a diagnostic. */
json_t *tls_client_auth_take(struct scope *scope, struct cursor *in);
extern const struct option tls_client_auth_options[];

#endif
