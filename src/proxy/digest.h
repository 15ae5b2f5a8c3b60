#ifndef DIALTONE_PROXY_DIGEST_H
#define DIALTONE_PROXY_DIGEST_H

#include "base/str.h"

/* xxHash64 with seed 0 of <a> followed by <b>: what Caddy's hash policies rank upstreams by. */
uint64_t digest_xxh64(struct str a, struct str b);

enum { DIGEST_HEX_BYTES = 64 };
/* HMAC-SHA256 in lower-case hexadecimal. */
void digest_hmac_sha256_hex(struct str key, struct str message, char out[DIGEST_HEX_BYTES]);

void digest_sha256_hex(struct str message, char out[DIGEST_HEX_BYTES]);

#endif
