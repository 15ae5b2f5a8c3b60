/* The formatter's promises: which tokens count as the same, what becomes of bytes that no corpus file
 * can hold, and that nothing changes the second time. */
#include "base/arena.h"
#include "dialtone/dialtone.h"
#include "syntax/format.h"
#include "test.h"

#include <stdlib.h>

static const struct pair {
    const char *before, *after;
    bool is_same;
} pairs[] = {
    {"a b\n", "a  b", true},
    {"a b", "a\nb", false},
    {"a\n\n\nb", "a\nb", true},
    {"a\n{ b }", "a {\nb\n}", true}, /* what a formatter does around braces */
    {"a {\nb\n}", "a\n{ b }", false},
    {"a {\n} b", "a {\n}\n\nb", true},
    {"a\n}", "a }", false},
    {"a{", "a {", false},
    {"a # x {\n}", "a # x { }", false},
    {"\"a b\"", "\"a  b\"", false},
    {"\"a\" b", "`a` b", false},
    {"\"a\"b", "\"a\" b", true},
    {"a \\\nb", "a b", true},
    {"a \\\nb", "a\nb", false},
    {"a\rb", "ab", true},
    {"<<X\n  a\n  X\n", "<<X\na\nX\n", true},
    {"<<X\n  a\nX\n", "<<X\na\nX\n", false},
    {"<<X Y", "<<X  Y", true},
    {"<<X \nY", "<<X\nY", false},
    {"a \xff", "a \xef\xbf\xbd", true},
    {"{$A:\"b  c\"}", "{$A:\"b c\"}", false},
    {"{$A:b  c}", "{$A:b c}", true},
    {"", "\n", true},
};

static void test_same_tokens(void)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct arena arena = ARENA_INIT;
        const struct pair *pair = &pairs[i];
        checks_done++;
        if (format_same_tokens(&arena, str_from(pair->before), str_from(pair->after)) != pair->is_same) {
            checks_failed++;
            fprintf(stderr, "\"%s\" and \"%s\": %s\n", pair->before, pair->after,
                    pair->is_same ? "not the same" : "the same");
        }
        arena_free(&arena);
    }
}

static const struct row {
    const char *text, *formatted;
    enum format_result result;
} rows[] = {
    {"", "\n", FORMAT_AS_CADDY},
    {" \r\n\t", "\n", FORMAT_AS_CADDY},
    {"a   b", "a b\n", FORMAT_AS_CADDY},
    {"a\r\n{\r\nb\r\n}\r\n", "a {\n\tb\n}\n", FORMAT_AS_CADDY},
    {"a\xff\xe2\x80\x82 b", "a\xef\xbf\xbd b\n", FORMAT_AS_CADDY},
    {"\xef\xbb\xbf" "a {\n}", "\xef\xbb\xbf" "a {\n}\n", FORMAT_AS_CADDY},
    {" \xef\xbb\xbf" "a", "\xef\xbb\xbf\xef\xbb\xbf" "a\n", FORMAT_OWN_WORDS},
    {"a\rb  c", "ab c\n", FORMAT_OWN_WORDS},
    {"a \"b  ", "a \"b  ", FORMAT_OWN_WORDS}, /* a line end would become part of the word */
    {"a  <<X", "a <<X", FORMAT_OWN_WORDS},    /* and here it would make a heredoc */
    {"a <<X  \nb", "a <<X \nb\n", FORMAT_OWN_WORDS},
    {"a <<X\r\n  b\r\n  X\r\nc", "a <<X\nb\nX\nc\n", FORMAT_AS_CADDY},
    {"a <<X\r\n  b\r\n X\r\nc", "a <<X\n  b\n X\nc\n", FORMAT_OWN_WORDS},
    {"a\\ \nb", "a\\ \nb\n", FORMAT_AS_CADDY},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct str formatted, again;
        CHECK_INT(format_caddyfile(&arena, str_from(rows[i].text), &formatted), rows[i].result);
        CHECK_STR(formatted, rows[i].formatted);
        CHECK(format_caddyfile(&arena, formatted, &again) != FORMAT_REFUSED);
        CHECK_STR(again, rows[i].formatted);
        arena_free(&arena);
    }
}

static void test_first_difference(void)
{
    CHECK_INT(format_first_difference(STR("a\nb\n"), STR("a\nb\n")), 0);
    CHECK_INT(format_first_difference(STR("a\nb\n"), STR("a\nc\n")), 2);
    CHECK_INT(format_first_difference(STR("a"), STR("a\n")), 1);
    CHECK_INT(format_first_difference(STR("a\n\n"), STR("a\n")), 2);
}

static void test_library(void)
{
    size_t len;
    char *formatted = dt_format("a\n{\n}", 5, &len);
    CHECK(formatted && strcmp(formatted, "a {\n}\n") == 0 && len == 6);
    free(formatted);
    const char *torn = "{$A:\"b  c\"}` d"; /* one way to read it as written, another without $A */
    formatted = dt_format(torn, strlen(torn), &len);
    CHECK(formatted == NULL && len == 0);
    free(formatted);
}

static const struct test tests[] = {
    {"same tokens", test_same_tokens},
    {"rows", test_rows},
    {"first difference", test_first_difference},
    {"library", test_library},
};

TESTS_MAIN(tests)
