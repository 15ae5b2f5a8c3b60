/* Where a part of a text was typed: in quotes, over lines, with short placeholders, in JSON. */
#include "syntax/token_part.h"

#include "base/arena.h"
#include "syntax/token.h"
#include "test.h"

static void test_parts(void)
{
    static const struct {
        const char *typed;
        enum token_quote quote;
        const char *text, *part, *place;
    } rows[] = {
        {"`{path} == 1`", QUOTE_BACKTICK, "{http.request.uri.path} == 1", "== 1", "== 1"},
        {"`{path} == 1`", QUOTE_BACKTICK, "{http.request.uri.path} == 1", "{http.request.uri.path}",
         "{path}"},
        {"\"a \\\"b\\\" c\"", QUOTE_DOUBLE, "a \"b\" c", "\"b\"", "\"b\\\""},
        {"a  \\\n\t b 'c'", QUOTE_NONE, "a b 'c'", "b 'c'", "b 'c'"},
        {"\"a\" == \"b\"", QUOTE_DOUBLE, "\"a\" == \"b\"", "== \"b\"", "== \"b\""},
        {"<<X\n\ta ||\n\t\tb c\n\tX", QUOTE_HEREDOC, "a ||\n\tb c", "b c", "b c"},
        {"\"a \\u0026\\u0026 \\\\ \\n\\u00e9 b\"", QUOTE_NONE, "a && \\ \n\xc3\xa9 b", " b", " b"},
        {"`{$X} == 1`", QUOTE_BACKTICK, "2 == 1", "1", "`{$X} == 1`"},
        {"`{args[0]}`", QUOTE_BACKTICK, "abc", "b", "`{args[0]}`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct sources sources = sources_in(&arena, NULL);
        struct str file = str_printf(&arena, "before %s", rows[i].typed), text;
        struct source *source = source_add(&sources, STR("x"), file);
        struct token token = {.text = str_from(rows[i].text), .quote = (uint8_t)rows[i].quote};
        if (token.quote == QUOTE_DOUBLE && token.text.ptr[0] == '"')
            token.text = STR("a"); /* the first of several words */
        token.span = (struct span){source->base + 7, source->base + (uint32_t)file.len};
        text = str_from(rows[i].text);
        ptrdiff_t at = str_find(text, str_from(rows[i].part));
        struct span span = token_part(&arena, &sources, &token, text, (size_t)at,
                                      (size_t)at + strlen(rows[i].part));
        CHECK_STR(source_text(&sources, span), rows[i].place);
        arena_free(&arena);
    }
}

static const struct test tests[] = {{"parts", test_parts}};
TESTS_MAIN(tests)
