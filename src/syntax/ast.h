#ifndef DIALTONE_SYNTAX_AST_H
#define DIALTONE_SYNTAX_AST_H

#include "syntax/token.h"

/* Every construct is words plus an optional body, so there is one shape of node and a role. */
enum node_role {
    ROLE_NONE,
    ROLE_FILE,        /* children: the items of a Caddyfile */
    ROLE_GLOBAL,      /* the options block: no words, a body */
    ROLE_SNIPPET,     /* (name) { … }; words: the name token */
    ROLE_NAMED_ROUTE, /* &(name) { … } */
    ROLE_SITE,        /* words: the addresses, commas taken off; body may have no braces */
    ROLE_LINE,        /* directive, option or sub-option: words[0] is its name */
    ROLE_MATCHER,     /* a line whose name begins with @ and that stands directly in a site */
    ROLE_IMPORT,      /* only in unexpanded trees */
    N_ROLES
};

struct node {
    uint8_t role;              /* enum node_role */
    bool has_braces;           /* the body stands in { } */
    uint32_t first_token;      /* index of tokens[0] among all tokens of the tree */
    const struct token **words; /* the tokens before the body */
    uint32_t n_words;
    uint32_t n_tokens;
    /* All tokens of the node in source order, words, braces and body included; of a site, named
     * route or snippet: everything from the first key to the closing brace. */
    const struct token **tokens;
    const struct token *open, *close; /* the braces; NULL where absent */
    struct node *body;                /* first child */
    struct node *last;                /* last child */
    struct node *next, *parent;
};

/* Appends <child> to the body of <parent>. */
void node_append(struct node *parent, struct node *child);
/* Depth-first walk over <node> and everything below it; stops early when <visit> returns false. */
bool node_walk(const struct node *node, bool (*visit)(const struct node *node, void *user),
               void *user);

#endif
