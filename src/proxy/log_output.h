#ifndef DIALTONE_PROXY_LOG_OUTPUT_H
#define DIALTONE_PROXY_LOG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"

struct arena;

/* Where lines go: a stream, a file or a peer, once for all logs that name it. Any thread may write;
 * none waits for a peer. */
struct log_output;

struct log_output_config {
    const struct dt_tables *tables;
    const struct dt_log *row; /* how it is opened */
    struct str path;          /* of a file, NUL-terminated; borrowed */
    struct arena *arena;      /* what lives as long as the process */
};

/* NULL after saying on stderr, behind the <program>'s name, what is wrong. */
struct log_output *log_output_open(const struct log_output_config *config, const char *program);
/* Whether the two rows go to one place: paths of files are given, for they have been expanded. */
bool log_output_is_same(const struct dt_tables *tables, const struct dt_log *a, struct str a_path,
                        const struct dt_log *b, struct str b_path);
/* Whole lines, each with its ending. */
void log_output_write(struct log_output *output, struct str lines, struct str line_ending);
/* A file by its name again; the old one stays in use where that fails. */
void log_output_reopen(struct log_output *output);
/* Writes out what it has, waits a moment for a peer, and closes. */
void log_output_close(struct log_output *output);

/* --- log_file.c --- */

struct log_file;
/* NULL, and -errno in <*error>. */
struct log_file *log_file_open(const struct log_output_config *config, int *error);
void log_file_write(struct log_file *file, struct str lines, struct str line_ending);
void log_file_reopen(struct log_file *file);
void log_file_close(struct log_file *file);

/* --- log_net.c --- */

struct log_peer;
/* NULL, and -errno in <*error>, where nobody answers and the row wants somebody to. */
struct log_peer *log_peer_open(const struct log_output_config *config, int *error);
void log_peer_write(struct log_peer *peer, struct str lines, struct str line_ending);
void log_peer_close(struct log_peer *peer);

#endif
