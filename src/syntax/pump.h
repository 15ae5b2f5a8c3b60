#ifndef DIALTONE_SYNTAX_PUMP_H
#define DIALTONE_SYNTAX_PUMP_H

/* Hands tokens to the grammar: makes up line ends, says what was expected, keeps account of open
 * braces. parser.c decides what the tokens are. */
#include "syntax/diag.h"
#include "syntax/parser_private.h"

/* Blocks in blocks; those who walk the tree by recursion rely on it. */
#define MAX_NESTING 200

struct pump {
    struct arena *arena;
    struct diags *diags;
    void *grammar;
    struct tree tree;
    struct token_vec open; /* braces that wait for their other half */
};

void pump_start(struct pump *pump, struct arena *arena, struct diags *diags);
/* Hands over one token; where it does not fit, says what would have, and does the next best. */
void pump_push(struct pump *pump, int kind, const struct token *token);
/* Ends a line, if there is one to end. */
void pump_end_line(struct pump *pump);
/* Whether <token> begins a line, seen from the token pushed before it. */
bool pump_begins_line(const struct pump *pump, const struct token *token);
/* Opens and closes the body of a line. A line that has no words yet gets a nameless body. */
void pump_open(struct pump *pump, const struct token *brace);
void pump_close(struct pump *pump, const struct token *brace);
/* Says what would fit in place of <token>; NULL is the end of the file. */
struct diag *pump_expected(struct pump *pump, enum diag_code code, const struct token *token);
/* Reports the innermost open brace, those around it, and the file's last token. */
void pump_report_open(struct pump *pump, const struct token *last);
/* Closes what is open beyond <n_open> braces. */
void pump_close_rest(struct pump *pump, size_t n_open);
struct node *pump_finish(struct pump *pump);

#endif
