/* The token stream: a stack of what is still to be read, so that splicing an import is cheap. */
#include "syntax/stream.h"

#include "base/arena.h"

struct stream stream_over(struct arena *arena, const struct token *const *tokens, size_t n)
{
    struct stream in = {.arena = arena};
    stream_splice(&in, tokens, n);
    return in;
}

const struct token *stream_peek(struct stream *in)
{
    while (in->frames.n) {
        struct frame *frame = &in->frames.at[in->frames.n - 1];
        if (frame->next < frame->n)
            return frame->at[frame->next];
        in->frames.n--;
    }
    return NULL;
}

bool stream_next(struct stream *in)
{
    const struct token *next = stream_peek(in);
    if (!next)
        return false;
    in->frames.at[in->frames.n - 1].next++;
    in->previous = in->current;
    in->current = next;
    if (in->trail)
        vec_push(in->arena, in->trail, next);
    if (in->keeps_all)
        vec_push(in->arena, &in->all, next);
    return true;
}

void stream_back(struct stream *in)
{
    struct frame *frame = in->frames.n ? &in->frames.at[in->frames.n - 1] : NULL;
    if (frame && frame->next && frame->at[frame->next - 1] == in->current) {
        frame->next--;
    } else { /* its frame was left when somebody looked beyond it */
        const struct token **again = arena_array(in->arena, const struct token *, 1);
        *again = in->current;
        stream_splice(in, again, 1);
    }
    in->current = in->previous;
    in->previous = NULL;
    if (in->keeps_all)
        in->all.n--;
}

void stream_splice(struct stream *in, const struct token *const *tokens, size_t n)
{
    struct frame frame = {tokens, n, 0};
    if (n)
        vec_push(in->arena, &in->frames, frame);
}

void stream_cut(struct stream *in, size_t n, const struct token *before,
                const struct token *const *kept, size_t n_kept)
{
    in->previous = n_kept > 1 ? kept[n_kept - 2] : NULL;
    in->current = n_kept ? kept[n_kept - 1] : before;
    if (!in->keeps_all)
        return;
    in->all.n -= n;
    for (size_t i = 0; i < n_kept; i++)
        vec_push(in->arena, &in->all, kept[i]);
}

bool stream_at_new_line(const struct stream *in)
{
    return in->current && (!in->previous || token_is_on_new_line(in->previous, in->current));
}

bool stream_next_is_on_new_line(struct stream *in)
{
    const struct token *next = stream_peek(in);
    return !next || token_is_on_new_line(in->current, next);
}

bool stream_rest_is_close(const struct stream *in)
{
    for (size_t i = 0; i < in->frames.n; i++) {
        const struct frame *frame = &in->frames.at[i];
        for (size_t k = frame->next; k < frame->n; k++)
            if (!token_is_close(frame->at[k]))
                return false;
    }
    return true;
}
