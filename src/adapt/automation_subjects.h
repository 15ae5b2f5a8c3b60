#ifndef DIALTONE_ADAPT_AUTOMATION_SUBJECTS_H
#define DIALTONE_ADAPT_AUTOMATION_SUBJECTS_H

#include "base/str.h"

/* What kind of certificate a name can have, by the rules of Caddy's certificate library. */

/* Without the port, or the brackets of an IPv6 address without one. */
struct str subject_host(struct str subject);
/* Not empty, no dot at an end, a wildcard only as the first label, none of certain characters. */
bool subject_qualifies(struct str subject);
/* Qualifies, is not internal, and is no wildcard that a public authority would refuse. */
bool subject_qualifies_publicly(struct str subject);
bool subject_is_ip(struct str subject);
/* localhost, .local, .internal, …, and addresses of private networks. A port does not matter. */
bool subject_is_internal(struct str subject);
/* Tailscale's names get their certificates from its daemon. */
bool subject_is_tailscale(struct str subject);
/* Whether a policy without an issuer would take a public one for the name. On demand, names with
 * several wildcards are fine: certificates are made for what they stand for. */
bool subject_is_public(struct str subject, bool on_demand);
/* Whether <wildcard> is <subject>, or <subject> with labels replaced by `*` from the left. */
bool subject_matches(struct str subject, struct str wildcard);

#endif
