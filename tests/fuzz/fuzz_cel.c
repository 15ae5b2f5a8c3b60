/* Any bytes as an expression: compiled, every problem has its place, and what is taken becomes
 * sound tables and is run, with placeholders that give values of many kinds. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cel/cel.h"
#include "json/document.h"
#include "native/layout.h"
#include "native/lower.h"
#include "proxy/expression.h"
#include "syntax/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cel_value placeholder(void *user, uint32_t template)
{
    struct cel_value values[] = {
        cel_string(STR("a/b,c é")),
        cel_int(-7),
        cel_uint(3),
        cel_double(2.5),
        cel_bool(true),
        cel_duration(1),
        cel_null(),
        cel_no_overload(),
        {.kind = CEL_TIMESTAMP, .i = 1700000000, .nanos = 5},
    };
    (void)user;
    return values[template % (sizeof(values) / sizeof(values[0]))];
}

static bool matches(void *user, uint32_t regexp, struct str text)
{
    (void)user;
    return (text.len + regexp) % 2;
}

static struct cel_value matches_pattern(void *user, struct str pattern, struct str text)
{
    (void)user;
    return pattern.len ? cel_bool(text.len > pattern.len) : cel_no_overload();
}

static struct cel_value matcher(void *user, uint32_t row)
{
    (void)user;
    return row % 3 == 2 ? cel_no_overload() : cel_bool(row % 2);
}

static void check_problems(const struct cel_expression *expression)
{
    for (size_t i = 0; i < expression->problems.n; i++) {
        const struct cel_problem *problem = &expression->problems.at[i];
        if (problem->begin > problem->end || problem->end > expression->text.len ||
            !*problem->message)
            abort();
    }
    if (!expression->root && expression->problems.n == 0)
        abort();
}

static struct str configuration(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    strbuf_puts(&out, "{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":[\":80\"],\"routes\":["
                      "{\"match\":[{\"expression\":{\"name\":\"n\",\"expr\":\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == '"' || c == '\\')
            strbuf_printf(&out, "\\u%04x", c);
        else
            strbuf_add_char(&out, (char)c);
    }
    strbuf_puts(&out, "\"}}]}]}}}}}");
    return strbuf_str(&out);
}

static void run(struct arena *arena, const struct dt_tables *tables)
{
    static const struct expression_host host = {placeholder, matches, matches_pattern, matcher};
    for (uint32_t i = 0; i < tables->n_matchers; i++) {
        if (tables->matchers[i].kind != DT_MATCHER_EXPRESSION)
            continue;
        struct cel_value value =
            expression_evaluate(tables, arena, &host, NULL, tables->matchers[i].rows.first);
        if (value.kind != CEL_BOOL && value.kind != CEL_ERROR)
            abort(); /* the types were checked */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct str text = str_make((const char *)data, size);
    check_problems(cel_compile(&arena, text));
    struct document document;
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    struct dt_tables tables;
    document_init(&document, &arena);
    struct source *source = source_add(&sources, STR("x"), configuration(&arena, text));
    struct lower_options options = {&sources, source->path};
    document.root = document_parse(&document, source, &diags);
    if (document.root && lower(&arena, &diags, &document, &options, &tables)) {
        if (!tables_are_sound(&tables))
            abort();
        run(&arena, &tables);
    }
    arena_free(&arena);
    return 0;
}
