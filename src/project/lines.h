#ifndef DIALTONE_PROJECT_LINES_H
#define DIALTONE_PROJECT_LINES_H

#include "adapt/options.h"
#include "syntax/diag.h"

/* Files in Caddyfile syntax that are no Caddyfiles: lines as they stand in a block, each read by
 * the row of its name. */
struct lines_context {
    struct arena *arena;
    struct sources *sources;
    struct diags *diags;
    const char *what; /* what a line is called in reports: "setting" */
};
/* False where mistakes were reported. */
bool lines_read(const struct lines_context *context, const struct source *source,
                const struct option *rows, void *state);

#endif
