#ifndef DIALTONE_ADAPT_OPTIONS_H
#define DIALTONE_ADAPT_OPTIONS_H

#include "json/value.h"

#include "adapt/cursor.h"

struct scope;

/* What the arguments of an option become. */
enum value_type {
    VALUE_NONE,     /* nothing by itself: the row's function does all */
    VALUE_TRUE,     /* presence: key = true */
    VALUE_STRING,   /* one argument: key = "text" */
    VALUE_STRINGS,  /* arguments appended to the array under key */
    VALUE_INTEGER,  /* Go's Atoi */
    VALUE_FLOAT,
    VALUE_DURATION, /* Caddy's ParseDuration: integer nanoseconds */
    VALUE_SIZE,     /* go-humanize ParseBytes: integer bytes */
    VALUE_BLOCK,    /* options of <block> into the object under key */
};

enum option_flags {
    OPTION_ONCE = 1 << 0,        /* a second one is an error */
    OPTION_HEADER_NAME = 1 << 1, /* the first argument is a header field name (for completion) */
    OPTION_MODULE_LINES = 1 << 2, /* each line of its block names a module of <space> */
    OPTION_DIRECTIVES = 1 << 3,   /* its block holds directives */
    OPTION_LOOSE = 1 << 4,        /* more arguments than it takes are not refused: they are passed
                                     over, or read as something else */
    OPTION_MODULE_NAME = 1 << 5,  /* the option's own name is that of a module of <space> */
    OPTION_INLINE = 1 << 6,       /* a line of its block may stand on its own line instead */
    OPTION_SITE_ONLY = 1 << 7,    /* of rows that sites and global options share */
    OPTION_GLOBAL_ONLY = 1 << 8,
    OPTION_REFUSED = 1 << 9,      /* Caddy knows its name, and refuses it always */
    OPTION_WORDS_SUFFICE = 1 << 10, /* where its line has arguments, <needs> does not count */
    OPTION_OPEN_WORDS = 1 << 11,  /* Caddy does not check that a word is one of those listed */
    OPTION_ONCE_FILLED = 1 << 12, /* a second one is an error where there is a value already; the
                                     row's function sees to it */
    OPTION_ADDS = 1 << 13         /* a second one adds to the first; without this or the two above it
                                     takes its place */
};

struct option;

/* The plugin that a row made at run time stands for. */
struct plugin {
    const char *name;
    const char *package; /* the Go package that Caddy is built with; NULL where it is not told */
    bool is_declared;    /* the user says that his Caddy has it */
};

/* The modules of one kind, from which options choose by name. */
struct module_space {
    const char *name;             /* Caddy's name space: http.reverse_proxy.transport */
    const char *key;              /* JSON key that the module's name goes under; NULL where the name
                                     is itself a key */
    const char *doc;              /* one line: what such a module is */
    const struct option *modules; /* rows: the rest of the line and the block are each module's own;
                                     NULL where only plugins bring modules of this kind */
};

/* One row: everything there is to know of one option, sub-option or global option. Errors,
 * suggestions, completion, help, the published schema and the test generator read it. Arrays of
 * rows end with a row whose name is NULL. */
struct option {
    const char *name;      /* as written in a Caddyfile; "a|b" lists aliases, canonical first. One
                              with a <placeholder> stands for many: see option_is_pattern */
    const char *doc;       /* one line */
    const char *arguments; /* usage, such as "<status> [<body>]"; NULL for none */
    const char *key;       /* JSON key the value goes under; dots descend; NULL where parse decides */
    enum value_type type;
    int min_args, max_args; /* arguments on its line; max -1 is any number */
    const char *values;     /* "on|off" where only certain words are legal (documentation, and
                               checked for VALUE_STRING); NULL for free text */
    const struct option *block; /* rows legal in its block; NULL where it takes none */
    const struct module_space *space; /* the modules that its line names; NULL where it names none */
    /* Reads the option in its own way: the cursor stands on the option's name. <object> is where
     * the values of this block go, <state> whatever the caller of options_parse passed. False
     * after a diagnostic. NULL: by <type>. */
    bool (*parse)(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state);
    unsigned flags;         /* enum option_flags */
    const char *json;       /* where the value comes to stand, if not under <key>: from the object of
                               the rows around, or from the root ("$.…") or anywhere ("$..…"); "*"
                               is any key, "[]" any element, "" nowhere. For people and programs:
                               adapt does not read it */
    const char *needs;      /* options of its block, "a|b", one of which must be there; "*": any */
    const char *beside;     /* an option that must stand in the same block */
    const char *makes;      /* modules that it puts into the JSON besides those of <space>, separated
                               by blanks */
    const char *since;      /* the Caddy version that brought it; NULL: 2.0 */
    const char *deprecated; /* what to write instead; NULL: not deprecated */
    enum diag_code deprecated_as; /* DIAG_NONE: DIAG_DEPRECATED */
    const struct plugin *plugin; /* where it comes from; NULL: Caddy itself */
    const void *description;     /* what <parse> needs besides, of rows made at run time */
};

/* Reads the block at the cursor, if there is one, by <rows>: unknown names are reported with the
 * nearest legal one, wrong arities with the usage. Goes on after a bad option so that one run
 * reports several; false when any was bad. */
bool options_parse(struct scope *scope, struct cursor *in, const struct option *rows,
                   json_t *object, void *state);
/* Reads one option whose name the cursor stands on. */
bool option_apply(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state);
/* The row of that name, aliases included; else the first whose pattern fits it; else NULL. */
const struct option *option_find(const struct option *rows, struct str name);
/* Whether the row's name is a pattern for names that users choose: "<field>" is any word, "@<name>"
 * one that begins with @, "<a>><b>" one with > in it. Marks in brackets may stand before it and say
 * nothing of what fits: "[+|-]<field>". */
bool option_is_pattern(const struct option *row);
/* Reports "unknown option", with the nearest legal name; false. */
bool option_unknown(struct scope *scope, struct cursor *in, const struct option *rows,
                    const char *where);

/* Value readers for the current token; false after a diagnostic that names the token. */
bool read_integer(struct cursor *in, int64_t *value);
bool read_float(struct cursor *in, double *value);
bool read_duration(struct cursor *in, int64_t *nanoseconds);
bool read_size(struct cursor *in, int64_t *bytes);

#endif
