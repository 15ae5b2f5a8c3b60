#ifndef DIALTONE_BASE_CEL_VALUE_H
#define DIALTONE_BASE_CEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Values of the Common Expression Language as cel-go computes with them; the compiler uses them for
 * constants, the proxy core at run time. A mistake is a value, too: CEL_ERROR with its text. */
enum cel_value_kind {
    CEL_ERROR,
    CEL_NULL,
    CEL_BOOL,
    CEL_INT,
    CEL_UINT,
    CEL_DOUBLE,
    CEL_STRING, /* UTF-8 */
    CEL_BYTES,
    CEL_LIST,
    CEL_MAP,
    CEL_DURATION,  /* <i>: nanoseconds */
    CEL_TIMESTAMP, /* <i>: seconds since 1970, and <nanos> */
    CEL_TYPE,      /* <text>: its name */
    CEL_REQUEST,   /* the variable `req` */
    CEL_NAME,      /* of a certificate's subject or issuer: only == compares it, with a string */
    N_CEL_VALUE_KINDS
};

struct cel_value {
    enum cel_value_kind kind;
    uint32_t nanos;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double d;
        struct str text;
        struct {
            const struct cel_value *at; /* of maps key, value, key, value … */
            size_t n;                   /* of maps: pairs */
        } items;
    };
};

static inline struct cel_value cel_bool(bool b)
{
    return (struct cel_value){.kind = CEL_BOOL, .b = b};
}
static inline struct cel_value cel_int(int64_t i)
{
    return (struct cel_value){.kind = CEL_INT, .i = i};
}
static inline struct cel_value cel_uint(uint64_t u)
{
    return (struct cel_value){.kind = CEL_UINT, .u = u};
}
static inline struct cel_value cel_double(double d)
{
    return (struct cel_value){.kind = CEL_DOUBLE, .d = d};
}
static inline struct cel_value cel_string(struct str text)
{
    return (struct cel_value){.kind = CEL_STRING, .text = text};
}
static inline struct cel_value cel_null(void)
{
    return (struct cel_value){.kind = CEL_NULL};
}
static inline struct cel_value cel_duration(int64_t ns)
{
    return (struct cel_value){.kind = CEL_DURATION, .i = ns};
}
static inline bool cel_is_true(struct cel_value value)
{
    return value.kind == CEL_BOOL && value.b;
}
struct cel_value cel_list(const struct cel_value *at, size_t n);

/* A mistake; the text is put together in the arena. */
struct cel_value cel_error(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct cel_value cel_no_overload(void);
/* Its type's name as type() tells it: "google.protobuf.Duration". */
struct str cel_type_name(struct cel_value value);

/* Equality, where numbers of all kinds compare by value and what has not the same type is not
 * equal. <*cost> grows with what is looked at. */
bool cel_equal(struct cel_value a, struct cel_value b, uint64_t *cost);

enum cel_order {
    CEL_LESS = -1,
    CEL_SAME = 0,
    CEL_GREATER = 1,
    CEL_UNORDERED = 2,
    CEL_NO_ORDER = 3
};
/* CEL_UNORDERED: one is not a number; CEL_NO_ORDER: types that do not compare. */
enum cel_order cel_compare(struct cel_value a, struct cel_value b);

/* a <operator> b, the operator being one of "+-*" "/%"; negation. */
struct cel_value cel_arithmetic(struct arena *arena, char operator_sign, struct cel_value a,
                                struct cel_value b);
struct cel_value cel_negate(struct arena *arena, struct cel_value a);

/* list[index], map[key]. */
struct cel_value cel_index(struct arena *arena, struct cel_value in, struct cel_value key,
                           uint64_t *cost);
/* The value of a key of the map, or NULL. */
const struct cel_value *cel_find(struct cel_value map, struct cel_value key, uint64_t *cost);
/* Puts a pair into <pairs>, of which there are <n>, in place of one with an equal key; returns how
 * many there are now. */
size_t cel_put(struct cel_value *pairs, size_t n, struct cel_value key, struct cel_value value,
               uint64_t *cost);

/* ---- cel_convert.c ---- */

/* bool(x), int(x) …: <to> is the kind; no such conversion is an error. */
struct cel_value cel_convert(struct arena *arena, struct cel_value value, enum cel_value_kind to);
/* The shortest digits that read back, without exponent, as Go's 'f' with precision -1. */
void cel_add_fixed(struct strbuf *out, double d);

/* ---- cel_time.c ---- */

enum {
    CEL_FIRST_SECOND_YEAR = 1,
    CEL_LAST_SECOND_YEAR = 9999,
};

/* A time in the calendar; month, day and weekday count from 0. */
struct cel_calendar {
    int64_t year;
    int month, day, hour, minute, second, weekday, year_day;
};

struct cel_calendar cel_calendar_of(int64_t seconds);
/* RFC 3339 as strictly as cel-go reads it; false: it is none, or out of range. */
bool cel_parse_timestamp(struct str text, struct cel_value *out);
void cel_add_timestamp(struct strbuf *out, struct cel_value timestamp);
/* Seconds east of UTC of "UTC", "+05:30", "-8:00"; false: another name. */
bool cel_zone_offset(struct str zone, int64_t *seconds);
bool cel_timestamp_in_range(int64_t seconds);

#endif
