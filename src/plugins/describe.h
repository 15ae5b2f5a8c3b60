#ifndef DIALTONE_PLUGINS_DESCRIBE_H
#define DIALTONE_PLUGINS_DESCRIBE_H

#include "base/vec.h"
#include "plugins/shape.h"

/* What descriptions add to the vocabulary. */

/* A directive, matcher, global option or module. */
struct entry {
    enum entry_kind {
        ENTRY_NONE,
        ENTRY_DIRECTIVE,
        ENTRY_MATCHER,
        ENTRY_GLOBAL,
        ENTRY_MODULE,
        N_ENTRY_KINDS
    } kind;
    struct shape *shape;
    const char *json_name;           /* the handler, the app, or the module in its name space */
    const char *namespace;           /* of a module */
    const struct shortcut *shortcut; /* of a directive: makes its routes; NULL: it is a handler */
    const struct token *place, *neighbour; /* before, after, first, last; NULL: none in the order */
};

/* A kind of modules that plugins bring themselves. */
struct namespace
{
    const char *name, *key, *doc;
    const struct token *token;
};

struct descriptions {
    struct arena *arena;
    struct diags *diags;
    struct sources *sources;
    const struct vocabulary *standard;
    VEC(struct entry) entries;
    VEC(struct namespace) namespaces;
    VEC(struct plugin *) plugins;
    struct map names; /* "kind name" → token, of all entries */
    /* Of what is being read: */
    bool is_builtin;          /* it gives way to what is there */
    bool is_declared;         /* the user says that he has it */
    const struct map *wanted; /* names of the plugins to read; NULL: all */
    VEC(const char *) seen;   /* names of all plugins that were there */
};

/* Reads one source of descriptions; mistakes are reported. */
void descriptions_read(struct descriptions *descriptions, const struct source *source);
/* The statement `plugin <name> { … }` alone, its tokens being <tokens>. */
bool description_read(struct descriptions *descriptions, struct cursor *in);

/* describe_values.c: the words behind `arg`, `label`, `option` and the like. Each is given the
 * cursor on the statement's name; false after a diagnostic. */
struct building {
    struct descriptions *descriptions;
    struct shape *shape;
    struct entry *entry;        /* of which it is the outermost shape; NULL for options */
    const struct shape *around; /* of an option */
    VEC(struct parameter) parameters;
    VEC(struct constant) constants;
    VEC(struct shape *) options;
    VEC(const struct token *) required;
    struct strbuf keys;
};
bool parameter_read(struct building *building, struct cursor *in, struct token_list words,
                    bool is_label);
bool place_read(struct building *building, struct cursor *in, const struct token *word,
                struct place *place);
/* Notes the first key of a place for the order of keys. */
void key_note(struct building *building, const struct place *place);
/* `option`'s own words: name, type and so on; what they say goes into <building>. */
bool option_words_read(struct building *building, struct cursor *in, struct token_list words);

/* describe.c: the statements of directives, global options, and all others. */
extern const struct option directive_statements[];
extern const struct option global_statements[];
extern const struct option plain_statements[];
struct building building_of(struct descriptions *descriptions, const struct token *name);
/* Moves what was gathered into the shape; false where it makes no sense. */
bool building_finish(struct building *building, struct cursor *in);
/* The one word of a statement, or its text; NULL, or false, after a diagnostic. */
const struct token *statement_word(struct cursor *in, const struct option *row);
bool statement_text(struct cursor *in, const struct option *row, const char **text);

/* extend.c: a vocabulary with all of it. NULL where mistakes were reported. */
const struct vocabulary *vocabulary_extended(struct descriptions *descriptions,
                                             struct reserve *reserve);

#endif
