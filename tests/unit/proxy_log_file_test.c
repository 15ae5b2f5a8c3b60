/* When log files are rolled, and which of the rolled ones are kept. */
#include "proxy/log_file.c"

#include "test.h"

static void test_lines_that_fit(void)
{
    struct str lines = STR("one\ntwo\nthree\n"), odd = STR("a--b--c-d--");
    CHECK_STR(lines_that_fit(lines, 100, STR("\n")), "one\ntwo\nthree\n");
    CHECK_STR(lines_that_fit(lines, 14, STR("\n")), "one\ntwo\nthree\n");
    CHECK_STR(lines_that_fit(lines, 13, STR("\n")), "one\ntwo\n");
    CHECK_STR(lines_that_fit(lines, 4, STR("\n")), "one\n");
    CHECK_STR(lines_that_fit(lines, 3, STR("\n")), "");
    CHECK_STR(lines_that_fit(lines, 0, STR("\n")), "");
    CHECK_STR(lines_that_fit(lines, -5, STR("\n")), "");
    CHECK_STR(lines_that_fit(odd, 10, STR("--")), "a--b--");
    CHECK_STR(lines_that_fit(odd, 5, STR("--")), "a--");
    CHECK_STR(lines_that_fit(odd, 2, STR("--")), "");
    CHECK_STR(first_line(lines, STR("\n")), "one\n");
    CHECK_STR(first_line(odd, STR("--")), "a--");
    CHECK_STR(first_line(STR("no end"), STR("\n")), "no end");
}

static void test_parts(void)
{
    struct name_parts parts = parts_of(STR("/var/log/access.log"));
    CHECK_STR(parts.directory, "/var/log");
    CHECK_STR(parts.prefix, "access");
    CHECK_STR(parts.extension, ".log");
    parts = parts_of(STR("access"));
    CHECK_STR(parts.directory, ".");
    CHECK_STR(parts.prefix, "access");
    CHECK_STR(parts.extension, "");
    parts = parts_of(STR("/a.b.c"));
    CHECK_STR(parts.directory, "/");
    CHECK_STR(parts.prefix, "a.b");
    CHECK_STR(parts.extension, ".c");
}

/* 2026-02-03 04:05:06 UTC */
static const int64_t moment = 1770091506 * (int64_t)1000000000;

static void test_next_roll(void)
{
    static const struct dt_number minutes[] = {
        {0}, {245}, {246}, {780}}; /* 00:00 04:05 04:06 13:00 */
    const struct dt_tables tables = {.numbers = minutes, .n_numbers = 4};
    const struct dt_log at_all = {.roll_at = {0, 4}}, at_midnight = {.roll_at = {0, 1}},
                        never = {0};
    struct log_file file = {.tables = &tables, .row = &at_all};
    CHECK_INT((next_roll(&file, moment) - moment) / second_ns, 54);                     /* 04:06 */
    CHECK_INT((next_roll(&file, moment + 54 * second_ns) - moment) / second_ns, 32094); /* 13:00 */
    CHECK_INT((next_roll(&file, moment + 40000 * second_ns) - moment) / second_ns, 71694);
    file.row = &at_midnight;
    CHECK_INT((next_roll(&file, moment) - moment) / second_ns, 71694); /* of the next day */
    file.row = &never;
    CHECK_INT(next_roll(&file, moment), 0);
}

static void test_rolled_names(void)
{
    static const struct {
        const char *name;
        bool is_rolled, is_compressed;
    } rows[] = {
        {"access-2026-02-03T04-05-06.007-size.log", true, false},
        {"access-2026-02-03T04-05-06.007-size_1.log", true, false},
        {"access-2026-02-03T04-05-06.007-time.log.gz", true, true},
        {"access-2026-02-03T04-05-06.007-time.log.zst", true, true},
        {"access.log", false, false},
        {"access-2026-02-03T04-05-06.007.log", false, false},
        {"access-size.log", false, false},
        {"access--size.log", false, false},
        {"access-2026-02-03T04-05-06.007-size.txt", false, false},
        {"other-2026-02-03T04-05-06.007-size.log", false, false},
        {"access-2026-02-03T04-05-06.007-size.log.tmp", false, false},
        {"access", false, false},
        {"", false, false},
    };
    const struct dt_log row = {0};
    const struct log_file file = {.row = &row, .layout = STR("2006-01-02T15-04-05.000")};
    const struct name_parts parts = parts_of(STR("/x/access.log"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rolled out = {0};
        bool found = is_rolled(&file, &parts, str_from(rows[i].name), &out);
        CHECK_INT(found, rows[i].is_rolled);
        if (!found)
            continue;
        CHECK_INT(out.is_compressed, rows[i].is_compressed);
        CHECK_INT(out.ns, moment + 7000000);
    }
}

static void test_kept(void)
{
    int64_t now = clock_wall_ns(), day = 86400 * second_ns;
    struct rolled files[] = {
        {.ns = now},           {.ns = now - day},     {.ns = now - day},
        {.ns = now - 2 * day}, {.ns = now - 9 * day},
    };
    const struct dt_log two = {.roll_keep = 2}, week = {.roll_keep_days = 7},
                        both = {.roll_keep = 3, .roll_keep_days = 1}, all = {0};
    const struct {
        const struct dt_log *row;
        bool kept[5];
    } rows[] = {
        {&two, {true, true, true, false, false}}, /* two files of one moment count once */
        {&week, {true, true, true, true, false}},
        {&both, {true, false, false, false, false}},
        {&all, {true, true, true, true, true}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct log_file file = {.row = rows[i].row};
        choose_kept(&file, files, 5);
        for (size_t k = 0; k < 5; k++)
            CHECK_INT(files[k].is_kept, rows[i].kept[k]);
    }
}

static const struct test tests[] = {
    {"lines that fit", test_lines_that_fit}, {"parts", test_parts}, {"next roll", test_next_roll},
    {"rolled names", test_rolled_names},     {"kept", test_kept},
};

TESTS_MAIN(tests)
