/* Copies and comparisons of short texts, which are made of words that overlap. */
#include "base/bytes8.h"
#include "test.h"

enum { LONGEST = 100 };

static void fill(char *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7 + seed);
}

static void test_copy(void)
{
    for (size_t len = 0; len <= LONGEST; len++) {
        char from[LONGEST], to[LONGEST + 2], wanted[LONGEST + 2];
        fill(from, sizeof(from), 1);
        fill(to, sizeof(to), 128);
        memcpy(wanted, to, sizeof(to));
        memcpy(wanted + 1, from, len);
        bytes_copy(to + 1, from, len);
        CHECK(memcmp(to, wanted, sizeof(to)) == 0);
    }
}

/* A byte that differs counts where it is, and neither before nor behind. */
static void test_equal(void)
{
    for (size_t len = 0; len <= LONGEST; len++) {
        char a[LONGEST + 2], b[LONGEST + 2];
        fill(a, sizeof(a), 3);
        for (size_t at = 0; at < len + 2; at++) {
            memcpy(b, a, sizeof(a));
            b[at] ^= 0x20;
            CHECK_INT(bytes_equal(a + 1, b + 1, len), at == 0 || at > len);
        }
    }
}

static const struct test tests[] = {
    {"copy", test_copy},
    {"equal", test_equal},
};

TESTS_MAIN(tests)
