#ifndef DIALTONE_MODULES_MODULES_H
#define DIALTONE_MODULES_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "syntax/source.h"

struct arena;
struct diags;
struct json_text;

/* The JSON that Caddy's modules take: every module of the standard distribution is a row, every
 * field of its object is one, and so are the objects within. The rows are what `check` holds a
 * caddy.json against, what `dialtone schema` prints and what an editor shows. */

/* What a value may be: kind, name in the schema, in words, and many of them. */
#define MODULE_SHAPE_KINDS(X)                                                                      \
    X(ANY, "any", "any value", "values")                                                           \
    X(STRING, "string", "a string", "strings")                                                     \
    X(BOOL, "boolean", "true or false", "booleans")                                                \
    X(INTEGER, "integer", "a whole number", "whole numbers")                                       \
    X(NUMBER, "number", "a number", "numbers")                                                     \
    X(DURATION, "duration", "a duration like \"1m30s\" or a number of nanoseconds", "durations")   \
    X(NANOSECONDS, "nanoseconds", "a whole number of nanoseconds", "numbers of nanoseconds")       \
    X(TEXT_OR_NUMBER, "string_or_number", "a string or a number", "strings or numbers")            \
    X(TEXT_OR_LIST, "string_or_strings", "a list of strings", "lists of strings")                  \
    X(BIG_INTEGER, "big_integer", "a string of decimal digits", "strings of decimal digits")       \
    X(FILE_MODE, "file_mode", "a string of octal digits", "strings of octal digits")               \
    X(KEYWORD, "keyword", "a string", "strings")                                                   \
    X(KEY_ALGORITHM, "key_algorithm", "a string", "strings")                                       \
    X(EXPRESSION, "expression", "a string with the expression", "expressions")                     \
    X(OBJECT, "object", "an object", "objects")                                                    \
    X(MODULE, "module", "an object", "objects")                                                    \
    X(MODULE_MAP, "module_map", "an object", "objects")

#define X(kind, name, words, plural) SHAPE_##kind,
enum module_shape_kind { SHAPE_NONE, MODULE_SHAPE_KINDS(X) N_SHAPE_KINDS };
#undef X

/* How many of that there are. */
enum module_nest {
    NEST_ONE,
    NEST_LIST,
    NEST_MAP, /* an object with any keys */
    NEST_LIST_OF_LISTS,
    NEST_MAP_OF_LISTS,
};

struct module_shape {
    enum module_shape_kind kind;
    enum module_nest nest;
    const struct module_object *object; /* of SHAPE_OBJECT */
    const char *space;                  /* of modules: where they are registered */
    const char *name_key;               /* of SHAPE_MODULE: the field that names the module */
    bool refuses_null; /* of its items: Caddy crashes on null */
};

struct module_field {
    const char *name;
    struct module_shape shape;
    const char *doc;
    const char *since;      /* the Caddy version that brought it, where later than its module */
    const char *deprecated; /* what to use instead; NULL: nothing against it */
    const char *values;     /* the legal words, separated by '|'; NULL: any */
    bool any_case;          /* of those words */
    bool is_strict;         /* another word is refused by Caddy, not only useless */
    bool is_required;       /* Caddy refuses an object without it, or where it is empty */
    const char *unless;     /* a field that, when true, makes it accept that; NULL: none */
};

struct module_object {
    const char *name;                      /* unlike all others */
    const char *noun;                      /* what people call it: "a server" */
    const struct module_field *fields;     /* ends with a row whose name is NULL */
    const struct module_object *inherited; /* its fields belong to this one too */
};

struct module {
    const char *id; /* space and name: "http.handlers.file_server" */
    struct module_shape shape;
    const char *doc;
    const char *since; /* NULL: 2.0 */
};

/* A place where modules are registered. */
struct module_namespace {
    const char *name; /* "http.handlers"; empty for apps */
    const char *noun; /* "handler" */
    const char *doc;
};

/* All modules, family by family: a NULL-terminated list of tables, each ends with a row whose id is
 * NULL. */
extern const struct module *const module_tables[];
/* Ends with a row whose name is NULL. */
extern const struct module_namespace module_namespaces[];
/* The object that a whole caddy.json is. */
extern const struct module_object module_config;

const struct module *module_find(struct str id);
/* Where the module is registered, and its name there. */
struct str module_space_of(const struct module *module, struct str *name);
const struct module_namespace *module_namespace_find(struct str name);
/* The field with exactly that name, inherited ones too, or NULL. */
const struct module_field *module_field_find(const struct module_object *object, struct str name);
/* What the schema calls a kind. */
const char *module_kind_name(enum module_shape_kind kind);

/* A plugin that brings a module. */
struct module_plugin {
    const char *name;
    const char *package; /* the Go package that Caddy is built with; NULL where it is not told */
    bool is_declared;    /* the user says that his Caddy has it */
    bool is_usable;      /* its modules may stand in the file; else it is only worth a hint */
};

struct module_check_options {
    bool is_whole;     /* the text was read without mistakes, so what is missing was left out */
    bool skip_unknown; /* modules that nobody knows are no errors */
    /* Who brings a module that is in no table; false: nobody known. NULL: there are no plugins. */
    bool (*find_plugin)(void *user, struct str space, struct str name, struct module_plugin *plugin);
    /* Told of each field and module that a version after 2.0 brought. NULL: nobody wants to know. */
    void (*on_dated)(void *user, struct span span, struct str name, const char *since);
    void *user;
};

/* Holds a whole configuration against the tables, as Caddy would when it loads it, and reports
 * everything that is wrong. Keys that Caddy takes in spite of their case get the spelling of the
 * tables. Modules of plugins may have any fields. */
void modules_check(struct arena *arena, struct diags *diags, struct json_text *config,
                   const struct module_check_options *options);

#endif
