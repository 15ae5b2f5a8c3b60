#ifndef DIALTONE_JSON_VALUE_H
#define DIALTONE_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct token;

/* A JSON value in an arena: 24 bytes and its contents, with the place it came from inside. Values
 * are made and changed through json/document.h and read through the functions here, which take NULL
 * and any type: what is not there is NULL, 0 or nothing. */
enum json_type {
    JSON_NONE,
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_INTEGER,
    JSON_REAL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

typedef struct json_value json_t;

struct json_member {
    const char *key; /* NUL-terminated */
    json_t *value;
    uint32_t key_len;
};

struct json_value {
    const struct token *origin;
    union {
        const char *text; /* NUL-terminated */
        int64_t integer;
        double real;
        json_t **items;
        struct json_member *members; /* in the order they were first set */
    } as;
    uint32_t n;       /* bytes, items or members */
    uint8_t type;     /* enum json_type */
    uint8_t room;     /* how many fit: see value.c */
    bool has_origins; /* some slot has an origin of its own: they stand behind the members */
    bool is_sorted;   /* with all it holds, so it must not change: see document_sorted */
};
_Static_assert(sizeof(struct json_value) == 24, "there are very many of them");

/* true, false and null are one value each: they have no identity but the slot they stand in. */
json_t *json_boolean(bool value);
json_t *json_the_null(void);

static inline enum json_type json_typeof(const json_t *value)
{
    return value ? (enum json_type)value->type : JSON_NONE;
}
#define json_is_object(value) (json_typeof(value) == JSON_OBJECT)
#define json_is_array(value) (json_typeof(value) == JSON_ARRAY)
#define json_is_string(value) (json_typeof(value) == JSON_STRING)
#define json_is_integer(value) (json_typeof(value) == JSON_INTEGER)
#define json_is_real(value) (json_typeof(value) == JSON_REAL)
#define json_is_number(value) (json_is_integer(value) || json_is_real(value))
#define json_is_true(value) (json_typeof(value) == JSON_TRUE)
#define json_is_false(value) (json_typeof(value) == JSON_FALSE)
#define json_is_boolean(value) (json_is_true(value) || json_is_false(value))
#define json_is_null(value) (json_typeof(value) == JSON_NULL)
#define json_has_identity(value) (!json_is_boolean(value) && !json_is_null(value))

static inline size_t json_array_size(const json_t *array)
{
    return json_is_array(array) ? array->n : 0;
}
static inline json_t *json_array_get(const json_t *array, size_t i)
{
    return i < json_array_size(array) ? array->as.items[i] : NULL;
}
static inline size_t json_object_size(const json_t *object)
{
    return json_is_object(object) ? object->n : 0;
}
/* The string's bytes with a NUL behind them; NULL where it is none. */
static inline const char *json_string_value(const json_t *string)
{
    return json_is_string(string) ? string->as.text : NULL;
}
static inline size_t json_string_length(const json_t *string)
{
    return json_is_string(string) ? string->n : 0;
}
/* The same as one; empty where it is none. */
static inline struct str json_str(const json_t *string)
{
    return json_is_string(string) ? str_make(string->as.text, string->n) : STR("");
}
static inline int64_t json_integer_value(const json_t *value)
{
    return json_is_integer(value) ? value->as.integer : 0;
}
static inline double json_real_value(const json_t *value)
{
    return json_is_real(value) ? value->as.real : 0;
}
static inline double json_number_value(const json_t *value)
{
    return json_is_integer(value) ? (double)value->as.integer : json_real_value(value);
}

json_t *json_object_find(const json_t *object, const char *key, size_t len);
static inline json_t *json_object_get(const json_t *object, const char *key)
{
    return json_object_find(object, key, strlen(key));
}
/* The member with that key, or NULL. */
struct json_member *json_member(const json_t *object, struct str key);
/* The origin of the slot; NULL where it has none but the value's. */
const struct token *json_slot_origin(const json_t *object, const struct json_member *member);
/* Whether they say the same; the order of keys does not count, 1 and 1.0 differ. NULL equals
 * nothing. */
bool json_is_equal(const json_t *a, const json_t *b);
/* The same number for values that are equal. */
uint64_t json_hash(const json_t *value);

/* Puts the members of one object in the order of their keys. */
void json_object_sort(json_t *object);

/* Walks the members in order: `for (i = json_object_iter(o); i; i = json_object_iter_next(o, i))`.
 * Nothing may be added or removed meanwhile. */
static inline struct json_member *json_object_iter(const json_t *object)
{
    return json_object_size(object) ? object->as.members : NULL;
}
static inline struct json_member *json_object_iter_next(const json_t *object, const void *at)
{
    struct json_member *next = (struct json_member *)at + 1;
    return next < object->as.members + object->n ? next : NULL;
}
static inline const char *json_object_iter_key(const void *at)
{
    return ((const struct json_member *)at)->key;
}
static inline size_t json_object_iter_key_len(const void *at)
{
    return ((const struct json_member *)at)->key_len;
}
static inline json_t *json_object_iter_value(const void *at)
{
    return ((const struct json_member *)at)->value;
}

#define json_array_foreach(array, i, item)                                                         \
    for ((i) = 0; (i) < json_array_size(array) && ((item) = json_array_get((array), (i)), true);   \
         (i)++)
#define json_object_foreach(object, name, item)                                                    \
    for (struct json_member *json_at = json_object_iter(object);                                   \
         json_at && ((name) = json_at->key, (item) = json_at->value, true);                        \
         json_at = json_object_iter_next((object), json_at))

/* For json/document.c: bare values, and changes that know no origins. Text and keys are not copied
 * and must have a NUL behind them. */
json_t *json_new(struct arena *arena, enum json_type type, const struct token *origin);
/* An object or array with the same contents. */
json_t *json_copy_shallow(struct arena *arena, const json_t *value);
/* An object with the same members in the order of their keys; origins of slots stay only where the
 * value has no identity. */
json_t *json_copy_sorted(struct arena *arena, const json_t *object);
void json_array_insert(struct arena *arena, json_t *array, size_t at, json_t *value);
/* Adds or replaces; the place of the member. */
uint32_t json_object_set(struct arena *arena, json_t *object, struct str key, json_t *value);
void json_set_slot_origin(struct arena *arena, json_t *object, uint32_t place,
                          const struct token *origin);
void json_object_remove(json_t *object, struct str key);
bool json_keys_are_sorted(const json_t *object);
void json_object_move(json_t *object, struct json_member *member, uint32_t to);

#endif
