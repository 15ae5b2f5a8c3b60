#ifndef DIALTONE_PLUGINS_PROJECT_H
#define DIALTONE_PLUGINS_PROJECT_H

#include "base/vec.h"
#include "plugins/describe.h"

/* What a project's .dialtone says. */
struct project {
    const struct source *source;      /* NULL: there is none */
    VEC(const struct token *) files;  /* paths of descriptions, as written */
    VEC(const struct token *) wanted; /* names of built-in descriptions */
    bool wants_builtin;               /* all of them */
};

/* Looks for .dialtone in the folder of the file and in those above it, and loads the first. NULL
 * where there is none, or after a report. */
const struct source *project_find(struct sources *sources, struct diags *diags, struct str path);
/* Reads the settings; descriptions that stand there go to <descriptions>. False where mistakes were
 * reported. */
bool project_read(struct project *project, struct descriptions *descriptions,
                  const struct source *source);

#endif
