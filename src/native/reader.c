/* JSON objects read by tables of their keys: wrong types, unknown keys and what the core cannot do
 * are reported where they stand. */
#include "native/reader.h"

#include <math.h>

#include "base/parse.h"
#include "json/document.h"
#include "native/lower_private.h"
#include "syntax/diag.h"

const struct token *origin_of(const struct lowering *lo, const json_t *object, const char *key,
                              const json_t *value)
{
    const struct token *token = document_origin(lo->document, object, key, value);
    return token ? token : lo->place;
}

const struct token *enter(struct lowering *lo, const json_t *value)
{
    const struct token *before = lo->place;
    lo->place = origin_of(lo, NULL, NULL, value);
    return before;
}

void leave(struct lowering *lo, const struct token *before)
{
    lo->place = before;
}

static void report(struct lowering *lo, enum diag_code code, const struct token *at,
                   const char *format, va_list args)
{
    struct strbuf text = strbuf_in(lo->arena);
    strbuf_vprintf(&text, format, args);
    diag_token(lo->diags, code, at, "%s", strbuf_cstr(&text));
    lo->n_errors++;
}

#define REPORT(code, at)                                                                           \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        report(lo, code, at, format, args);                                                        \
        va_end(args);                                                                              \
    } while (0)

void refuse(struct lowering *lo, const char *format, ...)
{
    REPORT(DIAG_NATIVE_UNSUPPORTED, lo->place);
}

void refuse_matcher(struct lowering *lo, const char *format, ...)
{
    REPORT(DIAG_NATIVE_MATCHER, lo->place);
}

void refuse_upstreams_at(struct lowering *lo, const json_t *value, const char *format, ...)
{
    REPORT(DIAG_NATIVE_UPSTREAM, origin_of(lo, NULL, NULL, value));
}

void refuse_at(struct lowering *lo, const json_t *value, const char *format, ...)
{
    REPORT(DIAG_NATIVE_UNSUPPORTED, origin_of(lo, NULL, NULL, value));
}

void reject(struct lowering *lo, const char *format, ...)
{
    REPORT(DIAG_BAD_VALUE, lo->place);
}

void reject_at(struct lowering *lo, const json_t *value, const char *format, ...)
{
    REPORT(DIAG_BAD_VALUE, origin_of(lo, NULL, NULL, value));
}

struct str member_str(const json_t *object, const char *key)
{
    return json_str(json_object_get(object, key));
}

size_t elements(struct lowering *lo, const json_t *array, const char *what)
{
    if (!array || json_is_null(array))
        return 0;
    if (json_is_array(array))
        return json_array_size(array);
    reject_at(lo, array, "%s must be a list", what);
    return 0;
}

static bool read_integer(struct lowering *lo, const json_t *value, const char *key, int64_t minimum,
                         int64_t maximum, int64_t *out)
{
    double real = json_number_value(value);
    bool is_whole =
        json_is_integer(value) || (json_is_real(value) && real == floor(real) && fabs(real) < 9e15);
    if (!is_whole) {
        reject_at(lo, value, "'%s' must be a whole number", key);
        return false;
    }
    int64_t n = json_is_integer(value) ? (int64_t)json_integer_value(value) : (int64_t)real;
    if (n < minimum || n > maximum) {
        reject_at(lo, value, "'%s' is out of range", key);
        return false;
    }
    *out = n;
    return true;
}

static void read_duration(struct lowering *lo, const json_t *value, const char *key, int64_t *out)
{
    if (!json_is_string(value)) {
        read_integer(lo, value, key, INT64_MIN, INT64_MAX, out);
        return;
    }
    if (parse_duration(json_str(value), out) != PARSE_OK)
        reject_at(lo, value, "'%s' is not a duration", key);
}

static void read_texts(struct lowering *lo, const json_t *value, const char *key,
                       struct dt_range *out)
{
    size_t n = elements(lo, value, key);
    out->first = reserve_texts(lo, (uint32_t)n);
    out->n = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++) {
        const json_t *element = json_array_get(value, i);
        if (!json_is_string(element))
            reject_at(lo, element, "'%s' must be a list of strings", key);
        lo->texts.at[out->first + i] = intern(lo, json_str(element));
    }
}

static bool check_type(struct lowering *lo, const json_t *value, const char *key, bool is_right,
                       const char *type)
{
    if (!is_right)
        reject_at(lo, value, "'%s' must be %s", key, type);
    return is_right;
}

static void read_field(struct lowering *lo, const json_t *value, const char *what,
                       const struct field *field, char *into)
{
    const char *key = field->key;
    int64_t n = 0;
    switch (field->kind) {
    case FIELD_IGNORED:
        return;
    case FIELD_REFUSED:
        if (!json_is_false(value))
            refuse(lo, "the proxy core cannot do '%s' of %s yet", key, what);
        return;
    case FIELD_JSON:
        *(const json_t **)(void *)into = value;
        return;
    case FIELD_FLAG:
        if (check_type(lo, value, key, json_is_boolean(value), "true or false"))
            *(uint8_t *)into = json_is_true(value);
        return;
    case FIELD_FLAG32:
        if (check_type(lo, value, key, json_is_boolean(value), "true or false"))
            *(uint32_t *)(void *)into = json_is_true(value);
        return;
    case FIELD_TRISTATE:
        if (check_type(lo, value, key, json_is_boolean(value), "true or false"))
            *(int8_t *)into = json_is_true(value);
        return;
    case FIELD_PORT:
        if (read_integer(lo, value, key, 0, UINT16_MAX, &n))
            *(uint16_t *)(void *)into = (uint16_t)n;
        return;
    case FIELD_COUNT:
        if (read_integer(lo, value, key, 0, INT32_MAX, &n))
            *(uint32_t *)(void *)into = (uint32_t)n;
        return;
    case FIELD_BYTES:
        read_integer(lo, value, key, INT64_MIN, INT64_MAX, (int64_t *)(void *)into);
        return;
    case FIELD_DURATION:
        read_duration(lo, value, key, (int64_t *)(void *)into);
        return;
    case FIELD_STR:
        if (check_type(lo, value, key, json_is_string(value), "a string"))
            *(struct str *)(void *)into = json_str(value);
        return;
    case FIELD_TEXT:
        if (check_type(lo, value, key, json_is_string(value), "a string"))
            *(struct dt_text *)(void *)into = intern(lo, json_str(value));
        return;
    case FIELD_TEXTS:
        read_texts(lo, value, key, (struct dt_range *)(void *)into);
        return;
    case N_FIELD_KINDS:
        return;
    }
}

void read_object(struct lowering *lo, const json_t *object, const char *what,
                 const struct field *fields, void *into)
{
    for (const struct field *field = fields; field->key; field++) {
        if (field->kind == FIELD_STR)
            *(struct str *)(void *)((char *)into + field->offset) = STR("");
    }
    if (!object || json_is_null(object))
        return;
    if (!json_is_object(object)) {
        reject_at(lo, object, "%s must be an object", what);
        return;
    }
    const json_t *walked = object;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        const char *key = json_object_iter_key(i);
        const json_t *value = json_object_iter_value(i);
        const struct field *field = fields;
        while (field->key && strcmp(field->key, key) != 0)
            field++;
        const struct token *before = lo->place;
        lo->place = origin_of(lo, object, key, value);
        if (strcmp(key, "@id") == 0)
            ; /* Caddy: a name for its admin API, in any object */
        else if (!field->key)
            refuse(lo, "the proxy core does not know '%s' in %s", key, what);
        else if (!json_is_null(value))
            read_field(lo, value, what, field, (char *)into + field->offset);
        leave(lo, before);
    }
}
