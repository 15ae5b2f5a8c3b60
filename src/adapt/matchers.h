#ifndef DIALTONE_ADAPT_MATCHERS_H
#define DIALTONE_ADAPT_MATCHERS_H

#include "adapt/directive.h"

/* Reads a definition `@name …` into the scope's matchers. False after a diagnostic; the name is
 * defined all the same, so that using it is not a second mistake. */
bool matcher_define(struct scope *scope, struct token_list tokens);

#endif
