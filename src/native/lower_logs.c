/* Logs, and which of them take a host's access lines. */
#include <stdlib.h>

#include "native/features.h"
#include "native/lower_private.h"

enum {
    DEFAULT_FILE_MODE = 0600,
    DEFAULT_ROLL_MEGABYTES = 100,
    DEFAULT_ROLL_KEEP = 10,
    DEFAULT_ROLL_DAYS = 90
};

/* ---- one log ---- */

struct writer_json {
    struct str output;
    const json_t *mode;
    struct dt_text file;
    int8_t rolls, gzips;
    uint32_t megabytes, keep, days;
};

static const struct field writer_fields[] = {
    {"output", FIELD_STR, offsetof(struct writer_json, output)},
    {"filename", FIELD_TEXT, offsetof(struct writer_json, file)},
    {"mode", FIELD_JSON, offsetof(struct writer_json, mode)},
    {"dir_mode", FIELD_REFUSED, 0},
    {"roll", FIELD_TRISTATE, offsetof(struct writer_json, rolls)},
    {"roll_size_mb", FIELD_COUNT, offsetof(struct writer_json, megabytes)},
    {"roll_interval", FIELD_REFUSED, 0},
    {"roll_minutes", FIELD_REFUSED, 0},
    {"roll_at", FIELD_REFUSED, 0},
    {"roll_gzip", FIELD_TRISTATE, offsetof(struct writer_json, gzips)},
    {"roll_compression", FIELD_REFUSED, 0},
    {"roll_local_time", FIELD_REFUSED, 0},
    {"roll_keep", FIELD_COUNT, offsetof(struct writer_json, keep)},
    {"roll_keep_days", FIELD_COUNT, offsetof(struct writer_json, days)},
    {"backup_time_format", FIELD_REFUSED, 0},
    {0},
};

/* Octal, in a string or as a number whose digits are meant octally. */
static uint32_t file_mode(struct lowering *lo, const json_t *mode)
{
    struct str text = json_str(mode);
    if (json_is_integer(mode))
        text = str_printf(lo->arena, "%llo", (unsigned long long)json_integer_value(mode));
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7' || bits > 07777) {
            reject_at(lo, mode, "the mode of a log file must be an octal number");
            return DEFAULT_FILE_MODE;
        }
        bits = bits * 8 + (uint32_t)(text.ptr[i] - '0');
    }
    return bits ? bits : DEFAULT_FILE_MODE;
}

static void lower_writer(struct lowering *lo, const json_t *writer, struct dt_log *row)
{
    static const struct {
        const char *name;
        uint8_t output;
    } outputs[] = {{"stderr", DT_LOG_STDERR},
                   {"stdout", DT_LOG_STDOUT},
                   {"discard", DT_LOG_DISCARD},
                   {"file", DT_LOG_FILE}};
    struct writer_json in = {.rolls = -1, .gzips = -1};
    if (!writer)
        return;
    const struct token *before = enter(lo, writer);
    struct str output = member_str(writer, "output");
    bool is_known = false;
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (str_is(output, outputs[i].name)) {
            row->output = outputs[i].output;
            is_known = true;
        }
    }
    if (is_known)
        read_object(lo, writer, "a log's output", writer_fields, &in);
    else
        refuse(lo, "the proxy core cannot write logs to '" STR_FMT "' yet", STR_ARG(output));
    if (row->output == DT_LOG_FILE) {
        need(lo, FEATURE_LOG_FILES, writer, "filename");
        row->file = in.file;
        row->file_mode = file_mode(lo, in.mode);
        row->roll_megabytes = in.rolls == 0  ? 0
                              : in.megabytes ? in.megabytes
                                             : DEFAULT_ROLL_MEGABYTES;
        row->roll_keep = in.keep ? in.keep : DEFAULT_ROLL_KEEP;
        row->roll_keep_days = in.days ? in.days : DEFAULT_ROLL_DAYS;
        row->roll_gzip = in.gzips != 0;
    }
    leave(lo, before);
}

static void lower_encoder(struct lowering *lo, const json_t *encoder, struct dt_log *row)
{
    static const struct field fields[] = {
        {"format", FIELD_IGNORED, 0}, /* read below */
        {0},
    };
    struct str format = member_str(encoder, "format");
    if (!encoder)
        return;
    const struct token *before = enter(lo, encoder);
    if (str_is(format, "json"))
        row->format = DT_LOG_JSON;
    else if (str_is(format, "console"))
        row->format = DT_LOG_CONSOLE;
    else
        refuse(lo, "the proxy core cannot write logs as '" STR_FMT "' yet", STR_ARG(format));
    if (row->format)
        read_object(lo, encoder, "a log's format", fields, row);
    leave(lo, before);
}

static uint8_t lower_level(struct lowering *lo, struct str name)
{
    static const struct {
        const char *name;
        uint8_t level;
    } levels[] = {{"DEBUG", DT_LOG_DEBUG}, {"INFO", DT_LOG_INFO},   {"WARN", DT_LOG_WARN},
                  {"ERROR", DT_LOG_ERROR}, {"PANIC", DT_LOG_PANIC}, {"FATAL", DT_LOG_FATAL}};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (str_eq_nocase(name, str_from(levels[i].name)))
            return levels[i].level;
    }
    if (name.len)
        reject(lo, "'" STR_FMT "' is no level of logs", STR_ARG(name));
    return DT_LOG_INFO;
}

static void lower_log(struct lowering *lo, const json_t *log, struct dt_log *row)
{
    struct log_json {
        const json_t *writer, *encoder;
        struct str level;
        struct dt_range include, exclude;
    } in = {0};
    static const struct field fields[] = {
        {"@id", FIELD_IGNORED, 0},
        {"writer", FIELD_JSON, offsetof(struct log_json, writer)},
        {"encoder", FIELD_JSON, offsetof(struct log_json, encoder)},
        {"core", FIELD_REFUSED, 0},
        {"level", FIELD_STR, offsetof(struct log_json, level)},
        {"sampling", FIELD_REFUSED, 0},
        {"with_caller", FIELD_REFUSED, 0},
        {"with_caller_skip", FIELD_REFUSED, 0},
        {"with_stacktrace", FIELD_REFUSED, 0},
        {"include", FIELD_TEXTS, offsetof(struct log_json, include)},
        {"exclude", FIELD_TEXTS, offsetof(struct log_json, exclude)},
        {0},
    };
    const struct token *before = enter(lo, log);
    read_object(lo, log, "a log", fields, &in);
    row->origin = origin_here(lo);
    row->include = in.include;
    row->exclude = in.exclude;
    row->level = lower_level(lo, in.level);
    lower_writer(lo, in.writer, row);
    lower_encoder(lo, in.encoder, row);
    leave(lo, before);
}

void lower_logs(struct lowering *lo, const json_t *logging)
{
    struct logging_json {
        const json_t *logs;
    } in = {0};
    static const struct field fields[] = {
        {"sink", FIELD_REFUSED, 0},
        {"logs", FIELD_JSON, offsetof(struct logging_json, logs)},
        {0},
    };
    read_object(lo, logging, "logging", fields, &in);
    struct dt_log standard = {.name = intern(lo, STR("default")), .level = DT_LOG_INFO};
    json_t *logs = (json_t *)in.logs;
    lower_log(lo, json_object_get(logs, "default"), &standard);
    push_logs(lo, standard);
    lo->application.is_debug = standard.level == DT_LOG_DEBUG;
    for (void *i = json_object_iter(logs); i; i = json_object_iter_next(logs, i)) {
        struct dt_log row = {0};
        if (strcmp(json_object_iter_key(i), "default") == 0)
            continue;
        row.name = intern(lo, str_from(json_object_iter_key(i)));
        lower_log(lo, json_object_iter_value(i), &row);
        push_logs(lo, row);
    }
}

/* ---- who takes what ---- */

/* The longest of the names that is, or is above, the logger <name>; 0 for none. */
static size_t longest_above(const struct lowering *lo, struct dt_range names, struct str name)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < names.n; i++) {
        struct str candidate = text_of(lo, lo->texts.at[names.first + i]);
        bool is_above = str_has_prefix(name, candidate) &&
                        (name.len == candidate.len || name.ptr[candidate.len] == '.');
        if (is_above && candidate.len > longest)
            longest = candidate.len;
    }
    return longest;
}

static bool has_star(const struct lowering *lo, struct dt_range names)
{
    for (uint32_t i = 0; i < names.n; i++) {
        if (str_is(text_of(lo, lo->texts.at[names.first + i]), "*"))
            return true;
    }
    return false;
}

static bool takes(const struct lowering *lo, const struct dt_log *log, struct str name)
{
    size_t accepted = longest_above(lo, log->include, name);
    size_t rejected = longest_above(lo, log->exclude, name);
    if (log->include.n && !accepted)
        return false;
    if (has_star(lo, log->exclude) || rejected > accepted)
        return false;
    return accepted > rejected || (log->include.n == 0 && rejected == 0);
}

static struct dt_access_logger access_logger(struct lowering *lo, struct str host, struct str name)
{
    struct dt_access_logger row = {.host = intern(lo, str_lower(lo->arena, host))};
    struct str full = STR("http.log.access");
    if (name.len)
        full = str_printf(lo->arena, "http.log.access." STR_FMT, STR_ARG(name));
    row.name = intern(lo, full);
    VEC(uint32_t) logs = {0};
    for (uint32_t i = 0; i < lo->logs.n; i++) {
        if (takes(lo, &lo->logs.at[i], full))
            vec_push(lo->arena, &logs, i);
    }
    row.logs = numbers_of(lo, logs.at, logs.n);
    return row;
}

struct host_logger {
    struct str host, name;
    size_t order;
};

static int by_host(const void *a, const void *b)
{
    const struct host_logger *x = a, *y = b;
    int order = str_compare(x->host, y->host);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static struct dt_range lower_logger_names(struct lowering *lo, const json_t *names)
{
    VEC(struct host_logger) list = {0};
    const json_t *walked = names;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        const json_t *value = json_object_iter_value(i);
        struct str host = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        struct host_logger one = {str_lower(lo->arena, host), json_str(value), list.n};
        if (!json_is_array(value))
            vec_push(lo->arena, &list, one);
        for (size_t n = 0; n < json_array_size(value); n++) {
            one.name = json_str(json_array_get(value, n));
            one.order = list.n;
            vec_push(lo->arena, &list, one);
        }
    }
    if (list.n)
        qsort(list.at, list.n, sizeof(*list.at), by_host);
    struct dt_range range = {reserve_access_loggers(lo, (uint32_t)list.n), (uint32_t)list.n};
    for (size_t i = 0; i < list.n; i++) {
        struct dt_access_logger row = access_logger(lo, list.at[i].host, list.at[i].name);
        lo->access_loggers.at[range.first + i] = row;
    }
    return range;
}

void lower_server_logs(struct lowering *lo, const json_t *logs, struct dt_server *server)
{
    struct logs_json {
        struct str default_name;
        const json_t *names, *skipped;
        uint8_t skips_unmapped, logs_credentials;
    } in = {0};
    static const struct field fields[] = {
        {"default_logger_name", FIELD_STR, offsetof(struct logs_json, default_name)},
        {"logger_names", FIELD_JSON, offsetof(struct logs_json, names)},
        {"skip_hosts", FIELD_JSON, offsetof(struct logs_json, skipped)},
        {"skip_unmapped_hosts", FIELD_FLAG, offsetof(struct logs_json, skips_unmapped)},
        {"should_log_credentials", FIELD_FLAG, offsetof(struct logs_json, logs_credentials)},
        {"trace", FIELD_REFUSED, 0},
        {0},
    };
    server->default_logger = DT_NONE;
    if (!logs)
        return;
    const struct token *before = enter(lo, logs);
    read_object(lo, logs, "a server's logs", fields, &in);
    server->has_access_log = 1;
    server->skips_unmapped_hosts = in.skips_unmapped;
    server->logs_credentials = in.logs_credentials;
    server->default_logger = push_access_loggers(lo, access_logger(lo, STR(""), in.default_name));
    server->access_loggers = lower_logger_names(lo, in.names);
    size_t n = elements(lo, in.skipped, "'skip_hosts'");
    server->skip_log_hosts = (struct dt_range){reserve_texts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++)
        lo->texts.at[server->skip_log_hosts.first + i] =
            intern(lo, str_lower(lo->arena, json_str(json_array_get(in.skipped, i))));
    leave(lo, before);
}
