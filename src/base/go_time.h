#ifndef DIALTONE_BASE_GO_TIME_H
#define DIALTONE_BASE_GO_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Moments as Go's time.Format writes them: a layout shows how 2 January 2006, 15:04:05 would look.
 * Moments are nanoseconds since 1970; local ones are in the zone of the process, others in UTC. */

void go_time_format(struct strbuf *out, struct str layout, int64_t ns, bool is_local);
/* Reads what go_time_format wrote by the same layout; what the layout does not tell is that of
 * 1 January of the year 0. False where the text is no such time, or one that nanoseconds do not
 * reach (before 1678, after 2261). */
bool go_time_parse(struct str layout, struct str text, bool is_local, int64_t *ns);
/* Whether a moment survives being written and read again, up to the fraction of a second that the
 * layout shows. */
bool go_time_is_reversible(struct arena *arena, struct str layout);

#endif
