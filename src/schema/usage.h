#ifndef DIALTONE_SCHEMA_USAGE_H
#define DIALTONE_SCHEMA_USAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

/* The usage texts of rows, as structure. They are written so:
 *
 *   <name>          one argument; its name tells its type (schema/arguments.h)
 *   word            that very word
 *   a|b|<name>      one argument, any of these
 *   [...]           may be left out
 *   <name...>, a|b...   one or more
 *   [+|-]<name>     an argument that may begin with one of these characters
 *   !<name>         an argument that begins with this character
 *   <name> ...      the name of a module, whose own arguments and block follow
 *   ...             the arguments of a module that was named before
 *   a | b           two forms of the line (blanks around the bar)
 *   { ... }         the block, of which a usage says no more */

/* One argument. */
struct usage_argument {
    struct str names;    /* of the placeholders it may be, separated by '|'; empty: only words */
    struct str words;    /* legal as they are, separated by '|' */
    struct str prefixes; /* characters that may stand before it, separated by '|' */
    struct str mark;     /* the character that must stand before it, if any */
    bool is_optional;    /* the line may end before it */
    bool is_repeated;
    unsigned depth; /* how many brackets it stands in */
};

/* One form of a line: its arguments in order. The line may end before any argument that is
 * optional; those after it are then left out as well. */
struct usage_form {
    struct usage_argument *at;
    size_t n, cap;
    bool is_open; /* the last argument names a module, whose arguments follow */
};

struct usage {
    struct usage_form *at;
    size_t n, cap;
    int min_args, max_args; /* over all forms; -1: any number */
};

/* Reads a usage text; NULL is one form without arguments. False where it is not written as above.
 */
bool usage_parse(struct arena *arena, const char *text, struct usage *usage);

#endif
