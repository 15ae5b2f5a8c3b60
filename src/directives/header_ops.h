#ifndef DIALTONE_DIRECTIVES_HEADER_OPS_H
#define DIALTONE_DIRECTIVES_HEADER_OPS_H

#include "json/value.h"

#include "base/str.h"

struct arena;
struct cursor;
struct scope;
struct token;

/* Whose header fields an operation changes. Only the `header` directive may defer an operation or
 * make it a default; header_down changes response fields by the same rules as requests. */
enum header_side { HEADER_SIDE_PLAIN, HEADER_SIDE_RESPONSE };

/* One operation as written: [+|-|?|>]<name> [<value|pattern> [<replacement>]]. */
struct header_op {
    const struct token *field;       /* where it stands; the origin of what is set */
    struct str name;                 /* its text, prefix included, after the caller's trimming */
    const struct token *value;       /* NULL: none was given */
    const struct token *replacement; /* NULL: none was given */
};

/* Adds the operation to <ops>, an object with "add", "set", "delete", "replace" and, on the
 * response side, "require" and "deferred". False after a diagnostic at the cursor. */
bool header_op_add(struct scope *scope, struct cursor *in, json_t *ops, enum header_side side,
                   const struct header_op *op);
/* Reads the rest of the line, 1 to 3 arguments, as one operation (header_up, header_down). */
bool header_op_read(struct scope *scope, struct cursor *in, json_t *ops, enum header_side side,
                    const char *usage);
/* The array under <name>, as it is written, in an object of field names; made where there is none.
 */
json_t *header_values(struct scope *scope, json_t *fields, struct str name,
                      const struct token *origin);
/* The field name as HTTP/1 peers are used to see it: "x-frame-options" → "X-Frame-Options". A name
 * that no field can have comes back unchanged. */
struct str header_canonical_name(struct arena *arena, struct str name);

#endif
