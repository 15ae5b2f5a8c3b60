#ifndef DIALTONE_ADAPT_CURSOR_H
#define DIALTONE_ADAPT_CURSOR_H

#include "syntax/diag.h"
#include "syntax/token.h"

struct arena;

/* Reads the tokens of one directive or option, its block included. Moves exactly as Caddy's
 * Dispenser does (lines, blocks and the quirks of both), because what Caddy accepts depends on it.
 * A fresh cursor stands before its first token. */
struct cursor {
    struct arena *arena;
    struct diags *diags;
    const struct token **tokens; /* the cursor's own: deleting is local */
    size_t n;
    ptrdiff_t at;   /* index of the current token; -1 before the first */
    int nesting;    /* depth of blocks entered by cursor_next_block */
};

struct token_list {
    const struct token **at;
    size_t n;
};

struct cursor cursor_over(struct arena *arena, struct diags *diags,
                          const struct token *const *tokens, size_t n);
/* The same without a copy: the list is the cursor's from now on. */
struct cursor cursor_into(struct arena *arena, struct diags *diags, struct token_list tokens);

/* Steps. Each returns false, and stays, where there is nothing of its kind. */
bool cursor_next(struct cursor *in);      /* the next token whatever its line */
bool cursor_prev(struct cursor *in);
bool cursor_next_arg(struct cursor *in);  /* on the same line and not `{` */
/* Steps into and through a block: `int nesting = in->nesting; while (cursor_next_block(in,
 * nesting))`. An empty block gives false with the cursor on its `}`. */
bool cursor_next_block(struct cursor *in, int initial_nesting);

/* The current token; NULL before the first and after the last. */
const struct token *cursor_token(const struct cursor *in);
struct str cursor_val(const struct cursor *in); /* its text, or empty */
bool cursor_is(const struct cursor *in, const char *text);
/* The text with its quote characters back (not those of heredocs). */
struct str cursor_val_raw(const struct cursor *in);
/* The arguments left on this line, consumed. */
struct str_list {
    struct str *at;
    size_t n;
};
struct token_list cursor_remaining(struct cursor *in);
size_t cursor_count_remaining(const struct cursor *in);
/* Fills <n> targets (const struct token **) from the line; false where there are too few: what
 * was there is consumed and filled. */
bool cursor_args(struct cursor *in, size_t n, const struct token ***targets);
/* The same, and false where arguments are left. */
bool cursor_all_args(struct cursor *in, size_t n, const struct token ***targets);
/* The current token, the rest of its line and the block that follows, consumed, as a cursor of
 * its own (Caddy's NewFromNextSegment). */
struct cursor cursor_segment(struct cursor *in);
struct token_list cursor_segment_tokens(struct cursor *in);
/* Removes the current token, stepping back (Caddy's Delete); or the last <n>. */
void cursor_delete(struct cursor *in, size_t n);
void cursor_reset(struct cursor *in);

/* Reports at the current token; always returns false, so `return cursor_error(…)` reads well.
 * After a report the caller abandons this directive or option. */
bool cursor_error(struct cursor *in, enum diag_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at a token of the caller's choice, the current one labelled where it is elsewhere. */
bool cursor_error_at(struct cursor *in, enum diag_code code, const struct token *token,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Labels the current token in the diagnostic just made at <token>, if it is on another line: then
 * people find the place that Caddy's message names. */
void cursor_label_place(struct cursor *in, const struct token *token);
/* "wrong number of arguments" at the current token (Caddy's ArgErr), saying <usage> when given. */
bool cursor_arg_error(struct cursor *in, const char *usage);

#endif
