#ifndef DIALTONE_NATIVE_READER_H
#define DIALTONE_NATIVE_READER_H

#include "json/value.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct lowering;
struct token;

/* How one key of a JSON object is read. A key without a row is an error, so nothing that a
 * configuration says is passed over in silence. */
enum field_kind {
    FIELD_IGNORED,  /* has no meaning without Caddy, or is read by somebody else */
    FIELD_REFUSED,  /* the proxy core cannot do it yet */
    FIELD_JSON,     /* const json_t *: looked at later */
    FIELD_FLAG,     /* uint8_t */
    FIELD_FLAG32,   /* uint32_t */
    FIELD_TRISTATE, /* int8_t: -1 where it is not there */
    FIELD_PORT,     /* uint16_t */
    FIELD_COUNT,    /* uint32_t */
    FIELD_BYTES,    /* int64_t */
    FIELD_DURATION, /* int64_t nanoseconds */
    FIELD_STR,      /* struct str */
    FIELD_TEXT,     /* struct dt_text */
    FIELD_TEXTS,    /* struct dt_range of texts */
    N_FIELD_KINDS
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
};

/* Reads an object by its table into the struct at <into>; <what> names it in messages ("a route").
 * null reads as nothing. */
void read_object(struct lowering *lo, const json_t *object, const char *what,
                 const struct field *fields, void *into);

/* The token of a value, of its slot, or of what is around it. */
const struct token *origin_of(const struct lowering *lo, const json_t *object, const char *key,
                              const json_t *value);
/* Makes a value the place for whatever in it has no origin of its own; returns the place before,
 * to be given to leave. */
const struct token *enter(struct lowering *lo, const json_t *value);
void leave(struct lowering *lo, const struct token *before);

/* An error: the core cannot run what stands at the current place. */
void refuse(struct lowering *lo, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of matchers; of upstreams, at a value. */
void refuse_matcher(struct lowering *lo, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void refuse_upstreams_at(struct lowering *lo, const json_t *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An error: the value cannot be read as what it must be. */
void reject(struct lowering *lo, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same at a value. */
void refuse_at(struct lowering *lo, const json_t *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reject_at(struct lowering *lo, const json_t *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The string under <key>, or empty. */
struct str member_str(const json_t *object, const char *key);
/* Elements of an array; an error and 0 where it is none. NULL is an empty one. */
size_t elements(struct lowering *lo, const json_t *array, const char *what);

#endif
