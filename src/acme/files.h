#ifndef DIALTONE_ACME_FILES_H
#define DIALTONE_ACME_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

/* Files of a storage that other processes may share: small, readable by the owner only, written
 * whole or not at all. */

struct acme_file {
    const char *path;
    struct str text;
};

/* Writes all of them, or, where the disk is full or forbids it, none: <error> says why. Folders on
 * the way are made. */
bool acme_files_save(struct arena *arena, const struct acme_file *files, size_t n,
                     struct str *error);
/* False where there is none that can be read, or it is longer than a megabyte. */
bool acme_file_load(struct arena *arena, const char *path, struct str *text);
/* Makes the folders that <path> needs; false: <error> says why not. */
bool acme_folders_make(struct arena *arena, const char *path, struct str *error);
/* "PATH: why", as errno has it; false. */
bool acme_file_failed(struct arena *arena, const char *path, struct str *error);
/* Writes all of it, and has it on the disk. False, with errno. */
bool acme_write_fully(int fd, struct str text);

#endif
