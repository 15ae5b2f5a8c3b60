#ifndef DIALTONE_SYNTAX_IMPORT_LIST_H
#define DIALTONE_SYNTAX_IMPORT_LIST_H

#include "syntax/diag.h"

/* Loads into <sources> every file that <root> imports, directly or through others; also those that
 * only a snippet nobody uses names, unless the name depends on arguments. Reports what cannot be
 * found or read, and nothing else. */
void import_list_load(struct arena *arena, struct sources *sources, struct diags *diags,
                      const struct source *root);

#endif
