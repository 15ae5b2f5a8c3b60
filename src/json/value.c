/* JSON values: arrays of pointers, and objects that are arrays of members with, once there are
 * many, a hash table behind them. */
#include "json/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"

enum { HASHED_FROM = 16 }; /* members; fewer are found by looking at each */

static json_t constants[] = {{.type = JSON_TRUE}, {.type = JSON_FALSE}, {.type = JSON_NULL}};

json_t *json_boolean(bool value)
{
    return &constants[value ? 0 : 1];
}

json_t *json_null(void)
{
    return &constants[2];
}

json_t *json_new(struct arena *arena, enum json_type type, const struct token *origin)
{
    json_t *value = arena_alloc(arena, sizeof(*value));
    *value = (json_t){.origin = origin, .type = (uint8_t)type};
    return value;
}

static void array_reserve(struct arena *arena, json_t *array, uint32_t n)
{
    if (n <= array->cap)
        return;
    array->as.items = arena_grow(arena, array->as.items, array->cap * sizeof(*array->as.items),
                                 n * sizeof(*array->as.items));
    array->cap = n;
}

void json_array_insert(struct arena *arena, json_t *array, size_t at, json_t *value)
{
    assert(!array->is_sorted);
    if (array->n == array->cap)
        array_reserve(arena, array, array->cap ? array->cap * 2 : 1);
    memmove(array->as.items + at + 1, array->as.items + at,
            (array->n - at) * sizeof(*array->as.items));
    array->as.items[at] = value;
    array->n++;
}

static struct str key_of(const struct json_member *member)
{
    return str_make(member->key, member->key_len);
}

/* The table of a large object: numbers of members, from 1; 0 is free. */
static uint32_t *slots_of(const json_t *object)
{
    return (uint32_t *)(object->as.members + object->cap);
}

static uint32_t *find_slot(const json_t *object, struct str key)
{
    uint32_t *slots = slots_of(object);
    size_t mask = (size_t)object->cap * 2 - 1, at = str_hash(key) & mask;
    while (slots[at] && !str_eq(key_of(&object->as.members[slots[at] - 1]), key))
        at = (at + 1) & mask;
    return &slots[at];
}

/* After members changed their places. */
static void hash_members(json_t *object)
{
    if (object->cap < HASHED_FROM)
        return;
    memset(slots_of(object), 0, (size_t)object->cap * 2 * sizeof(uint32_t));
    for (uint32_t i = 0; i < object->n; i++)
        *find_slot(object, key_of(&object->as.members[i])) = i + 1;
}

/* Bytes for the members and their table. */
static size_t members_size(uint32_t cap)
{
    size_t size = cap * sizeof(struct json_member);
    return cap < HASHED_FROM ? size : size + (size_t)cap * 2 * sizeof(uint32_t);
}

static void object_reserve(struct arena *arena, json_t *object, uint32_t n)
{
    if (n <= object->cap)
        return;
    if (n >= HASHED_FROM) /* the table needs a power of two */
        n = (uint32_t)1 << (32 - __builtin_clz(n - 1));
    object->as.members =
        arena_grow(arena, object->as.members, members_size(object->cap), members_size(n));
    object->cap = n;
    hash_members(object);
}

struct json_member *json_member(const json_t *object, struct str key)
{
    if (!json_is_object(object))
        return NULL;
    if (object->cap >= HASHED_FROM) {
        uint32_t index = *find_slot(object, key);
        return index ? &object->as.members[index - 1] : NULL;
    }
    for (uint32_t i = 0; i < object->n; i++) {
        struct json_member *member = &object->as.members[i];
        if (member->key_len == key.len &&
            (member->key == key.ptr || memcmp(member->key, key.ptr, key.len) == 0))
            return member;
    }
    return NULL;
}

json_t *json_object_getn(const json_t *object, const char *key, size_t len)
{
    struct json_member *member = json_member(object, str_make(key, len));
    return member ? member->value : NULL;
}

struct json_member *json_object_set(struct arena *arena, json_t *object, struct str key,
                                    json_t *value)
{
    assert(!object->is_sorted);
    struct json_member *member = json_member(object, key);
    if (member) {
        member->value = value;
        return member;
    }
    if (object->n == object->cap)
        object_reserve(arena, object, object->cap ? object->cap * 2 : 1);
    if (object->cap >= HASHED_FROM)
        *find_slot(object, key) = object->n + 1;
    member = &object->as.members[object->n++];
    *member = (struct json_member){.key = key.ptr, .key_len = (uint32_t)key.len, .value = value};
    return member;
}

void json_object_remove(json_t *object, struct str key)
{
    struct json_member *member = json_member(object, key);
    if (!member)
        return;
    assert(!object->is_sorted);
    object->n--;
    memmove(member, member + 1,
            (size_t)(object->as.members + object->n - member) * sizeof(*member));
    hash_members(object);
}

json_t *json_copy(struct arena *arena, const json_t *value)
{
    json_t *twin = json_new(arena, json_typeof(value), value->origin);
    if (json_is_object(value)) {
        object_reserve(arena, twin, value->n);
        twin->n = value->n;
        if (twin->n)
            memcpy(twin->as.members, value->as.members, twin->n * sizeof(*twin->as.members));
        hash_members(twin);
    } else {
        array_reserve(arena, twin, value->n);
        twin->n = value->n;
        if (twin->n)
            memcpy(twin->as.items, value->as.items, twin->n * sizeof(*twin->as.items));
    }
    return twin;
}

void json_object_move(json_t *object, struct json_member *member, size_t to)
{
    struct json_member moved = *member, *place = object->as.members + to;
    if (place == member)
        return;
    assert(!object->is_sorted);
    memmove(place + 1, place, (size_t)(member - place) * sizeof(*member));
    *place = moved;
    hash_members(object);
}

static int compare_keys(const void *a, const void *b)
{
    return str_compare(key_of(a), key_of(b));
}

bool json_keys_are_sorted(const json_t *object)
{
    for (uint32_t i = 1; i < object->n; i++)
        if (compare_keys(&object->as.members[i - 1], &object->as.members[i]) > 0)
            return false;
    return true;
}

void json_object_sort(json_t *object)
{
    if (json_keys_are_sorted(object))
        return;
    assert(!object->is_sorted);
    qsort(object->as.members, object->n, sizeof(*object->as.members), compare_keys);
    hash_members(object);
}

static bool objects_equal(const json_t *a, const json_t *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct json_member *member = json_member(b, key_of(&a->as.members[i]));
        if (!member || !json_equal(a->as.members[i].value, member->value))
            return false;
    }
    return true;
}

static bool arrays_equal(const json_t *a, const json_t *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!json_equal(a->as.items[i], b->as.items[i]))
            return false;
    return true;
}

bool json_equal(const json_t *a, const json_t *b)
{
    if (!a || !b || a->type != b->type)
        return false;
    if (a == b)
        return true;
    switch (json_typeof(a)) {
    case JSON_OBJECT:
        return objects_equal(a, b);
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_STRING:
        return str_eq(json_str(a), json_str(b));
    case JSON_INTEGER:
        return a->as.integer == b->as.integer;
    case JSON_REAL:
        return a->as.real == b->as.real;
    case JSON_NONE:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return false;
}

uint64_t json_hash(const json_t *value)
{
    uint64_t hash = json_typeof(value);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        for (uint32_t i = 0; i < value->n; i++) /* in any order */
            hash += str_hash(key_of(&value->as.members[i])) *
                    (2 * json_hash(value->as.members[i].value) + 1);
        break;
    case JSON_ARRAY:
        for (uint32_t i = 0; i < value->n; i++)
            hash = hash * 31 + json_hash(value->as.items[i]);
        break;
    case JSON_STRING:
        hash ^= str_hash(json_str(value));
        break;
    case JSON_INTEGER:
        hash ^= (uint64_t)value->as.integer * 0x9e3779b97f4a7c15u;
        break;
    case JSON_REAL: /* 0 and -0 are equal */
        hash ^= (uint64_t)(int64_t)(fabs(value->as.real) < 1e9 ? value->as.real * 1e9 : 1e18);
        break;
    case JSON_NONE:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return hash * 0x100000001b3u;
}
