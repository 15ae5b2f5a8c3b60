#ifndef DIALTONE_DIRECTIVES_ACME_SERVER_H
#define DIALTONE_DIRECTIVES_ACME_SERVER_H

#include "adapt/directive.h"

/* The acme_server directive. */
bool acme_server_adapt(struct scope *scope);
extern const struct option acme_server_options[];

#endif
