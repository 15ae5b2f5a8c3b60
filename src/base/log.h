#ifndef DIALTONE_BASE_LOG_H
#define DIALTONE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Structured log lines, one JSON object each, as Caddy writes them: level, ts, logger, msg, then
 * the fields in the order they are given. A line is built in the thread's own buffer and goes out
 * whole, by size or by log_flush; no lock is taken while it is built. */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };

/* Where lines go; shared by threads. */
struct log_writer {
    int fd;
    enum log_level least;    /* lines below are not written */
    bool text;               /* for people: "time LEVEL logger msg {fields}" */
    size_t flush_bytes;      /* 0: every line at once */
};

/* A line being built. */
struct log_line {
    struct log_writer *writer; /* NULL: the level is switched off, every call does nothing */
    size_t begin;
    unsigned depth;
    bool comma;
};

extern struct log_writer log_default; /* standard error, from LOG_INFO, every line at once */

bool log_wants(const struct log_writer *writer, enum log_level level);
/* Starts a line: level, ts, logger (none where empty) and msg. <wall_ns> 0 asks the clock. */
struct log_line log_begin(struct log_writer *writer, enum log_level level, struct str logger,
                          struct str message, int64_t wall_ns);
void log_str(struct log_line *line, const char *key, struct str value);
void log_int(struct log_line *line, const char *key, int64_t value);
/* In seconds, with as many digits as are needed. */
void log_seconds(struct log_line *line, const char *key, int64_t ns);
void log_bool(struct log_line *line, const char *key, bool value);
/* Nested objects and arrays; inside an array the key is NULL. */
void log_open_object(struct log_line *line, const char *key);
void log_open_array(struct log_line *line, const char *key);
void log_close_object(struct log_line *line);
void log_close_array(struct log_line *line);
/* As above with a key that is not a constant. */
void log_str_named(struct log_line *line, struct str key, struct str value);
void log_open_array_named(struct log_line *line, struct str key);
/* Hands the line to the writer. */
void log_end(struct log_line *line);
/* A whole line with one formatted message. */
void log_message(enum log_level level, const char *logger, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes what this thread has gathered; call it at the end of a round or every 100 ms. */
void log_flush(void);
/* Before the thread ends: flushes and frees its buffers. */
void log_thread_end(void);

#endif
