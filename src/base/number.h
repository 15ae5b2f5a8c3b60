#ifndef DIALTONE_BASE_NUMBER_H
#define DIALTONE_BASE_NUMBER_H

#include "base/str.h"

/* Floating point numbers as Go writes them. */

/* The shortest decimal digits that read back as <value>, without exponent: strconv's 'f', -1. */
void number_add_plain(struct strbuf *out, double value);
/* The same digits as fmt's %v shows them: with an exponent below 1e-4 and from 1e+06 on. */
void number_add_short(struct strbuf *out, double value);

#endif
