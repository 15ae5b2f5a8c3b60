/* How lines begin: as they would if nothing of the one before were remembered.
 */

#include "base/arena.h"
#include "proxy/core.h"
#include "proxy/log_encode.h"
#include "test.h"

static const char strings[] = "\0msg\0level\0ts\0logger\0\n\0a key with "
                              "\"quotes\" that is as long as it takes\0";
enum { MESSAGE = 1, LEVEL = 5, TIME = 11, LOGGER = 14, LINE_END = 21, LONG = 23, LONG_LEN = 45 };

static const struct dt_log_encoder encoders[] = {
    {.kind = DT_LOG_JSON,
     .time = DT_LOG_TIME_SECONDS,
     .message_key = {MESSAGE, 3},
     .level_key = {LEVEL, 5},
     .time_key = {TIME, 2},
     .name_key = {LOGGER, 6},
     .line_ending = {LINE_END, 1}},
    {.kind = DT_LOG_JSON,
     .time = DT_LOG_TIME_SECONDS,
     .time_key = {TIME, 2},
     .line_ending = {LINE_END, 1}},
    {.kind = DT_LOG_JSON,
     .time = DT_LOG_TIME_NANOS,
     .time_key = {TIME, 2},
     .message_key = {MESSAGE, 3}},
    {.kind = DT_LOG_JSON, .name_key = {LOGGER, 6}, .line_ending = {LINE_END, 1}},
    {.kind = DT_LOG_JSON,
     .time = DT_LOG_TIME_SECONDS,
     .time_key = {LONG, LONG_LEN},
     .name_key = {LONG, LONG_LEN},
     .level_key = {LEVEL, 5}},
    {.kind = DT_LOG_CONSOLE,
     .time = DT_LOG_TIME_MILLIS,
     .time_key = {TIME, 2},
     .message_key = {MESSAGE, 3}},
};
enum { N_ENCODERS = sizeof(encoders) / sizeof(encoders[0]) };

static const struct dt_tables tables = {
    .strings = strings, .log_encoders = encoders, .n_log_encoders = N_ENCODERS};

static struct str line_of(const struct core *core, const struct log_format *format,
                          const struct log_entry *entry, struct log_head *head)
{
    struct strbuf out = strbuf_in(core->arena);
    log_encode(core, format, entry, head, &out);
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

static void test_text(void)
{
    struct arena arena = ARENA_INIT;
    const struct core core = {.tables = &tables, .arena = &arena};
    const struct dt_log row = {.encoders = {0, 1}};
    struct log_format format;
    struct log_head head = {0};
    struct log_entry entry = {.level = DT_LOG_INFO,
                              .time_ns = 1700000000123456789,
                              .logger = STR("http.log.access"),
                              .message = STR("handled \"request\""),
                              .is_usual = true};
    log_format_open(&format, &core, &row, false);
    for (int i = 0; i < 2; i++)
        CHECK_STR(line_of(&core, &format, &entry, &head),
                  "{\"level\":\"info\",\"ts\":1700000000.123456,\"logger\":\"http."
                  "log.access\","
                  "\"msg\":\"handled \\\"request\\\"\"}\n");
    entry.time_ns = 1700000000000000999;
    CHECK_STR(line_of(&core, &format, &entry, &head),
              "{\"level\":\"info\",\"ts\":1700000000,\"logger\":\"http.log.access\","
              "\"msg\":\"handled \\\"request\\\"\"}\n");
    arena_free(&arena);
}

/* Entries of several logs, loggers, levels and seconds by turns. */
static void test_turns(void)
{
    static const char long_name[] =
        "a.logger.whose.name.is.so.long.that.no.line.of.its.begins.like."
        "one.that.is.remembered.for.there.is.no.room.for.so.much.text";
    const struct str loggers[] = {STR("http.log.access"), STR(""), STR("a\"b\n\xFF"),
                                  str_from(long_name)};
    static const int64_t times[] = {
        0,          999,        1700000000000000000, 1700000000999999999,
        1000000000, 1700000001, 9000000000000000000, -1500000000};
    struct arena arena = ARENA_INIT;
    struct core core = {.tables = &tables, .arena = &arena};
    struct log_format formats[N_ENCODERS];
    struct log_head head = {0};
    uint64_t random = 1;
    for (uint32_t i = 0; i < N_ENCODERS; i++) {
        const struct dt_log row = {.encoders = {i, 1}};
        log_format_open(&formats[i], &core, &row, false);
    }
    struct arena lines = ARENA_INIT;
    core.arena = &lines;
    for (int i = 0; i < 40000; i++) {
        static char unusual[] = "message 0";
        random = random * 6364136223846793005u + 1442695040888963407u;
        const uint64_t dice = random >> 32;
        struct log_entry entry = {
            .level = dice & 1 ? DT_LOG_INFO : DT_LOG_ERROR,
            .time_ns = times[dice >> 1 & 7],
            .logger = loggers[dice >> 4 & 3],
            .message = dice >> 6 & 1 ? STR("handled request") : STR("NOP"),
            .is_usual = dice >> 7 & 7,
        };
        if (!entry.is_usual) {
            unusual[8] = (char)('0' + i % 10);
            entry.message = str_from(unusual);
        }
        const struct log_format *format = &formats[(dice >> 10) % N_ENCODERS];
        struct str wanted = line_of(&core, format, &entry, NULL);
        CHECK_STR(line_of(&core, format, &entry, &head), wanted.ptr);
        CHECK_STR(line_of(&core, format, &entry, &head), wanted.ptr);
        arena_reset(&lines);
    }
    arena_free(&lines);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"text", test_text},
    {"by turns", test_turns},
};

TESTS_MAIN(tests)
