#ifndef DIALTONE_CLI_OUTPUT_H
#define DIALTONE_CLI_OUTPUT_H

#include <stdbool.h>

#include "base/str.h"

/* A file being written, by way of a temporary one beside it, so that it is either the old or the
 * new one; or standard output. */
struct output_file {
    const char *path;             /* NULL: standard output */
    char *destination, *temporary; /* owned; NULL where the file is written as it stands */
    int fd;
    int error; /* of the first failure */
};

/* <path> NULL or "-" is standard output. Failures are kept for output_end. */
void output_begin(struct output_file *output, const char *path);
/* Writes more; <output> is a struct output_file, so that this can be passed on. */
void output_add(void *output, struct str text);
/* Puts the file in its place. False after a message. */
bool output_end(struct output_file *output);
/* Leaves the file as it is. */
void output_cancel(struct output_file *output);
/* Removes the temporary file of an output under way, if there is one, when the program must end. */
void output_abandon(void);

/* All of it at once. False after a message. */
bool write_output(const char *path, struct str text);

#endif
