/* What Go and Caddy make of numbers, durations, sizes and host:port pairs. */
#include "base/parse.h"

#include <math.h>

#include "test.h"

static void test_integers(void)
{
    static const struct {
        const char *text;
        enum parse_result result;
        int64_t value;
    } rows[] = {
        {"0", PARSE_OK, 0},
        {"007", PARSE_OK, 7},
        {"+5", PARSE_OK, 5},
        {"-9223372036854775808", PARSE_OK, INT64_MIN},
        {"9223372036854775807", PARSE_OK, INT64_MAX},
        {"9223372036854775808", PARSE_RANGE, 0},
        {"99999999999999999999999", PARSE_RANGE, 0},
        {"", PARSE_EMPTY, 0},
        {"-", PARSE_SYNTAX, 0},
        {"1_000", PARSE_SYNTAX, 0},
        {"0x10", PARSE_SYNTAX, 0},
        {"1.0", PARSE_SYNTAX, 0},
        {" 1", PARSE_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        CHECK_INT(parse_go_int(str_from(rows[i].text), &value), rows[i].result);
        CHECK_INT(value, rows[i].value);
    }
    uint64_t port = 0;
    CHECK_INT(parse_go_uint(STR("65535"), 16, &port), PARSE_OK);
    CHECK_INT(port, 65535);
    CHECK_INT(parse_go_uint(STR("65536"), 16, &port), PARSE_RANGE);
    CHECK_INT(parse_go_uint(STR("+1"), 16, &port), PARSE_SYNTAX);
    int64_t narrow = 0;
    CHECK_INT(parse_go_int_bits(STR("-128"), 8, &narrow), PARSE_OK);
    CHECK_INT(parse_go_int_bits(STR("128"), 8, &narrow), PARSE_RANGE);
}

static void test_floats(void)
{
    static const struct {
        const char *text;
        enum parse_result result;
        double value;
    } rows[] = {
        {"1.5", PARSE_OK, 1.5},        {".5", PARSE_OK, 0.5},
        {"5.", PARSE_OK, 5},           {"1e3", PARSE_OK, 1000},
        {"0x1p-2", PARSE_OK, 0.25},    {"0x_1_0p0", PARSE_OK, 16},
        {"1_000.5", PARSE_OK, 1000.5}, {"+Infinity", PARSE_OK, (double)INFINITY},
        {"1e-400", PARSE_OK, 0},       {"1e400", PARSE_RANGE, 0},
        {"", PARSE_EMPTY, 0},          {".", PARSE_SYNTAX, 0},
        {"0x10", PARSE_SYNTAX, 0},     {"1__0", PARSE_SYNTAX, 0},
        {"_1", PARSE_SYNTAX, 0},       {"1e", PARSE_SYNTAX, 0},
        {"+nan", PARSE_SYNTAX, 0},     {"1.5x", PARSE_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double value = 0;
        CHECK_INT(parse_go_float(str_from(rows[i].text), &value), rows[i].result);
        CHECK(value == rows[i].value);
    }
    double nan = 0;
    CHECK_INT(parse_go_float(STR("NaN"), &nan), PARSE_OK);
    CHECK(isnan(nan));
}

static void test_bools(void)
{
    bool value = false;
    CHECK_INT(parse_go_bool(STR("True"), &value), PARSE_OK);
    CHECK(value);
    CHECK_INT(parse_go_bool(STR("f"), &value), PARSE_OK);
    CHECK(!value);
    CHECK_INT(parse_go_bool(STR("tRUE"), &value), PARSE_SYNTAX);
    CHECK_INT(parse_go_bool(STR("on"), &value), PARSE_SYNTAX);
}

static void test_durations(void)
{
    static const struct {
        const char *text;
        enum parse_result result;
        int64_t value;
    } rows[] = {
        {"0", PARSE_OK, 0},
        {"-0", PARSE_OK, 0},
        {"10s", PARSE_OK, 10000000000},
        {"1h30m", PARSE_OK, 5400000000000},
        {"-1.5ms", PARSE_OK, -1500000},
        {".5s", PARSE_OK, 500000000},
        {"1\xc2\xb5s", PARSE_OK, 1000},
        {"1\xce\xbcs", PARSE_OK, 1000},
        {"1d", PARSE_OK, 86400000000000},
        {"1.5d", PARSE_OK, 129600000000000},
        {"1d2d", PARSE_OK, 259200000000000},
        {"-1d-1h", PARSE_UNKNOWN_UNIT, 0},
        {"10.00000d5d", PARSE_UNKNOWN_UNIT, 0},
        {"2562047h47m16.854775807s", PARSE_OK, INT64_MAX},
        {"2562047h47m16.854775808s", PARSE_RANGE, 0},
        {"-2562047h47m16.854775808s", PARSE_OK, INT64_MIN},
        {"5seconds", PARSE_SYNTAX, 0},
        {"10", PARSE_MISSING_UNIT, 0},
        {"10x", PARSE_UNKNOWN_UNIT, 0},
        {"", PARSE_EMPTY, 0},
        {"d", PARSE_SYNTAX, 0},
        {"+", PARSE_SYNTAX, 0},
        {"s", PARSE_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        CHECK_INT(parse_duration(str_from(rows[i].text), &value), rows[i].result);
        CHECK_INT(value, rows[i].value);
    }
    int64_t value = 0;
    CHECK_INT(parse_go_duration(STR("1d"), &value), PARSE_UNKNOWN_UNIT);
    char many_days[1025];
    memset(many_days, '1', sizeof(many_days));
    CHECK_INT(parse_duration(str_make(many_days, 1025), &value), PARSE_TOO_LONG);
    for (size_t i = 0; i + 4 <= 1024; i += 4)
        memcpy(many_days + i, "0.1d", 4);
    CHECK_INT(parse_duration(str_make(many_days, 1024), &value), PARSE_OK);
    CHECK_INT(value, 2211840000000000);
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        enum parse_result result;
        uint64_t value;
    } rows[] = {
        {"10", PARSE_OK, 10},
        {"10 MB", PARSE_OK, 10000000},
        {"10Mi", PARSE_OK, 10485760},
        {"1.5kib", PARSE_OK, 1536},
        {"1.9999b", PARSE_OK, 1},
        {"4,096", PARSE_OK, 4096},
        {"10\xc2\xa0kB", PARSE_OK, 10000},
        {"18446744073709551615", PARSE_OK, UINT64_MAX},
        {"18446744073709551615k", PARSE_RANGE, 0},
        {"16eib", PARSE_RANGE, 0},
        {"MB", PARSE_SYNTAX, 0},
        {"-1", PARSE_SYNTAX, 0},
        {"1.2.3", PARSE_SYNTAX, 0},
        {"10ib", PARSE_UNKNOWN_UNIT, 0},
        {"10kbb", PARSE_UNKNOWN_UNIT, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 0;
        CHECK_INT(parse_size(str_from(rows[i].text), &value), rows[i].result);
        CHECK_INT(value, rows[i].value);
    }
}

static void test_host_port(void)
{
    static const struct {
        const char *text;
        enum parse_result result;
        const char *host, *port;
    } rows[] = {
        {"a:80", PARSE_OK, "a", "80"},
        {":80", PARSE_OK, "", "80"},
        {"a:", PARSE_OK, "a", ""},
        {"[::1]:80", PARSE_OK, "::1", "80"},
        {"[fe80::1%eth0]:80", PARSE_OK, "fe80::1%eth0", "80"},
        {"a", PARSE_MISSING_PORT, "", ""},
        {"[::1]", PARSE_MISSING_PORT, "", ""},
        {"[::1]x:80", PARSE_MISSING_PORT, "", ""},
        {"::1", PARSE_TOO_MANY_COLONS, "", ""},
        {"[a]:b:80", PARSE_TOO_MANY_COLONS, "", ""},
        {"[::1:80", PARSE_MISSING_BRACKET, "", ""},
        {"a]:80", PARSE_STRAY_BRACKET, "", ""},
        {"[[a]:80", PARSE_STRAY_BRACKET, "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str host = {0}, port = {0};
        CHECK_INT(split_host_port(str_from(rows[i].text), &host, &port), rows[i].result);
        CHECK_STR(host, rows[i].host);
        CHECK_STR(port, rows[i].port);
    }
    uint16_t first = 0, last = 0;
    CHECK_INT(parse_port_range(STR("8000-8010"), &first, &last), PARSE_OK);
    CHECK_INT(first, 8000);
    CHECK_INT(last, 8010);
    CHECK_INT(parse_port_range(STR("80"), &first, &last), PARSE_OK);
    CHECK_INT(last, 80);
    CHECK_INT(parse_port_range(STR("81-80"), &first, &last), PARSE_REVERSED);
    CHECK_INT(parse_port_range(STR("80-"), &first, &last), PARSE_EMPTY);
    CHECK_INT(parse_port_range(STR("1-70000"), &first, &last), PARSE_RANGE);
}

static void test_trim(void)
{
    CHECK_STR(str_trim_unicode(STR(" \xe3\x80\x80 a b\xc2\xa0\n")), "a b");
    CHECK_STR(str_trim_unicode(STR(" \t")), "");
}

static const struct test tests[] = {
    {"integers", test_integers},   {"floats", test_floats}, {"bools", test_bools},
    {"durations", test_durations}, {"sizes", test_sizes},   {"host:port", test_host_port},
    {"trim", test_trim},
};

TESTS_MAIN(tests)
