/* Where logs are written: stdout, stderr, discard, file, net. */
#include "directives/log_writers.h"

#include "base/parse.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/values.h"

/* An octal file mode; Caddy prints it with four digits. */
static bool read_mode(struct cursor *in, struct str text, uint32_t *mode)
{
    uint64_t value = 0;
    bool ok = true; /* nothing is 0: Caddy pads with zeros first */
    for (size_t i = 0; i < text.len && ok; i++) {
        ok = text.ptr[i] >= '0' && text.ptr[i] <= '7';
        value = value * 8 + (uint64_t)(text.ptr[i] - '0');
        ok = ok && value <= UINT32_MAX;
    }
    *mode = (uint32_t)value;
    return ok || value_refuse(in, cursor_token(in), "a file mode: octal digits, such as 0640");
}

static bool parse_mode(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    uint32_t mode;
    if (!option_only_one(scope, in, row, object, state) || !read_mode(in, cursor_val(in), &mode))
        return false;
    const struct token *token = cursor_token(in);
    struct str text = str_printf(scope->arena, "%04o", mode);
    document_remove(object, row->key);
    if (mode)
        document_set(scope->document, object, row->key,
                     document_string(scope->document, text, token));
    return true;
}

static bool parse_dir_mode(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    uint32_t mode;
    if (!option_only_one(scope, in, row, object, state))
        return false;
    struct str text = str_trim_unicode(cursor_val(in));
    value_set(scope, object, row->key, document_string(scope->document, text, cursor_token(in)),
              cursor_token(in));
    return str_eq_nocase(text, STR("inherit")) || str_eq_nocase(text, STR("from_file")) ||
           read_mode(in, text, &mode);
}

static int64_t round_up(double number)
{
    int64_t whole = (int64_t)number;
    return whole + ((double)whole < number);
}

/* Sizes are rounded up to whole mebibytes, times to whole days. */
static bool parse_roll_size(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    uint64_t bytes;
    if (!option_only_one(scope, in, row, object, state) ||
        parse_size(cursor_val(in), &bytes) != PARSE_OK)
        return false;
    value_set(
        scope, object, row->key,
        document_integer(scope->document, round_up((double)bytes / 1048576), cursor_token(in)),
        cursor_token(in));
    return true;
}

static bool parse_roll_keep_for(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    const int64_t hour = 3600000000000;
    int64_t time;
    if (!option_only_one(scope, in, row, object, state) || !read_duration(in, &time))
        return false;
    if (time < 0)
        return value_refuse(in, cursor_token(in), "a time to keep logs: it is negative");
    double hours = (double)(time / hour) + (double)(time % hour) / (double)hour;
    value_set(scope, object, row->key,
              document_integer(scope->document, round_up(hours / 24), cursor_token(in)),
              cursor_token(in));
    return true;
}

static bool parse_compression(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    static const char *const words[] = {"none", "gzip", "zstd"};
    (void)state;
    const struct token *token;
    const struct token **targets[] = {&token};
    if (!cursor_all_args(in, 1, targets))
        return cursor_arg_error(in, "roll_compression none|gzip|zstd");
    struct str word = str_trim_unicode(token->text);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq_nocase(word, str_from(words[i]))) {
            document_set(scope->document, object, row->key,
                         document_text(scope->document, words[i], token));
            return true;
        }
    }
    return value_refuse_word(in, token, row->values);
}

/* Lists with blanks, commas or both between their items. */
static bool parse_comma_list(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    json_t *list = document_array(scope->document, name);
    if (words.n == 0)
        return cursor_arg_error(in,
                                str_printf(scope->arena, "%s %s", row->name, row->arguments).ptr);
    for (size_t i = 0; i < words.n; i++) {
        struct str rest = words.at[i]->text, item;
        bool more = true;
        while (more) {
            int64_t number;
            more = str_cut(rest, STR(","), &item, &rest);
            item = str_trim_unicode(item);
            if (item.len == 0)
                return value_refuse(in, words.at[i], "a list: an item is empty");
            if (row->type == VALUE_INTEGER && parse_go_int(item, &number) != PARSE_OK)
                return value_refuse(in, words.at[i], "a list of integers");
            document_add(scope->document, list,
                         row->type == VALUE_INTEGER
                             ? document_integer(scope->document, number, words.at[i])
                             : document_string(scope->document, item, words.at[i]));
        }
    }
    document_set(scope->document, object, row->key, list);
    return true;
}

static const struct option file_options[] = {
    {.name = "mode",
     .doc = "permissions of the log file",
     .arguments = "<mode>",
     .key = "mode",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_mode,
     .since = "2.9"},
    {.name = "dir_mode",
     .doc = "permissions of folders that are made for it",
     .arguments = "inherit|from_file|<mode>",
     .key = "dir_mode",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_dir_mode,
     .since = "2.11.2"},
    {.name = "roll_disabled",
     .doc = "keeps all in one file",
     .key = "roll",
     .type = VALUE_TRUE,
     .parse = option_lone_false},
    {.name = "roll_size",
     .doc = "how large a file grows; rounded up to MiB",
     .arguments = "<size>",
     .key = "roll_size_mb",
     .type = VALUE_SIZE,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_roll_size},
    {.name = "roll_uncompressed",
     .doc = "does not compress old files",
     .key = "roll_gzip",
     .type = VALUE_TRUE,
     .parse = option_lone_false,
     .since = "2.5",
     .deprecated = "roll_compression none"},
    {.name = "roll_compression",
     .doc = "how old files are compressed",
     .arguments = "none|gzip|zstd",
     .key = "roll_compression",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "none|gzip|zstd",
     .parse = parse_compression,
     .since = "2.11.2"},
    {.name = "roll_local_time",
     .doc = "uses local time in the names of old files",
     .key = "roll_local_time",
     .type = VALUE_TRUE,
     .parse = option_lone_flag,
     .since = "2.5"},
    {.name = "roll_keep",
     .doc = "how many old files are kept",
     .arguments = "<count>",
     .key = "roll_keep",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one},
    {.name = "roll_keep_for",
     .doc = "how long old files are kept; rounded up to days",
     .arguments = "<duration>",
     .key = "roll_keep_days",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_roll_keep_for},
    {.name = "roll_interval",
     .doc = "begins a new file after this time",
     .arguments = "<duration>",
     .key = "roll_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .since = "2.11"},
    {.name = "roll_minutes",
     .doc = "begins a new file at these minutes of the hour",
     .arguments = "<minute...>",
     .key = "roll_minutes",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = -1,
     .parse = parse_comma_list,
     .since = "2.11"},
    {.name = "roll_at",
     .doc = "begins a new file at these times of the day",
     .arguments = "<time_of_day...>",
     .key = "roll_at",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = parse_comma_list,
     .since = "2.11"},
    {.name = "backup_time_format",
     .doc = "how the time is written in the names of old files",
     .arguments = "<layout>",
     .key = "backup_time_format",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .since = "2.11"},
    {0},
};

static const struct option net_options[] = {
    {.name = "dial_timeout",
     .doc = "how long connecting may take",
     .arguments = "<duration>",
     .key = "dial_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = option_only_one,
     .since = "2.4.1"},
    {.name = "soft_start",
     .doc = "starts even where the address cannot be reached",
     .key = "soft_start",
     .type = VALUE_TRUE,
     .parse = option_lone_flag,
     .since = "2.7"},
    {0},
};

/* <row>.key is where the one argument goes. */
static bool parse_addressed(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    return option_only_one(scope, in, row, object, state) &&
           options_parse(scope, in, row->block, object, state);
}

static const struct option log_writers[] = {
    {.name = "stderr", .doc = "writes to standard error"},
    {.name = "stdout", .doc = "writes to standard output"},
    {.name = "discard", .doc = "writes nothing"},
    {.name = "file",
     .doc = "writes to a file, and begins new ones as it grows",
     .arguments = "<path>",
     .key = "filename",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .block = file_options,
     .parse = parse_addressed},
    {.name = "net",
     .doc = "writes to a socket",
     .arguments = "<address>",
     .key = "address",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .block = net_options,
     .parse = parse_addressed},
    {0},
};

const struct module_space log_writer_space = {
    .name = "caddy.logging.writers",
    .key = "output",
    .doc = "where logs are written",
    .modules = log_writers,
};

json_t *log_writer_read(struct scope *scope, struct cursor *in)
{
    json_t *writer = module_take(scope, in, &log_writer_space);
    return writer ? document_sorted(scope->document, writer) : NULL;
}
