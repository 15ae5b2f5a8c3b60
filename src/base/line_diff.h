#ifndef DIALTONE_BASE_LINE_DIFF_H
#define DIALTONE_BASE_LINE_DIFF_H

#include "base/str.h"

/* Appends the unified diff that makes <new_text> of <old_text>, with three lines of context, as
 * `patch` and `git apply` read it; nothing where they are equal. The names go behind --- and +++ as
 * they are. */
void line_diff(struct strbuf *out, struct str old_name, struct str old_text, struct str new_name,
               struct str new_text);

#endif
