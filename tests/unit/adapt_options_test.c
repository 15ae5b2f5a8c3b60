/* The table of options: values by type, arities, unknown names, and going on after a mistake. */
#include "adapt/options.h"

#include "adapt/adapter.h"
#include "adapt/order.h"
#include "adapt/order_private.h"
#include "pipeline.h"
#include "test.h"

static const struct option inner_rows[] = {
    {.name = "deep", .key = "deep", .type = VALUE_TRUE},
    {.name = NULL},
};

static const struct option rows[] = {
    {.name = "text|old_text", .key = "text", .type = VALUE_STRING, .min_args = 1, .max_args = 1},
    {.name = "mode",
     .key = "mode",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "on|off"},
    {.name = "list", .key = "a.list", .type = VALUE_STRINGS, .min_args = 1, .max_args = -1},
    {.name = "flag", .key = "flag", .type = VALUE_TRUE, .flags = OPTION_ONCE},
    {.name = "number", .key = "number", .type = VALUE_INTEGER, .min_args = 1, .max_args = 1},
    {.name = "ratio", .key = "ratio", .type = VALUE_FLOAT, .min_args = 1, .max_args = 1},
    {.name = "time", .key = "time", .type = VALUE_DURATION, .min_args = 1, .max_args = 1},
    {.name = "size", .key = "size", .type = VALUE_SIZE, .min_args = 1, .max_args = 1},
    {.name = "block", .key = "block", .type = VALUE_BLOCK, .block = inner_rows},
    {.name = NULL},
};

static struct pipeline pipeline;
static struct adapter adapter;

/* Reads the block of the one line in <text>: the JSON, and whether all was well. */
static bool read(const char *text, struct str *json)
{
    pipeline_init(&pipeline, NULL);
    pipeline_load_text(&pipeline, "test", str_from(text));
    pipeline_parse(&pipeline);
    adapter = (struct adapter){
        .arena = &pipeline.arena, .diags = &pipeline.diags, .document = &pipeline.document};
    const struct node *line = pipeline.tree->body->body;
    struct cursor in = cursor_over(&pipeline.arena, &pipeline.diags, line->tokens, line->n_tokens);
    struct scope scope = {.adapter = &adapter,
                          .arena = &pipeline.arena,
                          .diags = &pipeline.diags,
                          .document = &pipeline.document,
                          .in = &in};
    json_t *object = document_object(&pipeline.document, NULL);
    cursor_next(&in);
    bool ok = options_parse(&scope, &in, rows, object, NULL);
    struct strbuf out = strbuf_in(&pipeline.arena);
    document_write(object, false, &out);
    *json = strbuf_str(&out);
    return ok;
}

static void test_values(void)
{
    struct str json;
    CHECK(read("{\nx {\ntext a\nold_text b\nmode off\nlist 1 2\nlist 3\nflag\nnumber -7\n"
               "ratio 0.5\ntime 1d2h\nsize 1KiB\nblock {\ndeep\n}\n}\n}\n",
               &json));
    CHECK_STR(json, "{\"text\":\"b\",\"mode\":\"off\",\"a\":{\"list\":[\"1\",\"2\",\"3\"]},"
                    "\"flag\":true,\"number\":-7,\"ratio\":0.5,\"time\":93600000000000,"
                    "\"size\":1024,\"block\":{\"deep\":true}}");
    pipeline_free(&pipeline);
}

static void test_mistakes(void)
{
    static const char *const messages[] = {
        "unknown option 'txet'",
        "'text' needs more arguments",
        "'text' has too many arguments",
        "'of' is not one of on|off",
        "'flag' stands here twice",
        "'1.5' is not an integer: it is malformed",
        "'nan' is not a number: it is out of range",
        "unknown option 'deeep'",
    };
    struct str json;
    CHECK(!read("{\nx {\ntxet a {\nb\n}\ntext\ntext a b\nmode of\nflag\nflag\nnumber 1.5\n"
                "ratio nan\nblock {\ndeeep\ndeep\n}\nlist z\n}\n}\n",
                &json));
    /* What is right around the mistakes was read. */
    CHECK_STR(json, "{\"flag\":true,\"block\":{\"deep\":true},\"a\":{\"list\":[\"z\"]}}");
    CHECK_INT(pipeline.diags.n_errors, sizeof(messages) / sizeof(messages[0]));
    const struct diag *diag = pipeline.diags.first;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        CHECK_STR(diag ? diag->message : STR(""), messages[i]);
        diag = diag ? diag->next : NULL;
    }
    CHECK_STR(pipeline.diags.first->notes->replacement, "text");
    pipeline_free(&pipeline);
}

static void test_order(void)
{
    static const char *const names[] = {"a", "b", "c", NULL};
    struct arena arena = ARENA_INIT;
    struct adapter own = {.arena = &arena, .order = order_new(&arena, names)};
    adapter_order_remove(&own, STR("b"));
    adapter_order_remove(&own, STR("nope"));
    CHECK_INT(adapter_order_count(&own), 2);
    adapter_order_insert(&own, 0, STR("x"));
    adapter_order_insert(&own, 3, STR("y"));
    CHECK_INT(adapter_order_find(&own, STR("x")), 0);
    CHECK_INT(adapter_order_find(&own, STR("c")), 2);
    CHECK_INT(adapter_order_find(&own, STR("y")), 3);
    CHECK_INT(adapter_order_find(&own, STR("b")), -1);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"values", test_values},
    {"mistakes", test_mistakes},
    {"order", test_order},
};

TESTS_MAIN(tests)
