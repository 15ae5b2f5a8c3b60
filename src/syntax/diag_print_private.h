#ifndef DIALTONE_SYNTAX_DIAG_PRINT_PRIVATE_H
#define DIALTONE_SYNTAX_DIAG_PRINT_PRIVATE_H

#include "base/arena.h"
#include "syntax/diag.h"

#define BOLD  "\033[1m"
#define BLUE  "\033[1;34m"
#define RED   "\033[31m"
#define GREEN "\033[32m"
#define RESET "\033[0m"

enum { NEAR_BYTES = 1024 }; /* of a long line, before and after what matters, that are looked at */

struct printer {
    FILE *out;
    const struct sources *sources;
    struct diag_style style;
    struct arena *arena; /* for what is known of one diagnostic */
    int margin;          /* width of the line numbers, and a space before them */
};

/* --- diag_text.c: text that is fit for a terminal --- */

const char *severity_colour(enum severity severity);
void paint(const struct printer *pr, const char *colour);
/* Text of messages and paths: line ends become spaces. */
void put_text(FILE *out, struct str text);
int text_cells(struct str text);
/* "12 |": a number or none, and what stands between it and the text. */
void put_gutter(const struct printer *pr, const char *number, const char *bar);
/* "... ", where lines are left out. */
void put_gap(const struct printer *pr);
/* "--> path:line:column" */
void put_place(const struct printer *pr, const char *arrow, struct span span);

/* The part of a source's line that is shown, measured in cells of the terminal. */
struct shown_line {
    struct str text; /* what is looked at */
    size_t begin;    /* of that in the line, in bytes */
    int first, end;  /* the cells of it that are shown */
    bool cut_before, cut_after;
};
/* Chooses what to show of a line so that the bytes <from> to <to> are there. <taken> cells of the
 * room for text are needed for something else. */
struct shown_line line_around(const struct printer *pr, struct str line, size_t from, size_t to,
                              int taken);
/* Where a byte of the line stands on the terminal, counted from where the line begins there; what
 * is cut off stands under the ellipsis. */
int line_cell(const struct shown_line *line, size_t byte);
void put_line(const struct printer *pr, const struct shown_line *line);
/* The same from one byte of the line to another: printed in pieces, with colours between them. */
void put_line_piece(const struct printer *pr, const struct shown_line *line, size_t from,
                    size_t to);
/* Cells behind the gutter that are there for text. */
int room_for_text(const struct printer *pr);

/* --- diag_excerpt.c: the lines in question, with marks and labels --- */

void put_excerpts(struct printer *pr, const struct diag *diag);
/* The largest line number that put_excerpts prints. */
uint32_t excerpts_last_line(const struct printer *pr, const struct diag *diag);
/* Whether it marks where the diagnostic's place is imported by <via>. */
bool excerpts_show_import(const struct printer *pr, const struct diag *diag,
                          const struct import_chain *via);

/* --- diag_diff.c: what a correction changes --- */

void put_diff(struct printer *pr, const struct diag_note *help);

#endif
