/* Numbers and texts as log lines have them: the bytes that Go's encoder writes. */

#include "proxy/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "proxy/log_put.h"
#include "test.h"

static void test_seconds(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "0.000000001"},
        {10, "0.00000001"},
        {123456, "0.000123456"},
        {999999999, "0.999999999"},
        {1000000000, "1"},
        {9000000010, "9.00000001"},
        {10000000000, "10"},
        {99500000000, "99.5"},
        {100000000000, "100"},
        {12345678900000000, "12345678.9"},
        {99999999000000001, "99999999.000000001"},
        {100000000000000000, "100000000"},
        {999999999100000000, "999999999.1"},
        {1700000000123456000, "1700000000.123456"},
        {INT64_MAX, "9223372036.854775807"},
        {-1, "-0.000000001"},
        {-10500000000, "-10.5"},
        {INT64_MIN, "-9223372036.854775808"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct strbuf out = strbuf_in(&arena);
        text_add_seconds(&out, rows[i].ns);
        CHECK_STR(strbuf_str(&out), rows[i].text);
    }
    arena_free(&arena);
}

static void test_integers(void)
{
    static const int64_t values[] = {
        0,    1,    9,     10,    11,       99, 100, 101, 200,  404,       999,
        1000, 9999, 10000, 65535, 99999999, -1, -9,  -10, -100, INT64_MAX, INT64_MIN,
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char digits[TEXT_MOST_DIGITS], wanted[32];
        char *end = text_put_int(digits, values[i]);
        snprintf(wanted, sizeof(wanted), "%" PRId64, values[i]);
        CHECK_STR(str_make(digits, (size_t)(end - digits)), wanted);
    }
}

/* One byte of every kind at every place of short texts. */
static void test_plain_texts(void)
{
    char text[32], copy[40];
    for (size_t len = 0; len <= 24; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                bool is_plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
                memset(text, 'a', sizeof(text));
                memset(copy, '#', sizeof(copy));
                text[at] = (char)c;
                bool was_copied = log_put_plain(copy, str_make(text, len));
                if (!is_plain)
                    CHECK(!was_copied);
                else if (was_copied)
                    CHECK(memcmp(copy, text, len) == 0 && copy[len] == '#');
                else
                    CHECK(c == 0x7F);
            }
        }
        memset(text, 'z', sizeof(text));
        CHECK(log_put_plain(copy, str_make(text, len)) && memcmp(copy, text, len) == 0);
    }
}

static const struct test tests[] = {
    {"seconds", test_seconds}, {"integers", test_integers}, {"plain texts", test_plain_texts}};

TESTS_MAIN(tests)
