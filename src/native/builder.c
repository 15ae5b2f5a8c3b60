/* The tables while they grow: rows, text, and what is kept once. */
#include "native/lower.h"
#include "native/lower_private.h"
#include "syntax/source.h"
#include "syntax/token.h"

#define X(type, name)                                                                              \
    uint32_t push_##name(struct lowering *lo, struct type row)                                     \
    {                                                                                              \
        vec_push(lo->arena, &lo->name, row);                                                       \
        return (uint32_t)(lo->name.n - 1);                                                         \
    }                                                                                              \
    uint32_t reserve_##name(struct lowering *lo, uint32_t n)                                       \
    {                                                                                              \
        uint32_t first = (uint32_t)lo->name.n;                                                     \
        for (uint32_t i = 0; i < n; i++)                                                           \
            vec_push(lo->arena, &lo->name, (struct type){0});                                      \
        return n ? first : 0;                                                                      \
    }
DT_TABLE_ARRAYS(X)
#undef X

/* Maps keep pointers: a row number goes in plus one, so that it is not NULL. */
static void *boxed(size_t number)
{
    return (void *)(uintptr_t)(number + 1);
}

static bool find_number(const struct map *map, struct str key, uint32_t *number)
{
    uintptr_t found = (uintptr_t)map_get(map, key);
    if (found)
        *number = (uint32_t)(found - 1);
    return found != 0;
}

struct dt_text intern(struct lowering *lo, struct str text)
{
    if (text.len == 0)
        return (struct dt_text){0};
    uint32_t at;
    if (!find_number(&lo->string_offsets, text, &at)) {
        at = (uint32_t)lo->strings.len;
        strbuf_add(&lo->strings, text);
        strbuf_add_char(&lo->strings, '\0');
        map_put(&lo->string_offsets, str_dup(lo->arena, text), boxed(at));
    }
    return (struct dt_text){at, (uint32_t)text.len};
}

struct str text_of(const struct lowering *lo, struct dt_text text)
{
    return str_make(lo->strings.ptr + text.at, text.len);
}

uint32_t origin_here(struct lowering *lo)
{
    const struct token *token = lo->place;
    if (!token)
        return 0;
    struct position at = {.path = token->home->file, .line = token->line};
    if (lo->options->sources) {
        struct position exact = source_position(lo->options->sources, token->span.begin);
        if (exact.line)
            at = exact;
    }
    struct str key = str_printf(lo->arena, "%u:%u:" STR_FMT, at.line, at.column, STR_ARG(at.path));
    uint32_t row;
    if (!find_number(&lo->origin_rows, key, &row)) {
        row = push_origins(lo, (struct dt_origin){intern(lo, at.path), at.line, at.column});
        map_put(&lo->origin_rows, key, boxed(row));
    }
    return row;
}

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

struct str canonical_header(struct arena *arena, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_char((unsigned char)name.ptr[i]))
            return name;
    }
    struct str out = str_dup(arena, name);
    char *bytes = (char *)out.ptr;
    bool is_first = true;
    for (size_t i = 0; i < out.len; i++) {
        if (is_first && bytes[i] >= 'a' && bytes[i] <= 'z')
            bytes[i] -= 'a' - 'A';
        else if (!is_first && bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] += 'a' - 'A';
        is_first = bytes[i] == '-';
    }
    return out;
}

uint32_t builder_header(struct lowering *lo, struct str name)
{
    struct str canonical = canonical_header(lo->arena, name);
    uint32_t row;
    if (find_number(&lo->header_rows, canonical, &row))
        return row;
    struct dt_text lower = intern(lo, str_lower(lo->arena, canonical));
    row = push_header_names(lo, (struct dt_header_name){intern(lo, canonical), lower});
    map_put(&lo->header_rows, str_dup(lo->arena, canonical), boxed(row));
    return row;
}

uint32_t variable(struct lowering *lo, struct str name)
{
    uint32_t row;
    if (find_number(&lo->variable_rows, name, &row))
        return row;
    row = push_variables(lo, (struct dt_variable){intern(lo, name)});
    map_put(&lo->variable_rows, str_dup(lo->arena, name), boxed(row));
    return row;
}

struct dt_range numbers_of(struct lowering *lo, const uint32_t *values, size_t n)
{
    struct dt_range range = {reserve_numbers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++)
        lo->numbers.at[range.first + i].value = values[i];
    return range;
}

void builder_init(struct lowering *lo)
{
    lo->strings = strbuf_in(lo->arena);
    strbuf_add_char(&lo->strings, '\0'); /* the empty text */
    lo->string_offsets = map_in(lo->arena);
    lo->origin_rows = map_in(lo->arena);
    lo->header_rows = map_in(lo->arena);
    lo->variable_rows = map_in(lo->arena);
    lo->state_numbers = map_in(lo->arena);
    lo->certificate_tags = map_in(lo->arena);
    lo->acme_rows = map_in(lo->arena);
    lo->automated_names = map_in(lo->arena);
    lo->authority_rows = map_in(lo->arena);
    lo->mapped_names = map_in(lo->arena);
    push_origins(lo, (struct dt_origin){0}); /* row 0: nowhere */
#define X(id, name) variable(lo, STR(name));
    DT_BUILTIN_VARIABLES(X)
#undef X
}

struct dt_tables builder_finish(struct lowering *lo)
{
    struct dt_tables tables = {.abi = DT_TABLES_ABI,
                               .size = sizeof(struct dt_tables),
                               .n_states = (uint32_t)lo->state_numbers.n,
                               .strings_len = (uint32_t)lo->strings.len,
                               .application = lo->application,
                               .strings = lo->strings.ptr,
#define X(type, name) .name = lo->name.at, .n_##name = (uint32_t)lo->name.n,
                               DT_TABLE_ARRAYS(X)
#undef X
    };
    return tables;
}
