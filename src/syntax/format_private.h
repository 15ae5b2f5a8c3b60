#ifndef DIALTONE_SYNTAX_FORMAT_PRIVATE_H
#define DIALTONE_SYNTAX_FORMAT_PRIVATE_H

/* What the formatter's files share. Two readers find the words and braces of a text: format_caddy.c
 * takes them for what Caddy's formatter takes them, format_words.c for what the lexer says they are.
 * Both hand them to one layout. */
#include "base/str.h"

struct arena;
struct source;

enum waiting_brace {
    BRACE_NONE,
    BRACE_WAITS,   /* a { was read; what follows decides where it goes */
    BRACE_WRITTEN, /* it went into a word, which braces belong to for now */
};

/* The text so far and where on its line it is. */
struct layout {
    struct strbuf out;
    uint32_t nesting;
    uint32_t line_ends; /* read since the last thing written, and not written yet */
    bool is_line_start; /* only indentation, or a }, stands on the line being written */
    enum waiting_brace brace;
    bool brace_after_blank; /* of the { that waits: a blank was before it on its line */
    bool brace_own_line;    /* of the { that waits: a line end was before it */

    /* A { on a line of its own stays there after a line that begins with a top-level `import`. */
    size_t word_len;            /* read of the current word */
    bool word_is_import;        /* so far it is the beginning of "import" */
    enum { LINE_EMPTY, LINE_IMPORT, LINE_OTHER } line; /* by its first complete word */
    bool is_after_import;
    bool left_brace; /* that has happened */
};

struct layout layout_in(struct arena *arena, size_t text_len);
/* The last byte written; 0 at the beginning. */
char layout_last(const struct layout *layout);
void layout_line_break(struct layout *layout);
/* A blank ends a word; a line end also ends a line. */
void layout_blank(struct layout *layout);
void layout_line_end(struct layout *layout);
/* Words, or parts of them; <spaced> where a blank or line end was read before it. */
void layout_word(struct layout *layout, struct str text, bool spaced);
void layout_open(struct layout *layout, bool spaced);
void layout_close(struct layout *layout);
/* Writes a { that waits. */
void layout_brace(struct layout *layout);
/* Everything written, without blanks at its ends and with a line end behind it. */
struct str layout_finish(struct layout *layout);

/* The text without white space at its ends, as Go's bytes.TrimSpace. */
struct str format_trim(struct str text);
/* Bytes of the blank character at <at>, 0 where there is none. */
size_t format_wide_blank(struct str text, size_t at);
static inline size_t format_blank(struct str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return format_wide_blank(text, at);
}

/* The text as a source in which every variable is unset. Never NULL. */
const struct source *format_with_defaults(struct arena *arena, struct str text);

/* As `caddy fmt`, to the byte, whatever it does to the words. <text> is valid UTF-8. <is_steady>:
 * nothing in it could make a second run change anything. */
struct str format_as_caddy(struct arena *arena, struct str text, bool *is_steady);
/* By the same rules of layout, with the words that the lexer finds. */
struct str format_by_words(struct arena *arena, struct str text);

#endif
