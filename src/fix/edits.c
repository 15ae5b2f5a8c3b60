/* Corrections as edits of texts: which can be applied, which go together, and what they make of a
 * text. */
#include <stdlib.h>

#include "fix/fix_private.h"
#include "syntax/format.h"

const struct diag_note *fix_of(const struct diag *diag, enum fix_kind least)
{
    if (diag->severity == SEVERITY_NONE)
        return NULL;
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_HELP && note->replacement.ptr && note->fix >= least)
            return note;
    return NULL;
}

/* --- which edits can be applied --- */

/* What a {$NAME:default} begins with, up to its name. */
static struct str variable_of(struct str raw)
{
    size_t end = 2;
    while (end < raw.len && raw.ptr[end] != ':' && raw.ptr[end] != '}')
        end++;
    return str_slice(raw, 0, end);
}

/* An edit must not write down what a variable happens to hold: it takes a {$NAME} away as a whole, or
 * has one of the same name in its text. */
static bool spares_variables(const struct source *source, struct edit edit)
{
    for (uint32_t i = 0; i < source->n_splices; i++) {
        const struct splice *splice = &source->splices[i];
        if (edit.begin == edit.end ? edit.begin <= splice->raw_begin || edit.begin >= splice->raw_end
                                   : edit.end <= splice->raw_begin || edit.begin >= splice->raw_end)
            continue;
        struct str raw = str_slice(source->raw, splice->raw_begin, splice->raw_end);
        bool is_whole = edit.begin <= splice->raw_begin && edit.end >= splice->raw_end;
        if (!is_whole || (edit.text.len && !str_contains(edit.text, variable_of(raw))))
            return false;
    }
    return true;
}

/* Whether variables stand on the lines that an edit changes: what they will hold elsewhere is not
 * known, so nothing there can be proven safe. */
static bool has_variables_beside(const struct source *source, struct edit edit)
{
    struct str raw = source->raw;
    size_t begin = edit.begin, end = edit.end;
    while (begin > 0 && raw.ptr[begin - 1] != '\n')
        begin--;
    while (end < raw.len && raw.ptr[end] != '\n')
        end++;
    return str_contains(str_slice(raw, begin, end), STR("{$"));
}

static int compare_edits(const void *a, const void *b)
{
    const struct edit *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

uint32_t text_mark_size(struct str text)
{
    return str_has_prefix(text, STR("\xef\xbb\xbf")) ? 3 : 0;
}

static bool take_edit(struct arena *arena, struct correction *correction,
                      const struct source *source, struct span span, struct str text)
{
    uint32_t size = (uint32_t)source->raw.len, mark = text_mark_size(source->raw);
    if (span.begin < source->base || span.end < span.begin || span.end - source->base > size ||
        span.end - source->base < mark)
        return false;
    struct edit edit = {span.begin - source->base, span.end - source->base, str_dup(arena, text)};
    if (edit.begin < mark)
        edit.begin = mark;
    if (!spares_variables(source, edit) ||
        (correction->kind == FIX_SAFE && has_variables_beside(source, edit)))
        return false;
    correction->edits[correction->n_edits++] = edit;
    return true;
}

static bool changes_something(const struct correction *correction, struct str raw)
{
    for (size_t i = 0; i < correction->n_edits; i++) {
        const struct edit *edit = &correction->edits[i];
        if (!str_eq(str_slice(raw, edit->begin, edit->end), edit->text))
            return true;
    }
    return false;
}

struct correction *correction_of(struct arena *arena, const struct diag_note *note,
                                 const struct source *source, struct text *text)
{
    size_t n = 1;
    for (const struct diag_edit *edit = note->more; edit; edit = edit->next)
        n++;
    struct correction *correction = arena_new(arena, struct correction);
    *correction = (struct correction){.kind = note->fix,
                                      .text = text,
                                      .edits = arena_array(arena, struct edit, n)};
    if (!take_edit(arena, correction, source, note->span, note->replacement))
        return NULL;
    for (const struct diag_edit *edit = note->more; edit; edit = edit->next)
        if (!take_edit(arena, correction, source, edit->span, edit->text))
            return NULL;
    qsort(correction->edits, n, sizeof(*correction->edits), compare_edits);
    for (size_t i = 1; i < n; i++)
        if (correction->edits[i].begin < correction->edits[i - 1].end)
            return NULL;
    return changes_something(correction, source->raw) ? correction : NULL;
}

/* --- which go together --- */

static uint32_t begin_of(const struct correction *correction)
{
    return correction->edits[0].begin;
}

static uint32_t end_of(const struct correction *correction)
{
    return correction->edits[correction->n_edits - 1].end;
}

static int compare_places(const void *a, const void *b)
{
    const struct correction *left = *(struct correction *const *)a;
    const struct correction *right = *(struct correction *const *)b;
    if (left->text != right->text)
        return str_compare(left->text->path, right->text->path);
    if (begin_of(left) != begin_of(right))
        return begin_of(left) < begin_of(right) ? -1 : 1;
    if (end_of(left) != end_of(right))
        return end_of(left) < end_of(right) ? -1 : 1;
    if (left->rule != right->rule)
        return strcmp(left->rule->id, right->rule->id);
    for (size_t i = 0; i < left->n_edits && i < right->n_edits; i++) {
        int order = str_compare(left->edits[i].text, right->edits[i].text);
        if (order)
            return order;
    }
    return left->n_edits < right->n_edits ? -1 : left->n_edits > right->n_edits;
}

void corrections_sort(struct correction_vec *all)
{
    if (all->n)
        qsort(all->at, all->n, sizeof(*all->at), compare_places);
}

/* What lies between the edits of one counts as its own: it may be moved. Corrections may touch,
 * unless one of them only inserts there: then nobody knows which comes first. */
bool corrections_overlap(const struct correction *a, const struct correction *b)
{
    if (a->text != b->text)
        return false;
    if (end_of(a) == begin_of(b) || end_of(b) == begin_of(a))
        return begin_of(a) == end_of(a) || begin_of(b) == end_of(b);
    return begin_of(a) < end_of(b) && begin_of(b) < end_of(a);
}

bool corrections_equal(const struct correction *a, const struct correction *b)
{
    if (a->text != b->text || a->n_edits != b->n_edits)
        return false;
    for (size_t i = 0; i < a->n_edits; i++)
        if (compare_edits(&a->edits[i], &b->edits[i]) != 0 ||
            !str_eq(a->edits[i].text, b->edits[i].text))
            return false;
    return true;
}

/* --- what they make of a text --- */

static bool has_windows_lines(struct str text)
{
    ptrdiff_t end = str_index(text, '\n');
    return end > 0 && text.ptr[end - 1] == '\r';
}

/* Adds text with the line ends that the file has. */
static void add_lines(struct strbuf *out, struct str text, bool is_windows)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_windows && text.ptr[i] == '\n' && !(i && text.ptr[i - 1] == '\r'))
            strbuf_add_char(out, '\r');
        strbuf_add_char(out, text.ptr[i]);
    }
}

static bool was_formatted(struct arena *arena, struct text *text)
{
    struct str formatted;
    if (text->layout == LAYOUT_UNKNOWN)
        text->layout = format_caddyfile(arena, text->original, &formatted) != FORMAT_REFUSED &&
                               str_eq(formatted, text->original)
                           ? LAYOUT_FORMATTED
                           : LAYOUT_OWN;
    return text->layout == LAYOUT_FORMATTED;
}

struct str text_with(struct arena *arena, struct text *text, const struct correction_vec *all)
{
    VEC(struct edit) edits = {0};
    for (size_t i = 0; i < all->n; i++) {
        const struct correction *correction = all->at[i];
        bool counts = correction->is_on_trial || correction->state == CORRECTION_ACCEPTED;
        for (size_t k = 0; counts && correction->text == text && k < correction->n_edits; k++)
            vec_push(arena, &edits, correction->edits[k]);
    }
    if (edits.n)
        qsort(edits.at, edits.n, sizeof(*edits.at), compare_edits);
    struct strbuf out = strbuf_in(arena);
    bool is_windows = has_windows_lines(text->now);
    size_t copied = 0;
    for (size_t i = 0; i < edits.n; i++) {
        strbuf_add(&out, str_slice(text->now, copied, edits.at[i].begin));
        add_lines(&out, edits.at[i].text, is_windows);
        copied = edits.at[i].end;
    }
    strbuf_add(&out, str_slice(text->now, copied, text->now.len));
    strbuf_cstr(&out); /* so that .ptr is set even where nothing is left */
    struct str changed = strbuf_str(&out), formatted;
    if (edits.n && was_formatted(arena, text) &&
        format_caddyfile(arena, changed, &formatted) != FORMAT_REFUSED)
        return formatted;
    return changed;
}
