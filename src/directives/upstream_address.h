#ifndef DIALTONE_DIRECTIVES_UPSTREAM_ADDRESS_H
#define DIALTONE_DIRECTIVES_UPSTREAM_ADDRESS_H

#include "json/value.h"

#include "syntax/address.h"

struct scope;
struct token;

/* An upstream as it will be dialled. */
struct upstream_address {
    struct str network, scheme, host, port; /* Caddy's reading; a zone stands in <host> */
    struct address address;
    bool is_normalized; /* dial with tcp6/[…%zone]:port rather than with Caddy's text */
};

/* Reads <text>, which begins <offset> bytes into <token>: Caddy's reading where there is no zone,
 * the zone put back into it where there is one. False after a diagnostic. */
bool upstream_read(struct scope *scope, const struct token *token, size_t offset, struct str text,
                   struct upstream_address *upstream);
/* Appends the upstream to the array <upstreams> as {"dial": …}, once for each port of a range.
 * False after a diagnostic. */
bool upstream_add(struct scope *scope, const struct token *token,
                  const struct upstream_address *upstream, json_t *upstreams);

#endif
