/* The Caddyfile's shape: everything is words and perhaps a body. The pump (parser.c) decides where
 * lines end, which words are what, and never hands over a token that does not fit; so there are no
 * error rules here, and an action only builds. */
%name Caddyfile
%token_prefix TOKEN_
%token_type {struct lexeme}
%default_type {struct node *}
%extra_argument {struct tree *tree}
%stack_size 2000
%include {
#include "syntax/parser_private.h"
#include <stdlib.h>
}

file ::= items.
file ::= items bare(S).             { node_append(tree->file, S); }

items ::= BEGIN.
items ::= items item.

item ::= block(B) RBRACE(C).        { tree_close(B, C); node_append(tree->file, B); }
item ::= bare(S) RBRACE.            { node_append(tree->file, S); }
item ::= line(L) NEWLINE(E).        { tree_line(tree->file, L, E); } /* an import */

/* A block in braces: a site, a snippet, a named route, or the global options. */
block(B) ::= keys(K) LBRACE(O) NEWLINE.          { B = K; tree_open(B, O); }
block(B) ::= SNIPPET_NAME(N) LBRACE(O) NEWLINE.  { B = tree_node(tree, ROLE_SNIPPET, N);
                                                   tree_word(B); tree_open(B, O); }
block(B) ::= ROUTE_NAME(N) LBRACE(O) NEWLINE.    { B = tree_node(tree, ROLE_NAMED_ROUTE, N);
                                                   tree_word(B); tree_open(B, O); }
block(B) ::= LBRACE(O) NEWLINE.                  { B = tree_node(tree, ROLE_GLOBAL, O);
                                                   tree_open(B, O); }
block(B) ::= block(B) line(L) NEWLINE(E).        { tree_line(B, L, E); }

/* The only site of a file needs no braces. */
bare(S) ::= keys(K) NEWLINE(E).                  { S = K; S->n_tokens = E.at - S->first_token; }
bare(S) ::= NO_KEYS(N) NEWLINE(E).               { S = tree_node(tree, ROLE_GLOBAL, N);
                                                   S->n_tokens = E.at - S->first_token; }
bare(S) ::= bare(S) line(L) NEWLINE(E).          { tree_line(S, L, E); }

keys(K) ::= KEY(W).                              { K = tree_node(tree, ROLE_SITE, W);
                                                   tree_word(K); }
keys(K) ::= keys(K) KEY.                         { tree_word(K); }

/* A directive, an option, a matcher: words, bodies, and words behind bodies. */
line(L) ::= WORD(W).                             { L = tree_node(tree, ROLE_LINE, W);
                                                   tree_word(L); }
line(L) ::= MATCHER_NAME(W).                     { L = tree_node(tree, ROLE_MATCHER, W);
                                                   tree_word(L); }
line(L) ::= IMPORT(W).                           { L = tree_node(tree, ROLE_IMPORT, W);
                                                   tree_word(L); }
line(L) ::= line(L) WORD.                        { tree_word(L); }
line(L) ::= body(B) RBRACE(C).                   { L = B; tree_close(L, C); }

body(B) ::= line(L) LBRACE(O) NEWLINE.           { B = L; tree_open(B, O); }
body(B) ::= NAMELESS_LBRACE(O) NEWLINE.          { B = tree_node(tree, ROLE_LINE, O);
                                                   tree_open(B, O); }
body(B) ::= body(B) line(L) NEWLINE(E).          { tree_line(B, L, E); }

%code {
static int action_for(int kind, YYACTIONTYPE state)
{
    return state <= YY_MAX_SHIFT ? yy_find_shift_action((YYCODETYPE)kind, state) : state;
}

/* Replays the automaton on a copy of its states, up to where it would shift <kind> or fail; mostly
 * that is at once. */
bool CaddyfileFits(const void *untyped, int kind)
{
    const yyParser *parser = untyped;
    YYACTIONTYPE states[YYSTACKDEPTH + 2];
    int top = (int)(parser->yytos - parser->yystack);
    int action = action_for(kind, parser->yytos->stateno);
    if (action == YY_ACCEPT_ACTION || action <= YY_MAX_SHIFTREDUCE)
        return true;
    for (int i = 0; i <= top; i++)
        states[i] = parser->yystack[i].stateno;
    for (;; action = action_for(kind, states[top])) {
        if (action == YY_ACCEPT_ACTION || action <= YY_MAX_SHIFTREDUCE)
            return true;
        if (action == YY_ERROR_ACTION || action == YY_NO_ACTION || action < YY_MIN_REDUCE)
            return false;
        int rule = action - YY_MIN_REDUCE;
        top += yyRuleInfoNRhs[rule]; /* a negative count */
        states[top + 1] = yy_find_reduce_action(states[top], yyRuleInfoLhs[rule]);
        top++;
    }
}
}
