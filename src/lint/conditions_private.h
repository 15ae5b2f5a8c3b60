#ifndef DIALTONE_LINT_CONDITIONS_PRIVATE_H
#define DIALTONE_LINT_CONDITIONS_PRIVATE_H

#include "base/ip.h"

/* Addresses of a remote_ip or client_ip matcher. With a zone it is fewer than the prefix. */
struct range {
    struct ip_prefix prefix;
    bool has_zone;
};

#endif
