#ifndef DIALTONE_PROXY_LOG_PUT_H
#define DIALTONE_PROXY_LOG_PUT_H

#include "base/bytes8.h"
#include "proxy/log_encode.h"
#include "proxy/text.h"

/* Fields of lines, for what writes one for every request: inlined, so that keys that are known to
 * the compiler cost next to nothing. */

/* One line under way. */
struct log_encoding {
    const struct core *core;
    const struct log_format *format;
    struct strbuf *out;
    int64_t time_ns;
    bool is_spaced;
    unsigned namespaces; /* opened and not yet closed */
};

/* A key that needs no escapes, and the same as it is written behind another field. */
struct log_key {
    struct str name, written;
};
#define LOG_KEY(name)                                                                              \
    (struct log_key)                                                                               \
    {                                                                                              \
        STR(name), STR(",\"" name "\":")                                                           \
    }

/* What writes the fields of one object. Functions that are given one are inlined twice: where
 * fields are written as they come (<is_direct>) the compiler keeps <to> in a register, knows which
 * field is the first, and looks at nothing that the other way needs. */
struct log_pen {
    const struct log_view *view;
    bool is_direct;
    bool is_first; /* nothing is in the object yet; these two: only if <is_direct> */
    char *to;      /* where the next byte goes */
};

enum {
    /* What there is room for beside the texts: keys, numbers, marks of a handful of fields, and
     * what is written at once beyond a text's end. */
    LOG_FIELDS_ROOM = 512,
};

#define LOG_INLINE static inline __attribute__((always_inline))

/* Copies the text where nothing in it has to be escaped; false where something has, and where
 * anything may have been written. There is room for it, and for sixteen bytes more. */
bool log_put_plain(char *to, struct str text);
/* A string, with quotes and with what has to be escaped; as much room is left behind it as if
 * nothing had been. Gives what is behind it. */
char *log_put_escaped(struct strbuf *out, char *to, struct str text);
/* Makes room for so many bytes behind <to>, and gives where that is now. */
char *log_make_room(struct strbuf *out, char *to, size_t more);
/* What a field holds, behind its key. */
void log_add_value(const struct log_view *view, const struct log_value *value);

/* Room for the fields that come next, up to the end of the next object: for their texts, which are
 * so long together, and for all else. */
LOG_INLINE struct log_pen log_pen_room(struct log_pen pen, size_t texts)
{
    if (!pen.is_direct)
        return pen;
    struct strbuf *out = pen.view->encoding->out;
    if ((size_t)(out->ptr + out->cap - pen.to) < texts + LOG_FIELDS_ROOM)
        pen.to = log_make_room(out, pen.to, texts + LOG_FIELDS_ROOM);
    return pen;
}

LOG_INLINE struct log_pen log_pen_begin(const struct log_view *view, bool is_direct)
{
    struct log_pen pen = {.view = view, .is_direct = is_direct};
    if (!is_direct)
        return pen;
    pen.to = view->encoding->out->ptr + view->encoding->out->len;
    /* a line begins with '{' or what comes before it, so there is a byte to look at */
    pen.is_first = pen.to[-1] == '{';
    return pen;
}

/* What the pen has written is in the line now. */
LOG_INLINE void log_pen_end(struct log_pen pen)
{
    if (pen.is_direct)
        pen.view->encoding->out->len = (size_t)(pen.to - pen.view->encoding->out->ptr);
}

/* For a function that writes the fields of an object: what it puts there with a pen. */
#define LOG_WRITE(view, fields, ctx)                                                               \
    log_pen_end((view)->is_direct ? fields(log_pen_begin((view), true), (ctx))                     \
                                  : fields(log_pen_begin((view), false), (ctx)))

LOG_INLINE struct log_pen log_pen_key(struct log_pen pen, struct log_key key)
{
    memcpy(pen.to, key.written.ptr + pen.is_first, key.written.len - pen.is_first);
    pen.to += key.written.len - pen.is_first;
    pen.is_first = false;
    return pen;
}

/* An object begins, or ends, in place of a value; only if <is_direct>. */
LOG_INLINE struct log_pen log_pen_open(struct log_pen pen, struct log_key key)
{
    pen = log_pen_key(pen, key);
    *pen.to++ = '{';
    pen.is_first = true;
    return pen;
}
LOG_INLINE struct log_pen log_pen_close(struct log_pen pen)
{
    *pen.to++ = '}';
    pen.is_first = false;
    return pen;
}

/* A string that is known to need no escapes. */
LOG_INLINE char *log_put_as_it_is(char *to, struct str text)
{
    *to++ = '"';
    bytes_copy(to, text.ptr, text.len);
    to[text.len] = '"';
    return to + text.len + 1;
}

LOG_INLINE char *log_put_string(struct strbuf *out, char *to, struct str text)
{
    if (!log_put_plain(to + 1, text))
        return log_put_escaped(out, to, text);
    to[0] = to[text.len + 1] = '"';
    return to + text.len + 2;
}

LOG_INLINE struct log_pen log_pen_value(struct log_pen pen, struct log_key key,
                                        struct log_value value)
{
    if (!pen.is_direct) {
        log_put(pen.view, key.name, value);
        return pen;
    }
    pen = log_pen_key(pen, key);
    log_pen_end(pen);
    log_add_value(pen.view, &value);
    pen.to = pen.view->encoding->out->ptr + pen.view->encoding->out->len;
    return log_pen_room(pen, 0);
}

LOG_INLINE struct log_pen log_pen_text(struct log_pen pen, struct log_key key, struct str text)
{
    if (!pen.is_direct)
        return log_pen_value(pen, key, LOG_TEXT_OF(text));
    pen = log_pen_key(pen, key);
    pen.to = log_put_string(pen.view->encoding->out, pen.to, text);
    return pen;
}

/* A text that is known to need no escapes. */
LOG_INLINE struct log_pen log_pen_plain(struct log_pen pen, struct log_key key, struct str text)
{
    if (!pen.is_direct)
        return log_pen_value(pen, key, LOG_TEXT_OF(text));
    pen = log_pen_key(pen, key);
    pen.to = log_put_as_it_is(pen.to, text);
    return pen;
}

LOG_INLINE struct log_pen log_pen_int(struct log_pen pen, struct log_key key, int64_t number)
{
    if (!pen.is_direct)
        return log_pen_value(pen, key, LOG_INT_OF(number));
    pen = log_pen_key(pen, key);
    pen.to = text_put_int(pen.to, number);
    return pen;
}

LOG_INLINE struct log_pen log_pen_bool(struct log_pen pen, struct log_key key, bool value)
{
    return log_pen_value(pen, key, LOG_BOOL_OF(value));
}

LOG_INLINE struct log_pen log_pen_duration(struct log_pen pen, struct log_key key, int64_t ns)
{
    if (!pen.is_direct || pen.view->encoding->format->last.duration != DT_LOG_DURATION_SECONDS)
        return log_pen_value(pen, key, LOG_DURATION_OF(ns));
    pen = log_pen_key(pen, key);
    pen.to = text_put_seconds(pen.to, ns);
    return pen;
}

#endif
