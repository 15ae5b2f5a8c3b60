/* Lines as Caddy's logger writes them: JSON objects, or columns for people with a JSON object
 * behind them. Filters and additions are links before the one that writes; a field goes from link
 * to link. */

#include "proxy/log_encode.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes8.h"
#include "base/go_time.h"
#include "base/number.h"
#include "proxy/core.h"
#include "proxy/log.h"
#include "proxy/text.h"

/* One line under way. */
struct log_encoding {
    const struct core *core;
    const struct log_format *format;
    struct strbuf *out;
    int64_t time_ns;
    bool is_spaced;
    unsigned namespaces; /* opened and not yet closed */
};

static const char *const level_names[] = {
    [DT_LOG_DEBUG] = "debug", [DT_LOG_INFO] = "info",   [DT_LOG_WARN] = "warn",
    [DT_LOG_ERROR] = "error", [DT_LOG_PANIC] = "panic", [DT_LOG_FATAL] = "fatal",
};

static const char *const level_titles[] = {
    [DT_LOG_DEBUG] = "DEBUG", [DT_LOG_INFO] = "INFO",   [DT_LOG_WARN] = "WARN",
    [DT_LOG_ERROR] = "ERROR", [DT_LOG_PANIC] = "PANIC", [DT_LOG_FATAL] = "FATAL",
};

static const char *const coloured_titles[] = {
    [DT_LOG_DEBUG] = "\x1b[35mDEBUG\x1b[0m", [DT_LOG_INFO] = "\x1b[34mINFO\x1b[0m",
    [DT_LOG_WARN] = "\x1b[33mWARN\x1b[0m",   [DT_LOG_ERROR] = "\x1b[31mERROR\x1b[0m",
    [DT_LOG_PANIC] = "\x1b[31mPANIC\x1b[0m", [DT_LOG_FATAL] = "\x1b[31mFATAL\x1b[0m",
};

/* for logs that say nothing of their format and do not go to a terminal */
static const struct {
    struct str message_key, level_key, time_key, name_key;
} default_keys = {STR_INIT("msg"), STR_INIT("level"), STR_INIT("ts"), STR_INIT("logger")};

/* --- values --- */

/* How many bytes from the begin on need no escape. */
static size_t plain_bytes(struct str text)
{
    size_t i = 0;
    while (i + 8 <= text.len && bytes8_are_plain_json(text.ptr + i))
        i += 8;
    if (text.len >= 8 && text.len - i < 8 && bytes8_are_plain_json(text.ptr + text.len - 8))
        return text.len;
    for (; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return i;
}

/* Escapes what JSON asks for and no more. */
static void add_string(struct strbuf *out, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    size_t copied = 0;
    strbuf_reserve(out, text.len + 2);
    strbuf_add_char(out, '"');
    for (size_t i = plain_bytes(text), size; i < text.len; i += size) {
        unsigned char c = (unsigned char)text.ptr[i];
        size = 1;
        if (c >= 0x80) {
            if (utf8_decode(text, i, &size) != 0xFFFD || size > 1)
                continue;
        } else if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        strbuf_add(out, str_slice(text, copied, i));
        copied = i + 1;
        if (c >= 0x80) {
            strbuf_puts(out, "\\ufffd");
        } else if (c == '"' || c == '\\') {
            strbuf_add_char(out, '\\');
            strbuf_add_char(out, (char)c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            strbuf_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else {
            strbuf_puts(out, "\\u00");
            strbuf_add_char(out, digits[c >> 4]);
            strbuf_add_char(out, digits[c & 15]);
        }
    }
    strbuf_add(out, str_slice(text, copied, text.len));
    strbuf_add_char(out, '"');
}

static void add_int(struct strbuf *out, int64_t value)
{
    char digits[24];
    size_t n = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[--n] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--n] = '-';
    strbuf_add(out, str_make(digits + n, sizeof(digits) - n));
}

static void add_separator(const struct log_encoding *encoding)
{
    struct strbuf *out = encoding->out;
    char last = out->ptr[out->len - 1];
    if (last == '{' || last == '[' || last == ':' || last == ',' || last == ' ')
        return;
    strbuf_add_char(out, ',');
    if (encoding->is_spaced)
        strbuf_add_char(out, ' ');
}

static void add_key(const struct log_encoding *encoding, struct str key)
{
    add_separator(encoding);
    add_string(encoding->out, key);
    strbuf_puts(encoding->out, encoding->is_spaced ? ": " : ":");
}

/* Milliseconds keep three digits behind the point: the clock has no more. */
static void add_millis(struct strbuf *out, int64_t ns)
{
    add_int(out, ns / 1000000);
    int micros = (int)(ns / 1000 % 1000);
    if (micros > 0) {
        char digits[8];
        int n = snprintf(digits, sizeof(digits), ".%03d", micros);
        while (n > 0 && digits[n - 1] == '0')
            n--;
        strbuf_add(out, str_make(digits, (size_t)n));
    }
}

static void add_time(const struct log_encoding *encoding, int64_t ns)
{
    const struct log_format *format = encoding->format;
    struct strbuf *out = encoding->out;
    switch ((enum dt_log_time)format->last.time) {
    case DT_LOG_TIME_SECONDS:
        text_add_seconds(out, ns / 1000 * 1000);
        return;
    case DT_LOG_TIME_MILLIS:
        add_millis(out, ns);
        return;
    case DT_LOG_TIME_NANOS:
        add_int(out, ns);
        return;
    case DT_LOG_TIME_LAYOUT: {
        struct strbuf text = strbuf_in(out->arena);
        go_time_format(&text, format->time_layout, ns, format->last.is_local_time);
        add_string(out, strbuf_str(&text));
        return;
    }
    }
}

static void add_duration(const struct log_encoding *encoding, int64_t ns)
{
    struct strbuf *out = encoding->out;
    switch ((enum dt_log_duration)encoding->format->last.duration) {
    case DT_LOG_DURATION_SECONDS:
        text_add_seconds(out, ns);
        return;
    case DT_LOG_DURATION_MILLIS:
        add_int(out, ns / 1000000);
        return;
    case DT_LOG_DURATION_NANOS:
        add_int(out, ns);
        return;
    case DT_LOG_DURATION_TEXT:
        add_string(out, text_duration(out->arena, ns));
        return;
    }
}

static void add_texts(const struct log_encoding *encoding, const struct log_value *value)
{
    strbuf_add_char(encoding->out, '[');
    for (uint32_t i = 0; i < value->n_texts; i++) {
        if (i > 0)
            strbuf_puts(encoding->out, encoding->is_spaced ? ", " : ",");
        add_string(encoding->out, value->texts[i]);
    }
    strbuf_add_char(encoding->out, ']');
}

static void close_namespaces(struct log_encoding *encoding, unsigned left)
{
    for (; encoding->namespaces > left; encoding->namespaces--)
        strbuf_add_char(encoding->out, '}');
}

static void add_object(const struct log_view *view, const struct log_value *value)
{
    struct log_encoding *encoding = view->encoding;
    unsigned outer = encoding->namespaces;
    strbuf_add_char(encoding->out, '{');
    value->write(view, value->ctx);
    close_namespaces(encoding, outer);
    strbuf_add_char(encoding->out, '}');
}

/* The last link: writes. */
static void add_field(const struct log_view *view, struct str key, const struct log_value *value)
{
    struct log_encoding *encoding = view->encoding;
    struct strbuf *out = encoding->out;
    if (value->kind == LOG_SKIPPED)
        return;
    add_key(encoding, key);
    switch (value->kind) {
    case LOG_NULL:
        strbuf_puts(out, "null");
        return;
    case LOG_TEXT:
        add_string(out, value->text);
        return;
    case LOG_INT:
        add_int(out, value->number);
        return;
    case LOG_BOOL:
        strbuf_puts(out, value->number ? "true" : "false");
        return;
    case LOG_FLOAT:
        number_add_plain(out, value->real);
        return;
    case LOG_DURATION:
        add_duration(encoding, value->number);
        return;
    case LOG_TIME:
        add_time(encoding, value->number);
        return;
    case LOG_RAW:
        strbuf_add(out, value->text);
        return;
    case LOG_TEXTS:
        add_texts(encoding, value);
        return;
    case LOG_OBJECT:
        add_object(view, value);
        return;
    case LOG_SKIPPED:
        return;
    }
}

/* --- links --- */

static const struct dt_log_filter *filter_of(const struct log_view *view, struct str key)
{
    const struct log_encoding *encoding = view->encoding;
    const struct dt_tables *tables = encoding->core->tables;
    struct dt_range filters = encoding->format->links[view->link].filters;
    for (uint32_t i = 0; i < filters.n; i++) {
        const struct dt_log_filter *filter = &tables->log_filters[filters.first + i];
        struct str field = table_text(tables, filter->field);
        if (field.len == view->prefix.len + key.len && str_has_suffix(field, key) &&
            str_has_prefix(field, view->prefix))
            return filter;
    }
    return NULL;
}

/* The fields of an object as the link sees them that it went through, whatever comes behind. */
struct seen_object {
    struct log_view view;
    const struct log_value *value;
};

static void write_seen(const struct log_view *view, const void *ctx)
{
    const struct seen_object *seen = ctx;
    (void)view;
    seen->value->write(&seen->view, seen->value->ctx);
}

void log_put(const struct log_view *view, struct str key, struct log_value value)
{
    const struct log_format *format = view->encoding->format;
    if (view->link + 1 == format->n_links) {
        add_field(view, key, &value);
        return;
    }
    struct log_view next = {.encoding = view->encoding, .link = view->link + 1};
    if (format->links[view->link].kind != DT_LOG_FILTER) {
        log_put(&next, key, value);
        return;
    }
    struct arena *arena = view->encoding->out->arena;
    const struct dt_log_filter *filter = filter_of(view, key);
    if (filter) {
        log_filter(view->encoding->core, arena, filter, &key, &value);
        log_put(&next, key, value);
    } else if (value.kind == LOG_OBJECT) {
        struct seen_object seen = {.view = *view, .value = &value};
        seen.view.prefix = STR_JOIN(arena, view->prefix, key, STR(">"));
        log_put(&next, key, LOG_OBJECT_OF(write_seen, &seen));
    } else {
        log_put(&next, key, value);
    }
}

void log_open_namespace(const struct log_view *view, struct str key)
{
    add_key(view->encoding, key);
    strbuf_add_char(view->encoding->out, '{');
    view->encoding->namespaces++;
}

static void put_additions(struct log_encoding *encoding)
{
    const struct dt_tables *tables = encoding->core->tables;
    for (uint32_t link = 0; link + 1 < encoding->format->n_links; link++) {
        struct dt_range rows = encoding->format->links[link].additions;
        const struct log_view next = {.encoding = encoding, .link = link + 1};
        for (uint32_t i = 0; i < rows.n; i++) {
            const struct dt_log_addition *row = &tables->log_additions[rows.first + i];
            struct log_value value = {.kind = LOG_RAW, .text = table_text(tables, row->json)};
            if (row->part != DT_NONE)
                value = log_process_value(encoding->core, encoding->out->arena,
                                          &tables->parts[row->part], encoding->time_ns);
            log_put(&next, table_text(tables, row->field), value);
        }
    }
}

/* --- lines --- */

static void put_fields(struct log_encoding *encoding, const struct log_entry *entry)
{
    const struct log_view view = {.encoding = encoding};
    if (entry->write)
        entry->write(&view, entry->ctx);
    if (!encoding->format->is_plain)
        put_additions(encoding);
    close_namespaces(encoding, 0);
}

static const char *level_text(const struct log_format *format, enum dt_log_level level)
{
    switch ((enum dt_log_level_format)format->last.level) {
    case DT_LOG_LEVEL_LOWER:
        return level_names[level];
    case DT_LOG_LEVEL_UPPER:
        return level_titles[level];
    case DT_LOG_LEVEL_COLOR:
        return coloured_titles[level];
    case DT_LOG_LEVEL_NONE:
        break;
    }
    return NULL;
}

static void add_object_line(struct log_encoding *encoding, const struct log_entry *entry,
                            const struct str keys[4])
{
    const char *level = level_text(encoding->format, entry->level);
    struct strbuf *out = encoding->out;
    strbuf_add_char(out, '{');
    if (keys[0].len > 0 && level) {
        add_key(encoding, keys[0]);
        add_string(out, str_from(level));
    }
    if (keys[1].len > 0) {
        add_key(encoding, keys[1]);
        add_time(encoding, entry->time_ns);
    }
    if (keys[2].len > 0 && entry->logger.len > 0) {
        add_key(encoding, keys[2]);
        add_string(out, entry->logger);
    }
    if (keys[3].len > 0) {
        add_key(encoding, keys[3]);
        add_string(out, entry->message);
    }
    put_fields(encoding, entry);
    strbuf_add_char(out, '}');
}

static void add_time_column(const struct log_encoding *encoding, int64_t ns)
{
    const struct log_format *format = encoding->format;
    switch ((enum dt_log_time)format->last.time) {
    case DT_LOG_TIME_SECONDS:
        number_add_short(encoding->out, (double)ns / 1e9);
        return;
    case DT_LOG_TIME_MILLIS:
        number_add_short(encoding->out, (double)ns / 1e6);
        return;
    case DT_LOG_TIME_NANOS:
        add_int(encoding->out, ns);
        return;
    case DT_LOG_TIME_LAYOUT:
        go_time_format(encoding->out, format->time_layout, ns, format->last.is_local_time);
        return;
    }
}

static void next_column(struct strbuf *out, size_t begin)
{
    if (out->len > begin)
        strbuf_add_char(out, '\t');
}

static void add_column_line(struct log_encoding *encoding, const struct log_entry *entry,
                            const struct str keys[4])
{
    const char *level = level_text(encoding->format, entry->level);
    struct strbuf *out = encoding->out;
    size_t begin = out->len;
    if (keys[1].len > 0)
        add_time_column(encoding, entry->time_ns);
    if (keys[0].len > 0 && level) {
        next_column(out, begin);
        strbuf_puts(out, level);
    }
    if (keys[2].len > 0 && entry->logger.len > 0) {
        next_column(out, begin);
        strbuf_add(out, entry->logger);
    }
    if (keys[3].len > 0) {
        next_column(out, begin);
        strbuf_add(out, entry->message);
    }
    size_t end = out->len;
    next_column(out, begin);
    strbuf_add_char(out, '{');
    size_t fields = out->len;
    encoding->is_spaced = true;
    put_fields(encoding, entry);
    if (out->len == fields)
        out->len = end;
    else
        strbuf_add_char(out, '}');
}

static void add_priorities(const struct log_format *format, enum dt_log_level level,
                           struct strbuf *out)
{
    static const char *const priorities[] = {
        [DT_LOG_DEBUG] = "<7>", [DT_LOG_INFO] = "<6>",  [DT_LOG_WARN] = "<4>",
        [DT_LOG_ERROR] = "<3>", [DT_LOG_PANIC] = "<2>", [DT_LOG_FATAL] = "<2>",
    };
    for (uint32_t i = 0; i < format->n_links; i++)
        if (format->links[i].kind == DT_LOG_JOURNALD)
            strbuf_puts(out, priorities[level]);
}

void log_encode(const struct core *core, const struct log_format *format,
                const struct log_entry *entry, struct strbuf *out)
{
    const struct dt_tables *tables = core->tables;
    struct log_encoding encoding = {
        .core = core, .format = format, .out = out, .time_ns = entry->time_ns};
    const struct str keys[4] = {
        table_text(tables, format->last.level_key), table_text(tables, format->last.time_key),
        table_text(tables, format->last.name_key), table_text(tables, format->last.message_key)};
    const struct str defaults[4] = {default_keys.level_key, default_keys.time_key,
                                    default_keys.name_key, default_keys.message_key};
    bool is_default = format->links[format->n_links - 1].kind == DT_LOG_AUTOMATIC;
    if (!format->is_plain)
        add_priorities(format, entry->level, out);
    if (format->last.kind == DT_LOG_CONSOLE)
        add_column_line(&encoding, entry, keys);
    else
        add_object_line(&encoding, entry, is_default ? defaults : keys);
    strbuf_add(out, format->line_ending);
}

/* As Caddy: NO_COLOR, and terminals that say that they have none. */
static bool has_colours(void)
{
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(no_color && *no_color) && !(terminal && str_is(str_from(terminal), "xterm-mono"));
}

void log_format_open(struct log_format *format, const struct dt_tables *tables,
                     const struct dt_log *row, bool is_terminal)
{
    *format = (struct log_format){
        .links = &tables->log_encoders[row->encoders.first],
        .n_links = row->encoders.n,
        .last = tables->log_encoders[row->encoders.first + row->encoders.n - 1],
        .is_plain = row->encoders.n == 1,
    };
    struct dt_log_encoder *last = &format->last;
    if (last->kind == DT_LOG_AUTOMATIC && !is_terminal) {
        last->kind = DT_LOG_JSON;
        last->time = DT_LOG_TIME_SECONDS;
        last->level = DT_LOG_LEVEL_LOWER;
    } else if (last->kind == DT_LOG_AUTOMATIC) {
        last->kind = DT_LOG_CONSOLE;
        if (last->obeys_no_color && !has_colours())
            last->level = DT_LOG_LEVEL_LOWER;
    }
    format->time_layout = table_text(tables, last->time_layout);
    format->line_ending = table_text(tables, last->line_ending);
}
