#ifndef DIALTONE_DIRECTIVES_HIDDEN_FILES_H
#define DIALTONE_DIRECTIVES_HIDDEN_FILES_H

#include "json/value.h"

struct scope;

/* The Caddyfile and what it imports are not to be served: adds them to "hide" of the handler, where
 * no pattern there hides them already. */
void hide_configuration(struct scope *scope, json_t *handler);

#endif
