#ifndef DIALTONE_PROXY_METRICS_TEXT_H
#define DIALTONE_PROXY_METRICS_TEXT_H

#include <stdbool.h>

#include "base/str.h"

struct core;

/* Everything that is counted, as Prometheus reads it: its own text format, or that of OpenMetrics.
 */

struct metrics_request {
    bool is_open;            /* OpenMetrics */
    const struct str *names; /* of the metrics that are wanted; n 0: all */
    size_t n;
};

/* Appends the metrics of all workers. Reads a few files below /proc. */
void metrics_write(const struct core *core, const struct metrics_request *request,
                   struct strbuf *out);

#endif
