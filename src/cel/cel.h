#ifndef DIALTONE_CEL_CEL_H
#define DIALTONE_CEL_CEL_H

#include "base/cel_value.h"
#include "base/str.h"
#include "base/vec.h"

struct arena;
struct cel_function;
struct cel_type;

/* Expressions as Caddy's matcher `expression` compiles them: read, checked by type, and what is
 * constant worked out. The result is a tree for those who make a program of it. */

enum cel_node_kind {
    CEL_NODE_BROKEN, /* after a mistake */
    CEL_NODE_LITERAL,
    CEL_NODE_IDENT,
    CEL_NODE_SELECT, /* <target>.<name> */
    CEL_NODE_HAS,    /* has(<target>.<name>) */
    CEL_NODE_CALL,   /* operators, too */
    CEL_NODE_LIST,
    CEL_NODE_MAP,     /* key, value, key, value … */
    CEL_NODE_MESSAGE, /* google.protobuf.Duration{…} */
    CEL_NODE_LOOP,    /* all, exists, map, filter … over <target> */
    CEL_NODE_BIND,    /* cel.bind(<name>, <target>, items[0]) */
    CEL_NODE_MATCHER, /* path('/x'): one of Caddy's */
    N_CEL_NODE_KINDS
};

enum cel_loop {
    CEL_LOOP_NONE,
    CEL_LOOP_ALL, /* items[0] is the condition */
    CEL_LOOP_EXISTS,
    CEL_LOOP_EXISTS_ONE,
    CEL_LOOP_MAP, /* items: maybe a condition, and what becomes of each */
    CEL_LOOP_FILTER,
    CEL_LOOP_SORT_BY, /* items[0] is the key */
    N_CEL_LOOPS
};

struct cel_node {
    enum cel_node_kind kind;
    enum cel_loop loop;
    uint32_t begin, end; /* bytes of the expression as it is written */
    uint32_t at, at_end; /* of these the operator or the name */
    struct str name;     /* of idents, fields, functions, matchers, a loop's variable */
    struct cel_value literal;
    struct cel_node *target; /* what a member is of; NULL: none */
    VEC(struct cel_node *) items;
    const struct cel_type *type;
    const struct cel_function *function; /* of calls; the first that fits */
    bool is_type;                        /* an ident that names a type, then in <literal> */
    bool is_folded;                      /* constant: <literal> is its value */
};

enum cel_problem_kind {
    CEL_WRONG,   /* Caddy refuses the configuration */
    CEL_OUTSIDE, /* fine for Caddy, more than is known here */
};

struct cel_problem {
    enum cel_problem_kind kind;
    uint32_t begin, end; /* bytes of the expression as it is written */
    const char *message; /* what is wrong */
    const char *hint;    /* what to write; NULL: nothing to say */
};

struct cel_expression {
    struct str text;
    struct cel_node *root; /* NULL where the text does not read */
    VEC(struct cel_problem) problems;
    size_t n_wrong; /* of them, the mistakes */
};

/* Compiles <text>, which may hold Caddy's placeholders under their full names. Lives in the arena.
 */
const struct cel_expression *cel_compile(struct arena *arena, struct str text);

/* The placeholder that ph(req, '…') asks for; false: it is none with a constant name. */
bool cel_is_placeholder(const struct cel_node *node, struct str *name);

/* The function's number in dt_function; 0: it is ?:, &&, ||, or ph. */
unsigned cel_function_number(const struct cel_function *function);

#endif
