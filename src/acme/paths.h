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

#endif
