#ifndef DIALTONE_SCHEMA_TEXT_H
#define DIALTONE_SCHEMA_TEXT_H

#include <stdbool.h>

#include "base/str.h"

struct vocabulary;

/* The names of the vocabulary with a line of documentation each. */
void schema_list(const struct vocabulary *vocabulary, struct strbuf *out);

/* Each name in that list, some of them more than once, with its documentation. */
void schema_names(const struct vocabulary *vocabulary,
                  void (*each)(void *user, const char *name, const char *doc), void *user);

/* All that is known of <name>: of each directive, global option, matcher and module of that name, and
 * of each option of that name within them. False, and the nearest name (or nothing) in <nearest>,
 * where there is none. */
bool schema_describe(const struct vocabulary *vocabulary, struct str name, struct strbuf *out,
                     struct str *nearest);

#endif
