#ifndef DIALTONE_LINT_HOSTS_H
#define DIALTONE_LINT_HOSTS_H

#include <stdbool.h>

#include "base/str.h"

/* What rules must know of host names. */

/* The host of a site's address ([scheme://][host][:port][/path]), without brackets. */
struct str site_host(struct str address);
/* Its scheme, or empty; its port, or empty. */
struct str site_scheme(struct str address);
struct str site_port(struct str address);

/* "localhost", names under .localhost, loopback IP addresses. */
bool host_is_loopback(struct str host);
/* A name that a public authority can issue a certificate for: dots, a public last label, no IP. */
bool host_is_public(struct str host);
/* A name that no public authority will issue for: .local, .lan, .internal, one label, an
 * underscore; not IP addresses and not localhost. */
bool host_is_private_name(struct str host);

#endif
