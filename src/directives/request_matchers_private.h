#ifndef DIALTONE_DIRECTIVES_REQUEST_MATCHERS_PRIVATE_H
#define DIALTONE_DIRECTIVES_REQUEST_MATCHERS_PRIVATE_H

#include "adapt/directive.h"

/* request_matchers_fields.c: functions of rows (struct matcher, .parse). */
typedef json_t *matcher_parse(struct scope *scope, struct cursor *in, struct str name);
matcher_parse matcher_query, matcher_header, matcher_header_regexp, matcher_vars,
    matcher_vars_regexp, matcher_path_regexp;

/* After a line: no kind but `file`, `url_pattern` and `not` has a block. False after a
 * diagnostic. */
bool matcher_refuse_block(struct cursor *in, const char *name);

#endif
