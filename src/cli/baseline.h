#ifndef DIALTONE_CLI_BASELINE_H
#define DIALTONE_CLI_BASELINE_H

#include "base/vec.h"
#include "cli/cli.h"

/* Known findings in a file of JSON, by their fingerprints: they stay the same when lines move. Paths
 * in it are relative to its folder. */

struct baseline;

/* The baselines of one run: each file is read once. */
struct baselines {
    struct arena *arena; /* of the whole run */
    VEC(struct baseline *) list;
    uint32_t n_hidden;
};

/* Hides the findings that the baseline knows which the flags or the pipeline's project name. False
 * after a message, where it cannot be read. */
bool baselines_hide(struct baselines *baselines, const struct invocation *invocation,
                    struct pipeline *pipeline);
/* Tells on standard error what was hidden, and which entries match nothing any more. */
void baselines_print(const struct baselines *baselines);
/* The findings of a report as such a file. */
void baseline_write(struct report *report, struct strbuf *out);

#endif
