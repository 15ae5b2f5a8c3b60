/* The address scanner and IPv6 texts. */
#include "syntax/address.h"

#include "base/arena.h"
#include "test.h"

static struct arena arena;

static void test_ipv6_text(void)
{
    static const struct {
        const char *text, *canonical; /* NULL: not IPv6 */
    } rows[] = {
        {"::", "::"},
        {"::1", "::1"},
        {"fe80::1", "fe80::1"},
        {"FE80:0:0:0:0:0:0:1", "fe80::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"::ffff:c000:0201", "::ffff:192.0.2.1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"fe80::ea9f:80ff:fe46:cbfd", "fe80::ea9f:80ff:fe46:cbfd"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:7", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7:8:", NULL},
        {"1:2:3:4::5:6:7:8", NULL},
        {"1::2::3", NULL},
        {":1", NULL},
        {"1:", NULL},
        {"12345::", NULL},
        {"g::", NULL},
        {"::1.2.3", NULL},
        {"::1.2.3.256", NULL},
        {"::01.2.3.4", NULL},
        {"", NULL},
        {":", NULL},
        {"fe80::1%eth0", NULL},
        {"127.0.0.1", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t ip[16];
        char text[IPV6_TEXT_MAX];
        bool is_ipv6 = ipv6_parse(str_from(rows[i].text), ip);
        CHECK_INT(is_ipv6, rows[i].canonical != NULL);
        if (is_ipv6 && rows[i].canonical)
            CHECK_STR(ipv6_format(ip, text), rows[i].canonical);
    }
}

static void test_link_local(void)
{
    uint8_t ip[16];
    ipv6_parse(STR("fe80::1"), ip);
    CHECK(ipv6_is_link_local(ip));
    ipv6_parse(STR("febf::1"), ip);
    CHECK(ipv6_is_link_local(ip));
    ipv6_parse(STR("fec0::1"), ip);
    CHECK(!ipv6_is_link_local(ip));
    ipv6_parse(STR("ff02::1"), ip);
    CHECK(!ipv6_is_link_local(ip) && ipv6_is_scoped(ip));
}

static void test_parts(void)
{
    static const struct {
        const char *text, *scheme, *network, *host, *zone, *port;
        enum address_host kind;
    } rows[] = {
        {"https://[fe80::1%eth0]", "https", "", "fe80::1", "eth0", "", HOST_IPV6},
        {"https://[fe80::1%25eth0]:8443", "https", "", "fe80::1", "eth0", "8443", HOST_IPV6},
        {"https://u:p@[fe80::1%eth0]:1/x?y#z", "https", "", "fe80::1", "eth0", "1", HOST_IPV6},
        {"[fe80::1%eth0]", "", "", "fe80::1", "eth0", "", HOST_IPV6},
        {"[fe80::1%25eth0]:80", "", "", "fe80::1", "eth0", "80", HOST_IPV6},
        {"[fe80::1%25]:80", "", "", "fe80::1", "", "80", HOST_IPV6},
        {"[fe80::1%253]:80", "", "", "fe80::1", "253", "80", HOST_IPV6},
        {"https://[fe80::1%253]:80", "https", "", "fe80::1", "3", "80", HOST_IPV6},
        {"tcp/[fe80::1%3]:80", "", "tcp", "fe80::1", "3", "80", HOST_IPV6},
        {"[fe80::1%{env.IFACE}]:80", "", "", "fe80::1", "{env.IFACE}", "80", HOST_IPV6},
        {"[::1]:{env.PORT}", "", "", "::1", "", "{env.PORT}", HOST_IPV6},
        {"{upstream}:80", "", "", "{upstream}", "", "80", HOST_PLACEHOLDER},
        {"::1", "", "", "::1", "", "", HOST_IPV6},
        {"example.com", "", "", "example.com", "", "", HOST_NAME},
        {"example.com:8000-8010", "", "", "example.com", "", "8000-8010", HOST_NAME},
        {"127.0.0.1:80", "", "", "127.0.0.1", "", "80", HOST_IPV4},
        {":80", "", "", "", "", "80", HOST_EMPTY},
        {"", "", "", "", "", "", HOST_EMPTY},
        {"unix//run/a%b.sock", "", "unix", "/run/a%b.sock", "", "", HOST_PATH},
        {"unix+h2c//run/a", "", "unix+h2c", "/run/a", "", "", HOST_PATH},
        {"fd/3", "", "fd", "3", "", "", HOST_FD},
        {"http://h%C3%A9", "http", "", "h%C3%A9", "", "", HOST_NAME},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        address_scan(str_from(rows[i].text), &address);
        CHECK_STR(address.scheme, rows[i].scheme);
        CHECK_STR(address.network, rows[i].network);
        CHECK_STR(address.host, rows[i].host);
        CHECK_STR(address.zone, rows[i].zone);
        CHECK_STR(address.port, rows[i].port);
        CHECK_INT(address.kind, rows[i].kind);
    }
}

static void test_problems(void)
{
    static const struct {
        const char *text;
        enum address_problem problem;
        const char *characters; /* that it is about */
    } rows[] = {
        {"[fe80::1%eth0]:80", ADDRESS_FINE, ""},
        {"[::1]:80", ADDRESS_FINE, ""},
        {"[2001:db8::1%eth0]:80", ADDRESS_FINE, ""},
        {"http://h%C3%A9", ADDRESS_FINE, ""},
        {"[2001:db8::1", ADDRESS_FINE, ""},
        {"{env.A%B}:80", ADDRESS_FINE, ""},
        {"https://[fe80::1]", ADDRESS_ZONE_MISSING, "fe80::1"},
        {"[fe80::1]:80", ADDRESS_ZONE_MISSING, "fe80::1"},
        {"fe80::1", ADDRESS_ZONE_MISSING, "fe80::1"},
        {"tcp6/[FE80::1]:80-90", ADDRESS_ZONE_MISSING, "FE80::1"},
        {"[fe80::1%]", ADDRESS_ZONE_EMPTY, "%"},
        {"[fe80::1%25]:80", ADDRESS_ZONE_EMPTY, "%25"},
        {"https://[fe80::1%25]", ADDRESS_ZONE_EMPTY, "%25"},
        {"[fe80::1%abcdefghijklmnop]", ADDRESS_ZONE_TOO_LONG, "abcdefghijklmnop"},
        {"[fe80::1%abcdefghijklmno]", ADDRESS_FINE, ""},
        {"[fe80::1%{env.A_VERY_LONG_NAME}]", ADDRESS_FINE, ""},
        {"[fe80::1%eth/0]:80", ADDRESS_ZONE_CHARACTER, "/"},
        {"https://[fe80::1%eth/0]:80", ADDRESS_ZONE_CHARACTER, "/"},
        {"tcp/[fe80::1%eth 0]:80", ADDRESS_ZONE_CHARACTER, " "},
        {"[fe80::1%a%b]:80", ADDRESS_ZONE_CHARACTER, "%"},
        {"[fe80::1%0]:80", ADDRESS_ZONE_ZERO, "0"},
        {"127.0.0.1%eth0", ADDRESS_ZONE_ON_IPV4, "%eth0"},
        {"[127.0.0.1%eth0]:80", ADDRESS_ZONE_ON_IPV4, "%eth0"},
        {"http://127.0.0.1%25eth0:80", ADDRESS_ZONE_ON_IPV4, "%25eth0"},
        {"host%eth0", ADDRESS_ZONE_ON_NAME, "%eth0"},
        {"https://host%eth0:443", ADDRESS_ZONE_ON_NAME, "%eth0"},
        {"fe80::1%eth0", ADDRESS_ZONE_UNBRACKETED, "fe80::1%eth0"},
        {"fe80::1%eth0:80", ADDRESS_ZONE_UNBRACKETED, "fe80::1%eth0"},
        {"https://fe80::1%eth0", ADDRESS_ZONE_UNBRACKETED, "fe80::1%eth0"},
        {"fe8z::1%eth0", ADDRESS_ZONE_ON_NAME, "%eth0"},
        {"tcp4/[fe80::1%eth0]:80", ADDRESS_ZONE_NETWORK, "tcp4"},
        {"[fe80::1%eth0", ADDRESS_BRACKET_UNCLOSED, "["},
        {"[fe80::1%eth0:80", ADDRESS_BRACKET_UNCLOSED, "["},
        {"https://[fe80::1", ADDRESS_BRACKET_UNCLOSED, "["},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        address_scan(str_from(rows[i].text), &address);
        CHECK_INT(address.problem, rows[i].problem);
        CHECK_STR(str_slice(address.text, address.problem_begin, address.problem_end),
                  rows[i].characters);
    }
}

static void test_texts(void)
{
    struct address address;
    address_scan(STR("https://[FE80:0::1%25et%68]:8443/x"), &address);
    CHECK_STR(address_zone(&arena, &address), "eth");
    CHECK_STR(address_without_zone(&arena, &address), "https://[FE80:0::1]:8443/x");
    CHECK_STR(address_plain(&arena, &address), "https://[FE80:0::1%eth]:8443/x");
    CHECK_STR(address_dial(&arena, &address, STR("443")), "tcp6/[fe80::1%eth]:443");
    address_scan(STR("[fe80::1%{env.IFACE}]:80"), &address);
    CHECK_STR(address_dial(&arena, &address, address.port), "tcp6/[fe80::1%{env.IFACE}]:80");
    CHECK(!address.is_zone_literal);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"canonical IPv6 text", test_ipv6_text},
    {"link-local", test_link_local},
    {"parts", test_parts},
    {"problems", test_problems},
    {"texts", test_texts},
};
TESTS_MAIN(tests)
