#include "http/socks5.h"
#include "test.h"

#include <string.h>

static const uint8_t *bytes(const char *text)
{
    return (const uint8_t *)text;
}

static void answers(void)
{
    static const struct {
        enum socks5_step step;
        const char *text;
        size_t len;
        enum socks5_result result;
        size_t needed;
    } rows[] = {
        {SOCKS5_METHOD, "", 0, SOCKS5_MORE, 2},
        {SOCKS5_METHOD, "\5\0", 2, SOCKS5_NEXT, 2},
        {SOCKS5_METHOD, "\5\2", 2, SOCKS5_ASKS, 2},
        {SOCKS5_METHOD, "\5\xff", 2, SOCKS5_REFUSED, 2},
        {SOCKS5_METHOD, "\4\0", 2, SOCKS5_BAD, 2},
        {SOCKS5_METHOD, "HT", 2, SOCKS5_BAD, 2},
        {SOCKS5_LOGIN, "\1\0", 2, SOCKS5_NEXT, 2},
        {SOCKS5_LOGIN, "\1\1", 2, SOCKS5_REFUSED, 2},
        {SOCKS5_LOGIN, "\5\0", 2, SOCKS5_BAD, 2},
        {SOCKS5_REPLY, "\5\0\0\1", 4, SOCKS5_MORE, 5},
        {SOCKS5_REPLY, "\5\0\0\1\177", 5, SOCKS5_MORE, 10},
        {SOCKS5_REPLY, "\5\0\0\1\177\0\0\1\0\120", 10, SOCKS5_NEXT, 10},
        {SOCKS5_REPLY, "\5\0\0\3\1", 5, SOCKS5_MORE, 8},
        {SOCKS5_REPLY, "\5\0\0\3\1a\0\120", 8, SOCKS5_NEXT, 8},
        {SOCKS5_REPLY, "\5\0\0\4\1", 5, SOCKS5_MORE, 22},
        {SOCKS5_REPLY, "\5\5\0\1\0", 5, SOCKS5_REFUSED, 5},
        {SOCKS5_REPLY, "\5\0\1\1\0", 5, SOCKS5_BAD, 5},
        {SOCKS5_REPLY, "\5\0\0\2\0", 5, SOCKS5_BAD, 5},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t needed = 0;
        CHECK_INT(socks5_read(rows[i].step, bytes(rows[i].text), rows[i].len, &needed),
                  rows[i].result);
        CHECK_INT(needed, rows[i].needed);
    }
}

static bool is(const uint8_t *out, size_t len, const char *text, size_t text_len)
{
    return len == text_len && memcmp(out, text, len) == 0;
}

static void requests(void)
{
    uint8_t out[SOCKS5_MESSAGE_BYTES];
    char name[300];
    memset(name, 'a', sizeof(name));
    CHECK(is(out, socks5_methods(false, out), "\5\1\0", 3));
    CHECK(is(out, socks5_methods(true, out), "\5\2\0\2", 4));
    CHECK(is(out, socks5_login(STR("me"), STR(""), out), "\1\2me\0", 5));
    CHECK(is(out, socks5_connect(STR("192.0.2.1"), 80, out), "\5\1\0\1\xc0\0\2\1\0\x50", 10));
    CHECK(is(out, socks5_connect(STR("a.b"), 443, out), "\5\1\0\3\3a.b\1\xbb", 10));
    CHECK_INT(socks5_connect(STR("2001:db8::1"), 1, out), 22);
    CHECK_INT(out[3], 4);
    CHECK_INT(socks5_login(str_make(name, 300), str_make(name, 300), out), 513);
}

static const struct test tests[] = {
    {"answers", answers},
    {"requests", requests},
};

TESTS_MAIN(tests)
