/* Builds the tree while the grammar reduces: nodes keep indices of tokens until all are there. */
#include "syntax/parser_private.h"

struct node *tree_node(struct tree *tree, enum node_role role, struct lexeme first)
{
    struct node *node = arena_new(tree->arena, struct node);
    node->role = role;
    node->first_token = first.at;
    return node;
}

void tree_word(struct node *node)
{
    if (!node->open && !node->has_braces)
        node->n_words++;
}

void tree_open(struct node *node, struct lexeme brace)
{
    if (!node->has_braces)
        node->open = brace.token;
    node->has_braces = true;
}

void tree_close(struct node *node, struct lexeme brace)
{
    node->close = brace.token;
    node->n_tokens = brace.at + (brace.token != NULL) - node->first_token;
}

void tree_line(struct node *parent, struct node *line, struct lexeme end)
{
    line->n_tokens = end.at - line->first_token;
    parent->n_tokens = end.at - parent->first_token;
    node_append(parent, line);
}

static void finish_node(struct tree *tree, struct node *node)
{
    /* an empty file has no tokens to point into */
    node->tokens = tree->tokens.at ? tree->tokens.at + node->first_token : NULL;
    node->words = node->tokens;
    for (struct node *child = node->body; child; child = child->next)
        finish_node(tree, child);
}

void tree_finish(struct tree *tree)
{
    finish_node(tree, tree->file);
    tree->file->n_tokens = (uint32_t)tree->tokens.n;
}
