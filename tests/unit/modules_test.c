/* The module tables, and what is held against them: single values by the rules of Go and Caddy, and
 * everything that the corpus adapts to. */
#include "modules/modules.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"
#include "pipeline.h"
#include "test.h"

/* Errors and warnings but for deprecated fields, one a line. */
static struct str findings(struct arena *arena, const char *name, struct str json)
{
    struct pipeline pipeline;
    struct strbuf found = strbuf_in(arena);
    pipeline_init(&pipeline, NULL);
    CHECK(pipeline_load_text(&pipeline, name, json));
    pipeline_adapt(&pipeline, (struct adapt_options){0});
    for (const struct diag *diag = pipeline.diags.first; diag; diag = diag->next)
        if (diag->severity >= SEVERITY_WARNING && diag->code != DIAG_DEPRECATED)
            strbuf_printf(&found, STR_FMT "\n", STR_ARG(diag->message));
    pipeline_free(&pipeline);
    return strbuf_str(&found);
}

static void check_row_object(const struct module_object *object)
{
    CHECK(object->name && *object->name && object->noun && *object->noun);
    for (const struct module_field *field = object->fields; field->name; field++) {
        CHECK(field->doc && *field->doc);
        CHECK(field->shape.kind != SHAPE_NONE);
        CHECK((field->shape.kind == SHAPE_OBJECT) == (field->shape.object != NULL));
        if (field->shape.space)
            CHECK(module_namespace_find(str_from(field->shape.space)) != NULL);
        CHECK((field->shape.kind == SHAPE_MODULE) == (field->shape.name_key != NULL));
        CHECK(module_field_find(object, str_from(field->name)) == field);
    }
}

static void test_tables(void)
{
    int n_modules = 0;
    for (const struct module *const *table = module_tables; *table; table++) {
        for (const struct module *row = *table; row->id; row++) {
            n_modules++;
            CHECK(row->doc && *row->doc);
            CHECK(module_find(str_from(row->id)) == row);
            if (row->shape.object)
                check_row_object(row->shape.object);
            struct str name;
            CHECK(module_namespace_find(module_space_of(row, &name)) != NULL);
        }
    }
    CHECK_INT(n_modules, 135); /* `caddy list-modules` of 2.11.7 */
    check_row_object(&module_config);
}

/* One field of the server "s", and the messages about it. */
static void test_values(void)
{
    static const struct {
        const char *member, *found;
    } rows[] = {
        {"\"listen\": null", ""},
        {"\"listen\": [null]", ""},
        {"\"LISTEN\": [\":80\"]", ""},
        {"\"li\xc5\xbften\": [\":80\"]", ""},
        {"\"max_header_bytes\": -0", ""},
        {"\"max_header_bytes\": 9223372036854775807", ""},
        {"\"max_header_bytes\": 9223372036854775808",
         "'max_header_bytes' is too large: it must fit into 64 bits\n"},
        {"\"max_header_bytes\": 1e3",
         "'max_header_bytes' must be a whole number in plain digits\n"},
        {"\"idle_timeout\": null", ""},
        {"\"idle_timeout\": \"1d\"", ""},
        {"\"idle_timeout\": \"\"", "'' is not a duration: it is empty\n"},
        {"\"idle_timeout\": \"{x}\"", "'{x}' is not a duration: it is malformed\n"},
        {"\"idle_timeout\": 1.5", "'idle_timeout' must be a whole number in plain digits\n"},
        {"\"listen_protocols\": [null, [\"h1\", null]]", ""},
        {"\"protocols\": [\"{env.P}\", \"\"]", ""},
        {"\"routes\": [null]", ""},
        {"\"named_routes\": {\"a\": null, \"@id\": 5}", "'a' must be an object, not null\n"},
        {"\"errors\": {\"routes\": [{\"handle\": [{\"handler\": \"vars\", \"a\": [{}]}]}]}", ""},
        {"\"trusted_proxies\": null", "'trusted_proxies' must be an object, not null\n"},
        {"\"routes\": [{\"handle\": [{\"handler\": \"subroute\", \"routes\": "
         "[{\"handle\": [{\"handler\": \"request_body\", \"max_size\": 1e3}]}]}]}]",
         ""},
        {"\"routes\": [{\"handle\": [{\"handler\": \"request_body\", \"max_size\": 1e19}]}]",
         "'max_size' is too large: it must fit into 64 bits\n"},
        {"\"routes\": [{\"handle\": [{\"handler\": \"reverse_proxy\", \"flush_interval\": "
         "\"1\\u0073\"}]}]",
         ""},
        {"\"routes\": [{\"match\": [{\"expression\": {\"expr\": \"a\", \"name\": \"b\", \"c\": "
         "1}}]}]",
         ""},
        {"\"routes\": [{\"match\": [{\"header\": {\"A\": null, \"B\": [null]}}]}]", ""},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str json = str_printf(&arena, "{\"apps\": {\"http\": {\"servers\": {\"s\": {%s}}}}}",
                                     rows[i].member);
        CHECK_STR(findings(&arena, "test.json", json), rows[i].found);
    }
    arena_free(&arena);
}

static struct str read_whole(struct arena *arena, const char *path)
{
    struct strbuf text = strbuf_in(arena);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    for (int c; file && (c = fgetc(file)) != EOF;)
        strbuf_add_char(&text, (char)c);
    if (file)
        fclose(file);
    return strbuf_str(&text);
}

/* What Caddy's own adapter gives and Caddy then refuses to load, or fails with on requests: matchers
 * and named routes without anything in them, numbers beyond all bounds, status codes that are none. */
static const char *const refused[] = {
    "cannot be null\n",
    "each item of 'handle' must be an object, not null\n",
    " is too large: it must fit into 64 bits\n",
    "'status_code' is a number or a placeholder; Caddy takes anything and fails on requests\n",
};

/* The findings without those. */
static struct str unexpected(struct arena *arena, struct str found)
{
    struct strbuf left = strbuf_in(arena);
    struct str line;
    while (found.len) {
        str_cut(found, STR("\n"), &line, &found);
        line = str_printf(arena, STR_FMT "\n", STR_ARG(line));
        bool is_known = false;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
            is_known |= str_has_suffix(line, str_from(refused[i]));
        if (!is_known)
            strbuf_add(&left, line);
    }
    return strbuf_str(&left);
}

static void test_corpus(void)
{
    DIR *folder = opendir("corpus/adapt");
    int n = 0;
    CHECK(folder != NULL);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct arena arena = ARENA_INIT;
        struct str source, json;
        if (entry->d_name[0] != '.' &&
            str_cut(read_whole(&arena, arena_printf(&arena, "corpus/adapt/%s", entry->d_name)),
                    STR("\n----------\n"), &source, &json) &&
            str_has_prefix(json, STR("{"))) {
            const char *name = arena_printf(&arena, "%s.json", entry->d_name);
            CHECK_STR(unexpected(&arena, findings(&arena, name, json)), "");
            n++;
        }
        arena_free(&arena);
    }
    if (folder)
        closedir(folder);
    CHECK(n > 50);
}

static const struct test tests[] = {
    {"tables", test_tables},
    {"values", test_values},
    {"corpus", test_corpus},
};

TESTS_MAIN(tests)
