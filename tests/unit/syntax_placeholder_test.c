#include "syntax/placeholder.h"

#include "base/arena.h"
#include "test.h"

/* Pieces as text: literals in quotes, placeholders in braces. Those that begin with '!' are taken
 * back, as unknown ones are. */
static struct str pieces(struct arena *arena, struct str input)
{
    struct piece_scan scan = piece_scan_of(input);
    struct strbuf out = strbuf_in(arena);
    bool in_literal = false;
    for (;;) {
        struct piece piece = piece_next(&scan);
        if (piece.kind == PIECE_PLACEHOLDER && piece.text.len && piece.text.ptr[0] == '!')
            piece = piece_reject(&scan, piece);
        if (in_literal != (piece.kind == PIECE_LITERAL))
            strbuf_add_char(&out, '\'');
        in_literal = piece.kind == PIECE_LITERAL;
        if (piece.kind == PIECE_END)
            return strbuf_str(&out);
        if (piece.kind == PIECE_REFUSED)
            return STR("refused");
        strbuf_add(&out, piece.kind == PIECE_LITERAL ? piece.text : piece.raw);
    }
}

static void test_pieces(void)
{
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"", ""},
        {"plain", "'plain'"},
        {"{a}", "{a}"},
        {"a{b}c", "'a'{b}'c'"},
        {"{}", "{}"},
        {"{a}{b}", "{a}{b}"},
        {"{a", "'{a'"},
        {"a}", "'a}'"},
        {"{a{b}", "{a{b}"},           /* the first brace opens */
        {"{!a{b}c}", "'{!a'{b}'c}'"}, /* unknown: the inner one gets its chance */
        {"\\{a\\}", "'{a}'"},
        {"\\{a}", "'{a}'"},
        {"\\\\{a}", "'\\{a}'"}, /* one backslash goes, and the brace is none */
        {"{a\\}b}", "{a\\}b}"},
        {"{a\\}", "{a\\}"}, /* the last byte closes all the same */
        {"{a\\}b", "'{a}b'"},
        {"{a\\\\}", "{a\\\\}"},
        {"a\\b", "'a\\b'"},
        {"\\", "'\\'"},
        {"{\xff}", "{\xff}"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_STR(pieces(&arena, str_from(rows[i].input)), rows[i].want);
    arena_free(&arena);
}

/* What is behind the text is none of it. */
static void test_parts(void)
{
    static const char whole[] = "a{b}c\\}{d}";
    struct arena arena = ARENA_INIT;
    for (size_t len = 0; len < sizeof(whole); len++) {
        struct str part = str_make(whole, len);
        const char *alone = arena_strndup(&arena, whole, len);
        struct str wanted = pieces(&arena, str_make(alone, len)), got = pieces(&arena, part);
        CHECK(str_eq(got, wanted));
        CHECK(has_placeholder(part) == (len >= 4));
    }
    arena_free(&arena);
}

static void test_limit(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    for (int i = 0; i < 101; i++)
        strbuf_add_char(&text, '{');
    CHECK(str_has_prefix(pieces(&arena, strbuf_str(&text)), STR("'{{{")));
    strbuf_add_char(&text, '{');
    CHECK_STR(pieces(&arena, strbuf_str(&text)), "refused");
    arena_free(&arena);
}

static void test_has_placeholder(void)
{
    CHECK(has_placeholder(STR("a{b}")));
    CHECK(!has_placeholder(STR("a{b")));
    CHECK(!has_placeholder(STR("\\{b\\}")));
    CHECK(!has_placeholder(STR("")));
}

static const struct test tests[] = {
    {"pieces", test_pieces},
    {"parts", test_parts},
    {"limit", test_limit},
    {"has_placeholder", test_has_placeholder},
};
TESTS_MAIN(tests)
