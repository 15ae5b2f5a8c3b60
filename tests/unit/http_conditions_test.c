/* What conditional requests are made of: dates, entity tags, ranges, accepted codings. */
#include "base/arena.h"
#include "http/date.h"
#include "http/encodings.h"
#include "http/range.h"
#include "test.h"

static void test_dates(void)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"sun, 06 nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"Monday, 01-Jan-68 00:00:00 GMT", 3092601600},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Wed, 29 Feb 2023 00:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
        {"06 Nov 1994 08:49:37 GMT", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t seconds = -1;
        http_date_parse(str_from(rows[i].text), &seconds);
        CHECK_INT(seconds, rows[i].seconds);
    }
    char text[HTTP_DATE_BYTES];
    http_date_format(784111777, text);
    CHECK_STR(str_make(text, sizeof(text)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void test_ranges(void)
{
    static const struct {
        const char *text;
        enum range_result result;
        uint32_t n;
        int64_t start, len; /* of the first */
    } rows[] = {
        {"", RANGES_FINE, 0, 0, 0},
        {"bytes=0-4", RANGES_FINE, 1, 0, 5},
        {"bytes=5-", RANGES_FINE, 1, 5, 5},
        {"bytes=-3", RANGES_FINE, 1, 7, 3},
        {"bytes=-30", RANGES_FINE, 1, 0, 10},
        {"bytes=2-100", RANGES_FINE, 1, 2, 8},
        {"bytes= 0 - 0 , 9-", RANGES_FINE, 2, 0, 1},
        {"bytes=,,1-1,", RANGES_FINE, 1, 1, 1},
        {"bytes=0-0,50-", RANGES_FINE, 1, 0, 1},
        {"bytes=10-", RANGES_OUTSIDE, 0, 0, 0},
        {"bytes=3-2", RANGES_MALFORMED, 0, 0, 0},
        {"bytes=-", RANGES_MALFORMED, 0, 0, 0},
        {"bytes=--1", RANGES_MALFORMED, 0, 0, 0},
        {"bytes=a-b", RANGES_MALFORMED, 0, 0, 0},
        {"bytes=99999999999999999999-", RANGES_MALFORMED, 0, 0, 0},
        {"lines=1-2", RANGES_MALFORMED, 0, 0, 0},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct byte_range *ranges = NULL;
        uint32_t n;
        CHECK_INT(ranges_parse(str_from(rows[i].text), 10, &arena, &ranges, &n), rows[i].result);
        if (rows[i].result != RANGES_FINE)
            continue;
        CHECK_INT(n, rows[i].n);
        if (n > 0) {
            CHECK_INT(ranges[0].start, rows[i].start);
            CHECK_INT(ranges[0].len, rows[i].len);
        }
    }
    arena_free(&arena);
}

static void test_tags(void)
{
    struct str tag = STR("\"a\"");
    CHECK(etag_list_has(STR("\"x\", \"a\""), tag, false));
    CHECK(etag_list_has(STR("*"), tag, false));
    CHECK(!etag_list_has(STR("W/\"a\""), tag, false));
    CHECK(etag_list_has(STR("W/\"a\""), tag, true));
    CHECK(!etag_list_has(STR("a, \"a\""), tag, true)); /* nothing is read behind a mistake */
    CHECK(!etag_list_has(STR(""), tag, true));
    CHECK(!etag_equals_strongly(STR(""), STR("")));
    struct str text = STR(" W/\"b c\"");
    CHECK_STR(etag_next(&text), ""); /* no blanks inside */
    text = STR(" W/\"b\" rest");
    CHECK_STR(etag_next(&text), "W/\"b\"");
    CHECK_STR(text, " rest");
}

static void test_codings(void)
{
    static const struct {
        const char *text;
        unsigned weight;
    } rows[] = {
        {"gzip", 1000},       {"GZIP", 1000},        {"br, gzip;q=0.5", 500},
        {"gzip;q=0", 0},      {"gzip; q=0.123", 123}, {"gzip;q=2", 1000},
        {"gzip;q=x", 1000},   {"*", 0},              {"", 0},
        {"gzip;level=1", 1000}, {"xgzip", 0},        {"gzip;q=1.0", 1000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(accepted_weight(str_from(rows[i].text), STR("gzip")), rows[i].weight);
}

static const struct test tests[] = {
    {"dates", test_dates},
    {"ranges", test_ranges},
    {"tags", test_tags},
    {"codings", test_codings},
};

TESTS_MAIN(tests)
