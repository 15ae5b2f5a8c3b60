#include "native/network.h"

#include "base/arena.h"
#include "test.h"

static void test_good(void)
{
    static const struct {
        const char *text;
        enum dt_network network;
        enum dt_host_kind kind;
        const char *host, *zone;
        unsigned first_port, last_port;
        const char *whole; /* with the first port */
    } rows[] = {
        {":80", DT_NETWORK_TCP, DT_HOST_NONE, "", "", 80, 80, "tcp/:80"},
        {"a:1-3", DT_NETWORK_TCP, DT_HOST_NAME, "a", "", 1, 3, "tcp/a:1"},
        {"a", DT_NETWORK_TCP, DT_HOST_NAME, "a", "", 0, 0, "tcp/a:0"},
        {"TCP4/1.2.3.4:5", DT_NETWORK_TCP4, DT_HOST_IP4, "1.2.3.4", "", 5, 5, "tcp4/1.2.3.4:5"},
        {"[::1]", DT_NETWORK_TCP, DT_HOST_IP6, "::1", "", 0, 0, "tcp/[::1]:0"},
        {"[2001:DB8:0::1]:80", DT_NETWORK_TCP, DT_HOST_IP6, "2001:db8::1", "", 80, 80,
         "tcp/[2001:db8::1]:80"},
        {"tcp6/[fe80::1%eth0]:443", DT_NETWORK_TCP6, DT_HOST_IP6, "fe80::1", "eth0", 443, 443,
         "tcp6/[fe80::1%eth0]:443"},
        {"[fe80::1%3]:80", DT_NETWORK_TCP, DT_HOST_IP6, "fe80::1", "3", 80, 80,
         "tcp/[fe80::1%3]:80"},
        {"unix//run/a.sock", DT_NETWORK_UNIX, DT_HOST_PATH, "/run/a.sock", "", 0, 0,
         "unix//run/a.sock"},
        {"unix/@name", DT_NETWORK_UNIX, DT_HOST_PATH, "@name", "", 0, 0, "unix/@name"},
        {"unix//a|0660", DT_NETWORK_UNIX, DT_HOST_PATH, "/a", "", 0, 0, "unix//a"},
        {"fd/3", DT_NETWORK_FD, DT_HOST_NONE, "3", "", 0, 0, "fd/3"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct network_address address;
        const char *problem;
        CHECK(network_parse(&arena, str_from(rows[i].text), &address, &problem));
        CHECK_INT(address.network, rows[i].network);
        CHECK_INT(address.host_kind, rows[i].kind);
        CHECK_STR(address.host, rows[i].host);
        CHECK_STR(address.zone, rows[i].zone);
        CHECK_INT(address.first_port, rows[i].first_port);
        CHECK_INT(address.last_port, rows[i].last_port);
        CHECK_STR(network_text(&arena, &address, address.first_port, true), rows[i].whole);
    }
    arena_free(&arena);
}

static void test_unix_mode(void)
{
    struct arena arena = ARENA_INIT;
    struct network_address address;
    const char *problem;
    CHECK(network_parse(&arena, STR("unix//a"), &address, &problem));
    CHECK_INT(address.unix_mode, 0200);
    CHECK(network_parse(&arena, STR("unix//a|0666"), &address, &problem));
    CHECK_INT(address.unix_mode, 0666);
    arena_free(&arena);
}

static void test_bad(void)
{
    static const char *const rows[] = {
        "udp/:80",       "a:b",
        "a:70000",       "a:3-1",
        "unix/",         "unix//a|999",
        "unix//a|0444",  "fd/x",
        "a%eth0:80",     "1.2.3.4%lo:80",
        "tcp4/[::1]:80", "tcp6/1.2.3.4:80",
        "[fe80::1%]:80", "[fe80::1%seventeen-letters]:80",
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct network_address address;
        const char *problem = NULL;
        CHECK(!network_parse(&arena, str_from(rows[i]), &address, &problem));
        CHECK(problem != NULL);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"good", test_good},
    {"unix mode", test_unix_mode},
    {"bad", test_bad},
};
TESTS_MAIN(tests)
