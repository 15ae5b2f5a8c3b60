/* Numbers and texts as log lines have them: the bytes that Go's encoder writes. */

#include "proxy/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "proxy/log_put.h"
#include "random.h"
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
    char text[80], copy[88];
    for (size_t len = 0; len <= 70; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                bool is_plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
                memset(text, 'a', sizeof(text));
                memset(copy, '#', sizeof(copy));
                text[at] = (char)c;
                bool was_copied = log_put_plain(copy, str_make(text, len));
                if (!is_plain)
                    CHECK(!was_copied);
                else
                    CHECK(was_copied && memcmp(copy, text, len) == 0 && copy[len] == '#');
            }
        }
        memset(text, 'z', sizeof(text));
        CHECK(log_put_plain(copy, str_make(text, len)) && memcmp(copy, text, len) == 0);
    }
}

/* The same numbers as digits by division, one after another. */
static void test_more_numbers(void)
{
    struct arena arena = ARENA_INIT;
    for (int i = 0; i < 20000; i++) {
        char wanted[48], digits[TEXT_MOST_DIGITS], seconds[TEXT_MOST_SECONDS];
        int64_t value = (int64_t)(random_bits() >> i % 64);
        snprintf(wanted, sizeof(wanted), "%" PRId64, value);
        CHECK_STR(str_make(digits, (size_t)(text_put_int(digits, value) - digits)), wanted);
        value &= INT64_MAX;
        value -= i % 2 ? value % 1000 : 0;
        size_t n = (size_t)snprintf(wanted, sizeof(wanted), "%" PRId64 ".%09" PRId64,
                                    value / 1000000000, value % 1000000000);
        while (wanted[n - 1] == '0')
            n--;
        wanted[n - (wanted[n - 1] == '.')] = '\0';
        CHECK_STR(str_make(seconds, (size_t)(text_put_seconds(seconds, value) - seconds)), wanted);
    }
    arena_free(&arena);
}

/* As JSON asks for it, a byte or a rune at a time. */
static void add_plainly(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    for (size_t at = 0, size; at < text.len; at += size) {
        unsigned char c = (unsigned char)text.ptr[at];
        bool is_broken = utf8_decode(text, at, &size) == 0xFFFD && size == 1;
        if (is_broken)
            strbuf_puts(out, "\\ufffd");
        else if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            strbuf_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < 0x20)
            strbuf_printf(out, "\\u%04x", c);
        else
            strbuf_add(out, str_slice(text, at, at + size));
    }
    strbuf_add_char(out, '"');
}

/* Texts of all lengths, from plain ones to such that are nothing but bytes to escape, wherever they
 * lie: they are told apart, and written as they would be a byte at a time, within the room that
 * there is, and as much of it is left as behind a plain one. */
static void test_strings(void)
{
    static const char *const kinds[] = {
        "abcdefghijklmnop",
        "abcdefghijklmno\"",
        "a\\\"b\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F",
        "\xC3\xE2\x82\xF0\x9F\xFF\x80\xED\xA0\x80\xC0\xAF",
        "\x01\x1F\n\r\t\b\f\x02\x03\x04",
    };
    struct arena arena = ARENA_INIT;
    uint64_t random = 1;
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        for (size_t len = 0; len <= 70; len++) {
            for (size_t place = 0; place < 16; place++) {
                char bytes[96];
                for (size_t i = 0; i < len; i++) {
                    random = random * 6364136223846793005u + 1442695040888963407u;
                    bytes[place + i] = kinds[kind][(random >> 33) % strlen(kinds[kind])];
                }
                const struct str text = str_make(bytes + place, len);
                struct strbuf wanted = strbuf_in(&arena), out = strbuf_in(&arena);
                add_plainly(&wanted, text);
                strbuf_reserve(&out, len + LOG_FIELDS_ROOM);
                size_t room = out.cap;
                char *end = log_put_string(&out, out.ptr, text);
                CHECK_STR(str_make(out.ptr, (size_t)(end - out.ptr)), strbuf_cstr(&wanted));
                CHECK((size_t)(out.ptr + out.cap - end) >= room - len - 2);
                end = log_put_escaped(&out, out.ptr, text);
                CHECK_STR(str_make(out.ptr, (size_t)(end - out.ptr)), strbuf_cstr(&wanted));
            }
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"seconds", test_seconds},           {"integers", test_integers},
    {"more numbers", test_more_numbers}, {"plain texts", test_plain_texts},
    {"strings", test_strings},
};

TESTS_MAIN(tests)
