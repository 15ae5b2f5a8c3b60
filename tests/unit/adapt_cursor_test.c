/* The cursor moves as Caddy's Dispenser does, quirks included. */
#include "adapt/cursor.h"

#include "base/arena.h"
#include "test.h"

static struct arena arena;
static struct diags diags;

/* One token per word; a '|' begins a new line, a leading ' marks a quoted word. */
static struct cursor over(const char *text)
{
    const struct token *tokens[32];
    struct str rest = str_from(text), word;
    size_t n = 0;
    uint32_t line = 1;
    diags = diags_in(&arena);
    while (rest.len) {
        str_cut(rest, STR(" "), &word, &rest);
        if (str_is(word, "|")) {
            line++;
            continue;
        }
        struct token *token = arena_new(&arena, struct token);
        token->quote = str_has_prefix(word, STR("'")) ? QUOTE_DOUBLE : QUOTE_NONE;
        token->text = str_trim_prefix(word, STR("'"));
        token->line = line;
        tokens[n++] = token;
    }
    return cursor_over(&arena, &diags, tokens, n);
}

static struct str joined(struct token_list list)
{
    struct strbuf out = strbuf_in(&arena);
    for (size_t i = 0; i < list.n; i++) {
        strbuf_puts(&out, i ? " " : "");
        strbuf_add(&out, list.at[i]->text);
    }
    return strbuf_str(&out);
}

static void test_lines(void)
{
    struct cursor in = over("a b '{ { | c");
    CHECK(cursor_token(&in) == NULL);
    CHECK(cursor_next_arg(&in)); /* a fresh cursor steps onto the name */
    CHECK_STR(cursor_val(&in), "a");
    CHECK_INT(cursor_count_remaining(&in), 2);
    CHECK_STR(joined(cursor_remaining(&in)), "b {");
    CHECK(!cursor_next_arg(&in));
    CHECK(cursor_next(&in));
    CHECK(cursor_next(&in));
    CHECK_STR(cursor_val(&in), "c");
    CHECK(!cursor_next(&in));
    CHECK_STR(cursor_val(&in), "c");
    CHECK(cursor_prev(&in));
    CHECK_STR(cursor_val(&in), "{");
}

static void test_blocks(void)
{
    struct cursor in = over("a { | b 1 { | c | } | d | } | e");
    cursor_next(&in);
    int nesting = in.nesting;
    CHECK(cursor_next_block(&in, nesting));
    CHECK_STR(joined(cursor_segment_tokens(&in)), "b 1 { c }");
    CHECK(cursor_next_block(&in, nesting));
    CHECK_STR(cursor_val(&in), "d");
    CHECK(!cursor_next_block(&in, nesting));
    CHECK_STR(cursor_val(&in), "}");
    CHECK(cursor_next(&in));
    CHECK_STR(cursor_val(&in), "e");

    in = over("a { | } | b"); /* an empty block is none */
    cursor_next(&in);
    CHECK(!cursor_next_block(&in, 0));
    CHECK_STR(cursor_val(&in), "}");

    in = over("a b { | c | }"); /* words that nobody read hide the block */
    cursor_next(&in);
    CHECK(!cursor_next_block(&in, 0));
    CHECK_STR(cursor_val(&in), "a");

    in = over("a { | b { | c | } x | } | }"); /* a word after a brace takes its meaning */
    cursor_next(&in);
    CHECK(cursor_next_block(&in, 0));
    CHECK(cursor_next_block(&in, 0)); /* { */
    CHECK(cursor_next_block(&in, 0)); /* c */
    CHECK(cursor_next_block(&in, 0));
    CHECK_STR(cursor_val(&in), "x");
    CHECK_INT(in.nesting, 2);
}

static void test_delete(void)
{
    struct cursor in = over("a b c");
    cursor_next(&in);
    cursor_next(&in);
    cursor_delete(&in, 1);
    CHECK_STR(cursor_val(&in), "a");
    cursor_reset(&in);
    cursor_next(&in);
    CHECK_STR(joined(cursor_remaining(&in)), "c");
    cursor_delete(&in, 2);
    CHECK_INT(in.n, 0);
    cursor_delete(&in, 1);
    CHECK_INT(in.at, -1);
}

static void test_arguments(void)
{
    const struct token *first = NULL, *second = NULL;
    const struct token **targets[] = {&first, &second};
    struct cursor in = over("a b | c");
    cursor_next(&in);
    CHECK(!cursor_args(&in, 2, targets));
    CHECK_STR(first->text, "b");
    in = over("a b c d");
    cursor_next(&in);
    CHECK(!cursor_all_args(&in, 2, targets));
    CHECK_STR(cursor_val(&in), "c");
    in = over("a 'b c");
    cursor_next(&in);
    CHECK(cursor_all_args(&in, 2, targets));
    cursor_prev(&in);
    CHECK_STR(cursor_val_raw(&in), "\"b\"");
    CHECK(!cursor_arg_error(&in, "a <b>"));
    CHECK_INT(diags.n_errors, 1);
}

static const struct test tests[] = {
    {"lines", test_lines},
    {"blocks", test_blocks},
    {"delete", test_delete},
    {"arguments", test_arguments},
};

TESTS_MAIN(tests)
