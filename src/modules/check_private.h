#ifndef DIALTONE_MODULES_CHECK_PRIVATE_H
#define DIALTONE_MODULES_CHECK_PRIVATE_H

/* What check.c, values.c and hints.c share. */
#include "base/map.h"
#include "json/text.h"
#include "modules/modules.h"
#include "syntax/diag.h"

struct check {
    struct arena *arena;
    struct diags *diags;
    struct map modules; /* id → struct module */
    struct map ids;     /* @id → the struct json_text that has it */
    struct map noted;   /* names of plugins that were told of */
    const struct module_check_options *options;
    /* Caddy decodes an object that names its module, takes the name out and encodes it again: below
     * it, 1e3 is 1000 and escapes are gone. */
    bool is_reencoded;
};

/* What a value is to a person: the field it stands in, and whether it is one of many there. */
struct subject {
    struct str field;
    bool is_inner;
    const struct module_field *row; /* NULL where it is none */
};

/* values.c */

/* Numbers, words and texts that are not objects; true where <shape> is one of those. */
bool check_scalar(struct check *check, const struct json_text *value, enum module_shape_kind kind,
                  const struct subject *subject);
/* Reports that the value is of another type. */
void report_type(struct check *check, const struct json_text *value,
                 const struct module_shape *shape, const struct subject *subject);

/* hints.c */

/* Reports a member that is no field of <object>; <owner> is what people call that. */
void report_unknown_field(struct check *check, const struct json_text *member,
                          const struct module_object *object, struct str owner);
/* Reports a module that is in no table, or the plugin that it needs; <span> is its name. */
void report_unknown_module(struct check *check, struct span span, struct str name,
                           const char *space);
/* Reports an object that does not name its module. */
void report_unnamed_module(struct check *check, const struct json_text *value,
                           const struct module_shape *shape);
const struct module *find_module(const struct check *check, const char *space, struct str name);

#endif
