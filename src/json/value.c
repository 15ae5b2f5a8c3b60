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

json_t *json_the_null(void)
{
    return &constants[2];
}

json_t *json_new(struct arena *arena, enum json_type type, const struct token *origin)
{
    json_t *value = arena_alloc(arena, sizeof(*value));
    *value = (json_t){.origin = origin, .type = (uint8_t)type};
    return value;
}

/* Room is told in one byte: 0 for none, else 1 for one, 2 for two, 3 for four, … */
enum { EXACT_ROOM = 255 /* for what there is now: a copy */ };

static uint32_t capacity(const json_t *value)
{
    if (value->room == EXACT_ROOM)
        return value->n;
    return value->room ? (uint32_t)1 << (value->room - 1) : 0;
}

/* The least room for <n>. */
static uint8_t room_for(uint32_t n)
{
    return n < 2 ? (uint8_t)n : (uint8_t)(33 - __builtin_clz(n - 1));
}

static void array_reserve(struct arena *arena, json_t *array, uint8_t room)
{
    size_t size = capacity(array) * sizeof(*array->as.items);
    array->room = room;
    array->as.items = arena_grow(arena, array->as.items, size,
                                 ((size_t)1 << (room - 1)) * sizeof(*array->as.items));
}

void json_array_insert(struct arena *arena, json_t *array, size_t at, json_t *value)
{
    assert(!array->is_sorted);
    if (array->n == capacity(array))
        array_reserve(arena, array, room_for(array->n + 1));
    memmove(array->as.items + at + 1, array->as.items + at,
            (array->n - at) * sizeof(*array->as.items));
    array->as.items[at] = value;
    array->n++;
}

static struct str key_of(const struct json_member *member)
{
    return str_make(member->key, member->key_len);
}

/* Behind the members stand the origins of their slots, if some has one, then the table of a large
 * object: places of members, from 1; 0 is free. */
static const struct token **origins_of(const json_t *object)
{
    return (const struct token **)(object->as.members + capacity(object));
}

static bool is_hashed(const json_t *object)
{
    return object->room != EXACT_ROOM && capacity(object) >= HASHED_FROM;
}

static uint32_t *slots_of(const json_t *object)
{
    const struct token **origins = origins_of(object);
    return (uint32_t *)(origins + (object->has_origins ? capacity(object) : 0));
}

static uint32_t *find_slot(const json_t *object, struct str key)
{
    uint32_t *slots = slots_of(object);
    size_t mask = (size_t)capacity(object) * 2 - 1, at = str_hash(key) & mask;
    while (slots[at] && !str_eq(key_of(&object->as.members[slots[at] - 1]), key))
        at = (at + 1) & mask;
    return &slots[at];
}

/* After members changed their places. */
static void hash_members(json_t *object)
{
    if (!is_hashed(object))
        return;
    memset(slots_of(object), 0, (size_t)capacity(object) * 2 * sizeof(uint32_t));
    for (uint32_t i = 0; i < object->n; i++)
        *find_slot(object, key_of(&object->as.members[i])) = i + 1;
}

/* Bytes for the members and what stands behind them. */
static size_t members_size(const json_t *object)
{
    size_t n = capacity(object), size = n * sizeof(struct json_member);
    if (object->has_origins)
        size += n * sizeof(struct token *);
    return is_hashed(object) ? size + n * 2 * sizeof(uint32_t) : size;
}

/* Makes room for more members, or for origins. */
static void object_reserve(struct arena *arena, json_t *object, uint8_t room, bool has_origins)
{
    json_t before = *object;
    object->room = room;
    object->has_origins = has_origins;
    object->as.members =
        arena_grow(arena, before.as.members, members_size(&before), members_size(object));
    if (has_origins) {
        const struct token **origins = origins_of(object);
        before.as.members = object->as.members;
        if (before.has_origins)
            memmove(origins, origins_of(&before), object->n * sizeof(*origins));
        size_t known = before.has_origins ? object->n : 0;
        memset(origins + known, 0, (capacity(object) - known) * sizeof(*origins));
    }
    hash_members(object);
}

const struct token *json_slot_origin(const json_t *object, const struct json_member *member)
{
    return object->has_origins ? origins_of(object)[member - object->as.members] : NULL;
}

void json_set_slot_origin(struct arena *arena, json_t *object, uint32_t place,
                          const struct token *origin)
{
    assert(!object->is_sorted);
    if (!object->has_origins)
        object_reserve(arena, object, room_for(object->n), true);
    origins_of(object)[place] = origin;
}

struct json_member *json_member(const json_t *object, struct str key)
{
    if (!json_is_object(object))
        return NULL;
    if (is_hashed(object)) {
        uint32_t index = *find_slot(object, key);
        return index ? &object->as.members[index - 1] : NULL;
    }
    for (uint32_t i = 0; i < object->n; i++) {
        struct json_member *member = &object->as.members[i];
        if (member->key_len == key.len &&
            (member->key == key.ptr || key.len == 0 ||
             (member->key[0] == key.ptr[0] && memcmp(member->key, key.ptr, key.len) == 0)))
            return member;
    }
    return NULL;
}

json_t *json_object_find(const json_t *object, const char *key, size_t len)
{
    struct json_member *member = json_member(object, str_make(key, len));
    return member ? member->value : NULL;
}

uint32_t json_object_set(struct arena *arena, json_t *object, struct str key, json_t *value)
{
    assert(!object->is_sorted);
    struct json_member *member = json_member(object, key);
    if (member) {
        member->value = value;
        return (uint32_t)(member - object->as.members);
    }
    if (object->n == capacity(object))
        object_reserve(arena, object, room_for(object->n + 1), object->has_origins);
    if (is_hashed(object))
        *find_slot(object, key) = object->n + 1;
    object->as.members[object->n] =
        (struct json_member){.key = key.ptr, .key_len = (uint32_t)key.len, .value = value};
    if (object->has_origins)
        origins_of(object)[object->n] = NULL;
    return object->n++;
}

/* Moves the member at <from>, with its origin, to <to>, and those between them aside. */
static void move_member(json_t *object, uint32_t from, uint32_t to)
{
    struct json_member *members = object->as.members, moved = members[from];
    size_t low = from < to ? from : to, high = from < to ? to : from;
    size_t source = from < to ? low + 1 : low, target = from < to ? low : low + 1;
    memmove(members + target, members + source, (high - low) * sizeof(*members));
    members[to] = moved;
    if (!object->has_origins)
        return;
    const struct token **origins = origins_of(object), *origin = origins[from];
    memmove(origins + target, origins + source, (high - low) * sizeof(*origins));
    origins[to] = origin;
}

void json_object_remove(json_t *object, struct str key)
{
    struct json_member *member = json_member(object, key);
    if (!member)
        return;
    assert(!object->is_sorted);
    move_member(object, (uint32_t)(member - object->as.members), object->n - 1);
    object->n--;
    hash_members(object);
}

json_t *json_copy_shallow(struct arena *arena, const json_t *value)
{
    json_t *twin = arena_alloc(arena, sizeof(*twin));
    *twin = *value;
    twin->is_sorted = false;
    if (json_is_array(value)) {
        twin->room = EXACT_ROOM;
        twin->as.items = arena_alloc(arena, twin->n * sizeof(*twin->as.items));
        if (twin->n)
            memcpy(twin->as.items, value->as.items, twin->n * sizeof(*twin->as.items));
        return twin;
    }
    if (!twin->has_origins && twin->n < HASHED_FROM)
        twin->room = EXACT_ROOM;
    twin->as.members = arena_alloc(arena, members_size(twin));
    if (twin->n)
        memcpy(twin->as.members, value->as.members, members_size(twin));
    return twin;
}

void json_object_move(json_t *object, struct json_member *member, uint32_t to)
{
    uint32_t from = (uint32_t)(member - object->as.members);
    if (from == to)
        return;
    assert(!object->is_sorted);
    move_member(object, from, to);
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

static void sort_members(struct json_member *members, uint32_t n)
{
    if (n > HASHED_FROM) {
        qsort(members, n, sizeof(*members), compare_keys);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        struct json_member moved = members[i];
        uint32_t at = i;
        for (; at > 0 && compare_keys(&members[at - 1], &moved) > 0; at--)
            members[at] = members[at - 1];
        members[at] = moved;
    }
}

void json_object_sort(json_t *object)
{
    if (json_keys_are_sorted(object))
        return;
    assert(!object->is_sorted);
    if (!object->has_origins)
        sort_members(object->as.members, object->n);
    for (uint32_t i = 1; i < object->n && object->has_origins; i++) {
        uint32_t to = i;
        while (to > 0 && compare_keys(&object->as.members[to - 1], &object->as.members[i]) > 0)
            to--;
        move_member(object, i, to);
    }
    hash_members(object);
}

json_t *json_copy_sorted(struct arena *arena, const json_t *object)
{
    json_t *twin = arena_alloc(arena, sizeof(*twin));
    *twin = *object;
    twin->is_sorted = twin->has_origins = false;
    twin->room = twin->n < HASHED_FROM ? EXACT_ROOM : room_for(twin->n);
    twin->as.members = arena_alloc(arena, members_size(twin));
    if (twin->n)
        memcpy(twin->as.members, object->as.members, twin->n * sizeof(*twin->as.members));
    sort_members(twin->as.members, twin->n);
    hash_members(twin);
    for (uint32_t i = 0; i < object->n && object->has_origins; i++) {
        const struct json_member *member = &object->as.members[i];
        const struct token *origin = json_slot_origin(object, member);
        if (!origin || json_has_identity(member->value))
            continue;
        const struct json_member *moved = json_member(twin, key_of(member));
        json_set_slot_origin(arena, twin, (uint32_t)(moved - twin->as.members), origin);
    }
    return twin;
}

static bool objects_equal(const json_t *a, const json_t *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct json_member *member = json_member(b, key_of(&a->as.members[i]));
        if (!member || !json_is_equal(a->as.members[i].value, member->value))
            return false;
    }
    return true;
}

static bool arrays_equal(const json_t *a, const json_t *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!json_is_equal(a->as.items[i], b->as.items[i]))
            return false;
    return true;
}

bool json_is_equal(const json_t *a, const json_t *b)
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
