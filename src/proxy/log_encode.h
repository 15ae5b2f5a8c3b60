#ifndef DIALTONE_PROXY_LOG_ENCODE_H
#define DIALTONE_PROXY_LOG_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"

struct core;
struct log_view;

/* Entries of logs become lines: a chain of encoders, of which the last writes and the others change
 * what it is given. */

/* What a field holds. */
struct log_value {
    enum {
        LOG_NULL,
        LOG_TEXT,
        LOG_INT,
        LOG_BOOL,
        LOG_FLOAT,
        LOG_DURATION, /* ns */
        LOG_TIME,     /* ns since 1970 */
        LOG_RAW,      /* JSON, in <text> */
        LOG_TEXTS,
        LOG_OBJECT,
        LOG_SKIPPED, /* no field at all */
    } kind;
    union {
        struct str text;
        int64_t number; /* of INT, BOOL, DURATION, TIME */
        double real;
        struct {
            const struct str *texts;
            uint32_t n_texts;
        };
        struct {
            void (*write)(const struct log_view *view, const void *ctx); /* puts its fields */
            const void *ctx;
        };
    };
};

#define LOG_TEXT_OF(value)     ((struct log_value){.kind = LOG_TEXT, .text = (value)})
#define LOG_INT_OF(value)      ((struct log_value){.kind = LOG_INT, .number = (int64_t)(value)})
#define LOG_BOOL_OF(value)     ((struct log_value){.kind = LOG_BOOL, .number = (value)})
#define LOG_DURATION_OF(value) ((struct log_value){.kind = LOG_DURATION, .number = (value)})
#define LOG_OBJECT_OF(function, context)                                                           \
    ((struct log_value){.kind = LOG_OBJECT, .write = (function), .ctx = (context)})

/* Where a writer of fields puts them: a link of the chain, and the names around it. */
struct log_view {
    struct log_encoding *encoding;
    uint32_t link;
    bool is_direct;    /* the link is the one that writes, without spaces; see log_put.h */
    struct str prefix; /* "request>headers>"; kept for filters only */
};

void log_put(const struct log_view *view, struct str key, struct log_value value);
/* What is put from now on goes into an object of this name. */
void log_open_namespace(const struct log_view *view, struct str key);

/* How one log writes lines, made ready. */
struct log_format {
    const struct dt_log_encoder *links; /* borrowed from tables */
    uint32_t n_links;
    struct dt_log_encoder last; /* the one that writes: never DT_LOG_AUTOMATIC */
    struct str level_key, time_key, name_key, message_key; /* empty: there is no such field */
    /* of JSON: a line up to its time, and the keys behind that, as they are written */
    struct str openings[DT_LOG_FATAL + 1], name_opening, message_opening;
    struct str time_layout, line_ending;
    bool is_plain; /* there is no other link */
};

/* <is_terminal>: lines go to one, which people read. What is made ready lives in the core's arena.
 */
void log_format_open(struct log_format *format, const struct core *core, const struct dt_log *row,
                     bool is_terminal);

struct log_entry {
    enum dt_log_level level;
    int64_t time_ns; /* since 1970 */
    struct str logger, message;
    bool is_usual; /* these two stay as they are, where they are, as long as the process */
    void (*write)(const struct log_view *view, const void *ctx); /* its fields; may be NULL */
    const void *ctx;
};

/* How a JSON line began last, for one thread: usual entries of the same second begin alike but for
 * the fraction of the second. Zero-initialise. */
struct log_head {
    const struct log_format *format; /* borrowed; NULL: nothing is known */
    const char *logger, *message;    /* of usual entries: compared by where they are */
    enum dt_log_level level;
    int64_t second;
    uint32_t n_before, n_behind; /* bytes before and behind the fraction */
    char before[48], behind[128];
};

/* Appends the line, with its ending. <head> may be NULL. */
void log_encode(const struct core *core, const struct log_format *format,
                const struct log_entry *entry, struct log_head *head, struct strbuf *out);

/* --- log_filter.c --- */

/* What the filter makes of a field. */
void log_filter(const struct core *core, struct arena *arena, const struct dt_log_filter *filter,
                struct str *key, struct log_value *value);

#endif
