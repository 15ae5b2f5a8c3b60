#ifndef DIALTONE_PROXY_TLS_SETUP_H
#define DIALTONE_PROXY_TLS_SETUP_H

#include <stdbool.h>

#include "proxy/core.h"

/* Loads certificates and trust, and makes both sides of TLS for all servers and transports; says
 * what is wrong on standard error and gives false. */
bool tls_setup(struct core *core);
/* Reads certificate files again; those that cannot be read stay as they are. From one thread. */
void tls_reload(struct core *core);
void tls_teardown(struct core *core);

#endif
