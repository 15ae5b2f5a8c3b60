#ifndef DIALTONE_SYNTAX_STREAM_H
#define DIALTONE_SYNTAX_STREAM_H

#include "base/vec.h"
#include "syntax/token.h"

/* Tokens still to be read. */
struct frame {
    const struct token *const *at;
    size_t n, next;
};

struct token_vec {
    const struct token **at;
    size_t n, cap;
};

/* Tokens read one after another, with imports spliced in where the reader stands. It behaves as a
 * cursor over Caddy's token list: <current> is the token under it, <previous> the one before. */
struct stream {
    struct arena *arena;
    VEC(struct frame) frames; /* the last one first */
    const struct token *current, *previous;
    struct token_vec *trail; /* where given, every token moved to is added */
    bool keeps_all;          /* keep <all>: everything up to the cursor */
    struct token_vec all;
};

struct stream stream_over(struct arena *arena, const struct token *const *tokens, size_t n);
/* The token that stream_next would move to, or NULL. */
const struct token *stream_peek(struct stream *in);
bool stream_next(struct stream *in);
/* Undoes one stream_next; the token before <current> is forgotten. */
void stream_back(struct stream *in);
/* Puts tokens before what is still to be read. */
void stream_splice(struct stream *in, const struct token *const *tokens, size_t n);
/* Takes away the last <n> tokens, the current one included, and puts <kept> in their place;
 * <before> is the token that stood before them. */
void stream_cut(struct stream *in, size_t n, const struct token *before,
                const struct token *const *kept, size_t n_kept);
/* Whether the current token begins a line; whether the next one will (or there is none). */
bool stream_at_new_line(const struct stream *in);
bool stream_next_is_on_new_line(struct stream *in);
/* Whether nothing but closing braces follows the current token, if anything does. */
bool stream_rest_is_close(const struct stream *in);

#endif
