#ifndef DIALTONE_NATIVE_LAYOUT_H
#define DIALTONE_NATIVE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "dialtone/tables.h"

/* The shape of every row, so that emitting, dumping and checking are written once. */
enum array {
    ARRAY_NONE,
#define X(type, name) ARRAY_##name,
    DT_TABLE_ARRAYS(X)
#undef X
        ARRAY_MATCHER_ROWS, /* depends on the matcher's kind */
    ARRAY_HANDLER_ROW,      /* depends on the handler's kind */
    N_ARRAYS
};

enum cell { CELL_U8, CELL_U16, CELL_U32, CELL_I64, CELL_TEXT, CELL_RANGE, CELL_IP };

struct column {
    const char *name;
    size_t offset;
    enum cell cell;
    enum array target;        /* of a range or an index; ARRAY_NONE: a plain value */
    const char *const *names; /* of an enum's values; NULL: a number */
    size_t n_names;
    bool is_optional; /* DT_NONE says "none", so 0 says something */
};

struct layout {
    const char *name, *type; /* routes, dt_route */
    size_t row_size;
    const struct column *columns;
    size_t n_columns;
};

/* The layouts of all arrays in the order of DT_TABLE_ARRAYS; <array> is not ARRAY_NONE. */
const struct layout *layout_of(enum array array);
#define N_LAYOUTS ((size_t)ARRAY_MATCHER_ROWS - 1)
const void *layout_rows(const struct dt_tables *tables, enum array array, uint32_t *n);
/* A cell's value; of texts and ranges the two halves. */
int64_t layout_integer(const struct column *column, const void *row);
struct dt_range layout_range(const struct column *column, const void *row);
/* The row of origins that a row names, or 0. */
uint32_t layout_origin(const struct layout *layout, const void *row);
/* Where the index or range of a cell points, kinds taken into account. */
enum array layout_target(const struct column *column, const void *row);

/* Whether every index, range and text lies within the tables. */
bool tables_are_sound(const struct dt_tables *tables);

#endif
