/* Addresses and ranges: what is one, and how it is written. */
#include "base/ip.h"

#include "base/arena.h"
#include "test.h"

static void test_parse(void)
{
    static const struct {
        const char *text;
        enum ip_result result;
        const char *canonical;
    } rows[] = {
        {"1.2.3.4", IP_OK, "1.2.3.4"},
        {"::", IP_OK, "::"},
        {"::1", IP_OK, "::1"},
        {"1::", IP_OK, "1::"},
        {"2001:DB8:0:0:0:0:0:1", IP_OK, "2001:db8::1"},
        {"0:0:1:0:0:0:1:0", IP_OK, "0:0:1::1:0"},
        {"0:1:0:0:2:0:0:3", IP_OK, "0:1::2:0:0:3"},
        {"1:0:2:3:4:5:6:7", IP_OK, "1:0:2:3:4:5:6:7"},
        {"fe80::0001%eth0", IP_OK, "fe80::1%eth0"},
        {"fe80::1%25eth0", IP_OK, "fe80::1%25eth0"},
        {"::ffff:10.0.0.1", IP_OK, "::ffff:10.0.0.1"},
        {"::ffff:a00:1%z", IP_OK, "::ffff:10.0.0.1%z"},
        {"::10.0.0.1", IP_OK, "::a00:1"},
        {"::2:3:4:5:6:7:8", IP_OK, "0:2:3:4:5:6:7:8"},
        {"example", IP_NOT_AN_ADDRESS, NULL},
        {"", IP_NOT_AN_ADDRESS, NULL},
        {"%eth0", IP_NOT_AN_ADDRESS, NULL},
        {"example.com", IP_MALFORMED, NULL},
        {"01.2.3.4", IP_LEADING_ZERO, NULL},
        {"256.1.1.1", IP_FIELD_RANGE, NULL},
        {"1.2.3", IP_TOO_SHORT, NULL},
        {"1.2.3.4.5", IP_TOO_LONG, NULL},
        {"1..3.4", IP_MALFORMED, NULL},
        {"1.2.3.4%eth0", IP_ZONE_ON_IPV4, NULL},
        {"fe80::1%", IP_EMPTY_ZONE, NULL},
        {"12345::", IP_FIELD_RANGE, NULL},
        {"1:2:3", IP_TOO_SHORT, NULL},
        {"1:2:3:4:5:6:7:8:9", IP_TOO_LONG, NULL},
        {"1::2:3:4:5:6:7:8", IP_TOO_LONG, NULL},
        {"1:::2", IP_MALFORMED, NULL},
        {"1::2::3", IP_MALFORMED, NULL},
        {"1:", IP_MALFORMED, NULL},
        {"[::1]", IP_MALFORMED, NULL},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ip ip;
        enum ip_result result = ip_parse(str_from(rows[i].text), &ip);
        CHECK_INT(result, rows[i].result);
        if (result == IP_OK && rows[i].canonical)
            CHECK_STR(ip_format(&arena, ip), rows[i].canonical);
    }
    arena_free(&arena);
}

static struct ip ip_of(const char *text)
{
    struct ip ip = {0};
    CHECK_INT(ip_parse(str_from(text), &ip), IP_OK);
    return ip;
}

static void test_prefixes(void)
{
    struct ip_prefix prefix;
    CHECK_INT(ip_prefix_parse(STR("10.0.0.0/8"), &prefix), IP_OK);
    CHECK_INT(prefix.bits, 8);
    CHECK(ip_prefix_contains(prefix, ip_of("10.255.0.1")));
    CHECK(!ip_prefix_contains(prefix, ip_of("11.0.0.1")));
    CHECK_INT(ip_prefix_parse(STR("172.16.0.0/12"), &prefix), IP_OK);
    CHECK(ip_prefix_contains(prefix, ip_of("172.31.255.255")));
    CHECK(!ip_prefix_contains(prefix, ip_of("172.32.0.0")));
    CHECK_INT(ip_prefix_parse(STR("::/0"), &prefix), IP_OK);
    CHECK(ip_prefix_contains(prefix, ip_of("1::")));
    CHECK(!ip_prefix_contains(prefix, ip_of("1.2.3.4")));
    CHECK_INT(ip_prefix_parse(STR("10.0.0.0/33"), &prefix), IP_BAD_PREFIX_LENGTH);
    CHECK_INT(ip_prefix_parse(STR("10.0.0.0/08"), &prefix), IP_BAD_PREFIX_LENGTH);
    CHECK_INT(ip_prefix_parse(STR("10.0.0.0/+8"), &prefix), IP_BAD_PREFIX_LENGTH);
    CHECK_INT(ip_prefix_parse(STR("10.0.0.0"), &prefix), IP_BAD_PREFIX_LENGTH);
    CHECK_INT(ip_prefix_parse(STR("fe80::1%e/64"), &prefix), IP_ZONE_IN_PREFIX);
}

static void test_ranges(void)
{
    CHECK(ip_is_loopback(ip_of("127.9.0.1")));
    CHECK(ip_is_loopback(ip_of("::1")));
    CHECK(ip_is_loopback(ip_of("::ffff:127.0.0.1")));
    CHECK(!ip_is_loopback(ip_of("::2")));
    CHECK(ip_is_unspecified(ip_of("::")));
    CHECK(ip_is_unspecified(ip_of("0.0.0.0")));
    CHECK(ip_is_link_local(ip_of("fe80::1%eth0")));
    CHECK(ip_is_link_local(ip_of("febf::1")));
    CHECK(!ip_is_link_local(ip_of("fec0::1")));
    CHECK(ip_is_link_local(ip_of("169.254.1.1")));
    CHECK(ip_is_private(ip_of("fd00::1")));
    CHECK(ip_is_private(ip_of("192.168.1.1")));
    CHECK(!ip_is_private(ip_of("127.0.0.1")));
    CHECK(ip_equal(ip_of("fe80::1%a"), ip_of("FE80:0::1%a")));
    CHECK(!ip_equal(ip_of("fe80::1%a"), ip_of("fe80::1%b")));
}

static const struct test tests[] = {
    {"parse", test_parse},
    {"prefixes", test_prefixes},
    {"ranges", test_ranges},
};

TESTS_MAIN(tests)
