/* Texts compared without regard to case, whatever their length and bytes. */
#include "base/str.h"
#include "test.h"

static bool letters_apart(unsigned char a, unsigned char b)
{
    bool is_letter = (a >= 'A' && a <= 'Z') || (a >= 'a' && a <= 'z');
    return a == b || (is_letter && (a ^ b) == 0x20);
}

/* Each pair of bytes, at each place of texts of each length. */
static void test_eq_nocase(void)
{
    for (size_t len = 1; len <= 19; len++) {
        for (size_t at = 0; at < len; at++) {
            char a[20] = "Content-Type-Of-Any", b[20] = "cONTENT-tYPE-oF-aNY";
            bool all_so = true;
            for (unsigned pair = 0; pair < 65536; pair += len == 1 || len == 9 ? 1 : 7) {
                a[at] = (char)(pair >> 8);
                b[at] = (char)pair;
                all_so &= str_eq_nocase(str_make(a, len), str_make(b, len)) ==
                          letters_apart((unsigned char)(pair >> 8), (unsigned char)pair);
            }
            CHECK(all_so);
        }
    }
    CHECK(str_eq_nocase(STR(""), STR("")));
    CHECK(!str_eq_nocase(STR("close"), STR("closed")));
}

static const struct test tests[] = {
    {"eq_nocase", test_eq_nocase},
};

TESTS_MAIN(tests)
