#ifndef DIALTONE_ACME_STORE_H
#define DIALTONE_ACME_STORE_H

#include "acme/order.h"
#include "acme/paths.h"

/* Accounts and certificates in files, where and how Caddy keeps them, so that one can follow the
 * other:
 *
 *     ROOT/acme/AUTHORITY/users/EMAIL/NAME.key .json
 *     ROOT/certificates/AUTHORITY/SUBJECT/SUBJECT.crt .key .json
 *
 * Files are written whole or not at all, readable by the owner only. Texts are in the arena. */

/* Reads the account, or makes a key for a new one. False: <error> says why. The key is the
 * caller's. */
bool acme_account_load(struct arena *arena, struct str root, const struct acme_authority *authority,
                       struct acme_account *account, struct str *error);
bool acme_account_save(struct arena *arena, struct str root, const struct acme_authority *authority,
                       const struct acme_account *account, struct str *error);
bool acme_certificate_save(struct arena *arena, const struct acme_paths *paths, struct str subject,
                           const struct acme_result *result, struct str *error);

/* From when until when the stored certificate holds, in seconds since 1970; false where there is
 * none that fits its key. */
bool acme_certificate_times(const struct acme_paths *paths, int64_t *from, int64_t *until);

#endif
