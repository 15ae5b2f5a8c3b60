/* Proxies that the environment names: the answers are those of Go's httpproxy. */
#include "proxy/environment.h"

#include <string.h>

#include "base/arena.h"
#include "test.h"

static const char *const *variables; /* name, value, …, NULL */

static char *lookup(const char *name)
{
    for (const char *const *each = variables; each && *each; each += 2)
        if (strcmp(each[0], name) == 0)
            return (char *)(uintptr_t)each[1];
    return NULL;
}

/* The URL, or "refused". */
static const char *proxy_of(struct arena *arena, const char *const *given, bool is_tls,
                            const char *host, uint16_t port)
{
    struct environment environment;
    struct str problem = {0};
    variables = given;
    environment_read(&environment, arena, lookup);
    struct str url = environment_proxy(&environment, is_tls, str_from(host), port, &problem);
    return problem.len > 0 ? "refused" : str_dup(arena, url).ptr;
}

static void test_names(void)
{
    static const char *const upper[] = {"HTTP_PROXY", "http://p:1", "HTTPS_PROXY", "http://q:2",
                                        NULL};
    static const char *const lower[] = {"http_proxy", "p:1", "https_proxy", "SOCKS5://q:2", NULL};
    static const char *const both[] = {"HTTP_PROXY", "", "http_proxy", "p", NULL};
    static const char *const cgi[] = {"HTTP_PROXY",     "p",   "HTTPS_PROXY", "q",
                                      "REQUEST_METHOD", "GET", NULL};
    struct arena arena = ARENA_INIT;
    CHECK_STR(str_from(proxy_of(&arena, upper, false, "a.test", 80)), "http://p:1");
    CHECK_STR(str_from(proxy_of(&arena, upper, true, "a.test", 80)), "http://q:2");
    CHECK_STR(str_from(proxy_of(&arena, lower, false, "a.test", 80)), "http://p:1");
    CHECK_STR(str_from(proxy_of(&arena, lower, true, "a.test", 80)), "socks5://q:2");
    CHECK_STR(str_from(proxy_of(&arena, both, false, "a.test", 80)), "http://p");
    CHECK_STR(str_from(proxy_of(&arena, both, true, "a.test", 80)), "");
    CHECK_STR(str_from(proxy_of(&arena, cgi, false, "a.test", 80)), "refused");
    CHECK_STR(str_from(proxy_of(&arena, cgi, true, "a.test", 80)), "http://q");
    CHECK_STR(str_from(proxy_of(&arena, NULL, false, "a.test", 80)), "");
    arena_free(&arena);
}

static void test_exceptions(void)
{
    static const struct {
        const char *except, *host;
        uint16_t port;
        bool is_used;
    } rows[] = {
        {"", "a.test", 80, true},
        {"", "localhost", 80, false},
        {"", "LOCALHOST", 80, true},
        {"", "127.0.0.9", 80, false},
        {"", "::1", 80, false},
        {"", "192.0.2.1", 80, true},
        {"*", "192.0.2.1", 80, false},
        {"x, *", "a.test", 80, false},
        {"a.test", "a.test", 80, false},
        {"A.test", "a.TEST", 80, false},
        {"a.test", "b.a.test", 80, false},
        {"a.test", "ba.test", 80, true},
        {".a.test", "a.test", 80, true},
        {".a.test", "b.a.test", 80, false},
        {"*.a.test", "a.test", 80, true},
        {"*.a.test", "b.a.test", 80, false},
        {"a.test:80", "a.test", 80, false},
        {"a.test:80", "a.test", 443, true},
        {" b.test , a.test ", "a.test", 80, false},
        {",,:80,", "a.test", 80, true},
        {"192.0.2.1", "192.0.2.1", 80, false},
        {"192.0.2.1:80", "192.0.2.1", 443, true},
        {"192.0.2.0/24", "192.0.2.77", 80, false},
        {"192.0.2.0/24", "192.0.3.77", 80, true},
        {"::ffff:192.0.2.1", "192.0.2.1", 80, false},
        {"[2001:db8::1]:80", "2001:db8::1", 80, false},
        {"[2001:db8::1]", "2001:db8::1", 80, true},
        {"2001:db8::/32", "2001:db8::1", 80, false},
        {"2001:db8::1", "2001:db8::1%eth0", 80, false},
        {"0.2.1", "192.0.2.1", 80, true}, /* no part of a name */
        {"192.0.2.0/33", "192.0.2.1", 80, true},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const given[] = {"http_proxy", "p", "no_proxy", rows[i].except, NULL};
        const char *url = proxy_of(&arena, given, false, rows[i].host, rows[i].port);
        CHECK_INT(*url != '\0', rows[i].is_used);
    }
    arena_free(&arena);
}

static const struct test tests[] = {{"names", test_names}, {"exceptions", test_exceptions}};

TESTS_MAIN(tests)
