#ifndef DIALTONE_ACME_PATHS_H
#define DIALTONE_ACME_PATHS_H

#include "base/arena.h"
#include "base/str.h"

/* The paths of what is kept of a subject; both also where there is nothing yet. */
struct acme_paths {
    const char *certificate, *key, *about;
};
struct acme_paths acme_paths_of(struct arena *arena, struct str root, struct str directory,
                                struct str subject);

/* The path of an account's files without what they end in. */
struct str acme_account_base(struct arena *arena, struct str root, struct str directory,
                             struct str email);

/* The file that is there while somebody has the lock. */
const char *acme_lock_path(struct arena *arena, struct str root, struct str name);
/* What whoever asks an authority leaves for others, who may be asked back. */
const char *acme_token_path(struct arena *arena, struct str root, struct str directory,
                            struct str identifier);

#endif
