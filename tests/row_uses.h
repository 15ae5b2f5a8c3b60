/* Which rows of the vocabulary a compile uses, as JSON: for the tools that measure coverage. */
#ifndef TESTS_ROW_USES_H
#define TESTS_ROW_USES_H

#include "adapt/row_path.h"
#include "json/document.h"

struct row_uses {
    struct document *document;
    json_t *list; /* {"kind", "path", "words": […], "quotes": "…"} of each; "quotes" has a letter a
                     word: n none, d double, b backtick, h heredoc */
};

struct row_uses row_uses_in(struct document *document);
/* A row_listener; <state> is a struct row_uses. */
void row_uses_note(void *state, const struct row_path *path, const struct cursor *in);

#endif
