#ifndef DIALTONE_PLUGINS_SHAPE_H
#define DIALTONE_PLUGINS_SHAPE_H

#include "adapt/directive.h"

/* What a description says may follow a name, and what becomes of it. */

/* Where in an object a value goes: the steps of `rate_limits.{name}` or `replacements[]`. */
struct step {
    enum step_kind {
        STEP_NONE,
        STEP_KEY,   /* written out */
        STEP_LABEL, /* the text of an argument */
        STEP_NAME,  /* the name of the line, as it is written */
    } kind;
    const char *key; /* of STEP_KEY */
    size_t label;    /* of STEP_LABEL: index of the parameter */
};
struct place {
    struct step *at;
    size_t n;     /* 0: nowhere */
    bool appends; /* the last step is an array, which gets one more */
};

enum parameter_type {
    TYPE_NONE,
    TYPE_STRING,
    TYPE_INTEGER,
    TYPE_UNSIGNED,
    TYPE_NUMBER,
    TYPE_BOOLEAN,
    TYPE_DURATION,
    TYPE_DURATION_TEXT,
    TYPE_SIZE,
    TYPE_SCALAR,
    TYPE_TEXT,
    TYPE_SLASHED,
    TYPE_ONE_OF,
    TYPE_FLAG,
    TYPE_MODULE,
    TYPE_RESPONSE_MATCHER,
    TYPE_MATCHERS,
    N_PARAMETER_TYPES
};

/* A word that stands for a value. */
struct alias {
    const struct token *word, *value;
    struct place place; /* where it goes; nowhere: where the argument goes */
};

/* One argument of a line. */
struct parameter {
    const char *name;
    enum parameter_type type;
    bool is_optional, takes_rest;
    bool is_label;                 /* only names the place of others */
    bool keeps_zero;               /* an empty value is written as well */
    const char *values;            /* of TYPE_ONE_OF: "a|b" */
    const struct token *namespace; /* of TYPE_MODULE */
    const struct module_space *space;
    const struct token *fallback; /* the value where the argument is not there */
    struct alias *aliases;
    size_t n_aliases;
    struct place place;
};

/* A value that is there whatever the line says. */
struct constant {
    struct place place;
    const struct token *value;
};

struct shape {
    const struct plugin *plugin;
    const struct token *token; /* the name in the description */
    const char *name;          /* as written there: "a|b" */
    const char *doc, *since;
    const char *arguments; /* usage */
    struct parameter *parameters;
    size_t n_parameters;
    struct constant *constants;
    size_t n_constants;
    struct place into;            /* the object that all of this is about, in the one around */
    struct place name_place;      /* where the line's name goes */
    struct place counter_place;   /* where the number of such lines goes */
    const char *counter;          /* its name; NULL: they are not counted */
    const struct option *options; /* of its block; NULL: it takes none */
    struct shape **shapes;        /* the same, before they became rows */
    size_t n_shapes;
    const struct token **required; /* keys that must be there in the end */
    size_t n_required;
    const char *keys; /* of its object in the order of the description */
    bool is_once;
    bool is_exclusive; /* arguments or a block, not both */
    bool reads_inline; /* the line may hold one of the options */
    bool takes_any_block;
    bool is_undescribed; /* which JSON it becomes is not said */
};

/* Reads what follows the name at the cursor into <object>. False after a diagnostic. */
bool shape_read(struct scope *scope, struct cursor *in, const struct shape *shape, json_t *object);
/* The parse function of rows whose description is a shape. */
bool shape_option(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state);

#endif
