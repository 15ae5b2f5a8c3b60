#ifndef DIALTONE_SCHEMA_SCHEMA_H
#define DIALTONE_SCHEMA_SCHEMA_H

#include "base/str.h"

struct vocabulary;

/* The version of what schema_json prints. It grows by one when something is taken away or means
 * something else; more keys do not change it. */
#define SCHEMA_VERSION 1

/* The whole vocabulary as JSON, from its rows. What JSON a module takes is under "json": a type (of
 * values, or object, module, module_map), "nest" where there are many (list, map, list_of_lists,
 * map_of_lists), and of which object ("objects" has them by name) or namespace they are. */
void schema_json(const struct vocabulary *vocabulary, struct strbuf *out);

#endif
