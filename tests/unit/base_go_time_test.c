#include "base/go_time.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "test.h"

/* 2026-02-03 04:05:06.007008009 UTC, a Tuesday */
static const int64_t moment = 1770091506007008009;

static const struct {
    const char *layout, *text;
} formats[] = {
    {"2006-01-02T15:04:05.000Z07:00", "2026-02-03T04:05:06.007Z"},
    {"2006-01-02T15:04:05.999999999-0700", "2026-02-03T04:05:06.007008009+0000"},
    {"Monday, January 2 2006", "Tuesday, February 3 2026"},
    {"Mon Jan _2 06", "Tue Feb  3 26"},
    {"Janet Monet", "Janet Monet"},
    {"Janx", "Janx"},
    {"JanX", "FebX"},
    {"1/2/2006 3:4:5 PM", "2/3/2026 4:5:6 AM"},
    {"03pm", "04am"},
    {"002 __2", "034  34"},
    {"_2006", "_2026"},
    {"15h 05,000", "04h 06,007"},
    {"05.000000", "06.007008"},
    {"05.00x", "06.00x"},
    {"05.999", "06.007"},
    {"05.9", "06"},
    {"15.04.05", "04.05.06"},
    {"MST", "UTC"},
    {"-07 -07:00 -070000 -07:00:00", "+00 +00:00 +000000 +00:00:00"},
    {"Z07 Z0700 Z070000 Z07:00:00", "Z Z Z Z"},
    {"no element", "no element"},
    {"", ""},
    {"20060102", "20260203"},
    {"2", "3"},
};

static void test_format(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct strbuf out = strbuf_in(&arena);
        go_time_format(&out, str_from(formats[i].layout), moment, false);
        CHECK_STR(strbuf_str(&out), formats[i].text);
    }
    arena_free(&arena);
}

static void test_local(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf out = strbuf_in(&arena);
    int64_t read = 0;
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    go_time_format(&out, STR("2006-01-02 15:04:05 -0700 Z07:00 MST"), moment, true);
    CHECK_STR(strbuf_str(&out), "2026-02-03 09:35:06 +0530 +05:30 XYZ");
    CHECK(go_time_parse(STR("2006-01-02 15:04"), STR("2026-02-03 09:35"), true, &read));
    CHECK_INT(read / 1000000000, 1770091500);
    CHECK(go_time_parse(STR("2006-01-02 15:04 -0700"), STR("2026-02-03 09:35 +0100"), true, &read));
    CHECK_INT(read / 1000000000, 1770107700);
    setenv("TZ", "UTC", 1);
    tzset();
    arena_free(&arena);
}

static void test_parse(void)
{
    static const struct {
        const char *layout, *text;
        int64_t ns; /* -1: it cannot be read */
    } rows[] = {
        {"2006-01-02T15-04-05.000", "2026-02-03T04-05-06.007", 1770091506007000000},
        {"2006-01-02T15-04-05.999", "2026-02-03T04-05-06.5", 1770091506500000000},
        {"2006-01-02T15-04-05.999", "2026-02-03T04-05-06", 1770091506000000000},
        {"2006-01-02T15-04-05.000", "2026-02-03T04-05-06", -1},
        {"2006-01-02T15-04-05.000", "2026-02-03T04-05-06.0x7", -1},
        {"Mon, 02 Jan 2006 3:04 PM", "Tue, 03 Feb 2026 4:05 PM", 1770134700000000000},
        {"Monday 2 January 06", "tuesday 3 february 26", 1770076800000000000},
        {"2006 002", "2026 034", 1770076800000000000},
        {"2006-01-02 MST", "2026-02-03 UTC", 1770076800000000000},
        {"2006-01-02", "2026-13-03", -1},
        {"2006-01-02", "2026-02-0", -1},
        {"2006-01-02", "2026-02-03x", -1},
        {"15:04", "24:00", -1},
        {"x2006", "y2006", -1},
        {"2006", "", -1},
        {"Z07:00", "+1:00", -1},
        {"20060102150405", "20260203040506", 1770091506000000000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ns = -1;
        bool is_read = go_time_parse(str_from(rows[i].layout), str_from(rows[i].text), false, &ns);
        CHECK_INT(is_read ? ns : -1, rows[i].ns);
    }
}

static void test_reversible(void)
{
    struct arena arena = ARENA_INIT;
    CHECK(go_time_is_reversible(&arena, STR("2006-01-02T15-04-05.000")));
    CHECK(go_time_is_reversible(&arena, STR("20060102150405")));
    CHECK(go_time_is_reversible(&arena, STR("2006-01-02_15.04.05.999999999")));
    CHECK(!go_time_is_reversible(&arena, STR("2006-01-02")));
    CHECK(!go_time_is_reversible(&arena, STR("nothing")));
    CHECK(!go_time_is_reversible(&arena, STR("")));
    arena_free(&arena);
}

static const struct test tests[] = {
    {"format", test_format},
    {"local", test_local},
    {"parse", test_parse},
    {"reversible", test_reversible},
};

TESTS_MAIN(tests)
