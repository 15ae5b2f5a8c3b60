#ifndef DIALTONE_PROXY_TLS_SETUP_H
#define DIALTONE_PROXY_TLS_SETUP_H

#include <stdbool.h>

#include "proxy/core.h"

/* Loads certificates and trust, and makes both sides of TLS for all servers and transports; says
 * what is wrong on standard error and gives false. */
bool tls_setup(struct core *core);
/* Reads certificates, trust and OCSP responses again: all of them, or none where something is
 * wrong, which is then in the log. From the main thread. */
bool tls_reload(struct core *core);
/* Renews what the core's own authorities have made and is due; gives the seconds until it wants to
 * be called again. From the main thread. */
int64_t tls_maintain(struct core *core);
void tls_teardown(struct core *core);

#endif
