#ifndef DIALTONE_ADAPT_ADAPT_H
#define DIALTONE_ADAPT_ADAPT_H

#include <stdbool.h>

#include "adapt/row_path.h"

struct arena;
struct diags;
struct document;
struct node;
struct sources;
struct vocabulary;

struct adapt_options {
    bool no_normalize; /* keep Caddy's own spelling of zoned addresses where Caddy accepts it */
    row_listener *on_row; /* NULL: nobody listens */
    void *on_row_state;
    bool skip_unknown; /* pass over what no row or description covers, with a warning */
    bool only_checks;  /* the JSON is not what is asked for: what a description allows without
                          saying what JSON it becomes is no mistake */
};

/* Expanded tree → Caddy JSON in <document>. Reports every independent mistake; false, and no root,
 * when there was any error. */
bool adapt(struct arena *arena, struct diags *diags, const struct sources *sources,
           const struct vocabulary *vocabulary, struct adapt_options options,
           const struct node *file, struct document *document);

#endif
