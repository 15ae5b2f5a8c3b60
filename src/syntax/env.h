#ifndef DIALTONE_SYNTAX_ENV_H
#define DIALTONE_SYNTAX_ENV_H

#include "syntax/source.h"

/* Fills <source>->spliced and ->splices: every {$NAME} and {$NAME:default} of the raw bytes gives
 * way to its value, wherever it stands, as Caddy does it. Values are not looked into again. There is
 * a NUL behind the result; where nothing gives way and <has_nul> says that there is one behind the
 * raw bytes, it is those. */
void env_splice(struct sources *sources, struct source *source, bool has_nul);

#endif
