/* What the files of the JSON reader share: the cursor, mistakes, scalars, and quotes that were
 * forgotten. */
#ifndef DIALTONE_JSON_TEXT_PRIVATE_H
#define DIALTONE_JSON_TEXT_PRIVATE_H

#include "base/str.h"
#include "json/text.h"
#include "syntax/diag.h"

/* A quote that is missing in a line, or a string that goes on over the end of its line. */
struct quote_fix {
    enum quote_fix_kind {
        QUOTE_NOT_OPENED = 1, /* a string begins at <at>, without a quote */
        QUOTE_NOT_CLOSED,     /* a string ends at <at>, without a quote */
        QUOTE_OVER_LINES      /* the string that begins at <at> ends with the quote at <end> */
    } kind;
    size_t at, end;
};

struct quote_fixes {
    struct quote_fix *at; /* by place */
    size_t n;
};

/* The likely ones in a text that is no JSON. */
struct quote_fixes find_quote_fixes(struct arena *arena, struct str text);

struct reader {
    struct arena *arena;
    struct diags *diags;
    struct str text;
    uint32_t base; /* of spans */
    size_t at;
    struct quote_fixes fixes;
    size_t next_fix;         /* the first that is not behind the cursor */
    int n_objects, n_arrays; /* open around the cursor */
    int n_mistakes;
    bool is_unclosed; /* that was said */
    bool has_comma;   /* a list ended without its bracket, and the comma behind it was read */
};

enum {
    MAX_DEPTH = 500,   /* values within values */
    MAX_MISTAKES = 100 /* the rest would be about a file that is no JSON at all */
};

/* The brackets that lists wait for, the innermost last. */
struct open_brackets {
    char closes[MAX_DEPTH];
    size_t n;
};

/* How many brackets from <at> on do not fit, if these are open there. */
size_t count_unfit_brackets(struct str text, size_t at, struct open_brackets open);

struct span span_of(const struct reader *in, size_t begin, size_t end);
/* After too many the reader goes to the end of the text and keeps still. */
struct diag *mistake(struct reader *in, size_t begin, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool has_given_up(const struct reader *in);

static inline int peek(const struct reader *in)
{
    return in->at < in->text.len ? (unsigned char)in->text.ptr[in->at] : -1;
}

bool starts_with(const struct reader *in, const char *word);
struct json_text *new_text(struct reader *in, enum json_type type, size_t begin);

bool is_word_char(int c);
bool ends_item(int c); /* a comma, a closing bracket, or the end of the text */
/* Whether a string begins at the cursor, with its quote or where one is missing. */
bool is_at_string(struct reader *in);
/* The cursor stands where is_at_string says so. A string in the wrong quotes is read as one, after
 * a mistake. */
struct str read_quoted(struct reader *in);
/* The bare word at the cursor. */
struct str take_word(struct reader *in);
struct json_text *read_number(struct reader *in);
/* true, false, null, what people write in their place, and text without quotes. */
struct json_text *read_word(struct reader *in);

#endif
