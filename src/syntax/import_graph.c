/* The graph of imports, kept free of cycles. */
#include "syntax/import_graph.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

struct graph_node {
    struct str name;
    VEC(struct graph_node *) targets;
    uint32_t visited; /* in which search */
};

struct import_graph {
    struct arena *arena;
    struct map nodes;
    uint32_t n_searches;
};

struct import_graph *import_graph_new(struct arena *arena)
{
    struct import_graph *graph = arena_new(arena, struct import_graph);
    graph->arena = arena;
    graph->nodes = map_in(arena);
    return graph;
}

static struct graph_node *node_named(struct import_graph *graph, struct str name)
{
    struct graph_node *node = map_get(&graph->nodes, name);
    if (node)
        return node;
    node = arena_new(graph->arena, struct graph_node);
    node->name = str_dup(graph->arena, name);
    map_put(&graph->nodes, node->name, node);
    return node;
}

static bool reaches(struct import_graph *graph, struct graph_node *from, struct graph_node *goal)
{
    VEC(struct graph_node *) open = {0};
    uint32_t search = ++graph->n_searches;
    vec_push(graph->arena, &open, from);
    while (open.n) {
        struct graph_node *node = open.at[--open.n];
        if (node == goal)
            return true;
        if (node->visited == search)
            continue;
        node->visited = search;
        for (size_t i = 0; i < node->targets.n; i++)
            vec_push(graph->arena, &open, node->targets.at[i]);
    }
    return false;
}

bool import_graph_add(struct import_graph *graph, struct str from, struct str to)
{
    struct graph_node *source = node_named(graph, from), *target = node_named(graph, to);
    for (size_t i = 0; i < source->targets.n; i++)
        if (source->targets.at[i] == target)
            return true; /* there already, and no later edge closed a cycle */
    if (reaches(graph, target, source))
        return false;
    vec_push(graph->arena, &source->targets, target);
    return true;
}
