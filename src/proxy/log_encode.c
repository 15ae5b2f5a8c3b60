/* Lines as Caddy's logger writes them: JSON objects, or columns for people with a JSON object
 * behind them. Filters and additions are links before the one that writes; a field goes from link
 * to link. */

#include "proxy/log_encode.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes16.h"
#include "base/go_time.h"
#include "base/number.h"
#include "proxy/core.h"
#include "proxy/log.h"
#include "proxy/log_put.h"
#include "proxy/text.h"

static const struct str level_names[] = {
    [DT_LOG_DEBUG] = STR_INIT("debug"), [DT_LOG_INFO] = STR_INIT("info"),
    [DT_LOG_WARN] = STR_INIT("warn"),   [DT_LOG_ERROR] = STR_INIT("error"),
    [DT_LOG_PANIC] = STR_INIT("panic"), [DT_LOG_FATAL] = STR_INIT("fatal"),
};

static const struct str level_titles[] = {
    [DT_LOG_DEBUG] = STR_INIT("DEBUG"), [DT_LOG_INFO] = STR_INIT("INFO"),
    [DT_LOG_WARN] = STR_INIT("WARN"),   [DT_LOG_ERROR] = STR_INIT("ERROR"),
    [DT_LOG_PANIC] = STR_INIT("PANIC"), [DT_LOG_FATAL] = STR_INIT("FATAL"),
};

static const struct str coloured_titles[] = {
    [DT_LOG_DEBUG] = STR_INIT("\x1b[35mDEBUG\x1b[0m"),
    [DT_LOG_INFO] = STR_INIT("\x1b[34mINFO\x1b[0m"),
    [DT_LOG_WARN] = STR_INIT("\x1b[33mWARN\x1b[0m"),
    [DT_LOG_ERROR] = STR_INIT("\x1b[31mERROR\x1b[0m"),
    [DT_LOG_PANIC] = STR_INIT("\x1b[31mPANIC\x1b[0m"),
    [DT_LOG_FATAL] = STR_INIT("\x1b[31mFATAL\x1b[0m"),
};

/* --- values --- */

/* How each byte is written: 0 as it is, 1 if it is not ASCII, else what stands behind a backslash.
 */
static const char escapes[256] = {
    [0 ... 8] = 'u',   ['\t'] = 't', ['\n'] = 'n',  [11 ... 12] = 'u',   ['\r'] = 'r',
    [14 ... 31] = 'u', ['"'] = '"',  ['\\'] = '\\', [0x80 ... 0xFF] = 1,
};

static char escape_of(char c)
{
    return escapes[(unsigned char)c];
}

bool log_put_plain(char *to, struct str text)
{
    const char *from = text.ptr;
    size_t n = text.len;
    unsigned found = 0;
    if (n >= 16) {
        for (size_t i = 0; i + 16 < n; i += 16) {
            found |= bytes16_not_json(from + i);
            memcpy(to + i, from + i, 16);
        }
        found |= bytes16_not_json(from + n - 16);
        memcpy(to + n - 16, from + n - 16, 16);
        return !found;
    }
    if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
        return !bytes8_not_json(from, from + n - 8);
    }
    if (n >= 4) {
        char both[8];
        memcpy(both, from, 4);
        memcpy(both + 4, from + n - 4, 4);
        memcpy(to, both, 4);
        memcpy(to + n - 4, both + 4, 4);
        return !word8_not_json(bytes8_load(both));
    }
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        found |= (unsigned char)escape_of(from[i]);
    }
    return !found;
}

/* One byte that is not written as it is, or one rune; how many bytes it is. */
static size_t put_escape(char **to, struct str text, size_t at)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char c = (unsigned char)text.ptr[at];
    size_t size = 1;
    if (c >= 0x80 && (utf8_decode(text, at, &size) != 0xFFFD || size > 1)) {
        memcpy(*to, text.ptr + at, size);
        *to += size;
    } else if (c >= 0x80) {
        memcpy(*to, "\\ufffd", 6);
        *to += 6;
    } else if (escapes[c] != 'u') {
        (*to)[0] = '\\';
        (*to)[1] = escapes[c];
        *to += 2;
    } else {
        memcpy(*to, "\\u00", 4);
        (*to)[4] = digits[c >> 4];
        (*to)[5] = digits[c & 15];
        *to += 6;
    }
    return size;
}

/* What JSON asks for and no more. */
char *log_put_escaped(struct strbuf *out, char *to, struct str text)
{
    enum { LONGEST_ESCAPE = 6 };
    size_t room = (size_t)(out->ptr + out->cap - to), i = 0;
    to = log_make_room(out, to, room + (LONGEST_ESCAPE - 1) * text.len);
    *to++ = '"';
    while (i + 16 <= text.len) {
        unsigned before = bytes16_before(bytes16_not_json(text.ptr + i));
        memcpy(to, text.ptr + i, 16);
        to += before;
        i += before;
        if (before < 16)
            i += put_escape(&to, text, i);
    }
    while (i < text.len) {
        if (escape_of(text.ptr[i]))
            i += put_escape(&to, text, i);
        else
            *to++ = text.ptr[i++];
    }
    *to++ = '"';
    return to;
}

char *log_make_room(struct strbuf *out, char *to, size_t more)
{
    out->len = (size_t)(to - out->ptr);
    strbuf_reserve(out, more);
    return out->ptr + out->len;
}

static void add_string(struct strbuf *out, struct str text)
{
    strbuf_reserve(out, text.len + LOG_FIELDS_ROOM);
    out->len = (size_t)(log_put_string(out, out->ptr + out->len, text) - out->ptr);
}

static void add_int(struct strbuf *out, int64_t value)
{
    strbuf_reserve(out, TEXT_MOST_DIGITS);
    out->len = (size_t)(text_put_int(out->ptr + out->len, value) - out->ptr);
}

/* A line begins with '{' or what comes before it, so there is a byte to look at. */
static void add_key(const struct log_encoding *encoding, struct str key)
{
    struct strbuf *out = encoding->out;
    if (out->ptr[out->len - 1] != '{')
        strbuf_puts(out, encoding->is_spaced ? ", " : ",");
    add_string(out, key);
    strbuf_puts(out, encoding->is_spaced ? ": " : ":");
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

void log_add_value(const struct log_view *view, const struct log_value *value)
{
    struct log_encoding *encoding = view->encoding;
    struct strbuf *out = encoding->out;
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
        if (value.kind == LOG_SKIPPED)
            return;
        add_key(view->encoding, key);
        log_add_value(view, &value);
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
    const struct log_view view = {
        .encoding = encoding,
        .is_direct = encoding->format->is_plain && !encoding->is_spaced,
    };
    if (entry->write)
        entry->write(&view, entry->ctx);
    if (!encoding->format->is_plain)
        put_additions(encoding);
    close_namespaces(encoding, 0);
}

static struct str level_text(const struct log_format *format, enum dt_log_level level)
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
    return (struct str){0};
}

/* A key as it was made ready, and the text behind it. */
static char *put_opened(struct strbuf *out, char *to, struct str opening, struct str text)
{
    *to = ',';
    to += to[-1] != '{';
    bytes_copy(to, opening.ptr, opening.len);
    return log_put_string(out, to + opening.len, text);
}

/* What a line has room for until its fields begin. */
static size_t head_room(const struct log_format *format, const struct log_entry *entry)
{
    return format->openings[entry->level].len + format->name_opening.len + entry->logger.len +
           format->message_opening.len + entry->message.len + LOG_FIELDS_ROOM;
}

static char *put_names(const struct log_format *format, const struct log_entry *entry,
                       struct strbuf *out, char *to)
{
    if (format->name_key.len > 0 && entry->logger.len > 0)
        to = put_opened(out, to, format->name_opening, entry->logger);
    if (format->message_key.len > 0)
        to = put_opened(out, to, format->message_opening, entry->message);
    return to;
}

/* As far as the fields; a line that does not begin as another would. */
static char *put_head(struct log_encoding *encoding, const struct log_entry *entry, char *to)
{
    const struct log_format *format = encoding->format;
    struct strbuf *out = encoding->out;
    struct str opening = format->openings[entry->level];
    bytes_copy(to, opening.ptr, opening.len);
    to += opening.len;
    if (format->time_key.len > 0) {
        out->len = (size_t)(to - out->ptr);
        add_time(encoding, entry->time_ns);
        strbuf_reserve(out, head_room(format, entry));
        to = out->ptr + out->len;
    }
    return put_names(format, entry, out, to);
}

/* Remembers how lines like this one begin, where there is room; they are written to <to> for that.
 */
static bool remember_head(struct log_head *head, const struct log_format *format,
                          const struct log_entry *entry, struct strbuf *out, char *to)
{
    struct str opening = format->openings[entry->level];
    head->format = NULL;
    if (!entry->is_usual || entry->time_ns < 0 || format->time_key.len == 0 ||
        format->last.time != DT_LOG_TIME_SECONDS || opening.len + 16 > sizeof(head->before))
        return false;
    *head = (struct log_head){
        .logger = entry->logger.ptr,
        .message = entry->message.ptr,
        .level = entry->level,
        .second = entry->time_ns / 1000000000,
    };
    memcpy(head->before, opening.ptr, opening.len);
    head->n_before =
        (uint32_t)(text_put_int(head->before + opening.len, head->second) - head->before);
    *to = '0'; /* the last digit, behind which a comma has to be */
    size_t begin = (size_t)(to + 1 - out->ptr);
    size_t n = (size_t)(put_names(format, entry, out, to + 1) - out->ptr) - begin;
    if (n > sizeof(head->behind))
        return false;
    memcpy(head->behind, out->ptr + begin, n);
    head->n_behind = (uint32_t)n;
    head->format = format;
    return true;
}

static bool begins_alike(const struct log_head *head, const struct log_format *format,
                         const struct log_entry *entry)
{
    return head->format == format && head->second == entry->time_ns / 1000000000 &&
           entry->is_usual && head->logger == entry->logger.ptr &&
           head->message == entry->message.ptr && head->level == entry->level;
}

static void add_object_line(struct log_encoding *encoding, const struct log_entry *entry,
                            struct log_head *head)
{
    const struct log_format *format = encoding->format;
    struct strbuf *out = encoding->out;
    size_t begin = out->len;
    strbuf_reserve(out, head_room(format, entry));
    char *to = out->ptr + begin;
    if (head &&
        (begins_alike(head, format, entry) || remember_head(head, format, entry, out, to))) {
        to = out->ptr + begin;
        memcpy(to, head->before, sizeof(head->before));
        to += head->n_before;
        to = text_put_fraction(to, (uint32_t)(entry->time_ns % 1000000000) / 1000 * 1000);
        bytes_copy(to, head->behind, head->n_behind);
        to += head->n_behind;
    } else {
        to = put_head(encoding, entry, out->ptr + begin);
    }
    out->len = (size_t)(to - out->ptr);
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

static void add_column_line(struct log_encoding *encoding, const struct log_entry *entry)
{
    const struct log_format *format = encoding->format;
    struct str level = level_text(format, entry->level);
    struct strbuf *out = encoding->out;
    size_t begin = out->len;
    if (format->time_key.len > 0)
        add_time_column(encoding, entry->time_ns);
    if (format->level_key.len > 0 && level.len > 0) {
        next_column(out, begin);
        strbuf_add(out, level);
    }
    if (format->name_key.len > 0 && entry->logger.len > 0) {
        next_column(out, begin);
        strbuf_add(out, entry->logger);
    }
    if (format->message_key.len > 0) {
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
                const struct log_entry *entry, struct log_head *head, struct strbuf *out)
{
    struct log_encoding encoding = {
        .core = core, .format = format, .out = out, .time_ns = entry->time_ns};
    if (!format->is_plain)
        add_priorities(format, entry->level, out);
    if (format->last.kind == DT_LOG_CONSOLE)
        add_column_line(&encoding, entry);
    else
        add_object_line(&encoding, entry, head);
    strbuf_add(out, format->line_ending);
}

/* As Caddy: NO_COLOR, and terminals that say that they have none. */
static bool has_colours(void)
{
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(no_color && *no_color) && !(terminal && str_is(str_from(terminal), "xterm-mono"));
}

/* What is the same in all lines of a level. */
static struct str make_opening(struct log_format *format, const struct core *core,
                               enum dt_log_level level)
{
    struct strbuf out = strbuf_in(core->arena);
    const struct log_encoding encoding = {.core = core, .format = format, .out = &out};
    struct str text = level_text(format, level);
    strbuf_add_char(&out, '{');
    if (format->level_key.len > 0 && text.len > 0) {
        add_key(&encoding, format->level_key);
        add_string(&out, text);
    }
    if (format->time_key.len > 0)
        add_key(&encoding, format->time_key);
    return strbuf_finish(&out);
}

static struct str make_key(const struct core *core, struct str key)
{
    struct strbuf out = strbuf_in(core->arena);
    add_string(&out, key);
    strbuf_add_char(&out, ':');
    return strbuf_finish(&out);
}

void log_format_open(struct log_format *format, const struct core *core, const struct dt_log *row,
                     bool is_terminal)
{
    const struct dt_tables *tables = core->tables;
    *format = (struct log_format){
        .links = &tables->log_encoders[row->encoders.first],
        .n_links = row->encoders.n,
        .last = tables->log_encoders[row->encoders.first + row->encoders.n - 1],
        .is_plain = row->encoders.n == 1,
    };
    struct dt_log_encoder *last = &format->last;
    format->level_key = table_text(tables, last->level_key);
    format->time_key = table_text(tables, last->time_key);
    format->name_key = table_text(tables, last->name_key);
    format->message_key = table_text(tables, last->message_key);
    if (last->kind == DT_LOG_AUTOMATIC && !is_terminal) {
        format->level_key = STR("level");
        format->time_key = STR("ts");
        format->name_key = STR("logger");
        format->message_key = STR("msg");
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
    for (int level = DT_LOG_DEBUG; level <= DT_LOG_FATAL; level++)
        format->openings[level] = make_opening(format, core, (enum dt_log_level)level);
    format->name_opening = make_key(core, format->name_key);
    format->message_opening = make_key(core, format->message_key);
}
