#ifndef DIALTONE_NATIVE_GO_VALUE_H
#define DIALTONE_NATIVE_GO_VALUE_H

#include "json/value.h"

struct arena;

/* JSON values as text, as Go shows what it has read of them: every number is a float64. */

/* As Caddy's replacer puts a value in place of a placeholder; null is nothing. */
struct str go_value_text(struct arena *arena, const json_t *value);
/* As fmt's %v shows it: what Caddy's vars matchers compare. */
struct str go_value_shown(struct arena *arena, const json_t *value);

#endif
