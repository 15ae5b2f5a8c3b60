/* Forgotten quotes. No string of JSON goes on over the end of its line, so every line can be judged
 * by itself. Where one does not read as a piece of JSON, a string of several lines may begin in it,
 * or quotes are missing; where, is found by trying: with them, the line must read as JSON. */
#include "json/text_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/vec.h"

enum {
    MAX_LINES = 100,        /* the rest would be about a file that is no JSON at all */
    MAX_QUOTES_OF_LINE = 8, /* that are missing */
    BEFORE = 256,           /* how far back of a mistake its cause is looked for */
    BEHIND = 256,           /* how far it must read as JSON behind it */
    MAX_TRIED = 1 << 24,    /* bytes read in all attempts */
    MAX_LINES_OF_STRING = 500
};

#define NOWHERE SIZE_MAX

/* What a line consists of. */
enum piece {
    PIECE_NONE, /* the line's begin: whatever came before */
    PIECE_OPEN_OBJECT,
    PIECE_OPEN_ARRAY,
    PIECE_CLOSE,
    PIECE_COMMA,
    PIECE_COLON,
    PIECE_STRING,
    PIECE_SCALAR,
    PIECE_WRONG,
    N_PIECES
};

/* Which piece may follow which; the end of the line may follow all. */
static const bool follows[N_PIECES][N_PIECES] = {
    [PIECE_NONE] = {[PIECE_OPEN_OBJECT... PIECE_SCALAR] = true},
    [PIECE_OPEN_OBJECT] = {[PIECE_CLOSE] = true, [PIECE_STRING] = true},
    [PIECE_OPEN_ARRAY] = {[PIECE_OPEN_OBJECT... PIECE_CLOSE] = true,
                          [PIECE_STRING... PIECE_SCALAR] = true},
    [PIECE_CLOSE] = {[PIECE_CLOSE... PIECE_COMMA] = true},
    [PIECE_COMMA] = {[PIECE_OPEN_OBJECT... PIECE_OPEN_ARRAY] = true,
                     [PIECE_STRING... PIECE_SCALAR] = true},
    [PIECE_COLON] = {[PIECE_OPEN_OBJECT... PIECE_OPEN_ARRAY] = true,
                     [PIECE_STRING... PIECE_SCALAR] = true},
    [PIECE_STRING] = {[PIECE_CLOSE... PIECE_COLON] = true},
    [PIECE_SCALAR] = {[PIECE_CLOSE... PIECE_COMMA] = true},
};

/* One reading of a stretch of text. */
struct trial {
    struct str text;
    size_t at, end;
    size_t quote;             /* a quote is put in there; NOWHERE for none */
    bool has_quote;           /* that was read */
    enum quote_fix_kind kind; /* what it did */
    bool is_in_string;        /* the stretch ends there */
    size_t piece;             /* where the last piece begins */
    char around[64];          /* brackets opened in the stretch, as far as they fit */
    int depth;
    bool is_value; /* a colon would be wrong here */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_put_in(const struct trial *trial)
{
    return trial->at == trial->quote && !trial->has_quote;
}

/* The next character, which may be the quote that is put in; 0 at the end. */
static char trial_char(const struct trial *trial)
{
    if (is_put_in(trial))
        return '"';
    return trial->at < trial->end ? trial->text.ptr[trial->at] : '\0';
}

static void trial_step(struct trial *trial, enum quote_fix_kind kind)
{
    if (is_put_in(trial)) {
        trial->has_quote = true;
        trial->kind = kind;
    } else {
        trial->at++;
    }
}

/* The cursor is behind the opening quote. */
static enum piece trial_string(struct trial *trial, char quote)
{
    for (;;) {
        char c = trial_char(trial);
        if (trial->at >= trial->end && c != '"') {
            trial->is_in_string = true;
            return PIECE_STRING;
        }
        bool is_escape = c == '\\' && trial->at + 1 < trial->end;
        trial_step(trial, QUOTE_NOT_CLOSED);
        if (c == quote)
            return PIECE_STRING;
        trial->at += is_escape && !is_put_in(trial);
    }
}

static enum piece trial_scalar(struct trial *trial)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t begin = trial->at;
    while (trial->at < trial->end && !is_put_in(trial) &&
           is_word_char((unsigned char)trial->text.ptr[trial->at]))
        trial->at++;
    struct str word = str_slice(trial->text, begin, trial->at);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_is(word, words[i]))
            return PIECE_SCALAR;
    bool is_number = word.len && ((word.ptr[0] >= '0' && word.ptr[0] <= '9') || word.ptr[0] == '-');
    return is_number ? PIECE_SCALAR : PIECE_WRONG;
}

static enum piece trial_piece(struct trial *trial)
{
    static const char marks[] = "{[}],:";
    static const enum piece pieces[] = {PIECE_OPEN_OBJECT, PIECE_OPEN_ARRAY, PIECE_CLOSE,
                                        PIECE_CLOSE,       PIECE_COMMA,      PIECE_COLON};
    char c = trial_char(trial);
    const char *mark = c ? strchr(marks, c) : NULL;
    trial->piece = trial->at;
    if (!mark && c != '"' && c != '\'')
        return trial_scalar(trial);
    trial_step(trial, QUOTE_NOT_OPENED);
    return mark ? pieces[mark - marks] : trial_string(trial, c);
}

/* Whether the brackets, as far as they are known, allow the piece. */
static bool trial_allows(struct trial *trial, enum piece piece)
{
    int n = (int)sizeof(trial->around);
    char around = trial->depth > 0 && trial->depth <= n ? trial->around[trial->depth - 1] : '\0';
    if (piece == PIECE_COLON && (around == '[' || trial->is_value))
        return false;
    if (piece == PIECE_OPEN_OBJECT || piece == PIECE_OPEN_ARRAY) {
        if (trial->depth < n)
            trial->around[trial->depth] = piece == PIECE_OPEN_ARRAY ? '[' : '{';
        trial->depth++;
    }
    if (piece == PIECE_CLOSE) {
        char bracket = trial->text.ptr[trial->piece];
        if (around && (around == '[') != (bracket == ']'))
            return false;
        trial->depth -= trial->depth > 0;
    }
    if (piece != PIECE_STRING && piece != PIECE_SCALAR)
        trial->is_value = piece == PIECE_COLON || piece == PIECE_CLOSE;
    return true;
}

/* Behind a blank: a // may stand in an address. */
static bool is_comment(const struct trial *trial)
{
    if (trial->at > 0 && trial->text.ptr[trial->at - 1] > ' ')
        return false;
    struct str rest = str_slice(trial->text, trial->at, trial->end);
    return str_has_prefix(rest, STR("#")) || str_has_prefix(rest, STR("//")) ||
           str_has_prefix(rest, STR("/*"));
}

/* Reads to the end of the stretch or to the first piece that does not fit, whose begin is then
 * trial->piece. */
static bool trial_run(struct trial *trial)
{
    for (enum piece before = PIECE_NONE;;) {
        while (trial->at < trial->end && !is_put_in(trial) && is_blank(trial->text.ptr[trial->at]))
            trial->at++;
        if ((trial->at >= trial->end && !is_put_in(trial)) || is_comment(trial))
            return true;
        enum piece piece = trial_piece(trial);
        if (!follows[before][piece] || !trial_allows(trial, piece))
            return false;
        before = piece;
    }
}

static bool reads_as_json(struct str text, size_t begin, size_t end, size_t quote)
{
    struct trial trial = {.text = text, .at = begin, .end = end, .quote = quote};
    return trial_run(&trial) && !trial.is_in_string;
}

static size_t line_end(struct str text, size_t at)
{
    const char *newline = at < text.len ? memchr(text.ptr + at, '\n', text.len - at) : NULL;
    return newline ? (size_t)(newline - text.ptr) : text.len;
}

/* A line while quotes are put into it. */
struct line {
    struct arena *arena;
    struct str file;
    struct str text; /* with the quotes */
    size_t begin;    /* of the line in the text of the file */
    size_t tried;    /* bytes read in attempts, in all lines */
    size_t done;     /* quotes are put in from there on: behind the last */
    struct quote_fix fixes[MAX_QUOTES_OF_LINE];
    size_t n;
};

/* Where a quote could be missing: beside blanks, brackets, commas, colons and quotes. */
static bool is_boundary(struct str text, size_t at)
{
    static const char around[] = " \t\r,:[]{}\"'";
    return at == 0 || at == text.len || memchr(around, text.ptr[at], sizeof(around) - 1) ||
           memchr(around, text.ptr[at - 1], sizeof(around) - 1);
}

/* One attempt to repair what is wrong in a stretch. */
struct attempt {
    size_t quote, reach;
    enum quote_fix_kind kind;
    bool is_whole; /* all of the stretch reads as JSON */
};

static struct attempt try_quote(struct str text, size_t begin, size_t end, size_t quote)
{
    struct trial trial = {.text = text, .at = begin, .end = end, .quote = quote};
    bool fits = trial_run(&trial);
    struct attempt attempt = {quote, fits ? end : trial.piece, trial.kind, fits};
    if (trial.is_in_string && end == text.len)
        attempt = (struct attempt){quote, trial.piece, trial.kind, false};
    bool begins_string = quote < text.len && !memchr(" \t\r]},", text.ptr[quote], 6);
    if (!trial.has_quote || (trial.kind == QUOTE_NOT_OPENED && !begins_string))
        attempt = (struct attempt){.quote = NOWHERE};
    return attempt;
}

/* Whether the closing bracket at <at> closes one in the text from <begin> on. */
static bool closes_inside(struct str text, size_t begin, size_t at)
{
    char close = text.ptr[at], open = close == ']' ? '[' : '{';
    int n_open = 0;
    for (size_t i = at - begin > BEFORE ? at - BEFORE : begin; i < at; i++)
        n_open += (text.ptr[i] == open) - (text.ptr[i] == close);
    return n_open > 0;
}

/* Where a string that is open at the end of its line most likely ends: before the brackets and the
 * comma there. */
static size_t likely_end(struct str text, size_t string, size_t end)
{
    size_t least = end - string > BEFORE ? end - BEFORE : string + 1;
    while (end > least && memchr(" \t\r,]}", text.ptr[end - 1], 6) &&
           !(memchr("]}", text.ptr[end - 1], 2) && closes_inside(text, string, end - 1)))
        end--;
    return end;
}

/* The quote that lets the stretch be read farthest, beyond <wrong>; before a bracket only where
 * nothing else helps. */
static struct attempt best_quote(struct line *line, size_t begin, size_t wrong, size_t end)
{
    struct str text = line->text;
    struct attempt best = {.quote = NOWHERE, .reach = wrong};
    size_t tail = likely_end(text, wrong, end);
    bool is_likely = tail < end || (end > 0 && !memchr("[{:,", text.ptr[end - 1], 4));
    if (end == text.len && tail > wrong + 1 && tail >= line->done && is_likely)
        best = try_quote(text, begin, end, tail);
    if (best.is_whole)
        return best;
    best = (struct attempt){.quote = NOWHERE, .reach = wrong};
    struct attempt before_bracket = best;
    size_t last = wrong + BEHIND < end ? wrong + BEHIND : end;
    size_t first = begin > line->done ? begin : line->done;
    for (size_t at = first; at <= last && line->tried < MAX_TRIED; at++) {
        if (!is_boundary(text, at))
            continue;
        line->tried += end - begin;
        struct attempt attempt = try_quote(text, begin, end, at);
        if (attempt.quote == NOWHERE)
            continue;
        bool is_before_bracket = attempt.kind == QUOTE_NOT_OPENED && memchr("[{", text.ptr[at], 2);
        struct attempt *kept = is_before_bracket ? &before_bracket : &best;
        if (!kept->is_whole && (attempt.is_whole || attempt.reach > kept->reach))
            *kept = attempt;
        if (best.is_whole)
            break;
    }
    return before_bracket.is_whole && !best.is_whole ? before_bracket : best;
}

/* A place at most BEFORE bytes before <wrong> at which the reading can begin anew. */
static size_t begin_before(struct str text, size_t begin, size_t wrong)
{
    struct trial trial = {.text = text, .at = begin, .end = wrong, .quote = NOWHERE};
    size_t found = begin;
    while (trial.at < wrong) {
        if (is_blank(text.ptr[trial.at])) {
            trial.at++;
            continue;
        }
        enum piece piece = trial_piece(&trial);
        if (piece == PIECE_WRONG)
            break;
        if (piece == PIECE_COMMA && wrong - trial.at > BEFORE)
            found = trial.at;
    }
    return found;
}

static void put_in(struct line *line, const struct attempt *attempt)
{
    size_t at = line->begin + attempt->quote - line->n, quote = attempt->quote;
    struct str old = line->text;
    char *text = arena_alloc(line->arena, old.len + 1);
    memcpy(text, old.ptr, quote);
    text[quote] = '"';
    memcpy(text + quote + 1, old.ptr + quote, old.len - quote);
    line->text = str_make(text, old.len + 1);
    line->fixes[line->n++] = (struct quote_fix){attempt->kind, at, at};
    line->done = quote + 1;
}

/* Whether two missing quotes are those around one word, which is said otherwise. */
static bool are_around_word(const struct line *line)
{
    for (size_t i = 1; i < line->n; i++) {
        const struct quote_fix *one = &line->fixes[i - 1], *other = &line->fixes[i];
        if (one->kind == QUOTE_NOT_OPENED && other->kind == QUOTE_NOT_CLOSED &&
            str_index(str_slice(line->file, one->at, other->at), '"') < 0)
            return true;
    }
    return false;
}

/* Puts the quotes that are missing into the stretch of the file; false where no quotes make JSON of
 * it. */
static bool repair(struct line *line, size_t begin_of_line, size_t end_of_line)
{
    size_t from = 0;
    line->begin = begin_of_line;
    line->text = str_slice(line->file, begin_of_line, end_of_line);
    line->n = line->done = 0;
    while (line->n < MAX_QUOTES_OF_LINE) {
        struct trial trial = {
            .text = line->text, .at = from, .end = line->text.len, .quote = NOWHERE};
        if (trial_run(&trial) && !trial.is_in_string)
            return !are_around_word(line);
        size_t wrong = trial.piece, begin = begin_before(line->text, from, wrong);
        size_t end = wrong + 2 * BEHIND < line->text.len ? wrong + BEHIND : line->text.len;
        struct attempt best = {.quote = NOWHERE};
        if (wrong - begin <= 4 * BEFORE)
            best = best_quote(line, begin, wrong, end);
        if (best.quote == NOWHERE)
            return false;
        put_in(line, &best);
        from = begin;
    }
    return !are_around_word(line);
}

/* The fixes of the line that <trial> has read in vain. */
static bool find_in_line(struct line *line, size_t begin, const struct trial *trial)
{
    if (repair(line, begin, trial->end))
        return true;
    size_t tail = likely_end(trial->text, trial->piece, trial->end);
    line->n = trial->is_in_string && tail > trial->piece + 1;
    line->fixes[0] = (struct quote_fix){QUOTE_NOT_CLOSED, tail, tail};
    return line->n != 0;
}

/* Whether the next line makes sense by itself; behind what looks like the end of a value also with
 * quotes that may be missing there. */
static bool is_next_of_its_own(struct line *line, const struct trial *trial)
{
    struct str text = trial->text;
    size_t next = trial->end + 1, end = line_end(text, next);
    if (reads_as_json(text, next, end, NOWHERE))
        return true;
    if (likely_end(text, trial->piece, trial->end) == trial->end)
        return false;
    return next < end && memchr(text.ptr + next, '"', end - next) && repair(line, next, end);
}

/* The quote that ends the string of several lines which is open at the end of the line: the next
 * line makes no sense by itself, and a string may end where the next quote is. */
static size_t end_over_lines(struct line *line, const struct trial *trial)
{
    struct str text = trial->text;
    size_t at = trial->end;
    if (!trial->is_in_string || at + 1 >= text.len || is_next_of_its_own(line, trial))
        return NOWHERE;
    for (int lines = 0; at < text.len && text.ptr[at] != '"'; at++) {
        at += text.ptr[at] == '\\' && at + 1 < text.len;
        lines += text.ptr[at] == '\n';
        if (lines > MAX_LINES_OF_STRING)
            return NOWHERE;
    }
    struct trial behind = {.text = text, .at = at + 1, .end = line_end(text, at), .quote = NOWHERE};
    while (behind.at < behind.end && is_blank(text.ptr[behind.at]))
        behind.at++;
    bool may_end = behind.at >= behind.end || memchr(",]}:", text.ptr[behind.at], 4);
    return at < text.len && may_end ? at : NOWHERE;
}

struct quote_fixes find_quote_fixes(struct arena *arena, struct str text)
{
    VEC(struct quote_fix) fixes = {0};
    struct line line = {.arena = arena, .file = text};
    int n_wrong = 0;
    for (size_t begin = 0, next; begin < text.len && n_wrong < MAX_LINES; begin = next) {
        struct trial trial = {
            .text = text, .at = begin, .end = line_end(text, begin), .quote = NOWHERE};
        next = trial.end + 1;
        if (!memchr(text.ptr + begin, '"', trial.end - begin) ||
            (trial_run(&trial) && !trial.is_in_string))
            continue;
        n_wrong++;
        size_t last = end_over_lines(&line, &trial);
        if (last != NOWHERE) {
            next = last + 1;
            vec_push(arena, &fixes, ((struct quote_fix){QUOTE_OVER_LINES, trial.piece, last}));
        } else if (find_in_line(&line, begin, &trial)) {
            for (size_t i = 0; i < line.n; i++)
                vec_push(arena, &fixes, line.fixes[i]);
        }
    }
    return (struct quote_fixes){fixes.at, fixes.n};
}
