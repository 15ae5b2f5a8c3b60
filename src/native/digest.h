#ifndef DIALTONE_NATIVE_DIGEST_H
#define DIALTONE_NATIVE_DIGEST_H

#include "base/str.h"

#define DIGEST_HEX_SIZE 65 /* with its NUL */

/* SHA-256 (FIPS 180-4) in lower-case hex: tells one configuration from another in --version. */
void digest_sha256(struct str bytes, char hex[DIGEST_HEX_SIZE]);

#endif
