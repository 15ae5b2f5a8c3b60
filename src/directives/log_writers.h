#ifndef DIALTONE_DIRECTIVES_LOG_WRITERS_H
#define DIALTONE_DIRECTIVES_LOG_WRITERS_H

#include "adapt/directive.h"

/* The writer named by the current token, with the rest of its line and its block: {"output": ...}.
 * NULL after a diagnostic. */
json_t *log_writer_read(struct scope *scope, struct cursor *in);

#endif
