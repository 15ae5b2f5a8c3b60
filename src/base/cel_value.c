/* Values of expressions: equality, order, arithmetic, and what is in lists and maps. */
#include "base/cel_value.h"

#include "base/arena.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct cel_value cel_list(const struct cel_value *at, size_t n)
{
    struct cel_value list = {.kind = CEL_LIST};
    list.items.at = at;
    list.items.n = n;
    return list;
}

struct cel_value cel_error(struct arena *arena, const char *format, ...)
{
    struct strbuf out = strbuf_in(arena);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&out, format, args);
    va_end(args);
    return (struct cel_value){.kind = CEL_ERROR, .text = strbuf_str(&out)};
}

struct cel_value cel_no_overload(void)
{
    return (struct cel_value){.kind = CEL_ERROR, .text = STR("no such overload")};
}

struct str cel_type_name(struct cel_value value)
{
    static const struct str names[N_CEL_VALUE_KINDS] = {
        [CEL_ERROR] = STR_INIT("error"),
        [CEL_NULL] = STR_INIT("null_type"),
        [CEL_BOOL] = STR_INIT("bool"),
        [CEL_INT] = STR_INIT("int"),
        [CEL_UINT] = STR_INIT("uint"),
        [CEL_DOUBLE] = STR_INIT("double"),
        [CEL_STRING] = STR_INIT("string"),
        [CEL_BYTES] = STR_INIT("bytes"),
        [CEL_LIST] = STR_INIT("list"),
        [CEL_MAP] = STR_INIT("map"),
        [CEL_DURATION] = STR_INIT("google.protobuf.Duration"),
        [CEL_TIMESTAMP] = STR_INIT("google.protobuf.Timestamp"),
        [CEL_TYPE] = STR_INIT("type"),
        [CEL_REQUEST] = STR_INIT("http.Request"),
        [CEL_NAME] = STR_INIT("pkix.Name"),
    };
    return names[value.kind];
}

/* ---- order ---- */

static enum cel_order order_of(bool less, bool greater)
{
    return less ? CEL_LESS : greater ? CEL_GREATER : CEL_SAME;
}

static enum cel_order compare_doubles(double a, double b)
{
    return isnan(a) || isnan(b) ? CEL_UNORDERED : order_of(a<b, a> b);
}

static enum cel_order reversed(enum cel_order order)
{
    return order == CEL_LESS ? CEL_GREATER : order == CEL_GREATER ? CEL_LESS : order;
}

static enum cel_order compare_int_uint(int64_t i, uint64_t u)
{
    if (i < 0 || u > INT64_MAX)
        return CEL_LESS;
    return order_of((uint64_t)i<u, (uint64_t)i> u);
}

/* cel-go compares as doubles what is in range, so large neighbours are the same. */
static enum cel_order compare_double_int(double d, int64_t i)
{
    return d < -0x1p63 ? CEL_LESS : d > 0x1p63 ? CEL_GREATER : compare_doubles(d, (double)i);
}

static enum cel_order compare_double_uint(double d, uint64_t u)
{
    return d < 0 ? CEL_LESS : d > 0x1p64 ? CEL_GREATER : compare_doubles(d, (double)u);
}

static bool is_number(struct cel_value value)
{
    return value.kind == CEL_INT || value.kind == CEL_UINT || value.kind == CEL_DOUBLE;
}

static enum cel_order compare_numbers(struct cel_value a, struct cel_value b)
{
    if (a.kind == CEL_DOUBLE)
        return b.kind == CEL_DOUBLE ? compare_doubles(a.d, b.d)
               : b.kind == CEL_INT  ? compare_double_int(a.d, b.i)
                                    : compare_double_uint(a.d, b.u);
    if (b.kind == CEL_DOUBLE)
        return reversed(compare_numbers(b, a));
    if (a.kind == CEL_INT)
        return b.kind == CEL_INT ? order_of(a.i<b.i, a.i> b.i) : compare_int_uint(a.i, b.u);
    return b.kind == CEL_UINT ? order_of(a.u<b.u, a.u> b.u) : reversed(compare_int_uint(b.i, a.u));
}

enum cel_order cel_compare(struct cel_value a, struct cel_value b)
{
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b);
    if (a.kind != b.kind)
        return CEL_NO_ORDER;
    switch (a.kind) {
    case CEL_BOOL:
        return order_of(a.b<b.b, a.b> b.b);
    case CEL_STRING:
    case CEL_BYTES: {
        int order = str_compare(a.text, b.text);
        return order_of(order<0, order> 0);
    }
    case CEL_DURATION:
        return order_of(a.i<b.i, a.i> b.i);
    case CEL_TIMESTAMP:
        return order_of(a.i < b.i || (a.i == b.i && a.nanos < b.nanos),
                        a.i > b.i || (a.i == b.i && a.nanos > b.nanos));
    case CEL_ERROR:
    case CEL_NULL:
    case CEL_INT:
    case CEL_UINT:
    case CEL_DOUBLE:
    case CEL_LIST:
    case CEL_MAP:
    case CEL_TYPE:
    case CEL_REQUEST:
    case CEL_NAME:
    case N_CEL_VALUE_KINDS:
        break;
    }
    return CEL_NO_ORDER;
}

/* ---- equality ---- */

static bool lists_equal(struct cel_value a, struct cel_value b, uint64_t *cost)
{
    if (a.items.n != b.items.n)
        return false;
    for (size_t i = 0; i < a.items.n; i++)
        if (!cel_equal(a.items.at[i], b.items.at[i], cost))
            return false;
    return true;
}

static bool maps_equal(struct cel_value a, struct cel_value b, uint64_t *cost)
{
    if (a.items.n != b.items.n)
        return false;
    for (size_t i = 0; i < a.items.n; i++) {
        const struct cel_value *other = cel_find(b, a.items.at[2 * i], cost);
        if (!other || !cel_equal(a.items.at[2 * i + 1], *other, cost))
            return false;
    }
    return true;
}

bool cel_equal(struct cel_value a, struct cel_value b, uint64_t *cost)
{
    ++*cost;
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b) == CEL_SAME;
    if (a.kind == CEL_NAME && b.kind == CEL_STRING) /* not the other way round */
        return str_eq(a.text, b.text);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case CEL_NULL:
    case CEL_REQUEST:
        return true;
    case CEL_NAME:
    case CEL_STRING:
    case CEL_BYTES:
    case CEL_TYPE:
        return str_eq(a.text, b.text);
    case CEL_LIST:
        return lists_equal(a, b, cost);
    case CEL_MAP:
        return maps_equal(a, b, cost);
    case CEL_BOOL:
    case CEL_INT:
    case CEL_UINT:
    case CEL_DOUBLE:
    case CEL_DURATION:
    case CEL_TIMESTAMP:
        return cel_compare(a, b) == CEL_SAME;
    case CEL_ERROR:
    case N_CEL_VALUE_KINDS:
        break;
    }
    return false;
}

/* ---- arithmetic ---- */

static struct cel_value overflow(const char *what)
{
    return (struct cel_value){.kind = CEL_ERROR, .text = str_from(what)};
}

static const char int_overflow[] = "integer overflow";
static const char uint_overflow[] = "unsigned integer overflow";
static const char duration_overflow[] = "duration overflow";
static const char timestamp_overflow[] = "timestamp overflow";

static struct cel_value int_arithmetic(char sign, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool fails = false;
    if ((sign == '/' || sign == '%') && b == 0)
        return overflow(sign == '/' ? "division by zero" : "modulus by zero");
    if ((sign == '/' || sign == '%') && a == INT64_MIN && b == -1)
        return overflow(int_overflow);
    switch (sign) {
    case '+':
        fails = __builtin_add_overflow(a, b, &result);
        break;
    case '-':
        fails = __builtin_sub_overflow(a, b, &result);
        break;
    case '*':
        fails = __builtin_mul_overflow(a, b, &result);
        break;
    case '/':
        result = a / b;
        break;
    case '%':
        result = a % b;
        break;
    }
    return fails ? overflow(int_overflow) : cel_int(result);
}

static struct cel_value uint_arithmetic(char sign, uint64_t a, uint64_t b)
{
    uint64_t result = 0;
    bool fails = false;
    if ((sign == '/' || sign == '%') && b == 0)
        return overflow(sign == '/' ? "division by zero" : "modulus by zero");
    switch (sign) {
    case '+':
        fails = __builtin_add_overflow(a, b, &result);
        break;
    case '-':
        fails = __builtin_sub_overflow(a, b, &result);
        break;
    case '*':
        fails = __builtin_mul_overflow(a, b, &result);
        break;
    case '/':
        result = a / b;
        break;
    case '%':
        result = a % b;
        break;
    }
    return fails ? overflow(uint_overflow) : cel_uint(result);
}

static struct cel_value double_arithmetic(char sign, double a, double b)
{
    switch (sign) {
    case '+':
        return cel_double(a + b);
    case '-':
        return cel_double(a - b);
    case '*':
        return cel_double(a * b);
    case '/':
        return cel_double(a / b);
    }
    return cel_no_overload();
}

enum { NANOS = 1000000000 };

/* The time <ns> later. */
static struct cel_value shifted(struct cel_value time, int64_t ns)
{
    int64_t nanos = (int64_t)time.nanos + ns % NANOS;
    int64_t seconds = time.i + ns / NANOS;
    if (nanos < 0 || nanos >= NANOS) {
        seconds += nanos < 0 ? -1 : 1;
        nanos += nanos < 0 ? NANOS : -NANOS;
    }
    if (!cel_timestamp_in_range(seconds))
        return overflow(timestamp_overflow);
    return (struct cel_value){.kind = CEL_TIMESTAMP, .i = seconds, .nanos = (uint32_t)nanos};
}

static struct cel_value time_arithmetic(char sign, struct cel_value a, struct cel_value b)
{
    int64_t result;
    if (a.kind == CEL_DURATION && b.kind == CEL_DURATION) {
        bool fails = sign == '+' ? __builtin_add_overflow(a.i, b.i, &result)
                                 : __builtin_sub_overflow(a.i, b.i, &result);
        return fails ? overflow(duration_overflow) : cel_duration(result);
    }
    if (a.kind == CEL_TIMESTAMP && b.kind == CEL_DURATION) {
        if (sign == '-' && b.i == INT64_MIN)
            return overflow(duration_overflow);
        return shifted(a, sign == '+' ? b.i : -b.i);
    }
    if (sign == '+' && a.kind == CEL_DURATION && b.kind == CEL_TIMESTAMP)
        return shifted(b, a.i);
    if (sign == '-' && a.kind == CEL_TIMESTAMP && b.kind == CEL_TIMESTAMP) {
        int64_t seconds = a.i - b.i, nanos = (int64_t)a.nanos - (int64_t)b.nanos;
        if (__builtin_mul_overflow(seconds, (int64_t)NANOS, &result) ||
            __builtin_add_overflow(result, nanos, &result))
            return overflow(duration_overflow);
        return cel_duration(result);
    }
    return cel_no_overload();
}

static struct cel_value joined_lists(struct arena *arena, struct cel_value a, struct cel_value b)
{
    struct cel_value *all = arena_array(arena, struct cel_value, a.items.n + b.items.n + 1);
    if (a.items.n)
        memcpy(all, a.items.at, a.items.n * sizeof(*all));
    if (b.items.n)
        memcpy(all + a.items.n, b.items.at, b.items.n * sizeof(*all));
    return cel_list(all, a.items.n + b.items.n);
}

struct cel_value cel_arithmetic(struct arena *arena, char sign, struct cel_value a,
                                struct cel_value b)
{
    bool is_time = a.kind == CEL_DURATION || a.kind == CEL_TIMESTAMP;
    if (is_time && (sign == '+' || sign == '-'))
        return time_arithmetic(sign, a, b);
    if (a.kind != b.kind)
        return cel_no_overload();
    if (a.kind == CEL_INT)
        return int_arithmetic(sign, a.i, b.i);
    if (a.kind == CEL_UINT)
        return uint_arithmetic(sign, a.u, b.u);
    if (a.kind == CEL_DOUBLE)
        return double_arithmetic(sign, a.d, b.d);
    if (sign == '+' && a.kind == CEL_LIST)
        return joined_lists(arena, a, b);
    if (sign == '+' && (a.kind == CEL_STRING || a.kind == CEL_BYTES)) {
        struct cel_value result = a;
        result.text = STR_JOIN(arena, a.text, b.text);
        return result;
    }
    return cel_no_overload();
}

struct cel_value cel_negate(struct arena *arena, struct cel_value a)
{
    if (a.kind == CEL_INT)
        return int_arithmetic('-', 0, a.i);
    if (a.kind == CEL_DOUBLE)
        return cel_double(-a.d);
    if (a.kind == CEL_DURATION)
        return a.i == INT64_MIN ? overflow(duration_overflow) : cel_duration(-a.i);
    (void)arena;
    return cel_no_overload();
}

/* ---- lists and maps ---- */

/* Numbers without fraction of all kinds are an index. */
static bool as_index(struct cel_value key, int64_t *index)
{
    if (key.kind == CEL_INT)
        *index = key.i;
    else if (key.kind == CEL_UINT && key.u <= INT64_MAX)
        *index = (int64_t)key.u;
    else if (key.kind == CEL_DOUBLE && key.d >= -0x1p63 && key.d < 0x1p63 && key.d == trunc(key.d))
        *index = (int64_t)key.d;
    else
        return false;
    return true;
}

const struct cel_value *cel_find(struct cel_value map, struct cel_value key, uint64_t *cost)
{
    for (size_t i = 0; i < map.items.n; i++)
        if (cel_equal(map.items.at[2 * i], key, cost))
            return &map.items.at[2 * i + 1];
    return NULL;
}

size_t cel_put(struct cel_value *pairs, size_t n, struct cel_value key, struct cel_value value,
               uint64_t *cost)
{
    size_t at = 0;
    /* keys of a map are Go's, so 1 and 1u are two */
    while (at < n && (pairs[2 * at].kind != key.kind || !cel_equal(pairs[2 * at], key, cost)))
        at++;
    pairs[2 * at] = key;
    pairs[2 * at + 1] = value;
    return at == n ? n + 1 : n;
}

static void add_shown(struct strbuf *out, struct arena *arena, struct cel_value value)
{
    struct cel_value text = cel_convert(arena, value, CEL_STRING);
    strbuf_add(out, text.kind == CEL_STRING ? text.text : cel_type_name(value));
}

struct cel_value cel_index(struct arena *arena, struct cel_value in, struct cel_value key,
                           uint64_t *cost)
{
    struct strbuf shown = strbuf_in(arena);
    int64_t index;
    if (in.kind == CEL_MAP) {
        const struct cel_value *found = cel_find(in, key, cost);
        if (found)
            return *found;
        add_shown(&shown, arena, key);
        return cel_error(arena, "no such key: " STR_FMT, STR_ARG(strbuf_str(&shown)));
    }
    if (in.kind != CEL_LIST)
        return cel_no_overload();
    if (!as_index(key, &index)) {
        struct str name = cel_type_name(key);
        return cel_error(arena, "unsupported index type '" STR_FMT "' in list", STR_ARG(name));
    }
    if (index < 0 || (uint64_t)index >= in.items.n)
        return cel_error(arena, "index '%lld' out of range in list size '%zu'", (long long)index,
                         in.items.n);
    return in.items.at[index];
}
