/* Path patterns as Caddy's `path` matcher reads them, and the cleaning of paths before they are
 * compared. Used by the router at run time and by the linter for what a pattern covers. */

#include "base/glob.h"

#include "base/arena.h"
#include "base/parse.h"

/* --- globs --- */

/* One rune of a class, quoted or not; false where the class is malformed. */
static bool class_rune(struct str pattern, size_t *at, uint32_t *rune)
{
    size_t size;
    if (*at >= pattern.len || pattern.ptr[*at] == '-' || pattern.ptr[*at] == ']')
        return false;
    if (pattern.ptr[*at] == '\\' && ++*at >= pattern.len)
        return false;
    *rune = utf8_decode(pattern, *at, &size);
    if (*rune == 0xFFFD && size == 1)
        return false;
    *at += size;
    return *at < pattern.len; /* a class cannot end the pattern */
}

bool glob_class_read(struct str pattern, size_t *at, uint32_t rune, bool *is_in)
{
    bool negated = *at < pattern.len && pattern.ptr[*at] == '^';
    *is_in = negated;
    *at += negated;
    for (size_t n_ranges = 0;; n_ranges++) {
        uint32_t low, high;
        if (*at < pattern.len && pattern.ptr[*at] == ']' && n_ranges > 0) {
            ++*at;
            return true;
        }
        if (!class_rune(pattern, at, &low))
            return false;
        high = low;
        if (pattern.ptr[*at] == '-') {
            ++*at;
            if (!class_rune(pattern, at, &high))
                return false;
        }
        if (low <= rune && rune <= high)
            *is_in = !negated;
    }
}

/* One pattern element against the text; both positions move on success. */
static bool element_match(struct str pattern, size_t *p, struct str text, size_t *t)
{
    size_t size;
    switch (pattern.ptr[*p]) {
    case '?':
        if (text.ptr[*t] == '/')
            return false;
        utf8_decode(text, *t, &size);
        *t += size;
        ++*p;
        return true;
    case '[': {
        uint32_t rune = utf8_decode(text, *t, &size);
        size_t at = *p + 1;
        bool is_in;
        if (!glob_class_read(pattern, &at, rune, &is_in) || !is_in)
            return false;
        *p = at;
        *t += size;
        return true;
    }
    case '\\':
        if (*p + 1 >= pattern.len || pattern.ptr[*p + 1] != text.ptr[*t])
            return false;
        *p += 2;
        ++*t;
        return true;
    default:
        if (pattern.ptr[*p] != text.ptr[*t])
            return false;
        ++*p;
        ++*t;
        return true;
    }
}

bool glob_is_valid(struct str pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        size_t at = i + 1;
        bool is_in;
        if (pattern.ptr[i] == '\\' && at == pattern.len)
            return false;
        if (pattern.ptr[i] == '[' && !glob_class_read(pattern, &at, 0, &is_in))
            return false;
        i = pattern.ptr[i] == '\\' ? at : at - 1;
    }
    return true;
}

bool glob_match(struct str pattern, struct str text)
{
    size_t p = 0, t = 0;
    bool starred = false;
    size_t star_p = 0, star_t = 0; /* where to go on when the last '*' takes one byte more */
    for (;;) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            starred = true;
            star_p = ++p;
            star_t = t;
            continue;
        }
        if (p == pattern.len && t == text.len)
            return true;
        if (p < pattern.len && t < text.len && element_match(pattern, &p, text, &t))
            continue;
        if (!starred || star_t >= text.len || text.ptr[star_t] == '/')
            return false;
        t = ++star_t;
        p = star_p;
    }
}

/* The part of <path> from <*at> to the next slash; <*at> moves behind that. */
static struct str next_part(struct str path, size_t *at)
{
    size_t begin = *at, end = begin;
    while (end < path.len && path.ptr[end] != '/')
        end++;
    *at = end < path.len ? end + 1 : SIZE_MAX;
    return str_slice(path, begin, end);
}

bool glob_match_deep(struct str pattern, struct str path)
{
    size_t p = 0, t = 0; /* SIZE_MAX: behind the last part */
    bool starred = false;
    size_t star_p = 0, star_t = 0; /* where to go on when the last "**" takes one part more */
    for (;;) {
        size_t ahead_p = p, ahead_t = t;
        struct str part = p == SIZE_MAX ? STR("") : next_part(pattern, &ahead_p);
        if (p != SIZE_MAX && str_is(part, "**")) {
            starred = true;
            star_p = p = ahead_p;
            star_t = t;
            continue;
        }
        if (p == SIZE_MAX && t == SIZE_MAX)
            return true;
        if (p != SIZE_MAX && t != SIZE_MAX && glob_match(part, next_part(path, &ahead_t))) {
            p = ahead_p;
            t = ahead_t;
            continue;
        }
        if (!starred || star_t == SIZE_MAX)
            return false;
        next_part(path, &star_t);
        p = star_p;
        t = star_t;
    }
}

/* --- patterns with percent signs --- */

/* Decodes %xx; false where one is malformed. */
static bool add_unescaped(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            strbuf_add_char(out, text.ptr[i]);
            continue;
        }
        if (i + 2 >= text.len || hex_digit(text.ptr[i + 1]) < 0 || hex_digit(text.ptr[i + 2]) < 0)
            return false;
        strbuf_add_char(out, (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2])));
        i += 2;
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Caddy: walks pattern and path together; where the pattern has "%xx" the path keeps its encoding,
 * "%*" spans encoded text, everything else is decoded. What comes out is matched as a glob. */
static bool escaped_match(struct str pattern, struct str raw_path, struct arena *arena)
{
    struct str path = str_lower(arena, raw_path);
    struct strbuf out = strbuf_in(arena), glob = strbuf_in(arena);
    size_t p = 0, t = 0;
    while (p < pattern.len && t < path.len) {
        struct str unit = str_slice(path, t, t + 1), encoded = {0};
        bool in_escape = path.ptr[t] == '%' && t + 3 <= path.len;
        if (in_escape) {
            encoded = str_slice(path, t, t + 3);
            t += 2; /* as if on the last byte of the sequence */
        }
        bool raw_span =
            pattern.ptr[p] == '%' && !(p + 3 <= pattern.len && pattern.ptr[p + 1] != '*');
        if (pattern.ptr[p] == '%' && !raw_span) {
            strbuf_add(&out, encoded);
            t++;
            p += 3;
            continue;
        }
        if (raw_span)
            p++;
        if (raw_span || pattern.ptr[p] == '*') {
            struct str rest = str_slice(path, t, path.len);
            size_t until = rest.len;
            if (p + 1 < pattern.len) {
                ptrdiff_t stop = str_index(rest, pattern.ptr[p + 1]);
                if (stop < 0)
                    return false;
                until = (size_t)stop;
            }
            struct str span = str_slice(rest, 0, until);
            if (raw_span)
                strbuf_add(&out, span);
            else if (!add_unescaped(&out, span))
                return false;
            t += until;
            p++;
            continue;
        }
        if (!add_unescaped(&out, in_escape ? encoded : unit))
            return false;
        t++;
        p++;
    }
    if (t < path.len) {
        size_t before = out.len;
        if (!add_unescaped(&out, str_slice(path, t, path.len))) {
            out.len = before;
            strbuf_add(&out, str_slice(path, t, path.len));
        }
    }
    for (size_t i = 0; i < pattern.len; i++)
        if (!(pattern.ptr[i] == '%' && i + 1 < pattern.len && pattern.ptr[i + 1] == '*'))
            strbuf_add_char(&glob, pattern.ptr[i]);
    for (size_t i = 0; i < out.len; i++)
        out.ptr[i] = lower(out.ptr[i]);
    return glob_match(strbuf_str(&glob), strbuf_str(&out));
}

/* --- patterns --- */

struct path_pattern path_pattern_parse(struct str pattern)
{
    struct path_pattern result = {.kind = PATH_EXACT, .text = pattern};
    size_t n_stars = 0;
    bool special = false;
    if (str_eq(pattern, STR("*")))
        return (struct path_pattern){.kind = PATH_ANY, .text = pattern};
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        n_stars += c == '*';
        special |= c == '*' || c == '?' || c == '[' || c == '\\';
        result.keep_slashes |= c == '/' && i > 0 && pattern.ptr[i - 1] == '/';
        if (c == '%')
            result.kind = PATH_ESCAPED;
    }
    if (result.kind == PATH_ESCAPED || !special)
        return result;
    result.kind = PATH_GLOB;
    bool first = pattern.ptr[0] == '*', last = pattern.ptr[pattern.len - 1] == '*';
    if (n_stars == 2 && first && last) {
        result.kind = PATH_CONTAINS;
        result.text = str_slice(pattern, 1, pattern.len - 1);
    } else if (n_stars == 1 && first) {
        result.kind = PATH_SUFFIX;
        result.text = str_slice(pattern, 1, pattern.len);
    } else if (n_stars == 1 && last) {
        result.kind = PATH_PREFIX;
        result.text = str_slice(pattern, 0, pattern.len - 1);
    }
    return result;
}

bool path_pattern_match(const struct path_pattern *pattern, struct str cleaned, struct arena *arena)
{
    switch (pattern->kind) {
    case PATH_ANY:
        return true;
    case PATH_EXACT:
        return str_eq(cleaned, pattern->text);
    case PATH_PREFIX:
        return str_has_prefix(cleaned, pattern->text);
    case PATH_SUFFIX:
        return str_has_suffix(cleaned, pattern->text);
    case PATH_CONTAINS:
        return str_contains(cleaned, pattern->text);
    case PATH_GLOB:
        return glob_match(pattern->text, cleaned);
    case PATH_ESCAPED:
        return escaped_match(pattern->text, cleaned, arena);
    }
    return false;
}

/* --- cleaning --- */

bool path_is_clean(struct str path)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return false;
    for (size_t i = 1; i < path.len; i++) {
        if (path.ptr[i - 1] != '/')
            continue;
        char c = path.ptr[i];
        if (c == '/')
            return false;
        if (c != '.')
            continue;
        char next = i + 1 < path.len ? path.ptr[i + 1] : '/';
        if (next == '/' || (next == '.' && (i + 2 >= path.len || path.ptr[i + 2] == '/')))
            return false;
    }
    return true;
}

/* The length of <out> without its last segment; what is before <floor> stays. */
static size_t drop_segment(const char *out, size_t n, size_t floor)
{
    while (n > floor && out[n - 1] != '/')
        n--;
    return n > floor ? n - 1 : n;
}

/* Go's path.Clean, into <out>, which holds the path's length and two bytes more. */
static size_t clean_into(struct str path, char *out)
{
    bool rooted = path.ptr[0] == '/';
    size_t n = 0, floor = rooted;
    if (rooted)
        out[n++] = '/';
    for (size_t i = rooted, end; i < path.len; i = end + 1) {
        for (end = i; end < path.len && path.ptr[end] != '/';)
            end++;
        struct str segment = str_slice(path, i, end);
        bool up = str_eq(segment, STR(".."));
        if (segment.len == 0 || str_eq(segment, STR(".")))
            continue;
        if (up && (rooted || n > floor)) {
            n = drop_segment(out, n, floor);
            continue;
        }
        if (n > rooted)
            out[n++] = '/';
        memcpy(out + n, segment.ptr, segment.len);
        n += segment.len;
        if (up)
            floor = n;
    }
    if (n == 0)
        out[n++] = '.';
    if (path.ptr[path.len - 1] == '/' && !(n == 1 && out[0] == '/'))
        out[n++] = '/';
    return n;
}

struct str path_clean(struct str path, bool keep_slashes, struct arena *arena)
{
    if (path_is_clean(path))
        return path;
    if (path.len == 0)
        return STR(".");
    if (!keep_slashes) {
        char *out = arena_alloc(arena, path.len + 2);
        return str_make(out, clean_into(path, out));
    }
    /* Between two slashes stands a mark that counts as a segment and goes away afterwards. */
    const char mark = (char)0xFF;
    char *marked = arena_alloc(arena, path.len * 2), *out = arena_alloc(arena, path.len * 2 + 2);
    size_t n = 0, n_kept = 0;
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/' && i > 0 && path.ptr[i - 1] == '/')
            marked[n++] = mark;
        marked[n++] = path.ptr[i];
    }
    n = clean_into(str_make(marked, n), out);
    for (size_t i = 0; i < n; i++)
        if (out[i] != mark)
            out[n_kept++] = out[i];
    return str_make(out, n_kept);
}
