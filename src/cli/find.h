#ifndef DIALTONE_CLI_FIND_H
#define DIALTONE_CLI_FIND_H

#include <sys/types.h>

#include "base/vec.h"
#include "cli/cli.h"

/* A file to work on. */
struct found_file {
    const char *path;  /* "-": standard input */
    bool is_in_folder; /* found there by its name; else it was named */
    bool is_part;      /* it makes no sense by itself: see find_roots */
    dev_t device;      /* both 0 where there is no such file */
    ino_t inode;
};

struct found_files {
    VEC(struct found_file) list;
};

/* The files that the arguments mean, sorted by path, each once: files as they are, the Caddyfiles in
 * folders, what glob patterns match where the shell did not fill them in, and without an argument the
 * Caddyfile of the working directory. What the project or the command line excludes is left out of
 * folders. Other than STATUS_FINE after a message. */
enum exit_status find_files(struct arena *arena, const struct invocation *invocation,
                            struct found_files *files);
/* Takes out the files of folders that others of the list import: they are seen there. Those that no
 * file imports, but have no sites, are marked as parts. */
void find_roots(struct arena *arena, const struct invocation *invocation,
                struct found_files *files);

#endif
