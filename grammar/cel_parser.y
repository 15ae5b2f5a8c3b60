/* The shape of expressions, as cel-go's grammar has it. The pump (cel/parse.c) joins a minus and the
 * number behind it where no value stands before, and never hands over a token that does not fit; an
 * action only builds. */
%name Cel
%token_prefix CEL_TOKEN_
%token_type {struct cel_token}
%default_type {struct cel_node *}
%extra_argument {struct cel_compiler *compiler}
%stack_size 2000
%type signs {struct cel_signs}
%type dot {struct cel_token}
%include {
#include "cel/cel_private.h"
#include <stdlib.h>

struct cel_signs {
    struct cel_token first;
    unsigned n;
};
}

start ::= expr(E).                              { compiler->out->root = E; }

expr(R) ::= any(A).                             { R = A; }
expr(R) ::= any(A) QUESTION(Q) any(B) COLON expr(C).
                                                { R = cel_choice(compiler, A, Q, B, C); }
any(R) ::= all(A).                              { R = A; }
any(R) ::= any(A) OR(O) all(B).                 { R = cel_binary(compiler, A, O, B); }
all(R) ::= relation(A).                         { R = A; }
all(R) ::= all(A) AND(O) relation(B).           { R = cel_binary(compiler, A, O, B); }
relation(R) ::= sum(A).                         { R = A; }
relation(R) ::= relation(A) EQUAL|NOT_EQUAL|LESS|LESS_EQUAL|GREATER|GREATER_EQUAL|IN(O) sum(B).
                                                { R = cel_binary(compiler, A, O, B); }
sum(R) ::= product(A).                          { R = A; }
sum(R) ::= sum(A) PLUS|MINUS(O) product(B).     { R = cel_binary(compiler, A, O, B); }
product(R) ::= unary(A).                        { R = A; }
product(R) ::= product(A) STAR|SLASH|PERCENT(O) unary(B).
                                                { R = cel_binary(compiler, A, O, B); }

unary(R) ::= member(A).                         { R = A; }
unary(R) ::= nots(S) member(A).                 { R = cel_unary(compiler, S.first, S.n, A); }
unary(R) ::= minuses(S) member(A).              { R = cel_unary(compiler, S.first, S.n, A); }
%type nots {struct cel_signs}
%type minuses {struct cel_signs}
nots(R) ::= NOT(N).                             { R = (struct cel_signs){N, 1}; }
nots(R) ::= nots(S) NOT.                        { R = (struct cel_signs){S.first, S.n + 1}; }
minuses(R) ::= MINUS(N).                        { R = (struct cel_signs){N, 1}; }
minuses(R) ::= minuses(S) MINUS.                { R = (struct cel_signs){S.first, S.n + 1}; }

member(R) ::= primary(A).                       { R = A; }
member(R) ::= member(A) DOT IDENT(N).           { R = cel_select(compiler, A, N); }
member(R) ::= member(A) DOT QUOTED_IDENT(N).    { R = cel_select(compiler, A, N); }
member(R) ::= member(A) DOT(D) IDENT(N) LPAREN list(L) RPAREN(E).
                                                { R = cel_call(compiler, A, D, N, L, E); }
member(R) ::= member(A) LBRACKET(B) expr(I) RBRACKET(E).
                                                { R = cel_at_index(compiler, A, B, I, E); }
member(R) ::= member(A) LBRACE(B) fields RBRACE(E).
                                                { R = cel_message(compiler, A, B, E); }

primary(R) ::= dot(D) IDENT(N).                 { R = cel_ident(compiler, D, N); }
primary(R) ::= dot(D) IDENT(N) LPAREN list(L) RPAREN(E).
                                                { R = cel_call(compiler, NULL, D, N, L, E); }
primary(R) ::= LPAREN(B) expr(A) RPAREN(E).     { R = A->kind == CEL_NODE_CALL
                                                      ? cel_nest(compiler, A, B, E) : A; }
primary(R) ::= LBRACKET(B) list(L) RBRACKET(E). { L->kind = CEL_NODE_LIST;
                                                  R = cel_nest(compiler, L, B, E); }
primary(R) ::= LBRACKET(B) items(L) COMMA RBRACKET(E).
                                                { L->kind = CEL_NODE_LIST;
                                                  R = cel_nest(compiler, L, B, E); }
primary(R) ::= LBRACKET(B) COMMA RBRACKET(E).   { R = cel_make(compiler, CEL_NODE_LIST, B);
                                                  R = cel_nest(compiler, R, B, E); }
primary(R) ::= LBRACE(B) RBRACE(E).             { R = cel_make(compiler, CEL_NODE_MAP, B);
                                                  R = cel_nest(compiler, R, B, E); }
primary(R) ::= LBRACE(B) COMMA RBRACE(E).       { R = cel_make(compiler, CEL_NODE_MAP, B);
                                                  R = cel_nest(compiler, R, B, E); }
primary(R) ::= LBRACE(B) pairs(L) RBRACE(E).    { R = cel_nest(compiler, L, B, E); }
primary(R) ::= LBRACE(B) pairs(L) COMMA RBRACE(E).
                                                { R = cel_nest(compiler, L, B, E); }
primary(R) ::= INT|UINT|DOUBLE|STRING|BYTES|BOOL|NULL(T).
                                                { R = cel_literal(compiler, T); }

dot(R) ::= .                                    { R = (struct cel_token){0}; }
dot(R) ::= DOT(D).                              { R = D; }

list(R) ::= .                                   { R = cel_make(compiler, CEL_NODE_LIST,
                                                               (struct cel_token){0}); }
list(R) ::= items(L).                           { R = L; }
items(R) ::= expr(A).                           { R = cel_make(compiler, CEL_NODE_LIST,
                                                               (struct cel_token){0});
                                                  cel_add_item(compiler, R, A); }
items(R) ::= items(L) COMMA expr(A).            { R = L; cel_add_item(compiler, R, A); }

pairs(R) ::= expr(K) COLON expr(V).             { R = cel_make(compiler, CEL_NODE_MAP,
                                                               (struct cel_token){0});
                                                  cel_add_item(compiler, R, K);
                                                  cel_add_item(compiler, R, V); }
pairs(R) ::= pairs(L) COMMA expr(K) COLON expr(V).
                                                { R = L; cel_add_item(compiler, R, K);
                                                  cel_add_item(compiler, R, V); }

fields ::= .
fields ::= COMMA.
fields ::= field_list.
fields ::= field_list COMMA.
field_list ::= field.
field_list ::= field_list COMMA field.
field ::= IDENT|QUOTED_IDENT COLON expr.

%code {
static int action_for(int kind, YYACTIONTYPE state)
{
    return state <= YY_MAX_SHIFT ? yy_find_shift_action((YYCODETYPE)kind, state) : state;
}

/* Replays the automaton on a copy of its states, up to where it would shift <kind> or fail. */
bool CelFits(const void *untyped, int kind)
{
    const yyParser *parser = untyped;
    YYACTIONTYPE states[YYSTACKDEPTH + 2];
    int top = (int)(parser->yytos - parser->yystack);
    for (int i = 0; i <= top; i++)
        states[i] = parser->yystack[i].stateno;
    for (;;) {
        int action = action_for(kind, states[top]);
        if (action == YY_ACCEPT_ACTION || action <= YY_MAX_SHIFTREDUCE)
            return true;
        if (action == YY_ERROR_ACTION || action == YY_NO_ACTION || action < YY_MIN_REDUCE)
            return false;
        int rule = action - YY_MIN_REDUCE;
        top += yyRuleInfoNRhs[rule]; /* a negative count */
        if (top + 1 >= YYSTACKDEPTH + 2)
            return false;
        states[top + 1] = yy_find_reduce_action(states[top], yyRuleInfoLhs[rule]);
        top++;
    }
}
}
