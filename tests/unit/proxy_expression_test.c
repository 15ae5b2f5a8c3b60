/* What expressions give at run time, from the text on, with placeholders that the test answers. */
#include "proxy/expression.h"

#include "base/arena.h"
#include "json/document.h"
#include "native/layout.h"
#include "native/lower.h"
#include "syntax/diag.h"
#include "test.h"

/* {http.vars.t} is a text, n a number, f a bool, all others are null. */
struct world {
    const struct dt_tables *tables;
};

static struct cel_value placeholder(void *user, uint32_t template)
{
    const struct dt_tables *tables = ((struct world *)user)->tables;
    const struct dt_template *row = &tables->templates[template];
    if (row->parts.n == 0 || tables->parts[row->parts.first].kind != DT_PART_VARIABLE)
        return cel_null();
    struct dt_text name = tables->variables[tables->parts[row->parts.first].number].name;
    switch (*dt_chars(tables, name)) {
    case 't':
        return cel_string(STR("text"));
    case 'n':
        return cel_double(5);
    case 'f':
        return cel_bool(true);
    }
    return cel_null();
}

static bool matches(void *user, uint32_t regexp, struct str text)
{
    (void)user;
    (void)regexp;
    return text.len > 2;
}

static struct cel_value matches_pattern(void *user, struct str pattern, struct str text)
{
    (void)user;
    return pattern.len ? cel_bool(text.len > pattern.len) : cel_no_overload();
}

static struct cel_value matcher(void *user, uint32_t row)
{
    const struct dt_tables *tables = ((struct world *)user)->tables;
    return cel_bool(tables->matchers[row].kind == DT_MATCHER_PATH);
}

static const struct expression_host host = {placeholder, matches, matches_pattern, matcher};

/* "true", "false", or the error. */
static struct str result_of(struct arena *arena, const char *text)
{
    struct document document;
    struct diags diags = diags_in(arena);
    struct sources sources = sources_in(arena, NULL);
    struct dt_tables tables;
    struct strbuf json = strbuf_in(arena);
    document_init(&document, arena);
    strbuf_puts(&json, "{\"apps\":{\"http\":{\"servers\":{\"s\":{\"listen\":[\":80\"],\"routes\":["
                       "{\"match\":[{\"expression\":\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_add_char(&json, '\\');
        strbuf_add_char(&json, *text);
    }
    strbuf_puts(&json, "\"}]}]}}}}}");
    struct source *source = source_add(&sources, STR("x"), strbuf_str(&json));
    struct lower_options options = {&sources, source->path};
    document.root = document_parse(&document, source, &diags);
    if (!document.root || !lower(arena, &diags, &document, &options, &tables))
        return STR("it does not compile");
    CHECK(tables_are_sound(&tables));
    struct world world = {&tables};
    const struct dt_matcher *row = &tables.matchers[tables.n_matchers - 1];
    for (uint32_t i = 0; i < tables.n_matchers; i++)
        if (tables.matchers[i].kind == DT_MATCHER_EXPRESSION)
            row = &tables.matchers[i];
    struct cel_value value = expression_evaluate(&tables, arena, &host, &world, row->rows.first);
    if (value.kind == CEL_ERROR)
        return value.text;
    return cel_is_true(value) ? STR("true") : STR("false");
}

static void check_results(const char *const (*rows)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena arena = ARENA_INIT;
        struct str got = result_of(&arena, rows[i][0]);
        if (!str_is(got, rows[i][1]))
            fprintf(stderr, "    %s\n", rows[i][0]);
        CHECK_STR(got, rows[i][1]);
        arena_free(&arena);
    }
}

#define CHECK_RESULTS(rows) check_results((rows), sizeof(rows) / sizeof((rows)[0]))

static void test_logic(void)
{
    static const char *const rows[][2] = {
        {"true && false", "false"},
        {"{http.vars.t} == 'text' && {http.vars.n} == 5 && {http.vars.f} == true", "true"},
        {"{http.vars.f} && true", "true"},
        {"{http.vars.t} && true", "no such overload"},
        {"{http.vars.t} && false", "false"},
        {"1 / 0 == 1 || true", "true"},
        {"false || 1 / 0 == 1", "division by zero"},
        {"!{http.vars.x}", "no such overload"},
        {"{http.vars.f} ? 1 == 1 : 1 / 0 == 1", "true"},
        {"{http.vars.x} == null", "true"},
        {"path('/a') && !method('GET')", "true"},
        {"path({http.vars.t})", "true"},
        {"path({http.vars.x})", "an argument of a matcher is no text"},
        {"'abc'.matches('x') && !'ab'.matches('x')", "true"},
        {"'abc'.matches({http.vars.t} + '')", "false"},
        {"'abcdefgh'.matches({http.vars.t}) && matches('abcde', string({http.vars.t}))", "true"},
        {"'abc'.matches({http.vars.x})", "no such overload"},
    };
    CHECK_RESULTS(rows);
}

static void test_loops(void)
{
    static const char *const rows[][2] = {
        {"[1, 0].exists(x, 1 / x == 1)", "true"},
        {"[0, 1].exists(x, 1 / x == 1)", "true"},
        {"[0, 1].all(x, 1 / x == 1)", "division by zero"},
        {"[0, 1].all(x, 1 / x == 2)", "false"},
        {"[1, 0].exists_one(x, 1 / x == 1)", "division by zero"},
        {"[1, 2, 3].map(x, x > 1, [x].map(y, x * y)) == [[4], [9]]", "true"},
        {"{'a': 1, 'b': 2}.filter(k, k == 'b') == ['b']", "true"},
        {"cel.bind(x, 1 / 0, true)", "true"},
        {"cel.bind(x, 2, cel.bind(y, x + 1, x * y)) == 6", "true"},
        {"[2, 3, 1].sortBy(x, -x) == [3, 2, 1]", "true"},
        {"[1, 2][{http.vars.n}] == 1", "index '5' out of range in list size '2'"},
        {"{'a': 1}.b == 1", "no such key: b"},
        {"has({'a': 1}.a) && !has({'a': 1}.b) && !has({http.vars.t}.b)", "true"},
        {"lists.range(1000).all(x, lists.range(1000).all(y, lists.range(1000).all(z, true)))",
         "the expression takes too long or too much memory"},
        {"lists.range(50).map(x, 'aaaaaaaaaaaaaaaa').join('').size() == 800", "true"},
        {"[1, 2, 3, 4, 5, 6, 7, 8, 9].map(a, 'xxxxxxxxxxxxxxxxxxxx'.replace('', "
         "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').replace('', "
         "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').replace('', "
         "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')).size() == 9",
         "the expression takes too long or too much memory"},
    };
    CHECK_RESULTS(rows);
}

static void test_values(void)
{
    static const char *const rows[][2] = {
        {"9223372036854775807 + 1 == 0", "integer overflow"},
        {"-9223372036854775808 / -1 == 0", "integer overflow"},
        {"0u - 1u == 0u", "unsigned integer overflow"},
        {"7 % 0 == 0", "modulus by zero"},
        {"dyn(1) == 1.0 && dyn(1u) == 1 && dyn(9007199254740993) == 9007199254740992.0", "true"},
        {"0.0 / 0.0 == 0.0 / 0.0 || 0.0 / 0.0 < 1.0", "false"},
        {"string(1e-7) == '1e-07' && string(0.0001) == '0.0001' && string(-1e6) == '-1e+06'",
         "true"},
        {"string(100000.0) == '100000' && string(1.0 / 0.0) == '+Inf'", "true"},
        {"string(duration('-1h0.5s')) == '-3600.5s'", "true"},
        {"string(timestamp('2000-01-01T00:00:00.120+01:00')) == '1999-12-31T23:00:00.12Z'", "true"},
        {"timestamp('0001-01-01T00:00:00Z') - duration('1ns') == timestamp(0)",
         "timestamp overflow"},
        {"timestamp('1969-12-31T23:59:59Z').getSeconds() == 59 && timestamp(-1).getDayOfWeek() == "
         "3",
         "true"},
        {"timestamp('2024-12-31T23:30:00Z').getFullYear('+01:00') == 2025", "true"},
        {"string(b'\\xff') == ''", "it does not compile"},
        {"string(b'\\xff' + b'') == ''", "invalid UTF-8 in bytes, cannot convert to string"},
        {"'é'.size() == 1 && b'é'.size() == 2 && '😀a'.substring(1) == 'a'", "true"},
        {"'abc'.substring(2, 1) == ''", "invalid substring range. start: 2, end: 1"},
        {"'%s %.1f %x'.format([{'b': [1, null]}, 2.25, 'hi']) == '{b: [1, null]} 2.2 6869'",
         "true"},
        {"'a,b'.split(',') == ['a', 'b'] && ''.split(',') == [''] && ''.split('') == []", "true"},
        {"'aaa'.replace('a', 'b', 2) == 'bba' && 'ab'.replace('', '-') == '-a-b-'", "true"},
        {"[1, [2, [3]]].flatten() == [1, 2, [3]] && [[1, [2]]].flatten(2) == [1, 2]", "true"},
        {"[3, 1, 2].sort() == [1, 2, 3] && [1, 1u, 1.0, 2].distinct() == [1, 2]", "true"},
        {"math.bitShiftLeft(1, 64) == 0 && math.bitShiftRight(-1, 60) == 15", "true"},
        {"{'a': 1, 'a': 2}.a == 2 && {1: 'x'}[dyn(1u)] == 'x'", "true"},
    };
    CHECK_RESULTS(rows);
}

static const struct test tests[] = {
    {"logic", test_logic},
    {"loops", test_loops},
    {"values", test_values},
};
TESTS_MAIN(tests)
