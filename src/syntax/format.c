/* The formatter: Caddy's layout where that keeps every word, a layout by the lexer's words where it
 * does not; in any case one that stands still when it is formatted again. */
#include "syntax/format.h"

#include "base/arena.h"
#include "syntax/format_private.h"

/* Caddy's formatter needs a second run for some files, and for a few never comes to rest. */
#define MAX_RUNS 6

/* With every byte that is no UTF-8 replaced, as Caddy reads and writes characters. */
static struct str with_valid_utf8(struct arena *arena, struct str text)
{
    size_t i = 0, size = 0;
    for (; i < text.len; i += size) {
        size = 1;
        if ((unsigned char)text.ptr[i] >= 0x80 &&
            utf8_decode(text, i, &size) == 0xfffd && size == 1)
            break;
    }
    if (i == text.len)
        return text.ptr ? text : STR("");
    struct strbuf out = strbuf_in(arena);
    strbuf_reserve(&out, text.len + text.len / 4 + 16);
    strbuf_add(&out, str_slice(text, 0, i));
    for (; i < text.len; i += size)
        strbuf_add_rune(&out, utf8_decode(text, i, &size));
    return strbuf_str(&out);
}

/* What one run makes of a text. */
struct run {
    struct str text;
    enum format_result result;
    bool is_steady; /* the next run will change nothing */
};

/* Caddy's layout, or the one by words where Caddy's does not keep the tokens. False where neither
 * does. */
static bool run_once(struct arena *arena, struct str text, struct run *run)
{
    run->result = FORMAT_AS_CADDY;
    run->text = format_as_caddy(arena, text, &run->is_steady);
    if (str_eq(run->text, text))
        run->is_steady = true;
    else if (!format_same_tokens(arena, text, run->text)) {
        run->result = FORMAT_OWN_WORDS;
        run->text = format_by_words(arena, text);
        run->is_steady = str_eq(run->text, text);
    }
    return run->result == FORMAT_AS_CADDY || format_same_tokens(arena, text, run->text);
}

/* Runs again and again until nothing changes; false where that does not happen. What came of one run
 * was compared with <text>, what came of more needs it still: *is_compared. */
static bool settle(struct arena *arena, struct str *text, enum format_result *result,
                   bool *is_compared)
{
    for (int i = 0; i < MAX_RUNS; i++) {
        struct run run;
        if (!run_once(arena, *text, &run))
            return false;
        if (run.result == FORMAT_AS_CADDY && i > 0 && !str_eq(run.text, *text))
            run.result = FORMAT_RERUN;
        if (run.result > *result)
            *result = run.result;
        *text = run.text;
        *is_compared = i == 0;
        if (run.is_steady)
            return true;
    }
    return false;
}

/* The layout by words that stands still; false where there is none. */
static bool settle_by_words(struct arena *arena, struct str *text)
{
    for (int run = 0; run < MAX_RUNS; run++) {
        struct str next = format_by_words(arena, *text);
        if (str_eq(next, *text))
            return true;
        *text = next;
    }
    return false;
}

enum format_result format_caddyfile(struct arena *arena, struct str text, struct str *formatted)
{
    struct str clean = with_valid_utf8(arena, text), settled = clean;
    enum format_result result = FORMAT_AS_CADDY;
    bool is_compared = false;
    if (!settle(arena, &settled, &result, &is_compared)) {
        /* Caddy's layout may find rest beginning from the one by words; if not, that it is */
        struct str by_words = clean;
        result = FORMAT_OWN_WORDS;
        if (!settle_by_words(arena, &by_words))
            return FORMAT_REFUSED;
        settled = by_words;
        if (!settle(arena, &settled, &result, &is_compared))
            settled = by_words;
        is_compared = false;
    }
    *formatted = settled;
    if (is_compared && clean.ptr == text.ptr)
        return result;
    return format_same_tokens(arena, text, settled) ? result : FORMAT_REFUSED;
}

uint32_t format_first_difference(struct str a, struct str b)
{
    uint32_t line = 1;
    size_t i = 0;
    for (; i < a.len && i < b.len && a.ptr[i] == b.ptr[i]; i++)
        line += a.ptr[i] == '\n';
    return i == a.len && i == b.len ? 0 : line;
}

/* Where <text> first differs from <formatted>, but for line ends of Windows. */
static size_t first_difference(struct str text, struct str formatted)
{
    size_t i = 0, k = 0;
    while (i < text.len && k < formatted.len) {
        bool is_crlf = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (is_crlf && formatted.ptr[k] == '\n')
            i++;
        if (text.ptr[i] != formatted.ptr[k])
            break;
        i++, k++;
    }
    return i;
}

bool format_would_change(struct arena *arena, const struct source *source, struct span *span)
{
    struct str raw = source->raw, text = raw, formatted;
    if (str_index(raw, '\r') >= 0)
        text = str_replace(arena, raw, STR("\r\n"), STR("\n"));
    if (format_caddyfile(arena, text, &formatted) == FORMAT_REFUSED || str_eq(text, formatted))
        return false;
    size_t begin = first_difference(raw, formatted), end = begin;
    while (end < raw.len && raw.ptr[end] != '\n' && raw.ptr[end] != '\r')
        end++;
    *span = (struct span){source->base + (uint32_t)begin, source->base + (uint32_t)end};
    return true;
}
