/* Builds JSON values: in the document's arena, in the order of keys that Go would give them, each
 * with the token it came from. */
#include "json/document.h"

#include <math.h>

#include "base/arena.h"

void document_init(struct document *document, struct arena *arena)
{
    *document = (struct document){.arena = arena};
}

json_t *document_object(struct document *document, const struct token *origin)
{
    return json_new(document->arena, JSON_OBJECT, origin);
}

json_t *document_array(struct document *document, const struct token *origin)
{
    return json_new(document->arena, JSON_ARRAY, origin);
}

/* Length of the valid UTF-8 prefix. */
static size_t valid_utf8(struct str text)
{
    for (size_t at = str_ascii_prefix(text), size; at < text.len; at += size) {
        if ((unsigned char)text.ptr[at] < 0x80)
            size = 1;
        else if (utf8_decode(text, at, &size) == 0xfffd && size == 1)
            return at;
    }
    return text.len;
}

/* A copy with a NUL behind it, in which every byte that is no UTF-8 is replaced. */
static struct str copy_text(struct arena *arena, struct str text)
{
    size_t valid = valid_utf8(text);
    if (valid == text.len)
        return str_dup(arena, text);
    struct strbuf clean = strbuf_in(arena);
    while (text.len) {
        strbuf_add(&clean, str_slice(text, 0, valid));
        text = str_slice(text, valid, text.len);
        if (text.len) {
            strbuf_add_rune(&clean, 0xfffd);
            text = str_slice(text, 1, text.len);
        }
        valid = valid_utf8(text);
    }
    strbuf_cstr(&clean);
    return strbuf_str(&clean);
}

json_t *document_string(struct document *document, struct str text, const struct token *origin)
{
    json_t *string = json_new(document->arena, JSON_STRING, origin);
    text = copy_text(document->arena, text);
    string->as.text = text.ptr;
    string->n = (uint32_t)text.len;
    return string;
}

json_t *document_text(struct document *document, const char *text, const struct token *origin)
{
    return document_string(document, str_from(text), origin);
}

json_t *document_integer(struct document *document, int64_t value, const struct token *origin)
{
    json_t *number = json_new(document->arena, JSON_INTEGER, origin);
    number->as.integer = value;
    return number;
}

json_t *document_real(struct document *document, double value, const struct token *origin)
{
    if (!isfinite(value))
        return NULL;
    json_t *number = json_new(document->arena, JSON_REAL, origin);
    number->as.real = value;
    return number;
}

json_t *document_bool(bool value)
{
    return json_boolean(value);
}

json_t *document_null(void)
{
    return json_the_null();
}

void document_set_key(struct document *document, json_t *object, struct str key, json_t *value,
                      const struct token *origin)
{
    if (!value)
        return;
    uint32_t place = json_object_set(document->arena, object, key, value);
    if (origin && (origin != value->origin || object->has_origins))
        json_set_slot_origin(document->arena, object, place, origin);
}

void document_set_str(struct document *document, json_t *object, struct str key, json_t *value,
                      const struct token *origin)
{
    if (value)
        document_set_key(document, object, copy_text(document->arena, key), value, origin);
}

void document_remove(json_t *object, const char *key)
{
    json_object_remove(object, str_from(key));
}

void document_add(struct document *document, json_t *array, json_t *value)
{
    if (value)
        json_array_insert(document->arena, array, array->n, value);
}

void document_insert(struct document *document, json_t *array, size_t at, json_t *value)
{
    json_array_insert(document->arena, array, at, value);
}

json_t *document_object_at(struct document *document, json_t *object, const char *key,
                           const struct token *origin)
{
    json_t *value = json_object_get(object, key);
    if (json_is_object(value))
        return value;
    value = document_object(document, origin);
    document_set(document, object, key, value);
    return value;
}

json_t *document_array_at(struct document *document, json_t *object, const char *key,
                          const struct token *origin)
{
    json_t *value = json_object_get(object, key);
    if (json_is_array(value))
        return value;
    value = document_array(document, origin);
    document_set(document, object, key, value);
    return value;
}

json_t *document_copy(struct document *document, const json_t *value)
{
    if (!json_is_object(value) && !json_is_array(value))
        return (json_t *)value; /* it never changes, so one is enough */
    json_t *twin = json_copy_shallow(document->arena, value);
    for (uint32_t i = 0; i < twin->n; i++) {
        json_t **child =
            json_is_object(twin) ? &twin->as.members[i].value : &twin->as.items[i];
        *child = document_copy(document, *child);
    }
    return twin;
}

/* Go decodes every number of a generic map to a float64. */
static json_t *through_double(struct document *document, json_t *value)
{
    int64_t integer = json_integer_value(value);
    if (integer >= -(INT64_C(1) << 53) && integer <= INT64_C(1) << 53)
        return value;
    return document_real(document, (double)integer, value->origin);
}

/* Whether an object can stand in a sorted value as it is: its keys are in order and every value is
 * found where it came from, not where its key did. */
static bool is_in_order(const json_t *object)
{
    for (uint32_t i = 0; i < object->n && object->has_origins; i++)
        if (json_slot_origin(object, &object->as.members[i]) &&
            json_has_identity(object->as.members[i].value))
            return false;
    return json_keys_are_sorted(object);
}

/* The value itself where all of it is sorted already. */
static json_t *sorted(struct document *document, json_t *value)
{
    if (json_is_integer(value))
        return through_double(document, value);
    if ((!json_is_object(value) && !json_is_array(value)) || value->is_sorted)
        return value;
    bool is_object = json_is_object(value);
    json_t *result = is_object && !is_in_order(value) ? json_copy_sorted(document->arena, value) : value;
    for (uint32_t i = 0; i < value->n; i++) {
        json_t *child = is_object ? result->as.members[i].value : result->as.items[i];
        json_t *sorted_child = sorted(document, child);
        if (sorted_child == child)
            continue;
        if (result == value)
            result = json_copy_shallow(document->arena, value);
        *(is_object ? &result->as.members[i].value : &result->as.items[i]) = sorted_child;
    }
    result->is_sorted = true;
    return result;
}

json_t *document_sorted(struct document *document, json_t *value)
{
    return value ? sorted(document, value) : NULL;
}

void document_order(struct document *document, json_t *object, const char *keys)
{
    (void)document;
    struct str rest = str_from(keys), key;
    uint32_t placed = 0;
    while (rest.len) {
        str_cut(rest, STR(" "), &key, &rest);
        struct json_member *member = json_member(object, key);
        if (member)
            json_object_move(object, member, placed++);
    }
}

bool document_is_empty(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_object_size(value) == 0;
    case JSON_ARRAY:
        return json_array_size(value) == 0;
    case JSON_STRING:
        return json_string_length(value) == 0;
    case JSON_INTEGER:
        return json_integer_value(value) == 0;
    case JSON_REAL:
        return json_real_value(value) == 0;
    case JSON_NONE:
    case JSON_FALSE:
    case JSON_NULL:
        return true;
    case JSON_TRUE:
        break;
    }
    return false;
}

const struct token *document_origin(const struct document *document, const json_t *object,
                                    const char *key, const json_t *value)
{
    (void)document;
    const struct json_member *member = object && key ? json_member(object, str_from(key)) : NULL;
    const struct token *origin = member ? json_slot_origin(object, member) : NULL;
    return origin || !value ? origin : value->origin;
}

void document_set_origin(struct document *document, json_t *value, const struct token *origin)
{
    (void)document;
    if (json_has_identity(value))
        value->origin = origin;
}
