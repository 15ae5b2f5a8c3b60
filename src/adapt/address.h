#ifndef DIALTONE_ADAPT_ADDRESS_H
#define DIALTONE_ADAPT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct adapter;
struct arena;
struct token;

/* The address a site is served at: [scheme://][host][:port][/path]. */
struct site_address {
    const struct token *token; /* as written */
    struct str original, scheme, host, port, path;
};

/* Takes an address apart and normalizes it: lower case outside placeholders, IPv6 in canonical
 * form. False after a diagnostic. */
bool site_address_parse(struct adapter *adapter, const struct token *token,
                        struct site_address *address);
/* As a URL with its scheme and non-standard port, for messages. */
struct str site_address_text(struct arena *arena, const struct site_address *address);

/* A listener address: [network/]host[:port[-port]]. */
struct network_address {
    struct str network, host;
    uint32_t start_port, end_port;
};

/* Cuts the three parts apart. NULL, or what is wrong. */
const char *network_address_split(struct arena *arena, struct str text, struct str *network,
                                  struct str *host, struct str *port);
/* The opposite. */
struct str network_address_join(struct arena *arena, struct str network, struct str host,
                                struct str port);
/* Reads an address; the default network is tcp, the default port 0. NULL, or what is wrong. */
const char *network_address_parse(struct arena *arena, struct str text,
                                  struct network_address *address);
struct str network_address_text(struct arena *arena, const struct network_address *address);
bool network_is_unix(struct str network);
bool network_is_fd(struct str network);

#endif
