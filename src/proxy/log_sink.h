#ifndef DIALTONE_PROXY_LOG_SINK_H
#define DIALTONE_PROXY_LOG_SINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"

/* Where one row of logs goes. Workers hand it whole lines; the lock is held while they are written
 * and while a file is rolled. */
struct log_sink {
    const struct dt_log *row;
    const char *path; /* of a file, NUL-terminated; NULL for the others */
    int fd;           /* -1: discarded */
    bool is_json;
    int64_t size; /* of the file */
    pthread_mutex_t lock;
};

/* 0 or -errno. */
int log_sink_open(struct log_sink *sink, const struct dt_tables *tables, const struct dt_log *row);
/* The file by its name again; the old one stays in use where that fails. */
void log_sink_reopen(struct log_sink *sink);
void log_sink_write(struct log_sink *sink, const char *data, size_t len);

#endif
