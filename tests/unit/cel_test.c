/* What is an expression, where a mistake in one is, and what is worked out before it runs. */
#include "cel/cel.h"

#include "base/arena.h"
#include "test.h"

struct row {
    const char *text;
    const char *part; /* what the first problem is about; NULL: there is none */
    const char *message;
};

static void check_row(const struct row *row)
{
    struct arena arena = ARENA_INIT;
    const struct cel_expression *expression = cel_compile(&arena, str_from(row->text));
    size_t n = expression->problems.n;
    CHECK_INT(n != 0, row->part != NULL);
    if ((n != 0) != (row->part != NULL))
        fprintf(stderr, "    %s: %s\n", row->text, n ? expression->problems.at[0].message : "");
    if (n && row->part) {
        const struct cel_problem *problem = &expression->problems.at[0];
        CHECK_STR(str_slice(str_from(row->text), problem->begin, problem->end), row->part);
        CHECK_STR(str_from(problem->message), row->message);
    }
    arena_free(&arena);
}

#define CHECK_ROWS(rows)                                                                           \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)                                  \
    check_row(&(rows)[i])

static void test_grammar(void)
{
    static const struct row rows[] = {
        {"true", NULL, NULL},
        {"1 + 2 * 3 - 4 / 5 % 6 == 7 && !(8 < 9) || 'a' in ['b'] ? true : false", NULL, NULL},
        {"true ? false ? true : false : true", "?", "expected an operator or ':', found '?'"},
        {"true ? true : false ? true : false", NULL, NULL},
        {"- 1 == --1 && -9223372036854775808 < 0 && - -1 == 1", NULL, NULL},
        {"9223372036854775808 > 0", "9223372036854775808", "this number does not fit into 64 bits"},
        {"!-1 == 0", "!-1", "'!' does not go with int"},
        {"-!true", "!", "expected a value, found '!'"},
        {"[1, 2,] == [,] + [1, 2] || {,} == {} && {'a': 1,} == {'a': 1}", NULL, NULL},
        {"size([1], 2,) == 1", ")", "expected a value, found ')'"},
        {"1 == 1 // the rest is a comment ]", NULL, NULL},
        {"\"\"\"a\"b\nc\"\"\" == '''a\"b\nc''' && r'\\' == '\\\\' && b\"\\xff\" != B''", NULL,
         NULL},
        {"'\\u00e9\\U0001F600\\x41\\101' == ''", NULL, NULL},
        {"'\\ud800' == ''", "'\\ud800'", "an escape in this text is no character"},
        {"b'\\u0041' == b''", "b'\\u0041'", "\\u and \\U are not for bytes"},
        {"'a", "'a", "this text does not end, or has a backslash that means nothing"},
        {"'\\d' == ''", "'\\d' == ''",
         "this text does not end, or has a backslash that means nothing"},
        {"1 & 2 == 3", "&", "'&' means nothing in an expression"},
        {"", "", "the expression ends where a value is expected"},
        {"(1 == 1", "", "the expression ends where an operator or ')' is expected"},
        {"for == 1", "for", "'for' is a reserved word"},
        {"{'a': 1}.for == 1 && {'a b': 1}.`a b` == 1", NULL, NULL},
        {"{'a': 1}.true == 1", "true", "expected a value, found 'true'"},
        {".size([1]) == 1 && .math.ceil(1.5) == 2.0", NULL, NULL},
        {"1 == 1{}", "{", "'{' is not expected here"},
    };
    CHECK_ROWS(rows);
}

static void test_placeholders(void)
{
    static const struct row rows[] = {
        {"{http.request.uri} == '/'", NULL, NULL},
        {"[{a.b}, {c}] == []", "}", "expected an operator or ':', found '}'"},
        {"{aa}{bb} == 1", "}", "expected ':', found '}'"},
        {"'\\{http.request.uri}'.size() == 18 && {aa} == 1", NULL, NULL},
        {"\"{aa}\" == ''", "{aa}", "expected an operator or the end, found 'aa'"},
        {"'{aa}' == 'ph(req, \"aa\")'", NULL, NULL},
        {"ph(req, 'aa') == {aa} && {aa} == {bb}", NULL, NULL},
        {"ph({aa}, 'aa') == 1", NULL, NULL},
        {"ph('x', 'aa') == 1", "ph", "'ph' cannot be called with (string, string)"},
        {"{aa}.bb == 1 && {aa}[0] == {bb}['x'] && {aa} + 1 > {bb}", NULL, NULL},
        {"{aa}.exists(x, true)", "{aa}",
         "'exists' goes through lists and maps, this is a placeholder"},
        {"dyn({aa}).exists(x, true)", NULL, NULL},
        {"{aa}", "{aa}",
         "an expression must be a bool, this is a placeholder, which may be anything"},
    };
    CHECK_ROWS(rows);
}

static void test_types(void)
{
    static const struct row rows[] = {
        {"1 == 1.0", "1 == 1.0", "'==' does not go with int and double"},
        {"dyn(1) == 1.0 && [1, 'a'] == [2.0] && [] == [1] && {} == {'a': 1}", NULL, NULL},
        {"[1] == ['a']", "[1] == ['a']", "'==' does not go with list(int) and list(string)"},
        {"null == 1", "null == 1", "'==' does not go with null and int"},
        {"null == duration('1s') && req == null && null == null", NULL, NULL},
        {"1 < 2.5", "1 < 2.5", "'<' does not go with int and double"},
        {"[1].exists(x, true) && 1 < 2.5", NULL, NULL}, /* as cel-go has it */
        {"type(1) == int && type([]) == list && type(int) == type", NULL, NULL},
        {"type(google.protobuf.Timestamp) == type && type(timestamp(1)) != "
         "google.protobuf.Duration",
         NULL, NULL},
        {"x == 1", "x", "nothing here is called 'x'"},
        {"[1].all(x, x == 1) && x == 1", "x", "nothing here is called 'x'"},
        {"foo(1) == 1", "foo", "there is no function 'foo'"},
        {"'a'.size(1) == 1", "size", "'size' cannot be called on string with (int)"},
        {"math.ceil(1) == 1.0", "ceil", "'math.ceil' cannot be called with (int)"},
        {"math.least('a') == 1", "'a'", "this is no number"},
        {"lists.range(3) == [0, 1, 2] && strings.quote('a') != ''", NULL, NULL},
        {"'a' && true", "'a'", "&& needs bools on both sides, this is string"},
        {"1 ? true : false", "1 ? true : false",
         "?: needs a bool and two values of one type, not (int, bool, bool)"},
        {"cel.bind(x, 1, x + 1 == 2)", NULL, NULL},
        {"has('a')", "'a'", "has() asks for a field of something"},
        {"[3, 1].sortBy(x, -x) == [3, 1] && [[1]].sortBy(x, x) == []", "x",
         "'sortBy' cannot sort by list(int)"},
        {"'%d'.format([1]) == '1'", NULL, NULL},
        {"'%d'.format(['a']) == '1'", "'a'", "%d cannot show string"},
        {"'%d %d'.format([1]) == '1'", "[1]", "there are more % than values"},
        {"google.protobuf.Int64Value{value: 1} == 1", "google.protobuf.Int64Value{value: 1}",
         "the proxy core knows no messages in expressions"},
    };
    CHECK_ROWS(rows);
}

static void test_matchers(void)
{
    static const struct row rows[] = {
        {"path('/a', {aa}, '/' + {bb}) && method('GET') && host('a') && protocol('http')", NULL,
         NULL},
        {"header({'A': 'x', 'B': ['y', {aa}]}) && query({'a': '1'}) && vars({'x': ['1']})", NULL,
         NULL},
        {"path()", "path()", "the matcher needs an argument"},
        {"path(1)", "1", "arguments of a matcher must be constant texts"},
        {"header({'A': 1})", "1", "the values must be constant texts or lists of them"},
        {"header({1: 'A'})", "1", "the keys must be constant texts"},
        {"path_regexp('a', 'b', 'c')", "path_regexp", "there is no function 'path_regexp'"},
        {"path_regexp('n', '(')", "'('", "this is no regular expression: '(' is never closed"},
        {"path_regexp('n', '(' + ')')", NULL, NULL},
        {"remote_ip('10.0.0.0/8', '::1') && client_ip('10.0.0.1')", NULL, NULL},
        {"remote_ip('forwarded')", "'forwarded'", "'forwarded' is no longer taken"},
        {"file() && file('a', {aa}) && file({'try_files': ['a'], 'root': 'b'})", NULL, NULL},
        {"file({'tries': ['a']})", "{'tries': ['a']}", "this is no name of a file"},
        {"tls()", "tls", "there is no function 'tls'"},
    };
    CHECK_ROWS(rows);
}

static void test_constants(void)
{
    static const struct row rows[] = {
        {"int('x') == 1", "int('x')",
         "this cannot be worked out: type conversion error from 'string' to 'int'"},
        {"int('1' + 'x') == 1", NULL, NULL}, /* a sum is for the run time */
        {"uint(-1) == 1u", "uint(-1)", "this cannot be worked out: unsigned integer overflow"},
        {"duration('1d') == duration('24h')", "duration('1d')",
         "this cannot be worked out: type conversion error from 'string' to "
         "'google.protobuf.Duration'"},
        {"timestamp('2024-02-30T00:00:00Z') == timestamp(0)", "timestamp('2024-02-30T00:00:00Z')",
         "this cannot be worked out: invalid RFC 3339 timestamp \"2024-02-30T00:00:00Z\""},
        {"string(bytes('a')) == 'a' && 1 / 0 == 1", NULL, NULL},
        {"'a'.matches(string('['))", "string('[')",
         "this is no regular expression: '[' is never closed"},
    };
    CHECK_ROWS(rows);
}

static void test_depth(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    for (int i = 0; i < 5000; i++)
        strbuf_add_char(&text, '(');
    const struct cel_expression *expression = cel_compile(&arena, strbuf_str(&text));
    CHECK_INT(expression->n_wrong, 0);
    CHECK_INT(expression->problems.n, 1);
    text.len = 0;
    for (int i = 0; i < 3000; i++)
        strbuf_puts(&text, i ? " || true" : "true");
    CHECK_INT(cel_compile(&arena, strbuf_str(&text))->problems.n, 0);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"grammar", test_grammar},   {"placeholders", test_placeholders}, {"types", test_types},
    {"matchers", test_matchers}, {"constants", test_constants},       {"depth", test_depth},
};
TESTS_MAIN(tests)
