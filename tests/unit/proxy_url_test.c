/* Paths of request targets: which are written as they are, and how the others are. */

#include "proxy/url.h"

#include "base/arena.h"
#include "test.h"

static bool stands_for_itself(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.~$&+:=@/,;", c));
}

/* Every byte in every place of paths of all lengths that are looked at in another way. */
static void test_plain(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t len = 1; len <= 50; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                struct url url;
                char path[51];
                memset(path, len % 2 ? 'a' : '~', sizeof(path));
                path[0] = '/';
                path[at] = (char)c;
                bool is_read = url_read(&url, str_make(path, len), (struct str){0}, false, &arena);
                CHECK(is_read || c == '%');
                CHECK_INT(url.is_plain, stands_for_itself((unsigned char)c));
                if (url.is_plain)
                    CHECK(url_escaped_path(&url, &arena).ptr == path);
            }
            arena_reset(&arena);
        }
    }
    arena_free(&arena);
}

static void test_escaped(void)
{
    static const struct {
        const char *path, *decoded, *written;
    } rows[] = {
        {"/a%20b", "/a b", "/a%20b"},
        {"/a%2Fb", "/a/b", "/a%2Fb"},
        {"/a%2fb", "/a/b", "/a%2fb"},
        {"/%41", "/A", "/%41"},
        {"/(a)", "/(a)", "/(a)"},
        {"/a-long-path/that-is/plain-until-its-end/%C3%A4",
         "/a-long-path/that-is/plain-until-its-end/ä",
         "/a-long-path/that-is/plain-until-its-end/%C3%A4"},
        {"*", "*", "*"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url;
        CHECK(url_read(&url, str_from(rows[i].path), (struct str){0}, false, &arena));
        CHECK_STR(url.path, rows[i].decoded);
        CHECK_STR(url_escaped_path(&url, &arena), rows[i].written);
        url_set_path(&url, url.path);
    }
    arena_free(&arena);
}

static void test_targets(void)
{
    static const struct {
        const char *path, *query;
        bool has_query;
        const char *target;
    } rows[] = {
        {"/a", "", false, "/a"}, {"/a", "", true, "/a?"}, {"/a", "b=c", true, "/a?b=c"},
        {"", "", false, "/"},    {"", "x", true, "/?x"},  {"/%7E", "%", true, "/%7E?%"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url url;
        CHECK(url_read(&url, str_from(rows[i].path), str_from(rows[i].query), rows[i].has_query,
                       &arena));
        CHECK_STR(url_request_uri(&url, &arena), rows[i].target);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"plain", test_plain},
    {"escaped", test_escaped},
    {"targets", test_targets},
};

TESTS_MAIN(tests)
