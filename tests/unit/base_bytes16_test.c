/* Sixteen bytes at once against one after another, in both of their forms. */
#include "base/bytes16.h"
#include "test.h"

static bool is_letter(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_colon(unsigned char c)
{
    return c == ':';
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7F;
}

static bool is_hidden(unsigned char c)
{
    return c < 0x21 || c > 0x7E;
}

static bool is_word(unsigned char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static bool is_path(unsigned char c)
{
    return is_word(c) || (c && strchr("_&'()*+,./:;", c));
}

static bool is_plain(unsigned char c)
{
    return is_letter(c) || (c >= '+' && c <= ';') || c == '_' || c == '=';
}

static bool is_not_json(unsigned char c)
{
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/* Every byte in every place, among bytes that the mask names and others. */
static void test_masks(void)
{
    static const struct {
        bool (*is_one)(unsigned char c);
        unsigned (*ask)(const char *bytes);
        uint64_t (*ask_word)(uint64_t word);
        const char *others;
    } rows[] = {
        {is_colon, bytes16_colons, word8_colons, ":;9:z:0:\xba:\xff:\0:@:"},
        {is_control, bytes16_controls, word8_controls,
         "\x1f \0\x7f\x80\xffz\x10~\n0\x9f\r\x01\x7e!"},
        {is_hidden, bytes16_hidden, word8_hidden, "! ~\x7f\0a\x80\xa1z\x1f\"\xff}A0\r"},
        {is_word, bytes16_words, word8_words, "az@AZ[`{-09/:\xc1\xe1\xad"},
        {is_plain, bytes16_plain, word8_plain, "az@AZ[`{*+;<_=>^\xab\xbb"},
        {is_path, bytes16_path, word8_path, "az@AZ[`{&;%<_\xdf\xa6^"},
        {is_not_json, bytes16_not_json, word8_not_json, "a\x1f \"!#\\[]\x7f\x80\xff\xa2\xdcz\x01"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned at = 0; at < 16; at++) {
            for (unsigned c = 0; c < 256; c++) {
                char bytes[16];
                unsigned wanted = 0;
                memcpy(bytes, rows[i].others, sizeof(bytes));
                bytes[at] = (char)c;
                for (unsigned k = 0; k < 16; k++)
                    wanted |= (unsigned)rows[i].is_one((unsigned char)bytes[k]) << k;
                CHECK_INT(rows[i].ask(bytes), wanted);
                CHECK_INT(bytes16_portable(bytes, rows[i].ask_word), wanted);
            }
        }
    }
}

static void test_unlike(void)
{
    static const char name[] = "Sec-WebSocket-09";
    for (unsigned at = 0; at < 16; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char bytes[17];
            memcpy(bytes, "sEC-wEBsOCKET-09", sizeof(bytes));
            bytes[at] = (char)c;
            bool is_same = c == (unsigned char)name[at] || (is_letter((unsigned char)name[at]) &&
                                                            c == ((unsigned char)name[at] ^ 0x20u));
            CHECK_INT(bytes16_unlike(bytes, name), is_same ? 0 : 1u << at);
            CHECK_INT(bytes16_unlike_portable(bytes, name), is_same ? 0 : 1u << at);
        }
    }
    CHECK_INT(bytes16_unlike("0123456789012345", name), BYTES16_ALL & ~0u);
}

/* The masks of two words of eight, wherever they are. */
static void test_pairs(void)
{
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned at = 0; at < 12; at++) {
            char bytes[12];
            memset(bytes, 'a', sizeof(bytes));
            bytes[at] = (char)c;
            unsigned bit = is_not_json((unsigned char)c) ? 1u << at : 0;
            unsigned wanted = (bit & 0xFF) | (bit >> 4 & 0xFF) << 8;
            CHECK_INT(bytes8_not_json(bytes, bytes + 4), wanted);
            CHECK_INT(bytes8_not_json_portable(bytes, bytes + 4), wanted);
        }
    }
}

static void test_before(void)
{
    CHECK_INT(bytes16_before(0), 16);
    CHECK_INT(bytes16_before(0x8000), 15);
    CHECK_INT(bytes16_before(0x8001), 0);
    CHECK_INT(bytes16_before(~0xFFFFu), 16);
}

static const struct test tests[] = {
    {"masks", test_masks},
    {"names in any case", test_unlike},
    {"pairs of eight", test_pairs},
    {"the first of a mask", test_before},
};

TESTS_MAIN(tests)
