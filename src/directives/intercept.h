#ifndef DIALTONE_DIRECTIVES_INTERCEPT_H
#define DIALTONE_DIRECTIVES_INTERCEPT_H

#include "adapt/directive.h"

/* The handler of `intercept`, and the rows of its block. */
handler_fn intercept_adapt;
extern const struct option intercept_options[];

#endif
