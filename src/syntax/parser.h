#ifndef DIALTONE_SYNTAX_PARSER_H
#define DIALTONE_SYNTAX_PARSER_H

#include "syntax/ast.h"
#include "syntax/diag.h"

/* Parses one loaded source into a tree, reporting every independent mistake. The tree is complete
 * even for a broken file: open blocks are closed at the end, bad lines are left out. With
 * <expand>, imports are replaced by what they bring (snippets and files, arguments and blocks
 * filled in), as Caddy does it on the token stream, and the tree holds no ROLE_IMPORT and no
 * ROLE_SNIPPET; without it the tree is the file as written, for the formatter and the editor.
 *
 * Never NULL. Whether Caddy would accept the syntax: no error was added to <diags>. */
struct node *parse_caddyfile(struct arena *arena, struct sources *sources, struct diags *diags,
                             const struct source *source, bool expand);

/* The same for a file that is no Caddyfile but lines as they stand in a block (a project's settings,
 * descriptions of plugins): the result's children are the lines. Imports are replaced, also of
 * snippets that are defined among the lines. */
struct node *parse_lines(struct arena *arena, struct sources *sources, struct diags *diags,
                         const struct source *source);

#endif
