/* Expressions at run time: a walk over their rows. Errors are values that most operations pass on;
 * && and ||, and the loops that are made of them, may do without the operand that failed. */
#include "proxy/expression.h"

enum {
    MAX_COST = 2000000,          /* steps: some ten milliseconds */
    MAX_BYTES = 8 * 1024 * 1024, /* of the arena */
    BYTES_A_STEP = 64,
    PATTERN_COST = 2000, /* of one that is compiled */
};

struct run {
    const struct dt_tables *tables;
    struct arena *arena;
    const struct expression_host *host;
    void *user;
    uint64_t cost;
    size_t bytes_before;
    struct cel_value slots[DT_MAX_SLOTS];
};

static struct cel_value evaluate(struct run *run, uint32_t row);

static struct cel_value error_text(struct str text)
{
    return (struct cel_value){.kind = CEL_ERROR, .text = text};
}

static bool is_error(struct cel_value value)
{
    return value.kind == CEL_ERROR;
}

static bool is_over(const struct run *run)
{
    return run->cost > MAX_COST || run->arena->total_bytes - run->bytes_before > MAX_BYTES;
}

static struct cel_value too_costly(void)
{
    return error_text(STR("the expression takes too long or too much memory"));
}

static uint32_t operand(const struct dt_expression *row, uint32_t i)
{
    return row->operands.first + i;
}

/* ---- constants, lists, maps ---- */

static struct cel_value constant(const struct run *run, const struct dt_expression *row)
{
    struct cel_value value = {.kind = CEL_NULL};
    struct str text = table_text(run->tables, row->text);
    switch ((unsigned)row->kind) {
    case DT_EXPRESSION_BOOL:
        return cel_bool(row->value != 0);
    case DT_EXPRESSION_INT:
        return cel_int(row->value);
    case DT_EXPRESSION_UINT:
        return cel_uint((uint64_t)row->value);
    case DT_EXPRESSION_DOUBLE:
        value.kind = CEL_DOUBLE;
        memcpy(&value.d, &row->value, sizeof(value.d));
        return value;
    case DT_EXPRESSION_DURATION:
        return cel_duration(row->value);
    case DT_EXPRESSION_TIMESTAMP:
        return (struct cel_value){.kind = CEL_TIMESTAMP, .nanos = row->number, .i = row->value};
    case DT_EXPRESSION_STRING:
        return cel_string(text);
    case DT_EXPRESSION_BYTES:
        return (struct cel_value){.kind = CEL_BYTES, .text = text};
    case DT_EXPRESSION_TYPE:
        return (struct cel_value){.kind = CEL_TYPE, .text = text};
    case DT_EXPRESSION_ERROR:
        return error_text(text);
    case DT_EXPRESSION_REQUEST:
        value.kind = CEL_REQUEST;
        return value;
    default:
        return value;
    }
}

static struct cel_value list_of(struct run *run, const struct dt_expression *row)
{
    uint32_t n = row->operands.n;
    struct cel_value *items = arena_array(run->arena, struct cel_value, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        items[i] = evaluate(run, operand(row, i));
        if (is_error(items[i]))
            return items[i];
    }
    return cel_list(items, n);
}

static struct cel_value map_of(struct run *run, const struct dt_expression *row)
{
    struct cel_value *pairs = arena_array(run->arena, struct cel_value, row->operands.n + 2);
    size_t n = 0;
    for (uint32_t i = 0; i + 1 < row->operands.n; i += 2) {
        struct cel_value key = evaluate(run, operand(row, i));
        if (is_error(key))
            return key;
        struct cel_value value = evaluate(run, operand(row, i + 1));
        if (is_error(value))
            return value;
        n = cel_put(pairs, n, key, value, &run->cost);
    }
    struct cel_value map = cel_list(pairs, n);
    map.kind = CEL_MAP;
    return map;
}

/* ---- logic ---- */

/* && ends at a false, || at a true; without one what failed counts. */
static struct cel_value logic(struct run *run, const struct dt_expression *row, bool ends_at)
{
    struct cel_value failure = cel_bool(!ends_at);
    for (uint32_t i = 0; i < row->operands.n; i++) {
        struct cel_value value = evaluate(run, operand(row, i));
        if (value.kind == CEL_BOOL && value.b == ends_at)
            return value;
        if (value.kind != CEL_BOOL && !is_error(failure))
            failure = is_error(value) ? value : cel_no_overload();
    }
    return failure;
}

static struct cel_value choice(struct run *run, const struct dt_expression *row)
{
    struct cel_value condition = evaluate(run, operand(row, 0));
    if (condition.kind != CEL_BOOL)
        return is_error(condition) ? condition : cel_no_overload();
    return evaluate(run, operand(row, condition.b ? 1 : 2));
}

/* ---- fields and calls ---- */

static struct cel_value field(struct run *run, const struct dt_expression *row)
{
    struct cel_value of = evaluate(run, operand(row, 0));
    struct str name = table_text(run->tables, row->text);
    if (is_error(of))
        return of;
    if (row->kind == DT_EXPRESSION_HAS && of.kind != CEL_MAP && of.kind != CEL_LIST)
        return cel_bool(false); /* what has no fields at all has not this one */
    if (of.kind != CEL_MAP)
        return cel_no_overload();
    const struct cel_value *found = cel_find(of, cel_string(name), &run->cost);
    if (row->kind == DT_EXPRESSION_HAS)
        return cel_bool(found != NULL);
    return found ? *found : cel_error(run->arena, "no such key: " STR_FMT, STR_ARG(name));
}

enum { MAX_ARGUMENTS = 8 };

static struct cel_value call(struct run *run, const struct dt_expression *row)
{
    struct cel_value args[MAX_ARGUMENTS], result;
    size_t n = row->operands.n < MAX_ARGUMENTS ? row->operands.n : MAX_ARGUMENTS;
    for (uint32_t i = 0; i < n; i++) {
        args[i] = evaluate(run, operand(row, i));
        if (is_error(args[i]))
            return args[i];
        if (args[i].kind == CEL_STRING || args[i].kind == CEL_BYTES)
            run->cost += args[i].text.len / BYTES_A_STEP;
    }
    expression_function *function = expression_function_of((enum dt_function)row->function);
    struct expression_call with = {run->arena, args, n, &run->cost};
    result = function ? function(&with) : cel_no_overload();
    if (result.kind == CEL_LIST)
        run->cost += result.items.n;
    return result;
}

static struct cel_value matches(struct run *run, const struct dt_expression *row)
{
    struct cel_value text = evaluate(run, operand(row, 0));
    if (text.kind != CEL_STRING)
        return is_error(text) ? text : cel_no_overload();
    run->cost += text.text.len / BYTES_A_STEP;
    if (row->operands.n > 1) {
        struct cel_value pattern = evaluate(run, operand(row, 1));
        if (pattern.kind != CEL_STRING)
            return is_error(pattern) ? pattern : cel_no_overload();
        run->cost += PATTERN_COST;
        return run->host->matches_pattern(run->user, pattern.text, text.text);
    }
    return cel_bool(run->host->matches(run->user, row->number, text.text));
}

static struct cel_value matcher(struct run *run, const struct dt_expression *row)
{
    for (uint32_t i = 0; i < row->operands.n; i++) {
        struct cel_value value = evaluate(run, operand(row, i));
        if (is_error(value))
            return value;
        if (value.kind != CEL_STRING)
            return error_text(STR("an argument of a matcher is no text"));
    }
    return run->host->matcher(run->user, row->matcher);
}

/* ---- loops ---- */

/* What a loop goes through: elements, or keys. False: neither, or an error, which is in <range>. */
static bool range_of(struct run *run, const struct dt_expression *row, struct cel_value *range)
{
    *range = evaluate(run, operand(row, 0));
    if (range->kind == CEL_LIST || range->kind == CEL_MAP)
        return true;
    if (!is_error(*range))
        *range = cel_no_overload();
    return false;
}

static struct cel_value element(struct cel_value range, size_t i)
{
    return range.items.at[range.kind == CEL_MAP ? 2 * i : i];
}

static struct cel_value ask(struct run *run, const struct dt_expression *row, uint32_t i,
                            struct cel_value item)
{
    run->slots[row->number] = item;
    return evaluate(run, operand(row, i));
}

/* all and exists are && and || over the elements. */
static struct cel_value quantify(struct run *run, const struct dt_expression *row, bool ends_at)
{
    struct cel_value range, failure = cel_bool(!ends_at);
    if (!range_of(run, row, &range))
        return range;
    for (size_t i = 0; i < range.items.n; i++) {
        struct cel_value value = ask(run, row, 1, element(range, i));
        if (value.kind == CEL_BOOL && value.b == ends_at)
            return value;
        if (value.kind != CEL_BOOL && !is_error(failure))
            failure = is_error(value) ? value : cel_no_overload();
        if (is_over(run))
            return too_costly();
    }
    return failure;
}

static struct cel_value exists_one(struct run *run, const struct dt_expression *row)
{
    struct cel_value range;
    size_t n = 0;
    if (!range_of(run, row, &range))
        return range;
    for (size_t i = 0; i < range.items.n; i++) {
        struct cel_value value = ask(run, row, 1, element(range, i));
        if (value.kind != CEL_BOOL)
            return is_error(value) ? value : cel_no_overload();
        n += value.b;
        if (is_over(run))
            return too_costly();
    }
    return cel_bool(n == 1);
}

/* filter, and map with or without a condition. */
static struct cel_value collect(struct run *run, const struct dt_expression *row)
{
    struct cel_value range;
    bool is_filter = row->kind == DT_EXPRESSION_FILTER;
    uint32_t condition = is_filter ? 1 : row->operands.n > 2 ? 2 : 0;
    if (!range_of(run, row, &range))
        return range;
    struct cel_value *items = arena_array(run->arena, struct cel_value, range.items.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < range.items.n; i++) {
        struct cel_value item = element(range, i);
        struct cel_value holds = condition ? ask(run, row, condition, item) : cel_bool(true);
        if (holds.kind != CEL_BOOL)
            return is_error(holds) ? holds : cel_no_overload();
        if (holds.b && !is_filter)
            item = ask(run, row, 1, item);
        if (is_error(item))
            return item;
        if (holds.b)
            items[n++] = item;
        if (is_over(run))
            return too_costly();
    }
    return cel_list(items, n);
}

static struct cel_value sort_by(struct run *run, const struct dt_expression *row)
{
    struct cel_value range;
    if (!range_of(run, row, &range))
        return range;
    struct cel_value *keys = arena_array(run->arena, struct cel_value, range.items.n + 1);
    for (size_t i = 0; i < range.items.n; i++) {
        keys[i] = ask(run, row, 1, element(range, i));
        if (is_error(keys[i]))
            return keys[i];
        if (is_over(run))
            return too_costly();
    }
    if (range.kind != CEL_LIST)
        return cel_no_overload();
    struct expression_call with = {run->arena, NULL, 0, &run->cost};
    return expression_sort(&with, range, cel_list(keys, range.items.n));
}

/* ---- all ---- */

static struct cel_value evaluate(struct run *run, uint32_t at)
{
    const struct dt_expression *row = &run->tables->expressions[at];
    run->cost++;
    if (is_over(run))
        return too_costly();
    switch ((enum dt_expression_kind)row->kind) {
    case DT_EXPRESSION_NULL:
    case DT_EXPRESSION_BOOL:
    case DT_EXPRESSION_INT:
    case DT_EXPRESSION_UINT:
    case DT_EXPRESSION_DOUBLE:
    case DT_EXPRESSION_STRING:
    case DT_EXPRESSION_BYTES:
    case DT_EXPRESSION_DURATION:
    case DT_EXPRESSION_TIMESTAMP:
    case DT_EXPRESSION_TYPE:
    case DT_EXPRESSION_ERROR:
    case DT_EXPRESSION_REQUEST:
        return constant(run, row);
    case DT_EXPRESSION_LIST:
        return list_of(run, row);
    case DT_EXPRESSION_MAP:
        return map_of(run, row);
    case DT_EXPRESSION_PLACEHOLDER:
        return run->host->placeholder(run->user, row->template);
    case DT_EXPRESSION_LOCAL:
        return run->slots[row->number];
    case DT_EXPRESSION_FIELD:
    case DT_EXPRESSION_HAS:
        return field(run, row);
    case DT_EXPRESSION_CALL:
        return call(run, row);
    case DT_EXPRESSION_AND:
        return logic(run, row, false);
    case DT_EXPRESSION_OR:
        return logic(run, row, true);
    case DT_EXPRESSION_CHOICE:
        return choice(run, row);
    case DT_EXPRESSION_MATCHES:
        return matches(run, row);
    case DT_EXPRESSION_MATCHER:
        return matcher(run, row);
    case DT_EXPRESSION_ALL:
        return quantify(run, row, false);
    case DT_EXPRESSION_EXISTS:
        return quantify(run, row, true);
    case DT_EXPRESSION_EXISTS_ONE:
        return exists_one(run, row);
    case DT_EXPRESSION_FILTER:
    case DT_EXPRESSION_MAP_EACH:
        return collect(run, row);
    case DT_EXPRESSION_SORT_BY:
        return sort_by(run, row);
    case DT_EXPRESSION_BIND:
        return ask(run, row, 1, evaluate(run, operand(row, 0)));
    case DT_N_EXPRESSION_KINDS:
        break;
    }
    return cel_no_overload();
}

struct cel_value expression_evaluate(const struct dt_tables *tables, struct arena *arena,
                                     const struct expression_host *host, void *user, uint32_t row)
{
    struct run run;
    run.tables = tables;
    run.arena = arena;
    run.host = host;
    run.user = user;
    run.cost = 0;
    run.bytes_before = arena->total_bytes; /* slots are set before they are read */
    return evaluate(&run, row);
}
