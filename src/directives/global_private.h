#ifndef DIALTONE_DIRECTIVES_GLOBAL_PRIVATE_H
#define DIALTONE_DIRECTIVES_GLOBAL_PRIVATE_H

/* What the tables of global options share. Each option stands under its own name in the globals
 * object. */
#include "adapt/directive.h"
#include "directives/option_takes.h"

/* Unlike option_set: that an option is present counts, even with a zero value. False for NULL. */
bool global_keep(struct scope *scope, json_t *globals, const struct option *row, json_t *value,
                 const struct token *origin);
/* Steps to exactly one more token, on whatever line. */
bool global_one_token(struct cursor *in, const struct option *row);

option_take global_take_true;     /* whatever follows is ignored */
option_take global_take_string;   /* exactly one token */
option_take global_take_off;      /* the same; only `off` */
option_take global_take_duration; /* what follows it is ignored */

#endif
