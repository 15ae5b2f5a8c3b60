#ifndef DIALTONE_ADAPT_SCOPE_H
#define DIALTONE_ADAPT_SCOPE_H

#include "adapt/directive.h"

/* Reads one directive, all of its tokens, pushing what it leaves behind to <outer>'s results. False
 * after a diagnostic. */
bool directive_run(const struct scope *outer, struct token_list tokens);
/* Whether a line defines a matcher. */
bool is_matcher_line(struct token_list tokens);

#endif
