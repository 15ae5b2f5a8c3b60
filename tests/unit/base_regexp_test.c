/* Which regular expressions Go compiles, and how many groups they have. */
#include "base/regexp.h"

#include "base/arena.h"
#include "test.h"

static void test_patterns(void)
{
    static const struct {
        const char *pattern;
        enum regexp_result result;
        int n_groups;
    } rows[] = {
        {"", REGEXP_OK, 0},
        {"^/(a|b)/(?P<name>[^/]+)(?:x)$", REGEXP_OK, 2},
        {"(?<n>a)(?i-s:b)", REGEXP_OK, 1},
        {"a{2,3}?b{,2}{", REGEXP_OK, 0},
        {"[]a][^]a][a-][[:alpha:]\\d\\-]", REGEXP_OK, 0},
        {"\\pL\\p{Greek}\\P{^Han}\\x41\\x{10FFFF}\\012\\Q(*\\E", REGEXP_OK, 0},
        {"(a", REGEXP_MISSING_PAREN, 0},
        {"a)", REGEXP_UNEXPECTED_PAREN, 0},
        {"[a", REGEXP_MISSING_BRACKET, 0},
        {"[z-a]", REGEXP_BAD_CLASS_RANGE, 0},
        {"[[:foo:]]", REGEXP_BAD_CLASS_RANGE, 0},
        {"*a", REGEXP_NOTHING_TO_REPEAT, 0},
        {"(|*)", REGEXP_NOTHING_TO_REPEAT, 0},
        {"a**", REGEXP_REPEATED_TWICE, 0},
        {"a{2}{3}", REGEXP_REPEATED_TWICE, 0},
        {"a{3,2}", REGEXP_REPEAT_COUNT, 0},
        {"a{1001}", REGEXP_REPEAT_COUNT, 0},
        {"(a{100}){11}", REGEXP_REPEAT_COUNT, 0},
        {"(a{100}){10}", REGEXP_OK, 1},
        {"\\8", REGEXP_BACKREFERENCE, 0},
        {"(a)\\1", REGEXP_BACKREFERENCE, 0},
        {"\\Z", REGEXP_BAD_ESCAPE, 0},
        {"a\\", REGEXP_TRAILING_BACKSLASH, 0},
        {"(?!a)", REGEXP_LOOKAROUND, 0},
        {"(?<=a)", REGEXP_LOOKAROUND, 0},
        {"(?P<>a)", REGEXP_BAD_NAME, 0},
        {"(?x)a", REGEXP_BAD_GROUP, 0},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct regexp regexp;
        CHECK_INT(regexp_check(&arena, str_from(rows[i].pattern), &regexp), rows[i].result);
        CHECK_INT(regexp.n_groups, rows[i].n_groups);
    }
    struct regexp regexp;
    regexp_check(&arena, STR("(a)(?P<name>b)"), &regexp);
    CHECK_STR(regexp.names[1], "name");
    regexp_check(&arena, STR("ab(?=c)"), &regexp);
    CHECK_INT(regexp.at, 2);
    CHECK_INT(regexp.len, 3);
    CHECK_INT(regexp_check(&arena, STR("\xff"), &regexp), REGEXP_BAD_UTF8);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"patterns", test_patterns},
};

TESTS_MAIN(tests)
