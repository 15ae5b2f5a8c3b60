/* JSON values as Go's fmt and Caddy's replacer print them. */
#include "native/go_value.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/number.h"

static double number_of(const json_t *value)
{
    return json_is_integer(value) ? (double)json_integer_value(value) : json_real_value(value);
}

static int by_key(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void show(struct arena *arena, struct strbuf *out, const json_t *value);

/* map[key:value key:value], sorted. */
static void show_object(struct arena *arena, struct strbuf *out, const json_t *value)
{
    size_t n = json_object_size(value), at = 0;
    struct str *keys = arena_array(arena, struct str, n + 1);
    const json_t *walked = value;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i))
        keys[at++] = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
    qsort(keys, n, sizeof(*keys), by_key);
    strbuf_puts(out, "map[");
    for (size_t i = 0; i < n; i++) {
        strbuf_puts(out, i ? " " : "");
        strbuf_add(out, keys[i]);
        strbuf_add_char(out, ':');
        show(arena, out, json_object_get(value, keys[i].ptr));
    }
    strbuf_add_char(out, ']');
}

static void show(struct arena *arena, struct strbuf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NONE:
    case JSON_NULL:
        strbuf_puts(out, "<nil>");
        break;
    case JSON_TRUE:
        strbuf_puts(out, "true");
        break;
    case JSON_FALSE:
        strbuf_puts(out, "false");
        break;
    case JSON_STRING:
        strbuf_add(out, json_str(value));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        number_add_short(out, number_of(value));
        break;
    case JSON_ARRAY:
        strbuf_add_char(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            strbuf_puts(out, i ? " " : "");
            show(arena, out, json_array_get(value, i));
        }
        strbuf_add_char(out, ']');
        break;
    case JSON_OBJECT:
        show_object(arena, out, value);
        break;
    }
}

struct str go_value_shown(struct arena *arena, const json_t *value)
{
    struct strbuf out = strbuf_in(arena);
    if (value && !json_is_null(value))
        show(arena, &out, value);
    return strbuf_str(&out);
}

struct str go_value_text(struct arena *arena, const json_t *value)
{
    struct strbuf out = strbuf_in(arena);
    if (!json_is_integer(value) && !json_is_real(value))
        return go_value_shown(arena, value);
    number_add_plain(&out, number_of(value));
    return strbuf_str(&out);
}
