#ifndef DIALTONE_NATIVE_NETWORK_H
#define DIALTONE_NATIVE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"

struct arena;

/* A Caddy network address taken apart: NETWORK/HOST:PORT, unix/PATH|MODE, fd/N. */
struct network_address {
    enum dt_network network;
    enum dt_host_kind host_kind;
    struct str host; /* canonical, without brackets and zone; the path for unix */
    struct str zone;
    uint8_t ip[16];
    uint16_t first_port, last_port; /* 0 where there is none */
    uint16_t unix_mode;
    uint32_t fd;
};

/* False, and in <problem> what is wrong as the end of a sentence. */
bool network_parse(struct arena *arena, struct str text, struct network_address *out,
                   const char **problem);
/* host:port, with brackets and zone where they belong; the path for unix. */
struct str network_hostport(struct arena *arena, const struct network_address *address,
                            uint16_t port);
/* The same behind the network. Without <is_whole>, "tcp/" is left out. */
struct str network_text(struct arena *arena, const struct network_address *address, uint16_t port,
                        bool is_whole);

#endif
