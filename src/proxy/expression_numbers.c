/* Functions of numbers: math.*. */
#include "proxy/expression.h"

#include <math.h>

static bool is_number(struct cel_value value)
{
    return value.kind == CEL_INT || value.kind == CEL_UINT || value.kind == CEL_DOUBLE;
}

/* The least (<wanted> is CEL_LESS) or the greatest of the arguments, or of the list that is one. */
static struct cel_value extreme(struct expression_call *call, enum cel_order wanted)
{
    const struct cel_value *at = call->args;
    size_t n = call->n;
    if (n == 1 && at->kind == CEL_LIST) {
        n = call->args[0].items.n;
        at = call->args[0].items.at;
        if (n == 0)
            return cel_error(call->arena, "an empty list has no least and no greatest number");
    }
    struct cel_value best = at[0];
    for (size_t i = 0; i < n; i++) {
        if (!is_number(at[i]))
            return cel_no_overload();
        enum cel_order order = i ? cel_compare(at[i], best) : CEL_SAME;
        if (order == CEL_UNORDERED)
            return cel_error(call->arena, "NaN values cannot be ordered");
        if (order == wanted)
            best = at[i];
    }
    *call->cost += n;
    return best;
}

static struct cel_value run_min(struct expression_call *call)
{
    return extreme(call, CEL_LESS);
}

static struct cel_value run_max(struct expression_call *call)
{
    return extreme(call, CEL_GREATER);
}

#define OF_DOUBLE(name, result)                                                                    \
    static struct cel_value run_##name(struct expression_call *call)                               \
    {                                                                                              \
        if (!expression_args_are(call, "d"))                                                       \
            return cel_no_overload();                                                              \
        double d = call->args[0].d;                                                                \
        return result;                                                                             \
    }
OF_DOUBLE(ceil, cel_double(ceil(d)))
OF_DOUBLE(floor, cel_double(floor(d)))
OF_DOUBLE(round, cel_double(round(d)))
OF_DOUBLE(trunc, cel_double(trunc(d)))
OF_DOUBLE(is_inf, cel_bool(isinf(d)))
OF_DOUBLE(is_nan, cel_bool(isnan(d)))
OF_DOUBLE(is_finite, cel_bool(isfinite(d)))
#undef OF_DOUBLE

static struct cel_value run_abs(struct expression_call *call)
{
    struct cel_value value = call->args[0];
    if (value.kind == CEL_DOUBLE)
        return cel_double(fabs(value.d));
    if (value.kind == CEL_INT && value.i < 0)
        return cel_negate(call->arena, value);
    return value.kind == CEL_INT || value.kind == CEL_UINT ? value : cel_no_overload();
}

static struct cel_value run_sign(struct expression_call *call)
{
    struct cel_value value = call->args[0];
    if (value.kind == CEL_DOUBLE)
        return isnan(value.d) ? value : cel_double(value.d > 0 ? 1 : value.d < 0 ? -1 : 0);
    if (value.kind == CEL_INT)
        return cel_int(value.i > 0 ? 1 : value.i < 0 ? -1 : 0);
    return value.kind == CEL_UINT ? cel_uint(value.u > 0) : cel_no_overload();
}

static struct cel_value run_sqrt(struct expression_call *call)
{
    struct cel_value value = cel_convert(call->arena, call->args[0], CEL_DOUBLE);
    return is_number(call->args[0]) ? cel_double(sqrt(value.d)) : cel_no_overload();
}

/* ---- bits ---- */

static bool are_bits(const struct expression_call *call)
{
    return expression_args_are(call, "ii") || expression_args_are(call, "uu");
}

static struct cel_value bits(struct expression_call *call, uint64_t value)
{
    struct cel_value result = call->args[0];
    result.u = value;
    return result;
}

static struct cel_value run_bit_and(struct expression_call *call)
{
    return are_bits(call) ? bits(call, call->args[0].u & call->args[1].u) : cel_no_overload();
}

static struct cel_value run_bit_or(struct expression_call *call)
{
    return are_bits(call) ? bits(call, call->args[0].u | call->args[1].u) : cel_no_overload();
}

static struct cel_value run_bit_xor(struct expression_call *call)
{
    return are_bits(call) ? bits(call, call->args[0].u ^ call->args[1].u) : cel_no_overload();
}

static struct cel_value run_bit_not(struct expression_call *call)
{
    return expression_args_are(call, "i") || expression_args_are(call, "u")
               ? bits(call, ~call->args[0].u)
               : cel_no_overload();
}

static struct cel_value shifted(struct expression_call *call, bool is_left)
{
    if (!expression_args_are(call, "ii") && !expression_args_are(call, "ui"))
        return cel_no_overload();
    int64_t n = call->args[1].i;
    uint64_t value = call->args[0].u;
    if (n < 0)
        return cel_error(call->arena, "negative offset: %lld", (long long)n);
    return bits(call, n > 63 ? 0 : is_left ? value << n : value >> n);
}

static struct cel_value run_bit_shift_left(struct expression_call *call)
{
    return shifted(call, true);
}

static struct cel_value run_bit_shift_right(struct expression_call *call)
{
    return shifted(call, false);
}

/* ---- the table ---- */

const struct expression_function_row expression_numbers[] = {
    {DT_FUNCTION_MIN, run_min},
    {DT_FUNCTION_MAX, run_max},
    {DT_FUNCTION_CEIL, run_ceil},
    {DT_FUNCTION_FLOOR, run_floor},
    {DT_FUNCTION_ROUND, run_round},
    {DT_FUNCTION_TRUNC, run_trunc},
    {DT_FUNCTION_IS_INF, run_is_inf},
    {DT_FUNCTION_IS_NAN, run_is_nan},
    {DT_FUNCTION_IS_FINITE, run_is_finite},
    {DT_FUNCTION_ABS, run_abs},
    {DT_FUNCTION_SIGN, run_sign},
    {DT_FUNCTION_SQRT, run_sqrt},
    {DT_FUNCTION_BIT_AND, run_bit_and},
    {DT_FUNCTION_BIT_OR, run_bit_or},
    {DT_FUNCTION_BIT_XOR, run_bit_xor},
    {DT_FUNCTION_BIT_NOT, run_bit_not},
    {DT_FUNCTION_BIT_SHIFT_LEFT, run_bit_shift_left},
    {DT_FUNCTION_BIT_SHIFT_RIGHT, run_bit_shift_right},
    {0},
};
