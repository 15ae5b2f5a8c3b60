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

/* The metadata beside the certificate alone. */
bool acme_about_save(struct arena *arena, const struct acme_paths *paths, struct str subject,
                     const struct acme_stored *stored, struct str *error);
/* False where there is no stored certificate that fits its key; metadata that cannot be read is as
 * none. */
bool acme_certificate_load(struct arena *arena, const struct acme_paths *paths,
                           struct acme_stored *stored);

/* What a chain tells: times, and the name for renewals; false where it does not fit the key. */
bool acme_chain_read(struct arena *arena, struct str chain, struct str key,
                     struct acme_stored *stored);
/* What the metadata tells of a certificate that was read. */
void acme_about_read(struct arena *arena, struct str text, struct acme_stored *stored);

#endif
