/* Base64, punycode, and numbers as Go writes them. */
#include "base/arena.h"
#include "base/base64.h"
#include "base/number.h"
#include "base/punycode.h"
#include "test.h"

static const struct {
    const char *text, *padded, *raw; /* NULL: none of this form */
} base64s[] = {
    {"", "", ""},
    {"Zg==", "f", NULL},
    {"Zm8=", "fo", NULL},
    {"Zm9v", "foo", "foo"},
    {"Zg", NULL, "f"},
    {"Zm8", NULL, "fo"},
    {"Zm9", NULL, NULL}, /* bits are left over */
    {"Zh==", "f", NULL},
    {"Z===", NULL, NULL},
    {"Z", NULL, NULL},
    {"Zm=v", NULL, NULL},
    {"Zm9v====", NULL, NULL},
    {"Zm9-", NULL, NULL},
    {"Zm 9", NULL, NULL},
};

static void check_form(struct arena *arena, const char *text, enum base64_form form, const char *want)
{
    struct str out = STR("untouched");
    CHECK_INT(base64_decode(arena, str_from(text), form, &out), want != NULL);
    CHECK_STR(out, want ? want : "untouched");
}

static void test_base64(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(base64s) / sizeof(base64s[0]); i++) {
        check_form(&arena, base64s[i].text, BASE64_PADDED, base64s[i].padded);
        check_form(&arena, base64s[i].text, BASE64_RAW, base64s[i].raw);
    }
    arena_free(&arena);
}

static const struct {
    const char *host, *ascii; /* NULL: refused */
} hosts[] = {
    {"plain.example", "plain.example"},
    {"", ""},
    {"b\xC3\xBC""cher.example", "xn--bcher-kva.example"},
    {"*.m\xC3\xBCnchen.example.", "*.xn--mnchen-3ya.example."},
    {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E.jp", "xn--wgv71a119e.jp"},
    {"\xE2\x98\x83", "xn--n3h"},
    {"B\xC3\x9C""cher", "xn--Bcher-2pa"},
    {"a\xC3(.b", NULL},
};

static void test_punycode(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct str ascii = STR("");
        CHECK_INT(punycode_host(&arena, str_from(hosts[i].host), &ascii), hosts[i].ascii != NULL);
        CHECK_STR(ascii, hosts[i].ascii ? hosts[i].ascii : "");
    }
    arena_free(&arena);
}

static const struct {
    double value;
    const char *plain, *shown;
} numbers[] = {
    {0, "0", "0"},
    {-1.5, "-1.5", "-1.5"},
    {0.1, "0.1", "0.1"},
    {100, "100", "100"},
    {999999, "999999", "999999"},
    {1000000, "1000000", "1e+06"},
    {123456789, "123456789", "1.23456789e+08"},
    {0.0001, "0.0001", "0.0001"},
    {0.00001234, "0.00001234", "1.234e-05"},
    {1e21, "1000000000000000000000", "1e+21"},
    {12345678901234567890.0, "12345678901234567000", "1.2345678901234567e+19"},
    {-2.5e-7, "-0.00000025", "-2.5e-07"},
    {1234.5678, "1234.5678", "1234.5678"},
};

static void test_numbers(void)
{
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct strbuf plain = strbuf_in(&arena), shown = strbuf_in(&arena);
        number_add_plain(&plain, numbers[i].value);
        number_add_short(&shown, numbers[i].value);
        CHECK_STR(strbuf_str(&plain), numbers[i].plain);
        CHECK_STR(strbuf_str(&shown), numbers[i].shown);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"base64", test_base64},
    {"punycode", test_punycode},
    {"numbers", test_numbers},
};

TESTS_MAIN(tests)
