#ifndef DIALTONE_HTTP_SOCKS5_H
#define DIALTONE_HTTP_SOCKS5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The client's side of SOCKS 5 (RFC 1928, RFC 1929), without any I/O. */
enum socks5_step {
    SOCKS5_METHOD, /* the choice of a method is awaited */
    SOCKS5_LOGIN,  /* the answer to name and password */
    SOCKS5_REPLY,  /* the answer to the request to connect */
};

enum socks5_result {
    SOCKS5_MORE,    /* <*needed> bytes are needed in all */
    SOCKS5_NEXT,    /* it may go on; for SOCKS5_METHOD without a login */
    SOCKS5_ASKS,    /* for SOCKS5_METHOD: it wants name and password */
    SOCKS5_REFUSED, /* it does not want to */
    SOCKS5_BAD,     /* this is no SOCKS 5 */
};

enum { SOCKS5_MESSAGE_BYTES = 516, SOCKS5_LONGEST = 255 /* of a name, of a password */ };

/* What came of the proxy's answer so far. */
enum socks5_result socks5_read(enum socks5_step step, const uint8_t *bytes, size_t len,
                               size_t *needed);
/* What is sent before each step is awaited; lengths. Texts are at most SOCKS5_LONGEST. */
size_t socks5_methods(bool has_login, uint8_t out[static SOCKS5_MESSAGE_BYTES]);
size_t socks5_login(struct str user, struct str password,
                    uint8_t out[static SOCKS5_MESSAGE_BYTES]);
size_t socks5_connect(struct str host, uint16_t port, uint8_t out[static SOCKS5_MESSAGE_BYTES]);

#endif
