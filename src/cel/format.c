/* '…%s…'.format([…]) with both constant: Caddy looks at them when it starts. */
#include "cel/cel_private.h"

enum { MAX_PRECISION = 100 };

/* The kinds of values that a clause shows; NULL: there is no such clause. */
static const char *clause_kinds(char letter)
{
    switch (letter) {
    case 's':
        return "bdinslmtuyDTN";
    case 'd':
    case 'f':
    case 'e':
        return "diu";
    case 'b':
        return "biu";
    case 'x':
    case 'X':
        return "iusy";
    case 'o':
        return "iu";
    }
    return NULL;
}

static char letter_of(const struct cel_type *type)
{
    static const char letters[N_CEL_TYPE_KINDS] = {
        [CEL_TYPE_NULL] = 'N',     [CEL_TYPE_BOOL] = 'b',      [CEL_TYPE_INT] = 'i',
        [CEL_TYPE_UINT] = 'u',     [CEL_TYPE_DOUBLE] = 'd',    [CEL_TYPE_STRING] = 's',
        [CEL_TYPE_BYTES] = 'y',    [CEL_TYPE_LIST] = 'l',      [CEL_TYPE_MAP] = 'm',
        [CEL_TYPE_DURATION] = 'D', [CEL_TYPE_TIMESTAMP] = 't', [CEL_TYPE_TYPE] = 'T',
    };
    return letters[type->kind];
}

/* The letter of "[.N]letter" at <*at>, which then is behind it; 0: it is none. */
static char take_clause(struct str text, size_t *at)
{
    unsigned precision = 0;
    if (*at < text.len && text.ptr[*at] == '.') {
        size_t first = ++*at;
        for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at)
            precision = precision > MAX_PRECISION
                            ? precision
                            : precision * 10 + (unsigned)(text.ptr[*at] - '0');
        if (*at == first || precision > MAX_PRECISION)
            return 0;
    }
    return *at < text.len ? text.ptr[(*at)++] : 0;
}

static void check_value(struct cel_compiler *compiler, const struct cel_node *value, char letter)
{
    const struct cel_type *type = cel_type_resolve(&compiler->types, value->type, true);
    if (type->kind == CEL_TYPE_DYN || type->kind == CEL_TYPE_ERROR)
        return;
    char kind = letter_of(type);
    if (!kind || !strchr(clause_kinds(letter), kind)) {
        struct str shown = cel_type_text(compiler->arena, type);
        const char *hint = type->kind == CEL_TYPE_ANY ? "write dyn({…}), or string({…})" : NULL;
        cel_wrong(compiler, value->begin, value->end, hint, "%%%c cannot show " STR_FMT, letter,
                  STR_ARG(shown));
        return;
    }
    /* %s looks into lists and maps that are written out */
    for (size_t i = 0; letter == 's' && i < value->items.n &&
                       (value->kind == CEL_NODE_LIST || value->kind == CEL_NODE_MAP);
         i++)
        check_value(compiler, value->items.at[i], letter);
}

void cel_check_format(struct cel_compiler *compiler, const struct cel_node *call)
{
    const struct cel_node *text = call->target, *list = call->items.at[0];
    if (compiler->is_outside || text->kind != CEL_NODE_LITERAL || list->kind != CEL_NODE_LIST)
        return;
    struct str format = text->literal.text;
    size_t used = 0;
    for (size_t at = 0; at < format.len;) {
        if (format.ptr[at++] != '%')
            continue;
        if (at < format.len && format.ptr[at] == '%') {
            at++;
            continue;
        }
        if (used >= list->items.n) {
            cel_wrong(compiler, list->begin, list->end, NULL, "there are more %% than values");
            return;
        }
        char letter = take_clause(format, &at);
        if (!letter || !clause_kinds(letter)) {
            cel_wrong(compiler, text->begin, text->end,
                      "write %s, %d, %f, %e, %b, %x, %X, %o, or %%",
                      "a %% in this text means nothing");
            return;
        }
        check_value(compiler, list->items.at[used++], letter);
    }
    if (used < list->items.n)
        cel_wrong(compiler, list->items.at[used]->begin, list->items.at[list->items.n - 1]->end,
                  NULL, "there are more values than %%");
}
