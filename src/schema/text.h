#ifndef DIALTONE_SCHEMA_TEXT_H
#define DIALTONE_SCHEMA_TEXT_H

#include <stdbool.h>

#include "base/str.h"

struct vocabulary;

/* The names of the vocabulary with a line of documentation each. */
void schema_list(const struct vocabulary *vocabulary, struct strbuf *out);

/* All that is known of <name>: of each directive, global option, matcher and module of that name, and
 * of each option of that name within them. False, and the nearest name (or nothing) in <nearest>,
 * where there is none. */
bool schema_describe(const struct vocabulary *vocabulary, struct str name, struct strbuf *out,
                     struct str *nearest);

#endif
