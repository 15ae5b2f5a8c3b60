/* JSON text in: a strict reader (RFC 8259, as Go's encoding/json reads it) that keeps every place,
 * reports each mistake where it stands and goes on behind it. */
#include "json/text.h"

#include "base/arena.h"
#include "json/text_private.h"
#include "syntax/diag.h"

const char *json_type_name(enum json_type type)
{
    switch (type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_NONE:
        break;
    }
    return "nothing";
}

struct span span_of(const struct reader *in, size_t begin, size_t end)
{
    return (struct span){in->base + (uint32_t)begin, in->base + (uint32_t)end};
}

struct diag *mistake(struct reader *in, size_t begin, size_t end, const char *format, ...)
{
    struct strbuf message = strbuf_in(in->arena);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&message, format, args);
    va_end(args);
    if (++in->n_mistakes >= MAX_MISTAKES)
        in->at = in->text.len;
    return diag_at(in->diags, DIAG_JSON_SYNTAX, span_of(in, begin, end), NULL, STR_FMT,
                   STR_ARG(strbuf_str(&message)));
}

bool has_given_up(const struct reader *in)
{
    return in->n_mistakes >= MAX_MISTAKES;
}

bool starts_with(const struct reader *in, const char *word)
{
    return str_has_prefix(str_slice(in->text, in->at, in->text.len), str_from(word));
}

/* JSON has no comments, but people write them. */
static bool skip_comment(struct reader *in)
{
    size_t begin = in->at;
    if (peek(in) == '#' || starts_with(in, "//")) {
        while (peek(in) >= 0 && peek(in) != '\n')
            in->at++;
    } else if (starts_with(in, "/*")) {
        ptrdiff_t end = str_find(str_slice(in->text, begin + 2, in->text.len), STR("*/"));
        in->at = end < 0 ? in->text.len : begin + 2 + (size_t)end + 2;
    } else {
        return false;
    }
    mistake(in, begin, begin + (in->text.ptr[begin] == '#' ? 1 : 2), "JSON has no comments");
    return true;
}

static void skip_space(struct reader *in)
{
    do {
        while (peek(in) == ' ' || peek(in) == '\t' || peek(in) == '\n' || peek(in) == '\r')
            in->at++;
    } while (skip_comment(in));
}

struct json_text *new_text(struct reader *in, enum json_type type, size_t begin)
{
    struct json_text *value = arena_new(in->arena, struct json_text);
    value->type = type;
    value->span = span_of(in, begin, in->at);
    return value;
}

/* Over what nobody can read, to where a list goes on or ends. At least one byte, unless there is
 * none. */
static void skip_to_separator(struct reader *in)
{
    in->at += in->at < in->text.len;
    while (!ends_item(peek(in)) && peek(in) != '\n')
        in->at++;
}

struct list;
static struct json_text *read_value(struct reader *in, struct list *outer);
static struct json_text *read_list(struct reader *in, struct list *outer, bool has_bracket);

/* One list, object or array, while it is read. */
struct list {
    struct json_text *value, *last, *before_last;
    struct list *outer;
    size_t begin;    /* of its bracket */
    size_t last_end; /* of its last item or the comma behind that, or of its bracket */
    size_t item_end, item_end_before; /* of the last item, and of the one before it */
    char close;
    bool is_after_comma;
    bool is_cut; /* its bracket is missing: the list around it goes on here */
};

static struct diag *not_in_quotes(struct reader *in, size_t begin, struct str text,
                                  const char *what)
{
    struct diag *diag = mistake(in, begin, begin + text.len, "%s", what);
    diag_help(in->diags, diag, span_of(in, begin, begin + text.len),
              str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(text)), "put quotes around it");
    return diag;
}

/* A key without quotes: to its colon, if only words and blanks are before that. */
static struct str take_key(struct reader *in)
{
    size_t begin = in->at, end = begin;
    struct str word = take_word(in);
    for (end = in->at; peek(in) == ' ' || is_word_char(peek(in)); in->at++)
        if (peek(in) != ' ')
            end = in->at + 1;
    bool is_key = peek(in) == ':' && end > begin + word.len;
    in->at = is_key ? end : begin + word.len;
    return str_slice(in->text, begin, in->at);
}

/* Reads a key and its colon; false where no member comes of it. */
static bool read_key(struct reader *in, struct str *key, struct span *span)
{
    size_t begin = in->at;
    int c = peek(in);
    if (is_at_string(in)) {
        *key = read_quoted(in);
    } else if (is_word_char(c)) {
        *key = take_key(in);
        not_in_quotes(in, begin, *key, "keys stand in double quotes");
    } else {
        mistake(in, begin, begin + 1, "expected a key in double quotes");
        if (c == '{' || c == '[')
            read_value(in, NULL);
        else
            skip_to_separator(in);
        return false;
    }
    *span = span_of(in, begin, in->at);
    size_t end = in->at;
    skip_space(in);
    if (peek(in) == ':') {
        in->at++;
        skip_space(in);
        return true;
    }
    if (!has_given_up(in))
        mistake(in, end, end, "expected ':' after a key");
    in->at += peek(in) == '=';
    in->at += peek(in) == '>';
    skip_space(in);
    return !ends_item(peek(in));
}

/* False where nothing could be read as one. */
static bool read_item(struct reader *in, struct list *list)
{
    struct str key = {0};
    struct span key_span = {0};
    if (list->close == '}' && !read_key(in, &key, &key_span))
        return false;
    struct json_text *item = read_value(in, list);
    item->key = key;
    item->key_span = key_span;
    list->before_last = list->last;
    if (list->last)
        list->last->next = item;
    else
        list->value->first = item;
    list->last = item;
    list->value->n++;
    list->item_end_before = list->item_end;
    list->item_end = in->at;
    return true;
}

/* At the end of the text; said of the innermost list. */
static void unclosed(struct reader *in, const struct list *list)
{
    int n_around = in->n_objects + in->n_arrays - 1;
    if (has_given_up(in) || in->is_unclosed)
        return;
    in->is_unclosed = true;
    struct diag *diag = mistake(in, list->begin, list->begin + 1, "this '%c' is never closed",
                                list->close == '}' ? '{' : '[');
    if (n_around)
        diag_note(in->diags, diag, "%d more around it %s not, either", n_around,
                  n_around == 1 ? "is" : "are");
}

/* The bracket of the list is missing behind its item that ends at <end>. */
static void cut(struct reader *in, struct list *list, size_t end)
{
    list->is_cut = true;
    in->has_comma = list->is_after_comma;
    if (has_given_up(in))
        return;
    struct diag *diag = mistake(in, end, end, "a '%c' is missing here", list->close);
    diag_label(in->diags, diag, span_of(in, list->begin, list->begin + 1), "opened here");
    diag_help(in->diags, diag, span_of(in, end, end),
              str_printf(in->arena, "%c%s", list->close, in->has_comma ? "" : ","), "write");
    in->has_comma = true;
}

static struct open_brackets brackets_of(const struct list *list)
{
    struct open_brackets open = {.n = 0};
    for (const struct list *each = list; each; each = each->outer)
        open.n++;
    size_t at = open.n;
    for (const struct list *each = list; each; each = each->outer)
        open.closes[--at] = each->close;
    return open;
}

/* Back to where the last item begins. */
static void unread(struct reader *in, const struct list *list)
{
    in->at = list->last->span.begin - in->base;
    in->next_fix = 0;
}

/* What was read as an item is the key of a member of the object around the array. */
static void cut_before_key(struct reader *in, struct list *list)
{
    unread(in, list);
    list->last = list->before_last;
    if (list->last)
        list->last->next = NULL;
    else
        list->value->first = NULL;
    list->value->n--;
    cut(in, list, list->item_end_before);
}

static void missing_bracket(struct reader *in, size_t at, const char *bracket)
{
    struct diag *diag = mistake(in, at, at, "a '%s' is missing here", bracket);
    diag_help(in->diags, diag, span_of(in, at, at), str_from(bracket), "write");
}

/* What was read as the last item is the key of a member of an object without its bracket. */
static void open_before_key(struct reader *in, struct list *list)
{
    struct json_text *item = list->last, kept = *item;
    unread(in, list);
    missing_bracket(in, in->at, "{");
    in->n_objects++;
    *item = *read_list(in, list, false);
    in->n_objects--;
    item->key = kept.key;
    item->key_span = kept.key_span;
    list->item_end = in->at;
}

/* A colon behind an item: it is a key, and a bracket is missing before it. Which one? */
static void bracket_before_key(struct reader *in, struct list *list)
{
    struct open_brackets opened = brackets_of(list), cut_off = opened;
    bool may_cut = list->close == ']' && list->outer && list->outer->close == '}';
    bool may_open = opened.n < MAX_DEPTH;
    if (may_open)
        opened.closes[opened.n++] = '}';
    cut_off.n--;
    size_t if_opened = may_open ? count_unfit_brackets(in->text, in->at, opened) : SIZE_MAX;
    size_t if_cut = may_cut ? count_unfit_brackets(in->text, in->at, cut_off) : SIZE_MAX;
    bool is_behind_string = list->before_last && list->before_last->type == JSON_STRING;
    if (if_cut < if_opened || (if_cut == if_opened && may_cut && is_behind_string))
        cut_before_key(in, list);
    else if (may_open)
        open_before_key(in, list);
}

/* The last value becomes the item of an array that has no opening bracket. */
static void open_before_value(struct reader *in, struct list *list)
{
    struct json_text *value = list->last, *item = arena_new(in->arena, struct json_text);
    missing_bracket(in, value->span.begin - in->base, "[");
    *item = *value;
    item->key = (struct str){0};
    item->key_span = (struct span){0};
    value->type = JSON_ARRAY;
    value->first = item;
    value->n = 1;
    value->span.end = span_of(in, in->at, in->at).begin;
}

/* What a bracket of the other kind than the list waits for is. */
enum unfit {
    UNFIT_MISSING_BEFORE, /* this list's own is missing before it */
    UNFIT_TYPO,           /* written for this list's own */
    UNFIT_NOT_OPENED      /* of a list that has no opening bracket, or too much */
};

static enum unfit unfit_bracket(struct reader *in, const struct list *list, int c)
{
    struct open_brackets now = brackets_of(list), popped = now;
    popped.n--;
    size_t if_missing = count_unfit_brackets(in->text, in->at, popped);
    size_t if_typo = count_unfit_brackets(in->text, in->at + 1, popped);
    size_t if_not_opened = count_unfit_brackets(in->text, in->at + 1, now);
    bool is_waited_for = c == '}' ? in->n_objects : in->n_arrays;
    bool can_open = c == ']' && list->last && !list->is_after_comma;
    if (can_open && if_not_opened < if_missing && if_not_opened < if_typo)
        return UNFIT_NOT_OPENED;
    if (is_waited_for && if_missing <= if_typo)
        return UNFIT_MISSING_BEFORE;
    return UNFIT_TYPO;
}

static void read_separator(struct reader *in, struct list *list);

/* Whether the list is over; takes its bracket. */
static bool read_close(struct reader *in, struct list *list)
{
    int c = peek(in);
    if (list->is_cut)
        return true;
    if (c != '}' && c != ']')
        return false;
    if (list->is_after_comma && list->last && !has_given_up(in)) {
        size_t comma = list->last_end;
        diag_help(in->diags,
                  mistake(in, comma, comma + 1, "no comma stands behind the last %s",
                          list->close == '}' ? "member" : "item"),
                  span_of(in, comma, comma + 1), STR(""), "take it away");
    }
    enum unfit unfit =
        c == list->close || has_given_up(in) ? UNFIT_TYPO : unfit_bracket(in, list, c);
    if (unfit == UNFIT_NOT_OPENED) {
        open_before_value(in, list);
        in->at++;
        read_separator(in, list);
        return read_close(in, list);
    }
    if (c != list->close) {
        struct diag *diag =
            mistake(in, in->at, in->at + 1, "expected '%c', not '%c'", list->close, c);
        if (!diag->notes)
            diag_label(in->diags, diag, span_of(in, list->begin, list->begin + 1), "opened here");
        if (unfit == UNFIT_MISSING_BEFORE)
            return true;
    }
    in->at += in->at < in->text.len;
    return true;
}

/* Whether the quoted word at the cursor is a key, as its colon tells. */
static bool is_at_key(const struct reader *in)
{
    size_t at = in->at + 1;
    if (peek(in) != '"')
        return false;
    for (; at < in->text.len && in->text.ptr[at] != '"'; at++)
        if (in->text.ptr[at] == '\n' || (in->text.ptr[at] == '\\' && ++at == in->text.len))
            return false;
    for (at++; at < in->text.len && (in->text.ptr[at] == ' ' || in->text.ptr[at] == '\t'); at++)
        ;
    return at < in->text.len && in->text.ptr[at] == ':';
}

/* Between two items without a comma. */
static void missing_comma(struct reader *in, struct list *list, size_t end)
{
    int c = peek(in);
    if (list->close == ']' && list->outer && list->outer->close == '}' && is_at_key(in)) {
        cut(in, list, list->item_end);
    } else if (is_at_string(in) || is_word_char(c) || c == '{' || c == '[') {
        diag_help(in->diags, mistake(in, end, end, "a comma is missing here"),
                  span_of(in, end, end), STR(","), "write");
    } else {
        mistake(in, in->at, in->at + 1, "expected ',' or '%c'", list->close);
        skip_to_separator(in);
        in->at += peek(in) == ',';
    }
}

/* After an item: takes the comma. */
static void read_separator(struct reader *in, struct list *list)
{
    size_t end = in->at;
    skip_space(in);
    int c = peek(in);
    if (in->has_comma) { /* in front of the bracket that was missing */
        in->has_comma = false;
        list->is_after_comma = false;
        list->last_end = end;
        return;
    }
    list->last_end = end;
    if (c == ':' && list->last->type == JSON_STRING && !has_given_up(in)) {
        bracket_before_key(in, list);
        if (list->is_cut)
            return;
        end = in->at;
        skip_space(in);
        c = peek(in);
        list->last_end = end;
    }
    list->is_after_comma = c == ',';
    if (c == ',')
        list->last_end = in->at++;
    else if (!ends_item(c))
        missing_comma(in, list, end);
    skip_space(in);
    c = peek(in);
    if (c == '{' && list->close == '}' && list->outer && list->outer->close == ']' && !list->is_cut)
        cut(in, list, list->item_end);
}

static struct json_text *read_list(struct reader *in, struct list *outer, bool has_bracket)
{
    struct list list = {.begin = in->at, .close = peek(in) == '[' ? ']' : '}', .outer = outer};
    in->at += has_bracket;
    list.item_end = list.item_end_before = in->at;
    list.value = new_text(in, list.close == '}' ? JSON_OBJECT : JSON_ARRAY, list.begin);
    skip_space(in);
    while (!read_close(in, &list)) {
        if (peek(in) < 0) {
            unclosed(in, &list);
            break;
        }
        if (peek(in) == ',') {
            mistake(in, in->at, in->at + 1, "nothing stands before this comma");
            in->at += in->at < in->text.len;
            skip_space(in);
            continue;
        }
        if (read_item(in, &list)) {
            read_separator(in, &list);
        } else {
            list.is_after_comma = false;
            in->at += peek(in) == ',';
            skip_space(in);
        }
    }
    list.value->span = span_of(in, list.begin, list.is_cut ? list.item_end : in->at);
    return list.value;
}

static struct json_text *read_nested(struct reader *in, struct list *outer)
{
    size_t begin = in->at;
    if (in->n_objects + in->n_arrays == MAX_DEPTH) {
        mistake(in, begin, begin + 1, "too many values within values");
        in->n_mistakes = MAX_MISTAKES;
        in->at = in->text.len;
        return new_text(in, JSON_NONE, begin);
    }
    int *open = peek(in) == '{' ? &in->n_objects : &in->n_arrays;
    (*open)++;
    struct json_text *value = read_list(in, outer, true);
    (*open)--;
    return value;
}

/* Text that nobody put quotes around, and that begins with no letter: :80, /srv, *.example.com. */
static bool is_at_text(const struct reader *in)
{
    int c = peek(in),
        next = in->at + 1 < in->text.len ? (unsigned char)in->text.ptr[in->at + 1] : ' ';
    return c > ' ' && c != ':' && c != '=' ? !ends_item(c) : c == ':' && is_word_char(next);
}

static struct json_text *read_value(struct reader *in, struct list *outer)
{
    size_t begin = in->at;
    int c = peek(in);
    if (is_at_string(in)) {
        struct str text = read_quoted(in);
        struct json_text *value = new_text(in, JSON_STRING, begin);
        value->text = text;
        return value;
    }
    if (c == '{' || c == '[')
        return read_nested(in, outer);
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.')
        return read_number(in);
    if (is_word_char(c) || is_at_text(in))
        return read_word(in);
    if (c < 0) {
        if (!has_given_up(in))
            mistake(in, begin, begin, "expected a value, not the end of the file");
    } else {
        mistake(in, begin, begin + 1, "expected a value");
        if (!ends_item(c))
            skip_to_separator(in);
    }
    return new_text(in, JSON_NONE, begin);
}

static struct json_text *read_whole(struct reader *in)
{
    if (starts_with(in, "\xef\xbb\xbf")) {
        mistake(in, 0, 3, "JSON does not begin with a byte order mark");
        in->at = 3;
    }
    skip_space(in);
    if (peek(in) < 0) {
        mistake(in, in->at, in->at, "there is no JSON in this file");
        return NULL;
    }
    struct json_text *value = read_value(in, NULL);
    skip_space(in);
    if (peek(in) >= 0)
        mistake(in, in->at, in->at + 1, "expected the end of the file after the value");
    return value;
}

/* Only where something is wrong is it looked for forgotten quotes. */
struct json_text *json_read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct diags silent = diags_in(arena);
    struct reader in = {
        .arena = arena, .diags = &silent, .text = source->raw, .base = source->base};
    struct json_text *value = read_whole(&in);
    if (in.n_mistakes == 0)
        return value;
    in = (struct reader){.arena = arena, .diags = diags, .text = source->raw, .base = source->base};
    in.fixes = find_quote_fixes(arena, source->raw);
    return read_whole(&in);
}

const struct json_text *json_text_member(const struct json_text *object, struct str key)
{
    const struct json_text *found = NULL;
    if (object && object->type == JSON_OBJECT)
        for (const struct json_text *member = object->first; member; member = member->next)
            if (str_eq(member->key, key))
                found = member;
    return found;
}
