/* What a correction changes, as a diff: lines that go, lines that come; where text only comes, the
 * line as it will be, with a '+' under what is new. */
#include "syntax/diag_print_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { MAX_LINES = 10 }; /* shown of each kind */

struct change {
    const struct source *source;
    struct span span;
    struct str text;
    uint32_t first_line, last_line;
};

struct change_list {
    VEC(struct change) changes;
};

struct line_list {
    VEC(struct str) lines;
};

/* Neighbouring changes with the text around them, before and after. */
struct hunk {
    struct str old, new;
    uint32_t first_line;
    bool cut_before, cut_after; /* the first and the last line are not whole */
    struct line_list old_lines, new_lines;
};

/* --- the changes, in order --- */

static void add_change(const struct printer *pr, struct change_list *list, struct span span,
                       struct str text)
{
    const struct source *source = source_of(pr->sources, span);
    if (!source || span.end < span.begin || span.end > source->base + source->raw.len)
        return;
    struct change change = {.source = source,
                            .span = span,
                            .text = text,
                            .first_line = source_position(pr->sources, span.begin).line,
                            .last_line = source_position(pr->sources, span.end).line};
    vec_push(pr->arena, &list->changes, change);
}

static int compare_changes(const void *a, const void *b)
{
    const struct change *left = a, *right = b;
    if (left->span.begin != right->span.begin)
        return left->span.begin < right->span.begin ? -1 : 1;
    return left->span.end < right->span.end ? -1 : left->span.end > right->span.end;
}

static struct change_list changes_of(const struct printer *pr, const struct diag_note *help)
{
    struct change_list list = {0};
    if (help->replacement.ptr)
        add_change(pr, &list, help->span, help->replacement);
    for (const struct diag_edit *edit = help->more; edit; edit = edit->next)
        add_change(pr, &list, edit->span, edit->text);
    if (list.changes.n)
        qsort(list.changes.at, list.changes.n, sizeof(*list.changes.at), compare_changes);
    return list;
}

/* How many of the changes from the first on stand in lines that touch. */
static size_t neighbours(const struct change *changes, size_t n)
{
    size_t count = 1;
    uint32_t last_line = changes[0].last_line;
    while (count < n && changes[count].source == changes[0].source &&
           changes[count].first_line <= last_line + 1) {
        if (changes[count].last_line > last_line)
            last_line = changes[count].last_line;
        count++;
    }
    return count;
}

/* --- a hunk --- */

static struct line_list split(struct arena *arena, struct str text)
{
    struct line_list list = {0};
    bool more;
    do {
        struct str line;
        more = str_cut(text, STR("\n"), &line, &text);
        vec_push(arena, &list.lines, str_trim_suffix(line, STR("\r")));
    } while (more);
    return list;
}

/* Where the line begins that holds <at>, but at most NEAR_BYTES before. */
static size_t region_begin(const struct source *source, size_t at, bool *is_cut)
{
    struct str raw = source->raw;
    size_t begin = at, first = at < source->lines[0] ? 0 : source->lines[0];
    while (begin > first && raw.ptr[begin - 1] != '\n' && at - begin < NEAR_BYTES)
        begin--;
    *is_cut = begin > first && raw.ptr[begin - 1] != '\n';
    while (*is_cut && begin < at && ((unsigned char)raw.ptr[begin] & 0xc0) == 0x80)
        begin++;
    return begin;
}

static size_t region_end(struct str raw, size_t at, bool *is_cut)
{
    size_t end = at;
    while (end < raw.len && raw.ptr[end] != '\n' && end - at < NEAR_BYTES)
        end++;
    *is_cut = end < raw.len && raw.ptr[end] != '\n';
    while (*is_cut && end > at && ((unsigned char)raw.ptr[end] & 0xc0) == 0x80)
        end--;
    return end;
}

static struct hunk hunk_of(struct arena *arena, const struct change *changes, size_t n)
{
    const struct source *source = changes[0].source;
    struct hunk hunk = {.first_line = changes[0].first_line};
    size_t last = 0; /* the end that reaches farthest */
    for (size_t i = 0; i < n; i++)
        if (changes[i].span.end - source->base > last)
            last = changes[i].span.end - source->base;
    size_t begin = region_begin(source, changes[0].span.begin - source->base, &hunk.cut_before);
    size_t end = region_end(source->raw, last, &hunk.cut_after), done = begin;
    hunk.old = str_slice(source->raw, begin, end);
    struct strbuf text = strbuf_in(arena);
    for (size_t i = 0; i < n; i++) {
        size_t from = changes[i].span.begin - source->base;
        if (from < done)
            continue; /* overlaps the one before */
        strbuf_add(&text, str_slice(source->raw, done, from));
        strbuf_add(&text, changes[i].text);
        done = changes[i].span.end - source->base;
    }
    strbuf_add(&text, str_slice(source->raw, done, end));
    hunk.new = strbuf_str(&text);
    return hunk;
}

/* Leaves out lines that are the same at the begin and the end. */
static void trim_lines(struct arena *arena, struct hunk *hunk)
{
    struct line_list old = split(arena, hunk->old), new = split(arena, hunk->new);
    size_t n_old = old.lines.n, n_new = new.lines.n, same = 0;
    while (n_old > 0 && n_new > 0 && str_eq(old.lines.at[n_old - 1], new.lines.at[n_new - 1])) {
        n_old--;
        n_new--;
    }
    while (same < n_old && same < n_new && str_eq(old.lines.at[same], new.lines.at[same]))
        same++;
    hunk->cut_before &= same == 0;
    hunk->cut_after &= n_old == old.lines.n;
    hunk->first_line += (uint32_t)same;
    old.lines.at += same;
    old.lines.n = n_old - same;
    new.lines.at += same;
    new.lines.n = n_new - same;
    hunk->old_lines = old;
    hunk->new_lines = new;
}

/* --- two lines --- */

/* What differs: <old> bytes of one line, <new> bytes of the other, behind <prefix> bytes that are
 * the same. Where the old ones are among the new ones, <kept> says where, else it is -1. */
struct difference {
    size_t prefix, old, new;
    ptrdiff_t kept;
};

static bool is_inside_rune(struct str text, size_t at)
{
    return at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;
}

static struct difference compare_lines(struct str old, struct str new)
{
    size_t prefix = 0, suffix = 0, shorter = old.len < new.len ? old.len : new.len;
    while (prefix < shorter && old.ptr[prefix] == new.ptr[prefix])
        prefix++;
    while (prefix > 0 && (is_inside_rune(old, prefix) || is_inside_rune(new, prefix)))
        prefix--;
    while (suffix < shorter - prefix &&
           old.ptr[old.len - suffix - 1] == new.ptr[new.len - suffix - 1])
        suffix++;
    while (suffix > 0 && is_inside_rune(new, new.len - suffix))
        suffix--;
    struct difference difference = {prefix, old.len - suffix - prefix, new.len - suffix - prefix,
                                    0};
    if (difference.old)
        difference.kept = str_find(str_slice(new, prefix, new.len - suffix),
                                   str_slice(old, prefix, old.len - suffix));
    return difference;
}

/* Whether the correction only adds to its lines. */
static bool only_adds(const struct hunk *hunk)
{
    if (hunk->old_lines.lines.n != hunk->new_lines.lines.n)
        return false;
    for (size_t i = 0; i < hunk->old_lines.lines.n; i++)
        if (compare_lines(hunk->old_lines.lines.at[i], hunk->new_lines.lines.at[i]).kept < 0)
            return false;
    return true;
}

/* --- printing --- */

/* What of a line is in the colour of its sign. */
struct painted {
    size_t from, to;
    size_t kept_from, kept_to; /* but not these, in between */
};

/* A line with <sign> before it. */
static struct shown_line put_diff_line(const struct printer *pr, const struct hunk *hunk,
                                       bool is_new, size_t i, const char *sign,
                                       struct painted painted)
{
    const struct line_list *list = is_new ? &hunk->new_lines : &hunk->old_lines;
    const char *colour = sign[0] == '-' ? RED : GREEN;
    struct shown_line shown = line_around(pr, list->lines.at[i], painted.from, painted.to, 0);
    shown.cut_before |= i == 0 && hunk->cut_before;
    shown.cut_after |= i + 1 == list->lines.n && hunk->cut_after;
    char number[16];
    snprintf(number, sizeof(number), "%u", hunk->first_line + (uint32_t)i);
    put_gutter(pr, number, "");
    paint(pr, sign[0] == '|' ? BLUE : colour);
    fputs(sign, pr->out);
    paint(pr, RESET);
    if (shown.text.len) {
        fputs(shown.cut_before ? " …" : " ", pr->out);
        put_line_piece(pr, &shown, 0, painted.from);
        paint(pr, colour);
        put_line_piece(pr, &shown, painted.from, painted.kept_from);
        paint(pr, RESET);
        put_line_piece(pr, &shown, painted.kept_from, painted.kept_to);
        paint(pr, colour);
        put_line_piece(pr, &shown, painted.kept_to, painted.to);
        paint(pr, RESET);
        put_line_piece(pr, &shown, painted.to, (size_t)-1);
        fputs(shown.cut_after ? "…" : "", pr->out);
    }
    fputc('\n', pr->out);
    return shown;
}

/* '+' under the bytes <from> to <to>; returns the cell behind the last. */
static int put_pluses(const struct printer *pr, const struct shown_line *shown, size_t from,
                      size_t to, int at)
{
    int begin = line_cell(shown, from), end = line_cell(shown, to);
    if (begin >= end)
        return at;
    fprintf(pr->out, "%*s", begin - at, "");
    paint(pr, GREEN);
    for (int i = begin; i < end; i++)
        fputc('+', pr->out);
    paint(pr, RESET);
    return end;
}

static void put_additions(const struct printer *pr, const struct hunk *hunk)
{
    for (size_t i = 0; i < hunk->new_lines.lines.n; i++) {
        struct difference difference =
            compare_lines(hunk->old_lines.lines.at[i], hunk->new_lines.lines.at[i]);
        struct painted painted = {.from = difference.prefix,
                                  .to = difference.prefix + difference.new,
                                  .kept_from = difference.prefix + (size_t)difference.kept};
        painted.kept_to = painted.kept_from + difference.old;
        struct shown_line shown = put_diff_line(pr, hunk, true, i, "|", painted);
        put_gutter(pr, "", "|");
        fputc(' ', pr->out);
        int at = put_pluses(pr, &shown, painted.from, painted.kept_from, 0);
        put_pluses(pr, &shown, painted.kept_to, painted.to, at);
        fputc('\n', pr->out);
    }
}

static void put_side(const struct printer *pr, const struct hunk *hunk, bool is_new)
{
    const struct line_list *list = is_new ? &hunk->new_lines : &hunk->old_lines;
    const struct line_list *others = is_new ? &hunk->old_lines : &hunk->new_lines;
    for (size_t i = 0; i < list->lines.n; i++) {
        struct str line = list->lines.at[i];
        struct painted painted = {.to = line.len};
        if (i == MAX_LINES && list->lines.n > MAX_LINES + 1) {
            put_gap(pr);
            fputc('\n', pr->out);
            return;
        }
        if (list->lines.n == others->lines.n) {
            struct str other = others->lines.at[i];
            struct difference difference =
                is_new ? compare_lines(other, line) : compare_lines(line, other);
            painted.from = difference.prefix;
            painted.to = difference.prefix + (is_new ? difference.new : difference.old);
        }
        painted.kept_from = painted.kept_to = painted.to;
        put_diff_line(pr, hunk, is_new, i, is_new ? "+" : "-", painted);
    }
}

void put_diff(struct printer *pr, const struct diag_note *help)
{
    struct change_list list = changes_of(pr, help);
    const struct source *shown = NULL;
    for (size_t i = 0, n; i < list.changes.n; i += n) {
        const struct change *change = &list.changes.at[i];
        n = neighbours(change, list.changes.n - i);
        struct hunk hunk = hunk_of(pr->arena, change, n);
        trim_lines(pr->arena, &hunk);
        if (shown && shown != change->source) {
            put_place(pr, ":::", change->span);
        } else if (shown) {
            put_gap(pr);
            fputc('\n', pr->out);
        }
        shown = change->source;
        if (only_adds(&hunk)) {
            put_additions(pr, &hunk);
        } else {
            put_side(pr, &hunk, false);
            put_side(pr, &hunk, true);
        }
    }
}
