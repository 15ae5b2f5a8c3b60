/* Diagnostics: collecting, sorting, printing with excerpts. */
#include "syntax/diag.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"
#include "syntax/token.h"

static const struct diag_code_info code_infos[N_DIAG_CODES] = {
#define X(code, id, name, severity, doc) [DIAG_##code] = {id, name, doc, SEVERITY_##severity},
    [DIAG_NONE] = {"DT000", "none", "", SEVERITY_NONE}, DIAGNOSTIC_CODES(X)
#undef X
};

const struct diag_code_info *diag_code_info(enum diag_code code)
{
    return &code_infos[code];
}

/* ---- collecting ---- */

static struct diag *find_same(struct diags *diags, enum diag_code code, struct span span,
                              const struct import_chain *via, struct str message)
{
    for (struct diag *diag = diags->first; diag; diag = diag->next)
        if (diag->code == code && diag->span.begin == span.begin && diag->span.end == span.end &&
            diag->via == via && (span.end != 0 || str_eq(diag->message, message)))
            return diag;
    return NULL;
}

static struct diag *add(struct diags *diags, enum diag_code code, struct span span,
                        const struct import_chain *via, const char *format, va_list args)
{
    struct strbuf text = strbuf_in(diags->arena);
    strbuf_vprintf(&text, format, args);
    strbuf_cstr(&text);
    struct diag *diag = find_same(diags, code, span, via, strbuf_str(&text));
    if (diag)
        return diag;
    diag = arena_new(diags->arena, struct diag);
    diag->code = code;
    diag->severity = code_infos[code].severity;
    diag->span = span;
    diag->via = via;
    diag->message = strbuf_str(&text);
    if (diags->last)
        diags->last->next = diag;
    else
        diags->first = diag;
    diags->last = diag;
    diags->n_errors += diag->severity == SEVERITY_ERROR;
    diags->n_warnings += diag->severity == SEVERITY_WARNING;
    diags->n_infos += diag->severity == SEVERITY_INFO;
    return diag;
}

struct diag *diag_at(struct diags *diags, enum diag_code code, struct span span,
                     const struct import_chain *via, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag = add(diags, code, span, via, format, args);
    va_end(args);
    return diag;
}

struct diag *diag_token(struct diags *diags, enum diag_code code, const struct token *token,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag = add(diags, code, token ? token->span : (struct span){0, 0},
                            token ? token->via : NULL, format, args);
    va_end(args);
    return diag;
}

static struct diag_note *add_note(struct diags *diags, struct diag *diag, enum diag_note_kind kind,
                                  struct span span, const char *format, va_list args)
{
    struct strbuf text = strbuf_in(diags->arena);
    strbuf_vprintf(&text, format, args);
    struct diag_note **end = &diag->notes;
    for (; *end; end = &(*end)->next)
        if ((*end)->kind == kind && str_eq((*end)->text, strbuf_str(&text)))
            return NULL; /* the diagnostic was reported before */
    *end = arena_new(diags->arena, struct diag_note);
    (*end)->kind = kind;
    (*end)->span = span;
    (*end)->text = strbuf_str(&text);
    return *end;
}

void diag_label(struct diags *diags, struct diag *diag, struct span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_note(diags, diag, NOTE_LABEL, span, format, args);
    va_end(args);
}

void diag_note(struct diags *diags, struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_note(diags, diag, NOTE_NOTE, (struct span){0, 0}, format, args);
    va_end(args);
}

void diag_help(struct diags *diags, struct diag *diag, struct span span, struct str replacement,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag_note *note = add_note(diags, diag, NOTE_HELP, span, format, args);
    va_end(args);
    if (note && replacement.ptr)
        note->replacement = str_dup(diags->arena, replacement);
}

/* ---- sorting ---- */

struct numbered {
    struct diag *diag;
    size_t number;
};

static int by_position(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;
    uint32_t x = a->diag->span.begin, y = b->diag->span.begin;
    if (x != y)
        return x < y ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

void diags_sort(struct diags *diags)
{
    VEC(struct numbered) all = {0};
    for (struct diag *diag = diags->first; diag; diag = diag->next)
        vec_push(diags->arena, &all, (struct numbered){diag, all.n});
    if (all.n == 0)
        return;
    qsort(all.at, all.n, sizeof(*all.at), by_position);
    for (size_t i = 0; i < all.n; i++)
        all.at[i].diag->next = i + 1 < all.n ? all.at[i + 1].diag : NULL;
    diags->first = all.at[0].diag;
    diags->last = all.at[all.n - 1].diag;
}
