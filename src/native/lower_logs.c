/* Logs, and which of them take a host's access lines. */
#include <stdlib.h>

#include "base/parse.h"
#include "native/lower_private.h"
#include "syntax/placeholder.h"

enum {
    DEFAULT_ROLL_MEGABYTES = 100,
    DEFAULT_ROLL_KEEP = 10,
    DEFAULT_ROLL_DAYS = 90,
    DEFAULT_SAMPLING_NS = 1000000000,
    DEFAULT_SAMPLING_COUNT = 100
};

/* ---- outputs ---- */

struct writer_json {
    struct str output, file, directory_mode, compression, address;
    const json_t *mode, *minutes, *times;
    struct dt_text layout;
    int64_t interval_ns, dial_timeout_ns;
    int8_t rolls, gzips;
    uint8_t rolls_by_local_time, is_soft_start;
    uint32_t megabytes, keep, days;
};

static const struct field stream_fields[] = {
    {"output", FIELD_IGNORED, 0}, /* chose this table */
    {0},
};

#define IN(member) offsetof(struct writer_json, member)
static const struct field file_fields[] = {
    {"output", FIELD_IGNORED, 0},
    {"filename", FIELD_STR, IN(file)},
    {"mode", FIELD_JSON, IN(mode)},
    {"dir_mode", FIELD_STR, IN(directory_mode)},
    {"roll", FIELD_TRISTATE, IN(rolls)},
    {"roll_size_mb", FIELD_COUNT, IN(megabytes)},
    {"roll_interval", FIELD_DURATION, IN(interval_ns)},
    {"roll_minutes", FIELD_JSON, IN(minutes)},
    {"roll_at", FIELD_JSON, IN(times)},
    {"roll_gzip", FIELD_TRISTATE, IN(gzips)},
    {"roll_compression", FIELD_STR, IN(compression)},
    {"roll_local_time", FIELD_FLAG, IN(rolls_by_local_time)},
    {"roll_keep", FIELD_COUNT, IN(keep)},
    {"roll_keep_days", FIELD_COUNT, IN(days)},
    {"backup_time_format", FIELD_TEXT, IN(layout)},
    {0},
};

static const struct field net_fields[] = {
    {"output", FIELD_IGNORED, 0},
    {"address", FIELD_STR, IN(address)},
    {"dial_timeout", FIELD_DURATION, IN(dial_timeout_ns)},
    {"soft_start", FIELD_FLAG, IN(is_soft_start)},
    {0},
};
#undef IN

/* Octal digits. */
static bool octal(struct str text, uint32_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7' || *bits > 07777)
            return false;
        *bits = *bits * 8 + (uint32_t)(text.ptr[i] - '0');
    }
    return true;
}

/* In a string, or as a number whose digits are meant octally. */
static uint32_t file_mode(struct lowering *lo, const json_t *mode)
{
    struct str text = json_str(mode);
    uint32_t bits;
    if (json_is_integer(mode))
        text = str_printf(lo->arena, "%llo", (unsigned long long)json_integer_value(mode));
    if (!octal(text, &bits))
        reject_at(lo, mode, "the mode of a log file must be an octal number");
    return bits;
}

static void lower_directory(struct lowering *lo, struct str mode, struct dt_log *row)
{
    mode = str_trim(mode);
    if (mode.len == 0 || str_is(mode, "0"))
        row->directory = DT_LOG_DIRECTORY_PRIVATE;
    else if (str_eq_nocase(mode, STR("inherit")))
        row->directory = DT_LOG_DIRECTORY_INHERIT;
    else if (str_eq_nocase(mode, STR("from_file")))
        row->directory = DT_LOG_DIRECTORY_FILE;
    else if (octal(mode, &row->directory_mode))
        row->directory = DT_LOG_DIRECTORY_MODE;
    else
        reject(lo, "'dir_mode' must be an octal number, inherit or from_file");
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* "HH:MM" as a minute of the day. */
static bool minute_of_day(struct str text, uint32_t *minute)
{
    struct str before, after;
    int64_t hours, minutes;
    if (!str_cut(text, STR(":"), &before, &after) || parse_go_int(before, &hours) != PARSE_OK ||
        parse_go_int(after, &minutes) != PARSE_OK || hours < 0 || hours > 23 || minutes < 0 ||
        minutes > 59)
        return false;
    *minute = (uint32_t)(hours * 60 + minutes);
    return true;
}

/* The minutes of the day at which the file is rolled, each once. */
static struct dt_range lower_roll_times(struct lowering *lo, const struct writer_json *in)
{
    VEC(uint32_t) list = {0};
    for (size_t i = 0; i < elements(lo, in->minutes, "'roll_minutes'"); i++) {
        const json_t *value = json_array_get(in->minutes, i);
        int64_t minute = json_integer_value(value);
        if (!json_is_integer(value) || minute < 0 || minute > 59)
            reject_at(lo, value, "'roll_minutes' must be minutes of an hour, 0 to 59");
        for (uint32_t hour = 0; hour < 24; hour++)
            vec_push(lo->arena, &list, hour * 60 + (uint32_t)minute);
    }
    for (size_t i = 0; i < elements(lo, in->times, "'roll_at'"); i++) {
        const json_t *value = json_array_get(in->times, i);
        uint32_t minute = 0;
        if (!minute_of_day(json_str(value), &minute))
            reject_at(lo, value, "'roll_at' must be times of the day, as 13:30");
        vec_push(lo->arena, &list, minute);
    }
    size_t n = 0;
    if (list.n)
        qsort(list.at, list.n, sizeof(*list.at), by_number);
    for (size_t i = 0; i < list.n; i++) {
        if (n == 0 || list.at[n - 1] != list.at[i])
            list.at[n++] = list.at[i];
    }
    return numbers_of(lo, list.at, n);
}

static uint8_t roll_coding(struct lowering *lo, const struct writer_json *in)
{
    struct str name = str_lower(lo->arena, str_trim(in->compression));
    if (name.len == 0)
        return in->gzips == 0 ? DT_ENCODING_NONE : DT_ENCODING_GZIP;
    if (str_is(name, "gzip"))
        return DT_ENCODING_GZIP;
    if (str_is(name, "zstd"))
        return DT_ENCODING_ZSTD;
    if (!str_is(name, "none"))
        reject(lo, "'roll_compression' must be none, gzip or zstd");
    return DT_ENCODING_NONE;
}

/* A path with placeholders that the process knows. */
static uint32_t process_template(struct lowering *lo, struct str text)
{
    uint32_t row = template_of(lo, text, UNKNOWN_IS_KEPT);
    struct dt_range parts = lo->templates.at[row].parts;
    bool is_known = parts.n > 0 || !has_placeholder(text);
    for (uint32_t i = 0; i < parts.n; i++) {
        const struct dt_part *part = &lo->parts.at[parts.first + i];
        is_known &= part->kind == DT_PART_LITERAL
                        ? !has_placeholder(text_of(lo, part->text))
                        : is_known_at_start((enum dt_part_kind)part->kind);
    }
    if (!is_known)
        reject(lo, "a placeholder in '" STR_FMT "' has no value outside of requests",
               STR_ARG(text));
    return row;
}

static void lower_file(struct lowering *lo, const json_t *writer, struct dt_log *row)
{
    struct writer_json in = {.rolls = -1, .gzips = -1};
    read_object(lo, writer, "a log's output", file_fields, &in);
    row->file = process_template(lo, in.file);
    if (in.file.len == 0)
        reject(lo, "a log file must have a name");
    row->file_mode = file_mode(lo, in.mode);
    lower_directory(lo, in.directory_mode, row);
    row->roll_megabytes = in.rolls == 0 ? 0 : in.megabytes ? in.megabytes : DEFAULT_ROLL_MEGABYTES;
    row->roll_keep = in.keep ? in.keep : DEFAULT_ROLL_KEEP;
    row->roll_keep_days = in.days ? in.days : DEFAULT_ROLL_DAYS;
    row->roll_coding = roll_coding(lo, &in);
    row->roll_interval_ns = in.interval_ns;
    row->roll_at = lower_roll_times(lo, &in);
    row->roll_local_time = in.rolls_by_local_time;
    row->backup_layout = in.layout;
}

/* NETWORK/HOST:PORT, or a path behind unix…/ */
static void lower_net(struct lowering *lo, const json_t *writer, struct dt_log *row)
{
    static const char *const networks[] = {"tcp",  "tcp4", "tcp6",     "udp",        "udp4",
                                           "udp6", "unix", "unixgram", "unixpacket", NULL};
    struct writer_json in = {0};
    struct str network, host;
    int64_t port = 0;
    read_object(lo, writer, "a log's output", net_fields, &in);
    if (!str_cut(in.address, STR("/"), &network, &host)) {
        host = network;
        network = STR("tcp");
    }
    network = str_lower(lo->arena, network);
    bool is_socket = str_has_prefix(network, STR("unix"));
    if (has_placeholder(in.address))
        refuse(lo, "the proxy core cannot expand placeholders in the address of a log");
    else if (!str_is_one_of(network, networks))
        refuse(lo, "the proxy core cannot send logs by '" STR_FMT "'", STR_ARG(network));
    else if (!is_socket) {
        ptrdiff_t colon = str_last_index(host, ':');
        if (colon < 0 ||
            parse_go_int(str_slice(host, (size_t)colon + 1, host.len), &port) != PARSE_OK ||
            port < 1 || port > 65535)
            reject(lo, "the address of a log must end in one port, not '" STR_FMT "'",
                   STR_ARG(in.address));
        host = str_slice(host, 0, colon < 0 ? 0 : (size_t)colon);
        host = str_trim_suffix(str_trim_prefix(host, STR("[")), STR("]"));
    }
    if (in.dial_timeout_ns < 0)
        reject(lo, "'dial_timeout' must not be negative");
    row->network = intern(lo, network);
    row->host = intern(lo, host);
    row->port = (uint32_t)port;
    row->dial_timeout_ns = in.dial_timeout_ns;
    row->is_soft_start = in.is_soft_start;
}

static void lower_stream(struct lowering *lo, const json_t *writer, struct dt_log *row)
{
    read_object(lo, writer, "a log's output", stream_fields, row);
}

static void lower_writer(struct lowering *lo, const json_t *writer, struct dt_log *row)
{
    static const struct {
        const char *name;
        uint8_t output;
        void (*lower)(struct lowering *lo, const json_t *writer, struct dt_log *row);
    } outputs[] = {{"stderr", DT_LOG_STDERR, lower_stream},
                   {"stdout", DT_LOG_STDOUT, lower_stream},
                   {"discard", DT_LOG_DISCARD, lower_stream},
                   {"file", DT_LOG_FILE, lower_file},
                   {"net", DT_LOG_NET, lower_net}};
    row->file = DT_NONE;
    if (!writer)
        return;
    const struct token *before = enter(lo, writer);
    struct str output = member_str(writer, "output");
    bool is_known = false;
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (!str_is(output, outputs[i].name))
            continue;
        is_known = true;
        row->output = outputs[i].output;
        outputs[i].lower(lo, writer, row);
    }
    if (!is_known)
        refuse(lo, "the proxy core cannot write logs to '" STR_FMT "' yet", STR_ARG(output));
    leave(lo, before);
}

/* ---- one log ---- */

/* Whether the logger is the one of this name, or below it. */
static bool is_below(struct str logger, struct str name)
{
    return str_has_prefix(logger, name) && (logger.len == name.len || logger.ptr[name.len] == '.');
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
    if (has_placeholder(name))
        refuse(lo, "the proxy core cannot expand placeholders in the level of a log");
    else if (name.len)
        reject(lo, "'" STR_FMT "' is no level of logs", STR_ARG(name));
    return DT_LOG_INFO;
}

static void lower_sampling(struct lowering *lo, const json_t *sampling, struct dt_log *row)
{
    struct sampling_json {
        int64_t interval_ns;
        uint32_t first, thereafter;
    } in = {0};
    static const struct field fields[] = {
        {"interval", FIELD_DURATION, offsetof(struct sampling_json, interval_ns)},
        {"first", FIELD_COUNT, offsetof(struct sampling_json, first)},
        {"thereafter", FIELD_COUNT, offsetof(struct sampling_json, thereafter)},
        {0},
    };
    if (!sampling)
        return;
    const struct token *before = enter(lo, sampling);
    read_object(lo, sampling, "the sampling of a log", fields, &in);
    row->sampling_interval_ns = in.interval_ns ? in.interval_ns : DEFAULT_SAMPLING_NS;
    row->sampling_first = in.first ? in.first : DEFAULT_SAMPLING_COUNT;
    row->sampling_thereafter = in.thereafter ? in.thereafter : DEFAULT_SAMPLING_COUNT;
    leave(lo, before);
}

/* Where both lists are there, each name is a rule or an exception to one of the other list. */
static void check_names(struct lowering *lo, const struct dt_log *row)
{
    for (uint32_t i = 0; i < row->include.n && row->exclude.n; i++) {
        struct str taken = text_of(lo, lo->texts.at[row->include.first + i]);
        bool is_related = false;
        for (uint32_t k = 0; k < row->exclude.n; k++) {
            struct str left = text_of(lo, lo->texts.at[row->exclude.first + k]);
            if (str_eq(taken, left))
                reject(lo, "'" STR_FMT "' is both included and excluded", STR_ARG(taken));
            is_related |= is_below(taken, left) || is_below(left, taken);
        }
        if (!is_related)
            reject(lo, "'" STR_FMT "' is neither above nor below a name that is excluded",
                   STR_ARG(taken));
    }
}

static void lower_log(struct lowering *lo, const json_t *log, struct dt_log *row)
{
    struct log_json {
        const json_t *writer, *encoder, *sampling;
        struct str level;
        struct dt_range include, exclude;
    } in = {0};
    static const struct field fields[] = {
        {"@id", FIELD_IGNORED, 0},
        {"writer", FIELD_JSON, offsetof(struct log_json, writer)},
        {"encoder", FIELD_JSON, offsetof(struct log_json, encoder)},
        {"core", FIELD_REFUSED, 0},
        {"level", FIELD_STR, offsetof(struct log_json, level)},
        {"sampling", FIELD_JSON, offsetof(struct log_json, sampling)},
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
    row->encoders = lower_log_encoders(lo, in.encoder);
    lower_sampling(lo, in.sampling, row);
    check_names(lo, row);
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
        if (is_below(name, candidate) && candidate.len > longest)
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

/* The logs that take lines of this logger. */
static struct dt_range logs_of(struct lowering *lo, struct str name)
{
    VEC(uint32_t) logs = {0};
    for (uint32_t i = 0; i < lo->logs.n; i++) {
        if (lo->logs.at[i].output != DT_LOG_DISCARD && takes(lo, &lo->logs.at[i], name))
            vec_push(lo->arena, &logs, i);
    }
    return numbers_of(lo, logs.at, logs.n);
}

static struct dt_access_logger access_logger(struct lowering *lo, struct str host, struct str name)
{
    struct dt_access_logger row = {.host = intern(lo, host)};
    struct str full = STR("http.log.access"), errors = STR("http.log.error");
    if (name.len) {
        full = STR_JOIN(lo->arena, full, STR("."), name);
        errors = STR_JOIN(lo->arena, errors, STR("."), name);
    }
    row.name = intern(lo, full);
    row.error_name = intern(lo, errors);
    row.logs = logs_of(lo, full);
    row.error_logs = logs_of(lo, errors);
    return row;
}

struct dt_range lower_logger_list(struct lowering *lo, const json_t *names)
{
    uint32_t n = (uint32_t)elements(lo, names, "'access_logger_names'");
    struct dt_range range = {reserve_access_loggers(lo, n), n};
    for (uint32_t i = 0; i < n; i++) {
        const json_t *name = json_array_get(names, i);
        if (!json_is_string(name))
            reject_at(lo, name, "the name of a logger must be a string");
        struct dt_access_logger row = access_logger(lo, STR(""), json_str(name));
        lo->access_loggers.at[range.first + i] = row;
    }
    return range;
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
        struct host_logger one = {host, json_str(value), list.n};
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
