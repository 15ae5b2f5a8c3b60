/* Prints diagnostics for people: the excerpt with carets, labels, notes, imports, the corrected
 * line. Nothing of a source reaches the terminal but printable text. */
#include "base/arena.h"
#include "syntax/diag.h"
#include "syntax/token.h"

enum {
    TAB_WIDTH = 4,
    MAX_EXCERPT = 110,    /* cells of a source line that are shown */
    CONTEXT_CELLS = 30,   /* cells shown before the span when a line is cut */
    NEAR_BYTES = 1024,    /* bytes before and after a span that are looked at */
    MAX_CHAIN = 8,        /* imports listed below a diagnostic */
};

static const struct {
    const char *name, *colour;
} severities[] = {
    [SEVERITY_NONE] = {"note", "\033[1m"},
    [SEVERITY_INFO] = {"info", "\033[1;36m"},
    [SEVERITY_WARNING] = {"warning", "\033[1;33m"},
    [SEVERITY_ERROR] = {"error", "\033[1;31m"},
};

struct printer {
    FILE *out;
    const struct sources *sources;
    struct diag_style style;
    int margin; /* width of the line numbers */
};

static void paint(struct printer *pr, const char *colour)
{
    if (pr->style.colour)
        fputs(colour, pr->out);
}

#define BOLD "\033[1m"
#define BLUE "\033[1;34m"
#define GREEN "\033[32m"
#define RESET "\033[0m"

/* Code points that a terminal obeys instead of showing, or that turn the reading direction. */
static bool is_unprintable(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || (rune >= 0x200b && rune <= 0x200f) ||
           (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2060 && rune <= 0x206f) ||
           rune == 0xfeff || (rune >= 0xfff9 && rune <= 0xfffb) ||
           (rune >= 0xe0000 && rune <= 0xe0fff) || rune > 0x10ffff;
}

/* Cells a printable code point takes: East Asian wide ones and emoji two, combining ones none. */
static int cells_of(uint32_t rune)
{
    if (rune >= 0x300 && rune <= 0x36f)
        return 0;
    bool is_wide = (rune >= 0x1100 && rune <= 0x115f) || (rune >= 0x2e80 && rune <= 0xa4cf) ||
                   (rune >= 0xac00 && rune <= 0xd7a3) || (rune >= 0xf900 && rune <= 0xfaff) ||
                   (rune >= 0xfe30 && rune <= 0xfe6f) || (rune >= 0xff00 && rune <= 0xff60) ||
                   (rune >= 0x1f300 && rune <= 0x1faff) || (rune >= 0x20000 && rune <= 0x3fffd);
    return is_wide ? 2 : 1;
}

static void put_rune(FILE *out, uint32_t rune)
{
    char bytes[4];
    fwrite(bytes, 1, utf8_encode(is_unprintable(rune) ? 0xfffd : rune, bytes), out);
}

/* Text of messages and paths: line ends become spaces. */
static void put_text(FILE *out, struct str text)
{
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t rune = utf8_decode(text, i, &size);
        put_rune(out, rune == '\n' || rune == '\t' || rune == '\r' ? ' ' : rune);
    }
}

/* One line of a source, measured: the cell at which a byte stands. */
static int cell_at(struct str line, size_t byte)
{
    int cell = 0;
    for (size_t i = 0, size; i < line.len && i < byte; i += size) {
        uint32_t rune = utf8_decode(line, i, &size);
        cell += rune == '\t' ? TAB_WIDTH - cell % TAB_WIDTH
                             : cells_of(is_unprintable(rune) ? 0xfffd : rune);
    }
    return cell;
}

/* Prints the cells from <first> up to <end> of a line. */
static void put_cells(FILE *out, struct str line, int first, int end)
{
    int cell = 0;
    for (size_t i = 0, size; i < line.len && cell < end; i += size) {
        uint32_t rune = utf8_decode(line, i, &size);
        int width = rune == '\t' ? TAB_WIDTH - cell % TAB_WIDTH
                                 : cells_of(is_unprintable(rune) ? 0xfffd : rune);
        if (rune == '\t') {
            for (int k = 0; k < width; k++)
                if (cell + k >= first && cell + k < end)
                    fputc(' ', out);
        } else if (cell >= first) {
            put_rune(out, rune);
        }
        cell += width;
    }
}

static void put_gutter(struct printer *pr, const char *number, const char *bar)
{
    paint(pr, BLUE);
    fprintf(pr->out, "%*s %s", pr->margin, number, bar);
    paint(pr, RESET);
}

/* The part of a line that is shown when it is too long for all of it. */
struct window {
    int first, end;
    bool cut_before, cut_after;
};

static struct window window_around(int line_cells, int begin, int end)
{
    struct window window = {0, line_cells, false, false};
    if (line_cells <= MAX_EXCERPT)
        return window;
    if (end > MAX_EXCERPT - CONTEXT_CELLS / 2)
        window.first = begin > CONTEXT_CELLS ? begin - CONTEXT_CELLS : 0;
    if (window.first + MAX_EXCERPT < line_cells)
        window.end = window.first + MAX_EXCERPT;
    window.cut_before = window.first > 0;
    window.cut_after = window.end < line_cells;
    return window;
}

/* Of a long line only what is near the bytes <from> to <to> is looked at: JSON is often all in one
 * line, and has many mistakes. */
struct part {
    struct str text;
    size_t begin; /* in the line */
    bool cut_before, cut_after;
};

static struct part part_around(struct str line, size_t from, size_t to)
{
    size_t begin = from > NEAR_BYTES ? from - NEAR_BYTES : 0;
    size_t end = to + NEAR_BYTES < line.len ? to + NEAR_BYTES : line.len;
    while (begin > 0 && begin < from && ((unsigned char)line.ptr[begin] & 0xc0) == 0x80)
        begin++;
    while (end > to && end < line.len && ((unsigned char)line.ptr[end] & 0xc0) == 0x80)
        end++;
    return (struct part){str_slice(line, begin, end), begin, begin > 0, end < line.len};
}

static void put_source_line(struct printer *pr, struct str line, struct window window)
{
    if (line.len == 0) {
        fputc('\n', pr->out);
        return;
    }
    fputc(' ', pr->out);
    if (window.cut_before)
        fputs("…", pr->out);
    put_cells(pr->out, line, window.first, window.end);
    fputs(window.cut_after ? "…\n" : "\n", pr->out);
}

/* The line of <span> with a row of <mark> under it, and <label> after that. */
static void put_excerpt(struct printer *pr, struct span span, char mark, const char *colour,
                        struct str label)
{
    const struct source *source = source_of(pr->sources, span);
    struct position position = source_position(pr->sources, span.begin);
    if (!source)
        return;
    size_t from = position.byte_column - 1;
    size_t to = from + (span.end > span.begin ? span.end - span.begin : 0);
    if (to > from + NEAR_BYTES)
        to = from + NEAR_BYTES;
    struct part part = part_around(source_line(source, position.line), from, to);
    struct str line = part.text;
    int begin = cell_at(line, from - part.begin), end = cell_at(line, to - part.begin);
    int n_cells = cell_at(line, line.len);
    if (end <= begin)
        end = begin + 1;
    struct window window = window_around(n_cells, begin, end);
    window.cut_before |= part.cut_before;
    window.cut_after |= part.cut_after;
    if (end > window.end && window.cut_after)
        end = window.end;

    char number[16];
    snprintf(number, sizeof(number), "%u", position.line);
    put_gutter(pr, "", "|");
    fputc('\n', pr->out);
    put_gutter(pr, number, "|");
    put_source_line(pr, line, window);
    put_gutter(pr, "", "|");
    fprintf(pr->out, " %*s", begin - window.first + window.cut_before, "");
    paint(pr, colour);
    for (int i = begin; i < end; i++)
        fputc(mark, pr->out);
    if (label.len) {
        fputc(' ', pr->out);
        put_text(pr->out, label);
    }
    paint(pr, RESET);
    fputc('\n', pr->out);
}

static void put_place(struct printer *pr, const char *arrow, struct span span)
{
    struct position position = source_position(pr->sources, span.begin);
    paint(pr, BLUE);
    fprintf(pr->out, "%*s%s ", pr->margin, "", arrow);
    paint(pr, RESET);
    put_text(pr->out, position.path);
    fprintf(pr->out, ":%u:%u\n", position.line, position.column);
}

static void put_titled(struct printer *pr, const char *title, struct str text)
{
    put_gutter(pr, "", "=");
    fputc(' ', pr->out);
    paint(pr, BOLD);
    fprintf(pr->out, "%s:", title);
    paint(pr, RESET);
    fputc(' ', pr->out);
    put_text(pr->out, text);
    fputc('\n', pr->out);
}

/* The next edit behind byte <after> of all text that begins in the same line, or NULL. */
static const struct diag_edit *next_in_line(struct printer *pr, const struct diag_edit *edits,
                                            struct position line, int64_t after)
{
    const struct diag_edit *best = NULL;
    for (const struct diag_edit *edit = edits; edit; edit = edit->next) {
        struct position at = source_position(pr->sources, edit->span.begin);
        if (at.line == line.line && str_eq(at.path, line.path) && edit->span.begin > after &&
            (!best || edit->span.begin < best->span.begin))
            best = edit;
    }
    return best;
}

/* The line in which an edit begins as it would be after all edits that begin there; nothing where
 * an earlier one of them has shown it. */
static void put_corrected(struct printer *pr, const struct diag_edit *edits,
                          const struct diag_edit *shown)
{
    const struct source *source = source_of(pr->sources, shown->span);
    if (!source)
        return;
    struct position position = source_position(pr->sources, shown->span.begin);
    if (next_in_line(pr, edits, position, -1) != shown)
        return;
    size_t from = position.byte_column - 1, last = from;
    uint32_t line_begin = shown->span.begin - (uint32_t)from;
    for (const struct diag_edit *edit = shown; edit;
         edit = next_in_line(pr, edits, position, edit->span.begin))
        last = edit->span.end - line_begin;
    struct part part = part_around(source_line(source, position.line), from, last);
    struct str line = part.text;
    line_begin += (uint32_t)part.begin;
    from -= part.begin;

    struct arena arena = ARENA_INIT;
    struct strbuf corrected = strbuf_in(&arena);
    size_t done = 0;
    for (const struct diag_edit *edit = shown; edit;
         edit = next_in_line(pr, edits, position, edit->span.begin)) {
        strbuf_add(&corrected, str_slice(line, done, edit->span.begin - line_begin));
        strbuf_add(&corrected, edit->text);
        done = edit->span.end - line_begin;
    }
    strbuf_add(&corrected, str_slice(line, done, line.len));
    struct str all = strbuf_str(&corrected);
    for (uint32_t number = position.line;; number++) {
        struct str first, rest;
        bool more = str_cut(all, STR("\n"), &first, &rest);
        int begin = number == position.line ? cell_at(first, from) : 0;
        char text[16];
        snprintf(text, sizeof(text), "%u", number);
        put_gutter(pr, text, "");
        paint(pr, GREEN);
        fputc('+', pr->out);
        struct window window = window_around(cell_at(first, first.len), begin, begin + 1);
        window.cut_before |= part.cut_before && number == position.line;
        window.cut_after |= part.cut_after && !more;
        put_source_line(pr, first, window);
        paint(pr, RESET);
        if (!more)
            break;
        all = rest;
    }
    arena_free(&arena);
}

static void put_edits(struct printer *pr, const struct diag_note *note)
{
    struct diag_edit edits = {note->more, note->span, note->replacement};
    if (!note->replacement.ptr)
        return;
    for (const struct diag_edit *edit = &edits; edit; edit = edit->next)
        put_corrected(pr, &edits, edit);
}

static void put_note(struct printer *pr, const struct diag_note *note)
{
    switch (note->kind) {
    case NOTE_NOTE:
        put_titled(pr, "note", note->text);
        break;
    case NOTE_HELP:
        put_titled(pr, "help", note->text);
        put_edits(pr, note);
        break;
    case NOTE_LABEL:
        put_place(pr, ":::", note->span);
        put_excerpt(pr, note->span, '-', BLUE, note->text);
        break;
    }
}

static void put_chain(struct printer *pr, const struct import_chain *via)
{
    const struct import_chain *last = NULL;
    for (int n = 0; via && via->at; via = via->at->via, n++) {
        struct position position = source_position(pr->sources, via->at->span.begin);
        if (n == MAX_CHAIN) {
            put_titled(pr, "note", STR("and so on, through more imports"));
            break;
        }
        if (last && last->at->span.begin == via->at->span.begin && str_eq(last->name, via->name))
            continue;
        last = via;
        put_gutter(pr, "", "=");
        fputc(' ', pr->out);
        paint(pr, BOLD);
        fputs("note:", pr->out);
        paint(pr, RESET);
        fputs(" imported at ", pr->out);
        put_text(pr->out, position.path);
        fprintf(pr->out, ":%u", position.line);
        if (via->name.len) {
            fputs(" (snippet ", pr->out);
            put_text(pr->out, via->name);
            fputc(')', pr->out);
        }
        fputc('\n', pr->out);
    }
}

static int digits(uint32_t number)
{
    int n = 1;
    while (number >= 10) {
        number /= 10;
        n++;
    }
    return n;
}

static int margin_of(struct printer *pr, const struct diag *diag)
{
    int widest = digits(source_position(pr->sources, diag->span.begin).line);
    for (const struct diag_note *note = diag->notes; note; note = note->next) {
        int width = digits(source_position(pr->sources, note->span.begin).line);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void put_head(struct printer *pr, const struct diag *diag)
{
    paint(pr, severities[diag->severity].colour);
    fprintf(pr->out, "%s[%s]", severities[diag->severity].name, diag->info->id);
    paint(pr, RESET BOLD);
    fputs(": ", pr->out);
    put_text(pr->out, diag->message);
    paint(pr, RESET);
    fputc('\n', pr->out);
}

static void print_compact(struct printer *pr, const struct diag *diag)
{
    if (diag->span.begin) {
        struct position position = source_position(pr->sources, diag->span.begin);
        put_text(pr->out, position.path);
        fprintf(pr->out, ":%u:%u: ", position.line, position.column);
    }
    put_head(pr, diag);
}

static void print_full(struct printer *pr, const struct diag *diag)
{
    /* a label on the very place of the diagnostic is the text behind its carets */
    struct str label = {0};
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_LABEL && note->span.begin == diag->span.begin && !label.ptr)
            label = note->text;

    pr->margin = margin_of(pr, diag) + 1;
    put_head(pr, diag);
    if (diag->span.begin) {
        put_place(pr, "-->", diag->span);
        put_excerpt(pr, diag->span, '^', severities[diag->severity].colour, label);
    }
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind != NOTE_LABEL || note->span.begin != diag->span.begin)
            put_note(pr, note);
    put_chain(pr, diag->via);
    fputc('\n', pr->out);
}

void diags_print(const struct diags *diags, const struct sources *sources, struct diag_style style,
                 FILE *out)
{
    struct printer pr = {.out = out, .sources = sources, .style = style};
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->severity == SEVERITY_NONE || diag->severity < style.at_least)
            continue;
        if (style.compact)
            print_compact(&pr, diag);
        else
            print_full(&pr, diag);
    }
}
