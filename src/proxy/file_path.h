#ifndef DIALTONE_PROXY_FILE_PATH_H
#define DIALTONE_PROXY_FILE_PATH_H

#include "base/str.h"

struct arena;
struct stat;
struct timespec;
struct transaction;

/* A row of templates that is the root of a site; "." where it is empty. */
struct str file_root(struct transaction *tx, uint32_t template);
/* Whether a file system of this name is there; <template> DT_NONE: of the name in the variable fs.
 * There are no others than the system's, which is the default. */
bool file_system_exists(struct transaction *tx, uint32_t template);
/* The file that a request path names below <root>: no ".." leads out of it. A final '/' stays. The
 * text has a NUL behind it. */
struct str file_path_join(struct arena *arena, struct str root, struct str path);
/* Go's filepath.Clean. */
struct str file_path_tidy(struct arena *arena, struct str path);
/* Go's path.Base. */
struct str file_path_base(struct str path);
/* 0 or -errno; a NUL in the path is -EINVAL. */
int file_stat(struct arena *arena, struct str path, struct stat *out);
/* Whether <a> is after <b>. */
bool time_is_later(const struct timespec *a, const struct timespec *b);

#endif
