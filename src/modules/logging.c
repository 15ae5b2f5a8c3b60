/* Log encoders, their filters, and log writers. */
#include "modules/tables.h"

#define ENCODERS "caddy.logging.encoders"

static const struct module_object encoder = {
    .name = "log_encoder",
    .noun = "a log encoder",
    .fields = FIELDS{
        FIELD("message_key", ONE(STRING), "field of the message; msg by default"),
        FIELD("level_key", ONE(STRING), "field of the level; level by default"),
        FIELD("time_key", ONE(STRING), "field of the time; ts by default"),
        FIELD("name_key", ONE(STRING), "field of the logger's name; logger by default"),
        FIELD("caller_key", ONE(STRING), "field of the place in the code"),
        FIELD("stacktrace_key", ONE(STRING), "field of the stack trace"),
        FIELD("line_ending", ONE(STRING), "what ends an entry; a line feed by default"),
        FIELD("time_format", ONE(STRING),
              "how times are written: unix_seconds_float, iso8601, rfc3339, wall, or a Go layout"),
        FIELD("time_local", ONE(BOOL), "local time in place of UTC", .since = "2.7"),
        FIELD("duration_format", ONE(STRING), "how durations are written; seconds by default",
              .values = "s|second|seconds|ns|nano|nanos|ms|milli|millis|string"),
        FIELD("level_format", ONE(STRING), "how levels are written; lower by default",
              .values = "lower|upper|color"),
        {0},
    },
};

static const struct module_object append_encoder = {
    .name = "append_encoder",
    .noun = "the append encoder",
    .fields = FIELDS{
        FIELD("wrap", MODULE(ENCODERS, "format"), "the encoder that writes the entry"),
        FIELD("fields", MAP(ANY), "what is added to every entry; placeholders are replaced"),
        {0},
    },
};

static const struct module_object filter_encoder = {
    .name = "filter_encoder",
    .noun = "the filter encoder",
    .fields = FIELDS{
        FIELD("wrap", MODULE(ENCODERS, "format"), "the encoder that writes the entry"),
        FIELD("fields", NAMED_MODULES("caddy.logging.encoders.filter", "filter"),
              "filters by field; `request>headers>Cookie` goes into nested ones"),
        {0},
    },
};

static const struct module_object journald_encoder = {
    .name = "journald_encoder",
    .noun = "the journald encoder",
    .fields = FIELDS{
        FIELD("wrap", MODULE(ENCODERS, "format"), "the encoder that writes the entry"),
        {0},
    },
};

#define FILTER_ACTIONS "replace|hash|delete"

static const struct module_object cookie_action = {
    .name = "cookie_action",
    .noun = "an action of the cookie filter",
    .fields = FIELDS{
        FIELD("type", ONE(STRING), "what is done", .values = FILTER_ACTIONS, .is_strict = true,
              .is_required = true),
        FIELD("name", ONE(STRING), "of the cookie"),
        FIELD("value", ONE(STRING), "what stands in its place"),
        {0},
    },
};

static const struct module_object cookie_filter = {
    .name = "cookie_filter",
    .noun = "the cookie filter",
    .fields = FIELDS{
        FIELD("actions", OBJECTS(cookie_action), "what is done with which cookies"),
        {0},
    },
};

static const struct module_object query_action = {
    .name = "query_action",
    .noun = "an action of the query filter",
    .fields = FIELDS{
        FIELD("type", ONE(STRING), "what is done", .values = FILTER_ACTIONS, .is_strict = true,
              .is_required = true),
        FIELD("parameter", ONE(STRING), "of the query"),
        FIELD("value", ONE(STRING), "what stands in its place"),
        {0},
    },
};

static const struct module_object query_filter = {
    .name = "query_filter",
    .noun = "the query filter",
    .fields = FIELDS{
        FIELD("actions", OBJECTS(query_action), "what is done with which query parameters"),
        {0},
    },
};

static const struct module_object ip_mask_filter = {
    .name = "ip_mask_filter",
    .noun = "the IP mask filter",
    .fields = FIELDS{
        FIELD("ipv4_cidr", ONE(INTEGER), "bits of an IPv4 address that are kept"),
        FIELD("ipv6_cidr", ONE(INTEGER), "bits of an IPv6 address that are kept"),
        {0},
    },
};

static const struct module_object regexp_filter = {
    .name = "regexp_filter",
    .noun = "the regexp filter",
    .fields = FIELDS{
        FIELD("regexp", ONE(STRING), "what is looked for"),
        FIELD("value", ONE(STRING), "what stands in its place"),
        {0},
    },
};

static const struct module_object multi_regexp_filter = {
    .name = "multi_regexp_filter",
    .noun = "the multi_regexp filter",
    .fields = FIELDS{
        FIELD("operations", OBJECTS(regexp_filter), "replacements, in order", .is_required = true),
        {0},
    },
};

static const struct module_object rename_filter = {
    .name = "rename_filter",
    .noun = "the rename filter",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "the field's new name"),
        {0},
    },
};

static const struct module_object replace_filter = {
    .name = "replace_filter",
    .noun = "the replace filter",
    .fields = FIELDS{
        FIELD("value", ONE(STRING), "what stands in place of the field's value"),
        {0},
    },
};

static const struct module_object file_writer = {
    .name = "file_writer",
    .noun = "a log file",
    .fields = FIELDS{
        FIELD("filename", ONE(STRING), "path of the file", .is_required = true),
        FIELD("mode", ONE(FILE_MODE), "its permissions; 0600 by default", .since = "2.9"),
        FIELD("dir_mode", ONE(STRING),
              "permissions of folders made for it; inherit, from_file, octal",
              .since = "2.11.2"),
        FIELD("roll", ONE(BOOL), "whether a new file is begun at times; true by default"),
        FIELD("roll_size_mb", ONE(INTEGER), "size in megabytes at which one is begun"),
        FIELD("roll_interval", ONE(DURATION), "time after which one is begun", .since = "2.11"),
        FIELD("roll_minutes", LIST(INTEGER), "minutes of every hour at which one is begun",
              .since = "2.11"),
        FIELD("roll_at", LIST(STRING), "times of day at which one is begun", .since = "2.11"),
        FIELD("roll_gzip", ONE(BOOL), "whether old files are compressed",
              .deprecated = "roll_compression"),
        FIELD("roll_compression", ONE(STRING), "how old files are compressed; gzip by default",
              .since = "2.11.2", .values = "none|gzip|zstd", .any_case = true, .is_strict = true),
        FIELD("roll_local_time", ONE(BOOL), "local time in the names of old files"),
        FIELD("roll_keep", ONE(INTEGER), "how many old files are kept; 10 by default"),
        FIELD("roll_keep_days", ONE(INTEGER), "how many days they are kept; 90 by default"),
        FIELD("backup_time_format", ONE(STRING), "Go layout of the time in their names",
              .since = "2.11"),
        {0},
    },
};

static const struct module_object net_writer = {
    .name = "net_writer",
    .noun = "a network log",
    .fields = FIELDS{
        FIELD("address", ONE(STRING), "the socket that entries are sent to", .is_required = true,
              .unless = "soft_start"),
        FIELD("dial_timeout", ONE(DURATION), "how long connecting may take", .since = "2.5"),
        FIELD("soft_start", ONE(BOOL), "goes on, logging to stderr, where nobody answers",
              .since = "2.7"),
        {0},
    },
};

const struct module modules_logging[] = {
    ROW("caddy.logging.cores.mock", OBJECT(module_nothing), "a core for tests", .since = "2.9"),
    ROW("caddy.logging.encoders.append", OBJECT(append_encoder), "adds fields to every entry",
        .since = "2.8"),
    ROW("caddy.logging.encoders.console", OBJECT(encoder), "entries for people to read"),
    ROW("caddy.logging.encoders.filter", OBJECT(filter_encoder), "changes fields of entries"),
    ROW("caddy.logging.encoders.filter.cookie", OBJECT(cookie_filter),
        "changes cookies in a Cookie header", .since = "2.5"),
    ROW("caddy.logging.encoders.filter.delete", OBJECT(module_nothing), "leaves the field out"),
    ROW("caddy.logging.encoders.filter.hash", OBJECT(module_nothing), "writes a hash in its place",
        .since = "2.5"),
    ROW("caddy.logging.encoders.filter.ip_mask", OBJECT(ip_mask_filter), "cuts IP addresses short"),
    ROW("caddy.logging.encoders.filter.multi_regexp", OBJECT(multi_regexp_filter),
        "replaces by several regular expressions", .since = "2.11"),
    ROW("caddy.logging.encoders.filter.query", OBJECT(query_filter),
        "changes the query of a URL", .since = "2.5"),
    ROW("caddy.logging.encoders.filter.regexp", OBJECT(regexp_filter),
        "replaces by a regular expression", .since = "2.5"),
    ROW("caddy.logging.encoders.filter.rename", OBJECT(rename_filter),
        "gives the field another name",
        .since = "2.6"),
    ROW("caddy.logging.encoders.filter.replace", OBJECT(replace_filter), "writes something else",
        .since = "2.4"),
    ROW("caddy.logging.encoders.filter.set_cookie", OBJECT(cookie_filter),
        "changes cookies in a Set-Cookie header", .since = "2.11"),
    ROW("caddy.logging.encoders.journald", OBJECT(journald_encoder),
        "adds the priority that journald reads", .since = "2.11"),
    ROW("caddy.logging.encoders.json", OBJECT(encoder), "one JSON object a line"),
    ROW("caddy.logging.writers.discard", OBJECT(module_nothing), "throws entries away"),
    ROW("caddy.logging.writers.file", OBJECT(file_writer), "writes to a file"),
    ROW("caddy.logging.writers.net", OBJECT(net_writer), "writes to a network socket"),
    ROW("caddy.logging.writers.stderr", OBJECT(module_nothing), "writes to standard error"),
    ROW("caddy.logging.writers.stdout", OBJECT(module_nothing), "writes to standard output"),
    {0},
};
