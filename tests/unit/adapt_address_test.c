/* Site and listener addresses, placeholder shorthands, and Go's stable sort. */
#include "adapt/address.h"

#include "adapt/adapter.h"
#include "adapt/shorthand.h"
#include "adapt/stable_sort.h"
#include "test.h"

static struct arena arena;
static struct diags diags;
static struct adapter adapter;

static void test_sites(void)
{
    diags = diags_in(&arena);
    adapter = (struct adapter){.arena = &arena, .diags = &diags};
    static const struct {
        const char *text, *scheme, *host, *port, *path, *url;
    } rows[] = {
        {"example.com", "", "example.com", "", "", "http://example.com"},
        {" HTTPS://Example.COM:443/A/b ", "https", "example.com", "443", "/A/b",
         "https://example.com/A/b"},
        {":8080", "", "", "8080", "", "http://:8080"},
        {"", "", "", "", "", ""},
        {"[2001:DB8:0::1]:80", "", "2001:db8::1", "80", "", "http://2001:db8::1"},
        {"::1", "", "::1", "", "", "http://::1"},
        {"[::ffff:1.2.3.4]", "", "::ffff:1.2.3.4", "", "", "http://::ffff:1.2.3.4"},
        {"{HOST}.Example.com:443", "", "{HOST}.example.com", "443", "",
         "https://{HOST}.example.com"},
        {"\\{A\\}B", "", "\\{a\\}b", "", "", "http://\\{a\\}b"},
        {"\xc3\x84.example", "", "\xc3\xa4.example", "", "", "http://\xc3\xa4.example"},
        {"http://a/b://c", "http", "a", "", "/b://c", "http://a/b://c"},
        {"[::1", "", "[::1", "", "", "http://[::1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct token token = {.text = str_from(rows[i].text)};
        struct site_address address;
        CHECK(site_address_parse(&adapter, &token, &address));
        CHECK_STR(address.scheme, rows[i].scheme);
        CHECK_STR(address.host, rows[i].host);
        CHECK_STR(address.port, rows[i].port);
        CHECK_STR(address.path, rows[i].path);
        CHECK_STR(site_address_text(&arena, &address), rows[i].url);
    }
    static const char *const bad[] = {"a:http", "a:70000", "a:-1", "a:8080-8090"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct token token = {.text = str_from(bad[i])};
        struct site_address address;
        CHECK(!site_address_parse(&adapter, &token, &address));
    }
}

static void test_networks(void)
{
    static const struct {
        const char *text, *again; /* NULL: refused */
    } rows[] = {
        {":80", ":80"},
        {"tcp/:80", ":80"},
        {"UDP/localhost:80-90", "udp/localhost:80-90"},
        {"[fe80::1%eth0]:443", "[fe80::1%eth0]:443"},
        {"::1", "[::1]:0"},
        {"[::1]", "[::1]:0"},
        {"host", "host:0"},
        {"", ":0"},
        {"unix//run/x.sock|0222", "unix//run/x.sock|0222"},
        {"unix//run/x.sock", "unix//run/x.sock"},
        {"unix//run/x.sock|0422", NULL},
        {"unix//run/x.sock|9", NULL},
        {"unix//run/x.sock|", NULL},
        {"fd/3", "fd/3"},
        {":90-80", NULL},
        {":http", NULL},
        {":65536", NULL},
        {"[::1", "[::1]:0"},
        {"a[b", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct network_address address;
        const char *problem = network_address_parse(&arena, str_from(rows[i].text), &address);
        CHECK((problem == NULL) == (rows[i].again != NULL));
        if (!problem && rows[i].again)
            CHECK_STR(network_address_text(&arena, &address), rows[i].again);
    }
}

static void test_shorthands(void)
{
    static const struct {
        const char *text, *expanded;
    } rows[] = {
        {"plain", "plain"},
        {"{host}", "{http.request.host}"},
        {"a{host}{port}b", "a{http.request.host}{http.request.port}b"},
        {"{{host}}", "{{http.request.host}}"},
        {"{nope}{%path}{?query}", "{nope}{http.request.uri.path_escaped}"
                                  "{http.request.uri.prefixed_query}"},
        {"{header.X-A_b}", "{http.request.header.X-A_b}"},
        {"{header.}", "{http.request.header.}"},
        {"{header.a.b}", "{header.a.b}"},
        {"{re.a.b}", "{http.regexp.a.b}"},
        {"{file}{file.base}", "{http.request.uri.path.file}{http.request.uri.path.file.base}"},
        {"{host", "{host"},
        {"{env.HOME}", "{env.HOME}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct token token = {.text = str_from(rows[i].text)};
        CHECK_STR(shorthand_expand(&arena, &token)->text, rows[i].expanded);
    }
    CHECK_STR(shorthand_of(STR("{http.request.host}")), "host");
    CHECK_STR(shorthand_of(STR("http.vars.client_ip")), "client_ip");
    CHECK_STR(shorthand_of(STR("{foo}")), "");
}

static bool always(const void *a, const void *b, void *user)
{
    (void)a, (void)b, (void)user;
    return true;
}

static bool below(const void *a, const void *b, void *user)
{
    (void)user;
    return *(const int *)a / 10 < *(const int *)b / 10;
}

static void test_sort(void)
{
    int few[] = {1, 2, 3}, many[200];
    stable_sort(few, 3, sizeof(int), always, NULL);
    CHECK_INT(few[0] * 100 + few[1] * 10 + few[2], 321); /* ties that claim to be less turn round */
    for (int i = 0; i < 200; i++)
        many[i] = (i * 37 % 20) * 10 + i / 20;
    stable_sort(many, 200, sizeof(int), below, NULL);
    for (int i = 0; i < 200; i++)
        CHECK_INT(many[i], i);
}

static const struct test tests[] = {
    {"sites", test_sites},
    {"networks", test_networks},
    {"shorthands", test_shorthands},
    {"sort", test_sort},
};

TESTS_MAIN(tests)
