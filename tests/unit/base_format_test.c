/* printf into a buffer, and texts with NUL bytes. */
#include "base/arena.h"
#include "base/str.h"
#include "test.h"

static void test_conversions(void)
{
    struct arena arena = ARENA_INIT;
    CHECK_STR(str_printf(&arena, "a%db%%%s", 5, "x"), "a5b%x");
    CHECK_STR(str_printf(&arena, "%zu %lld %ld %u %llu", (size_t)7, -8LL, 9L, 10u, 11ULL), "7 -8 9 10 11");
    CHECK_STR(str_printf(&arena, "%04x|%-5s|%5s|%c|%+d", 255u, "ab", "cd", 'z', 3), "00ff|ab   |   cd|z|+3");
    CHECK_STR(str_printf(&arena, "%.*f %.17g %*s %-*.*s.", 2, 1.5, 0.1, 4, "x", 4, 2, "abc"),
              "1.50 0.10000000000000001    x ab  .");
    CHECK_STR(str_printf(&arena, "%s", ""), "");
    struct str longer = str_printf(&arena, "%0300d", 1);
    CHECK_INT(longer.len, 300);
    arena_free(&arena);
}

static void test_texts(void)
{
    struct arena arena = ARENA_INIT;
    struct str text = str_make("a\0b", 3);
    struct str out = str_printf(&arena, "[" STR_FMT "]" STR_FMT "%d", STR_ARG(text), STR_ARG(STR("")), 1);
    CHECK_INT(out.len, 6);
    CHECK(memcmp(out.ptr, "[a\0b]1", 7) == 0);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"conversions", test_conversions},
    {"texts", test_texts},
};

TESTS_MAIN(tests)
