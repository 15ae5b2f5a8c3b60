/* Diagnostics as records: reporting, de-duplication, order. */
#include "syntax/diag.h"

#include "base/arena.h"
#include "base/vec.h"
#include "syntax/token.h"

#include <stdlib.h>

static const struct diag_code_info codes[] = {
    [DIAG_NONE] = {"DT000", "none", "", SEVERITY_NONE},
#define X(code, id, name, severity, doc) [DIAG_##code] = {id, name, doc, SEVERITY_##severity},
    DIAGNOSTIC_CODES(X)
#undef X
};

const struct diag_code_info *diag_code_info(enum diag_code code)
{
    return &codes[code];
}

static struct str format_text(struct arena *arena, const char *format, va_list args)
{
    struct strbuf buf = strbuf_in(arena);
    strbuf_vprintf(&buf, format, args);
    return strbuf_str(&buf);
}

static void count(struct diags *diags, enum severity severity, uint32_t by)
{
    switch (severity) {
    case SEVERITY_NONE:
        break;
    case SEVERITY_INFO:
        diags->n_infos += by;
        break;
    case SEVERITY_WARNING:
        diags->n_warnings += by;
        break;
    case SEVERITY_ERROR:
        diags->n_errors += by;
        break;
    }
}

void diag_set_severity(struct diags *diags, struct diag *diag, enum severity severity)
{
    count(diags, diag->severity, -1u);
    count(diags, severity, 1);
    diag->severity = severity;
}

void diag_hide(struct diags *diags, struct diag *diag, enum diag_hidden hidden, struct str reason)
{
    if (diag->severity == SEVERITY_NONE)
        return;
    diag->hidden = hidden;
    diag->hidden_severity = diag->severity;
    diag->reason = str_dup(diags->arena, reason);
    diag_set_severity(diags, diag, SEVERITY_NONE);
}

/* What makes two reports the same. */
static struct str identity(struct arena *arena, const struct diag_code_info *info, struct span span,
                           const struct import_chain *via)
{
    uintptr_t parts[] = {(uintptr_t)info, span.begin, span.end, (uintptr_t)via};
    return str_dup(arena, str_make((const char *)parts, sizeof(parts)));
}

struct diag *diag_found(struct diags *diags, const struct diag_code_info *info,
                        enum severity severity, struct span span, const struct import_chain *via,
                        struct str message)
{
    struct str key = identity(diags->arena, info, span, via);
    struct diag *diag = map_get(&diags->seen, key);
    /* without a place there is only the text to tell two reports apart */
    if (diag && (span.begin || str_eq(diag->message, message)))
        return diag;
    diag = arena_new(diags->arena, struct diag);
    *diag = (struct diag){.info = info,
                          .severity = severity,
                          .span = span,
                          .via = via,
                          .message = message};
    map_put(&diags->seen, key, diag);
    if (diags->last)
        diags->last->next = diag;
    else
        diags->first = diag;
    diags->last = diag;
    count(diags, diag->severity, 1);
    return diag;
}

static struct diag *report(struct diags *diags, enum diag_code code, struct span span,
                           const struct import_chain *via, struct str message)
{
    struct diag *diag = diag_found(diags, &codes[code], codes[code].severity, span, via, message);
    diag->code = code;
    return diag;
}

struct diag *diag_at(struct diags *diags, enum diag_code code, struct span span,
                     const struct import_chain *via, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str message = format_text(diags->arena, format, args);
    va_end(args);
    return report(diags, code, span, via, message);
}

struct diag *diag_token(struct diags *diags, enum diag_code code, const struct token *token,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str message = format_text(diags->arena, format, args);
    va_end(args);
    if (!token)
        return report(diags, code, (struct span){0, 0}, NULL, message);
    return report(diags, code, token->span, token->via, message);
}

enum { MAX_NOTES = 16 }; /* of a diagnostic: one that is found again brings labels each time */

/* Appends, unless the same note hangs there already (a diagnostic reported twice), or there are
 * many. */
static struct diag_note *add_note(struct diags *diags, struct diag *diag, struct diag_note note)
{
    struct diag_note **end = &diag->notes, *added;
    int n = 0;
    for (; *end; end = &(*end)->next, n++)
        if ((*end)->kind == note.kind && (*end)->span.begin == note.span.begin &&
            str_eq((*end)->text, note.text))
            return *end;
    added = arena_new(diags->arena, struct diag_note);
    *added = note;
    if (n < MAX_NOTES)
        *end = added;
    return added;
}

void diag_label(struct diags *diags, struct diag *diag, struct span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = format_text(diags->arena, format, args);
    va_end(args);
    add_note(diags, diag, (struct diag_note){.kind = NOTE_LABEL, .span = span, .text = text});
}

void diag_note(struct diags *diags, struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = format_text(diags->arena, format, args);
    va_end(args);
    add_note(diags, diag, (struct diag_note){.kind = NOTE_NOTE, .text = text});
}

void diag_help(struct diags *diags, struct diag *diag, struct span span, struct str replacement,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = format_text(diags->arena, format, args);
    va_end(args);
    if (replacement.ptr)
        replacement = str_dup(diags->arena, replacement);
    add_note(diags, diag,
             (struct diag_note){.kind = NOTE_HELP,
                                .span = span,
                                .text = text,
                                .replacement = replacement,
                                .fix = replacement.ptr ? FIX_SUGGEST : FIX_NONE});
}

struct diag_note *diag_fix(struct diags *diags, struct diag *diag, enum fix_kind fix,
                           struct span span, struct str replacement, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = format_text(diags->arena, format, args);
    va_end(args);
    return add_note(diags, diag,
                    (struct diag_note){.kind = NOTE_HELP,
                                       .span = span,
                                       .text = text,
                                       .replacement = str_dup(diags->arena, replacement),
                                       .fix = fix});
}

void diag_fix_also(struct diags *diags, struct diag_note *fix, struct span span, struct str text)
{
    struct diag_edit **end = &fix->more;
    while (*end) {
        if ((*end)->span.begin == span.begin && (*end)->span.end == span.end)
            return; /* the note was there already */
        end = &(*end)->next;
    }
    *end = arena_new(diags->arena, struct diag_edit);
    **end = (struct diag_edit){.span = span, .text = str_dup(diags->arena, text)};
}

/* Spans grow in order of loading, so they alone give the order; what has no place comes first. */
struct place {
    struct diag *diag;
    size_t reported;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->diag->span.begin != right->diag->span.begin)
        return left->diag->span.begin < right->diag->span.begin ? -1 : 1;
    return left->reported < right->reported ? -1 : left->reported > right->reported;
}

void diags_sort(struct diags *diags)
{
    VEC(struct place) places = {0};
    for (struct diag *diag = diags->first; diag; diag = diag->next) {
        struct place place = {diag, places.n};
        vec_push(diags->arena, &places, place);
    }
    if (places.n == 0)
        return;
    qsort(places.at, places.n, sizeof(*places.at), compare_places);
    for (size_t i = 0; i + 1 < places.n; i++)
        places.at[i].diag->next = places.at[i + 1].diag;
    diags->first = places.at[0].diag;
    diags->last = places.at[places.n - 1].diag;
    diags->last->next = NULL;
}
