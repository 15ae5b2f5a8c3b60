/* The excerpt of a diagnostic: the lines of its place and of all labels in one piece, file by file,
 * with marks under them. Places of several lines have a bar at the left. */
#include "syntax/diag_print_private.h"

#include "base/vec.h"
#include "syntax/token.h"

#include <assert.h>
#include <stdlib.h>

enum {
    WHOLE_LINES =
        5, /* lines of a place that are all shown; of longer ones the first and the last */
    BAR_CELLS = 2,
};

/* A place to mark. */
struct mark {
    const struct source *source;
    uint32_t begin_offset; /* where it begins, in the space of spans */
    uint32_t first_line, last_line;
    size_t from, to; /* bytes: where it begins in its first line, ends in its last */
    bool is_primary;
    struct str label; /* empty: none */
    int bar;          /* of several lines: its column of bars, from 0 */
    bool is_open;     /* while the lines between its begin and its end are printed */
};

struct mark_list {
    VEC(struct mark) marks;
};

/* The marks of one source. */
struct excerpt {
    const struct printer *pr;
    const struct source *source;
    const char *primary_colour;
    struct mark *marks;
    size_t n;
    int n_bars;
};

/* --- what is to be marked --- */

static bool is_multiline(const struct mark *mark)
{
    return mark->last_line > mark->first_line;
}

static void add_mark(const struct printer *pr, struct mark_list *list, struct span span,
                     bool is_primary, struct str label)
{
    const struct source *source = source_of(pr->sources, span);
    if (!source)
        return;
    struct position begin = source_position(pr->sources, span.begin);
    struct mark mark = {.source = source,
                        .begin_offset = span.begin,
                        .first_line = begin.line,
                        .last_line = begin.line,
                        .from = begin.byte_column - 1,
                        .to = begin.byte_column - 1,
                        .is_primary = is_primary,
                        .label = label};
    uint32_t source_end = source->base + (uint32_t)source->raw.len;
    uint32_t span_end = span.end < source_end ? span.end : source_end;
    if (span_end > span.begin) { /* the last character of the place, not the one behind it */
        struct position end = source_position(pr->sources, span_end - 1);
        mark.last_line = end.line;
        mark.to = end.byte_column;
        size_t len = source_line(source, end.line).len;
        if (mark.to > len && (mark.from < len || is_multiline(&mark)))
            mark.to = len;
    }
    vec_push(pr->arena, &list->marks, mark);
}

/* The word `import` and what it names. */
static struct span import_span(const struct printer *pr, const struct token *import)
{
    const struct source *source = source_of(pr->sources, import->span);
    struct span span = import->span;
    if (!source)
        return span;
    struct str raw = source->raw;
    size_t end = span.end - source->base;
    while (end < raw.len && (raw.ptr[end] == ' ' || raw.ptr[end] == '\t'))
        end++;
    while (end < raw.len && (unsigned char)raw.ptr[end] > ' ')
        end++;
    span.end = source->base + (uint32_t)end;
    return span;
}

bool excerpts_show_import(const struct printer *pr, const struct diag *diag,
                          const struct import_chain *via)
{
    const struct source *source = source_of(pr->sources, diag->span);
    return via == diag->via && source && source == source_of(pr->sources, via->at->span);
}

static struct mark_list marks_of(const struct printer *pr, const struct diag *diag)
{
    struct mark_list list = {0};
    struct str label = {0};
    const struct diag_note *used =
        NULL; /* a label on the very place is the text behind its carets */
    for (const struct diag_note *note = diag->notes; note && !used; note = note->next)
        if (note->kind == NOTE_LABEL && note->span.begin == diag->span.begin) {
            used = note;
            label = note->text;
        }
    add_mark(pr, &list, diag->span, true, label);
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_LABEL && note != used)
            add_mark(pr, &list, note->span, false, note->text);
    if (diag->via && diag->via->at && excerpts_show_import(pr, diag, diag->via))
        add_mark(pr, &list, import_span(pr, diag->via->at), false, STR("imported here"));
    return list;
}

uint32_t excerpts_last_line(const struct printer *pr, const struct diag *diag)
{
    struct mark_list list = marks_of(pr, diag);
    uint32_t last = 0;
    for (size_t i = 0; i < list.marks.n; i++)
        if (list.marks.at[i].last_line > last)
            last = list.marks.at[i].last_line;
    return last;
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *left = a, *right = b;
    if (left->begin_offset != right->begin_offset)
        return left->begin_offset < right->begin_offset ? -1 : 1;
    return left->is_primary ? -1 : right->is_primary;
}

/* Gives places of several lines columns of their own where they overlap. */
static void assign_bars(struct excerpt *excerpt)
{
    for (size_t i = 0; i < excerpt->n; i++) {
        struct mark *mark = &excerpt->marks[i];
        if (!is_multiline(mark))
            continue;
        for (size_t k = 0; k < i; k++) {
            const struct mark *other = &excerpt->marks[k];
            if (is_multiline(other) && other->last_line >= mark->first_line &&
                other->bar == mark->bar) {
                mark->bar++;
                k = (size_t)-1; /* that column may be taken as well */
            }
        }
        if (mark->bar >= excerpt->n_bars)
            excerpt->n_bars = mark->bar + 1;
    }
}

/* --- rows of marks --- */

struct cell {
    char sign;
    const char *colour;
};

/* A row under a line: signs, then maybe a label behind or among them. */
struct row {
    struct cell *cells;
    int n, room;
};

static const char *colour_of(const struct excerpt *excerpt, const struct mark *mark)
{
    return mark->is_primary ? excerpt->primary_colour : BLUE;
}

static void row_set(const struct excerpt *excerpt, struct row *row, int from, int to, char sign,
                    const struct mark *mark)
{
    assert(to <= row->room);
    for (; row->n < to; row->n++)
        row->cells[row->n] = (struct cell){' ', BLUE};
    for (int i = from; i < to; i++)
        row->cells[i] = (struct cell){sign, colour_of(excerpt, mark)};
}

static struct row row_new(const struct excerpt *excerpt)
{
    int most = room_for_text(excerpt->pr) + excerpt->n_bars * BAR_CELLS + 8;
    struct row row = {arena_array(excerpt->pr->arena, struct cell, most), 0, most};
    for (size_t i = 0; i < excerpt->n; i++) {
        const struct mark *mark = &excerpt->marks[i];
        if (mark->is_open)
            row_set(excerpt, &row, mark->bar * BAR_CELLS, mark->bar * BAR_CELLS + 1, '|', mark);
    }
    return row;
}

static void put_cells(const struct excerpt *excerpt, const struct row *row)
{
    const struct printer *pr = excerpt->pr;
    const char *colour = NULL;
    for (int i = 0; i < row->n; i++) {
        if (row->cells[i].sign != ' ' && row->cells[i].colour != colour) {
            if (colour)
                paint(pr, RESET);
            colour = row->cells[i].colour;
            paint(pr, colour);
        }
        fputc(row->cells[i].sign, pr->out);
    }
    if (colour)
        paint(pr, RESET);
}

/* Prints the row, and <label> (of a mark; NULL: none) from the cell <at> on. */
static void put_row(const struct excerpt *excerpt, const struct row *row, const struct mark *label,
                    int at)
{
    const struct printer *pr = excerpt->pr;
    put_gutter(pr, "", "|");
    if (row->n || label)
        fputc(' ', pr->out);
    put_cells(excerpt, row);
    if (label) {
        fprintf(pr->out, "%*s", at - row->n, "");
        paint(pr, colour_of(excerpt, label));
        put_text(pr->out, label->label);
        paint(pr, RESET);
    }
    fputc('\n', pr->out);
}

/* --- the marks of one line --- */

/* A mark of one line, measured. */
struct placed {
    const struct mark *mark;
    int begin, end; /* cells */
};

struct placed_list {
    VEC(struct placed) marks; /* from right to left */
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin > right->begin ? -1 : 1;
    return left->end != right->end ? (left->end > right->end ? 1 : -1) : right->mark->is_primary;
}

static struct placed_list placed_in(const struct excerpt *excerpt, uint32_t line,
                                    const struct shown_line *shown)
{
    struct placed_list list = {0};
    int shift = excerpt->n_bars * BAR_CELLS;
    for (size_t i = 0; i < excerpt->n; i++) {
        const struct mark *mark = &excerpt->marks[i];
        if (is_multiline(mark) || mark->first_line != line)
            continue;
        struct placed placed = {mark, line_cell(shown, mark->from) + shift,
                                line_cell(shown, mark->to) + shift};
        if (placed.end <= placed.begin)
            placed.end = placed.begin + 1;
        vec_push(excerpt->pr->arena, &list.marks, placed);
    }
    if (list.marks.n)
        qsort(list.marks.at, list.marks.n, sizeof(*list.marks.at), compare_placed);
    return list;
}

/* The mark whose label stands behind all signs of its row, or NULL: the one that reaches farthest.
 */
static const struct placed *inline_label(const struct excerpt *excerpt,
                                         const struct placed_list *list)
{
    const struct placed *best = NULL;
    int columns = excerpt->pr->style.columns;
    for (size_t i = 0; i < list->marks.n; i++) {
        const struct placed *placed = &list->marks.at[i];
        if (!best || placed->end > best->end)
            best = placed;
    }
    if (!best || !best->mark->label.len)
        return NULL;
    int cells = text_cells(best->mark->label);
    bool fits = !columns || best->end + 1 + cells <= room_for_text(excerpt->pr);
    bool fits_below = best->begin + cells <= room_for_text(excerpt->pr);
    return fits || !fits_below ? best : NULL;
}

/* A row with a stroke down from each label that is still to come, from the <from>th mark on. */
static struct row row_of_strokes(const struct excerpt *excerpt, const struct placed_list *list,
                                 size_t from, const struct placed *but)
{
    struct row row = row_new(excerpt);
    for (size_t i = list->marks.n; i-- > from;) {
        const struct placed *placed = &list->marks.at[i];
        if (placed != but && placed->mark->label.len)
            row_set(excerpt, &row, placed->begin, placed->begin + 1, '|', placed->mark);
    }
    return row;
}

static void put_hanging_labels(const struct excerpt *excerpt, const struct placed_list *list,
                               const struct placed *inlined)
{
    bool is_first = true;
    for (size_t i = 0; i < list->marks.n; i++) {
        const struct placed *placed = &list->marks.at[i];
        if (placed == inlined || !placed->mark->label.len)
            continue;
        if (is_first) {
            struct row strokes = row_of_strokes(excerpt, list, i, inlined);
            put_row(excerpt, &strokes, NULL, 0);
        }
        is_first = false;
        struct row row = row_of_strokes(excerpt, list, i + 1, inlined);
        if (row.n > placed->begin)
            row.n = placed->begin;
        put_row(excerpt, &row, placed->mark, placed->begin);
    }
}

static void put_marks(const struct excerpt *excerpt, uint32_t line, const struct shown_line *shown)
{
    struct placed_list list = placed_in(excerpt, line, shown);
    if (!list.marks.n)
        return;
    struct row row = row_new(excerpt);
    for (int primary = 0; primary <= 1; primary++) /* that one above all */
        for (size_t i = list.marks.n; i-- > 0;) {
            const struct placed *placed = &list.marks.at[i];
            if (placed->mark->is_primary == primary)
                row_set(excerpt, &row, placed->begin, placed->end, primary ? '^' : '-',
                        placed->mark);
        }
    const struct placed *inlined = inline_label(excerpt, &list);
    put_row(excerpt, &row, inlined ? inlined->mark : NULL, row.n + 1);
    put_hanging_labels(excerpt, &list, inlined);
}

/* --- places of several lines --- */

/* Whether nothing but space stands before it in its line: its bar then begins there. */
static bool begins_line(const struct mark *mark)
{
    struct str line = source_line(mark->source, mark->first_line);
    return str_trim(str_slice(line, 0, mark->from)).len == 0;
}

/* A row from the bar to the character at the cell <at>. */
static void put_turn(const struct excerpt *excerpt, const struct mark *mark, int at, bool is_end)
{
    struct row row = row_new(excerpt);
    int bar = mark->bar * BAR_CELLS;
    row_set(excerpt, &row, bar + 1, at, '_', mark);
    row_set(excerpt, &row, at, at + 1, mark->is_primary ? '^' : '-', mark);
    bool has_label = is_end && mark->label.len;
    put_row(excerpt, &row, has_label ? mark : NULL, row.n + 1);
}

static void put_turns(struct excerpt *excerpt, uint32_t line, const struct shown_line *shown)
{
    int shift = excerpt->n_bars * BAR_CELLS;
    for (size_t i = 0; i < excerpt->n; i++) {
        struct mark *mark = &excerpt->marks[i];
        if (!is_multiline(mark))
            continue;
        if (mark->first_line == line && !mark->is_open) {
            put_turn(excerpt, mark, line_cell(shown, mark->from) + shift, false);
            mark->is_open = true;
        } else if (mark->last_line == line) {
            put_turn(excerpt, mark, line_cell(shown, mark->to ? mark->to - 1 : 0) + shift, true);
            mark->is_open = false;
        }
    }
}

static void put_bars(struct excerpt *excerpt, uint32_t line)
{
    struct row row = row_new(excerpt);
    for (size_t i = 0; i < excerpt->n; i++) {
        struct mark *mark = &excerpt->marks[i];
        int bar = mark->bar * BAR_CELLS;
        if (!is_multiline(mark) || mark->first_line != line || !begins_line(mark))
            continue;
        row_set(excerpt, &row, bar, bar + 1, '/', mark);
        mark->is_open = true;
    }
    for (; row.n < excerpt->n_bars * BAR_CELLS; row.n++)
        row.cells[row.n] = (struct cell){' ', BLUE};
    put_cells(excerpt, &row);
}

/* --- lines --- */

/* The bytes of a line that matter: all marks, or the first of them where they are far apart. */
static void extent(const struct excerpt *excerpt, uint32_t line, size_t *from, size_t *to)
{
    bool is_set = false;
    for (int primary = 1; primary >= 0; primary--)
        for (size_t i = 0; i < excerpt->n; i++) {
            const struct mark *mark = &excerpt->marks[i];
            bool begins = mark->first_line == line, ends = mark->last_line == line;
            if (mark->is_primary != primary || !(begins || ends))
                continue;
            size_t begin = begins ? mark->from : mark->to ? mark->to - 1 : 0;
            size_t end = ends ? mark->to : mark->from + 1;
            size_t all_from = is_set && *from < begin ? *from : begin;
            size_t all_to = is_set && *to > end ? *to : end;
            if (is_set && all_to - all_from > (size_t)room_for_text(excerpt->pr) * 2 / 3)
                continue;
            *from = all_from;
            *to = all_to;
            is_set = true;
        }
}

static void put_source_line(struct excerpt *excerpt, uint32_t line)
{
    const struct printer *pr = excerpt->pr;
    size_t from = 0, to = 0;
    extent(excerpt, line, &from, &to);
    struct shown_line shown =
        line_around(pr, source_line(excerpt->source, line), from, to, excerpt->n_bars * BAR_CELLS);
    char number[16];
    snprintf(number, sizeof(number), "%u", line);
    put_gutter(pr, number, "|");
    if (excerpt->n_bars || shown.text.len)
        fputc(' ', pr->out);
    put_bars(excerpt, line);
    put_line(pr, &shown);
    fputc('\n', pr->out);
    put_marks(excerpt, line, &shown);
    put_turns(excerpt, line, &shown);
}

static void put_left_out(const struct excerpt *excerpt)
{
    const struct printer *pr = excerpt->pr;
    struct row row = row_new(excerpt);
    put_gap(pr);
    if (row.n) {
        fprintf(pr->out, "%*s", pr->margin, "");
        put_cells(excerpt, &row);
    }
    fputc('\n', pr->out);
}

/* Whether a line is one of those to show. */
static bool is_wanted(const struct excerpt *excerpt, uint32_t line)
{
    for (size_t i = 0; i < excerpt->n; i++) {
        const struct mark *mark = &excerpt->marks[i];
        if (line == mark->first_line || line == mark->last_line ||
            (line > mark->first_line && line < mark->last_line &&
             mark->last_line - mark->first_line < WHOLE_LINES))
            return true;
    }
    return false;
}

/* The next line to show behind <line>, or 0. */
static uint32_t next_wanted(const struct excerpt *excerpt, uint32_t line)
{
    uint32_t best = 0;
    for (size_t i = 0; i < excerpt->n; i++) {
        const struct mark *mark = &excerpt->marks[i];
        uint32_t candidates[] = {mark->first_line, mark->last_line, line + 1};
        for (size_t k = 0; k < sizeof(candidates) / sizeof(candidates[0]); k++)
            if (candidates[k] > line && (!best || candidates[k] < best) &&
                is_wanted(excerpt, candidates[k]))
                best = candidates[k];
    }
    return best;
}

static void put_source_lines(struct excerpt *excerpt)
{
    uint32_t last = 0;
    put_gutter(excerpt->pr, "", "|");
    fputc('\n', excerpt->pr->out);
    for (uint32_t line = next_wanted(excerpt, 0); line; line = next_wanted(excerpt, line)) {
        if (last && line - last == 2)
            put_source_line(excerpt, last + 1);
        else if (last && line - last > 2)
            put_left_out(excerpt);
        put_source_line(excerpt, line);
        last = line;
    }
}

void put_excerpts(struct printer *pr, const struct diag *diag)
{
    struct mark_list list = marks_of(pr, diag);
    struct mark *left = list.marks.at;
    size_t n_left = list.marks.n;
    while (n_left) { /* the marks of one source, in the order they came up */
        struct excerpt excerpt = {.pr = pr,
                                  .source = left[0].source,
                                  .primary_colour = severity_colour(diag->severity),
                                  .marks = arena_array(pr->arena, struct mark, n_left)};
        struct span place = {left[0].begin_offset, left[0].begin_offset + 1};
        put_place(pr, left[0].is_primary ? "-->" : ":::", place);
        size_t kept = 0;
        for (size_t i = 0; i < n_left; i++) {
            if (left[i].source == excerpt.source)
                excerpt.marks[excerpt.n++] = left[i];
            else
                left[kept++] = left[i];
        }
        n_left = kept;
        qsort(excerpt.marks, excerpt.n, sizeof(*excerpt.marks), compare_marks);
        assign_bars(&excerpt);
        put_source_lines(&excerpt);
    }
}
