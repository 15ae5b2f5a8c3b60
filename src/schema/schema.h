#ifndef DIALTONE_SCHEMA_SCHEMA_H
#define DIALTONE_SCHEMA_SCHEMA_H

#include "base/str.h"

struct vocabulary;

/* The version of what schema_json prints. It grows by one when something is taken away or means
 * something else; more keys do not change it. */
#define SCHEMA_VERSION 1

/* The whole vocabulary as JSON, from its rows. */
void schema_json(const struct vocabulary *vocabulary, struct strbuf *out);

#endif
