/* The one node shape: linking, walking, naming. */
#include "syntax/ast.h"

void node_append(struct node *parent, struct node *child)
{
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->body = child;
    parent->last = child;
}

bool node_walk(const struct node *node, bool (*visit)(const struct node *node, void *user),
               void *user)
{
    if (!visit(node, user))
        return false;
    for (const struct node *child = node->body; child; child = child->next)
        if (!node_walk(child, visit, user))
            return false;
    return true;
}
