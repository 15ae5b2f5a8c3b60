/* The functions of expressions: the standard ones of cel-go, its extensions for texts, lists and
 * numbers, which Caddy switches on, and Caddy's own. */
#include "cel/cel_private.h"

#include "base/suggest.h"
#include "dialtone/tables.h"

/* ---- signatures ---- */

struct reading {
    struct cel_types *types;
    const char *at;
    const struct cel_type *variables[2]; /* A and B */
};

static const struct cel_type *read_type(struct reading *in);

static bool take(struct reading *in, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(in->at, word, n) != 0)
        return false;
    in->at += n;
    return true;
}

static const struct cel_type *read_plain(struct reading *in)
{
    static const struct {
        const char *name;
        enum cel_type_kind kind;
    } plain[] = {
        {"bool", CEL_TYPE_BOOL},     {"bytes", CEL_TYPE_BYTES},
        {"double", CEL_TYPE_DOUBLE}, {"duration", CEL_TYPE_DURATION},
        {"dyn", CEL_TYPE_DYN},       {"int", CEL_TYPE_INT},
        {"string", CEL_TYPE_STRING}, {"timestamp", CEL_TYPE_TIMESTAMP},
        {"uint", CEL_TYPE_UINT},     {"request", CEL_TYPE_REQUEST},
        {"any", CEL_TYPE_ANY},
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        if (take(in, plain[i].name))
            return cel_type_plain(plain[i].kind);
    return cel_type_plain(CEL_TYPE_ERROR);
}

static const struct cel_type *read_type(struct reading *in)
{
    for (int i = 0; i < 2; i++) {
        if (!take(in, i == 0 ? "A" : "B"))
            continue;
        if (!in->variables[i])
            in->variables[i] = cel_type_variable(in->types);
        return in->variables[i];
    }
    bool is_list = take(in, "list("), is_type = !is_list && take(in, "type(");
    if (is_list || is_type) {
        const struct cel_type *of = read_type(in);
        take(in, ")");
        return is_list ? cel_type_list(in->types, of) : cel_type_type(in->types, of);
    }
    if (!take(in, "map("))
        return read_plain(in);
    const struct cel_type *key = read_type(in);
    take(in, ", ");
    const struct cel_type *value = read_type(in);
    take(in, ")");
    return cel_type_map(in->types, key, value);
}

size_t cel_signature(struct cel_types *types, const struct cel_function *function,
                     const struct cel_type *out[CEL_MAX_ARGUMENTS + 2])
{
    struct reading in = {.types = types, .at = function->target};
    size_t n = 1;
    if (in.at)
        out[n++] = read_type(&in);
    for (size_t i = 0; i < CEL_MAX_ARGUMENTS && function->arguments[i]; i++) {
        in.at = function->arguments[i];
        out[n++] = read_type(&in);
    }
    in.at = function->result;
    out[0] = read_type(&in);
    return n;
}

/* ---- names ---- */

bool cel_function_is_known(struct str name)
{
    for (size_t i = 0; cel_functions[i].name; i++)
        if (str_is(name, cel_functions[i].name))
            return true;
    return false;
}

unsigned cel_function_number(const struct cel_function *function)
{
    return function->number;
}

struct str cel_function_suggestion(struct str name, bool is_member)
{
    struct suggestion suggestion = suggest_for(name);
    bool wants_target;
    for (size_t i = 0; cel_functions[i].name; i++) {
        struct str other = str_from(cel_functions[i].name);
        bool is_word = (other.ptr[0] | 0x20) >= 'a' && (other.ptr[0] | 0x20) <= 'z';
        if (is_word && str_index(other, '@') < 0 && is_member == (cel_functions[i].target != NULL))
            suggest_try(&suggestion, other);
    }
    for (size_t i = 0; cel_macro_name(i, &wants_target); i++)
        if (wants_target == is_member)
            suggest_try(&suggestion, str_from(cel_macro_name(i, &wants_target)));
    return suggestion.best;
}

/* ---- the table ---- */

/* clang-format off */
const struct cel_function cel_functions[] = {
    /* --- operators --- */
    {"_?_:_", NULL, {"bool", "A", "A"}, "A", 0, "one of two values"},
    {"_&&_", NULL, {"bool", "bool"}, "bool", 0, "both"},
    {"_||_", NULL, {"bool", "bool"}, "bool", 0, "one of them or both"},
    {"!_", NULL, {"bool"}, "bool", DT_FUNCTION_NOT, "the opposite"},
    {"_==_", NULL, {"A", "A"}, "bool", DT_FUNCTION_EQUAL, "equal"},
    {"_!=_", NULL, {"A", "A"}, "bool", DT_FUNCTION_NOT_EQUAL, "not equal"},
    {"_<_", NULL, {"bool", "bool"}, "bool", DT_FUNCTION_LESS, "less"},
    {"_<_", NULL, {"int", "int"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"uint", "uint"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"double", "double"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"string", "string"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"bytes", "bytes"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"timestamp", "timestamp"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<_", NULL, {"duration", "duration"}, "bool", DT_FUNCTION_LESS, NULL},
    {"_<=_", NULL, {"bool", "bool"}, "bool", DT_FUNCTION_LESS_EQUAL, "less or equal"},
    {"_<=_", NULL, {"int", "int"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"uint", "uint"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"double", "double"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"string", "string"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"bytes", "bytes"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"timestamp", "timestamp"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_<=_", NULL, {"duration", "duration"}, "bool", DT_FUNCTION_LESS_EQUAL, NULL},
    {"_>_", NULL, {"bool", "bool"}, "bool", DT_FUNCTION_GREATER, "greater"},
    {"_>_", NULL, {"int", "int"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"uint", "uint"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"double", "double"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"string", "string"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"bytes", "bytes"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"timestamp", "timestamp"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>_", NULL, {"duration", "duration"}, "bool", DT_FUNCTION_GREATER, NULL},
    {"_>=_", NULL, {"bool", "bool"}, "bool", DT_FUNCTION_GREATER_EQUAL, "greater or equal"},
    {"_>=_", NULL, {"int", "int"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"uint", "uint"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"double", "double"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"string", "string"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"bytes", "bytes"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"timestamp", "timestamp"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_>=_", NULL, {"duration", "duration"}, "bool", DT_FUNCTION_GREATER_EQUAL, NULL},
    {"_+_", NULL, {"bytes", "bytes"}, "bytes", DT_FUNCTION_ADD,
     "the sum, or both one behind the other"},
    {"_+_", NULL, {"double", "double"}, "double", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"duration", "duration"}, "duration", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"duration", "timestamp"}, "timestamp", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"timestamp", "duration"}, "timestamp", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"int", "int"}, "int", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"list(A)", "list(A)"}, "list(A)", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"string", "string"}, "string", DT_FUNCTION_ADD, NULL},
    {"_+_", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_ADD, NULL},
    {"_/_", NULL, {"double", "double"}, "double", DT_FUNCTION_DIVIDE, "the quotient"},
    {"_/_", NULL, {"int", "int"}, "int", DT_FUNCTION_DIVIDE, NULL},
    {"_/_", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_DIVIDE, NULL},
    {"_%_", NULL, {"int", "int"}, "int", DT_FUNCTION_MODULO, "what a division leaves"},
    {"_%_", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_MODULO, NULL},
    {"_*_", NULL, {"double", "double"}, "double", DT_FUNCTION_MULTIPLY, "the product"},
    {"_*_", NULL, {"int", "int"}, "int", DT_FUNCTION_MULTIPLY, NULL},
    {"_*_", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_MULTIPLY, NULL},
    {"-_", NULL, {"double"}, "double", DT_FUNCTION_NEGATE, "the negative"},
    {"-_", NULL, {"int"}, "int", DT_FUNCTION_NEGATE, NULL},
    {"_-_", NULL, {"double", "double"}, "double", DT_FUNCTION_SUBTRACT, "the difference"},
    {"_-_", NULL, {"duration", "duration"}, "duration", DT_FUNCTION_SUBTRACT, NULL},
    {"_-_", NULL, {"int", "int"}, "int", DT_FUNCTION_SUBTRACT, NULL},
    {"_-_", NULL, {"timestamp", "duration"}, "timestamp", DT_FUNCTION_SUBTRACT, NULL},
    {"_-_", NULL, {"timestamp", "timestamp"}, "duration", DT_FUNCTION_SUBTRACT, NULL},
    {"_-_", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_SUBTRACT, NULL},
    {"_[_]", NULL, {"list(A)", "int"}, "A", DT_FUNCTION_INDEX, "an element by its index"},
    {"_[_]", NULL, {"map(A, B)", "A"}, "B", DT_FUNCTION_INDEX, NULL},
    {"@in", NULL, {"A", "list(A)"}, "bool", DT_FUNCTION_IN,
     "whether it is in the list, or a key of the map"},
    {"@in", NULL, {"A", "map(A, B)"}, "bool", DT_FUNCTION_IN, NULL},
    /* --- conversions --- */
    {"size", NULL, {"bytes"}, "int", DT_FUNCTION_SIZE, "how many elements or characters it has"},
    {"size", "bytes", {NULL}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", NULL, {"list(A)"}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", "list(A)", {NULL}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", NULL, {"map(A, B)"}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", "map(A, B)", {NULL}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", NULL, {"string"}, "int", DT_FUNCTION_SIZE, NULL},
    {"size", "string", {NULL}, "int", DT_FUNCTION_SIZE, NULL},
    {"type", NULL, {"A"}, "type(A)", DT_FUNCTION_TYPE, "the type of a value"},
    {"dyn", NULL, {"A"}, "dyn", DT_FUNCTION_DYN, "the value without its type"},
    {"bool", NULL, {"bool"}, "bool", DT_FUNCTION_BOOL, "makes a bool of it"},
    {"bool", NULL, {"string"}, "bool", DT_FUNCTION_BOOL, NULL},
    {"bytes", NULL, {"bytes"}, "bytes", DT_FUNCTION_BYTES, "makes a bytes of it"},
    {"bytes", NULL, {"string"}, "bytes", DT_FUNCTION_BYTES, NULL},
    {"double", NULL, {"double"}, "double", DT_FUNCTION_DOUBLE, "makes a double of it"},
    {"double", NULL, {"int"}, "double", DT_FUNCTION_DOUBLE, NULL},
    {"double", NULL, {"string"}, "double", DT_FUNCTION_DOUBLE, NULL},
    {"double", NULL, {"uint"}, "double", DT_FUNCTION_DOUBLE, NULL},
    {"duration", NULL, {"duration"}, "duration", DT_FUNCTION_DURATION, "makes a duration of it"},
    {"duration", NULL, {"string"}, "duration", DT_FUNCTION_DURATION, NULL},
    {"int", NULL, {"int"}, "int", DT_FUNCTION_INT, "makes a int of it"},
    {"int", NULL, {"double"}, "int", DT_FUNCTION_INT, NULL},
    {"int", NULL, {"duration"}, "int", DT_FUNCTION_INT, NULL},
    {"int", NULL, {"string"}, "int", DT_FUNCTION_INT, NULL},
    {"int", NULL, {"timestamp"}, "int", DT_FUNCTION_INT, NULL},
    {"int", NULL, {"uint"}, "int", DT_FUNCTION_INT, NULL},
    {"string", NULL, {"string"}, "string", DT_FUNCTION_STRING, "makes a string of it"},
    {"string", NULL, {"bool"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"bytes"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"double"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"duration"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"int"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"timestamp"}, "string", DT_FUNCTION_STRING, NULL},
    {"string", NULL, {"uint"}, "string", DT_FUNCTION_STRING, NULL},
    {"timestamp", NULL, {"timestamp"}, "timestamp", DT_FUNCTION_TIMESTAMP,
     "makes a timestamp of it"},
    {"timestamp", NULL, {"int"}, "timestamp", DT_FUNCTION_TIMESTAMP, NULL},
    {"timestamp", NULL, {"string"}, "timestamp", DT_FUNCTION_TIMESTAMP, NULL},
    {"uint", NULL, {"uint"}, "uint", DT_FUNCTION_UINT, "makes a uint of it"},
    {"uint", NULL, {"double"}, "uint", DT_FUNCTION_UINT, NULL},
    {"uint", NULL, {"int"}, "uint", DT_FUNCTION_UINT, NULL},
    {"uint", NULL, {"string"}, "uint", DT_FUNCTION_UINT, NULL},
    /* --- texts --- */
    {"contains", "string", {"string"}, "bool", DT_FUNCTION_CONTAINS, "whether the other is in it"},
    {"endsWith", "string", {"string"}, "bool", DT_FUNCTION_ENDS_WITH, "whether it ends so"},
    {"startsWith", "string", {"string"}, "bool", DT_FUNCTION_STARTS_WITH, "whether it begins so"},
    {"matches", NULL, {"string", "string"}, "bool", DT_FUNCTION_MATCHES,
     "whether the regular expression matches somewhere in it"},
    {"matches", "string", {"string"}, "bool", DT_FUNCTION_MATCHES, NULL},
    {"charAt", "string", {"int"}, "string", DT_FUNCTION_CHAR_AT, "the character there"},
    {"indexOf", "string", {"string"}, "int", DT_FUNCTION_INDEX_OF,
     "where the other begins in it, or -1"},
    {"indexOf", "string", {"string", "int"}, "int", DT_FUNCTION_INDEX_OF, NULL},
    {"lastIndexOf", "string", {"string"}, "int", DT_FUNCTION_LAST_INDEX_OF,
     "where the other begins last, or -1"},
    {"lastIndexOf", "string", {"string", "int"}, "int", DT_FUNCTION_LAST_INDEX_OF, NULL},
    {"join", "list(string)", {NULL}, "string", DT_FUNCTION_JOIN, "the texts in one"},
    {"join", "list(string)", {"string"}, "string", DT_FUNCTION_JOIN, NULL},
    {"lowerAscii", "string", {NULL}, "string", DT_FUNCTION_LOWER_ASCII, "A to Z as a to z"},
    {"upperAscii", "string", {NULL}, "string", DT_FUNCTION_UPPER_ASCII, "a to z as A to Z"},
    {"replace", "string", {"string", "string"}, "string", DT_FUNCTION_REPLACE,
     "with one text instead of another"},
    {"replace", "string", {"string", "string", "int"}, "string", DT_FUNCTION_REPLACE, NULL},
    {"split", "string", {"string"}, "list(string)", DT_FUNCTION_SPLIT, "cut at the separator"},
    {"split", "string", {"string", "int"}, "list(string)", DT_FUNCTION_SPLIT, NULL},
    {"substring", "string", {"int"}, "string", DT_FUNCTION_SUBSTRING,
     "a part, from character to character"},
    {"substring", "string", {"int", "int"}, "string", DT_FUNCTION_SUBSTRING, NULL},
    {"trim", "string", {NULL}, "string", DT_FUNCTION_TRIM, "without white space at its ends"},
    {"reverse", "string", {NULL}, "string", DT_FUNCTION_REVERSE, "backwards"},
    {"reverse", "list(A)", {NULL}, "list(A)", DT_FUNCTION_REVERSE, NULL},
    {"format", "string", {"list(dyn)"}, "string", DT_FUNCTION_FORMAT,
     "with values instead of %s, %d, %f …"},
    {"strings.quote", NULL, {"string"}, "string", DT_FUNCTION_QUOTE,
     "in quotes, as it would be written"},
    /* --- lists --- */
    {"slice", "list(A)", {"int", "int"}, "list(A)", DT_FUNCTION_SLICE, "a part of the list"},
    {"flatten", "list(list(A))", {NULL}, "list(A)", DT_FUNCTION_FLATTEN,
     "lists in it as their elements"},
    {"flatten", "list(dyn)", {"int"}, "list(dyn)", DT_FUNCTION_FLATTEN, NULL},
    {"sort", "list(int)", {NULL}, "list(int)", DT_FUNCTION_SORT, "in order"},
    {"sort", "list(uint)", {NULL}, "list(uint)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(double)", {NULL}, "list(double)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(bool)", {NULL}, "list(bool)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(duration)", {NULL}, "list(duration)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(timestamp)", {NULL}, "list(timestamp)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(string)", {NULL}, "list(string)", DT_FUNCTION_SORT, NULL},
    {"sort", "list(bytes)", {NULL}, "list(bytes)", DT_FUNCTION_SORT, NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(int)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     "in the order of keys"},
    {"@sortByAssociatedKeys", "list(A)", {"list(uint)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS, NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(double)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(bool)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS, NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(duration)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(timestamp)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(string)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     NULL},
    {"@sortByAssociatedKeys", "list(A)", {"list(bytes)"}, "list(A)", DT_FUNCTION_SORT_BY_KEYS,
     NULL},
    {"lists.range", NULL, {"int"}, "list(int)", DT_FUNCTION_RANGE,
     "the numbers from 0 up to this one"},
    {"distinct", "list(A)", {NULL}, "list(A)", DT_FUNCTION_DISTINCT, "each element once"},
    /* --- numbers --- */
    {"math.@min", NULL, {"double"}, "double", DT_FUNCTION_MIN, "the least number"},
    {"math.@min", NULL, {"int"}, "int", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"uint"}, "uint", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"double", "double"}, "double", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"int", "int"}, "int", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"double", "int"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"double", "uint"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"int", "double"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"int", "uint"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"uint", "double"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"uint", "int"}, "dyn", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"list(double)"}, "double", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"list(int)"}, "int", DT_FUNCTION_MIN, NULL},
    {"math.@min", NULL, {"list(uint)"}, "uint", DT_FUNCTION_MIN, NULL},
    {"math.@max", NULL, {"double"}, "double", DT_FUNCTION_MAX, "the greatest number"},
    {"math.@max", NULL, {"int"}, "int", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"uint"}, "uint", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"double", "double"}, "double", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"int", "int"}, "int", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"double", "int"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"double", "uint"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"int", "double"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"int", "uint"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"uint", "double"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"uint", "int"}, "dyn", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"list(double)"}, "double", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"list(int)"}, "int", DT_FUNCTION_MAX, NULL},
    {"math.@max", NULL, {"list(uint)"}, "uint", DT_FUNCTION_MAX, NULL},
    {"math.ceil", NULL, {"double"}, "double", DT_FUNCTION_CEIL, "rounded up"},
    {"math.floor", NULL, {"double"}, "double", DT_FUNCTION_FLOOR, "rounded down"},
    {"math.round", NULL, {"double"}, "double", DT_FUNCTION_ROUND, "rounded"},
    {"math.trunc", NULL, {"double"}, "double", DT_FUNCTION_TRUNC, "without its fraction"},
    {"math.isInf", NULL, {"double"}, "bool", DT_FUNCTION_IS_INF, "whether it is infinite"},
    {"math.isNaN", NULL, {"double"}, "bool", DT_FUNCTION_IS_NAN, "whether it is no number"},
    {"math.isFinite", NULL, {"double"}, "bool", DT_FUNCTION_IS_FINITE, "whether it is finite"},
    {"math.abs", NULL, {"double"}, "double", DT_FUNCTION_ABS, "without its sign"},
    {"math.abs", NULL, {"int"}, "int", DT_FUNCTION_ABS, NULL},
    {"math.abs", NULL, {"uint"}, "uint", DT_FUNCTION_ABS, NULL},
    {"math.sign", NULL, {"double"}, "double", DT_FUNCTION_SIGN, "-1, 0 or 1"},
    {"math.sign", NULL, {"int"}, "int", DT_FUNCTION_SIGN, NULL},
    {"math.sign", NULL, {"uint"}, "uint", DT_FUNCTION_SIGN, NULL},
    {"math.bitAnd", NULL, {"int", "int"}, "int", DT_FUNCTION_BIT_AND, "bits in both"},
    {"math.bitAnd", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_BIT_AND, NULL},
    {"math.bitOr", NULL, {"int", "int"}, "int", DT_FUNCTION_BIT_OR, "bits in one of them"},
    {"math.bitOr", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_BIT_OR, NULL},
    {"math.bitXor", NULL, {"int", "int"}, "int", DT_FUNCTION_BIT_XOR, "bits in only one of them"},
    {"math.bitXor", NULL, {"uint", "uint"}, "uint", DT_FUNCTION_BIT_XOR, NULL},
    {"math.bitNot", NULL, {"int"}, "int", DT_FUNCTION_BIT_NOT, "all bits inverted"},
    {"math.bitNot", NULL, {"uint"}, "uint", DT_FUNCTION_BIT_NOT, NULL},
    {"math.bitShiftLeft", NULL, {"int", "int"}, "int", DT_FUNCTION_BIT_SHIFT_LEFT, "bits moved up"},
    {"math.bitShiftLeft", NULL, {"uint", "int"}, "uint", DT_FUNCTION_BIT_SHIFT_LEFT, NULL},
    {"math.bitShiftRight", NULL, {"int", "int"}, "int", DT_FUNCTION_BIT_SHIFT_RIGHT,
     "bits moved down"},
    {"math.bitShiftRight", NULL, {"uint", "int"}, "uint", DT_FUNCTION_BIT_SHIFT_RIGHT, NULL},
    {"math.sqrt", NULL, {"double"}, "double", DT_FUNCTION_SQRT, "the square root"},
    {"math.sqrt", NULL, {"int"}, "double", DT_FUNCTION_SQRT, NULL},
    {"math.sqrt", NULL, {"uint"}, "double", DT_FUNCTION_SQRT, NULL},
    /* --- times --- */
    {"getFullYear", "timestamp", {NULL}, "int", DT_FUNCTION_FULL_YEAR, "the year"},
    {"getFullYear", "timestamp", {"string"}, "int", DT_FUNCTION_FULL_YEAR, NULL},
    {"getMonth", "timestamp", {NULL}, "int", DT_FUNCTION_MONTH, "the month, from 0"},
    {"getMonth", "timestamp", {"string"}, "int", DT_FUNCTION_MONTH, NULL},
    {"getDayOfYear", "timestamp", {NULL}, "int", DT_FUNCTION_DAY_OF_YEAR,
     "the day of the year, from 0"},
    {"getDayOfYear", "timestamp", {"string"}, "int", DT_FUNCTION_DAY_OF_YEAR, NULL},
    {"getDayOfMonth", "timestamp", {NULL}, "int", DT_FUNCTION_DAY_OF_MONTH,
     "the day of the month, from 0"},
    {"getDayOfMonth", "timestamp", {"string"}, "int", DT_FUNCTION_DAY_OF_MONTH, NULL},
    {"getDate", "timestamp", {NULL}, "int", DT_FUNCTION_DATE, "the day of the month, from 1"},
    {"getDate", "timestamp", {"string"}, "int", DT_FUNCTION_DATE, NULL},
    {"getDayOfWeek", "timestamp", {NULL}, "int", DT_FUNCTION_DAY_OF_WEEK,
     "the day of the week, from 0 for Sunday"},
    {"getDayOfWeek", "timestamp", {"string"}, "int", DT_FUNCTION_DAY_OF_WEEK, NULL},
    {"getHours", "timestamp", {NULL}, "int", DT_FUNCTION_HOURS, "the hour, or how many"},
    {"getHours", "timestamp", {"string"}, "int", DT_FUNCTION_HOURS, NULL},
    {"getHours", "duration", {NULL}, "int", DT_FUNCTION_HOURS, NULL},
    {"getMinutes", "timestamp", {NULL}, "int", DT_FUNCTION_MINUTES, "the minute, or how many"},
    {"getMinutes", "timestamp", {"string"}, "int", DT_FUNCTION_MINUTES, NULL},
    {"getMinutes", "duration", {NULL}, "int", DT_FUNCTION_MINUTES, NULL},
    {"getSeconds", "timestamp", {NULL}, "int", DT_FUNCTION_SECONDS, "the second, or how many"},
    {"getSeconds", "timestamp", {"string"}, "int", DT_FUNCTION_SECONDS, NULL},
    {"getSeconds", "duration", {NULL}, "int", DT_FUNCTION_SECONDS, NULL},
    {"getMilliseconds", "timestamp", {NULL}, "int", DT_FUNCTION_MILLISECONDS, "the milliseconds"},
    {"getMilliseconds", "timestamp", {"string"}, "int", DT_FUNCTION_MILLISECONDS, NULL},
    {"getMilliseconds", "duration", {NULL}, "int", DT_FUNCTION_MILLISECONDS, NULL},
    /* --- Caddy's --- */
    {"ph", NULL, {"request", "string"}, "any", 0, "the value of a placeholder"},
    {.name = NULL},
};
/* clang-format on */
