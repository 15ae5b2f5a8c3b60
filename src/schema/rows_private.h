#ifndef DIALTONE_SCHEMA_ROWS_PRIVATE_H
#define DIALTONE_SCHEMA_ROWS_PRIVATE_H

/* What the files that write the schema share. */
#include "adapt/directive.h"
#include "json/document.h"

struct schema {
    struct arena *arena;
    struct document document;
    const struct vocabulary *vocabulary;
    const char *since; /* the version that brought the rows around; NULL: 2.0 */
};

/* Keys of an object; NULL, false and empty lists set nothing. */
void schema_set_text(struct schema *schema, json_t *object, const char *key, const char *text);
void schema_set_flag(struct schema *schema, json_t *object, const char *key, bool value);
void schema_set_integer(struct schema *schema, json_t *object, const char *key, int value);
/* The parts of <text> between separators. */
void schema_set_list(struct schema *schema, json_t *object, const char *key, struct str text,
                     struct str separator);

/* Rows as objects. <base> is where the values of the block around are: a path in the module's
 * object, empty for that itself, or from the root ("$.…"). */
json_t *schema_options(struct schema *schema, const struct option *rows, struct str base);
/* The same for modules, each of which has an object of its own. */
json_t *schema_module_rows(struct schema *schema, const struct option *rows);
json_t *schema_directives(struct schema *schema);
json_t *schema_matchers(struct schema *schema);
json_t *schema_global_options(struct schema *schema);
/* All kinds of modules: those that options name, and those that rows make by themselves. */
json_t *schema_modules(struct schema *schema);

/* json_values.c: what JSON modules take. */
struct module_shape;
json_t *schema_shape(struct schema *schema, const struct module_shape *shape);
/* All objects that modules take, and the whole configuration first. */
json_t *schema_objects(struct schema *schema);

#endif
