/* Unified diffs of texts. Lines become numbers; lines that only one side has are changed in any
 * case and set aside; what is left goes through Myers' greedy algorithm ("An O(ND) Difference
 * Algorithm and Its Variations"), a limited number of edits at a time, so that time grows with the
 * length and not with its square. */
#include "base/line_diff.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

#define CONTEXT 3

/* Edits looked ahead before the way that got furthest is taken for good. */
#define MAX_EDITS 256

struct side {
    struct str *lines; /* with their line ends */
    uint32_t *ids;     /* equal lines have equal ones */
    bool *changed;     /* taken away, or put in */
    size_t n;
    /* those that the other side has, too */
    uint32_t *kept_ids;
    size_t *kept; /* their indices */
    size_t n_kept;
};

static void split(struct arena *arena, struct side *side, struct str text)
{
    VEC(struct str) lines = {0};
    while (text.len) {
        ptrdiff_t end = str_index(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end + 1;
        vec_push(arena, &lines, str_slice(text, 0, len));
        text = str_slice(text, len, text.len);
    }
    side->lines = lines.at;
    side->n = lines.n;
    side->ids = arena_array(arena, uint32_t, lines.n + 1);
    side->changed = arena_array(arena, bool, lines.n + 1);
    side->kept_ids = arena_array(arena, uint32_t, lines.n + 1);
    side->kept = arena_array(arena, size_t, lines.n + 1);
}

/* What is known of one text of a line. */
struct line_class {
    uint32_t id;
    bool in_old, in_new;
};

static void number_lines(struct arena *arena, struct map *classes, struct side *side, bool is_new)
{
    for (size_t i = 0; i < side->n; i++) {
        struct line_class *class = map_get(classes, side->lines[i]);
        if (!class) {
            class = arena_new(arena, struct line_class);
            class->id = (uint32_t)classes->n;
            map_put(classes, side->lines[i], class);
        }
        side->ids[i] = class->id;
        *(is_new ? &class->in_new : &class->in_old) = true;
    }
}

static void keep_common(struct map *classes, struct side *side)
{
    for (size_t i = 0; i < side->n; i++) {
        const struct line_class *class = map_get(classes, side->lines[i]);
        side->changed[i] = !class->in_old || !class->in_new;
        if (side->changed[i])
            continue;
        side->kept[side->n_kept] = i;
        side->kept_ids[side->n_kept++] = side->ids[i];
    }
}

/* A search from one point of the kept lines on. reach[d][d + k] is how far into the old side <d>
 * edits get on diagonal <k> (old lines taken minus new lines taken); -1 where they cannot. */
struct search {
    const struct side *old_side, *new_side;
    size_t old_begin, new_begin;
    int32_t width, height; /* what is left of either side */
    int32_t reach[MAX_EDITS + 1][2 * MAX_EDITS + 1];
};

/* Where <d> edits of which the last is made now come out on diagonal <k>; -1 for nowhere. */
static int32_t edit(const struct search *search, int32_t d, int32_t k, bool *takes_new)
{
    const int32_t *before = search->reach[d - 1] + (d - 1);
    int32_t by_old = k - 1 >= -(d - 1) && before[k - 1] >= 0 ? before[k - 1] + 1 : -1;
    int32_t by_new = k + 1 <= d - 1 ? before[k + 1] : -1;
    if (by_old > search->width)
        by_old = -1;
    if (by_new - k > search->height)
        by_new = -1;
    *takes_new = by_new > by_old;
    return *takes_new ? by_new : by_old;
}

/* Marks the edits that lead to <k> after <d>. */
static void mark(const struct search *search, struct side *old_side, struct side *new_side,
                 int32_t d, int32_t k)
{
    for (; d > 0; d--) {
        bool takes_new;
        int32_t x = edit(search, d, k, &takes_new), y = x - k;
        if (takes_new)
            new_side->changed[new_side->kept[search->new_begin + (size_t)y - 1]] = true;
        else
            old_side->changed[old_side->kept[search->old_begin + (size_t)x - 1]] = true;
        k += takes_new ? 1 : -1;
    }
}

/* Goes on along equal lines. */
static int32_t slide(const struct search *search, int32_t x, int32_t k)
{
    const uint32_t *old_ids = search->old_side->kept_ids + search->old_begin;
    const uint32_t *new_ids = search->new_side->kept_ids + search->new_begin;
    while (x < search->width && x - k < search->height && old_ids[x] == new_ids[x - k])
        x++;
    return x;
}

/* Looks for the end of both sides, or as far as the limit allows; marks the way there and moves
 * both beginnings along it. */
static void advance(struct search *search, struct side *old_side, struct side *new_side)
{
    int32_t d = 0, best_k = 0, best = 0;
    search->reach[0][0] = best = slide(search, 0, 0);
    for (d = 1; d <= MAX_EDITS && !(best == search->width && best - best_k == search->height);
         d++) {
        best = best_k = 0;
        int32_t furthest = -1;
        for (int32_t k = -d; k <= d; k += 2) {
            bool takes_new;
            int32_t x = edit(search, d, k, &takes_new);
            search->reach[d][d + k] = x = x < 0 ? -1 : slide(search, x, k);
            if (x >= 0 && 2 * x - k > furthest) {
                furthest = 2 * x - k;
                best = x;
                best_k = k;
            }
        }
    }
    mark(search, old_side, new_side, d - 1, best_k);
    search->old_begin += (size_t)best;
    search->new_begin += (size_t)(best - best_k);
}

static void compare_kept(struct arena *arena, struct side *old_side, struct side *new_side)
{
    struct search *search = arena_alloc(arena, sizeof(*search));
    search->old_side = old_side;
    search->new_side = new_side;
    search->old_begin = search->new_begin = 0;
    while (search->old_begin < old_side->n_kept || search->new_begin < new_side->n_kept) {
        search->width = (int32_t)(old_side->n_kept - search->old_begin);
        search->height = (int32_t)(new_side->n_kept - search->new_begin);
        advance(search, old_side, new_side);
    }
}

static void add_line(struct strbuf *out, char sign, struct str line)
{
    strbuf_add_char(out, sign);
    strbuf_add(out, line);
    if (!str_has_suffix(line, STR("\n")))
        strbuf_puts(out, "\n\\ No newline at end of file\n");
}

static void add_range(struct strbuf *out, char sign, size_t begin, size_t end)
{
    /* an empty range stands behind the line it names */
    strbuf_printf(out, " %c%zu", sign, begin == end ? begin : begin + 1);
    if (end - begin != 1)
        strbuf_printf(out, ",%zu", end - begin);
}

/* Both sides, from <begin> to <end>: the same number of unchanged lines is in either. */
struct hunk {
    size_t old_begin, old_end, new_begin, new_end;
};

/* Finds the next hunk behind <hunk>; false where nothing more is changed. */
static bool next_hunk(const struct side *old_side, const struct side *new_side, struct hunk *hunk)
{
    size_t i = hunk->old_end, k = hunk->new_end, n_equal = 0;
    while (i < old_side->n && !old_side->changed[i] && !new_side->changed[k])
        i++, k++;
    if (i == old_side->n && k == new_side->n)
        return false;
    size_t before = i - hunk->old_end < CONTEXT ? i - hunk->old_end : CONTEXT;
    hunk->old_begin = i - before;
    hunk->new_begin = k - before;
    while (n_equal <= 2 * CONTEXT && (i < old_side->n || k < new_side->n)) {
        bool is_old = old_side->changed[i], is_new = !is_old && new_side->changed[k];
        i += !is_new;
        k += !is_old;
        n_equal = is_old || is_new ? 0 : n_equal + 1;
        if (n_equal <= CONTEXT) {
            hunk->old_end = i;
            hunk->new_end = k;
        }
    }
    return true;
}

static void add_hunk(struct strbuf *out, const struct side *old_side, const struct side *new_side,
                     const struct hunk *hunk)
{
    strbuf_puts(out, "@@");
    add_range(out, '-', hunk->old_begin, hunk->old_end);
    add_range(out, '+', hunk->new_begin, hunk->new_end);
    strbuf_puts(out, " @@\n");
    size_t i = hunk->old_begin, k = hunk->new_begin;
    while (i < hunk->old_end || k < hunk->new_end) {
        if (i < hunk->old_end && old_side->changed[i])
            add_line(out, '-', old_side->lines[i++]);
        else if (k < hunk->new_end && new_side->changed[k])
            add_line(out, '+', new_side->lines[k++]);
        else
            add_line(out, ' ', old_side->lines[i++]), k++;
    }
}

static void add_name(struct strbuf *out, const char *sign, struct str name)
{
    strbuf_puts(out, sign);
    strbuf_add(out, name);
    if (str_index(name, ' ') >= 0) /* `patch` ends a name at a blank, but for a tab behind it */
        strbuf_add_char(out, '\t');
    strbuf_add_char(out, '\n');
}

void line_diff(struct strbuf *out, struct str old_name, struct str old_text, struct str new_name,
               struct str new_text)
{
    if (str_eq(old_text, new_text))
        return;
    struct arena arena = ARENA_INIT;
    struct side old_side = {0}, new_side = {0};
    struct map classes = map_in(&arena);
    struct hunk hunk = {0};
    split(&arena, &old_side, old_text);
    split(&arena, &new_side, new_text);
    number_lines(&arena, &classes, &old_side, false);
    number_lines(&arena, &classes, &new_side, true);
    keep_common(&classes, &old_side);
    keep_common(&classes, &new_side);
    compare_kept(&arena, &old_side, &new_side);

    add_name(out, "--- ", old_name);
    add_name(out, "+++ ", new_name);
    while (next_hunk(&old_side, &new_side, &hunk))
        add_hunk(out, &old_side, &new_side, &hunk);
    arena_free(&arena);
}
