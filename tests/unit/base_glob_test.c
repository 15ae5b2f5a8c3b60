/* Patterns of paths with any number of folders in them. */
#include "base/glob.h"

#include "test.h"

static const struct {
    const char *pattern, *path;
    bool matches;
} deep[] = {
    {"a", "a", true},
    {"a", "b", false},
    {"a", "a/b", false},
    {"*", "a", true},
    {"*", "a/b", false},
    {"a/*", "a/b", true},
    {"a/*", "a", false},
    {"a/*/c", "a/b/c", true},
    {"a/*/c", "a/b/b/c", false},
    {"**", "a", true},
    {"**", "a/b/c", true},
    {"**/c", "c", true},
    {"**/c", "a/b/c", true},
    {"**/c", "a/b/cc", false},
    {"a/**", "a/b/c", true},
    {"a/**", "b/c", false},
    {"a/**/c", "a/c", true},
    {"a/**/c", "a/b/b/c", true},
    {"a/**/c", "a/b/c/d", false},
    {"**/b/**/d", "a/b/c/d", true},
    {"**/b/**/d", "b/d", true},
    {"**/b/**/d", "a/c/d", false},
    {"**/b/**/d", "b/c/b/c/e/d", true},
    {"**/*.caddyfile", "x.caddyfile", true},
    {"**/*.caddyfile", "a/x.caddyfile", true},
    {"a**", "a/b", false}, /* within a part it is two stars */
    {"a**", "ab", true},
    {"**/[cC]addyfile", "a/Caddyfile", true},
    {"**/[", "a/[", false},
    {"", "", true},
    {"", "a", false},
    {"/a/*", "/a/b", true},
    {"/a/*", "a/b", false},
};

static void test_deep(void)
{
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        bool matches = glob_match_deep(str_from(deep[i].pattern), str_from(deep[i].path));
        CHECK_INT(matches, deep[i].matches);
        if (matches != deep[i].matches)
            fprintf(stderr, "%s and %s\n", deep[i].pattern, deep[i].path);
    }
}

/* As many stars as fit take no more than a moment. */
static void test_many(void)
{
    char pattern[4096] = "", path[8192] = "";
    for (int i = 0; i < 500; i++)
        strcat(pattern, "**/a/");
    for (int i = 0; i < 2000; i++)
        strcat(path, "a/");
    strcat(pattern, "b");
    strcat(path, "c");
    CHECK(!glob_match_deep(str_from(pattern), str_from(path)));
}

static const struct test tests[] = {
    {"deep", test_deep},
    {"many", test_many},
};

TESTS_MAIN(tests)
