#ifndef DIALTONE_DIRECTIVES_LOG_ENCODERS_H
#define DIALTONE_DIRECTIVES_LOG_ENCODERS_H

#include "adapt/directive.h"

/* The encoder named by the current token, with the rest of its line and its block: {"format": ...},
 * or JSON null where Caddy cannot print it. NULL after a diagnostic. */
json_t *log_encoder_read(struct scope *scope, struct cursor *in);

/* log_filters.c: the filter named by the current token, with the rest of its line and its block,
 * for <field> of <fields> (name → filter). False after a diagnostic. */
struct log_filters_of;
struct log_filters_of *log_filters_new(struct scope *scope);
bool log_filter_read(struct scope *scope, struct cursor *in, struct log_filters_of *filters,
                     json_t *fields);
/* Puts the patterns, which add up, into <fields>, when all lines were read. */
bool log_filters_finish(struct scope *scope, struct cursor *in, struct log_filters_of *filters,
                        json_t *fields);

#endif
