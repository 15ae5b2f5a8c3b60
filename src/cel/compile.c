/* One expression from text to tree: placeholders, grammar, types, constants. */
#include "cel/cel_private.h"

enum { MAX_WRITTEN = 100000 }; /* characters that Caddy reads */

const struct cel_expression *cel_compile(struct arena *arena, struct str text)
{
    struct cel_compiler *compiler = arena_new(arena, struct cel_compiler);
    compiler->arena = compiler->types.arena = arena;
    compiler->out = arena_new(arena, struct cel_expression);
    compiler->out->text = text;
    compiler->source.text = STR("");
    if (text.len > MAX_WRITTEN) {
        cel_outside(compiler, &(struct cel_node){.end = (uint32_t)text.len},
                    "the expression is too long for the proxy core");
        return compiler->out;
    }
    cel_expand(arena, text, &compiler->source);
    struct cel_node *root = cel_parse(compiler);
    if (root)
        cel_check(compiler, root);
    if (root && compiler->out->n_wrong == 0)
        cel_fold(compiler, root);
    return compiler->out;
}
