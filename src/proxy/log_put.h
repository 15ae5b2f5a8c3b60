#ifndef DIALTONE_PROXY_LOG_PUT_H
#define DIALTONE_PROXY_LOG_PUT_H

#include "base/bytes8.h"
#include "proxy/log_encode.h"
#include "proxy/text.h"

/* Fields of lines, for what writes one for every request: inlined, so that keys and kinds that are
 * known to the compiler cost next to nothing. */

/* One line under way. */
struct log_encoding {
    const struct core *core;
    const struct log_format *format;
    struct strbuf *out;
    int64_t time_ns;
    bool is_spaced;
    unsigned namespaces; /* opened and not yet closed */
};

/* Bytes around a key and a value: separator, quotes, brackets, colon. */
enum { LOG_MOST_MARKS = 16 };

/* Texts are short: two words that may overlap are cheaper than a call. There is room for them;
 * gives what is behind them. */
static inline __attribute__((always_inline)) char *put_bytes(char *to, struct str text)
{
    size_t n = text.len;
    if (n > 16) {
        memcpy(to, text.ptr, n);
    } else if (n >= 8) {
        memcpy(to, text.ptr, 8);
        memcpy(to + n - 8, text.ptr + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, text.ptr, 4);
        memcpy(to + n - 4, text.ptr + n - 4, 4);
    } else if (n > 0) {
        to[0] = text.ptr[0];
        to[n / 2] = text.ptr[n / 2];
        to[n - 1] = text.ptr[n - 1];
    }
    return to + n;
}

/* Copies the text where it is seen to need no escape; false where it may, and where anything may
 * have been written. There is room for it. */
bool log_put_plain(char *to, struct str text);
/* A string with what has to be escaped in it. */
void log_add_escaped(struct strbuf *out, struct str text);
/* What a field holds, behind its key. */
void log_add_value(const struct log_view *view, const struct log_value *value);

/* A string; <out> has room for it and LOG_MOST_MARKS if nothing in it is escaped. */
static inline __attribute__((always_inline)) void log_add_string(struct strbuf *out,
                                                                 struct str text, bool is_plain)
{
    char *to = out->ptr + out->len;
    if (is_plain) {
        put_bytes(to + 1, text);
    } else if (!log_put_plain(to + 1, text)) {
        log_add_escaped(out, text);
        return;
    }
    to[0] = to[text.len + 1] = '"';
    out->len += text.len + 2;
}

/* As log_put; the key is known to need no escapes. */
static inline __attribute__((always_inline)) void
log_put_known(const struct log_view *view, struct str key, struct log_value value)
{
    if (!view->is_direct) {
        log_put(view, key, value);
        return;
    }
    struct strbuf *out = view->encoding->out;
    size_t most = value.kind == LOG_TEXT                          ? value.text.len
                  : value.kind == LOG_TEXTS && value.n_texts == 1 ? value.texts->len
                                                                  : TEXT_MOST_DIGITS;
    strbuf_reserve(out, key.len + LOG_MOST_MARKS + most);
    char *to = out->ptr + out->len;
    *to = ',';
    to += to[-1] != '{'; /* a line begins with one */
    *to++ = '"';
    to = put_bytes(to, key);
    *to++ = '"';
    *to++ = ':';
    out->len = (size_t)(to - out->ptr);
    if (value.kind == LOG_TEXT) {
        log_add_string(out, value.text, value.is_plain);
    } else if (value.kind == LOG_INT) {
        out->len = (size_t)(text_put_int(to, value.number) - out->ptr);
    } else if (value.kind == LOG_TEXTS && value.n_texts == 1) {
        out->ptr[out->len++] = '[';
        log_add_string(out, *value.texts, false);
        strbuf_add_char(out, ']');
    } else {
        log_add_value(view, &value);
    }
}

#endif
