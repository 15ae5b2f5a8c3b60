/* The one shape of node: building and walking. */
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

struct span node_span(const struct node *node)
{
    if (node->n_tokens == 0)
        return (struct span){0, 0};
    struct span first = node->tokens[0]->span, last = node->tokens[node->n_tokens - 1]->span;
    /* tokens of several files have no common range */
    return last.end >= first.begin ? (struct span){first.begin, last.end} : first;
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

const char *node_role_name(enum node_role role)
{
    static const char *const names[N_ROLES] = {
        [ROLE_NONE] = "nothing",
        [ROLE_FILE] = "file",
        [ROLE_GLOBAL] = "global options",
        [ROLE_SNIPPET] = "snippet",
        [ROLE_NAMED_ROUTE] = "named route",
        [ROLE_SITE] = "site",
        [ROLE_LINE] = "line",
        [ROLE_MATCHER] = "matcher",
        [ROLE_IMPORT] = "import",
    };
    return names[role];
}
