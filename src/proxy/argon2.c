/* Argon2id behind the interface of dialtone/proxy.h: only what has such hashes is linked with the
 * library for it. */
#include <argon2.h>

#include "dialtone/proxy.h"

int dt_argon2id(uint32_t passes, uint32_t kibibytes, uint32_t lanes, const void *password,
                size_t password_len, const void *salt, size_t salt_len, void *hash, size_t hash_len)
{
    return argon2id_hash_raw(passes, kibibytes, lanes, password, password_len, salt, salt_len, hash,
                             hash_len) == ARGON2_OK;
}
