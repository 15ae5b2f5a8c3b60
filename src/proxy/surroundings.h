#ifndef DIALTONE_PROXY_SURROUNDINGS_H
#define DIALTONE_PROXY_SURROUNDINGS_H

#include "proxy/core.h"

/* What placeholders say that need no request: the environment, files, the system, the time. False
 * where the part is none of them. */
bool surroundings_value(const struct core *core, struct arena *arena, const struct dt_part *part,
                        int64_t wall_ns, struct str *out);

/* Before anything else: rows with placeholders that Caddy expands when it starts become plain ones,
 * in a copy that <core> then has for its tables. False, after saying why, where what they become
 * cannot be used. */
bool surroundings_settle(struct core *core);

#endif
