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

struct span node_span(const struct node *node)
{
    if (node->n_tokens == 0)
        return (struct span){0, 0};
    struct span span = node->tokens[0]->span;
    for (uint32_t i = 1; i < node->n_tokens; i++) {
        /* imported tokens lie elsewhere; the span stays in the file of the first one */
        const struct token *token = node->tokens[i];
        if (str_eq(token->home->file, node->tokens[0]->home->file) && token->span.end > span.end &&
            token->via == node->tokens[0]->via)
            span.end = token->span.end;
    }
    return span;
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
    switch (role) {
    case ROLE_NONE:
        break;
    case ROLE_FILE:
        return "file";
    case ROLE_GLOBAL:
        return "global options";
    case ROLE_SNIPPET:
        return "snippet";
    case ROLE_NAMED_ROUTE:
        return "named route";
    case ROLE_SITE:
        return "site";
    case ROLE_LINE:
        return "line";
    case ROLE_MATCHER:
        return "matcher";
    case ROLE_IMPORT:
        return "import";
    case N_ROLES:
        break;
    }
    return "nothing";
}
