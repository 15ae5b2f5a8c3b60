/* Functions of expressions that all types have: comparisons, arithmetic, conversions, sizes. The
 * form that is meant is found by the values, as cel-go finds it where a placeholder is among them.
 */
#include "proxy/expression.h"

static bool kind_is(enum cel_value_kind kind, char letter)
{
    static const char letters[N_CEL_VALUE_KINDS] = {
        [CEL_INT] = 'i',      [CEL_UINT] = 'u',      [CEL_DOUBLE] = 'd', [CEL_STRING] = 's',
        [CEL_BYTES] = 'y',    [CEL_BOOL] = 'b',      [CEL_LIST] = 'l',   [CEL_MAP] = 'm',
        [CEL_DURATION] = 'D', [CEL_TIMESTAMP] = 't',
    };
    return letter == '.' || letters[kind] == letter;
}

bool expression_args_are(const struct expression_call *call, const char *kinds)
{
    if (strlen(kinds) != call->n)
        return false;
    for (size_t i = 0; i < call->n; i++)
        if (!kind_is(call->args[i].kind, kinds[i]))
            return false;
    return true;
}

/* ---- comparisons ---- */

static struct cel_value run_equal(struct expression_call *call)
{
    return cel_bool(cel_equal(call->args[0], call->args[1], call->cost));
}

static struct cel_value run_not_equal(struct expression_call *call)
{
    return cel_bool(!cel_equal(call->args[0], call->args[1], call->cost));
}

/* <orders>: a bit for each order that makes it true. */
static struct cel_value in_order(struct expression_call *call, unsigned orders)
{
    enum cel_order order = cel_compare(call->args[0], call->args[1]);
    if (order == CEL_NO_ORDER)
        return cel_no_overload();
    return cel_bool(order != CEL_UNORDERED && (orders & (1u << (order + 1))));
}

static struct cel_value run_less(struct expression_call *call)
{
    return in_order(call, 1);
}

static struct cel_value run_less_equal(struct expression_call *call)
{
    return in_order(call, 1 | 2);
}

static struct cel_value run_greater(struct expression_call *call)
{
    return in_order(call, 4);
}

static struct cel_value run_greater_equal(struct expression_call *call)
{
    return in_order(call, 4 | 2);
}

static struct cel_value run_in(struct expression_call *call)
{
    struct cel_value in = call->args[1];
    if (in.kind == CEL_MAP)
        return cel_bool(cel_find(in, call->args[0], call->cost) != NULL);
    if (in.kind != CEL_LIST)
        return cel_no_overload();
    for (size_t i = 0; i < in.items.n; i++)
        if (cel_equal(in.items.at[i], call->args[0], call->cost))
            return cel_bool(true);
    return cel_bool(false);
}

static struct cel_value run_index(struct expression_call *call)
{
    return cel_index(call->arena, call->args[0], call->args[1], call->cost);
}

/* ---- arithmetic ---- */

#define ARITHMETIC(name, sign)                                                                     \
    static struct cel_value run_##name(struct expression_call *call)                               \
    {                                                                                              \
        return cel_arithmetic(call->arena, sign, call->args[0], call->args[1]);                    \
    }
ARITHMETIC(add, '+')
ARITHMETIC(subtract, '-')
ARITHMETIC(multiply, '*')
ARITHMETIC(divide, '/')
ARITHMETIC(modulo, '%')
#undef ARITHMETIC

static struct cel_value run_negate(struct expression_call *call)
{
    return cel_negate(call->arena, call->args[0]);
}

static struct cel_value run_not(struct expression_call *call)
{
    return call->args[0].kind == CEL_BOOL ? cel_bool(!call->args[0].b) : cel_no_overload();
}

/* ---- conversions ---- */

#define CONVERSION(name, to)                                                                       \
    static struct cel_value run_##name(struct expression_call *call)                               \
    {                                                                                              \
        return cel_convert(call->arena, call->args[0], to);                                        \
    }
CONVERSION(to_bool, CEL_BOOL)
CONVERSION(to_bytes, CEL_BYTES)
CONVERSION(to_double, CEL_DOUBLE)
CONVERSION(to_duration, CEL_DURATION)
CONVERSION(to_int, CEL_INT)
CONVERSION(to_string, CEL_STRING)
CONVERSION(to_timestamp, CEL_TIMESTAMP)
CONVERSION(to_uint, CEL_UINT)
CONVERSION(to_type, CEL_TYPE)
#undef CONVERSION

static struct cel_value run_dyn(struct expression_call *call)
{
    return call->args[0];
}

static struct cel_value run_size(struct expression_call *call)
{
    struct cel_value value = call->args[0];
    size_t n = 0, size;
    if (value.kind == CEL_LIST || value.kind == CEL_MAP)
        return cel_int((int64_t)value.items.n);
    if (value.kind == CEL_BYTES)
        return cel_int((int64_t)value.text.len);
    if (value.kind != CEL_STRING)
        return cel_no_overload();
    for (size_t at = 0; at < value.text.len; at += size, n++)
        utf8_decode(value.text, at, &size);
    return cel_int((int64_t)n);
}

/* ---- the tables ---- */

static const struct expression_function_row common[] = {
    {DT_FUNCTION_EQUAL, run_equal},
    {DT_FUNCTION_NOT_EQUAL, run_not_equal},
    {DT_FUNCTION_LESS, run_less},
    {DT_FUNCTION_LESS_EQUAL, run_less_equal},
    {DT_FUNCTION_GREATER, run_greater},
    {DT_FUNCTION_GREATER_EQUAL, run_greater_equal},
    {DT_FUNCTION_IN, run_in},
    {DT_FUNCTION_INDEX, run_index},
    {DT_FUNCTION_ADD, run_add},
    {DT_FUNCTION_SUBTRACT, run_subtract},
    {DT_FUNCTION_MULTIPLY, run_multiply},
    {DT_FUNCTION_DIVIDE, run_divide},
    {DT_FUNCTION_MODULO, run_modulo},
    {DT_FUNCTION_NEGATE, run_negate},
    {DT_FUNCTION_NOT, run_not},
    {DT_FUNCTION_SIZE, run_size},
    {DT_FUNCTION_TYPE, run_to_type},
    {DT_FUNCTION_DYN, run_dyn},
    {DT_FUNCTION_BOOL, run_to_bool},
    {DT_FUNCTION_BYTES, run_to_bytes},
    {DT_FUNCTION_DOUBLE, run_to_double},
    {DT_FUNCTION_DURATION, run_to_duration},
    {DT_FUNCTION_INT, run_to_int},
    {DT_FUNCTION_STRING, run_to_string},
    {DT_FUNCTION_TIMESTAMP, run_to_timestamp},
    {DT_FUNCTION_UINT, run_to_uint},
    {0},
};

expression_function *expression_function_of(enum dt_function number)
{
    static const struct expression_function_row *const tables[] = {
        common, expression_texts, expression_lists, expression_numbers, expression_times};
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        for (const struct expression_function_row *row = tables[i]; row->run; row++)
            if (row->number == number)
                return row->run;
    return NULL;
}
