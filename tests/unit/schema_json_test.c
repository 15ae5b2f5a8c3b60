/* The published schema is JSON, and usage texts come out of it as forms. */
#include "schema/schema.h"

#include "base/arena.h"
#include "directives/vocabulary.h"
#include "json/document.h"
#include "pipeline.h"
#include "schema/usage.h"
#include "test.h"

static struct arena arena;

/* A usage as text again: forms between ';', arguments between blanks, with their marks. */
static struct str shape(const char *text)
{
    struct usage usage;
    struct strbuf out = strbuf_in(&arena);
    if (!usage_parse(&arena, text, &usage))
        return STR("malformed");
    for (size_t i = 0; i < usage.n; i++) {
        const struct usage_form *form = &usage.at[i];
        strbuf_puts(&out, i ? "; " : "");
        for (size_t k = 0; k < form->n; k++) {
            const struct usage_argument *argument = &form->at[k];
            strbuf_printf(&out, "%s%s" STR_FMT "%s" STR_FMT "(" STR_FMT ")" STR_FMT "%s",
                          k ? " " : "", argument->is_optional ? "?" : "",
                          STR_ARG(argument->prefixes), argument->mark.len ? "!" : "",
                          STR_ARG(argument->mark),
                          STR_ARG(argument->names), STR_ARG(argument->words),
                          argument->is_repeated ? "+" : "");
        }
        strbuf_puts(&out, form->is_open ? "*" : "");
    }
    strbuf_printf(&out, " %d..%d", usage.min_args, usage.max_args);
    return strbuf_str(&out);
}

static void test_usage(void)
{
    static const struct {
        const char *text, *shape;
    } cases[] = {
        {NULL, " 0..0"},
        {"<a>", "(a) 1..1"},
        {"<a> [<b>]", "(a) ?(b) 1..2"},
        {"[<a> [<b>]]", "?(a) ?(b) 0..2"},
        {"[<a> <b>]", "?(a) (b) 0..2"},
        {"<a...>", "(a)+ 1..-1"},
        {"[<a...>]", "?(a)+ 0..-1"},
        {"on|off", "()on|off 1..1"},
        {"on|off...", "()on|off+ 1..-1"},
        {"off|<a>", "(a)off 1..1"},
        {"<a>|<b> [<c>]", "(a|b) ?(c) 1..2"},
        {"[<a>|all...]", "?(a)all+ 0..-1"},
        {"[+|-]<a>", "+|-(a) 1..1"},
        {"[[+|-|?|>]<a> [<b|c> [<d>]]]", "?+|-|?|>(a) ?(b|c) ?(d) 0..3"},
        {"[<]<a> <b>", "<(a) (b) 2..2"},
        {"<a> <b> | !<a>", "(a) (b); !!(a) 1..2"},
        {"[<a>] <b>", "(b); (a) (b) 1..2"},
        {"<a> | <b> <c>", "(a); (b) (c) 1..2"},
        {"<a> first|last | <a> before <b>", "(a) ()first|last; (a) ()before (b) 2..3"},
        {"<a> ...", "(a)* 1..-1"},
        {"[<a> ...]", "?(a)* 0..-1"},
        {"...", "* 0..-1"},
        {"{ <a...> }", " 0..0"},
        {"[<a>...] { <b...> }", "?(a)+ 0..-1"},
        {"<a", "malformed"},
        {"[<a>", "malformed"},
        {"<a>]", "malformed"},
        {"<>", "malformed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_STR(shape(cases[i].text), cases[i].shape);
    arena_free(&arena);
}

/* The row of that name in a list of the schema. */
static const json_t *named(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (str_is(str_from(name), json_string_value(json_object_get(row, "name"))))
            return row;
    }
    return NULL;
}

/* What fields say of their values leads to objects that are there, each once. */
static void check_objects(const json_t *objects)
{
    CHECK(json_array_size(objects) > 100);
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *object = json_array_get(objects, i);
        const json_t *fields = json_object_get(object, "fields");
        CHECK(named(objects, json_string_value(json_object_get(object, "name"))) == object);
        for (size_t k = 0; k < json_array_size(fields); k++) {
            const json_t *shape = json_object_get(json_array_get(fields, k), "json");
            const char *within = json_string_value(json_object_get(shape, "object"));
            CHECK(json_object_get(shape, "type") != NULL);
            CHECK(!within || named(objects, within) != NULL);
        }
    }
    const json_t *server = json_object_get(named(objects, "server"), "fields");
    const json_t *routes = json_object_get(named(server, "routes"), "json");
    CHECK_STR(json_str(json_object_get(routes, "object")), "http_route");
    CHECK_STR(json_str(json_object_get(routes, "nest")), "list");
}

static void test_json(void)
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    struct strbuf text = strbuf_in(&pipeline.arena);
    schema_json(caddy_vocabulary(), &text);
    CHECK(pipeline_load_text(&pipeline, "schema.json", strbuf_str(&text)));
    struct document *document = &pipeline.document;
    const json_t *root = document_parse(document, pipeline.source, &pipeline.diags);
    CHECK_INT(pipeline.diags.n_errors, 0);
    CHECK_INT(json_integer_value(json_object_get(root, "schema_version")), SCHEMA_VERSION);
    const json_t *proxy = named(json_object_get(root, "directives"), "reverse_proxy");
    const json_t *retries = named(json_object_get(proxy, "options"), "lb_retries");
    CHECK_STR(str_from(json_string_value(json_object_get(retries, "json_path"))),
              "load_balancing.retries");
    CHECK_INT(json_integer_value(json_object_get(retries, "max_args")), 1);
    const json_t *form = json_array_get(json_object_get(retries, "forms"), 0);
    const json_t *types = json_object_get(json_array_get(form, 0), "types");
    CHECK_STR(str_from(json_string_value(json_array_get(types, 0))), "integer");
    check_objects(json_object_get(root, "objects"));
    pipeline_free(&pipeline);
}

static const struct test tests[] = {
    {"usage", test_usage},
    {"json", test_json},
};

TESTS_MAIN(tests)
