/* Documents: Go's text, order of keys, origins, and JSON read back. */
#include "json/document.h"

#include "base/arena.h"
#include "syntax/diag.h"
#include "test.h"

static struct arena arena;
static struct document document;

static void begin(void)
{
    document_init(&document, &arena);
}

static void end(void)
{
    arena_free(&arena);
}

static struct str text_of(const json_t *value)
{
    struct strbuf out = strbuf_in(&arena);
    document_write(value, false, &out);
    return strbuf_str(&out);
}

static json_t *parse(const char *text)
{
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    return document_parse(&document, source_add(&sources, STR("test.json"), str_from(text)),
                          &diags);
}

static void test_strings(void)
{
    static const struct {
        struct str text;
        const char *json;
    } rows[] = {
        {STR_INIT("plain"), "\"plain\""},
        {STR_INIT("<a href=\"x\">&"), "\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\""},
        {STR_INIT("\b\f\n\r\t\x01\x1f\x7f\\"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\\\\""},
        {STR_INIT("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\""},
        {STR_INIT("a\0b"), "\"a\\u0000b\""},
        {STR_INIT("\xff"
                  "a\xc3"),
         "\"\xef\xbf\xbd"
         "a\xef\xbf\xbd\""},
    };
    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_STR(text_of(document_string(&document, rows[i].text, NULL)), rows[i].json);
    end();
}

static void test_numbers(void)
{
    static const struct {
        double value;
        const char *json;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {0.5, "0.5"},
        {-2.25, "-2.25"},
        {0.1, "0.1"},
        {100, "100"},
        {123456.789, "123456.789"},
        {1e-6, "0.000001"},
        {9.5e-7, "9.5e-7"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {1.0 / 3, "0.3333333333333333"},
    };
    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_STR(text_of(document_real(&document, rows[i].value, NULL)), rows[i].json);
    CHECK(document_real(&document, 1.0 / 0.0, NULL) == NULL);
    end();
}

static void test_order(void)
{
    begin();
    json_t *object = parse("{\"b\": {\"z\": 9007199254740993, \"a\": [true, null]}, \"a\": 1}");
    CHECK_STR(text_of(object), "{\"b\":{\"z\":9007199254740993,\"a\":[true,null]},\"a\":1}");
    json_t *sorted = document_sorted(&document, object);
    CHECK_STR(text_of(sorted), "{\"a\":1,\"b\":{\"a\":[true,null],\"z\":9007199254740992}}");
    CHECK(document_sorted(&document, sorted) == sorted);
    json_t *ordered = document_copy(&document, sorted);
    document_order(&document, ordered, "x b");
    CHECK_STR(text_of(ordered), "{\"b\":{\"a\":[true,null],\"z\":9007199254740992},\"a\":1}");
    json_t *copy = document_copy(&document, object);
    document_set(&document, copy, "a", document_bool(false));
    CHECK_STR(text_of(copy), "{\"b\":{\"z\":9007199254740993,\"a\":[true,null]},\"a\":false}");
    CHECK_INT(json_integer_value(json_object_get(object, "a")), 1);
    end();
}

static void test_pretty(void)
{
    begin();
    struct strbuf out = strbuf_in(&arena);
    document_write(parse("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":2}]}"), true, &out);
    CHECK_STR(strbuf_str(&out), "{\n\t\"a\": [],\n\t\"b\": {},\n\t\"c\": [\n\t\t1,\n\t\t{\n"
                                "\t\t\t\"d\": 2\n\t\t}\n\t]\n}");
    end();
}

static void test_origins(void)
{
    struct token here = {.text = STR("here")}, there = {.text = STR("there")};
    begin();
    json_t *object = document_object(&document, &here);
    json_t *name = document_text(&document, "x", &there);
    document_set(&document, object, "name", name);
    document_set_at(&document, object, "on", document_bool(true), &there);
    document_set(&document, object, "off", document_bool(false));
    CHECK(document_origin(&document, NULL, NULL, object) == &here);
    CHECK(document_origin(&document, object, "name", name) == &there);
    CHECK(document_origin(&document, object, "on", json_object_get(object, "on")) == &there);
    CHECK(document_origin(&document, object, "off", json_object_get(object, "off")) == NULL);
    json_t *sorted = document_sorted(&document, object);
    CHECK(document_origin(&document, NULL, NULL, sorted) == &here);
    CHECK(document_origin(&document, sorted, "on", json_object_get(sorted, "on")) == &there);
    CHECK(document_origin(&document, sorted, "name", json_object_get(sorted, "name")) == &there);
    end();
}

static void test_parse(void)
{
    static const char *const good[] = {
        "0",    "-1.5e+3", "\"\\ud83d\\ude00\\u00e9\\n\"",   " [ ] ", "{\"a\":{}}",
        "true", "null",    "123456789012345678901234567890",
    };
    static const char *const bad[] = {
        "",      "{",         "[1,]", "{\"a\":1,}", "{a:1}",       "01",
        "1.",    "-",         "\"a",  "\"\\x\"",    "\"\\u12g4\"", "tru",
        "[1 2]", "{\"a\" 1}", "1 2",  "\"a\nb\"",   "1e999",
    };
    begin();
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK(parse(good[i]) != NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(parse(bad[i]) == NULL);
    CHECK_STR(text_of(parse("\"\\ud83d\\ude00\\ud83dx\"")), "\"\xf0\x9f\x98\x80\xef\xbf\xbdx\"");
    struct strbuf deep = strbuf_in(&arena);
    for (int i = 0; i < 100000; i++)
        strbuf_add_char(&deep, '[');
    CHECK(parse(strbuf_cstr(&deep)) == NULL);
    end();
}

static const struct test tests[] = {
    {"strings", test_strings}, {"numbers", test_numbers}, {"order", test_order},
    {"pretty", test_pretty},   {"origins", test_origins}, {"parse", test_parse},
};

TESTS_MAIN(tests)
