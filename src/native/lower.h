#ifndef DIALTONE_NATIVE_LOWER_H
#define DIALTONE_NATIVE_LOWER_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct diags;
struct document;
struct dt_tables;
struct sources;

struct lower_options {
    const struct sources *sources; /* turns tokens into file:line:column; may be NULL */
    struct str source_name;        /* what --version says the program was built from */
};

/* Caddy JSON → native tables, all in the arena. What the proxy core cannot run is an error at the
 * place it came from; all of them are found in one run. False after any error; <out> then is not
 * set. */
bool lower(struct arena *arena, struct diags *diags, const struct document *document,
           const struct lower_options *options, struct dt_tables *out);

#endif
