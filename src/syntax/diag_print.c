/* How diagnostics look to a person: excerpt, carets, notes, the corrected line. */
#include "base/arena.h"
#include "syntax/diag.h"
#include "syntax/token.h"

enum { TAB_WIDTH = 4, WIDEST_LINE = 160, CONTEXT_BEFORE = 60 };

struct printer {
    const struct sources *sources;
    struct diag_style style;
    FILE *out;
    int gutter; /* width of the line numbers */
};

static const char *severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR:
        return "error";
    case SEVERITY_WARNING:
        return "warning";
    case SEVERITY_INFO:
        return "info";
    case SEVERITY_NONE:
        break;
    }
    return "note";
}

static const char *colour_of(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR:
        return "\033[1;31m";
    case SEVERITY_WARNING:
        return "\033[1;33m";
    case SEVERITY_INFO:
        return "\033[1;36m";
    case SEVERITY_NONE:
        break;
    }
    return "\033[1m";
}

static void paint(const struct printer *p, const char *colour)
{
    if (p->style.colour)
        fputs(colour, p->out);
}

#define BOLD  "\033[1m"
#define BLUE  "\033[1;34m"
#define GREEN "\033[32m"
#define RESET "\033[0m"

/* Whether a terminal would act on the character instead of showing it. */
static bool is_harmful(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune == 0xad || rune == 0x2028 ||
           rune == 0x2029 || (rune >= 0x200b && rune <= 0x200f) ||
           (rune >= 0x202a && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069) ||
           rune == 0xfeff;
}

/* Text with tabs widened and harmful characters shown as U+FFFD; returns the columns it took. */
static int put_text(const struct printer *p, struct str text)
{
    int columns = 0;
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t rune = utf8_decode(text, i, &size);
        if (rune == '\t') {
            fprintf(p->out, "%*s", TAB_WIDTH, "");
            columns += TAB_WIDTH;
            continue;
        }
        char bytes[4];
        size_t n = utf8_encode(is_harmful(rune) ? 0xfffd : rune, bytes);
        fwrite(bytes, 1, n, p->out);
        columns++;
    }
    return columns;
}

static int width_of(struct str text)
{
    int columns = 0;
    for (size_t i = 0, size; i < text.len; i += size)
        columns += utf8_decode(text, i, &size) == '\t' ? TAB_WIDTH : 1;
    return columns;
}

static void put_message(const struct printer *p, struct str text)
{
    struct str line;
    while (str_cut(text, STR("\n"), &line, &text)) {
        put_text(p, line);
        fputc(' ', p->out);
    }
    put_text(p, line);
}

static void put_gutter(const struct printer *p, uint32_t line, const char *mark)
{
    paint(p, BLUE);
    if (line)
        fprintf(p->out, "%*u %s", p->gutter, line, mark);
    else
        fprintf(p->out, "%*s %s", p->gutter, "", mark);
    paint(p, RESET);
}

/* A long line is cut around the place, at character boundaries. */
static struct str cut_line(struct str line, size_t begin, size_t *offset)
{
    *offset = 0;
    if (line.len <= WIDEST_LINE)
        return line;
    size_t from = begin > CONTEXT_BEFORE ? begin - CONTEXT_BEFORE : 0;
    while (from > 0 && ((unsigned char)line.ptr[from] & 0xc0) == 0x80)
        from--;
    size_t to = from + WIDEST_LINE < line.len ? from + WIDEST_LINE : line.len;
    while (to < line.len && ((unsigned char)line.ptr[to] & 0xc0) == 0x80)
        to++;
    *offset = from;
    return str_slice(line, from, to);
}

static void put_excerpt(const struct printer *p, struct span span, char caret, const char *colour,
                        struct str label)
{
    const struct source *source = source_of(p->sources, span);
    struct position position = source_position(p->sources, span.begin);
    struct str whole = source_line(source, position.line);
    size_t begin = position.byte_column - 1, offset;
    size_t end = begin + (span.end > span.begin ? span.end - span.begin : 0);
    struct str line = cut_line(whole, begin, &offset);
    if (end > offset + line.len)
        end = offset + line.len;
    if (begin > offset + line.len)
        begin = offset + line.len;
    if (end < begin)
        end = begin;
    put_gutter(p, position.line, "| ");
    put_text(p, line);
    fputc('\n', p->out);
    put_gutter(p, 0, "| ");
    int before = width_of(str_slice(line, 0, begin - offset));
    int width = width_of(str_slice(line, begin - offset, end - offset));
    fprintf(p->out, "%*s", before, "");
    paint(p, colour);
    for (int i = 0; i < (width ? width : 1); i++)
        fputc(caret, p->out);
    if (label.len) {
        fputc(' ', p->out);
        put_message(p, label);
    }
    paint(p, RESET);
    fputc('\n', p->out);
}

static void put_place(const struct printer *p, struct span span, const char *arrow)
{
    struct position position = source_position(p->sources, span.begin);
    paint(p, BLUE);
    fprintf(p->out, "%*s%s ", p->gutter, "", arrow);
    paint(p, RESET);
    put_text(p, position.path);
    fprintf(p->out, ":%u:%u\n", position.line, position.column);
}

static bool has_place(const struct printer *p, struct span span)
{
    return span.end != 0 && source_of(p->sources, span) != NULL;
}

static void put_label(const struct printer *p, const struct diag *diag,
                      const struct diag_note *note)
{
    if (!has_place(p, note->span))
        return;
    if (source_of(p->sources, note->span) != source_of(p->sources, diag->span))
        put_place(p, note->span, ":::");
    put_excerpt(p, note->span, '-', BLUE, note->text);
}

/* The line as it should be, when the replacement fits on the one line it changes. */
static void put_corrected_line(const struct printer *p, const struct diag_note *note)
{
    const struct source *source = source_of(p->sources, note->span);
    struct position position = source_position(p->sources, note->span.begin);
    struct str line = source_line(source, position.line);
    size_t begin = position.byte_column - 1;
    size_t end = begin + (note->span.end - note->span.begin);
    if (begin > line.len || end > line.len)
        return;
    struct str left = note->replacement, part;
    bool is_first = true, more;
    do {
        more = str_cut(left, STR("\n"), &part, &left);
        put_gutter(p, is_first ? position.line : 0, "");
        paint(p, GREEN);
        fputs("+ ", p->out);
        if (is_first)
            put_text(p, str_slice(line, 0, begin));
        put_text(p, part);
        if (!more)
            put_text(p, str_slice(line, end, line.len));
        paint(p, RESET);
        fputc('\n', p->out);
        is_first = false;
    } while (more);
}

static void put_note(const struct printer *p, const struct diag_note *note)
{
    put_gutter(p, 0, "= ");
    paint(p, BOLD);
    fputs(note->kind == NOTE_HELP ? "help: " : "note: ", p->out);
    paint(p, RESET);
    put_message(p, note->text);
    fputc('\n', p->out);
    if (note->kind == NOTE_HELP && note->replacement.ptr && has_place(p, note->span))
        put_corrected_line(p, note);
}

static void put_imports(const struct printer *p, const struct import_chain *via)
{
    for (; via; via = via->at->via) {
        struct position position = source_position(p->sources, via->at->span.begin);
        put_gutter(p, 0, "= ");
        paint(p, BOLD);
        fputs("note: ", p->out);
        paint(p, RESET);
        fputs(via->name.len ? "in snippet '" : "in a file", p->out);
        if (via->name.len) {
            put_text(p, via->name);
            fputc('\'', p->out);
        }
        fputs(", imported at ", p->out);
        put_text(p, position.path);
        fprintf(p->out, ":%u:%u\n", position.line, position.column);
    }
}

static void put_headline(const struct printer *p, const struct diag *diag)
{
    paint(p, colour_of(diag->severity));
    fprintf(p->out, "%s[%s]", severity_name(diag->severity), diag_code_info(diag->code)->id);
    paint(p, RESET);
    fputs(": ", p->out);
    if (!p->style.compact)
        paint(p, BOLD);
    put_message(p, diag->message);
    if (!p->style.compact)
        paint(p, RESET);
    fputc('\n', p->out);
}

static void put_compact(const struct printer *p, const struct diag *diag)
{
    if (has_place(p, diag->span)) {
        struct position position = source_position(p->sources, diag->span.begin);
        put_text(p, position.path);
        fprintf(p->out, ":%u:%u: ", position.line, position.column);
    }
    put_headline(p, diag);
}

static int digits_of(const struct printer *p, struct span span)
{
    if (!has_place(p, span))
        return 1;
    int digits = 1;
    for (uint32_t line = source_position(p->sources, span.begin).line; line >= 10; line /= 10)
        digits++;
    return digits;
}

static void put_full(struct printer *p, const struct diag *diag)
{
    put_headline(p, diag);
    p->gutter = digits_of(p, diag->span);
    for (const struct diag_note *note = diag->notes; note; note = note->next) {
        int digits = digits_of(p, note->span);
        if (digits > p->gutter)
            p->gutter = digits;
    }
    if (has_place(p, diag->span)) {
        put_place(p, diag->span, "-->");
        put_gutter(p, 0, "|\n");
        put_excerpt(p, diag->span, '^', colour_of(diag->severity), STR(""));
    }
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_LABEL)
            put_label(p, diag, note);
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind != NOTE_LABEL)
            put_note(p, note);
    put_imports(p, diag->via);
    fputc('\n', p->out);
}

void diags_print(const struct diags *diags, const struct sources *sources, struct diag_style style,
                 FILE *out)
{
    struct printer printer = {.sources = sources, .style = style, .out = out};
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->severity < style.at_least)
            continue;
        if (style.compact)
            put_compact(&printer, diag);
        else
            put_full(&printer, diag);
    }
}
