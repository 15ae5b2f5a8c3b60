/* What a worker remembers of hosts: it must be what follows from the text, whatever was asked
 * before. */

#include "proxy/seen_host.h"

#include <stdlib.h>

#include "proxy/core.h"
#include "proxy/worker.h"
#include "test.h"

enum { N_SLOTS = 8, OTHERS = 100 };

static const char strings[] = "example.com*.example.com[::1]";
static struct dt_host_entry entries[N_SLOTS];
static const struct dt_host_index index_row = {.slots = {0, N_SLOTS}, .others = {OTHERS, 1}};
static const struct dt_server servers[] = {{.host_index = 0}, {.host_index = DT_NONE}};
static const struct dt_tables tables = {
    .strings = strings, .host_entries = entries, .host_indexes = &index_row, .servers = servers};
static struct core core = {.tables = &tables};
static struct worker worker = {.core = &core};

static void add_entry(uint32_t at, uint32_t len, uint32_t routes)
{
    uint32_t hash = dt_hash(strings + at, len), slot = hash % N_SLOTS;
    while (entries[slot].host.len)
        slot = (slot + 1) % N_SLOTS;
    entries[slot] = (struct dt_host_entry){{at, len}, hash, {routes, 1}};
}

static void set_up(void)
{
    memset(entries, 0, sizeof(entries));
    add_entry(0, 11, 1);  /* example.com */
    add_entry(11, 13, 2); /* *.example.com */
    worker.seen_hosts = seen_hosts_new();
}

static void tear_down(void)
{
    free(worker.seen_hosts);
}

static const struct {
    const char *host, *name;
    uint32_t routes;
} rows[] = {
    {"example.com", "example.com", 1},
    {"EXAMPLE.com:8080", "EXAMPLE.com", 1},
    {"example.com:", "example.com", 1},
    {"www.example.com", "www.example.com", 2},
    {"WWW.Example.Com:443", "WWW.Example.Com", 2},
    {"a.b.example.com", "a.b.example.com", OTHERS},
    {".example.com", ".example.com", OTHERS},
    {"example.org", "example.org", OTHERS},
    {"[::1]:80", "::1", OTHERS},
    {"[::1]", "::1", OTHERS},
    {"[", "", OTHERS},
    {"::1", "::1", OTHERS},
    {":80", "", OTHERS},
    {"a", "a", OTHERS},
    {"a:1", "a", OTHERS},
    {"", "", OTHERS},
};

static void check(const char *text, const char *name, uint32_t routes)
{
    struct str host = str_from(text);
    const struct seen_host *seen = seen_host_find(&worker, &servers[0], host);
    CHECK_STR(str_slice(host, seen->name_at, seen->name_at + seen->name_len), name);
    CHECK_INT(seen->routes.first, routes);
    seen = seen_host_find(&worker, &servers[1], host);
    CHECK_STR(str_slice(host, seen->name_at, seen->name_at + seen->name_len), name);
    CHECK_INT(seen->routes.n, 0);
}

static void test_what_follows(void)
{
    set_up();
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            check(rows[i].host, rows[i].name, rows[i].routes);
    tear_down();
}

/* More hosts than are remembered; those with the same ends have the same place. */
static void test_many(void)
{
    char host[64];
    set_up();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2000; i++) {
            snprintf(host, sizeof(host), "host-%04d.example.%s", i, i % 3 ? "com" : "org");
            check(host, host, i % 3 ? 2 : OTHERS);
            snprintf(host, sizeof(host), "the-same-%d.a-host.example.com", i % 10);
            check(host, host, OTHERS);
        }
    }
    tear_down();
}

static void test_long(void)
{
    char host[301];
    set_up();
    for (size_t len = 80; len <= 300; len++) {
        memset(host, 'x', len);
        host[len] = '\0';
        memcpy(host + len - 12, ".example.com", 12);
        check(host, host, len > 255 ? OTHERS : 2);
    }
    tear_down();
}

static void test_matchers(void)
{
    static const struct dt_matcher matcher = {.kind = DT_MATCHER_HOST};
    static const char *const others[] = {"the-same-2.a-host.example.com", "the-same-1.example.com",
                                         "a"};
    struct str host = str_from("the-same-1.a-host.example.com");
    set_up();
    CHECK(!seen_host_find(&worker, &servers[0], host)->fits);
    seen_host_find(&worker, &servers[0], host)->fits = &matcher;
    CHECK(seen_host_find(&worker, &servers[0], host)->fits == &matcher);
    CHECK(!seen_host_find(&worker, &servers[1], host)->fits);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CHECK(!seen_host_find(&worker, &servers[0], str_from(others[i]))->fits);
    tear_down();
}

static const struct test tests[] = {
    {"what_follows", test_what_follows},
    {"many", test_many},
    {"long", test_long},
    {"matchers", test_matchers},
};

TESTS_MAIN(tests)
