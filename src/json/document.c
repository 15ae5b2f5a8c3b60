/* JSON values under construction: jansson's, with one owner (the document) and the order of keys
 * that Go would give them. */
#include "json/document.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/vec.h"
#include "json/document_private.h"

struct owned_values {
    VEC(json_t *) list;
};

void document_init(struct document *document, struct arena *arena)
{
    *document = (struct document){.arena = arena};
    document->values = arena_new(arena, struct owned_values);
    document->origins = origins_new(arena);
}

void document_free(struct document *document)
{
    if (!document->values)
        return;
    /* Containers are emptied while the document still holds their contents, so that no release
     * runs down a deep tree. */
    size_t n = document->values->list.n;
    json_t **at = document->values->list.at;
    for (size_t i = 0; i < n; i++) {
        if (json_is_object(at[i]))
            json_object_clear(at[i]);
        else if (json_is_array(at[i]))
            json_array_clear(at[i]);
    }
    for (size_t i = 0; i < n; i++)
        json_decref(at[i]);
    *document = (struct document){0};
}

static json_t *own(struct document *document, json_t *value, const struct token *origin)
{
    if (!value)
        abort(); /* out of memory */
    vec_push(document->arena, &document->values->list, value);
    if (origin)
        document_set_origin(document, value, origin);
    return value;
}

json_t *document_object(struct document *document, const struct token *origin)
{
    return own(document, json_object(), origin);
}

json_t *document_array(struct document *document, const struct token *origin)
{
    return own(document, json_array(), origin);
}

/* Length of the valid UTF-8 prefix. */
static size_t valid_utf8(struct str text)
{
    for (size_t at = 0, size; at < text.len; at += size) {
        if ((unsigned char)text.ptr[at] < 0x80)
            size = 1;
        else if (utf8_decode(text, at, &size) == 0xfffd && size == 1)
            return at;
    }
    return text.len;
}

static struct str clean_utf8(struct arena *arena, struct str text)
{
    size_t valid = valid_utf8(text);
    if (valid == text.len)
        return text;
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
    return strbuf_str(&clean);
}

json_t *document_string(struct document *document, struct str text, const struct token *origin)
{
    text = clean_utf8(document->arena, text);
    return own(document, json_stringn_nocheck(text.len ? text.ptr : "", text.len), origin);
}

json_t *document_text(struct document *document, const char *text, const struct token *origin)
{
    return document_string(document, str_from(text), origin);
}

json_t *document_integer(struct document *document, int64_t value, const struct token *origin)
{
    return own(document, json_integer(value), origin);
}

json_t *document_real(struct document *document, double value, const struct token *origin)
{
    return isfinite(value) ? own(document, json_real(value), origin) : NULL;
}

json_t *document_bool(bool value)
{
    return json_boolean(value);
}

json_t *document_null(void)
{
    return json_null();
}

static bool has_identity(const json_t *value)
{
    return !json_is_boolean(value) && !json_is_null(value);
}

void document_set_str(struct document *document, json_t *object, struct str key, json_t *value,
                      const struct token *origin)
{
    if (!value)
        return;
    key = clean_utf8(document->arena, key);
    if (json_object_setn_new_nocheck(object, key.len ? key.ptr : "", key.len, json_incref(value)))
        abort(); /* out of memory, or a cycle */
    if (origin)
        origins_set_slot(document, object, key, origin);
}

void document_set(struct document *document, json_t *object, const char *key, json_t *value)
{
    document_set_str(document, object, str_from(key), value, NULL);
}

void document_set_at(struct document *document, json_t *object, const char *key, json_t *value,
                     const struct token *origin)
{
    document_set_str(document, object, str_from(key), value, origin);
}

void document_remove(json_t *object, const char *key)
{
    json_object_del(object, key);
}

void document_add(struct document *document, json_t *array, json_t *value)
{
    (void)document;
    if (value && json_array_append_new(array, json_incref(value)))
        abort();
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

struct member {
    struct str key;
    json_t *value;
};

static struct str member_key(json_t *object, void *iterator)
{
    (void)object;
    return str_make(json_object_iter_key(iterator), json_object_iter_key_len(iterator));
}

static int compare_members(const void *a, const void *b)
{
    return str_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static struct member *members_of(struct arena *arena, json_t *object, size_t *n)
{
    struct member *members = arena_alloc(arena, (json_object_size(object) + 1) * sizeof(*members));
    *n = 0;
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i))
        members[(*n)++] = (struct member){member_key(object, i), json_object_iter_value(i)};
    return members;
}

/* Go decodes every number of a generic map to a float64. */
static json_t *through_double(struct document *document, const json_t *value,
                              const struct token *origin)
{
    int64_t integer = json_integer_value(value);
    double real = (double)integer;
    if (integer >= -(INT64_C(1) << 53) && integer <= INT64_C(1) << 53)
        return document_integer(document, integer, origin);
    return document_real(document, real, origin);
}

static json_t *copy(struct document *document, const json_t *value, bool sorted);

static json_t *copy_object(struct document *document, const json_t *value, bool sorted)
{
    json_t *object = document_object(document, document_origin(document, NULL, NULL, value));
    size_t n;
    struct member *members = members_of(document->arena, (json_t *)value, &n);
    if (sorted)
        qsort(members, n, sizeof(*members), compare_members);
    for (size_t i = 0; i < n; i++)
        document_set_str(document, object, members[i].key, copy(document, members[i].value, sorted),
                         NULL);
    origins_copy_slots(document, value, object);
    return object;
}

static json_t *copy(struct document *document, const json_t *value, bool sorted)
{
    if (!value || !has_identity(value))
        return (json_t *)value;
    const struct token *origin = document_origin(document, NULL, NULL, value);
    if (json_is_object(value))
        return copy_object(document, value, sorted);
    if (json_is_array(value)) {
        json_t *array = document_array(document, origin);
        for (size_t i = 0; i < json_array_size(value); i++)
            document_add(document, array, copy(document, json_array_get(value, i), sorted));
        return array;
    }
    if (sorted && json_is_integer(value))
        return through_double(document, value, origin);
    if (json_is_integer(value))
        return document_integer(document, json_integer_value(value), origin);
    if (json_is_real(value))
        return document_real(document, json_real_value(value), origin);
    return own(document, json_stringn_nocheck(json_string_value(value), json_string_length(value)),
               origin);
}

json_t *document_copy(struct document *document, const json_t *value)
{
    return copy(document, value, false);
}

json_t *document_sorted(struct document *document, const json_t *value)
{
    return copy(document, value, true);
}

void document_order(struct document *document, json_t *object, const char *keys)
{
    size_t n;
    struct member *members = members_of(document->arena, object, &n);
    /* Removing a key frees jansson's copy of it, so keep our own and the values alive. */
    for (size_t i = 0; i < n; i++) {
        members[i].key = str_dup(document->arena, members[i].key);
        json_incref(members[i].value);
    }
    json_object_clear(object);
    struct str rest = str_from(keys), key;
    while (rest.len) {
        str_cut(rest, STR(" "), &key, &rest);
        for (size_t i = 0; i < n; i++)
            if (str_eq(members[i].key, key))
                document_set_str(document, object, key, members[i].value, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        if (!json_object_getn(object, members[i].key.ptr, members[i].key.len))
            document_set_str(document, object, members[i].key, members[i].value, NULL);
        json_decref(members[i].value);
    }
}

bool document_is_empty(const json_t *value)
{
    if (!value)
        return true;
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
    case JSON_FALSE:
    case JSON_NULL:
        return true;
    case JSON_TRUE:
        break;
    }
    return false;
}
