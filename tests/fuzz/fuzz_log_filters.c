/* Any bytes as a field of a log line: whatever filters make of it, the line is one JSON object; and
 * any bytes as a layout of times and a time. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/go_time.h"
#include "proxy/core.h"
#include "proxy/log_encode.h"
#include "proxy/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char strings[] = "\0field\0a\0token\0value\0msg\0\n\0list";
enum { FIELD = 1, NAME = 7, TOKEN = 9, VALUE = 15, MESSAGE = 21, LINE_END = 25, LIST = 27 };

static const struct dt_log_action actions[] = {
    {DT_LOG_FILTER_REPLACE, {NAME, 1}, {VALUE, 5}},
    {DT_LOG_FILTER_HASH, {TOKEN, 5}, {0}},
    {DT_LOG_FILTER_DELETE, {VALUE, 5}, {0}},
};

struct fields {
    struct str text, list[3];
};

static void write_fields(const struct log_view *view, const void *ctx)
{
    const struct fields *fields = ctx;
    log_put(view, STR("field"), LOG_TEXT_OF(fields->text));
    log_put(view, STR("list"),
            (struct log_value){.kind = LOG_TEXTS, .texts = fields->list, .n_texts = 3});
}

static void check_line(const struct core *core, const struct log_format *format, struct str text,
                       struct arena *arena)
{
    struct strbuf out = strbuf_in(arena);
    struct fields fields = {.text = text, .list = {text, str_slice(text, 1, text.len), text}};
    const struct log_entry entry = {
        .level = DT_LOG_INFO, .message = text, .write = write_fields, .ctx = &fields};
    log_encode(core, format, &entry, NULL, &out);
    if (out.len < 2 || out.ptr[out.len - 1] != '\n' || memchr(out.ptr, '\n', out.len - 1) ||
        !text_is_json(strbuf_str(&out)))
        abort();
}

static void check_filter(enum dt_log_filter_kind kind, struct str text, struct arena *arena)
{
    const struct dt_log_filter filters[] = {
        {.field = {FIELD, 5}, .kind = kind, .actions = {0, 3}, .ip4_bits = 20, .ip6_bits = 50},
        {.field = {LIST, 4}, .kind = kind, .actions = {0, 3}, .ip4_bits = 20, .ip6_bits = 50},
    };
    const struct dt_log_encoder encoders[] = {
        {.kind = DT_LOG_FILTER, .filters = {0, 2}},
        {.kind = DT_LOG_JSON, .message_key = {MESSAGE, 3}, .line_ending = {LINE_END, 1}},
    };
    const struct dt_log row = {.encoders = {0, 2}};
    const struct dt_tables tables = {
        .strings = strings,
        .log_filters = filters,
        .n_log_filters = 2,
        .log_actions = actions,
        .n_log_actions = 3,
        .log_encoders = encoders,
        .n_log_encoders = 2,
    };
    const struct core core = {.tables = &tables, .arena = arena};
    struct log_format format;
    log_format_open(&format, &core, &row, false);
    check_line(&core, &format, text, arena);
}

/* A layout that shows a time so that it can be read gives the same time again. */
static void check_time(struct str layout, struct str text, struct arena *arena)
{
    struct strbuf first = strbuf_in(arena), second = strbuf_in(arena);
    int64_t ns;
    if (!go_time_parse(layout, text, false, &ns) || ns < 0)
        return;
    go_time_format(&first, layout, ns, false);
    if (go_time_is_reversible(arena, layout) &&
        go_time_parse(layout, strbuf_str(&first), false, &ns)) {
        go_time_format(&second, layout, ns, false);
        if (!str_eq(strbuf_str(&first), strbuf_str(&second)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dt_log_filter_kind kinds[] = {
        DT_LOG_FILTER_HASH,   DT_LOG_FILTER_IP_MASK,    DT_LOG_FILTER_QUERY,
        DT_LOG_FILTER_COOKIE, DT_LOG_FILTER_SET_COOKIE, DT_LOG_FILTER_DELETE,
    };
    struct arena arena = ARENA_INIT;
    struct str text = str_make((const char *)data, size), layout, time;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        check_filter(kinds[i], text, &arena);
    str_cut(text, STR("\n"), &layout, &time);
    check_time(layout, time, &arena);
    arena_free(&arena);
    return 0;
}
