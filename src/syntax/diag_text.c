/* Text of sources and messages on a terminal: nothing but printable text reaches it, and what is
 * too long is cut around what matters. */
#include "syntax/diag_print_private.h"

#include "base/cells.h"

enum {
    TAB_WIDTH = 4,
    DEFAULT_ROOM = 110, /* cells of a source line that are shown where nobody knows the terminal */
    LEAST_ROOM = 30,
};

const char *severity_colour(enum severity severity)
{
    static const char *const colours[] = {[SEVERITY_NONE] = BOLD,
                                          [SEVERITY_INFO] = "\033[1;36m",
                                          [SEVERITY_WARNING] = "\033[1;33m",
                                          [SEVERITY_ERROR] = "\033[1;31m"};
    return colours[severity];
}

void paint(const struct printer *pr, const char *colour)
{
    if (pr->style.colour)
        fputs(colour, pr->out);
}

/* Code points that a terminal obeys instead of showing, or that turn the reading direction. */
static bool is_unprintable(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || (rune >= 0x200b && rune <= 0x200f) ||
           (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2060 && rune <= 0x206f) ||
           rune == 0xfeff || (rune >= 0xfff9 && rune <= 0xfffb) ||
           (rune >= 0xe0000 && rune <= 0xe0fff) || rune > 0x10ffff;
}

/* What is printed for a code point. */
static uint32_t shown_rune(uint32_t rune)
{
    return is_unprintable(rune) ? 0xfffd : rune;
}

static void put_rune(FILE *out, uint32_t rune)
{
    char bytes[4];
    fwrite(bytes, 1, utf8_put(shown_rune(rune), bytes), out);
}

static uint32_t text_rune(uint32_t rune)
{
    return rune == '\n' || rune == '\t' || rune == '\r' ? ' ' : rune;
}

void put_text(FILE *out, struct str text)
{
    for (size_t i = 0, size; i < text.len; i += size)
        put_rune(out, text_rune(utf8_decode(text, i, &size)));
}

int text_cells(struct str text)
{
    int cells = 0;
    for (size_t i = 0, size; i < text.len; i += size)
        cells += cells_of(shown_rune(text_rune(utf8_decode(text, i, &size))));
    return cells;
}

void put_gutter(const struct printer *pr, const char *number, const char *bar)
{
    paint(pr, BLUE);
    fprintf(pr->out, "%*s %s", pr->margin, number, bar);
    paint(pr, RESET);
}

void put_gap(const struct printer *pr)
{
    paint(pr, BLUE);
    fputs("...", pr->out);
    paint(pr, RESET);
}

void put_place(const struct printer *pr, const char *arrow, struct span span)
{
    struct position position = source_position(pr->sources, span.begin);
    paint(pr, BLUE);
    fprintf(pr->out, "%*s%s ", pr->margin, "", arrow);
    paint(pr, RESET);
    put_text(pr->out, position.path);
    fprintf(pr->out, ":%u:%u\n", position.line, position.column);
}

int room_for_text(const struct printer *pr)
{
    int room = pr->style.columns ? pr->style.columns - pr->margin - 4 : DEFAULT_ROOM;
    return room < LEAST_ROOM ? LEAST_ROOM : room;
}

/* Cells of a code point that begins at <cell> of its line. */
static int cells_at(uint32_t rune, int cell)
{
    return rune == '\t' ? TAB_WIDTH - cell % TAB_WIDTH : cells_of(shown_rune(rune));
}

/* The cell of the text at which a byte stands. */
static int cell_at(struct str text, size_t byte)
{
    int cell = 0;
    for (size_t i = 0, size; i < text.len && i < byte; i += size)
        cell += cells_at(utf8_decode(text, i, &size), cell);
    return cell;
}

/* Of a long line only what is near the bytes <from> to <to> is looked at: JSON is often all in one
 * line, and has many mistakes. */
static struct shown_line part_around(struct str line, size_t from, size_t to)
{
    if (to > from + NEAR_BYTES)
        to = from + NEAR_BYTES;
    size_t begin = from > NEAR_BYTES ? from - NEAR_BYTES : 0;
    size_t end = to + NEAR_BYTES < line.len ? to + NEAR_BYTES : line.len;
    while (begin > 0 && begin < from && ((unsigned char)line.ptr[begin] & 0xc0) == 0x80)
        begin++;
    while (end > to && end < line.len && ((unsigned char)line.ptr[end] & 0xc0) == 0x80)
        end++;
    return (struct shown_line){.text = str_slice(line, begin, end),
                               .begin = begin,
                               .cut_before = begin > 0,
                               .cut_after = end < line.len};
}

struct shown_line line_around(const struct printer *pr, struct str line, size_t from, size_t to,
                              int taken)
{
    struct shown_line shown = part_around(line, from, to);
    int room = room_for_text(pr) - taken;
    int cells = cell_at(shown.text, shown.text.len);
    int begin = cell_at(shown.text, from - shown.begin);
    int end = cell_at(shown.text, to > shown.begin ? to - shown.begin : 0);
    shown.end = cells;
    if (cells <= room)
        return shown;
    room -= 2; /* ellipses */
    int context = room * 3 / 11;
    if (end > room - context / 2) {
        shown.first = begin > context ? begin - context : 0;
        if (shown.first > cells - room)
            shown.first = cells - room;
    }
    if (shown.first + room < cells)
        shown.end = shown.first + room;
    shown.cut_before |= shown.first > 0;
    shown.cut_after |= shown.end < cells;
    return shown;
}

int line_cell(const struct shown_line *line, size_t byte)
{
    int cell = cell_at(line->text, byte > line->begin ? byte - line->begin : 0);
    if (cell < line->first)
        return 0;
    if (cell > line->end)
        cell = line->end;
    return cell - line->first + line->cut_before;
}

void put_line_piece(const struct printer *pr, const struct shown_line *line, size_t from, size_t to)
{
    int cell = 0;
    for (size_t i = 0, size; i < line->text.len && cell < line->end; i += size) {
        uint32_t rune = utf8_decode(line->text, i, &size);
        int width = cells_at(rune, cell);
        bool is_wanted = line->begin + i >= from && line->begin + i < to;
        bool is_whole = cell >= line->first && cell + width <= line->end;
        if (is_wanted && is_whole && rune != '\t')
            put_rune(pr->out, rune);
        else if (is_wanted) /* a tab, or half of a wide one */
            for (int k = cell; k < cell + width; k++)
                if (k >= line->first && k < line->end)
                    fputc(' ', pr->out);
        cell += width;
    }
}

void put_line(const struct printer *pr, const struct shown_line *line)
{
    fputs(line->cut_before ? "…" : "", pr->out);
    put_line_piece(pr, line, 0, (size_t)-1);
    fputs(line->cut_after ? "…" : "", pr->out);
}
