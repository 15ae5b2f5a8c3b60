#ifndef DIALTONE_SYNTAX_EXPAND_H
#define DIALTONE_SYNTAX_EXPAND_H

#include "syntax/diag.h"
#include "syntax/stream.h"

struct import_graph;

/* What imports may name, and how much they have brought so far. */
struct expansion {
    struct arena *arena;
    struct sources *sources;
    struct diags *diags;
    struct map snippets; /* name → struct snippet */
    struct map files;    /* path → struct lexed */
    struct import_graph *graph;
    size_t n_imports, n_tokens, n_bytes;
    bool is_cut; /* the rest of the text was given up; do not complain about what is missing */
};

/* The body of a snippet as it was written, without its braces. */
struct snippet {
    const struct token *const *at;
    size_t n;
    const struct token *name; /* where it is defined */
};

struct expansion expansion_in(struct arena *arena, struct sources *sources, struct diags *diags);
void expansion_define(struct expansion *ex, struct str name, struct snippet snippet);
/* Replaces the import statement whose word `import` is the current token by what it brings, or by
 * nothing after a report. Then the current token is the one before the first that it brought (with
 * Caddy's leftovers: an import with a block leaves `import` and its pattern in front). <at_top>:
 * where sites may stand; there, snippet definitions in the imported text stay as they are. */
void expansion_import(struct expansion *ex, struct stream *in, bool at_top);

#endif
