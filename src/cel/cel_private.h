#ifndef DIALTONE_CEL_CEL_PRIVATE_H
#define DIALTONE_CEL_CEL_PRIVATE_H

/* What the files of this folder and its grammar share. */
#include "base/arena.h"
#include "cel/cel.h"

/* ---- types.c ---- */

enum cel_type_kind {
    CEL_TYPE_ERROR,
    CEL_TYPE_DYN, /* anything */
    CEL_TYPE_ANY, /* the same of placeholders; loops do not take it */
    CEL_TYPE_NULL,
    CEL_TYPE_BOOL,
    CEL_TYPE_INT,
    CEL_TYPE_UINT,
    CEL_TYPE_DOUBLE,
    CEL_TYPE_STRING,
    CEL_TYPE_BYTES,
    CEL_TYPE_DURATION,
    CEL_TYPE_TIMESTAMP,
    CEL_TYPE_REQUEST,
    CEL_TYPE_LIST,
    CEL_TYPE_MAP,
    CEL_TYPE_TYPE,
    CEL_TYPE_VARIABLE, /* not known yet; <number> */
    N_CEL_TYPE_KINDS
};

struct cel_type {
    enum cel_type_kind kind;
    unsigned number;
    const struct cel_type *of[2];
};

/* What is known of type variables: by number, NULL for nothing. */
struct cel_types {
    struct arena *arena;
    VEC(const struct cel_type *) known;
};

const struct cel_type *cel_type_plain(enum cel_type_kind kind);
const struct cel_type *cel_type_list(struct cel_types *types, const struct cel_type *of);
const struct cel_type *cel_type_map(struct cel_types *types, const struct cel_type *key,
                                    const struct cel_type *value);
const struct cel_type *cel_type_type(struct cel_types *types, const struct cel_type *of);
const struct cel_type *cel_type_variable(struct cel_types *types);
/* With variables replaced by what is known of them; <to_dyn>: the others by dyn. */
const struct cel_type *cel_type_resolve(struct cel_types *types, const struct cel_type *type,
                                        bool to_dyn);
/* Whether each <from> can be a <to>; what that says of variables is remembered. */
bool cel_types_fit(struct cel_types *types, const struct cel_type *const *from,
                   const struct cel_type *const *to, size_t n);
const struct cel_type *cel_type_join(const struct cel_type *a, const struct cel_type *b);
bool cel_type_is_dyn(const struct cel_type *type);
bool cel_type_same(const struct cel_type *a, const struct cel_type *b);
struct str cel_type_text(struct arena *arena, const struct cel_type *type);

/* ---- functions.c ---- */

enum { CEL_MAX_ARGUMENTS = 4 };

/* One overload. Types are written as in messages; A and B are any type. */
struct cel_function {
    const char *name;
    const char *target;                       /* type that it is a member of; NULL: called alone */
    const char *arguments[CEL_MAX_ARGUMENTS]; /* NULL ends them */
    const char *result;
    unsigned number; /* see cel_function_number */
    const char *doc; /* NULL: that of the form before */
};

extern const struct cel_function cel_functions[]; /* a row without name ends them */
/* The signature with fresh variables for A and B: <out>[0] is the result, the target follows. */
size_t cel_signature(struct cel_types *types, const struct cel_function *function,
                     const struct cel_type *out[CEL_MAX_ARGUMENTS + 2]);
bool cel_function_is_known(struct str name);
/* The nearest name of a function, macro or matcher; empty: none is near. */
struct str cel_function_suggestion(struct str name, bool is_member);

/* ---- expand.c ---- */

/* A stretch of the text that is read, and where it came from. */
struct cel_piece {
    uint32_t at, from; /* where it begins in each */
    uint32_t from_end; /* of what is not the same: where it ends in the source */
    bool is_copy;
};

struct cel_source {
    struct str text; /* what is read: placeholders as calls of ph */
    VEC(struct cel_piece) pieces;
};

void cel_expand(struct arena *arena, struct str written, struct cel_source *source);
/* The place in what was written. */
uint32_t cel_written_begin(const struct cel_source *source, uint32_t at);
uint32_t cel_written_end(const struct cel_source *source, uint32_t at);

/* ---- parse.c and its grammar ---- */

struct cel_token {
    int kind;
    uint32_t begin, end;
};

struct cel_compiler {
    struct arena *arena;
    struct cel_expression *out;
    struct cel_source source;
    struct cel_types types;
    bool is_outside; /* something valid was found that is not known here */
};

/* The next token from <at> on; kind 0 at the end, -1 for what is none. */
struct cel_token cel_next_token(struct str text, size_t at);

/* Reports a mistake at bytes of the text that is read; NULL for the hint: none. */
void cel_wrong(struct cel_compiler *compiler, uint32_t begin, uint32_t end, const char *hint,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
void cel_outside(struct cel_compiler *compiler, const struct cel_node *node, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

struct cel_node *cel_parse(struct cel_compiler *compiler);

/* What the grammar's actions call. */
struct cel_node *cel_make(struct cel_compiler *compiler, enum cel_node_kind kind,
                          struct cel_token first);
struct cel_node *cel_literal(struct cel_compiler *compiler, struct cel_token token);
struct cel_node *cel_ident(struct cel_compiler *compiler, struct cel_token dot,
                           struct cel_token name);
struct cel_node *cel_unary(struct cel_compiler *compiler, struct cel_token sign, unsigned n,
                           struct cel_node *operand);
struct cel_node *cel_binary(struct cel_compiler *compiler, struct cel_node *left,
                            struct cel_token sign, struct cel_node *right);
struct cel_node *cel_choice(struct cel_compiler *compiler, struct cel_node *condition,
                            struct cel_token sign, struct cel_node *yes, struct cel_node *no);
struct cel_node *cel_select(struct cel_compiler *compiler, struct cel_node *of,
                            struct cel_token name);
struct cel_node *cel_at_index(struct cel_compiler *compiler, struct cel_node *of,
                              struct cel_token bracket, struct cel_node *index,
                              struct cel_token end);
struct cel_node *cel_call(struct cel_compiler *compiler, struct cel_node *target,
                          struct cel_token dot, struct cel_token name, struct cel_node *arguments,
                          struct cel_token end);
struct cel_node *cel_message(struct cel_compiler *compiler, struct cel_node *name,
                             struct cel_token brace, struct cel_token end);
/* In brackets: a list or map begins and ends with them. */
struct cel_node *cel_nest(struct cel_compiler *compiler, struct cel_node *node,
                          struct cel_token open, struct cel_token end);
void cel_add_item(struct cel_compiler *compiler, struct cel_node *list, struct cel_node *item);

/* Generated by lemon. */
void *CelAlloc(void *(*allocate)(size_t));
void CelFree(void *parser, void (*release)(void *));
void Cel(void *parser, int kind, struct cel_token token, struct cel_compiler *compiler);
bool CelFits(const void *parser, int kind);

/* ---- literals.c ---- */

bool cel_read_literal(struct cel_compiler *compiler, struct cel_token token, struct cel_value *out);

/* ---- macros.c ---- */

/* What a call is where its name is a macro or a matcher: makes it that. */
void cel_expand_macro(struct cel_compiler *compiler, struct cel_node *call);
/* Names of macros and matchers, for suggestions: the <i>th, NULL behind the last. */
const char *cel_macro_name(size_t i, bool *is_member);
/* How many arguments the macros of this name take, and what for. */
const char *cel_macro_usage(struct arena *arena, struct str name);

/* ---- check.c, fold.c ---- */

void cel_check(struct cel_compiler *compiler, struct cel_node *root);
/* A call of format; in format.c. */
void cel_check_format(struct cel_compiler *compiler, const struct cel_node *call);
/* Works out what Caddy works out at its start; what fails then is wrong. */
void cel_fold(struct cel_compiler *compiler, struct cel_node *node);

#endif
