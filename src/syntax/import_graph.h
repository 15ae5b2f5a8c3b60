#ifndef DIALTONE_SYNTAX_IMPORT_GRAPH_H
#define DIALTONE_SYNTAX_IMPORT_GRAPH_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct import_graph;

/* Who imports whom: files and snippets (FILE:NAME) by name. */
struct import_graph *import_graph_new(struct arena *arena);
/* Adds the edge; false where it would close a cycle. */
bool import_graph_add(struct import_graph *graph, struct str from, struct str to);

#endif
